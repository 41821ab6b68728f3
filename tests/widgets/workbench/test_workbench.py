"""The workbench without a browser: cases, tabs, explorers made and stopped, what is kept, and its end."""

from __future__ import annotations

import gc
import time
import weakref

import ipywidgets
import pandas as pd
import pytest
import small
import torch
import workbenches
from torch.utils.data import Dataset
from traitlets import TraitError
from waiting import until
from workbenches import COUNT, ENGINES, LABELS, SQUARE, all_given, ended, pictures, refusals, tell

import cfwidgets as cf
from cfwidgets.evaluation.hiding import fills, hidden
from cfwidgets.regions import region_mask
from cfwidgets.widgets.workbench.pictures import PictureError

WHERE, INSTEAD, GENERAL = ("relevance", "superpixels"), ("transition", "edits"), ("regions",)


@pytest.fixture(scope="module")
def clf():
    return small.classifier()


@pytest.fixture
def workbench(clf):
    made = cf.Workbench(clf, pictures(), LABELS, **all_given())
    yield made
    made.close()


@pytest.fixture
def bare(clf):
    made = cf.Workbench(clf, pictures(), LABELS, engines=ENGINES)
    yield made
    made.close()


def test_a_case_has_a_question_the_answers_and_tabs(bare, clf):
    assert repr(bare) == "<Workbench: no case is open (0 cases kept)>"
    bare.open(2)
    row = clf.probabilities(pictures()[2:3])[0]
    assert (bare.case.number, bare.case.truth, bare.case.predicted) == (2, 0, int(row.argmax()))
    assert bare.case.top[0] == [int(row.argmax()), pytest.approx(float(row.max()))]
    assert [one["title"] for one in bare.case.tabs] == ["Where?", "What instead?", "In general?"]
    assert bare.case.tab == "where"
    assert {part["role"] for part in bare.case.question} == {"", "truth", "prediction"}


def test_explorers_are_made_when_their_tab_is_opened(workbench):
    workbench.open(2)
    assert tuple(workbench.explorers) == WHERE
    workbench.open(2, "general")
    assert tuple(workbench.explorers) == (*WHERE, *GENERAL)
    assert workbench.children[2].children == (workbench.explorers["regions"],)
    ended(workbench)


def test_the_page_opens_a_tab(workbench):
    workbench.open(2)
    workbench.case.set_state({"tab": "instead"})
    until(lambda: tuple(workbench.explorers) == (*WHERE, *INSTEAD))
    workbench.case.set_state({"tab": "elsewhere"})
    assert "tab must be one of where, instead, general" in workbench.case.error
    assert workbench.case.tab == "instead"


def test_a_tab_that_is_left_stops_and_goes_on_where_it_was(clf):
    endless = {**ENGINES, "superpixels": cf.ELime(segments=9, generations=100_000, trust=False)}
    made = cf.Workbench(clf, pictures(), LABELS, engines=endless)
    made.open(2)
    explorer = made.explorers["superpixels"]
    until(lambda: explorer.result is not None)
    made.open(2, "instead")
    until(lambda: explorer.view.state == "stopped")
    made.open(2, "where")
    until(lambda: explorer.view.state == "running")
    explorer.stop()
    until(lambda: explorer.view.state == "stopped")
    made.open(2, "instead")
    made.open(2, "where")
    assert explorer.view.state == "stopped"  # the user has stopped it
    made.close()


def test_another_case_closes_the_explorers_of_the_one_before(workbench):
    workbench.open(2)
    before = list(workbench.explorers.values())
    workbench.open(3)
    assert all(repr(one).endswith("closed>") for one in before)
    assert not set(before) & set(workbench.explorers.values())
    assert workbench.survey.view.chosen == 3


def test_a_picture_that_is_chosen_in_the_survey_is_opened(bare):
    bare.survey.view.chosen = 4
    until(lambda: bare.case.number == 4 and "superpixels" in bare.explorers)


def test_a_picture_chosen_before_another_was_opened_does_not_come_back(bare):
    seen = []
    bare.case.observe(lambda change: seen.append(change.new), "number")
    with bare._lock:  # as if a case took long to open
        bare.survey.view.chosen = 4
        time.sleep(0.2)  # the thread that works has heard of it, and waits
        bare.open(1)
    until(lambda: not bare._commands._waiting)
    with bare._lock:
        assert seen == [1]


