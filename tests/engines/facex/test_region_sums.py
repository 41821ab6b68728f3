"""Sums over overlapping regions: against masks, and by hand."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from cfwidgets.engines.facex.region_sums import region_sums, regions_of


def by_masks(amounts, region_bits, count, patch=None):
    """The plain way: a float mask for each region."""
    masks = torch.stack([(region_bits.long() >> region) & 1 for region in range(count)], 1).double()
    within = masks * amounts[:, None].double()
    if patch is None:
        return within.sum((2, 3))
    return within.unfold(2, patch, patch).unfold(3, patch, patch).sum((4, 5)).flatten(2).permute(0, 2, 1)


def test_bits_that_overlap_by_hand():
    region_bits = torch.tensor([[[0b001, 0b011], [0b010, 0b111]], [[0, 0], [0b100, 0b100]]])
    amounts = torch.tensor([[[1.0, 2], [4, 8]], [[16, 32], [64, 128]]])
    assert region_sums(amounts, region_bits, 3).tolist() == [[11, 14, 8], [0, 0, 192]]


def test_patches_go_row_by_row():
    region_bits = torch.full((1, 4, 6), 0b11)
    region_bits[0, :2, 4:] = 0b10
    amounts = torch.arange(24.0).view(1, 4, 6)
    sums = region_sums(amounts, region_bits, 2, patch=2)
    assert sums.shape == (1, 6, 2)
    assert sums[0, :, 1].tolist() == [14, 22, 30, 62, 70, 78]
    assert sums[0, :, 0].tolist() == [14, 22, 0, 62, 70, 78]


@settings(max_examples=60, deadline=None)
@given(
    n=st.integers(1, 3),
    count=st.integers(1, 21),
    patch=st.integers(1, 4),
    grid=st.tuples(st.integers(1, 3), st.integers(1, 3)),
    dtype=st.sampled_from([torch.int32, torch.int64]),
    seed=st.integers(0, 10_000),
)
def test_region_bits_are_as_good_as_masks(n, count, patch, grid, dtype, seed):
    generator = torch.Generator().manual_seed(seed)
    size = (n, grid[0] * patch, grid[1] * patch)
    region_bits = torch.randint(2**count, size, generator=generator).to(dtype)
    amounts = torch.rand(size, generator=generator)
    for side in (None, patch):
        found = region_sums(amounts, region_bits, count, side)
        assert found.dtype == torch.float64
        torch.testing.assert_close(found, by_masks(amounts, region_bits, count, side), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("count", [1, 19, 31, 40, 62])
def test_numbers_with_all_bits(count):
    region_bits = torch.full((1, 2, 2), 2**count - 1)
    region_bits[0, 0, 0] = 1 << (count - 1)
    amounts = torch.tensor([[[1.0, 2], [4, 8]]])
    expected = [14.0] * (count - 1) + [15.0]
    assert region_sums(amounts, region_bits, count)[0].tolist() == expected
    assert region_sums(amounts, region_bits, count, 2)[0, 0].tolist() == expected


def test_one_image_alone_is_that_image_among_others():
    generator = torch.Generator().manual_seed(0)
    region_bits = torch.randint(2**19, (5, 8, 8), generator=generator)
    amounts = torch.rand(5, 8, 8, generator=generator)
    for patch in (None, 4):
        among = region_sums(amounts, region_bits, 19, patch)
        for place in range(5):
            one = slice(place, place + 1)
            torch.testing.assert_close(region_sums(amounts[one], region_bits[one], 19, patch), among[one])


def test_no_pixel_of_a_region_sums_to_nothing():
    assert region_sums(torch.ones(1, 2, 2), torch.zeros(1, 2, 2).int(), 3).tolist() == [[0, 0, 0]]


def test_small_amounts_are_not_lost_beside_many():
    amounts = torch.full((1, 512, 512), 0.1)
    total = region_sums(amounts, torch.ones(1, 512, 512).int(), 1)
    assert float(total) == pytest.approx(512 * 512 * float(torch.tensor(0.1)), rel=1e-12)


def test_masks_of_region_bits():
    found = regions_of(torch.tensor([[0, 1], [2, 6]]), 3)
    assert found.tolist() == [
        [[False, False, False], [True, False, False]],
        [[False, True, False], [False, True, True]],
    ]
