"""What goes to the browser: packs, frames, maps and rows."""

from __future__ import annotations

import io
import struct

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from cfwidgets.widgets.wire import (
    encode_frames,
    encode_grey,
    encode_maps,
    likeliest,
    map_scale,
    pack,
    trust_rows,
)


def unpacked(buffer):
    (n,) = struct.unpack_from("<I", buffer)
    ends = struct.unpack_from(f"<{n}I", buffer, 4)
    start = 4 + 4 * n
    return [buffer[start + a : start + b] for a, b in zip((0, *ends), ends, strict=False)]


def opened(blob):
    return np.asarray(Image.open(io.BytesIO(blob)))


@given(st.lists(st.binary(max_size=9), max_size=9))
def test_a_pack_gives_its_blobs_back(blobs):
    assert unpacked(pack(blobs)) == blobs


def test_small_frames_are_kept_bit_by_bit():
    images = torch.randint(256, (3, 3, 32, 24), dtype=torch.uint8)
    for image, blob in zip(images, encode_frames(images), strict=True):
        assert np.array_equal(opened(blob), image.permute(1, 2, 0).numpy())


def test_small_frames_that_need_not_be_exact_are_smaller():
    noise = torch.Generator().manual_seed(0)
    images = torch.randint(100, 156, (2, 3, 32, 32), dtype=torch.uint8, generator=noise)
    for image, exact, blob in zip(
        images, encode_frames(images), encode_frames(images, exact=False), strict=True
    ):
        assert len(blob) < len(exact) / 2
        assert 0 < np.abs(opened(blob).astype(int) - image.permute(1, 2, 0).numpy()).mean() < 20


def test_large_frames_are_small_files():
    smooth = torch.linspace(0, 255, 128).to(torch.uint8).expand(2, 3, 128, 128).contiguous()
    for blob in encode_frames(smooth):
        assert len(blob) < 4000
        assert np.abs(opened(blob).astype(int)[..., 0] - smooth[0, 0].numpy().astype(int)).max() < 6


def test_maps_are_levels_around_the_middle():
    maps = torch.tensor([[[0.0, 1.0, -1.0, 0.5], [2.0, -2.0, 0.004, 0.0]]])
    assert opened(encode_maps(maps, 1.0)[0]).tolist() == [[128, 255, 1, 192], [255, 1, 129, 128]]


def test_two_maps_stand_on_each_other():
    maps = torch.stack([torch.full((4, 6), -1.0), torch.full((4, 6), 1.0)])[None].half()
    levels = opened(encode_maps(maps, 1.0)[0])
    assert levels.shape == (8, 6)
    assert (levels[:4] == 1).all()
    assert (levels[4:] == 255).all()


def test_large_maps_are_averaged():
    maps = torch.zeros(1, 2, 224, 224)
    maps[:, 0] = 0.5
    levels = opened(encode_maps(maps, 1.0)[0]).astype(int)
    assert levels.shape == (256, 128)
    assert np.abs(levels[:128] - 192).max() < 4
    assert np.abs(levels[128:] - 128).max() < 4


def test_the_scale_leaves_a_pixel_in_a_thousand_out():
    maps = torch.linspace(-1, 1, 100_001).view(1, 1, -1)
    assert map_scale(maps) == pytest.approx(0.999, abs=1e-3)
    assert map_scale(torch.zeros(1, 4, 4)) > 0
    assert map_scale(torch.zeros(0, 4, 4)) > 0


def test_the_likeliest_and_those_that_must_be_there():
    row = torch.tensor([0.1, 0.5, 0.05, 0.35])
    assert [index for index, _ in likeliest(row, 2, always=(2, 1))] == [1, 3, 2]
    assert likeliest(row, 9)[0] == [1, 0.5]


def test_measures_in_words():
    frame = pd.DataFrame(
        [
            ("a", 0.123, "chance", 0.5, "why", False),
            ("b", -0.001, "should be near 0", np.nan, "", None),
            ("a share of all", 1.0, "chance", 0.58, "", True),
            ("c", -0.204, "should be near 0", np.nan, "", None),
            ("a count", 5.0, "of the best pick", 12.0, "", None),
            ("not measured", np.nan, "chance", 0.0, "", None),
        ],
        columns=["measure", "value", "against", "reference", "meaning", "ok"],
    )
    assert trust_rows(frame) == [
        {"name": "a", "value": ".12", "note": "chance .50", "help": "why", "ok": False},
        {"name": "b", "value": ".00", "note": "should be near 0", "help": "", "ok": None},
        {"name": "a share of all", "value": "1.00", "note": "chance .58", "help": "", "ok": True},
        {"name": "c", "value": "−.20", "note": "should be near 0", "help": "", "ok": None},
        {"name": "a count", "value": "5", "note": "of the best pick 12", "help": "", "ok": None},
        {"name": "not measured", "value": "–", "note": "chance .00", "help": "", "ok": None},
    ]


def test_amounts_are_grey():
    amounts = torch.tensor([[0.0, 1.0, 0.5], [0.25, 0.2, 0.999]])
    assert opened(encode_grey(amounts)).tolist() == [[0, 255, 128], [64, 51, 255]]
    smooth = torch.linspace(0, 1, 200).expand(150, 200)
    blob = encode_grey(smooth)
    assert len(blob) < 6000
    assert opened(blob).shape == (150, 200)
    assert np.abs(opened(blob) / 255 - smooth.numpy()).max() < 0.5 / 255 + 1e-6
