"""Outlines are read as they are drawn, and cover what is filled."""

from __future__ import annotations

import numpy as np
import pytest

from cfwidgets.data.faces.outlines import outlines, owners
from cfwidgets.data.faces.prototype import Prototype, PrototypeError, Region


def bounds(data):
    (outline,) = outlines(Region("wing", (data,)))
    return outline.get_extents().extents.tolist()


@pytest.mark.parametrize(
    ("data", "box"),
    [
        ("M0 0 L10 0 L10 5 L0 5 Z", (0, 0, 10, 5)),
        ("M0,0H10V5H0Z", (0, 0, 10, 5)),
        ("m0 0 l10 0 0 5 -10 0z", (0, 0, 10, 5)),
        ("M0 0 10 0 10 5 0 5", (0, 0, 10, 5)),
        ("M0 0L1e1-0 10 5-0+5z", (0, 0, 10, 5)),
        ("M0 0h4v4h-4zM10 10h4v4h-4z", (0, 0, 14, 14)),
        # Curves, not their control points; S and T mirror the last one.
        ("M0 0C0 10 10 10 10 0Z", (0, 0, 10, 7.5)),
        ("M0 0Q5 10 10 0Z", (0, 0, 10, 5)),
        ("M0 0C0 8 10 8 10 0S20 -8 20 0", (0, -6, 20, 6)),
        ("M0 0Q5 8 10 0T20 0", (0, -4, 20, 4)),
        # Arcs, either way round; of their flags, nothing need separate the one from the other.
        ("M0 5A5 5 0 0 1 10 5A5 5 0 0 1 0 5Z", (0, 0, 10, 10)),
        ("M0 5A5 5 0 0 0 10 5Z", (0, 5, 10, 10)),
        ("M0 0a5 5 0 1110 0z", (0, -5, 10, 0)),
    ],
)
def test_path_data(data, box):
    assert bounds(data) == pytest.approx(box, abs=0.01)


@pytest.mark.parametrize(
    "data", ["", "zork", "L0 0 5 5 5 0", "M0", "M0 0L1", "M0 0A5 5 0 2 1 10 5Z", "M1e999 0"]
)
def test_path_data_that_cannot_be_read(data):
    with pytest.raises(PrototypeError, match="the region 'wing' has a path that cannot be read"):
        outlines(Region("wing", ("M0 0h1v1z", data)))


def test_a_region_without_a_path():
    with pytest.raises(PrototypeError, match="the region 'wing' has no path"):
        outlines(Region("wing", ()))


def test_our_face_is_read_as_it_is_drawn():
    drawn = {region.name: outlines(region) for region in Prototype.face().regions}
    (ground,), (clothes,) = drawn["background"], drawn["cloth"]
    assert ground.get_extents().extents[:3] == pytest.approx((0, 0, 440), abs=0.5)
    assert clothes.get_extents().y1 == pytest.approx(630, abs=0.5)
    assert drawn["r_eye"][0].get_extents().x1 < 220 < drawn["l_eye"][0].get_extents().x0


def covered(*paths, box=(0.0, 0.0, 10.0, 5.0), cells=10):
    drawn = outlines(Region("wing", paths))
    return owners(box, drawn, cells)


def test_a_later_outline_hides_those_below():
    owner, centres = covered("M0 0H6V5H0Z", "M4 2H8V9H4Z")
    assert centres[0, 0].tolist() == [0.5, 0.5]
    assert centres[4, 9].tolist() == [9.5, 4.5]
    assert owner[0].tolist() == [0] * 6 + [-1] * 4
    assert owner[4].tolist() == [0] * 4 + [1] * 4 + [-1] * 2


def test_what_is_filled_is_what_is_wound_around():
    within = "M2 1H8V4H2Z"
    assert not (covered("M0 0H10V5H0Z" + within)[0] == -1).any()
    hole = covered("M0 0H10V5H0ZM2 1V4H8V1Z")[0] == -1
    assert hole.sum() == 18
    assert hole[1:4, 2:8].all()


@pytest.mark.parametrize("size", [0.01, 1, 1000])
def test_curves_are_followed_in_a_drawing_of_any_size(size):
    circle = f"M0 {size}A{size} {size} 0 0 1 {2 * size} {size}A{size} {size} 0 0 1 0 {size}Z"
    owner, _ = covered(circle, box=(0.0, 0.0, 2.0 * size, 2.0 * size), cells=100)
    assert np.mean(owner == 0) == pytest.approx(np.pi / 4, abs=0.003)


def test_what_reaches_out_of_the_grid_is_cut_off():
    owner, _ = covered("M-50 1H50V40H-50Z")
    assert owner.shape == (5, 10)
    assert (owner[0] == -1).all()
    assert (owner[1:] == 0).all()
