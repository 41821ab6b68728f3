from __future__ import annotations

from fractions import Fraction
from math import ceil, comb, pi

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from cfwidgets.evaluation.calibration import reliability

rows = st.lists(st.tuples(st.integers(0, 64).map(lambda n: n / 64), st.booleans()), min_size=1, max_size=60)


@given(rows, st.integers(1, 20))
def test_bins_and_error_are_exact(rows, bins):
    found = reliability(torch.tensor([sure for sure, _ in rows]), torch.tensor([ok for _, ok in rows]), bins)
    error = Fraction(0)
    for place in range(bins):
        inside = [
            (Fraction(sure), ok) for sure, ok in rows if max(0, ceil(Fraction(sure) * bins) - 1) == place
        ]
        assert int(found.count[place]) == len(inside)
        assert int(found.right[place]) == sum(ok for _, ok in inside)
        if inside:
            confidence = sum(sure for sure, _ in inside) / len(inside)
            accuracy = Fraction(sum(ok for _, ok in inside), len(inside))
            assert float(found.confidence[place]) == pytest.approx(float(confidence))
            assert float(found.accuracy[place]) == pytest.approx(float(accuracy))
            error += abs(accuracy - confidence) * len(inside)
    assert found.error == pytest.approx(float(error / len(rows)))


def test_what_a_calibrated_model_is_off_by():
    """Of 400 pictures of confidence 1/2 the mean distance of the share to 1/2 is known exactly."""
    found = reliability(torch.full((400,), 0.5), torch.ones(400, dtype=torch.bool))
    exact = sum(comb(400, k) * abs(k / 400 - 0.5) for k in range(401)) / 2**400
    assert found.by_chance == pytest.approx(exact, rel=1e-3)
    assert found.by_chance == pytest.approx((2 / pi / 1600) ** 0.5)
    assert found.error == 0.5


def test_without_a_picture_there_is_no_error():
    found = reliability(torch.zeros(0), torch.zeros(0, dtype=torch.bool))
    assert found.error != found.error
    assert int(found.count.sum()) == 0
