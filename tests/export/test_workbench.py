"""A workbench as one page: which cases, how large, what travels with them; and nothing is left behind."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
import small
import torch
from torch import nn
from workbenches import ENGINES, LABELS, SQUARE, all_given, ended, pictures

import cfwidgets as cf
from cfwidgets.export.refusal import CannotTravelError

HOSTILE = "</script><img src=x onerror=alert(1)>"


def state(path: Path) -> dict:
    (text,) = re.findall(
        r'<script type="application/json" id="page-state">(.*?)</script>', path.read_text("utf-8"), re.DOTALL
    )
    return json.loads(text)


def views(path: Path, name: str) -> list[dict]:
    """States of the views that have a trait."""
    models = state(path)["state"]["state"].values()
    return [one["state"] for one in models if "_esm" in one["state"] and name in one["state"]]


def classifier() -> cf.Classifier:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        features = nn.Sequential(
            nn.Conv2d(3, 6, 3, padding=1), nn.ReLU(), nn.Conv2d(6, 6, 3, padding=1), nn.ReLU()
        )
        net = nn.Sequential(*features, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(6, 2))
    return cf.Classifier(net, labels=small.LABELS, input_size=small.SIDE)


@pytest.fixture
def workbench():
    made = cf.Workbench(classifier(), pictures(), LABELS, **all_given())
    made.survey.run.result()
    for number, note in ((2, HOSTILE), (4, "")):
        made.open(number)
        ended(made)
        made.case.region = SQUARE
        made.keep(note)
    made.open(1)
    ended(made)
    yield made
    made.close()


def test_open_and_kept_cases_travel_with_what_was_found(workbench, tmp_path: Path):
    before = {number: one.case for number, one in workbench._kept.cases.items()}
    made = set(workbench.explorers.values())
    exported = workbench.export(tmp_path / "page.html")
    assert exported.live
    text = exported.path.read_text("utf-8")
    assert re.findall(r'data-case="(\d+)"', text) == ["1", "2", "4"]  # the open one first
    assert HOSTILE not in text
    heads = views(exported.path, "question")
    assert sorted(one["number"] for one in heads) == [1, 2, 4]
    assert {one["number"]: len(one["without"]) > 0 for one in heads} == {1: False, 2: True, 4: True}
    assert all(one["tabs"][1]["asked"][0]["why"].startswith("This was not asked") for one in heads)
    notes = views(exported.path, "kept")
    assert {one["number"]: one["note"] for one in notes} == {1: "", 2: HOSTILE, 4: ""}
    assert all([row["number"] for row in one["kept"]] == [1, 2, 4] for one in notes)
    assert all(one["agreement"] for one in notes)
    assert len(views(exported.path, "hiding")) == len(views(exported.path, "smallest")) == 3
    page = state(exported.path)
    assert len(page["networks"]) == 1
    kinds = sorted(one["kind"] for one in page["travelled"].values())
    assert kinds == [*["case"] * 3, *["relevance"] * 3, *["superpixels"] * 3]
    # nothing of the workbench changed
    assert {number: one.case for number, one in workbench._kept.cases.items()} == before
    assert set(workbench.explorers.values()) == made
    assert workbench.case.number == 1


def test_the_agreement_of_the_open_case_is_not_left_to_a_thread(workbench, tmp_path: Path, monkeypatch):
    monkeypatch.setattr(type(workbench.notes), "compare", lambda *_: None)
    workbench.notes.agreement = []
    path = workbench.export(tmp_path / "page.html", cases=[1], live=False).path
    (notes,) = views(path, "kept")
    assert notes["agreement"]


def test_some_cases_alone_and_what_is_none_is_refused(workbench, tmp_path: Path):
    path = workbench.export(tmp_path / "page.html", cases=[4], live=False).path
    assert re.findall(r'data-case="(\d+)"', path.read_text("utf-8")) == ["4"]
    for cases in ([0], []):
        with pytest.raises(ValueError, match="open or were kept"):
            workbench.export(tmp_path / "other.html", cases=cases)
    with pytest.raises(ValueError, match="numbered from 0 to 5"):
        workbench.export(tmp_path / "other.html", cases=[6])
    assert not (tmp_path / "other.html").exists()


def test_2000_cases_are_refused_with_the_size_that_the_page_would_have(tmp_path: Path):
    data = torch.cat([pictures()] * 334)[:2000]
    made = cf.Workbench(classifier(), data, engines=ENGINES)
    made.survey.run.result()
    made.open(0)
    ended(made)
    made.keep()
    kept = made._kept.cases[0]
    made._kept.cases = {
        number: replace(kept, case=replace(kept.case, number=number)) for number in range(2000)
    }
    with pytest.raises(ValueError, match=r"a page of 2,000 cases would have about [\d,]{3,} MB, and 100 MB"):
        made.export(tmp_path / "page.html")
    made.close()
    assert list(tmp_path.iterdir()) == []


def test_the_file_of_cases_is_not_told_and_a_picture_that_is_gone_is(tmp_path: Path):
    clf, data = classifier(), list(pictures())
    made = cf.Workbench(clf, data, LABELS, engines=ENGINES, path=tmp_path / "cases.zip")
    made.survey.run.result()
    made.open(2)
    ended(made)
    made.case.region = SQUARE
    made.keep("kept")
    made.open(0)
    data[2] = object()
    path = made.export(tmp_path / "page.html", cases=[2]).path
    made.close()
    (head,) = views(path, "question")
    assert "what is shown is what was kept" in head["error"]
    assert "cases.zip" not in path.read_text("utf-8")
    assert "what is shown is what was kept" in path.read_text("utf-8")


def test_nothing_to_export_and_a_closed_one_are_said(tmp_path: Path):
    made = cf.Workbench(classifier(), pictures(), engines=ENGINES)
    with pytest.raises(ValueError, match="no case is open and none was kept"):
        made.export(tmp_path / "page.html")
    made.open(0)
    with pytest.raises(IsADirectoryError, match="it is a folder"):
        made.export(tmp_path)
    with pytest.raises(ValueError, match="live must be one of"):
        made.export(tmp_path / "page.html", live="yes")
    assert list(tmp_path.iterdir()) == []
    made.close()
    with pytest.raises(ValueError, match="closed"):
        made.export(tmp_path / "page.html")


def test_a_black_box_and_a_run_that_goes_on(tmp_path: Path):
    black_box = cf.Classifier(
        lambda images: torch.stack([images.mean((1, 2, 3)), 1 - images.mean((1, 2, 3))], 1)
    )
    long = {**ENGINES, "superpixels": cf.ELime(segments=9, generations=100_000, trust=False)}
    made = cf.Workbench(black_box, pictures(), engines=long)
    made.survey.run.result()
    made.open(2)
    while "superpixels" not in made.explorers or not made.explorers["superpixels"].view.history:
        made.survey.view.run.wait(0.05)
    with pytest.raises(CannotTravelError, match="a function"):
        made.export(tmp_path / "page.html", live=True)
    exported = made.export(tmp_path / "page.html")
    assert not exported.live
    assert "when the page was made" in exported.path.read_text("utf-8")
    (superpixels,) = views(exported.path, "smallest")
    assert superpixels["state"] == "stopped"
    assert made.explorers["superpixels"].view.state == "running"
    made.close()
