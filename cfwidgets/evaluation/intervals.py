"""Shares with their intervals."""

from __future__ import annotations

import math
from typing import NamedTuple

__all__ = ["Share", "wilson"]

_Z = 1.959964  # of 95 %


class Share(NamedTuple):
    """A share, and the ends of its 95 % interval; each from 0 to 1, or NaN for a share of nothing."""

    share: float
    low: float
    high: float


def wilson(successes: int, count: int) -> Share:
    """Give a share with its 95 % interval by Wilson 1927, which holds for few cases and for shares near 0.

    Parameters
    ----------
    successes, count
        Cases that count, of all cases.

    Examples
    --------
    >>> share, low, high = wilson(8, 10)
    >>> share, round(low, 4), round(high, 4)
    (0.8, 0.4902, 0.9433)
    """
    if not count:
        return Share(math.nan, math.nan, math.nan)
    n, p = count, successes / count
    centre = (p + _Z**2 / (2 * n)) / (1 + _Z**2 / n)
    half = _Z / (1 + _Z**2 / n) * math.sqrt(p * (1 - p) / n + _Z**2 / (4 * n**2))
    # At both ends rounding would leave the share a little outside its own interval.
    low = 0.0 if successes == 0 else max(0.0, centre - half)
    high = 1.0 if successes == count else min(1.0, centre + half)
    return Share(p, low, high)
