from __future__ import annotations

from dataclasses import fields
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from cfwidgets.evaluation.deletion import (
    Curve,
    Faithfulness,
    faithfulness,
    faithfulness_steps,
    perturbation_curve,
)
from cfwidgets.search.memo import Score

relaxed = settings(deadline=None, max_examples=60)
lengths = st.integers(1, 40)


def additive(weights: Tensor) -> Score:
    """A model that adds up the shown parts' shares."""
    return lambda shown: (shown * weights).sum(1) / weights.sum()


def tangled(shown: Tensor) -> Tensor:
    """A model in which parts help and hinder each other."""
    places = torch.arange(1, shown.shape[1] + 1)
    return torch.sin((shown * places**2).sum(1) * 0.7) ** 2


def permutation(length: int, seed: int) -> Tensor:
    return torch.from_numpy(np.random.default_rng(seed).permutation(length))


def trapezoid(heights: Any, places: Any) -> float:
    return sum(
        (heights[i] + heights[i + 1]) / 2 * (places[i + 1] - places[i]) for i in range(len(places) - 1)
    )


def sizes_of(length: int, seed: int) -> Tensor:
    return torch.from_numpy(np.random.default_rng(seed + 1).uniform(0.1, 3, length))


class Recorder:
    """A score that keeps what it was asked."""

    def __init__(self, score: Score) -> None:
        self.score = score
        self.batches: list[Tensor] = []

    def __call__(self, shown: Tensor) -> Any:
        self.batches.append(shown.clone())
        return self.score(shown)

    @property
    def rows(self) -> list[tuple[bool, ...]]:
        return [tuple(row) for batch in self.batches for row in batch.tolist()]


@relaxed
@given(lengths, st.integers(0, 99), st.integers(1, 50), st.booleans())
def test_where_importance_is_size_every_order_gives_a_half(
    length: int, seed: int, steps: int, insert: bool
) -> None:
    sizes = sizes_of(length, seed)
    curve = perturbation_curve(
        additive(sizes), permutation(length, seed), insert=insert, steps=steps, weights=sizes
    )
    line = curve.fraction if insert else 1 - curve.fraction
    torch.testing.assert_close(curve.probability, line)
    assert curve.area == pytest.approx(0.5)


@pytest.mark.parametrize("length", [1, 2, 5, 26])
def test_areas_of_one_part_that_matters(length: int) -> None:
    order = permutation(length, 0)
    measured = faithfulness(lambda shown: shown[:, order[0]].double(), order)
    assert measured.deletion.area == pytest.approx(1 / (2 * length))
    assert measured.insertion.area == pytest.approx(1 - 1 / (2 * length))
    assert measured.srg == pytest.approx(1 - 1 / length)


@pytest.mark.parametrize("length", [1, 2, 3, 10, 26])
def test_areas_of_weights_that_fall_evenly(length: int) -> None:
    # Weights n, ..., 1: the k most important hold k (2n + 1 - k) / (n (n + 1)), whose trapezoid is this.
    score, order = additive(torch.arange(length, 0, -1)), range(length)
    area = (4 * length - 1) / (6 * length)
    assert perturbation_curve(score, order, insert=True).area == pytest.approx(area)
    assert perturbation_curve(score, order, insert=False).area == pytest.approx(1 - area)


def test_the_trapezoid_is_over_the_true_fraction_of_groups() -> None:
    # Five parts in two groups, of 2 and 3: the first holds everything.
    curve = perturbation_curve(lambda shown: shown[:, 4].double(), [4, 3, 2, 1, 0], insert=False, steps=1)
    assert curve.fraction.tolist() == [0, 0.4, 1]
    assert curve.probability.tolist() == [1, 0, 0]
    assert curve.area == pytest.approx(0.2)


def test_the_trapezoid_is_over_the_true_sizes() -> None:
    curve = perturbation_curve(lambda shown: shown[:, 0].double(), [0, 1, 2], insert=True, weights=[6, 0, 2])
    assert curve.fraction.tolist() == [0, 0.75, 0.75, 1]
    assert curve.probability.tolist() == [0, 1, 1, 1]
    assert curve.area == pytest.approx(0.375 + 0.25)


