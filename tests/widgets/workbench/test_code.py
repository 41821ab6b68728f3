"""The code of a case, run: it makes the same explorers, with the same answers and what was clicked."""

from __future__ import annotations

import pytest
import small
import torch
from waiting import until
from workbenches import ENGINES, LABELS, SQUARE, all_given, ended, pictures

import cfwidgets as cf
from cfwidgets.widgets.workbench.asking import EXPLAINERS
from cfwidgets.widgets.workbench.code import _search


@pytest.fixture(scope="module")
def clf():
    return small.classifier()


def same(first, second) -> bool:
    """Tell if two results say the same, whatever time they took."""
    one, other = first.to_frame(), second.to_frame()
    return one.drop(columns="seconds", errors="ignore").equals(other.drop(columns="seconds", errors="ignore"))


def click(workbench: cf.Workbench) -> None:
    """Click in each explorer that is there."""
    found = workbench.explorers
    if "relevance" in found:
        found["relevance"].hiding = {"method": "saliency", "percent": 30, "least": True, "fill": "noise"}
        found["superpixels"].mask = [n % 2 == 0 for n in range(found["superpixels"].result.count)]
    if "transition" in found:
        view = found["transition"].view
        ends = [one["id"] for one in view.gallery]
        view.following, view.picked = False, [ends[0], ends[-1]]
        view.phase = 2
        found["edits"].chosen = 1
    if "regions" in found:
        found["regions"].chosen = found["regions"].result.regions[0]
        found["regions"].view.quantity = "effect"


OTHER_ENGINES = {**ENGINES, "superpixels": cf.Lime(segments=9, samples=60, trust=False)}


@pytest.mark.parametrize(
    ("tab", "engines"),
    [("where", ENGINES), ("where", OTHER_ENGINES), ("instead", ENGINES), ("general", ENGINES)],
)
def test_the_code_of_each_tab_runs_and_shows_the_same(clf, tab, engines):
    given = {**all_given(), "engines": engines}
    made = cf.Workbench(clf, pictures(), LABELS, **given)
    made.open(2, tab)
    ended(made)
    click(made)
    code = made.code()
    names = {
        "clf": clf,
        "data": pictures(),
        **{name: value for name, value in given.items() if name != "engines"},
    }
    exec(code, names)
    assert made.explorers
    for name, explorer in made.explorers.items():
        again = names[name]
        assert type(again) is type(explorer)
        assert same(again.result, explorer.result)
        kind = next(one for one in EXPLAINERS if one.name == name)
        for trait in kind.clicked:
            assert getattr(again.view, trait) == getattr(explorer.view, trait), trait
        again.close()
    made.close()


def test_the_code_of_a_region_gives_the_answer_on_the_screen(clf):
    made = cf.Workbench(clf, pictures(), LABELS, engines=ENGINES)
    made.open(2)
    ended(made)
    made.case.region, made.case.fill = SQUARE, "mean"
    until(lambda: made.case.without)
    *lines, last = made.code().strip().splitlines()
    names = {"clf": clf, "data": pictures()}
    exec("\n".join([*lines, f"answer = {last}"]), names)
    for index, probability, _ in made.case.without["top"]:
        found = names["answer"].set_index("class")["probability"][index]
        assert found == pytest.approx(probability, abs=1e-6)
    for name in made.explorers:
        names[name].close()
    made.close()


def test_an_explorer_without_an_answer_is_a_comment(clf):
    made = cf.Workbench(clf, pictures(), LABELS, engines=ENGINES)
    with pytest.raises(ValueError, match="no case is open"):
        made.code()
    made.open(2)
    ended(made).explorers["superpixels"].view._result = None
    assert "# Superpixels: there is no answer yet" in made.code()
    made.close()


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (pictures(), "image = data[1]"),
        (list(pictures()), "image = data[1]"),
        ([(one, 0) for one in pictures()], "image = data[1][0]"),
        (torch.utils.data.TensorDataset(pictures()), "image = data.tensors[0][1]"),
        (small.faces(), "image = data[1].image"),
        (cf.data.portraits(3, size=small.SIDE), "image = data.pixels[1]"),
    ],
    ids=["array", "list", "pairs", "tensors", "objects", "portraits"],
)
def test_the_picture_is_reached_as_the_data_set_holds_it(clf, data, expected):
    made = cf.Workbench(clf, data, engines=ENGINES)
    made.open(1)
    assert expected in made.code()
    names = {"data": data}
    exec(expected, names)
    assert torch.equal(clf.view(names["image"]), made._area.opened.picture.seen)
    made.close()


def test_settings_of_a_file_are_read_and_not_run():
    assert str(_search("SMPSO(population=10, archive=20)")) == "cf.search.SMPSO(population=10, archive=20)"
    for hostile in ("exec('1')", "SMPSO(population=exec('1'))", "SMPSO().x", "__import__('os').system('x')"):
        with pytest.raises(ValueError, match=r"not known|malformed"):
            _search(hostile)


def test_labels_that_do_not_tell_are_written_as_numbers():
    same_names = cf.Classifier(small.Small().eval(), labels=["crane", "crane"], device="cpu")
    made = cf.Workbench(same_names, pictures(), engines=ENGINES)
    made.open(2)
    ended(made)
    predicted = made.case.predicted
    assert f"clf, image, {predicted}, engine" in " ".join(made.code().split()).replace("( ", "(")
    made.close()
