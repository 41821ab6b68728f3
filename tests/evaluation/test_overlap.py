from __future__ import annotations

from itertools import combinations
from typing import Any

import hypothesis.extra.numpy as hnp
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from cfwidgets.evaluation.overlap import chance_jaccard, jaccard, mean_pairwise_jaccard, rank_correlation

relaxed = settings(deadline=None, max_examples=60)
matrices = hnp.arrays(bool, st.tuples(st.integers(2, 5), st.integers(1, 8)))


def by_sets(a: Any, b: Any) -> float:
    first, second = set(np.flatnonzero(a)), set(np.flatnonzero(b))
    return len(first & second) / len(first | second) if first | second else 1.0


@relaxed
@given(hnp.arrays(bool, st.tuples(st.just(2), st.integers(1, 9))))
def test_jaccard_is_that_of_sets(masks: np.ndarray) -> None:
    a, b = masks
    assert jaccard(a, b) == jaccard(b, a) == by_sets(a, b)
    assert jaccard(torch.from_numpy(a.copy()), b) == by_sets(a, b)
    assert jaccard(a, a) == 1


def test_jaccard_of_maps_and_of_nothing() -> None:
    a, b = np.zeros((4, 4), dtype=bool), np.zeros((4, 4), dtype=bool)
    assert jaccard(a, b) == 1
    a[:2] = b[1:3] = True
    assert jaccard(a, b) == pytest.approx(4 / 12)
    assert jaccard(a, ~a) == 0


@relaxed
@given(matrices)
def test_the_mean_is_over_all_pairs(masks: np.ndarray) -> None:
    expected = np.mean([by_sets(a, b) for a, b in combinations(masks, 2)])
    assert mean_pairwise_jaccard(masks) == pytest.approx(expected)
    assert mean_pairwise_jaccard(torch.from_numpy(masks)) == pytest.approx(expected)


def every_mask(length: int, size: int) -> list[np.ndarray]:
    return [np.isin(np.arange(length), chosen) for chosen in combinations(range(length), size)]


@pytest.mark.parametrize("length", [1, 4, 6])
def test_chance_is_the_mean_over_all_masks_of_these_sizes(length: int) -> None:
    for a in range(length + 1):
        for b in range(length + 1):
            first = np.arange(length) < a
            second = np.arange(length) < b
            expected = np.mean([by_sets(first, other) for other in every_mask(length, b)])
            assert chance_jaccard(np.stack([first, second])) == pytest.approx(expected), (a, b)


def test_chance_is_the_mean_over_pairs_of_different_sizes() -> None:
    masks = np.stack([np.arange(9) < size for size in (2, 5, 5, 9)])
    expected = np.mean([chance_jaccard(np.stack(pair)) for pair in combinations(masks, 2)])
    assert chance_jaccard(masks) == pytest.approx(expected)
    assert chance_jaccard(torch.from_numpy(masks)) == pytest.approx(expected)


def test_random_masks_agree_as_much_as_chance_says() -> None:
    generator = np.random.default_rng(0)
    masks = np.stack([generator.permutation(100) < 50 for _ in range(60)])
    assert mean_pairwise_jaccard(masks) == pytest.approx(chance_jaccard(masks), abs=0.005)
    assert 0.3 < chance_jaccard(masks) < 0.36


@pytest.mark.parametrize("measure", [mean_pairwise_jaccard, chance_jaccard])
@pytest.mark.parametrize(
    ("masks", "text"),
    [
        (np.zeros((1, 5), dtype=bool), r"at least two masks, not \(1, 5\)"),
        (np.zeros(5, dtype=bool), r"not \(5,\)"),
        (np.zeros((2, 5)), "bool, not float64"),
        (torch.zeros(2, 5, dtype=torch.uint8), "bool, not uint8"),
    ],
)
def test_what_is_no_set_of_masks_is_refused(measure: Any, masks: Any, text: str) -> None:
    with pytest.raises(ValueError, match=text):
        measure(masks)


def test_what_are_no_two_masks_is_refused() -> None:
    mask = np.zeros(4, dtype=bool)
    with pytest.raises(ValueError, match=r"one shape, not \(4,\) and \(3,\)"):
        jaccard(mask, mask[:3])
    with pytest.raises(ValueError, match="b must be bool, not int64"):
        jaccard(mask, np.zeros(4, dtype=np.int64))


def test_rank_correlation_of_known_ranks() -> None:
    # 1 - 6 sum d^2 / (n (n^2 - 1)), with d = 1, 1, 1, 1, 0.
    assert rank_correlation([1, 2, 3, 4, 5], [2, 1, 4, 3, 5]) == pytest.approx(1 - 6 * 4 / 120)
    assert rank_correlation([1, 2, 3], [9, 99, 100]) == pytest.approx(1)
    assert rank_correlation(torch.tensor([1.0, 2.0, 3.0]), np.array([3, 2, 1])) == pytest.approx(-1)


def test_equal_values_share_their_mean_rank() -> None:
    # Ranks 1, 2.5, 2.5, 4 and 1, 2, 3, 4: covariance 4.5, variances 4.5 and 5.
    assert rank_correlation([10, 20, 20, 30], [1, 2, 3, 4]) == pytest.approx(4.5 / (4.5 * 5) ** 0.5)


@relaxed
@given(hnp.arrays(np.int64, st.tuples(st.just(2), st.integers(2, 12)), elements=st.integers(-5, 5)))
def test_rank_correlation_sees_only_the_order(values: np.ndarray) -> None:
    a, b = values
    correlation = rank_correlation(a, b)
    assert -1 - 1e-12 <= correlation <= 1 + 1e-12
    assert rank_correlation(b, a) == pytest.approx(correlation)
    assert rank_correlation(a.astype(float) ** 3 + 7, b) == pytest.approx(correlation)
    assert rank_correlation(-a, b) == pytest.approx(-correlation)


def test_no_order_is_no_relation(recwarn: pytest.WarningsRecorder) -> None:
    assert rank_correlation([1, 1, 1], [1, 2, 3]) == 0
    assert rank_correlation([1, 2, 3], [0, 0, 0]) == 0
    assert rank_correlation([1], [2]) == 0
    assert not recwarn


@pytest.mark.parametrize(
    ("a", "b", "text"),
    [
        ([1, 2], [1, 2, 3], "one length, not 2 and 3"),
        ([], [], "a must be a list of numbers"),
        ([1, 2], [[1, 2]], "b must be a list of numbers"),
        ([1, float("nan")], [1, 2], "a must be finite; 1 values are not"),
        ([1, 2], [float("inf"), 2], "b must be finite"),
    ],
)
def test_what_cannot_be_ranked_is_refused(a: Any, b: Any, text: str) -> None:
    with pytest.raises(ValueError, match=text):
        rank_correlation(a, b)
