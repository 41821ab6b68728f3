"""Deletion and insertion curves: a test of an order of importance against the model.

For every explainer that ranks the parts of a picture: superpixels (`ELime`, LIME), but also pixels, regions
or attributes. Remove the parts from the most important on: the probability of the explained class should fall
soon. Add them from the most important on: it should rise soon. The `score` that is passed decides how a
missing part is filled (black, its mean, a blur), which changes the numbers: state it beside them.

Sources: Petsiuk, Das and Saenko 2018 (RISE) for the two curves; Blücher, Vielhaben and Strodthoff 2024 for
the symmetric relevance gain (SRG). Two rules keep the figures comparable: both ends of a curve belong to it,
and the area is the trapezoid over the true fraction of the parts, so it lies between the smallest and the
largest probability. A curve by itself means little, so it is compared with that of random orders.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, TypeAlias

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from cfwidgets.brief import brief
from cfwidgets.checks import positive_int
from cfwidgets.search.memo import Memo, Score
from cfwidgets.search.operators import seeded

Order: TypeAlias = Tensor | npt.NDArray[Any] | Sequence[int]
Weights: TypeAlias = Tensor | npt.NDArray[Any] | Sequence[float]


@dataclass(frozen=True, eq=False)
class Curve:
    """The probability while parts are removed (deletion) or added (insertion).

    Attributes
    ----------
    fraction
        ``(K,)`` float64, from 0 to 1: the share of the parts removed or added so far.
    probability
        ``(K,)`` float64: the score at each point.
    area
        Area under the curve, by the trapezoid rule. Deletion: lower is better. Insertion: higher is better.
    """

    __repr__ = brief

    schema: ClassVar[dict[str, str]] = {
        "fraction": "float64 (K) 0 1",
        "probability": "float64 (K)",
    }

    fraction: Tensor
    probability: Tensor
    area: float


@dataclass(frozen=True, eq=False)
class RandomCurve(Curve):
    """The mean over random orders: `probability` point by point, `area` of the areas.

    Attributes
    ----------
    deviation
        Standard deviation of the areas over the orders (with n - 1).
    """

    __repr__ = brief

    deviation: float


@dataclass(frozen=True, eq=False)
class Faithfulness:
    """Agreement of an order of importance with the model.

    Attributes
    ----------
    deletion, insertion
        The curves of the order, most important first.
    random_deletion, random_insertion
        Their means over random orders. Removing parts in an order and adding them in the reversed order
        show the model the same pictures, and a reversed random order is a random order too: the second is the
        first read backwards, and costs nothing.
    srg
        Symmetric relevance gain: the area of the deletion curve when the least important part goes first,
        minus the area when the most important goes first. 0 for a random order (on average) and for a model
        that ignores all parts, negative for an order that is worse than random. Since the former curve is the
        insertion curve read backwards, this is ``insertion.area - deletion.area``.
    """

    __repr__ = brief

    deletion: Curve
    insertion: Curve
    random_deletion: RandomCurve
    random_insertion: RandomCurve
    srg: float

    @property
    def beyond_random(self) -> tuple[bool, bool]:
        """Tell if deletion and insertion are better than random orders, by more than these deviate."""
        removed, added = self.random_deletion, self.random_insertion
        less = self.deletion.area < removed.area - removed.deviation
        return less, self.insertion.area > added.area + added.deviation


def perturbation_curve(
    score: Score, order: Order, *, insert: bool, steps: int = 25, weights: Weights | None = None
) -> Curve:
    """Remove parts in an order from the whole picture, or add them to the empty one.

    Parameters
    ----------
    score
        A function from masks ``(m, n)`` bool of the parts shown to the probability of the explained class,
        ``(m,)``. Called once, with distinct masks.
    order
        ``(n,)``: the parts 0 to n - 1, the most important first.
    insert
        False: deletion, from all shown to none. True: insertion, from none to all.
    steps
        The most points between the two ends; where there are fewer than n - 1, the parts are removed in
        groups of as equal a size as possible. A deletion and an insertion in the reversed order meet the same
        masks.
    weights
        ``(n,)``, not negative: the size of each part, e.g. its share of the pixels; the fraction axis then
        counts sizes. None: all parts count alike.

    Returns
    -------
    Curve
        With ``min(steps, n - 1) + 2`` points.

    Raises
    ------
    ValueError
        `order` is not a permutation, `steps` not a positive whole number, `weights` do not fit, or the score
        is not one finite number a mask.

    Examples
    --------
    A model that looks at part 2 only:

    >>> def score(shown):
    ...     return shown[:, 2].double()
    >>> perturbation_curve(score, [2, 0, 1, 3], insert=False).probability.tolist()
    [1.0, 0.0, 0.0, 0.0, 0.0]
    >>> perturbation_curve(score, [2, 0, 1, 3], insert=True).area
    0.875
    """
    parts = _order(order)
    positive_int("steps", steps)
    return _curve(Memo(score), parts, _sizes(weights, len(parts)), steps, insert=insert)


def faithfulness(
    score: Score,
    order: Order,
    *,
    random_orders: int = 10,
    steps: int = 25,
    seed: int = 0,
    weights: Weights | None = None,
) -> Faithfulness:
    """Measure an order of importance by deletion, insertion and SRG, beside random orders.

    Parameters
    ----------
    score, order, steps, weights
        As in `perturbation_curve`; the score evaluates each distinct mask once, at most ``2 + steps *
        (2 + random_orders)`` in total, a curve at a time.
    random_orders
        Random orders for the baseline, at least 2 (their spread is reported).
    seed
        Seed of the random orders. Torch's global random state is neither used nor changed.

    Returns
    -------
    Faithfulness

    Raises
    ------
    ValueError
        As `perturbation_curve`; also a wrong `random_orders` or `seed`.

    Examples
    --------
    >>> measured = faithfulness(lambda shown: shown[:, 2].double(), [2, 0, 1, 3])
    >>> measured.deletion.area, measured.insertion.area, measured.srg
    (0.125, 0.875, 0.75)
    """
    *_, (_, measured) = faithfulness_steps(
        score, order, random_orders=random_orders, steps=steps, seed=seed, weights=weights
    )
    assert measured is not None  # noqa: S101 (the last step carries it)
    return measured


def faithfulness_steps(
    score: Score,
    order: Order,
    *,
    random_orders: int = 10,
    steps: int = 25,
    seed: int = 0,
    weights: Weights | None = None,
) -> Generator[tuple[float, Faithfulness | None], None, None]:
    """Compute `faithfulness` a curve at a time, for engines that show progress and can be stopped.

    Parameters
    ----------
    score, order, random_orders, steps, seed, weights
        As in `faithfulness`.

    Yields
    ------
    tuple of float and Faithfulness or None
        After each of the ``2 + random_orders`` curves: the fraction of the curves done, and the measures,
        which are None before the last.

    Raises
    ------
    ValueError
        At once, for wrong settings; in a step, where the score is not one finite number a mask.

    Examples
    --------
    >>> run = faithfulness_steps(lambda shown: shown[:, 0].double(), [0, 1], random_orders=2)
    >>> [(fraction, measured is None) for fraction, measured in run]
    [(0.25, True), (0.5, True), (0.75, True), (1.0, False)]
    """
    parts = _order(order)
    sizes = _sizes(weights, len(parts))
    positive_int("steps", steps)
    positive_int("random_orders", random_orders, minimum=2)
    generator = seeded(seed)
    shuffled = [torch.randperm(len(parts), generator=generator) for _ in range(random_orders)]
    return _measure(Memo(score), parts, shuffled, sizes, steps)


def _measure(
    score: Memo, order: Tensor, shuffled: list[Tensor], sizes: Tensor, steps: int
) -> Generator[tuple[float, Faithfulness | None], None, None]:
    total = 2 + len(shuffled)
    deletion = _curve(score, order, sizes, steps, insert=False)
    yield 1 / total, None
    insertion = _curve(score, order, sizes, steps, insert=True)
    yield 2 / total, None
    curves: list[Curve] = []
    for done, random_order in enumerate(shuffled, start=3):
        curves.append(_curve(score, random_order, sizes, steps, insert=False))
        if done < total:
            yield done / total, None
    random_deletion = _mean(curves, _moved(len(order), steps).double() / len(order))
    random_insertion = replace(
        random_deletion,
        fraction=1 - random_deletion.fraction.flip(0),
        probability=random_deletion.probability.flip(0),
    )
    srg = insertion.area - deletion.area
    yield 1.0, Faithfulness(deletion, insertion, random_deletion, random_insertion, srg)


def _curve(score: Memo, order: Tensor, sizes: Tensor, steps: int, *, insert: bool) -> Curve:
    length = len(order)
    moved = _moved(length, steps)
    if insert:
        # Groups of unequal size are mirrored, so that an insertion meets the masks of the reversed deletion.
        moved = length - moved.flip(0)
    place = torch.empty_like(order)
    place[order] = torch.arange(length)
    touched = place < moved[:, None]
    share = torch.cat([torch.zeros(1, dtype=torch.float64), sizes[order].cumsum(0)])
    # Divided by the last value, so that the axis ends at exactly 1.
    fraction = (share / share[-1])[moved]
    probability = score(touched if insert else ~touched)
    return Curve(fraction, probability, float(torch.trapezoid(probability, fraction)))


def _moved(length: int, steps: int) -> Tensor:
    """Count the parts removed at each point of a deletion curve, both ends included."""
    groups = min(steps + 1, length)
    return torch.arange(groups + 1) * length // groups


def _mean(curves: list[Curve], axis: Tensor) -> RandomCurve:
    """Average curves at common fractions; with weights each curve has its own fractions."""
    heights = [np.interp(axis.numpy(), curve.fraction.numpy(), curve.probability.numpy()) for curve in curves]
    areas = np.array([curve.area for curve in curves])
    probability = torch.from_numpy(np.mean(heights, axis=0))
    return RandomCurve(axis, probability, float(areas.mean()), float(areas.std(ddof=1)))


def _order(order: Order) -> Tensor:
    values = np.asarray(order.tolist() if isinstance(order, Tensor) else order)
    if values.ndim != 1 or values.dtype.kind not in "iu" or not len(values):
        given = f"{values.dtype} of shape {values.shape}"
        raise ValueError(f"order must be the numbers of the parts, most important first, not {given}")
    if not np.array_equal(np.sort(values), np.arange(len(values))):
        raise ValueError(f"order must hold each of the numbers 0 to {len(values) - 1} once")
    return torch.from_numpy(values.astype(np.int64))


def _sizes(weights: Weights | None, length: int) -> Tensor:
    if weights is None:
        return torch.ones(length, dtype=torch.float64)
    values = np.array(weights.tolist() if isinstance(weights, Tensor) else weights, dtype=np.float64)
    if values.shape != (length,):
        raise ValueError(f"weights must be one number for each of {length} parts, not shape {values.shape}")
    if not np.isfinite(values).all() or (values < 0).any() or not values.any():
        raise ValueError("weights must be finite and not negative, and not all zero")
    return torch.from_numpy(values)
