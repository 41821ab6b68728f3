"""Concrete surfaces, cracked or not."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self, get_args

import numpy as np
from scipy.ndimage import gaussian_filter  # type: ignore[import-untyped]

from cfwidgets.checks import choice
from cfwidgets.data.defects.camera import photographed
from cfwidgets.data.defects.cracks import Drawing, crack, draw
from cfwidgets.data.defects.drawn import Bytes, Drawn, Numbers, check, pictures
from cfwidgets.data.defects.surface import Surface, surface
from cfwidgets.data.defects.textures import Plane, Split

__all__ = ["Concrete", "concrete"]

_SPLITS: tuple[Split, ...] = get_args(Split)


@dataclass(frozen=True, eq=False, repr=False)
class Concrete(Drawn):
    """Concrete surfaces with and without cracks, as `concrete` makes them.

    Parameters
    ----------
    pixels, coverage, labels, seed, first
        See `Drawn`; the damage is a crack.
    split
        Which part of the photographed textures they show.
    """

    split: Split

    def _without_damage(self) -> Self:
        return self._of([0] * len(self), self.size, self.seed, self.first, self.split)

    @classmethod
    def _of(cls, labels: Sequence[int], size: int, seed: int, first: int, split: Split) -> Self:
        numbers = Numbers(seed, first, _SPLITS.index(split))

        def picture(place: int, damaged: bool) -> tuple[Bytes, Bytes]:
            ground = surface(numbers.of(place, "scene"), split, size)
            colour, coverage = ground.colour, np.zeros((size, size), dtype=np.uint8)
            if damaged:
                rng = numbers.of(place, "damage")
                drawing = draw(crack(rng, size), size)
                colour, coverage = _cracked(ground, drawing, rng), drawing.coverage
            return photographed(colour, numbers.of(place, "camera")), coverage

        return cls(*pictures(labels, size, picture), seed, first, split)


def concrete(
    n: int,
    size: int = 64,
    seed: int = 0,
    *,
    first: int = 0,
    damaged: float = 0.5,
    split: Split = "train",
) -> Concrete:
    """Make up concrete surfaces of which some are cracked, and it is known where.

    Parameters
    ----------
    n
        How many.
    size
        Height and width in pixels, at least 32. The same number at another size is the same surface with the
        same crack, but for the noise of the camera; below about 80 pixels the finest cracks are wider, so
        that they can be seen.
    seed
        Whose numbers: picture i depends on the seed, the split and ``first + i`` and on nothing else, so that
        the first 10 of 100 are the 10 that one gets when asking for 10.
    first
        Number of the first picture: to go on where another set ended.
    damaged
        The share of damaged pictures, 0 to 1. Each picture is drawn for itself, so that it holds within
        chance. With a larger share those that were damaged stay as they are: with 1 all are.
    split
        What the pictures are for: ``"train"``, ``"validation"`` or ``"test"``. No two splits share a pixel of
        a photographed texture, nor a crack.

    Returns
    -------
    Concrete
        Pixels, masks and labels.

    Raises
    ------
    ValueError
        A number out of range, or another split.

    Notes
    -----
    A surface is a mixture of scikit-image's photographs of gravel, brick and grass, each freed of uneven
    light, cut out at a random place, turned, scaled and weakened; with grain, shadows, damp patches, rust,
    pores, joints and scratches. All of that is drawn before, and without knowing, whether there is a crack:
    `Concrete.sound` has the same pictures without it, and they differ nowhere but in the crack and up to 3 %
    of the side and a pixel around it (its soft edge, and the light on its rim).

    A crack is a line that wanders, branches and tapers, 1 to 5 % of the side wide, and darker the rougher its
    surface is. The mask of a damaged picture is at least 0.1 % of it. Joints, dark scratches and stains are
    as dark, but straight, even or round; so a classifier has to know a crack by its shape.

    Same versions of numpy, scipy, scikit-image and Pillow, same pixels. One picture takes about 3 ms of a
    core at 64 pixels, 5 ms at 128 and 10 ms at 224.

    Examples
    --------
    >>> surfaces = concrete(6, size=64)
    >>> surfaces
    Concrete(6 of 64 x 64 pixels, 2 damaged, seed 0, from 0)
    >>> surfaces.labels.tolist()
    [0, 0, 1, 0, 0, 1]
    >>> surfaces.masks.flatten(1).any(1).long().tolist()
    [0, 0, 1, 0, 0, 1]
    >>> (surfaces.images != surfaces.sound.images).flatten(1).any(1).tolist()
    [False, False, True, False, False, True]
    """
    check(n, size, seed, first, damaged)
    choice("split", split, _SPLITS)
    labels = Numbers(seed, first, _SPLITS.index(split)).labels(n, damaged)
    return Concrete._of(labels, size, seed, first, split)  # noqa: SLF001 - ours


def _cracked(ground: Surface, drawing: Drawing, rng: np.random.Generator) -> Plane:
    size = len(drawing.depth)
    strength = min(max(rng.uniform(0.3, 0.95), 2.5 * ground.roughness + 0.2), 0.97)
    soft = gaussian_filter(drawing.depth, rng.uniform(0.003, 0.006) * size, truncate=3)
    dark = strength * np.maximum(0.55 * drawing.depth + 0.45 * soft, soft)
    away = 0.012 * size
    across, down = round(away * math.cos(ground.light)), round(away * math.sin(ground.light))
    lit = _moved(drawing.depth, down, across) - 1.5 * drawing.depth
    lit = rng.uniform(0, 0.3) * strength * np.clip(lit, 0, 1)
    tint = np.array([0.98, 1.0, 1.03], dtype=np.float32)[:, None, None]
    return ground.colour * np.maximum(1 - dark * tint, 0.02) * (1 + lit)


def _moved(plane: Plane, down: int, across: int) -> Plane:
    """Move a plane by whole pixels; what comes in repeats its edge."""
    reach = max(abs(down), abs(across))
    height, width = plane.shape
    wide = np.pad(plane, reach, mode="edge")
    return wide[reach - down : reach - down + height, reach - across : reach - across + width]
