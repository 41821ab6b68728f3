from __future__ import annotations

import math
import re
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cfwidgets.data.portraits.svg import arc, line, mix, resampled, smooth

points = st.lists(st.tuples(st.floats(-99, 99), st.floats(-99, 99)), min_size=3, max_size=9, unique=True)


def numbers(path):
    return [float(text) for text in re.findall(r"-?\d+\.\d+", path)]


@given(points)
def test_a_smooth_line_goes_through_its_points(corners):
    values = numbers(smooth(corners))
    ends = [(values[0], values[1])] + [(values[i + 4], values[i + 5]) for i in range(2, len(values), 6)]
    for (x, y), (wanted_x, wanted_y) in zip(ends, [*corners, corners[0]], strict=True):
        assert x == pytest.approx(wanted_x, abs=0.006)
        assert y == pytest.approx(wanted_y, abs=0.006)


def test_a_smooth_line_through_points_of_a_line_is_straight():
    ys = numbers(smooth([(0, 5), (10, 5), (20, 5)], closed=False))[1::2]
    assert ys == [5.0] * 7


@given(points, st.integers(2, 20))
def test_resampling_keeps_the_ends_and_spaces_evenly(corners, count):
    found = resampled(corners, count)
    assert len(found) == count
    assert found[0] == pytest.approx(corners[0])
    assert found[-1] == pytest.approx(corners[-1], abs=1e-6)
    total = sum(math.dist(a, b) for a, b in pairwise(corners))
    assert all(math.dist(a, b) <= total / (count - 1) + 1e-6 for a, b in pairwise(found))


def test_an_arc_rises_from_the_right_over_the_top():
    right, top, left = arc((10, 20), (4, 3), 0, 180, 3)
    assert right == pytest.approx((14, 20))
    assert top == pytest.approx((10, 17))
    assert left == pytest.approx((6, 20))


def test_lines_and_mixtures():
    assert line([(0, 1), (2, 3)]) == "M0.00 1.00L2.00 3.00Z"
    assert line([(0, 1), (2, 3)], closed=False) == "M0.00 1.00L2.00 3.00"
    assert mix((0, 100, 200), (100, 100, 0), 0.25) == (25, 100, 150)
