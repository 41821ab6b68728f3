"""Relevance maps as whole levels: what the browser gets, and what pixels are ranked by on both sides."""

from __future__ import annotations

import zlib

import numpy as np
import numpy.typing as npt
from torch import Tensor

__all__ = ["deflated", "levels_of", "peak_of", "ranking"]

_MOST = 32767
_LOT = np.uint32(2654435761)  # odd: each pixel's lot is its own


def peak_of(pixels: Tensor) -> float:
    """Return the largest size of a map's values: that of the highest level."""
    return float(pixels.abs().max()) if bool(pixels.isfinite().all()) else 0.0


def levels_of(pixels: Tensor) -> npt.NDArray[np.int16]:
    """Round a map ``(H, W)`` to levels from -32767 to 32767 of its largest size; zeros where not finite."""
    peak = peak_of(pixels)
    if not peak:
        return np.zeros(tuple(pixels.shape), np.int16)
    levels: npt.NDArray[np.int16] = (pixels.double() / peak * _MOST).round().numpy().astype(np.int16)
    return levels


def deflated(pixels: Tensor) -> bytes:
    """Encode a map as zlib data: little-endian int16 levels, row by row."""
    return zlib.compress(levels_of(pixels).astype("<i2").tobytes(), 1)


def ranking(pixels: Tensor) -> npt.NDArray[np.int64]:
    """Number the pixels of a map, row by row, and order them: the most relevant first, equals by lot.

    The lot depends on the place alone, and is the same in js/src/relevance/ranking.ts: the browser hides the
    pixels that the model is shown without.

    Returns
    -------
    ndarray
        ``(H * W,)``.

    Examples
    --------
    >>> import torch
    >>> ranking(torch.tensor([[0.0, 2.0], [-1.0, 1.0]])).tolist()
    [1, 3, 0, 2]
    """
    levels = levels_of(pixels).ravel()
    lot = np.arange(levels.size, dtype=np.uint32) * _LOT
    return np.lexsort((lot, -levels.astype(np.int32)))
