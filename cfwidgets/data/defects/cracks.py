"""Cracks: lines that wander, branch and taper."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

from cfwidgets.data.defects.fields import curve
from cfwidgets.data.defects.textures import Plane

__all__ = ["Drawing", "Line", "crack", "draw"]

_STEP = 1 / 180
_OUTSIDE = 0.06
_LEAST_AREA = 0.006
# Of a pixel: what is thinner would leave gaps in the mask, which asks for a third of a pixel.
_THINNEST = 0.9
_FINER = 4


class Line(NamedTuple):
    """One line of a crack, in units of the picture's side.

    Parameters
    ----------
    points
        ``(k, 2)``: across, down.
    left, right
        ``(k,)``: how far the gap reaches on either side.
    depth
        ``(k,)`` from 0 to 1: how dark it is there.
    """

    points: npt.NDArray[np.float64]
    left: Plane
    right: Plane
    depth: Plane


class Drawing(NamedTuple):
    """A crack as pixels.

    Parameters
    ----------
    coverage
        ``(size, size)`` uint8: how much of a pixel is crack, in 255ths.
    depth
        ``(size, size)`` float32 from 0 to 1: how dark it is; the walls are lighter than the bottom.
    """

    coverage: npt.NDArray[np.uint8]
    depth: Plane


def crack(rng: np.random.Generator, size: int) -> list[Line]:
    """Make up a crack with its branches, which covers at least 0.6 % of the picture.

    Parameters
    ----------
    rng
        Says how it runs.
    size
        Side in pixels of the picture that it is for: but for its tips no crack is thinner than most of a
        pixel.
    """
    while True:
        lines = _tree(rng, _THINNEST / size)
        if sum(_area(line) for line in lines) >= _LEAST_AREA:
            return lines


def draw(lines: list[Line], size: int) -> Drawing:
    """Draw a crack."""
    side = _FINER * size
    gap, floor = Image.new("L", (side, side)), Image.new("L", (side, side))
    in_gap, on_floor = ImageDraw.Draw(gap), ImageDraw.Draw(floor)
    for line in lines:
        for quad, depth in zip(_quads(line, 1.0, side), line.depth[1:].tolist(), strict=True):
            in_gap.polygon(quad, fill=255)
            on_floor.polygon(quad, fill=round(170 * depth))
    for line in lines:
        for quad, depth in zip(_quads(line, 0.55, side), line.depth[1:].tolist(), strict=True):
            on_floor.polygon(quad, fill=round(255 * depth))
    coverage = np.asarray(gap.reduce(_FINER))
    return Drawing(coverage, np.asarray(floor.reduce(_FINER), dtype=np.float32) / 255)


def _tree(rng: np.random.Generator, thinnest: float) -> list[Line]:
    width = max(math.exp(rng.uniform(math.log(0.011), math.log(0.045))), thinnest)
    wandering = rng.uniform(0.5, 1.3)
    kind = rng.choice(["through", "from an edge", "inside", "star"], p=[0.5, 0.2, 0.2, 0.1])
    if kind == "star":
        return _star(rng, width, thinnest, wandering)
    if kind == "inside":
        start, heading = rng.uniform(0.15, 0.85, 2), rng.uniform(0, 2 * math.pi)
    else:
        start, heading = _inward(rng)
    length = 2.0 if kind == "through" else rng.uniform(0.35, 0.8)
    main = _line(rng, start, heading, length, width, wandering, pointed=kind == "inside")
    lines = [main]
    for _ in range(int(rng.choice(5, p=[0.35, 0.25, 0.2, 0.12, 0.08]))):
        branch = _branch(rng, main, thinnest, wandering)
        lines.append(branch)
        if rng.random() < 0.3:
            lines.append(_branch(rng, branch, thinnest, wandering))
    if rng.random() < 0.08:
        start, heading = _inward(rng)
        lines.append(_line(rng, start, heading, 2.0, max(0.7 * width, thinnest), wandering))
    return lines


def _star(rng: np.random.Generator, width: float, thinnest: float, wandering: float) -> list[Line]:
    """Several lines from one point, as around a blow."""
    arms = int(rng.integers(3, 6))
    centre, turn = rng.uniform(0.25, 0.75, 2), rng.uniform(0, 2 * math.pi)
    lines = []
    for arm in range(arms):
        heading = turn + (arm + rng.uniform(-0.25, 0.25)) * 2 * math.pi / arms
        length, share = rng.uniform(0.25, 0.7), rng.uniform(0.5, 0.9)
        lines.append(_line(rng, centre, heading, length, max(share * width, thinnest), wandering))
    return lines


def _inward(rng: np.random.Generator) -> tuple[npt.NDArray[np.float64], float]:
    """A place on an edge, and the way from there to a place inside."""
    along, edge = rng.uniform(0.05, 0.95), int(rng.integers(4))
    start = np.array([(along, 0), (1, along), (along, 1), (0, along)][edge], dtype=np.float64)
    aim = rng.uniform(0.25, 0.75, 2)
    return start, math.atan2(aim[1] - start[1], aim[0] - start[0])


def _branch(rng: np.random.Generator, parent: Line, thinnest: float, wandering: float) -> Line:
    last = len(parent.points) - 1
    at = int(rng.uniform(0.1, 0.85) * last)
    ahead = parent.points[min(at + 8, last)] - parent.points[max(at - 8, 0)]
    heading = math.atan2(ahead[1], ahead[0]) + rng.choice([-1, 1]) * rng.uniform(0.35, 1.2)
    local = float(parent.left[at] + parent.right[at])
    width = max(rng.uniform(0.45, 0.8) * local, thinnest)
    return _line(rng, parent.points[at], heading, rng.uniform(0.15, 0.55), width, wandering)


def _line(
    rng: np.random.Generator,
    start: npt.NDArray[np.float64],
    heading: float,
    length: float,
    width: float,
    wandering: float,
    *,
    pointed: bool = False,
) -> Line:
    """A line that tapers off at its length, if it has not left the picture before."""
    count = max(round(length / _STEP), 8)
    slow, middle, fast = (curve(rng, count, length / reach) for reach in (0.3, 0.07, 0.02))
    way = heading + wandering * (0.35 * slow + 0.4 * middle + 0.55 * fast)
    steps = _STEP * np.stack([np.cos(way), np.sin(way)], axis=1)
    points = start + np.concatenate([np.zeros((1, 2)), np.cumsum(steps, axis=0)[:-1]])
    gone = np.flatnonzero(((points < -_OUTSIDE) | (points > 1 + _OUTSIDE)).any(1))
    end = max(int(gone[0]), 2) if gone.size else count
    share = np.linspace(0, 1, count, dtype=np.float32)
    taper = np.ones(count, dtype=np.float32) if gone.size else np.minimum((1 - share) / 0.5, 1) ** 0.7
    if pointed:
        taper = taper * np.minimum(share / 0.4, 1) ** 0.7
    swell = np.exp(0.3 * curve(rng, count, length / 0.15) + 0.2 * curve(rng, count, length / 0.03))
    half = 0.5 * width * np.clip(swell, 0.5, 2.2) * taper
    left, right = (half * np.clip(1 + 0.35 * curve(rng, count, length / 0.012), 0.3, 1.9) for _ in range(2))
    depth = np.clip(0.88 + 0.16 * curve(rng, count, length / 0.1), 0.5, 1) * (0.45 + 0.55 * taper)
    return Line(points[:end], left[:end], right[:end], depth[:end])


def _area(line: Line) -> float:
    inside = ((line.points >= 0) & (line.points <= 1)).all(1)
    return float(_STEP * (line.left + line.right)[inside].sum())


def _quads(line: Line, share: float, side: int) -> list[list[float]]:
    """Corners of each piece in pixels of a drawing, with a share of the width."""
    along = np.gradient(line.points, axis=0)
    along /= np.maximum(np.linalg.norm(along, axis=1, keepdims=True), 1e-9)
    normal = np.stack([-along[:, 1], along[:, 0]], axis=1)
    # Pillow counts from the centre of the first pixel, and paints each pixel that an outline touches
    middle, reach = line.points * side - 0.5, share * side
    left = middle + np.maximum(reach * line.left - 0.5, 0)[:, None] * normal
    right = middle - np.maximum(reach * line.right - 0.5, 0)[:, None] * normal
    corners: list[list[float]] = np.concatenate([left[:-1], left[1:], right[1:], right[:-1]], axis=1).tolist()
    return corners
