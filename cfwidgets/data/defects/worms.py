"""Traces of a worm on an apple: holes with a dark rim, crumbs of frass, a bruised and sunken halo."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from cfwidgets.data.defects.apples import Apple, Skin
from cfwidgets.data.defects.camera import linear
from cfwidgets.data.defects.fields import plane, step
from cfwidgets.data.defects.skin import painted
from cfwidgets.data.defects.textures import Plane
from cfwidgets.data.defects.vectors import Vector, along, beside, unit

__all__ = ["Eaten", "eaten"]

_FRASS = ((92, 54, 30), (120, 76, 44), (64, 36, 22), (150, 104, 64))
_LEAST_AREA = 0.002


class Eaten(NamedTuple):
    """An apple's skin after the worm.

    Parameters
    ----------
    skin
        With the damage on it.
    coverage
        ``(size, size)`` from 0 to 1: how much of what is seen in a pixel is damage.
    """

    skin: Skin
    coverage: Plane


class _Site(NamedTuple):
    """Where a hole is.

    Parameters
    ----------
    u, v
        ``(size, size)``: how far each place lies from it, in two directions along the skin.
    first, second
        ``(3,)``: these directions.
    radius
        Of the hole.
    pixel
        Side of a pixel.
    """

    u: Plane
    v: Plane
    first: Vector
    second: Vector
    radius: float
    pixel: float


def eaten(rng: np.random.Generator, whole: Apple) -> Eaten:
    """Let a worm into an apple: one to three holes, of which at least 0.2 % of the picture is seen."""
    while True:
        skin, untouched = whole.skin, np.ones_like(whole.alpha)
        for _ in range(int(rng.choice([1, 2, 3], p=[0.7, 0.2, 0.1]))):
            skin, left = _hole(rng, whole, skin)
            untouched = untouched * left
        coverage = (1 - untouched) * whole.alpha * (1 - whole.stem.alpha)
        if (coverage > 0.5).mean() >= _LEAST_AREA:
            return Eaten(skin, coverage)


def _hole(rng: np.random.Generator, whole: Apple, skin: Skin) -> tuple[Skin, Plane]:
    """One hole, and how much of the skin it leaves, ``(size, size)``."""
    site = _site(rng, whole)
    turn, waves = rng.uniform(0, 2 * math.pi, 2).tolist(), rng.uniform(0.04, 0.2, 2).tolist()
    angle = np.arctan2(site.v, site.u)
    uneven = 1 + waves[0] * np.cos(2 * angle + turn[0]) + waves[1] * np.cos(3 * angle + turn[1])
    far = np.hypot(site.u, site.v) / (site.radius * uneven)
    soft = 1.2 * site.pixel / site.radius
    reach, strength = rng.uniform(2.2, 4.2), rng.uniform(0.5, 0.95)
    halo = strength * (1 - step(far + 0.3 * plane(rng, len(far), 11), 0.72 * reach, 0.56 * reach))
    rim = rng.uniform(0.6, 0.95) * (1 - step(far, rng.uniform(1.25, 1.6), soft + 0.35))
    hole = 1 - step(far, 1, soft)
    albedo = painted(skin.albedo, halo, linear((124, 80, 44)) * math.exp(rng.normal(0, 0.2)))
    albedo = painted(albedo, rim, linear((58, 34, 22)) * math.exp(rng.normal(0, 0.25)))
    albedo = albedo + hole * (_depths(whole, site) - albedo)
    crumbs, albedo = _frass(rng, albedo, site)
    left = (1 - halo) * (1 - rim) * (1 - hole) * (1 - crumbs)
    sunken = rng.uniform(0.1, 0.4) * halo / (reach * site.radius)
    slope = site.u * site.first[:, None, None] + site.v * site.second[:, None, None]
    dented = skin.normal - sunken * slope
    # to divide by a length of nearly 1 would change all of the apple by a rounding
    normal = np.where(left < 1, dented / np.linalg.norm(dented, axis=0), skin.normal)
    return Skin(albedo, normal, skin.gloss * left), left


def _site(rng: np.random.Generator, whole: Apple) -> _Site:
    """A place on the side that is seen; worms like the calyx."""
    view = whole.view
    if view.axis[2] < -0.3 and rng.random() < 0.4:
        direction = unit(-view.axis + rng.normal(0, 0.15, 3))
    else:
        away, angle = 0.75 * math.sqrt(rng.random()), rng.uniform(0, 2 * math.pi)
        direction = unit([away * math.cos(angle), away * math.sin(angle), math.sqrt(1 - away * away)])
    first, second = beside(direction)
    here = along(view.place, direction) > 0.2
    u, v = (np.where(here, along(view.place, side), 9) for side in (first, second))
    radius = max(math.exp(rng.uniform(math.log(0.05), math.log(0.13))), 1.3 * view.pixel)
    return _Site(u, v, first, second, radius, view.pixel)


def _depths(whole: Apple, site: _Site) -> Plane:
    """Colours inside: nearly black, but for the wall that the light falls on."""
    lamp = whole.lamp.direction
    away = site.u * float(lamp @ site.first) + site.v * float(lamp @ site.second)
    wall = 0.006 + 0.05 * np.clip(-away / site.radius, 0, 1)
    return wall * np.array([1.6, 1.0, 0.6], dtype=np.float32)[:, None, None]


def _frass(rng: np.random.Generator, albedo: Plane, site: _Site) -> tuple[Plane, Plane]:
    """Crumbs at the hole, most of them where they fall: how much they hide, and the colours with them."""
    fall = math.atan2(float(site.second[1]), float(site.first[1]))
    covered = np.zeros_like(site.u)
    for _ in range(int(rng.choice([0, 5, 9, 16], p=[0.2, 0.3, 0.3, 0.2]))):
        angle, away = fall + rng.normal(0, 1.0), site.radius * (0.8 + abs(rng.normal(0, 0.7)))
        du, dv = site.u - away * math.cos(angle), site.v - away * math.sin(angle)
        half = max(site.radius * rng.uniform(0.15, 0.4), 0.6 * site.pixel)
        crumb = 1 - step(np.hypot(du, dv), half, 1.2 * site.pixel)
        bright = np.clip(1.1 - 0.5 * (du * math.cos(fall) + dv * math.sin(fall)) / half, 0.5, 1.6)
        colour = linear(_FRASS[int(rng.integers(len(_FRASS)))])
        albedo = albedo + crumb * (bright * colour[:, None, None] - albedo)
        covered = np.maximum(covered, crumb)
    return covered, albedo