@pytest.mark.parametrize("insert", [False, True])
def test_a_constant_is_its_own_area(insert: bool) -> None:
    curve = perturbation_curve(
        lambda shown: torch.full((len(shown),), 0.3), permutation(17, 0), insert=insert
    )
    assert curve.area == pytest.approx(0.3)


@relaxed
@given(lengths, st.integers(0, 99), st.integers(1, 50), st.booleans())
def test_what_a_curve_promises(length: int, seed: int, steps: int, insert: bool) -> None:
    order = permutation(length, seed)
    score = Recorder(tangled)
    curve = perturbation_curve(score, order, insert=insert, steps=steps)
    points = min(steps, length - 1) + 2
    (masks,) = score.batches
    assert masks.shape == (points, length)
    assert torch.equal(curve.probability, tangled(masks).double())
    moved = masks if insert else ~masks
    counts = moved.sum(1)
    assert counts[0] == 0
    assert counts[-1] == length
    groups = counts.diff()
    assert groups.min() >= 1
    assert groups.max() - groups.min() <= 1
    for row, count in zip(moved, counts, strict=True):
        assert row[order[:count]].all()
    assert curve.fraction.tolist() == (counts.double() / length).tolist()
    assert curve.area == pytest.approx(
        trapezoid(curve.probability.tolist(), curve.fraction.tolist()), abs=1e-12
    )


@relaxed
@given(lengths, st.integers(0, 99), st.integers(1, 50), st.booleans())
def test_deletion_is_the_reversed_insertion_read_backwards(
    length: int, seed: int, steps: int, weighted: bool
) -> None:
    order = permutation(length, seed)
    weights = sizes_of(length, seed) if weighted else None
    deletion = perturbation_curve(tangled, order, insert=False, steps=steps, weights=weights)
    insertion = perturbation_curve(tangled, order.flip(0), insert=True, steps=steps, weights=weights)
    torch.testing.assert_close(deletion.probability, insertion.probability.flip(0))
    torch.testing.assert_close(deletion.fraction, 1 - insertion.fraction.flip(0))
    assert deletion.area == pytest.approx(insertion.area)


@relaxed
@given(lengths, st.integers(0, 99), st.integers(1, 50), st.booleans())
def test_srg_is_least_first_minus_most_first(length: int, seed: int, steps: int, weighted: bool) -> None:
    order = permutation(length, seed)
    weights = sizes_of(length, seed) if weighted else None
    measured = faithfulness(tangled, order, steps=steps, weights=weights, random_orders=2)
    most = perturbation_curve(tangled, order, insert=False, steps=steps, weights=weights)
    least = perturbation_curve(tangled, order.flip(0), insert=False, steps=steps, weights=weights)
    insertion = perturbation_curve(tangled, order, insert=True, steps=steps, weights=weights)
    assert measured.deletion.area == pytest.approx(most.area)
    assert measured.insertion.area == pytest.approx(insertion.area)
    assert measured.srg == pytest.approx(least.area - most.area, abs=1e-12)


def test_the_right_order_beats_random_and_the_wrong_one_loses() -> None:
    weights = sizes_of(60, 3) ** 3
    right = weights.argsort(descending=True)
    good, bad = (faithfulness(additive(weights), order) for order in (right, right.flip(0)))
    margin = 5 * good.random_deletion.deviation
    assert good.deletion.area < good.random_deletion.area - margin
    assert good.insertion.area > good.random_insertion.area + margin
    assert bad.deletion.area > bad.random_deletion.area + margin
    assert bad.srg == pytest.approx(-good.srg)
    assert good.srg > 0.3


def test_a_random_order_has_no_gain_on_average() -> None:
    weights = sizes_of(20, 0)
    gains = [
        faithfulness(additive(weights), permutation(20, seed), random_orders=2).srg for seed in range(200)
    ]
    assert abs(np.mean(gains)) < 5 * np.std(gains) / 200**0.5