def test_what_cannot_be_asked_says_why_and_how_to_ask_it(bare):
    bare.open(0)
    found = refusals(bare)
    assert set(found) == {"transition", "edits", "regions"}
    for name, argument in (("transition", "generator="), ("edits", "editor="), ("regions", "faces=")):
        why, how = found[name]
        assert why.startswith("No ")
        assert argument in how
    bare.open(0, "instead")
    assert tuple(bare.explorers) == WHERE


def test_a_black_box_is_asked_what_it_can_be_asked():
    def predict(images):
        bright = images.mean((1, 2, 3))
        return torch.stack([1 - bright, bright], 1)

    made = cf.Workbench(cf.Classifier(predict), pictures(), **all_given())
    made.open(1)
    found = refusals(made)
    assert set(found) == {"relevance", "transition", "regions"}
    assert all("black box" in why and "cf.Classifier(network" in how for why, how in found.values())
    assert tuple(made.explorers) == ("superpixels",)
    made.close()


def test_an_explorer_that_cannot_be_made_says_so_in_its_place(clf):
    wrong = {**all_given(), "editor": small.Tint()}
    wrong["editor"].recognise = None
    made = cf.Workbench(clf, pictures(), LABELS, **wrong)
    made.open(2, "instead")
    ended(made)
    explorer = made.explorers["edits"]
    assert explorer.view.state == "failed"
    assert "attributes" in explorer.view.error
    assert made.explorers["transition"].view.state == "done"
    made.close()


def test_the_right_class_is_compared_with_the_next_likely_one(clf):
    row = clf.probabilities(pictures())
    right = row.argmax(1).tolist()
    made = cf.Workbench(clf, pictures(), right, **all_given())
    made.open(2, "instead")
    ended(made)
    found = made.explorers["transition"].result
    assert (found.target, found.wrong) == (right[2], 1 - right[2])
    assert "as predicted" in made.case.question[-1]["text"]
    made.close()


def test_the_model_is_asked_without_the_region(bare, clf):
    bare.open(2)
    bare.case.set_state({"region": SQUARE, "fill": "noise"})
    until(lambda: bare.case.without.get("fill") == "noise")
    seen = clf.view(pictures()[2])
    mask = region_mask(SQUARE, *seen.shape[1:])
    row = clf.probabilities(hidden(seen, mask, "noise", fills(seen))[None])[0]
    answer = bare.case.without
    assert answer["region"] == SQUARE
    assert answer["share"] == 0.25
    before = clf.probabilities(seen[None])[0]
    for index, probability, was in answer["top"]:
        assert probability == pytest.approx(float(row[index]), abs=1e-6)
        assert was == pytest.approx(float(before[index]), abs=1e-6)
    bare.case.set_state({"region": []})
    assert bare.case.without == {}
    bare.case.set_state({"region": [[0, 0, 2, 0, 1, 1]]})
    assert "leaves the picture" in bare.case.error
    bare.open(3)
    assert (bare.case.region, bare.case.without) == ([], {})


def test_a_second_model_is_asked_in_the_order_of_the_first(clf):
    other = small.classifier(1)
    turned = cf.Classifier(
        torch.nn.Sequential(small.Small(1), Flip()), labels=small.LABELS[::-1], device="cpu"
    )
    made = cf.Workbench(clf, pictures(), LABELS, second=turned, engines=ENGINES)
    made.open(2)
    row = other.probabilities(pictures()[2:3])[0]
    assert made.case.second_top == [[int(row.argmax()), pytest.approx(float(row.max()), abs=1e-5)]]
    made.close()


class Flip(torch.nn.Module):
    def forward(self, rows):
        return rows.flip(1)


def test_kept_cases_are_a_table(workbench):
    with pytest.raises(ValueError, match="no case is open"):
        workbench.keep()
    assert workbench.cases.empty
    workbench.open(2)
    ended(workbench)
    workbench.keep("first")
    workbench.open(1)
    workbench.note = "second"
    workbench.keep()
    table = workbench.cases
    assert list(table["index"]) == [2, 1]
    assert list(table["note"]) == ["first", "second"]
    assert table["explainers"][0] == "relevance, superpixels"
    assert list(table["truth"]) == [small.LABELS[0], small.LABELS[1]]
    assert isinstance(table["kept at"][0], pd.Timestamp)
    workbench.open(2)
    workbench.keep("again")  # takes the place of the first
    assert list(workbench.cases["index"]) == [1, 2]
    assert [row["note"] for row in workbench.notes.kept] == ["second", "again"]


