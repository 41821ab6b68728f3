from __future__ import annotations

import sys

import numpy as np
import pytest

from cfwidgets.data import portraits
from cfwidgets.data.portraits import raster, rendering
from cfwidgets.data.portraits.masks import bits_of
from cfwidgets.data.portraits.svg import Sketch

LEFT, RIGHT = "M0 0H128V256H0Z", "M128 0H256V256H128Z"


def drawn(sketch, size=16):
    return rendering.drawn(sketch, size, raster.raster)


def test_pixels_and_regions_come_from_the_same_shapes():
    sketch = Sketch()
    sketch.fill(LEFT, (255, 0, 0), bits=bits_of("skin"))
    sketch.fill(RIGHT, (0, 0, 255), bits=bits_of("skin", "cloth"))
    pixels, region_bits = drawn(sketch)
    assert (pixels[:, :8] == (255, 0, 0)).all()
    assert (pixels[:, 8:] == (0, 0, 255)).all()
    assert (region_bits[:, :8] == 1 << 1).all()
    assert (region_bits[:, 8:] == 1 << 1 | 1 << 18).all()


def test_a_pixel_belongs_to_what_is_at_its_centre_and_never_to_a_mixture():
    sketch = Sketch()
    sketch.fill("M0 0H256V256H0Z", (0, 0, 0), bits=bits_of("background"))
    sketch.disc((120, 131), 77, (255, 255, 255), bits=bits_of("hat"))
    pixels, region_bits = drawn(sketch, 64)
    centres = (np.arange(64) + 0.5) * 4
    inside = np.hypot(centres[None] - 120, centres[:, None] - 131) < 77
    assert set(np.unique(region_bits)) == {1, 1 << 14}
    assert ((region_bits == 1 << 14) != inside).mean() < 0.005
    assert len(np.unique(pixels)) > 2  # the pixels are anti-aliased


def test_what_is_painted_later_hides_and_what_lies_over_does_not():
    sketch = Sketch()
    sketch.fill("M0 0H256V256H0Z", (9, 9, 9), bits=bits_of("background"))
    sketch.fill(LEFT, (9, 9, 9), bits=bits_of("skin"))
    sketch.fill(LEFT, (9, 9, 9), bits=bits_of("hair"))
    sketch.stroke("M0 128H256", (9, 9, 9), 32, bits=bits_of("ear_r"), over=True)
    _, region_bits = drawn(sketch)
    assert region_bits[0, 0] == 1 << 13
    assert region_bits[8, 0] == 1 << 13 | 1 << 15
    assert region_bits[0, 15] == 1
    assert region_bits[8, 15] == 1 << 15  # the background is where nothing else is


def test_groups_move_both_and_clips_cut_both():
    sketch = Sketch()
    with sketch.turned(0, (0, 0), (128, 0), 1), sketch.within("M0 0H64V256H0Z"):
        sketch.fill("M0 0H256V256H0Z", (255, 255, 255), bits=bits_of("neck"))
    pixels, region_bits = drawn(sketch)
    expected = np.zeros((16, 16), dtype=bool)
    expected[:, 8:12] = True
    assert ((region_bits == 1 << 17) == expected).all()
    assert ((pixels[..., 0] == 255) == expected).all()


def test_a_missing_library_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "resvg_py", None)
    with pytest.raises(ImportError, match=r'pip install "cfwidgets\[zoo\]"'):
        portraits(1, size=16)


def test_a_process_that_ends_is_noticed():
    with rendering._elsewhere() as draw, pytest.raises(RuntimeError, match="has ended"):
        draw("<svg", 16, crisp=True)
