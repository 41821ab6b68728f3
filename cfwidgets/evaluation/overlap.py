"""Agreement between masks and between rankings.

`ELime` compares the masks that different seeds find (where seeds disagree there is no single answer), and its
importance with that of a randomised model (an explanation that stays the same does not depend on the model:
Adebayo et al. 2018, "Sanity Checks for Saliency Maps"). Other explainers use the same measures for regions
and relevance maps. The Jaccard index of two masks is 1 where they are equal and 0 where they share nothing;
since large masks overlap by chance, `chance_jaccard` belongs beside it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import combinations
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
from torch import Tensor

Values: TypeAlias = Tensor | npt.NDArray[Any] | Sequence[float]


def jaccard(a: Tensor | npt.NDArray[np.bool_], b: Tensor | npt.NDArray[np.bool_]) -> float:
    """Compute the Jaccard index of two masks: the size of their intersection over that of their union.

    Parameters
    ----------
    a, b
        Bool, of the same shape.

    Returns
    -------
    float
        0 to 1; 1 where both are empty.

    Raises
    ------
    ValueError
        Masks that are not bool, or of different shapes.

    Examples
    --------
    >>> jaccard(np.array([True, True, False]), np.array([False, True, True]))
    0.3333333333333333
    """
    first, second = _bools("a", a), _bools("b", b)
    if first.shape != second.shape:
        raise ValueError(f"the masks must be of one shape, not {first.shape} and {second.shape}")
    union = int(np.count_nonzero(first | second))
    return int(np.count_nonzero(first & second)) / union if union else 1.0


def mean_pairwise_jaccard(masks: Tensor | npt.NDArray[np.bool_]) -> float:
    """Average the Jaccard index over all pairs of masks.

    Parameters
    ----------
    masks
        ``(m, n)`` bool, m at least 2: e.g. the best masks of m seeds.

    Returns
    -------
    float
        0 to 1.

    Raises
    ------
    ValueError
        Not a bool matrix, or fewer than two masks.

    Examples
    --------
    >>> mean_pairwise_jaccard(np.array([[True, False], [True, False], [False, True]]))
    0.3333333333333333
    """
    pairs = list(combinations(_matrix(masks), 2))
    return sum(jaccard(a, b) for a, b in pairs) / len(pairs)


def chance_jaccard(masks: Tensor | npt.NDArray[np.bool_]) -> float:
    """Compute the expectation of `mean_pairwise_jaccard` for random masks of the same sizes.

    For masks of a and b of n bits, placed at random, the intersection I has a hypergeometric distribution,
    and the expectation of ``I / (a + b - I)`` is summed exactly; then the mean over all pairs is taken.

    Parameters
    ----------
    masks
        ``(m, n)`` bool, m at least 2.

    Returns
    -------
    float
        0 to 1.

    Raises
    ------
    ValueError
        Not a bool matrix, or fewer than two masks.

    Examples
    --------
    Two masks of one bit out of four are the same one time in four:

    >>> round(chance_jaccard(np.eye(4, dtype=bool)[:2]), 12)
    0.25
    """
    matrix = _matrix(masks)
    pairs = Counter(combinations(sorted(int(size) for size in matrix.sum(1)), 2))
    total = sum(count * _expected_jaccard(matrix.shape[1], *sizes) for sizes, count in pairs.items())
    return total / pairs.total()


def rank_correlation(a: Values, b: Values) -> float:
    """Compute Spearman's rank correlation of two lists of values, e.g. two importances of the same parts.

    Parameters
    ----------
    a, b
        ``(n,)`` finite numbers, n at least 1; equal values share the mean of their ranks.

    Returns
    -------
    float
        -1 to 1. Where either is constant, which includes n = 1, there is no order to compare and the
        correlation is undefined: 0.0 is returned.

    Raises
    ------
    ValueError
        Not two lists of one length, empty ones, or values that are not finite.

    Examples
    --------
    >>> round(rank_correlation([1.0, 2.0, 3.0], [10.0, 20.0, 15.0]), 12)
    0.5
    """
    first, second = _finite("a", a), _finite("b", b)
    if first.shape != second.shape:
        raise ValueError(f"a and b must be of one length, not {len(first)} and {len(second)}")
    if np.ptp(first) == 0 or np.ptp(second) == 0:
        return 0.0
    from scipy.stats import spearmanr  # type: ignore[import-untyped]

    return float(spearmanr(first, second).statistic)


def _expected_jaccard(length: int, a: int, b: int) -> float:
    from scipy.stats import hypergeom

    if a + b == 0:
        return 1.0
    shared = np.arange(min(a, b) + 1)
    return float(np.sum(hypergeom.pmf(shared, length, a, b) * shared / (a + b - shared)))


def _bools(name: str, mask: Any) -> npt.NDArray[np.bool_]:
    values = np.asarray(mask.cpu() if isinstance(mask, Tensor) else mask)
    if values.dtype != np.bool_:
        raise ValueError(f"{name} must be bool, not {values.dtype}")
    return values


def _matrix(masks: Any) -> npt.NDArray[np.bool_]:
    values = _bools("masks", masks)
    if values.ndim != 2 or len(values) < 2:
        raise ValueError(f"masks must be (m, n) with at least two masks, not {values.shape}")
    return values


def _finite(name: str, values: Any) -> npt.NDArray[np.float64]:
    numbers = np.array(values.tolist() if isinstance(values, Tensor) else values, dtype=np.float64)
    if numbers.ndim != 1 or not len(numbers):
        raise ValueError(f"{name} must be a list of numbers, not shape {numbers.shape}")
    if not np.isfinite(numbers).all():
        raise ValueError(f"{name} must be finite; {np.count_nonzero(~np.isfinite(numbers))} values are not")
    return numbers