def test_the_page_keeps_and_opens_a_case(workbench):
    workbench.open(2)
    workbench.notes.set_state({"note": "from the page"})
    tell(workbench.notes, {"kind": "keep"})
    until(lambda: len(workbench.notes.kept) == 1)
    assert workbench.cases["note"][0] == "from the page"
    workbench.open(3)
    assert workbench.note == ""
    tell(workbench.notes, {"kind": "open", "number": 2})
    until(lambda: workbench.case.number == 2)
    assert workbench.note == "from the page"
    ended(workbench)  # the code of an answer that still comes is a comment
    tell(workbench.notes, {"kind": "code"})
    until(lambda: workbench.notes.code)
    assert workbench.notes.code["text"] == workbench.code()
    tell(workbench.notes, {"kind": "open", "number": "<b>"})
    assert "must be from 0" in workbench.notes.error
    tell(workbench.notes, {"kind": "burn"})
    assert "not known" in workbench.notes.error


def test_a_kept_case_is_opened_with_what_was_found_and_clicked(workbench):
    workbench.open(2)
    ended(workbench)
    explorer = workbench.explorers["superpixels"]
    explorer.mask = [number == 3 for number in range(explorer.result.count)]
    hiding = {"method": "saliency", "percent": 40, "least": True, "fill": "mean"}
    workbench.explorers["relevance"].hiding = hiding
    workbench.case.region, workbench.case.fill = SQUARE, "mean"
    before = {name: one.result for name, one in workbench.explorers.items()}
    workbench.keep("as it was")
    workbench.open(3)
    workbench.open(2)
    for name, one in workbench.explorers.items():
        assert one.run is None
        assert one.result is before[name]
    assert workbench.explorers["superpixels"].view.shown == [3]
    assert workbench.explorers["relevance"].hiding == hiding
    assert (workbench.case.region, workbench.case.fill, workbench.note) == (SQUARE, "mean", "as it was")
    until(lambda: workbench.case.without.get("fill") == "mean")
    workbench.open(2, "general")  # was not asked then, and is asked now
    assert workbench.explorers["regions"].run is not None
    ended(workbench)


class Photos(Dataset):
    """A data set in which pictures go, change, and are damaged."""

    def __init__(self) -> None:
        self.images = list(pictures())

    def __len__(self) -> int:
        return COUNT

    def __getitem__(self, index: int):
        if self.images[index] is None:
            raise OSError("the file is gone")
        return self.images[index], LABELS[index]


def test_a_picture_that_cannot_be_read_is_said_and_nothing_is_lost(clf):
    photos = Photos()
    photos.images[3] = None
    made = cf.Workbench(clf, photos, engines=ENGINES)
    made.open(2)
    ended(made)
    made.keep()
    with pytest.raises(PictureError, match="picture 3 cannot be read: OSError: the file is gone"):
        made.open(3)
    assert "the file is gone" in made.case.error
    assert (made.case.number, made.explorers) == (-1, {})
    assert len(made.cases) == 1
    made.survey.view.chosen = 4
    until(lambda: made.case.number == 4 and made.case.error == "")
    made.survey.view.chosen = 3
    until(lambda: "the file is gone" in made.case.error)
    made.close()


@pytest.mark.parametrize("changed", [None, "another"], ids=["gone", "changed"])
def test_a_kept_case_whose_picture_is_gone_or_changed_shows_what_was_kept(clf, changed):
    photos = Photos()
    made = cf.Workbench(clf, photos, engines={**ENGINES})
    made.open(2)
    ended(made)
    made.keep("still here")
    made.open(1)
    photos.images[2] = None if changed is None else small.picture(77)
    made.open(2)
    assert ("is gone" if changed is None else "has changed since") in made.case.error
    assert tuple(made.explorers) == WHERE
    assert all(one.run is None for one in made.explorers.values())
    assert made.note == "still here"
    assert made.case.size == [small.SIDE, small.SIDE]
    assert "gone" in refusals(made)["edits"][0]
    made.keep("kept again")
    assert made.cases["explainers"][0] == "relevance, superpixels"
    made.close()


