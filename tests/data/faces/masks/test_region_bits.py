from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from cfwidgets.data import REGIONS, MaskError, pack_masks, unpack_masks
from cfwidgets.data.faces.masks.region_bits import as_region_bits, resize
from cfwidgets.images import fit

relaxed = settings(deadline=None, max_examples=60)
WORDS = st.integers(0, (1 << 19) - 1)


def test_the_regions_are_in_the_published_order() -> None:
    assert len(REGIONS) == len(set(REGIONS)) == 19
    assert [REGIONS.index(name) for name in ("background", "skin", "mouth", "hair", "neck_l", "cloth")] == [
        0,
        1,
        10,
        13,
        16,
        18,
    ]


@relaxed
@given(
    arrays(np.bool_, array_shapes(min_dims=2, max_dims=3, max_side=5).map(lambda s: (*s[:-2], 19, *s[-2:])))
)
def test_masks_come_back_from_their_bits_with_all_overlaps(masks) -> None:
    region_bits = pack_masks(torch.from_numpy(masks))
    assert region_bits.dtype == torch.int32
    assert region_bits.shape == (*masks.shape[:-3], *masks.shape[-2:])
    assert torch.equal(unpack_masks(region_bits), torch.from_numpy(masks))


@relaxed
@given(arrays(np.int32, array_shapes(min_dims=2, max_dims=2, max_side=6), elements=WORDS))
def test_bits_come_back_from_their_masks(region_bits) -> None:
    assert torch.equal(pack_masks(unpack_masks(torch.from_numpy(region_bits))), torch.from_numpy(region_bits))


@pytest.mark.parametrize("bit", range(19))
def test_a_region_is_the_bit_of_its_place(bit) -> None:
    masks = torch.zeros(19, 1, 1, dtype=torch.bool)
    masks[bit] = True
    assert pack_masks(masks).item() == 2**bit


@relaxed
@given(
    arrays(np.int32, st.tuples(st.integers(2, 9), st.integers(2, 9)), elements=st.sampled_from([1, 2, 8192])),
    st.tuples(st.integers(2, 12), st.integers(2, 12)),
)
def test_regions_that_exclude_each_other_and_leave_no_gap_still_do(region_bits, size) -> None:
    found = resize(torch.from_numpy(region_bits), size)
    assert found.shape == size
    assert (unpack_masks(found).sum(0) == 1).all()
    assert set(found.unique().tolist()) <= set(np.unique(region_bits).tolist())


@relaxed
@given(
    arrays(np.int32, st.tuples(st.integers(2, 9), st.integers(2, 9)), elements=WORDS),
    st.tuples(st.integers(2, 12), st.integers(2, 12)),
)
def test_a_pixel_has_the_regions_that_cover_more_than_half_of_it(region_bits, size) -> None:
    coverage = fit(unpack_masks(torch.from_numpy(region_bits)).float()[None], size)[0]
    found = unpack_masks(resize(torch.from_numpy(region_bits), size))
    assert found[coverage > 0.5001].all()
    # Fewer than half only where no region covers more, and then it is the one that covers most.
    alone = found & (coverage < 0.4999)
    assert (found.sum(0)[alone.any(0)] == 1).all()
    assert torch.equal(coverage[alone], coverage.amax(0).expand_as(coverage)[alone])


def test_overlaps_stay_and_gaps_are_gaps() -> None:
    region_bits = torch.zeros(8, 8, dtype=torch.int32)
    region_bits[:4] = 2 | 8192
    assert resize(region_bits, (4, 4)).tolist() == [[8194] * 4] * 2 + [[0] * 4] * 2


def test_what_covers_less_than_half_is_lost_and_a_third_each_goes_to_one() -> None:
    region_bits = torch.full((4, 4), 2, dtype=torch.int32)
    region_bits[0, 0] = 4
    assert resize(region_bits, (2, 2)).tolist() == [[2, 2], [2, 2]]
    thirds = torch.tensor([[2, 4, 8] * 2] * 6, dtype=torch.int32)
    assert (unpack_masks(resize(thirds, (2, 2))).sum(0) == 1).all()


def test_region_bits_go_where_the_image_goes() -> None:
    """A wide picture: scaled to cover, and cut in the middle."""
    region_bits = torch.ones(8, 16, dtype=torch.int32)
    region_bits[:, 8:] = 2
    image = (region_bits == 2).float().expand(3, -1, -1)
    found = resize(region_bits, (4, 4))
    assert found.tolist() == [[1, 1, 2, 2]] * 4
    assert torch.equal(found == 2, fit(image[None], (4, 4))[0, 0] > 0.5)
    assert resize(region_bits, (8, 16)) is region_bits


@pytest.mark.parametrize("kind", ["tensor", "array"])
def test_both_forms_are_read(kind) -> None:
    masks = torch.zeros(19, 2, 3, dtype=torch.bool)
    masks[[1, 13], 0, 1] = True
    region_bits = torch.tensor([[0, 8194, 0], [0, 0, 0]])
    for value in (masks, region_bits, region_bits.to(torch.int32)):
        found = as_region_bits(
            value if kind == "tensor" else value.numpy()[:, ::-1][:, ::-1], (2, 3), "1.jpg"
        )
        assert found.dtype == torch.int32
        assert torch.equal(found.long(), region_bits)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (
            torch.zeros(18, 2, 3, dtype=torch.bool),
            r"1\.jpg must be bool \(19, 2, 3\) .*got \(18, 2, 3\) of bool",
        ),
        (torch.zeros(19, 3, 2, dtype=torch.bool), r"got \(19, 3, 2\) of bool"),
        (torch.zeros(2, 3, dtype=torch.bool), r"got \(2, 3\) of bool"),
        (torch.zeros(19, 2, 3), r"got \(19, 2, 3\) of float32"),
        (np.zeros((3, 2), np.int64), r"region bits \(2, 3\) of whole numbers; got \(3, 2\) of int64"),
        (torch.full((2, 3), 1 << 19), "go from 524288 to 524288; 19 bits, one a region, end at 524287"),
        (torch.full((2, 3), -1), "go from -1 to -1"),
        ("text", "got str$"),
    ],
)
def test_other_things_are_refused(value, message) -> None:
    with pytest.raises(MaskError, match=message):
        as_region_bits(value, (2, 3), "1.jpg")
