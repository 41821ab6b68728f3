"""Concrete without damage: photographed textures, mixed, and what is taken for a crack and is none."""

from __future__ import annotations

import math
from typing import NamedTuple, cast

import numpy as np

from cfwidgets.data.defects.fields import grid, plane, step
from cfwidgets.data.defects.textures import Plane, Split, Texture, patch

__all__ = ["Surface", "surface"]


class Surface(NamedTuple):
    """Reflectance, before the camera.

    Parameters
    ----------
    colour
        ``(3, size, size)`` float32, about 0 to 1.
    roughness
        Deviation of the logarithm of the texture's reflectance: a crack must be darker than it.
    light
        Where the light comes from, in radians.
    """

    colour: Plane
    roughness: float
    light: float


def surface(rng: np.random.Generator, split: Split, size: int) -> Surface:
    """Make up a surface."""
    relief, roughness = _texture(rng, split, size)
    light = rng.uniform(0, 2 * math.pi)
    relief = relief + rng.uniform(0.02, 0.07) * plane(rng, size, 3) + 0.02 * plane(rng, size, 11)
    relief = relief + rng.uniform(0.015, 0.045) * plane(rng, size, 160)
    relief = relief + _shading(rng, size)
    relief, stained = relief + _dark_and_light(rng, size), _stains(rng, size)
    relief = relief + _pores(rng, size) + _joints(rng, size, light) + _scratches(rng, size)
    grey = rng.uniform(0.36, 0.78) * np.exp(relief)
    warmth, green = rng.normal(0.02, 0.025), rng.normal(0, 0.006)
    tint = np.array([1 + warmth, 1 + green, 1 - warmth], dtype=np.float32)
    tinge = 0.008 * plane(rng, size, 4)
    colour = grey * tint[:, None, None] * (1 + np.stack([tinge, np.zeros_like(tinge), -tinge]))
    return Surface((colour * stained).astype(np.float32), roughness, light)


def _texture(rng: np.random.Generator, split: Split, size: int) -> tuple[Plane, float]:
    """Two textures, the second seen from farther away: grain."""
    coarse = cast("Texture", rng.choice(["gravel", "brick", "grass"], p=[0.5, 0.22, 0.28]))
    fine = cast("Texture", rng.choice(["gravel", "grass"], p=[0.6, 0.4]))
    near = {"gravel": (100, 300), "brick": (90, 220), "grass": (150, 320)}[coarse]
    strength = {"gravel": (0.04, 0.14), "brick": (0.04, 0.13), "grass": (0.03, 0.1)}[coarse]
    roughness, grain = rng.uniform(*strength), rng.uniform(0.02, 0.055)
    # cast concrete is smooth: of the coarse texture a trace is left
    if coarse != "brick" and rng.random() < 0.45:
        roughness *= 0.35
    first = patch(coarse, split, rng, side=math.exp(rng.uniform(*np.log(near))), size=size)
    second = patch(fine, split, rng, side=rng.uniform(400, 560), size=size)
    # a curve of the film: bright or dark parts of the texture stand out
    bend = rng.uniform(-0.12, 0.12)
    first = first + bend * (first * first - 1)
    return roughness * first + grain * second, math.hypot(roughness, grain)


def _shading(rng: np.random.Generator, size: int) -> Plane:
    """Light that falls off to one side, and sometimes the edge of a shadow."""
    across, down = grid(size)
    angle, strength = rng.uniform(0, 2 * math.pi), rng.uniform(0, 0.22)
    shade = strength * ((across - 0.5) * math.cos(angle) + (down - 0.5) * math.sin(angle))
    if rng.random() < 0.15:
        turn, depth, soft = rng.uniform(0, 2 * math.pi), rng.uniform(0.15, 0.4), rng.uniform(0.06, 0.25)
        place = (across - 0.5) * math.cos(turn) + (down - 0.5) * math.sin(turn)
        shade = shade - depth * step(place + 0.02 * plane(rng, size, 5), rng.uniform(-0.3, 0.4), soft)
    return shade.astype(np.float32)


def _blot(rng: np.random.Generator, size: int, reach: float) -> Plane:
    """A patch with an uneven outline, 0 to 1."""
    across, down = grid(size)
    x, y = rng.uniform(-0.05, 1.05, 2)
    stretch = math.exp(rng.uniform(-0.5, 0.5))
    far = np.hypot((across - x) * stretch, (down - y) / stretch) / reach
    uneven = far + 0.22 * plane(rng, size, 5) + 0.1 * plane(rng, size, 14)
    return 1 - step(uneven, 1.0, rng.uniform(0.15, 0.9))