def test_a_model_that_fails_on_the_picture_is_said():
    net = small.Small()
    clf = cf.Classifier(net.eval(), labels=small.LABELS, device="cpu")
    made = cf.Workbench(clf, pictures(), LABELS, engines=ENGINES)
    made.survey.view.run.result(60)
    net.fails_after = 0
    with pytest.raises(PictureError, match="the model fails on picture 1: RuntimeError: the network broke"):
        made.open(1)
    net.fails_after = float("inf")
    made.open(1)
    assert made.case.error == ""
    made.close()


@pytest.mark.parametrize(
    ("given", "error", "said"),
    [
        ({"data": []}, ValueError, "no pictures"),
        ({"data": "folder"}, TypeError, "not a path"),
        ({"labels": [0, 1]}, ValueError, "labels must be of the 6 pictures"),
        ({"labels": 3}, ValueError, "labels must be of the 6 pictures"),
        ({"second": 3}, TypeError, "second"),
        ({"generator": "digits"}, Exception, "zoo.generator"),
        ({"editor": 3}, Exception, "editor"),
        ({"engines": {"lime": cf.Lime()}}, ValueError, "no 'lime'"),
        ({"engines": {"superpixels": cf.Relevance()}}, TypeError, "SuperpixelEngine"),
        ({"engines": 3}, TypeError, "dictionary"),
        ({"path": "/no/such/folder/cases.zip"}, ValueError, "no folder"),
    ],
)
def test_bad_arguments_are_refused_in_words(clf, given, error, said):
    arguments = {"data": pictures(), "labels": None, **given}
    with pytest.raises(error, match=said):
        cf.Workbench(clf, arguments.pop("data"), **arguments)


def test_bad_cases_are_refused_in_words(bare):
    for number in (-1, COUNT, True, 1.0, None):
        with pytest.raises(ValueError, match="numbered from 0 to 5"):
            bare.open(number)
    with pytest.raises(ValueError, match="tab must be one of"):
        bare.open(0, "why")
    bare.open(0)
    with pytest.raises(TraitError):
        bare.case.fill = "glitter"
    bare.notes.set_state({"note": "x" * 10_001})
    assert "at most 10,000" in bare.notes.error


def test_it_is_closed_with_all_that_it_made(workbench):
    workbench.open(2)
    made = [workbench.survey, workbench.case, workbench.notes, *workbench.explorers.values()]
    workbench.close()
    workbench.close()
    assert repr(workbench) == "<Workbench closed>"
    assert all(repr(one).endswith("closed>") for one in made)
    with pytest.raises(ValueError, match="closed"):
        workbench.open(1)


def test_it_goes_when_nothing_refers_to_it(clf):
    made = cf.Workbench(clf, pictures(), LABELS, **all_given())
    made.open(2)
    made.explorers["superpixels"].run.result(60)
    seen = [weakref.ref(one) for one in (made, made.case, made.survey, *made.explorers.values())]
    del made
    until(lambda: gc.collect() >= 0 and not any(one() for one in seen))


@pytest.mark.parametrize("closed", [True, False])
def test_no_widget_of_it_stays_behind(clf, closed):
    before = set(ipywidgets.widgets.widget._instances)
    made = cf.Workbench(clf, pictures(), LABELS, engines=ENGINES)
    made.open(2)
    ended(made)
    if closed:
        made.close()
    del made
    until(lambda: gc.collect() >= 0 and set(ipywidgets.widgets.widget._instances) <= before)


def test_it_is_shown_as_often_as_one_likes(bare):
    bare.open(1)
    for _ in range(2):
        assert "application/vnd.jupyter.widget-view+json" in bare._repr_mimebundle_()
    assert len(bare.children) == 4


def test_agreement_is_compared_when_two_answers_are_there(bare):
    bare.open(2)
    assert "Two answers" in bare.notes.agreement_says or bare.notes.agreement
    ended(bare)
    until(lambda: bare.notes.agreement)
    assert bare.notes.measured[0] == "rank correlation"
    pairs = [(row["first"], row["second"]) for row in bare.notes.agreement]
    assert len(pairs) == 3  # of two maps and the superpixels
    assert all(len(row["measures"]) == 2 for row in bare.notes.agreement)
    assert len(bare.survey.result.truth) == workbenches.COUNT
