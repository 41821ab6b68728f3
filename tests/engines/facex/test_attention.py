"""What is made of a map: the exact 4 x 4 oracle, identities, and the published tool's arithmetic."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from torchvision.transforms import functional as vision

from cfwidgets.engines.facex.attention import region_attention
from cfwidgets.engines.facex.region_sums import region_sums

G = torch.tensor([[0, 0.5, 1, 0.25], [0.75, 0, 0.5, 0.5], [0, 0, 0, 0], [1, 1, 0.2, 0]])
LABELS = torch.tensor([[1, 1, 2, 2], [1, 1, 2, 2], [0, 0, 0, 0], [3, 3, 3, 0]])
REGION_BITS = 1 << LABELS


def made(seed, n=3, side=12, count=5):
    """Random maps with negative parts, and regions that overlap; the last region is never there."""
    generator = torch.Generator().manual_seed(seed)
    maps = torch.randn(n, side, side, generator=generator)
    return maps, torch.randint(2 ** (count - 1), (n, side, side), generator=generator), count


def test_the_oracle_of_the_paper():
    seen = region_attention(G[None], REGION_BITS[None], 4, 2, "paper")
    assert seen.attention[0].tolist() == G.tolist()
    torch.testing.assert_close(seen.ior, torch.tensor([[0, 0.3125, 0.5625, 2.2 / 3]]))
    values = torch.zeros(4, 4)  # patch, region
    values[0, 1], values[1, 2], values[2, 3], values[3, 3] = 1.25, 2.25, 2.0, 0.2
    torch.testing.assert_close(seen.values, values[None])


def test_the_oracle_of_the_published_tool():
    """At 64 x 64 its resizing changes nothing; only its 255 levels remain."""
    large, region_bits = (
        cells.repeat_interleave(16, 0).repeat_interleave(16, 1)[None] for cells in (G, REGION_BITS)
    )
    seen = region_attention(large, region_bits, 4, 16, "reference")
    torch.testing.assert_close(seen.ior, torch.tensor([[0, 0.25, 0.25, 2 / 3]]))
    paper = region_attention(large, region_bits, 4, 16, "paper")
    assert paper.ior[0, 1] < paper.ior[0, 2]  # which the other mode cannot tell apart


def test_patches_of_the_published_tool_come_from_the_mean_of_two_maps():
    raw = torch.tensor([[[0.0, 1], [2, 4]]])
    seen = region_attention(raw, torch.ones(1, 2, 2).int(), 1, 1, "reference")
    assert seen.values[0, :, 0].tolist() == [0, 0.625, 1.25, 2.5]
    assert region_attention(raw, torch.ones(1, 2, 2).int(), 1, 1, "paper").values[0, :, 0].tolist() == [
        0,
        0.25,
        0.5,
        1,
    ]


def test_patches_of_the_published_tool_are_scaled_before_a_map_is_enlarged():
    small = torch.tensor([[[0.5, 1], [2, 4]]])
    large = F.interpolate(small[None], size=(8, 8), mode="bilinear", align_corners=False)[0, :, 2:-2, 2:-2]
    region_bits, extremes = torch.ones(1, 4, 4).int(), torch.tensor([[0.5, 4.0]])
    seen = region_attention(large, region_bits, 1, 2, "reference", extremes)
    expected = (large + (large - 0.5) / 3.5) / 2
    torch.testing.assert_close(
        seen.values[0, :, 0],
        expected[0].unfold(0, 2, 2).unfold(1, 2, 2).sum((2, 3)).flatten(),
        rtol=1e-6,
        atol=0,
    )
    without = region_attention(large, region_bits, 1, 2, "reference")
    assert not torch.allclose(without.values, seen.values)
    assert torch.equal(without.ior, seen.ior)


def test_only_the_published_tool_ranks_images_by_scale():
    maps, region_bits, count = made(0)
    for mode in ("paper", "reference"):
        plain, steep = (region_attention(maps * scale, region_bits, count, 4, mode) for scale in (1, 1000))
        torch.testing.assert_close(plain.ior, steep.ior, equal_nan=True)
        assert torch.allclose(plain.values, steep.values, atol=1e-4) == (mode == "paper")


def test_full_attention_is_one_in_every_region_that_is_there():
    maps = torch.ones(1, 64, 64)
    region_bits = torch.full((1, 64, 64), 0b011)
    region_bits[0, :32] = 0b001
    maps[0, -1, -1] = 0  # what makes the rest the most; it belongs to no region
    region_bits[0, -1, -1] = 0
    seen = region_attention(maps, region_bits, 3, 16, "paper")
    assert seen.ior[0, :2].tolist() == [1, 1]
    assert seen.ior[0, 2].isnan()


@pytest.mark.parametrize("mode", ["paper", "reference"])
@pytest.mark.parametrize("level", [0.0, -2.0, 3.0])
def test_a_flat_map_is_no_attention_and_the_region_counts(mode, level):
    region_bits = torch.full((2, 64, 64), 0b01)
    seen = region_attention(torch.full((2, 64, 64), level), region_bits, 2, 16, mode)
    assert not seen.attention.any()
    assert seen.ior[:, 0].tolist() == [0, 0]
    assert seen.ior[:, 1].isnan().all()
    if mode == "paper":
        assert not seen.values.any()


@pytest.mark.parametrize("mode", ["paper", "reference"])
def test_what_speaks_against_the_class_counts_as_nothing(mode):
    maps, region_bits, count = made(1)
    seen, cut = (
        region_attention(maps, region_bits, count, 4, mode),
        region_attention(maps.clamp_min(0), region_bits, count, 4, mode),
    )
    torch.testing.assert_close(seen.ior, cut.ior, rtol=0, atol=0, equal_nan=True)
    assert torch.equal(seen.values, cut.values)
    assert torch.equal(seen.attention == 0, maps <= 0)


def test_the_least_of_a_map_that_is_positive_everywhere_is_nothing():
    seen = region_attention(
        torch.tensor([[[2.0, 3], [4, 6]]]), torch.tensor([[[1, 2], [4, 8]]]), 4, 1, "paper"
    )
    assert seen.attention[0].tolist() == [[0, 0.25], [0.5, 1]]


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from([1, 2, 3, 4, 6, 12]))
def test_the_patches_of_a_region_sum_to_its_importance_times_its_area(seed, patch):
    maps, region_bits, count = made(seed)
    seen = region_attention(maps, region_bits, count, patch, "paper")
    areas = region_sums(torch.ones_like(maps), region_bits, count).float()
    there = areas > 0
    torch.testing.assert_close(seen.values.sum(1)[there], (seen.ior * areas)[there], rtol=1e-5, atol=1e-5)
    assert torch.equal(seen.ior.isnan(), ~there)
    assert (seen.ior[there] >= 0).all()
    assert (seen.ior[there] <= 1).all()
    assert float(seen.values.max()) <= patch**2 + 1e-5


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000))
def test_regions_that_share_the_image_out_keep_the_sum(seed):
    maps, region_bits, count = made(seed)
    disjoint = 1 << (region_bits % count)
    seen = region_attention(maps, disjoint, count, 4, "paper")
    areas = region_sums(torch.ones_like(maps), disjoint, count).float()
    total = (seen.ior.nan_to_num(0) * areas).sum(1)
    torch.testing.assert_close(total, seen.attention.sum((1, 2)), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("mode", ["paper", "reference"])
def test_images_do_not_depend_on_their_neighbours(mode):
    maps, region_bits, count = made(2, n=5)
    order = torch.tensor([3, 0, 4, 2, 1])
    seen, moved = (
        region_attention(maps[rows], region_bits[rows], count, 4, mode) for rows in (torch.arange(5), order)
    )
    for name in ("attention", "ior", "values"):
        torch.testing.assert_close(getattr(seen, name)[order], getattr(moved, name), equal_nan=True)


@pytest.mark.parametrize("size", [(96, 96), (64, 64), (48, 48), (512, 512), (100, 150)])
def test_the_published_tool_step_by_step(size):
    """The same steps with torchvision's resizing, mask by mask."""
    generator = torch.Generator().manual_seed(3)
    coarse = torch.rand(1, 1, 6, 6, generator=generator) ** 3
    maps = torch.nn.functional.interpolate(coarse, size=size, mode="bilinear")[0]
    height, width = size
    labels = torch.randint(5, (1, 6, 6), generator=generator)
    rows, columns = torch.arange(height) * 6 // height, torch.arange(width) * 6 // width
    region_bits = (1 << labels)[:, rows[:, None], columns]
    region_bits[0, 40, 40] |= 1 << 5  # one pixel only
    region_bits[0, 10:, 3] |= 1 << 6  # a line
    scaled = (maps[0] - maps[0].min()) / (maps[0].max() - maps[0].min())
    small = Image.fromarray((scaled.numpy() * 254.9999).astype(np.uint8)).resize((64, 64), Image.BICUBIC)
    cells = np.asarray(small) / 255.0
    above = torch.from_numpy(cells > cells[cells > 0].mean())
    expected = []
    for region in range(7):
        mask = vision.resize(((region_bits >> region) & 1).float(), [64, 64], antialias=True)[0] > 0
        expected.append(float((above & mask).sum() / mask.sum()))
    found = region_attention(maps, region_bits, 7, 2, "reference").ior[0]
    assert found.tolist() == pytest.approx(expected, abs=1e-6)
    assert len(set(expected)) > 3


def test_a_region_grows_only_in_the_published_tool():
    """One pixel of 128 touches up to 2 x 2 cells of 64: it is not lost."""
    maps, region_bits = torch.zeros(1, 128, 128), torch.zeros(1, 128, 128).int()
    region_bits[0, 63, 63] = 1
    maps[0, 62:66, 62:66] = 1
    assert region_attention(maps, region_bits, 1, 16, "reference").ior.tolist() == [[1]]
    assert region_attention(maps, region_bits, 1, 16, "paper").ior.tolist() == [[1]]


@pytest.mark.parametrize("mode", ["paper", "reference"])
@pytest.mark.parametrize("bad", [torch.nan, torch.inf])
def test_maps_that_are_no_numbers_are_refused(mode, bad):
    maps, region_bits, count = made(4)
    maps[1, 2, 3] = bad
    with pytest.raises(ValueError, match="NaN or infinite"):
        region_attention(maps, region_bits, count, 4, mode)
