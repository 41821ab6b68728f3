from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from cfwidgets.search.dominance import crowding_distance, no_worse
from cfwidgets.search.in_turn import in_turn


@given(st.integers(1, 4), st.integers(1, 12), st.integers(0, 2**32 - 1), st.integers(2, 40))
def test_who_is_in_has_the_room_that_is_measured_from_scratch(
    m: int, capacity: int, seed: int, spread: int
) -> None:
    # The fewer different values, the more ties, and the more often the range changes.
    drawn = np.random.default_rng(seed).integers(0, spread, (m, capacity + 30)).astype(np.float64)
    nobody = np.zeros(capacity, dtype=np.bool_)
    kept, crowding = in_turn(drawn, nobody, no_worse(drawn), capacity)
    assert 1 <= kept.sum() <= capacity
    assert not kept[:capacity].any()
    found = torch.from_numpy(drawn.T[kept].copy())
    expected = crowding_distance(found, torch.zeros(len(found), dtype=torch.long))
    assert crowding[kept].tolist() == expected.tolist()
    assert not crowding[~kept].any()


@pytest.mark.parametrize("candidates", [0, 3])
def test_nobody_may_be_in(candidates: int) -> None:
    values = np.full((2, 4 + candidates), np.inf)
    kept, crowding = in_turn(values, np.zeros(4, dtype=np.bool_), no_worse(values), 4)
    assert not kept.any()
    assert not crowding.any()
