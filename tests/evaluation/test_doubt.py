"""Measures of doubt against closed forms and against SciPy."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import mannwhitneyu, pearsonr

from cfwidgets.evaluation import auroc, class_nll, flip_rates, pearson

relaxed = settings(deadline=None, max_examples=60)
numbers = st.lists(st.integers(-50, 50), min_size=3, max_size=30)


def test_a_line_correlates_with_itself_and_a_constant_with_nothing() -> None:
    x = torch.tensor([0.0, 1.0, 5.0, -2.0])
    assert pearson(x, 2 * x + 1) == pytest.approx(1, abs=1e-12)
    assert pearson(x, -3 * x) == pytest.approx(-1, abs=1e-12)
    for a, b in ((x, torch.ones(4)), (torch.ones(4), x), (torch.zeros(0), torch.zeros(0))):
        assert math.isnan(pearson(a, b))


@relaxed
@given(numbers, st.integers(0, 10_000))
def test_correlation_is_scipys(values: list[int], seed: int) -> None:
    a = torch.tensor(values, dtype=torch.float64)
    b = a + 20 * torch.randn(len(a), generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    if len(set(values)) == 1:
        assert math.isnan(pearson(a, b))
    else:
        assert pearson(a, b) == pytest.approx(pearsonr(a, b).statistic, abs=1e-9)
        assert pearson(a, b) == pearson(b, a)


def test_order_is_all_that_the_area_needs() -> None:
    wrong = torch.tensor([False, False, True, True])
    assert auroc(torch.tensor([0.1, 0.2, 0.3, 0.4]), wrong) == 1
    assert auroc(torch.tensor([0.4, 0.3, 0.2, 0.1]), wrong) == 0
    assert auroc(torch.tensor([0.5, 0.5, 0.5, 0.5]), wrong) == 0.5
    assert auroc(torch.tensor([0.1, 0.3, 0.2, 0.4]), wrong) == 0.75
    assert math.isnan(auroc(torch.rand(4), torch.zeros(4, dtype=torch.bool)))
    assert math.isnan(auroc(torch.rand(4), torch.ones(4, dtype=torch.bool)))


@relaxed
@given(st.lists(st.tuples(st.integers(0, 8), st.booleans()), min_size=2, max_size=40))
def test_area_counts_pairs(drawn: list[tuple[int, bool]]) -> None:
    scores = torch.tensor([float(score) for score, _ in drawn])
    positive = torch.tensor([label for _, label in drawn])
    ones, others = scores[positive], scores[~positive]
    if not len(ones) or not len(others):
        assert math.isnan(auroc(scores, positive))
        return
    above = (ones[:, None] > others).double() + 0.5 * (ones[:, None] == others)
    assert auroc(scores, positive) == pytest.approx(float(above.mean()), abs=1e-12)
    test = mannwhitneyu(ones, others).statistic / (len(ones) * len(others))
    assert auroc(scores, positive) == pytest.approx(test, abs=1e-12)


def test_loss_is_among_the_classes_alone() -> None:
    labels = torch.tensor([0, 1])
    certain = torch.tensor([[0.9, 0.1], [0.25, 0.75]])
    torch.testing.assert_close(class_nll(certain, labels), -torch.tensor([0.9, 0.75]).log())
    # What is given to "painted" does not count.
    torch.testing.assert_close(class_nll(certain * 0.1, labels), class_nll(certain, labels))
    assert bool(class_nll(torch.tensor([[0.0, 1.0]]), torch.tensor([0])).isfinite().all())


def test_loss_is_that_of_cross_entropy() -> None:
    logits, labels = torch.randn(20, 4, generator=torch.Generator().manual_seed(0)), torch.arange(20) % 4
    expected = torch.nn.functional.cross_entropy(logits, labels, reduction="none")
    torch.testing.assert_close(class_nll(logits.softmax(1), labels), expected)


def test_flips_are_counted_for_each_class() -> None:
    before = torch.tensor([0, 0, 0, 0, 1, 1])
    assert flip_rates(before, 1 - before) == (1, 1)
    assert flip_rates(before, before) == (0, 0)
    assert flip_rates(before, torch.tensor([1, 0, 0, 0, 0, 1])) == (0.25, 0.5)
    only = flip_rates(torch.zeros(3, dtype=torch.int64), torch.tensor([1, 1, 0]))
    assert only[0] == pytest.approx(2 / 3)
    assert math.isnan(only[1])


@pytest.mark.parametrize(("a", "b"), [(torch.rand(3), torch.rand(4)), (torch.rand(2, 2), torch.rand(2, 2))])
def test_lists_of_one_length_are_needed(a: torch.Tensor, b: torch.Tensor) -> None:
    with pytest.raises(ValueError, match="a and b"):
        pearson(a, b)
    with pytest.raises(ValueError, match="scores and positive"):
        auroc(a, b > 0.5)
