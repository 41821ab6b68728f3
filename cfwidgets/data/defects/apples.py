"""Apples without damage, in the light."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from cfwidgets.data.defects.body import Form, leaning, seen
from cfwidgets.data.defects.camera import linear, shown
from cfwidgets.data.defects.fields import grid, plane, step
from cfwidgets.data.defects.skin import View, skin
from cfwidgets.data.defects.textures import Plane
from cfwidgets.data.defects.vectors import Vector, along, unit

__all__ = ["Apple", "Cover", "Lamp", "Skin", "apple", "lit"]

_GROUNDS = ((226, 224, 218), (120, 124, 128), (52, 54, 58), (96, 116, 140), (150, 120, 88), (196, 202, 210))


class Skin(NamedTuple):
    """Maps of what light finds on the body.

    Parameters
    ----------
    albedo
        ``(3, size, size)``: the share of red, green and blue light that comes back.
    normal
        ``(3, size, size)``: across, down, towards the camera; of length 1.
    gloss
        ``(size, size)`` from 0 to 1.
    """

    albedo: Plane
    normal: Plane
    gloss: Plane


class Cover(NamedTuple):
    """Layer that lies over something else.

    Parameters
    ----------
    colour
        ``(3, size, size)``.
    alpha
        ``(size, size)``: how much of a pixel it hides.
    """

    colour: Plane
    alpha: Plane


class Lamp(NamedTuple):
    """The light.

    Parameters
    ----------
    direction
        ``(3,)``: where it is.
    colour
        ``(3,)``.
    soft
        The share that comes from all sides.
    strength
        How bright it is.
    reach
        ``(size, size)``: how much of it reaches the dimples.
    """

    direction: Vector
    colour: Vector
    soft: float
    strength: float
    reach: Plane


class Apple(NamedTuple):
    """An apple before it is lit.

    Parameters
    ----------
    alpha
        ``(size, size)``: how much of a pixel is apple.
    view, skin, stem, lamp
        Its parts.
    ground
        ``(3, size, size)``: the light from what is behind it.
    """

    alpha: Plane
    view: View
    skin: Skin
    stem: Cover
    lamp: Lamp
    ground: Plane


def apple(rng: np.random.Generator, size: int) -> Apple:
    """Make up an apple."""
    across, down = grid(size)
    radius = rng.uniform(0.34, 0.43)
    pixel = 1 / (radius * size)
    x, y = ((place - 0.5 - rng.uniform(-0.05, 0.05)) / radius for place in (across, down))
    form, axis = Form(rng), leaning(rng)
    alpha, point = seen(form, axis, x, y, pixel)
    place = point / np.linalg.norm(point, axis=0)
    height = np.clip(along(place, axis), -1, 1)
    normal = place - form.slope(height) * (axis[:, None, None] - height * place)
    normal = normal / np.linalg.norm(normal, axis=0)
    view = View(place, axis, pixel)
    albedo, gloss = skin(rng, view)
    lamp = Lamp(
        direction=unit([rng.uniform(-0.7, 0.7), rng.uniform(-0.9, 0.1), rng.uniform(0.45, 1.0)]),
        colour=np.array([1 + rng.normal(0, 0.05), 1, 1 - rng.normal(0, 0.05)], dtype=np.float32),
        soft=rng.uniform(0.25, 0.5),
        strength=rng.uniform(0.8, 1.25),
        reach=1 - 0.6 * form.top(height) - 0.45 * form.bottom(height),
    )
    stem = _stem(rng, form, view, x, y, np.where(alpha < 0.5, -9, point[2]))
    return Apple(alpha, view, Skin(albedo, normal, gloss), stem, lamp, _ground(rng, x, y, lamp))


def lit(whole: Apple, surface: Skin) -> Plane:
    """Light an apple that has this skin: ``(3, size, size)`` from 0 to 1, as it is to be seen."""
    lamp, normal = whole.lamp, surface.normal
    facing = np.clip((along(normal, lamp.direction) + 0.15) / 1.15, 0, None)
    around = 0.75 + 0.25 * normal[2]
    from_below = 0.12 * np.clip(normal[1], 0, None)
    light = ((1 - lamp.soft) * facing + lamp.soft * around + from_below) * lamp.reach
    halfway = unit(lamp.direction + np.array([0, 0, 1], dtype=np.float32))
    mirrored = np.clip(along(normal, halfway), 0, 1)
    shine = surface.gloss * (0.55 * mirrored**70 + 0.12 * mirrored**12) * lamp.reach
    body = surface.albedo * light * lamp.colour[:, None, None] + shine
    # these sums are exact where alpha is 0 or 1: what is hidden changes nothing, not even by a rounding
    scene = (1 - whole.alpha) * whole.ground + whole.alpha * body
    scene = (1 - whole.stem.alpha) * scene + whole.stem.alpha * whole.stem.colour
    return shown(lamp.strength * scene)


def _stem(rng: np.random.Generator, form: Form, view: View, x: Plane, y: Plane, surface: Plane) -> Cover:
    """A bent stick out of the upper dimple, hidden where the surface is nearer to the camera."""
    base = form.stem - 0.03
    length = rng.uniform(0.25, 0.55) if rng.random() < 0.85 else 0.12
    bend, wide = rng.normal(0, 0.18, 3), rng.uniform(0.022, 0.038)
    cover, light = np.zeros_like(surface), np.zeros_like(surface)
    shares = np.linspace(0, 1, math.ceil(1.5 * length / (wide + view.pixel)) + 2)[:, None]
    for share, centre in zip(
        shares[:, 0].tolist(),
        (view.axis * (base + shares * length) + bend * length * shares**2).tolist(),
        strict=True,
    ):
        half = wide * (1 + 0.7 * share**4) + 0.3 * view.pixel
        dx, dy = x - centre[0], y - centre[1]
        disc = 1 - step(np.hypot(dx, dy), half, 1.2 * view.pixel)
        disc = disc * (centre[2] + half > surface)
        light = np.where(disc > 0.3, 0.8 - 0.5 * dx / half - 0.35 * share, light)
        cover = np.maximum(cover, disc)
    colour = linear((112, 82, 50)) * math.exp(rng.normal(0, 0.25))
    return Cover(colour[:, None, None] * np.clip(light, 0.15, 1.4), cover)


def _ground(rng: np.random.Generator, x: Plane, y: Plane, lamp: Lamp) -> Plane:
    """An even ground with the apple's shadow."""
    size = x.shape[1]
    colour = linear(_GROUNDS[int(rng.integers(len(_GROUNDS)))]) * math.exp(rng.normal(0, 0.2))
    angle, slope = rng.uniform(0, 2 * math.pi), rng.uniform(0, 0.2)
    light = slope * (x * math.cos(angle) + y * math.sin(angle)) + 0.05 * plane(rng, size, 4)
    light = light + rng.uniform(0, 0.06) * plane(rng, size, 60)
    away = np.hypot(x + 0.35 * lamp.direction[0], y + 0.35 * lamp.direction[1] - 0.1)
    shadow = rng.uniform(0.3, 0.7) * (1 - step(away, 0.95, rng.uniform(0.35, 0.8)))
    return colour[:, None, None] * (np.exp(light) * (1 - shadow))
