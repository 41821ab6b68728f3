"""The training of the zoo's translators, with few images."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
import torch

from cfwidgets.models.translator_pair import TranslatorPair
from cfwidgets.zoo.recipes.translator import DATA_SETS, examples, main, training
from cfwidgets.zoo.recipes.translator.baselines import Marker, judge

pytestmark = pytest.mark.slow

WORDS = (
    "--images 24 --tested 12 --compared 2 --size 32 --processes 1 --minutes 0.001".split()  # noqa: SIM905
)
TINY = '{"warm_updates": 1, "batch_size": 4, "report_every": 2, "width": 8, "full_width": 4, "levels": 2}'


@pytest.mark.parametrize("name", list(DATA_SETS))
def test_the_splits_share_no_image(name: str) -> None:
    drawn = examples(name, {"train": 6, "validation": 4, "test": 4}, 32)
    assert [len(some.labels) for some in drawn.values()] == [6, 4, 4]
    images = torch.cat([some.images for some in drawn.values()])
    assert images.shape == (14, 3, 32, 32)
    assert images.dtype == torch.uint8
    assert len(images.flatten(1).unique(dim=0)) == 14
    assert set(drawn["train"].labels.tolist()) == {0, 1}
    assert (drawn["train"].masks is None) == (name == "portraits")


def test_several_processes_draw_the_same() -> None:
    counts = {"validation": 6, "test": 5}
    alone, shared = (examples("concrete", counts, 32, processes=processes) for processes in (1, 2))
    for split in counts:
        for part in ("images", "labels", "masks"):
            assert torch.equal(getattr(alone[split], part), getattr(shared[split], part))


@pytest.mark.parametrize(("name", "processes"), [("concrete", "1"), ("portraits", "2")])
def test_the_command_writes_a_translator_and_its_card(tmp_path: Path, name: str, processes: str) -> None:
    main([name, "--to", str(tmp_path), "--settings", TINY, *WORDS, "--processes", processes])
    pair = TranslatorPair.load(tmp_path / f"{name}_translator.safetensors")
    assert pair.labels == DATA_SETS[name].labels
    assert pair.size == 32
    assert (pair.threshold is None) == (name == "portraits")  # of which there are no masks
    assert pair.generator(torch.rand(1, 3, 32, 32)).twins.shape == (1, 3, 32, 32)
    found = json.loads((tmp_path / f"{name}.json").read_text(encoding="utf-8"))
    assert found["tested"] == 12
    assert {"discriminator", "branch", "judge", "ordinary branch"} <= set(found["accuracy"])
    assert {"discriminator", "judge"} <= set(found["flips"])
    if name == "concrete":
        assert pair.threshold == found["masks"]["translator"]["threshold"]
    masks = {"translator", "chance", "supervised", "Grad-CAM, last layer"}
    assert masks <= set(found["masks"]) if name == "concrete" else "masks" not in found
    card = (tmp_path / f"{name}_translator.md").read_text(encoding="utf-8")
    assert f'`cfwidgets.zoo.translator("{name}")`' in card
    assert "| judge |" in card
    assert ("| supervised |" in card) == (name == "concrete")
    assert (tmp_path / f"{name}_sheet.png").read_bytes().startswith(b"\x89PNG")
    assert not (tmp_path / "learned.safetensors").exists()
    weights = (tmp_path / f"{name}_translator.safetensors").read_bytes()
    assert hashlib.sha256(weights).hexdigest() in card
    main([name, "--to", str(tmp_path), "--measure", *WORDS])
    assert (tmp_path / f"{name}_translator.safetensors").read_bytes() == weights
    assert json.loads((tmp_path / f"{name}.json").read_text(encoding="utf-8")) == found


def test_how_it_is_trained() -> None:
    for name in DATA_SETS:
        assert training(name, seed=3).seed == 3
        assert training(name).precision == "float32"
        assert training(name, device="cuda").precision == "bfloat16"


def test_what_marks_pixels_and_what_judges() -> None:
    made: dict[str, Any] = {
        field: getattr(training("concrete"), field)
        for field in ("width", "full_width", "levels", "widest", "noise", "noise_channels", "dropout", "up")
    }
    images = torch.rand(2, 3, 32, 32)
    assert Marker(made)(images).shape == (2, 1, 32, 32)
    assert judge()(images).shape == (2, 2)
