"""Photographed textures that come with scikit-image, cut into parts that share no pixel."""

from __future__ import annotations

import functools
import math
from typing import Any, Literal, TypeAlias

import numpy as np
import numpy.typing as npt
from PIL import Image
from scipy.ndimage import gaussian_filter  # type: ignore[import-untyped]
from skimage import data

__all__ = ["REGIONS", "Plane", "Split", "Texture", "patch"]

Split: TypeAlias = Literal["train", "validation", "test"]
"""Use of a picture."""

Texture: TypeAlias = Literal["gravel", "brick", "grass"]
"""A photograph of scikit-image, 512 x 512 pixels, grey."""

Plane: TypeAlias = npt.NDArray[np.floating[Any]]
"""Values ``(h, w)``, or ``(3, h, w)`` where they have a colour."""

REGIONS: dict[Split, tuple[slice, slice]] = {
    "train": (slice(0, 512), slice(0, 304)),
    "validation": (slice(0, 200), slice(312, 512)),
    "test": (slice(208, 512), slice(312, 512)),
}
"""Rows and columns of each photograph that a split may show; the eight pixels between them are in none."""

_UNEVEN_LIGHT = 24.0
_EXTREME = 2.5
_LEVELS = 4
_LARGEST_SIDE = 560
# Half the diagonal of the largest square, so that one at any place and angle lies within what is mirrored.
_MARGIN = 400


def patch(texture: Texture, split: Split, rng: np.random.Generator, *, side: float, size: int) -> Plane:
    """Cut a turned square out of a texture, at a random place.

    Parameters
    ----------
    texture, split
        Which one, and from which of its regions; beyond its edges the region is mirrored.
    rng
        Says where, and how far it is turned.
    side
        Side of the square in pixels of the photograph, up to 560.
    size
        Side in pixels of the patch.

    Returns
    -------
    numpy.ndarray
        ``(size, size)`` float32: the logarithm of the reflectance, from -2.5 to 2.5; over the whole region it
        has mean 0 and deviation 1.
    """
    rows, columns = (len(range(512)[part]) for part in REGIONS[split])
    row, column, angle = rng.uniform(0, rows), rng.uniform(0, columns), rng.uniform(0, 2 * math.pi)
    level = min(max(math.floor(math.log2(side / size)), 0), _LEVELS - 1)
    scale = side / size / 2**level
    cos, sin = scale * math.cos(angle), scale * math.sin(angle)
    x, y = ((place + _MARGIN) / 2**level for place in (column, row))
    half = size / 2
    affine = (cos, -sin, x - half * (cos - sin), sin, cos, y - half * (sin + cos))
    source = _levels(texture, split)[level]
    return np.asarray(
        source.transform((size, size), Image.Transform.AFFINE, affine, Image.Resampling.BILINEAR)
    )


@functools.cache
def _levels(texture: Texture, split: Split) -> tuple[Image.Image, ...]:
    """One region, mirrored at its edges, in full size, half, a quarter and an eighth."""
    grey = getattr(data, texture)()[REGIONS[split]].astype(np.float32) + 8
    even = np.log(grey / gaussian_filter(grey, _UNEVEN_LIGHT, mode="reflect"))
    even = (even - even.mean()) / even.std()
    plane = np.pad((_EXTREME * np.tanh(even / _EXTREME)).astype(np.float32), _MARGIN, mode="symmetric")
    whole = Image.fromarray(plane)
    return tuple(whole.reduce(2**level) for level in range(_LEVELS))
