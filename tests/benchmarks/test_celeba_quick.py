"""The tables of FaceX and of the counterfactuals run on a folder in CelebA's layout, end to end."""

from __future__ import annotations

import importlib
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
import torchvision
from celeba_folder import BOTH, HIGH, WIDE, celeba_folder
from PIL import Image

from cfwidgets.training.attgan import AttGANTraining

pytestmark = pytest.mark.slow

HERE = Path(__file__).parent
TRAIN, VALID, TEST, MASKED = 300, 10, 40, 160
EDITED = ("Blond_Hair", "Male", "Pale_Skin")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    root = tmp_path_factory.mktemp("photographs")
    return celeba_folder(root, train=TRAIN, valid=VALID, test=TEST, masked=MASKED)


@pytest.fixture(scope="module")
def benchmark():
    """A module of the benchmarks, by its name."""
    sys.path.insert(0, str(HERE))
    yield importlib.import_module
    sys.path.remove(str(HERE))


def printed(name, folder, tmp_path, *more):
    environment = {**os.environ, "CFWIDGETS_CACHE": str(tmp_path / "cache"), "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, HERE / f"{name}.py", "--quick", "--data", folder, *more],
        capture_output=True,
        text=True,
        check=False,
        timeout=900,
        env=environment,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def rows(said, title):
    """The lines of a table but for its title."""
    _, _, rest = said.partition(title)
    return rest.partition("\n\n")[0].splitlines()[1:]


def test_facex_tables_of_photographs(folder, tmp_path):
    only = ("--only", "table1", "table3", "table4", "mitigation", "skin")
    said = printed("facex_tables", folder, tmp_path, "--to", tmp_path / "kept", *only)
    attributes = ("Blond Hair", "Eyeglasses", "Smiling", "Earrings", "Lipstick", "Necklace")
    singles = rows(said, "Table 1")
    for target in ("Male", "Young"):
        for attribute in attributes:
            assert sum(bool(re.match(f"  (not )?{target} +{attribute} ", row)) for row in singles) == 1
    assert any("(the paper, on photographs: 2.25)" in row for row in singles)
    pairs = [row for row in rows(said, "Table 3") if ", " in row[:40]]
    assert len(pairs) == 12
    assert "(the paper: 1.25 and 6.67)" in rows(said, "Table 3")[-1]
    assert [row.split()[0] for row in rows(said, "Table 4")[1:2]] == ["CelebA"]
    assert "Pale Skin" in rows(said, "Table 4")[0]
    assert [row.split()[1] for row in rows(said, "Mitigation: Blond Hair and Male")[1:3]] == [
        "plain",
        "FLAC,",
    ]
    assert [row.split()[0] for row in rows(said, "Section 5.3")[1:3]] == ["biased", "unbiased"]
    again = printed("facex_tables", folder, tmp_path, "--to", tmp_path / "kept", *only)
    assert again.splitlines()[:-1] == said.splitlines()[:-1]  # but for the seconds


def test_faces_that_are_asked_about_are_not_trained_on(folder, tmp_path, benchmark, monkeypatch):
    monkeypatch.setenv("CFWIDGETS_CACHE", str(tmp_path))
    bench = benchmark("facex_tables").Photographs(tmp_path, 0, 200, 1, 20, 0, to_read=folder, quick=True)
    assert len(bench.trained_on) == TRAIN - BOTH
    assert not set(bench.trained_on.files) & set(bench.asked_about.celeba_files)
    biased = bench.biased("Male", ("Blond_Hair",), 0.9)
    male, blond = biased.attribute("Male"), biased.attribute("Blond_Hair")
    assert int(male.sum()) * 2 == len(biased) > 100
    assert float((male != blond).float().mean()) == pytest.approx(0.9, abs=0.02)
    cells = bench.cells("Young", ("Smiling",))
    assert {cell: len(faces) for cell, faces in cells.items()} == dict.fromkeys(cells, 20)
    for (value, names), faces in cells.items():
        assert (faces.attribute("Young") == value).all()
        assert (faces.attribute("Smiling") == bool(names)).all()
        assert (faces.region_bits > 0).any()


def test_resnet_18_in_layers_answers_as_torchvision_has_it(benchmark):
    torch.manual_seed(0)
    ours = benchmark("celeba").resnet18().eval()
    theirs = torchvision.models.resnet18(num_classes=2).eval()
    theirs.load_state_dict(ours.state_dict())
    images = torch.rand(2, 3, 64, 64)
    assert isinstance(ours[-1], torch.nn.Linear)
    with torch.no_grad():
        assert torch.allclose(ours(images), theirs(images), atol=1e-6)


def test_the_parts_are_those_of_attgan_and_scaled_by_bicubic_interpolation(folder, benchmark):
    celeba = benchmark("celeba")
    parts = {name: celeba.part(folder, name, 128, 0) for name in celeba.PARTS}
    assert {name: len(faces) for name, faces in parts.items()} == {
        "train": TRAIN,
        "valid": VALID,
        "test": TEST,
    }
    assert celeba.PARTS == {"train": 182_000, "valid": 182_000 + 637, "test": 202_599}
    pixels = parts["valid"].pixels[:2]
    for number, found in zip((182_001, 182_002), pixels, strict=True):
        with Image.open(folder / f"img_align_celeba/{number}.jpg") as picture:
            assert picture.size == (WIDE, HIGH)
            wanted = picture.crop((4, 24, 174, 194)).resize((128, 128), Image.Resampling.BICUBIC)
        assert np.array_equal(found.permute(1, 2, 0).numpy(), np.array(wanted))


def test_the_two_experiments_with_counterfactuals(folder, tmp_path, benchmark):
    celeba = benchmark("celeba")
    faces = celeba.part(folder, "train", 32, 0)
    has = torch.stack([faces.attribute(name) for name in EDITED], 1)
    training = AttGANTraining(updates=20, batch_size=8, critic_updates=1, dim=4, layers=3, hidden=8)
    training.train(faces.pixels[:], has, EDITED).editor().save(tmp_path / "editor.safetensors")
    said = printed("pareto_hair", folder, tmp_path, "--editor", tmp_path / "editor.safetensors")
    blond_women = int((~faces.attribute("Male") & faces.attribute("Blond_Hair")).sum())
    assert f"all portraits: {TRAIN} faces" in said
    assert f"without blond women: {TRAIN - blond_women} faces" in said
    assert said.count("6 men: ") == said.count("6 women: ") == 2
    assert said.count(f"of the {VALID} for validation, ") == 4
    refused = subprocess.run(
        [sys.executable, HERE / "pareto_hair.py", "--data", folder],
        capture_output=True,
        text=True,
        check=False,
    )
    assert refused.returncode == 2
    assert "--data needs --editor" in refused.stderr
