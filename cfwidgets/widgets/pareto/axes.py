"""Ends and ticks of the charts' axes."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

__all__ = ["ends", "ticks"]


def ends(values: npt.NDArray[np.float64], margin: float = 0.0) -> tuple[float, float]:
    """Ends of an axis, with a margin as a share of the span; a span of 1 where all values are the same.

    Examples
    --------
    >>> ends(np.array([0.0, np.nan, 10.0]), margin=0.1), ends(np.array([2.0, 2.0]))
    ((-1.0, 11.0), (1.5, 2.5))
    """
    known = values[np.isfinite(values)]
    if not len(known):
        return 0.0, 1.0
    low, high = float(known.min()), float(known.max())
    if high == low:
        return low - 0.5, high + 0.5
    return low - margin * (high - low), high + margin * (high - low)


def ticks(low: float, high: float) -> tuple[npt.NDArray[np.float64], int]:
    """Choose two to five round values from ``low`` to ``high``; return them and their digits after the point.

    Examples
    --------
    >>> ticks(0, 100)
    (array([  0.,  50., 100.]), 0)
    """
    least = (high - low) / 4
    power = math.floor(math.log10(least))
    # the smallest of 1, 2, 5, 10 times a power of ten that is no less
    factor = next(factor for factor in (1, 2, 5, 10) if factor * 10.0**power >= least * (1 - 1e-9))
    step = factor * 10.0**power
    digits = max(0, -power - (factor == 10))
    places = range(math.ceil(low / step), math.floor(high / step) + 1)
    return np.array([step * place for place in places], dtype=np.float64), digits