def test_the_baseline_is_the_mean_over_the_random_orders() -> None:
    score = Recorder(tangled)
    measured = faithfulness(score, permutation(30, 0), random_orders=4, steps=5, seed=7)
    whole, empty = tangled(torch.ones(1, 30)), tangled(torch.zeros(1, 30))
    assert len(score.batches) == 6
    heights = torch.stack([torch.cat([whole, tangled(batch), empty]) for batch in score.batches[2:]]).double()
    areas = np.array([trapezoid(row, np.arange(7) / 6) for row in heights.tolist()])
    assert measured.random_deletion.fraction.tolist() == pytest.approx(np.arange(7) / 6)
    assert measured.random_deletion.probability.tolist() == pytest.approx(heights.mean(0).tolist())
    assert measured.random_deletion.area == pytest.approx(areas.mean())
    assert measured.random_deletion.deviation == pytest.approx(areas.std(ddof=1))
    # Every random order is a permutation that starts from the whole picture, and they differ.
    assert all(batch.sum(1).tolist() == [25, 20, 15, 10, 5] for batch in score.batches[2:])
    assert len({tuple(batch[0].tolist()) for batch in score.batches}) == 6


def test_the_insertion_baseline_is_the_deletion_baseline_read_backwards() -> None:
    measured = faithfulness(tangled, permutation(23, 0), steps=6)
    deletion, insertion = measured.random_deletion, measured.random_insertion
    assert torch.equal(insertion.probability, deletion.probability.flip(0))
    torch.testing.assert_close(insertion.fraction, measured.insertion.fraction)
    torch.testing.assert_close(deletion.fraction, measured.deletion.fraction)
    assert insertion.area == deletion.area
    assert insertion.deviation == deletion.deviation


def test_the_baseline_with_sizes_is_read_off_at_common_fractions() -> None:
    sizes = sizes_of(30, 0)
    measured = faithfulness(additive(sizes), permutation(30, 0), weights=sizes, steps=5)
    baseline = measured.random_deletion
    torch.testing.assert_close(baseline.probability, 1 - baseline.fraction)
    assert baseline.area == pytest.approx(0.5)
    assert baseline.deviation == pytest.approx(0, abs=1e-12)


def test_no_mask_is_scored_twice_and_a_curve_is_one_batch() -> None:
    score = Recorder(tangled)
    faithfulness(score, permutation(60, 0), random_orders=5, steps=10)
    assert [len(batch) for batch in score.batches] == [12, 10, 10, 10, 10, 10, 10]
    assert len(set(score.rows)) == len(score.rows) == 2 + 10 * 7
    few = Recorder(tangled)
    faithfulness(few, [1, 0, 2], random_orders=30)
    assert len(set(few.rows)) == len(few.rows) == 2**3


def test_one_part() -> None:
    measured = faithfulness(additive(torch.ones(1)), [0])
    assert measured.deletion.probability.tolist() == [1, 0]
    assert measured.insertion.probability.tolist() == [0, 1]
    assert measured.srg == 0


def test_steps_can_be_watched_and_stopped() -> None:
    score = Recorder(tangled)
    steps = faithfulness_steps(score, permutation(30, 0), random_orders=3)
    assert not score.batches
    assert next(steps) == (0.2, None)
    assert len(score.batches) == 1
    assert next(steps) == (0.4, None)
    steps.close()
    assert len(score.batches) == 2

    watched = list(faithfulness_steps(tangled, permutation(30, 0), random_orders=3))
    assert [fraction for fraction, _ in watched] == pytest.approx([0.2, 0.4, 0.6, 0.8, 1])
    assert watched[-1][0] == 1
    assert [measured is None for _, measured in watched] == [True] * 4 + [False]
    _, measured = watched[-1]
    assert isinstance(measured, Faithfulness)
    assert_same(measured, faithfulness(tangled, permutation(30, 0), random_orders=3))


def assert_same(one: Faithfulness, other: Faithfulness) -> None:
    assert one.srg == other.srg
    for name in ("deletion", "insertion", "random_deletion", "random_insertion"):
        a, b = getattr(one, name), getattr(other, name)
        for field in fields(a):
            assert np.array_equal(getattr(a, field.name), getattr(b, field.name))


