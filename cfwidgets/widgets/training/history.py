"""The losses of a training, thinned to the size of a chart, and their running means."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

__all__ = ["envelope", "mean_window", "running_mean", "thinned_places"]

_RECENT = 100  # updates of the running mean, at most
_BUCKETS = 200  # of a long history; two points each


def mean_window(count: int) -> int:
    """Return the number of updates that the running mean of ``count`` updates is of: a tenth, from 1 to 100.

    Examples
    --------
    >>> mean_window(5), mean_window(300), mean_window(40_000)
    (1, 30, 100)
    """
    return max(1, min(_RECENT, count // 10))


def running_mean(values: npt.NDArray[np.float64], window: int) -> npt.NDArray[np.float64]:
    """Return the mean of each value and those before it, ``window`` in all, of those that are finite.

    Examples
    --------
    >>> running_mean(np.array([1.0, 3.0, np.nan, 5.0]), window=2).tolist()
    [1.0, 2.0, 3.0, 5.0]
    """
    finite = np.isfinite(values)
    sums = np.concatenate([[0.0], np.where(finite, values, 0.0).cumsum()])
    counts = np.concatenate([[0], finite.cumsum()])
    end = np.arange(1, len(values) + 1)
    start = np.maximum(end - window, 0)
    with np.errstate(invalid="ignore"):
        return (sums[end] - sums[start]) / (counts[end] - counts[start])


def thinned_places(count: int) -> npt.NDArray[np.int64]:
    """Choose places of a long history, evenly, the last among them; all of a short one.

    Examples
    --------
    >>> thinned_places(3).tolist(), len(thinned_places(10_000)), int(thinned_places(10_000)[-1])
    ([0, 1, 2], 400, 9999)
    """
    if count <= 2 * _BUCKETS:
        return np.arange(count)
    return np.linspace(0, count - 1, 2 * _BUCKETS).round().astype(np.int64)


def envelope(
    values: npt.NDArray[np.float64],
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Return updates and values to draw: of a long history the lowest and the highest of each stretch.

    A peak is thus seen, however long the history.

    Examples
    --------
    >>> peak = np.zeros(10_000)
    >>> peak[1234] = 7
    >>> updates, drawn = envelope(peak)
    >>> len(updates), float(drawn.max())
    (400, 7.0)
    """
    count = len(values)
    if count <= 2 * _BUCKETS:
        return np.arange(1.0, count + 1), values
    starts = np.linspace(0, count, _BUCKETS, endpoint=False).astype(np.int64)
    updates = np.linspace(1, count, 2 * _BUCKETS)
    lowest, highest = np.fmin.reduceat(values, starts), np.fmax.reduceat(values, starts)
    return updates, np.stack([lowest, highest], axis=1).ravel()
