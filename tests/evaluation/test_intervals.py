from __future__ import annotations

import math
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cfwidgets.evaluation.intervals import wilson

Z2 = Fraction("1.959964") ** 2


@given(st.integers(1, 5000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_the_ends_solve_the_score_equation(cases):
    """Wilson's ends are where (p - share)^2 n = z^2 p (1 - p)."""
    successes, count = cases
    share, low, high = wilson(successes, count)
    exact = Fraction(successes, count)
    assert share == pytest.approx(float(exact))
    assert 0 <= low <= share <= high <= 1
    for end in (low, high):
        p = Fraction(end)
        assert float((p - exact) ** 2 * count) == pytest.approx(float(Z2 * p * (1 - p)), abs=1e-9)
    assert low < high


def test_known_values():
    # 81 of 263, in Newcombe, "Two-sided confidence intervals for the single proportion", 1998, table I
    assert [round(end, 4) for end in wilson(81, 263)[1:]] == [0.2553, 0.3662]
    assert [round(end, 4) for end in wilson(0, 20)] == [0, 0, 0.1611]
    assert wilson(29, 29).high == 1
    assert all(math.isnan(end) for end in wilson(0, 0))
