"""Figures, many classes, and files that contradict themselves."""

from __future__ import annotations

from dataclasses import replace

import coloured
import pytest
import torch
from coloured import pictures
from hypothesis import given
from hypothesis import strategies as st

import cfwidgets as cf
from cfwidgets.data.reading import Skipped
from cfwidgets.engines.survey.engine import Survey
from cfwidgets.engines.survey.result import SurveyResult
from cfwidgets.engines.survey.table import no_answers
from cfwidgets.results import ResultError

QUICK = Survey(trust=False)
ROWS = [(0.75, 0.25, 0.0), (0.5, 0.25, 0.25), (0.25, 0.5, 0.25), (0.125, 0.0, 0.875)]


def surveyed(labels=(0, 1, 1, 2), **more):
    return QUICK.explain(coloured.classifier(), pictures(ROWS), list(labels), **more)


def coded(classes):
    """A model of many classes: the number of the class is the brightness of the picture."""

    def model(images):
        number = (images.mean((1, 2, 3)) * classes - 0.5).round().long().clamp(0, classes - 1)
        return torch.nn.functional.one_hot(number, classes).float()

    return cf.Classifier(model, labels=[f"class {index} $x$" for index in range(classes)])


def test_a_thousand_classes_are_shown_as_the_worst_pairs():
    numbers = [0] * 6 + [5] * 3 + [999] * 2
    images = torch.stack([torch.full((3, 2, 2), (number + 0.5) / 1000) for number in numbers])
    found = QUICK.explain(coded(1000), images, [0, 1, 1, 1, 2, 2, 5, 7, 7, 999, 998])
    assert found.worst_pairs().values.tolist() == [
        ["class 1 $x$", "class 0 $x$", 3, 1.0],
        ["class 2 $x$", "class 0 $x$", 2, 1.0],
        ["class 7 $x$", "class 5 $x$", 2, 1.0],
        ["class 998 $x$", "class 999 $x$", 1, 1.0],
    ]
    assert len(found.worst_pairs(2)) == 2
    figure = found.plot()
    ticks = [tick.get_text() for tick in figure.axes[0].get_yticklabels()]
    assert ticks[0] == "class 1 $x$ → class 0 $x$"
    figure.canvas.draw()  # labels with dollars are no mathematics


def test_a_thousand_classes_without_an_error_are_drawn():
    images = torch.stack([torch.full((3, 2, 2), (number + 0.5) / 1000) for number in (3, 4)])
    found = QUICK.explain(coded(1000), images, [3, 4])
    assert found.worst_pairs().empty
    found.plot().canvas.draw()


def test_the_figure_has_every_count_and_the_accuracy():
    figure = surveyed().plot()
    shown = sorted(text.get_text() for text in figure.axes[0].texts)
    assert shown == ["1", "1", "1", "1"]
    assert figure.get_suptitle() == "looks, 4 pictures: 75.0 % right (30.1 to 95.4 %)"
    assert figure.axes[1].get_title() == "calibration error 0.094"


def test_without_labels_the_figure_shows_what_is_predicted():
    figure = QUICK.explain(coloured.classifier(), pictures(ROWS)).plot()
    assert [tick.get_text() for tick in figure.axes[0].get_yticklabels()] == ["red", "green", "blue"]
    assert [bar.get_width() for bar in figure.axes[0].patches] == [2, 1, 1]


def test_before_the_first_answer_there_is_nothing_to_draw():
    first = next(QUICK.steps(coloured.classifier(), pictures(ROWS))).partial
    assert first.summary() == "No answer yet of looks to 4 pictures."
    assert first.caveats == ()
    with pytest.raises(ValueError, match="no answer to draw yet"):
        first.plot()


def test_halfway_it_says_how_far_it_is():
    updates = list(
        Survey(batch_size=2, trust=False).steps(coloured.classifier(), pictures(ROWS), [0, 1, 1, 2])
    )
    assert updates[1].partial.summary().endswith("(2 of 4 pictures so far).")
    assert updates[1].fraction == 0.5
    assert int(updates[1].partial.answered.sum()) == 2  # what was given away does not change


@pytest.mark.parametrize(
    "wrong",
    [
        {"truth": torch.tensor([0, 1, 1, 3])},
        {"truth": torch.tensor([0, 1, 1, -2])},
        {"truth": torch.tensor([0, 1, 1])},
        {"truth": torch.zeros(0, dtype=torch.int64), "paths": ()},
        {"answers": no_answers(3)},
        {"second_answers": no_answers(5)},
        {"skipped": (Skipped(4, "gone"),)},
        {"paths": ("a", "b")},
    ],
    ids=str,
)
def test_a_file_that_contradicts_itself_is_refused(wrong, tmp_path):
    path = tmp_path / "survey.safetensors"
    replace(surveyed(), **wrong).save(path)
    with pytest.raises(ResultError):
        SurveyResult.load(path)


counts = st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2), st.integers(0, 2)), min_size=1, max_size=30)


@given(counts)
def test_ways_to_differ_are_those_of_the_definition(rows):
    truth, first, second = (torch.tensor(column) for column in zip(*rows, strict=True))
    found = surveyed()
    found = replace(
        found,
        truth=truth,
        answers=replace(no_answers(len(rows)), predictions=first),
        second_answers=replace(no_answers(len(rows)), predictions=second),
    )
    same = sum(a == b for _, a, b in rows)
    fixed = sum(a != t == b for t, a, b in rows)
    broken = sum(a == t != b for t, a, b in rows)
    other = sum(a != t and b not in (t, a) for t, a, b in rows)
    counted = [found.count_of(way) for way in ("fixed", "broken", "both wrong, differently", "differs")]
    assert counted == [fixed, broken, other, 0]
    assert same + sum(counted) == len(rows)
    assert found.second_accuracy.share == pytest.approx(found.accuracy.share + (fixed - broken) / len(rows))
