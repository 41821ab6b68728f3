"""Export explorers: live or still, with the reason, and refusals in plain words."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import torch

import cfwidgets as cf
from cfwidgets.export import explorers
from cfwidgets.export.refusal import CannotTravelError

PICTURE = torch.linspace(0, 1, 32).repeat(3, 32, 1)


def explorer(model, **settings):
    clf = cf.Classifier(model, input_size=32, **settings)
    engine = cf.ELime(segments=6, generations=1, population=4, trust=False)
    made = cf.SuperpixelExplorer(clf, PICTURE, 1, engine=engine)
    made.run.result()
    return made


@pytest.fixture
def black_box():
    made = explorer(lambda x: torch.stack([1 - x.mean((1, 2, 3)), x.mean((1, 2, 3))], 1))
    yield made
    made.close()


@pytest.fixture
def network():
    torch.manual_seed(0)
    made = explorer(torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(3072, 2)))
    yield made
    made.close()


def test_a_black_box_becomes_a_still_page_and_says_so(black_box, tmp_path: Path):
    exported = black_box.export(tmp_path / "page.html")
    assert not exported.live
    assert "a function" in exported.reason
    assert repr(exported).startswith(f"<still page {exported.path}, ")
    assert "\n" not in repr(exported)
    assert exported.bytes == exported.path.stat().st_size


def test_a_black_box_is_refused_where_it_must_answer_and_nothing_is_written(black_box, tmp_path: Path):
    with pytest.raises(CannotTravelError, match="live=False makes a still page"):
        black_box.export(tmp_path / "page.html", live=True)
    assert list(tmp_path.iterdir()) == []


def test_a_network_becomes_a_live_page_and_still_where_asked_for(network, tmp_path: Path):
    live = network.export(tmp_path / "live.html")
    assert live.live
    assert "full precision" in live.reason
    still = network.export(tmp_path / "still.html", live=False)
    assert not still.live
    assert still.bytes < live.bytes


def test_auto_halves_what_is_too_large_and_then_stays_still(network, tmp_path: Path, monkeypatch):
    whole = network.export(tmp_path / "whole.html")
    monkeypatch.setattr(explorers, "_LARGEST", whole.bytes - 5_000)
    half = network.export(tmp_path / "half.html")
    assert half.live
    assert "half precision" in half.reason
    assert half.bytes < whole.bytes
    monkeypatch.setattr(explorers, "_LARGEST", 1)
    still = network.export(tmp_path / "still.html")
    assert not still.live
    assert "live=True makes it" in still.reason


@pytest.mark.parametrize("given", ["yes", 1, None])
def test_live_is_checked(network, tmp_path: Path, given):
    with pytest.raises(ValueError, match="live must be one of"):
        network.export(tmp_path / "page.html", live=given)


@pytest.mark.parametrize("given", ["outside", True, None])
def test_runtime_is_checked(network, tmp_path: Path, given):
    with pytest.raises(ValueError, match="runtime must be one of"):
        network.export(tmp_path / "page.html", runtime=given)
    assert list(tmp_path.iterdir()) == []


def test_a_live_page_with_the_runtime_beside_it_says_so(network, tmp_path: Path):
    whole = network.export(tmp_path / "whole.html", live=True)
    assert whole.beside is None
    exported = network.export(tmp_path / "page.html", live=True, runtime="beside")
    file = exported.beside
    assert file.parent == tmp_path
    assert re.fullmatch(r"cfwidgets-runtime-[0-9a-f]{12}\.js", file.name)
    assert file.name in exported.reason
    assert file.name in repr(exported)
    assert exported.bytes == exported.path.stat().st_size < whole.bytes - 4_000_000
    text = exported.path.read_text("utf-8")
    assert text.count(file.name) == 3  # in its lead, in what it says of itself, and in its state


def test_the_file_beside_is_left_alone_if_it_is_right_and_else_replaced(network, tmp_path: Path):
    file = network.export(tmp_path / "page.html", live=True, runtime="beside").beside
    content, before = file.read_bytes(), file.stat().st_ino
    assert file.stat().st_mode & 0o777 == (tmp_path / "page.html").stat().st_mode & 0o777
    network.export(tmp_path / "other.html", live=True, runtime="beside")
    assert file.stat().st_ino == before
    file.write_bytes(content[:1000])
    network.export(tmp_path / "other.html", live=True, runtime="beside")
    assert file.read_bytes() == content


def test_no_file_is_beside_a_still_page(network, black_box, tmp_path: Path):
    for made in (
        black_box.export(tmp_path / "page.html", runtime="beside"),
        network.export(tmp_path / "page.html", live=False, runtime="beside"),
    ):
        assert made.beside is None
        assert "cfwidgets-runtime" not in made.path.read_text("utf-8")
    assert list(tmp_path.iterdir()) == [tmp_path / "page.html"]


def test_a_view_alone_is_exported(network, tmp_path: Path):
    assert network.view.export(tmp_path / "page.html", live=False).bytes > 0


def test_a_view_that_cannot_be_exported_says_so(tmp_path: Path):
    view = cf.TrainingView.__new__(cf.TrainingView)
    with pytest.raises(ValueError, match="a TrainingView cannot be exported"):
        view.account()


def test_the_script_of_a_view_is_in_the_page_once(network, tmp_path: Path):
    text = network.export(tmp_path / "page.html", live=False).path.read_text("utf-8")
    assert text.count("superpixel explorer") <= text.count("Superpixel explorer") + 1
    assert text.count("the picture, its edits and the replay still work") == 1