def _dark_and_light(rng: np.random.Generator, size: int) -> Plane:
    """Damp patches, bleached ones with their rims, and runs of water."""
    total = np.zeros((size, size), dtype=np.float32)
    if rng.random() < 0.4:
        for _ in range(int(rng.integers(1, 4))):
            blot = _blot(rng, size, rng.uniform(0.06, 0.4))
            strength = rng.uniform(-0.35, -0.06) if rng.random() < 0.7 else rng.uniform(0.05, 0.22)
            total += strength * blot
            if rng.random() < 0.4:
                total += 0.6 * strength * 4 * blot * (1 - blot)
    if rng.random() < 0.12:
        across, down = grid(size)
        runs = np.clip(plane(rng, size, 22)[:1] * 0.6 + plane(rng, size, 8)[:1] * 0.6, -0.3, 1.5)
        begin = rng.uniform(-0.4, 0.5)
        total -= rng.uniform(0.06, 0.16) * runs * step(down - 0.1 * np.sin(9 * across), begin, 0.3)
    return total


def _stains(rng: np.random.Generator, size: int) -> Plane:
    """Rust, oil and algae: what the colour is multiplied by, ``(3, size, size)`` or ``(3, 1, 1)``."""
    total = np.ones((3, 1, 1), dtype=np.float32)
    if rng.random() < 0.22:
        colours = ((0.88, 0.76, 0.63), (0.62, 0.58, 0.54), (0.8, 0.85, 0.74))
        colour = np.array(colours[int(rng.integers(3))], dtype=np.float32)
        blot = rng.uniform(0.3, 0.85) * _blot(rng, size, rng.uniform(0.05, 0.3))
        total = total * (1 - blot * (1 - colour[:, None, None]))
    return total


def _pores(rng: np.random.Generator, size: int) -> Plane:
    """Holes that air left in the casting: dark, round, lit at one side."""
    total = np.zeros((size, size), dtype=np.float32)
    if rng.random() < 0.4:
        across, down = grid(size)
        soft = 1.2 / size
        for _ in range(int(rng.integers(1, 12))):
            radius = math.exp(rng.uniform(math.log(0.005), math.log(0.03)))
            (x, y), flat, turn = rng.uniform(0, 1, 2), rng.uniform(0.6, 1.0), rng.uniform(0, math.pi)
            depth = rng.uniform(0.25, 0.8) * min(radius * size / 0.8, 1.0)
            u = (across - x) * math.cos(turn) + (down - y) * math.sin(turn)
            v = ((down - y) * math.cos(turn) - (across - x) * math.sin(turn)) / flat
            far = np.hypot(u, v)
            total -= depth * (1 - step(far, radius, radius * 0.7 + soft))
            total += 0.12 * depth * (1 - step(far, radius * 1.5, radius + soft))
    return total


def _joints(rng: np.random.Generator, size: int, light: float) -> Plane:
    """Joints between panels and prints of the formwork: straight, even, from edge to edge."""
    total = np.zeros((size, size), dtype=np.float32)
    if rng.random() < 0.28:
        across, down = grid(size)
        turn, count = rng.uniform(0, math.pi), int(rng.choice([1, 2], p=[0.75, 0.25]))
        for number in range(count):
            angle = turn + number * (math.pi / 2 + rng.normal(0, 0.03))
            normal = math.cos(angle), math.sin(angle)
            along = (across - 0.5) * normal[0] + (down - 0.5) * normal[1] - rng.uniform(-0.4, 0.4)
            half = 0.5 * math.exp(rng.uniform(math.log(0.012), math.log(0.045)))
            soft = 1.2 / size + 0.25 * half
            depth = rng.uniform(0.25, 0.9) if rng.random() < 0.75 else -rng.uniform(0.1, 0.3)
            groove = 1 - step(np.abs(along), half, soft)
            facing = normal[0] * math.cos(light) + normal[1] * math.sin(light)
            rim = step(along * math.copysign(1, facing), half, soft) * (
                1 - step(along * math.copysign(1, facing), half + 0.02, 0.02)
            )
            total += -depth * groove + 0.14 * abs(facing) * rim
    return total


def _scratches(rng: np.random.Generator, size: int) -> Plane:
    """Scratches and chalk or pencil lines: thin, even, straight or in one bend."""
    total = np.zeros((size, size), dtype=np.float32)
    if rng.random() < 0.4:
        across, down = grid(size)
        turn = rng.uniform(0, math.pi)
        for _ in range(int(rng.integers(1, 5))):
            angle = turn + rng.normal(0, 0.25)
            (x, y), reach = rng.uniform(0.05, 0.95, 2), rng.uniform(0.08, 0.55)
            u = (across - x) * math.cos(angle) + (down - y) * math.sin(angle)
            v = (down - y) * math.cos(angle) - (across - x) * math.sin(angle) + rng.normal(0, 0.25) * u * u
            half = 0.5 * max(rng.uniform(0.004, 0.014), 0.8 / size)
            mark = (1 - step(np.abs(v), half, 1.2 / size)) * (1 - step(np.abs(u), reach, 0.12))
            strength = rng.uniform(0.1, 0.4) if rng.random() < 0.65 else -rng.uniform(0.15, 0.6)
            total += strength * mark
    return total
