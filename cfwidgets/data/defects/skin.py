"""The skin of an apple, and what is on it that no worm made."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from cfwidgets.data.defects.camera import linear
from cfwidgets.data.defects.fields import curve, plane, step
from cfwidgets.data.defects.textures import Plane
from cfwidgets.data.defects.vectors import Vector, along, beside, unit

__all__ = ["View", "painted", "skin"]

# Colour of the ground and over it, how far the latter reaches (mean and deviation), and how striped it is.
_SORTS = (
    ((196, 190, 92), (176, 44, 44), 0.35, 0.45, 0.8),
    ((178, 184, 84), (148, 26, 36), 0.9, 0.35, 0.5),
    ((214, 200, 104), (214, 120, 70), -1.1, 0.4, 0.1),
    ((150, 180, 70), (168, 90, 60), -1.5, 0.4, 0.1),
    ((170, 60, 50), (104, 14, 26), 0.9, 0.5, 0.6),
    ((224, 196, 120), (206, 66, 60), 0.1, 0.5, 0.6),
)
_AROUND = 1024


class View(NamedTuple):
    """Place on an apple that each pixel shows; the apple's radius is 1.

    Parameters
    ----------
    place
        ``(3, size, size)``: direction from the apple's centre, of length 1.
    axis
        ``(3,)``: direction of the stem.
    pixel
        Side of a pixel.
    """

    place: Plane
    axis: Vector
    pixel: float


def skin(rng: np.random.Generator, view: View) -> tuple[Plane, Plane]:
    """Make up a skin.

    Returns
    -------
    numpy.ndarray, numpy.ndarray
        ``(3, size, size)``: the share of red, green and blue light that comes back; and ``(size, size)`` how
        glossy it is, from 0 to 1.
    """
    albedo = _russet(rng, _coloured(rng, view), view)
    albedo = _calyx(rng, albedo, view)
    gloss = np.full(view.place.shape[1:], rng.uniform(0.15, 1.0), dtype=np.float32)
    for _ in range(int(rng.choice([0, 1, 2, 4], p=[0.55, 0.2, 0.15, 0.1]))):
        spot, colour = _blemish(rng, view)
        albedo = painted(albedo, spot, colour)
        gloss = gloss * (1 - 0.6 * spot)
    return albedo, gloss


def painted(albedo: Plane, alpha: Plane, colour: Vector) -> Plane:
    """Lay a colour over others, ``alpha`` of it at each pixel."""
    over: Plane = albedo + alpha * (colour[:, None, None] - albedo)
    return over


def _coloured(rng: np.random.Generator, view: View) -> Plane:
    """A ground colour, and a blush in streaks from stem to calyx."""
    size = view.place.shape[-1]
    ground, over, reach, spread, striped = _SORTS[int(rng.integers(len(_SORTS)))]
    first, second = beside(view.axis)
    turn = np.arctan2(along(view.place, second), along(view.place, first)) / (2 * math.pi) + 0.5
    turn = turn + 0.004 * plane(rng, size, 8)
    streaks = curve(rng, _AROUND, rng.uniform(40, 90))
    # the last ones lead over to the first
    streaks[-32:] += np.linspace(0, 1, 32, dtype=np.float32) * (streaks[0] - streaks[-1])
    height = along(view.place, view.axis)
    stripe = streaks[np.clip(turn * _AROUND, 0, _AROUND - 1).astype(np.intp)]
    stripe = stripe * np.sqrt(np.maximum(1 - height * height, 0))
    sunny = unit(rng.normal(size=3))
    blush = rng.normal(reach, spread) + 0.9 * along(view.place, sunny) + 0.3 * plane(rng, size, 5)
    low, high = (linear(colour) * math.exp(rng.normal(0, 0.08)) for colour in (ground, over))
    albedo = painted(low[:, None, None], step(blush + 0.45 * striped * stripe, 0, 1.6), high)
    albedo = albedo * np.exp(0.07 * plane(rng, size, 7) + 0.03 * plane(rng, size, 40))
    dots = step(plane(rng, size, 90), 2.9, 0.9) * rng.uniform(0.1, 0.5)
    return painted(albedo, dots, linear((226, 206, 150)))


def _russet(rng: np.random.Generator, albedo: Plane, view: View) -> Plane:
    """The green and the rough brown around the stem."""
    brown, green = rng.uniform(0, 0.8), rng.uniform(0, 0.7)
    uneven = 1 + 0.3 * plane(rng, view.place.shape[-1], 16)
    far = (1 - along(view.place, view.axis)) * uneven
    albedo = painted(albedo, green * (1 - step(far, 0.12, 0.22)), linear((150, 160, 70)))
    return painted(albedo, brown * (1 - step(far, 0.06, 0.1)), linear((140, 104, 62)))


def _calyx(rng: np.random.Generator, albedo: Plane, view: View) -> Plane:
    """Five dry leaves around a dark pit, opposite the stem."""
    first, second = beside(view.axis)
    u, v = along(view.place, first), along(view.place, second)
    away = np.where(along(view.place, view.axis) < 0, np.hypot(u, v), 9)
    reach, turn = rng.uniform(0.1, 0.19), rng.uniform(0, 2 * math.pi)
    angle = np.arctan2(v, u) + turn
    leaves = 0.4 + 0.6 * np.abs(np.cos(2.5 * angle + 0.4 * np.sin(angle))) ** 1.5
    soft = 1.2 * view.pixel
    leaf = 1 - step(away - reach * leaves, 0, soft)
    pit = 1 - step(away, 0.3 * reach, soft + 0.15 * reach)
    albedo = painted(albedo, 0.9 * leaf, linear((96, 76, 48)) * math.exp(rng.normal(-0.1, 0.2)))
    return painted(albedo, 0.95 * pit, linear((34, 26, 20)))


def _blemish(rng: np.random.Generator, view: View) -> tuple[Plane, Vector]:
    """A spot of scab, a scar or a bruise: where, and in which colour."""
    direction = unit([*rng.normal(0, 0.5, 2), 1])
    first, second = beside(direction)
    kind = rng.choice(["spot", "scar", "bruise"], p=[0.6, 0.22, 0.18])
    turn, stretch = rng.uniform(0, 2 * math.pi), 6.0 if kind == "scar" else rng.uniform(1.0, 1.4)
    a, b = along(view.place, first), along(view.place, second)
    u, v = a * math.cos(turn) + b * math.sin(turn), b * math.cos(turn) - a * math.sin(turn)
    radius = rng.uniform(0.1, 0.25) if kind == "bruise" else rng.uniform(0.02, 0.05)
    far = np.hypot(u / stretch, v) / radius + 0.2 * plane(rng, view.place.shape[-1], 14)
    far = np.where(along(view.place, direction) > 0.2, far, 9)
    if kind == "bruise":
        return rng.uniform(0.2, 0.6) * (1 - step(far, 1, 1.2)), linear((150, 108, 62))
    colour = linear((128, 96, 62) if rng.random() < 0.6 else (186, 160, 112))
    return 0.7 * (1 - step(far, 1, 0.6)), colour
