"""Values that are not finite are found, and large ones are not taken for such."""

from __future__ import annotations

import pytest
import torch

from cfwidgets.models.finite import all_finite

NAN, INF = float("nan"), float("inf")


@pytest.mark.parametrize("wrong", [[NAN], [INF], [-INF], [INF, -INF], [NAN, INF]])
def test_a_single_value_is_found(wrong: list[float]) -> None:
    values = torch.rand(4, 30, 30)
    assert all_finite(values)
    values.view(-1)[700 : 700 + len(wrong)] = torch.tensor(wrong)
    assert not all_finite(values)


@pytest.mark.parametrize(("value", "dtype"), [(3e38, torch.float32), (6e4, torch.float16)])
def test_values_whose_sum_overflows_are_finite(value: float, dtype: torch.dtype) -> None:
    values = torch.full((9,), value, dtype=dtype)
    assert values.sum().isinf()
    assert all_finite(values)
