"""The commands of the translator's tables run in the smallest size, and print again what they have kept."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

HERE = Path(__file__).parent


def printed(name, folder, *more):
    done = subprocess.run(
        [sys.executable, HERE / f"{name}.py", "--quick", "--to", folder, *more],
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_grid_is_printed_and_says_where_a_cell_collapsed(tmp_path):
    first = printed("translation_grid", tmp_path, "--only", "resnet3")
    assert "CPU cores" in first
    assert "seed 0" in first
    rows = [line.split() for line in first.splitlines() if "ResNet3 " in line]
    assert [row[:3] for row in rows] == [
        [name, "UNet", cycles] for name in ("CNN", "Swin") for cycles in "01"
    ]
    kept = next(tmp_path.rglob("cell-unet-1-resnet3.json"))
    found = json.loads(kept.read_text())
    assert found["collapse"] == ""
    assert set(found["distances"]) == {"full", "und.", "dam."}
    kept.write_text(json.dumps({**found, "collapse": "collapsed: all twins look alike"}))
    again = printed("translation_grid", tmp_path, "--only", "resnet3").splitlines()
    assert [line.split() for line in again if "ResNet3 " in line] == rows
    assert again.count(f"{'':20}collapsed: all twins look alike") == 1
    distances = [
        line.split()[-1]
        for line in again
        if line.split()[4:5] and line.split()[3] in ("full", "und.", "dam.")
    ]
    assert distances[3:6] == ["-"] * 3
    assert "-" not in distances[:3] + distances[6:]


def test_the_tables_and_figures_are_made(tmp_path):
    said = printed("translation_tables", tmp_path)
    for row in ("ResNet18 ", "Swin Small D", "CNN UNet G", "GradCAM, last layer", "UNet (G*)"):
        assert row in said
    figures = {path.name: path for path in tmp_path.rglob("*.png")}
    assert sorted(figures) == ["figure-2.png", "figure-4.png", "figure-5.png"]
    assert all(path.read_bytes().startswith(b"\x89PNG") for path in figures.values())
