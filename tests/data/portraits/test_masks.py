from __future__ import annotations

import torch
from hypothesis import given
from hypothesis import strategies as st

from cfwidgets.data import REGIONS, unpack_masks
from cfwidgets.data.portraits.masks import bits_of


@given(st.sets(st.sampled_from(REGIONS)))
def test_bits_and_masks_agree(regions):
    masks = unpack_masks(torch.full((2, 1, 3), bits_of(*regions), dtype=torch.int32))
    assert masks.shape == (2, 19, 1, 3)
    assert {name for index, name in enumerate(REGIONS) if masks[:, index].all()} == regions
    assert masks.sum() == 6 * len(regions)
