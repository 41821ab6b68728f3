"""Regions: what is accepted, and which pixels lie in them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cfwidgets.regions import MOST, checked, region_mask

SIZES = st.integers(1, 40)
UNIT = st.floats(0, 1)
RINGS = st.lists(st.tuples(UNIT, UNIT), min_size=3, max_size=8).map(
    lambda points: [v for p in points for v in p]
)


def box(left: float, top: float, right: float, bottom: float) -> list[float]:
    return [left, top, right, top, right, bottom, left, bottom]


@given(SIZES, SIZES)
def test_the_whole_picture_and_none_of_it(height: int, width: int) -> None:
    assert region_mask([box(0, 0, 1, 1)], height, width).all()
    assert region_mask([], height, width).shape == (height, width)
    assert not region_mask([], height, width).any()


@given(SIZES, SIZES, st.data())
def test_a_box_of_whole_pixels_is_exactly_these(height: int, width: int, data: st.DataObject) -> None:
    left, top = data.draw(st.integers(0, width - 1)), data.draw(st.integers(0, height - 1))
    right, bottom = data.draw(st.integers(left + 1, width)), data.draw(st.integers(top + 1, height))
    expected = np.zeros((height, width), bool)
    expected[top:bottom, left:right] = True
    ring = box(left / width, top / height, right / width, bottom / height)
    assert np.array_equal(region_mask([ring], height, width).numpy(), expected)


@given(RINGS, SIZES, SIZES)
def test_a_ring_may_begin_at_any_of_its_points(ring: list[float], height: int, width: int) -> None:
    turned = region_mask([ring[2:] + ring[:2]], height, width)
    assert region_mask([ring], height, width).equal(turned)


@given(RINGS, RINGS, SIZES, SIZES)
def test_rings_are_filled_by_the_even_odd_rule(
    one: list[float], other: list[float], height: int, width: int
) -> None:
    alone = [region_mask([ring], height, width) for ring in (one, other)]
    assert region_mask([one, other], height, width).equal(alone[0] ^ alone[1])
    assert not region_mask([one, one], height, width).any()


def test_a_ring_within_a_ring_is_a_hole() -> None:
    mask = region_mask([box(0, 0, 1, 1), box(0.25, 0.25, 0.75, 0.75)], 4, 4)
    assert mask.int().tolist() == [[1, 1, 1, 1], [1, 0, 0, 1], [1, 0, 0, 1], [1, 1, 1, 1]]


def test_a_ring_that_crosses_itself_is_empty_where_it_is_wound_twice() -> None:
    # A pentagram: its middle is crossed twice on the way out.
    points = [(0.5 + 0.5 * np.sin(angle), 0.5 - 0.5 * np.cos(angle)) for angle in np.arange(5) * 0.8 * np.pi]
    mask = region_mask([[float(value) for point in points for value in point]], 51, 51)
    assert not mask[25, 25]
    assert mask[5, 25]


@given(st.lists(st.floats(0.05, 0.5), min_size=3, max_size=12))
def test_the_area_of_a_star_is_its_polygon_s(radii: list[float]) -> None:
    angles = 2 * np.pi * np.arange(len(radii)) / len(radii)
    x, y = 0.5 + np.array(radii) * np.cos(angles), 0.5 + np.array(radii) * np.sin(angles)
    area = abs(np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1))) / 2
    ring = np.clip(np.stack([x, y], 1), 0, 1).ravel().tolist()
    # Each edge, of a length of 1 at most, misses about its length in pixels, of which most cancel.
    assert abs(float(region_mask([ring], 200, 300).double().mean()) - area) < 0.02


@pytest.mark.parametrize(
    ("region", "words"),
    [
        ("all", "the region must be a list of rings, not 'all'"),
        (3, "must be a list of rings, not 3"),
        ({"x": 1}, "must be a list of rings"),
        ([0.1, 0.2, 0.3], "ring 0 of the region must be a list of coordinates"),
        ([["a", "b", "c", "d", "e", "f"]], "ring 0 of the region must hold numbers"),
        ([[0, 0, 1, 0, 1, 1], [0, 0, 1, None, 1, 1]], "ring 1 of the region must hold numbers"),
        ([[0, 0, 1, 0, 1, 1, 0.5]], "the last point lacks its y"),
        ([[0, 0, 1, 1]], "ring 0 of the region has 2 points: at least 3"),
        ([[]], "has 0 points"),
        ([[0, 0, 1, 0, 1, 1.5]], "leaves the picture: coordinates are from 0 to 1, not 1.5"),
        ([[0, 0, 1, 0, -1e-9, 1]], "leaves the picture"),
        ([[0, 0, 1, 0, float("nan"), 1]], "leaves the picture: .* not nan"),
        ([[0, 0, 1, 0, float("inf"), 1]], "leaves the picture: .* not inf"),
        ([[0.5, 0.5] * (MOST // 2)] * 3, "points: at most 16,384"),
    ],
)
def test_what_is_no_region_is_refused_in_words(region: Any, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        checked(region)
    with pytest.raises(ValueError, match=words):
        region_mask(region, 4, 4)


def test_numbers_of_other_kinds_become_floats() -> None:
    given_ = [np.array([0, 0, 1, 0, 1, 1], np.float32), (0, 0, True, 0, 1, 1)]
    assert checked(given_) == [[0.0, 0.0, 1.0, 0.0, 1.0, 1.0]] * 2


@pytest.mark.parametrize("size", [(0, 4), (4, 0), (-1, 4)])
def test_a_picture_without_pixels_is_refused(size: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="at least one pixel a side"):
        region_mask([], *size)
