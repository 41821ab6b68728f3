"""Smooth random curves and planes, the same at every size."""

from __future__ import annotations

import numpy as np
from PIL import Image

from cfwidgets.data.defects.textures import Plane

__all__ = ["curve", "grid", "plane", "step"]


def curve(rng: np.random.Generator, length: int, knots: float) -> Plane:
    """A curve ``(length,)`` of deviation about 1 that turns about ``knots`` times."""
    count = max(int(knots), 1) + 2
    return np.interp(np.linspace(0, count - 1, length), np.arange(count), rng.normal(size=count)).astype(
        np.float32
    )


def plane(rng: np.random.Generator, size: int, cells: int) -> Plane:
    """A plane ``(size, size)`` of deviation about 1 with hills of a ``cells``-th of its side."""
    # drawn with a margin of a cell, since towards the edge an interpolation is flat
    inner = cells + 2
    coarse = Image.fromarray(rng.normal(size=(inner, inner)).astype(np.float32))
    box = (1, 1, inner - 1, inner - 1)
    return np.asarray(coarse.resize((size, size), Image.Resampling.BICUBIC, box=box)) * np.float32(1.4)


def grid(size: int) -> tuple[Plane, Plane]:
    """Across ``(1, size)`` and down ``(size, 1)``: the centres of pixels, from 0 to 1."""
    steps = (np.arange(size, dtype=np.float32) + 0.5) / size
    return steps[None, :], steps[:, None]


def step(values: Plane, edge: float, width: float) -> Plane:
    """0 below an edge, 1 above, and a smooth way between that is ``width`` wide."""
    share = np.clip((values - edge) / width + 0.5, 0, 1)
    return share * share * (3 - 2 * share)