def test_same_seed_same_baseline_whatever_the_global_random_state() -> None:
    torch.manual_seed(1)
    before = torch.get_rng_state()
    first = faithfulness(tangled, permutation(30, 0), seed=3)
    assert torch.equal(torch.get_rng_state(), before)
    torch.manual_seed(2)
    assert_same(first, faithfulness(tangled, permutation(30, 0), seed=3))
    other = faithfulness(tangled, permutation(30, 0), seed=4)
    assert other.deletion.area == first.deletion.area
    assert other.random_deletion.area != first.random_deletion.area


@pytest.mark.parametrize(
    "convert", [list, tuple, np.array, torch.tensor, lambda o: torch.tensor(o, dtype=torch.int16)]
)
def test_orders_of_any_kind(convert: Any) -> None:
    curve = perturbation_curve(tangled, convert([2, 0, 1]), insert=False)
    assert torch.equal(curve.probability, perturbation_curve(tangled, [2, 0, 1], insert=False).probability)


def test_numbers_are_float64_on_the_cpu() -> None:
    curve = perturbation_curve(lambda shown: shown.float().mean(1), [1, 0], insert=True)
    assert curve.fraction.dtype == curve.probability.dtype == torch.float64
    assert isinstance(curve, Curve)
    assert type(curve.area) is float


@pytest.mark.parametrize(
    ("order", "text"),
    [
        ([0, 1, 1], "each of the numbers 0 to 2 once"),
        ([1, 2, 3], "each of the numbers 0 to 2 once"),
        ([-1, 0, 1], "each of the numbers 0 to 2 once"),
        ([0.0, 1.0], r"float64 of shape \(2,\)"),
        (torch.tensor([0.9, 0.1]), "numbers of the parts"),
        ([], "numbers of the parts"),
        ([[0, 1]], r"shape \(1, 2\)"),
        ([True, False], "bool"),
        (3, r"shape \(\)"),
        (["a", "b"], "numbers of the parts"),
    ],
)
def test_what_is_no_order_is_refused(order: Any, text: str) -> None:
    for call in (faithfulness_steps, faithfulness):
        with pytest.raises(ValueError, match=text):
            call(tangled, order)
    with pytest.raises(ValueError, match=text):
        perturbation_curve(tangled, order, insert=True)


@pytest.mark.parametrize(
    ("weights", "text"),
    [
        ([1, 2], r"one number for each of 3 parts, not shape \(2,\)"),
        ([[1, 2, 3]], r"not shape \(1, 3\)"),
        ([1, -1, 1], "not negative"),
        ([1, float("nan"), 1], "finite"),
        (torch.tensor([1, float("inf"), 1]), "finite"),
        ([0, 0, 0], "not all zero"),
    ],
)
def test_wrong_weights_are_refused(weights: Any, text: str) -> None:
    with pytest.raises(ValueError, match=text):
        perturbation_curve(tangled, [0, 1, 2], insert=True, weights=weights)
    with pytest.raises(ValueError, match=text):
        faithfulness_steps(tangled, [0, 1, 2], weights=weights)


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("steps", 0),
        ("steps", 2.5),
        ("random_orders", 1),
        ("random_orders", None),
        ("seed", -1),
        ("seed", 0.5),
    ],
)
def test_wrong_settings_are_refused_at_once(setting: str, value: Any) -> None:
    with pytest.raises(ValueError, match=f"^{setting} must be a whole number"):
        faithfulness_steps(tangled, [0, 1, 2], **{setting: value})


def test_a_wrong_score_is_named() -> None:
    with pytest.raises(ValueError, match="4 numbers, one a mask, not shape"):
        perturbation_curve(lambda shown: shown.sum(1)[1:], [0, 1, 2], insert=True)
    with pytest.raises(ValueError, match="finite; 1 of 4 numbers are not, the first is nan"):
        perturbation_curve(lambda shown: (shown.sum(1) - 1).log().clamp(min=-5), [0, 1, 2], insert=True)
