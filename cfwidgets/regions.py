"""Regions of a picture: closed rings in parts of its width and height, and the pixels that lie in them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["Region", "checked", "region_mask"]

Region = Sequence[Sequence[float]]
"""Rings ``[x0, y0, x1, y1, …]``, each coordinate in [0, 1]; the last point is joined to the first."""

MOST = 2**14
"""The largest number of points of a region."""


def checked(region: Any) -> list[list[float]]:
    """Check a region.

    Parameters
    ----------
    region
        Rings ``[x0, y0, x1, y1, …]`` of at least three points each; empty for no region.

    Returns
    -------
    list
        The same, as lists of floats.

    Raises
    ------
    ValueError
        It is no list of rings; a ring has fewer than three points or half a point; a coordinate is not in
        [0, 1]; there are more than 16,384 points.

    Examples
    --------
    >>> checked([(0, 0, 1, 0, 1, 1)])
    [[0.0, 0.0, 1.0, 0.0, 1.0, 1.0]]
    >>> checked([[0, 0, 1, 0, 2, 1]])
    Traceback (most recent call last):
    ValueError: ring 0 of the region leaves the picture: coordinates are from 0 to 1, not 2.0
    """
    rings = [_ring(ring, place) for place, ring in enumerate(_list(region, "the region", "rings"))]
    points = sum(map(len, rings)) // 2
    if points > MOST:
        raise ValueError(f"the region has {points:,} points: at most {MOST:,} are accepted")
    return rings


def _list(given: Any, name: str, of: str) -> list[Any]:
    if isinstance(given, str | bytes | dict) or not hasattr(given, "__iter__"):
        raise ValueError(f"{name} must be a list of {of}, not {given!r:.40}")
    return list(given)


def _ring(given: Any, place: int) -> list[float]:
    name = f"ring {place} of the region"
    values = _list(given, name, "coordinates x0, y0, x1, y1, …")
    try:
        ring = [float(value) for value in values]
    except (TypeError, ValueError):
        raise ValueError(f"{name} must hold numbers x0, y0, x1, y1, …, not {values!r:.40}") from None
    if len(ring) % 2:
        raise ValueError(f"{name} has {len(ring)} coordinates: the last point lacks its y")
    if len(ring) < 6:
        raise ValueError(f"{name} has {len(ring) // 2} points: at least 3 are needed")
    for value in ring:
        if not math.isfinite(value) or not 0 <= value <= 1:
            raise ValueError(f"{name} leaves the picture: coordinates are from 0 to 1, not {value}")
    return ring


def region_mask(region: Region, height: int, width: int) -> Tensor:
    """Tell which pixels lie in a region: those whose middle does.

    A middle is inside where a line from it out of the picture crosses the rings an odd number of times: a
    ring within a ring is a hole.

    Parameters
    ----------
    region
        See `checked`.
    height, width
        Of the picture, in pixels.

    Returns
    -------
    Tensor
        ``(H, W)`` bool.

    Raises
    ------
    ValueError
        The region, or the size, is none.

    Examples
    --------
    >>> region_mask([[0, 0, 0.5, 0, 0.5, 1, 0, 1]], 2, 4).int()
    tensor([[1, 1, 0, 0],
            [1, 1, 0, 0]], dtype=torch.int32)
    """
    if height < 1 or width < 1:
        raise ValueError(f"a picture has at least one pixel a side, not {height} x {width}")
    rings = [np.array(ring).reshape(-1, 2) for ring in checked(region)]
    flips = np.zeros((height, width + 1), np.int64)
    if rings:
        x0, y0 = np.concatenate(rings).T
        x1, y1 = np.concatenate([np.roll(ring, -1, axis=0) for ring in rings]).T
        for row in range(height):
            y = (row + 0.5) / height
            cut = (y0 <= y) != (y1 <= y)
            x = x0[cut] + (y - y0[cut]) / (y1[cut] - y0[cut]) * (x1[cut] - x0[cut])
            # All pixels whose middles lie right of it change sides.
            np.add.at(flips[row], np.clip(np.ceil(x * width - 0.5), 0, width).astype(np.int64), 1)
    return torch.from_numpy(flips.cumsum(1)[:, :width] % 2 == 1)
