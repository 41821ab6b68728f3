"""Saved workbenches: all that was kept comes back, and files that are not as they must be are refused."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest
import small
import torch
from waiting import until
from workbenches import ENGINES, LABELS, SQUARE, all_given, ended, pictures, tell

import cfwidgets as cf
from cfwidgets.results import ResultError
from cfwidgets.widgets.workbench import archive


@pytest.fixture(scope="module")
def clf():
    return small.classifier()


@pytest.fixture(scope="module")
def saved(clf, tmp_path_factory):
    """A file with two cases: one of all explainers and a pair of models, one of a picture just opened."""
    path = tmp_path_factory.mktemp("saved") / "cases.zip"
    made = cf.Workbench(clf, pictures(), LABELS, second=small.classifier(1), path=path, **all_given())
    made.survey.view.run.result(120)
    made.survey.view.filters = {"wrong": True}
    for tab in ("where", "instead", "general"):
        made.open(2, tab)
        ended(made)
    made.explorers["regions"].chosen = made.explorers["regions"].result[0].regions[1]
    made.case.region = SQUARE
    made.keep("all of them")
    until(lambda: made.survey.view.state == "done")
    made.open(4)
    ended(made)
    made.keep("another")
    made.close()
    return path


def given() -> dict:
    return {**all_given(), "second": small.classifier(1)}


def rewritten(path: Path, target: Path, change) -> Path:
    """Copy a file with members changed: ``change(name, content)`` gives the new content, None to drop it."""
    with zipfile.ZipFile(path) as source, zipfile.ZipFile(target, "w") as copy:
        for name in source.namelist():
            content = change(name, source.read(name))
            if content is not None:
                copy.writestr(name, content)
    return target


def text_changed(path: Path, target: Path, change) -> Path:
    """Copy a file with its text changed in place."""

    def changed(name: str, content: bytes) -> bytes:
        if name != "workbench.json":
            return content
        text = json.loads(content)
        change(text)
        return json.dumps(text).encode()

    return rewritten(path, target, changed)


def test_all_that_was_kept_comes_back_and_nothing_runs(saved, clf, monkeypatch):
    for kind in ("Relevance", "ELime", "Transitions", "PlausibleCounterfactuals", "FaceX", "Survey"):
        monkeypatch.setattr(getattr(cf, kind), "steps", lambda *_, **__: pytest.fail("something runs"))
    made = cf.Workbench.load(saved, clf, pictures(), LABELS, **given())
    assert list(made.cases["note"]) == ["all of them", "another"]
    assert made.cases["explainers"][0] == "relevance, superpixels, transition, edits, regions"
    assert made.survey.view.run is None
    assert made.survey.view.filters == {"wrong": True}
    made.open(2)
    assert (made.case.tab, made.case.region) == ("general", SQUARE)
    assert made.explorers["regions"].chosen == made.explorers["regions"].result[0].regions[1]
    for tab in ("where", "instead"):
        made.open(2, tab)
    assert len(made.explorers) == 5
    assert all(one.run is None and one.view.error == "" for one in made.explorers.values())
    assert made.case.error == ""
    made.close()


def test_it_is_opened_by_the_door_of_explorers(saved, clf):
    made = cf.open(saved, clf, data=pictures(), labels=LABELS, **given())
    assert isinstance(made, cf.Workbench)
    assert list(made.cases["note"]) == ["all of them", "another"]
    made.close()
    with pytest.raises(ValueError, match="holds the cases of a workbench: give clf and data too"):
        cf.open(saved)
    with pytest.raises(ResultError, match="other weights"):
        cf.open(saved, small.classifier(5), data=pictures())


def test_each_keep_is_saved_at_once(clf, tmp_path):
    path = tmp_path / "cases.zip"
    made = cf.Workbench(clf, pictures(), LABELS, engines=ENGINES, path=path)
    made.open(2)
    assert not path.exists()
    made.keep("one")
    assert [one.case.note for one in archive.read(path).cases] == ["one"]
    made.open(3)
    made.keep("two")
    assert [one.case.note for one in archive.read(path).cases] == ["one", "two"]
    assert [one.name for one in tmp_path.iterdir()] == ["cases.zip"]
    made.close()
    again = cf.Workbench(clf, pictures(), LABELS, engines=ENGINES, path=path)  # as after a restart
    assert list(again.cases["note"]) == ["one", "two"]
    again.close()


def test_a_file_that_cannot_be_written_loses_nothing(clf, tmp_path):
    folder = tmp_path / "folder"
    folder.mkdir()
    made = cf.Workbench(clf, pictures(), LABELS, engines=ENGINES, path=folder / "cases.zip")
    made.open(2)
    folder.rmdir()
    with pytest.raises(OSError, match=r"cases\.zip'"):
        made.keep("still in memory")
    assert list(made.cases["note"]) == ["still in memory"]
    tell(made.notes, {"kind": "keep"})
    until(lambda: "cases.zip" in made.notes.error)
    made.save(tmp_path / "elsewhere.zip")
    assert len(archive.read(tmp_path / "elsewhere.zip").cases) == 1
    made.close()


def test_a_file_that_is_not_there_is_said(clf, tmp_path):
    with pytest.raises(FileNotFoundError, match="no saved workbench"):
        cf.Workbench.load(tmp_path / "none.zip", clf, pictures())


OTHER = {
    "labels": lambda: (cf.Classifier(small.Small().train(), labels=["a", "b"], device="cpu"), pictures()),
    "weights": lambda: (small.classifier(5), pictures()),
    "count": lambda: (small.classifier(), pictures()[:5]),
    "pictures": lambda: (small.classifier(), pictures(3)),
}


@pytest.mark.parametrize(
    ("other", "said"),
    [
        ("labels", "other labels"),
        ("weights", "other weights"),
        ("count", "a data set of 6 pictures; the one given has 5"),
        ("pictures", "another data set"),
    ],
)
def test_another_model_or_data_set_is_refused(saved, other, said):
    clf, data = OTHER[other]()
    with pytest.raises(ResultError, match=said):
        cf.Workbench.load(saved, clf, data)
    with pytest.raises(ResultError, match=said):
        cf.Workbench(clf, data, path=saved)


def test_a_black_box_is_known_by_its_answers(tmp_path):
    def predict(images):
        bright = images.mean((1, 2, 3))
        return torch.stack([1 - bright, bright], 1)

    path = tmp_path / "cases.zip"
    made = cf.Workbench(cf.Classifier(predict), pictures(), engines=ENGINES, path=path)
    made.open(1)
    made.keep()
    made.close()
    cf.Workbench.load(path, cf.Classifier(predict), pictures(), engines=ENGINES).close()
    with pytest.raises(ResultError, match="answers otherwise to picture 1"):
        cf.Workbench.load(path, cf.Classifier(lambda images: predict(images).flip(1)), pictures())


def test_a_truncated_file_is_refused(saved, clf, tmp_path):
    content = saved.read_bytes()
    for length in (0, 10, len(content) // 2, len(content) - 30):
        path = tmp_path / f"{length}.zip"
        path.write_bytes(content[:length])
        with pytest.raises(ResultError, match=r"no saved workbench|damaged"):
            cf.Workbench.load(path, clf, pictures())


def test_a_flipped_bit_is_found(saved, clf, tmp_path):
    content = bytearray(saved.read_bytes())
    for place in range(len(content) // 7, len(content), len(content) // 5):
        damaged = content.copy()
        damaged[place] ^= 8
        path = tmp_path / f"{place}.zip"
        path.write_bytes(damaged)
        with pytest.raises(ResultError):
            cf.Workbench.load(path, clf, pictures())


def test_a_file_of_something_else_is_refused(clf, tmp_path):
    other = tmp_path / "other.zip"
    with zipfile.ZipFile(other, "w") as file:
        file.writestr("readme.txt", "hello")
    with pytest.raises(ResultError, match=r"it holds 'readme\.txt'"):
        cf.Workbench.load(other, clf, pictures())
    with zipfile.ZipFile(other, "w"):
        pass
    with pytest.raises(ResultError, match="not one that a workbench wrote"):
        cf.Workbench.load(other, clf, pictures())
    other.write_text("no zip")
    with pytest.raises(ResultError, match="no saved workbench"):
        cf.Workbench.load(other, clf, pictures())


def test_another_version_is_refused(saved, clf, tmp_path):
    path = text_changed(saved, tmp_path / "new.zip", lambda text: text.update(format=99))
    with pytest.raises(ResultError, match="has format 99; this version of cfwidgets reads 1"):
        cf.Workbench.load(path, clf, pictures())


@pytest.mark.parametrize(
    "name",
    [
        "../evil.safetensors",
        "/etc/evil",
        "cases/0/../../x.safetensors",
        "cases/0/evil.safetensors",
        "cases/0/",
    ],
)
def test_names_that_a_workbench_does_not_write_are_refused(saved, clf, tmp_path, name):
    path = tmp_path / "named.zip"
    path.write_bytes(saved.read_bytes())
    with zipfile.ZipFile(path, "a") as file:
        file.writestr(name, b"x")
    with pytest.raises(ResultError, match="does not fit a workbench: it holds"):
        cf.Workbench.load(path, clf, pictures())
    assert [one.name for one in tmp_path.iterdir()] == ["named.zip"]


def test_a_packed_or_doubled_member_is_refused(saved, clf, tmp_path):
    path = tmp_path / "bomb.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("workbench.json", b" " * 10_000_000)
    with pytest.raises(ResultError, match="is packed, or larger than the file"):
        cf.Workbench.load(path, clf, pictures())
    path.write_bytes(saved.read_bytes())
    with zipfile.ZipFile(path, "a") as file, pytest.warns(UserWarning, match="Duplicate"):
        file.writestr("workbench.json", b"{}")
    with pytest.raises(ResultError, match=r"it holds 'workbench\.json'"):
        cf.Workbench.load(path, clf, pictures())


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.pop("cases"),
        lambda text: text.update(cases=3),
        lambda text: text.update(of=[]),
        lambda text: text.update(filters=1),
        lambda text: text["cases"][0].pop("note"),
        lambda text: text["cases"][0].update(extra=1),
        lambda text: text["cases"][0].update(number=-1),
        lambda text: text["cases"][0].update(number="2"),
        lambda text: text["cases"][0].update(number=10**9),
        lambda text: text["cases"][0].update(probabilities=[]),
        lambda text: text["cases"][0].update(probabilities=[2.0, -1.0]),
        lambda text: text["cases"][0].update(truth=7),
        lambda text: text["cases"][0].update(region=[[0, 0, 9, 9, 1, 1]]),
        lambda text: text["cases"][0].update(fill="glitter"),
        lambda text: text["cases"][0].update(tab=5),
        lambda text: text["cases"][0].update(kept_at="yesterday"),
        lambda text: text["cases"][0].update(clicked=[1]),
        lambda text: text["cases"][0].update(results=["pickle"]),
        lambda text: text["cases"][0].update(results="relevance"),
        lambda text: text["cases"].__setitem__(0, None),
        lambda text: text["cases"][1].update(results=["edits"]),
    ],
)
def test_a_text_that_is_not_as_it_must_be_is_refused(saved, clf, tmp_path, change):
    path = text_changed(saved, tmp_path / "changed.zip", change)
    with pytest.raises(ResultError):
        cf.Workbench.load(path, clf, pictures())


def test_a_result_in_the_place_of_another_is_refused(saved, clf, tmp_path):
    with zipfile.ZipFile(saved) as file:
        other = file.read("cases/0/superpixels.safetensors")
    swap = {"cases/0/relevance.safetensors": other}
    path = rewritten(saved, tmp_path / "swapped.zip", swap.get)
    with pytest.raises(ResultError, match=r"cases/0/relevance\.safetensors.*SuperpixelResult"):
        cf.Workbench.load(path, clf, pictures())


def test_clicks_that_are_none_are_said_and_the_result_is_shown(saved, clf, tmp_path):
    def change(text):
        text["cases"][1]["clicked"]["superpixels"]["shown"] = [10**6]
        text["cases"][1]["clicked"]["relevance"]["target"] = 1  # the page may set it, a kept case does not

    path = text_changed(saved, tmp_path / "clicked.zip", change)
    made = cf.Workbench.load(path, clf, pictures(), LABELS, **given())
    made.open(4)
    assert "shown must" in made.case.error
    assert all(one.run is None for one in made.explorers.values())
    made.close()


def test_labels_are_text(tmp_path):
    clf = small.classifier()
    path = tmp_path / "cases.zip"
    made = cf.Workbench(clf, pictures(), LABELS, engines=ENGINES, path=path)
    made.open(0)
    made.keep("<script>alert(1)</script>\n\x00 caf\udce9")
    made.close()
    again = cf.Workbench.load(path, clf, pictures(), LABELS, engines=ENGINES)
    again.open(0)
    assert again.note.startswith("<script>")
    again.close()
