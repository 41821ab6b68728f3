from __future__ import annotations

import torch
from hypothesis import given
from hypothesis import strategies as st

from cfwidgets.data import REGIONS, unpack_masks
from cfwidgets.data.portraits.masks import word


@given(st.sets(st.sampled_from(REGIONS)))
def test_a_word_and_its_masks_say_the_same(regions):
    masks = unpack_masks(torch.full((2, 1, 3), word(*regions), dtype=torch.int32))
    assert masks.shape == (2, 19, 1, 3)
    assert {name for index, name in enumerate(REGIONS) if masks[:, index].all()} == regions
    assert masks.sum() == 6 * len(regions)
