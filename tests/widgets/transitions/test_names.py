"""Names in the chart of a transition."""

from __future__ import annotations

import numpy as np
import pytest

from cfwidgets.widgets.transitions.names import names_of

LAST = 99
SHORT, LONG = ("cat", "dog"), ("a very long name of a class " * 3, "another, as long as that " * 3)


def path(middle, steepness=0.1):
    """A transition that flips in the middle, from phase 0 to 99."""
    at = np.arange(LAST + 1)
    correct = 1 / (1 + np.exp(-steepness * (at - middle)))
    return {
        "phases": LAST + 1,
        "at": at.tolist(),
        "wrong": (0.9 * (1 - correct)).tolist(),
        "correct": correct.tolist(),
        "flip": middle,
    }


@pytest.mark.parametrize("labels", [SHORT, LONG], ids=["short", "long"])
@pytest.mark.parametrize("steepness", [0.05, 0.3, 5])
@pytest.mark.parametrize("middle", [5, 20, 50, 80, 95])
def test_they_stay_in_the_figure_and_cross_no_curve(middle, steepness, labels):
    given = path(middle, steepness)
    names = names_of(given, *labels)
    assert names[-1].text == "flips here"
    assert [len(name.text) <= 20 for name in names] == [True] * 3
    boxes = []
    for name in names:
        start, end = name.span(LAST)
        assert 0 <= start < end <= LAST
        assert 0.05 <= name.y <= 0.95
        boxes.append((start, end, name.y))
        along = np.arange(int(np.ceil(start)), int(end) + 1)
        for curve in (given["wrong"], given["correct"]):
            assert np.abs(np.array(curve)[along] - name.y).min() > 0.05, name
    for i, (start, end, y) in enumerate(boxes):
        for other_start, other_end, other_y in boxes[:i]:
            assert end < other_start or other_end < start or abs(y - other_y) > 0.05


def test_the_flip_is_named_beside_its_line():
    for middle in (5, 50, 95):
        flip = names_of(path(middle), *SHORT)[-1]
        assert abs(flip.x - middle) < 16
    assert names_of(path(95), *SHORT)[-1].align == "end"
    assert names_of(path(5), *SHORT)[-1].align == "start"


def test_a_transition_without_a_flip_or_just_begun():
    one = {"phases": 60, "at": [0], "wrong": [0.8], "correct": [0.1], "flip": None}
    assert [name.text for name in names_of(one, *SHORT)] == ["cat", "dog"]
    assert all(0 <= end <= 59 for name in names_of(one, *LONG) for end in name.span(59))
