"""Hair: nine styles, each a piece behind the head and a piece before it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from cfwidgets.data.portraits.geometry import FaceGeometry
from cfwidgets.data.portraits.masks import bits_of
from cfwidgets.data.portraits.palette import Palette
from cfwidgets.data.portraits.svg import Point, Sketch, arc, line, mix, mixed, quadratic, resampled, smooth

__all__ = ["STYLES", "Hair", "back_hair", "bangs", "front_hair", "hair_of", "shade_of_hair"]

Flow = Literal["up", "along", "curls"]

STYLES: dict[str, tuple[float, float]] = {
    "crop": (0.27, 0.02),
    "side": (0.27, 0.05),
    "quiff": (0.17, 0.01),
    "curls": (0.13, 0.12),
    "buzz": (0.09, 0.01),
    "long": (0.02, 0.25),
    "waves": (0.03, 0.25),
    "bob": (0.01, 0.16),
    "bun": (0.01, 0.13),
}
"""The frequency of each style: for faces that are Male, and for the others."""


@dataclass(frozen=True)
class Hair:
    """The shape of somebody's hair.

    Parameters
    ----------
    style
        One of the styles, or ``"bald"``.
    outer, inner
        Where the front piece ends, and where it meets the face; both from the picture's left to its right.
    back
        The outline of the piece behind the head, if there is one.
    flow
        How the strands run: away from the face, along it, or in curls.
    parting
        Where strands that run along the face begin.
    tucked
        The ears lie before the hair.
    """

    style: str
    outer: list[Point]
    inner: list[Point]
    back: list[Point] | None
    flow: Flow
    parting: float
    tucked: bool


def hair_of(face: FaceGeometry) -> Hair:
    """The hair of a face, with less of it under a hat."""
    latent = face.latent
    column = 0 if face.has["Male"] else 1
    luck, style = latent.even(60), "crop"
    for style, shares in STYLES.items():  # noqa: B007 (the one that it ends with is meant)
        luck -= shares[column]
        if luck < 0:
            break
    if face.has["Bald"]:
        style = "bald"
    full = 1 + 0.16 * latent.bell(61)
    hat = face.has["Wearing_Hat"]
    parting = (9 + 12 * latent.even(62)) * (1 if latent.even(63) > 0.5 else -1)
    tucked = style in {"crop", "side", "quiff", "curls", "buzz", "bun", "bald"} or latent.even(64) > 0.5
    shape = {"long": _long, "waves": _long, "bob": _bob, "bun": _bun, "curls": _curls}.get(style, _short)
    outer, inner, back = shape(face, style, full * (0.35 if hat else 1.0), parting)
    flow: Flow = "curls" if style == "curls" else "along" if style in {"long", "waves", "bob"} else "up"
    return Hair(style, outer, inner, back, flow, parting, tucked)


def _skull(face: FaceGeometry, beside: float, above: float, low: float, count: int = 15) -> list[Point]:
    """An arch over the head, from the left down at ``low`` over the top to the right."""
    x, y = 128 + 1.5 * face.yaw, 112.0
    radii = (face.temple + max(beside, 3.0), y - face.top + above)
    below = math.degrees(math.asin(min(max((low - y) / radii[1], 0.0), 0.9)))
    points = []
    for px, py in arc((0, y), radii, 180 + below, -below, count):
        # a little squarer than an ellipse, as heads are
        away = math.copysign(radii[0] * (abs(px) / radii[0]) ** 0.85, px) * face.side(1 if px > 0 else -1)
        if beside < 7 and py > 100:  # along the head, so that the ears stay free
            along = face.temple + (face.cheek - face.temple) * min((py - 93) / 33, 1) + 1.0
            away = math.copysign(along, px) * face.side(1 if px > 0 else -1)
        points.append((x + away, py))
    return points


def _hairline(face: FaceGeometry, low: float, recess: float, peak: float) -> list[Point]:
    """Where hair meets the face, from left to right."""
    half = [
        (face.cheek - 3.0, low),
        (face.cheek - 4.0, low - 12),
        (face.temple - 5.0, 106),
        (face.temple - 7.5, 97 - recess * 0.6),
        (face.temple * 0.60, face.hairline + 1 - recess),
    ]
    right = [(face.x(x, 0.5), y) for x, y in half]
    left = [(face.x(-x, 0.5), y) for x, y in half]
    return [*left, (face.x(0, 0.5), face.hairline + peak), *reversed(right)]


def _short(
    face: FaceGeometry, style: str, full: float, parting: float
) -> tuple[list[Point], list[Point], list[Point] | None]:
    old = face.age > 0.5
    recess = (7.0 * face.latent.even(65) if old else 2.5 * face.latent.even(65)) * (
        1 if face.has["Male"] else 0.2
    )
    above = {"crop": 9.0, "side": 14.0, "quiff": 15.5, "buzz": 2.6, "bald": 0.5}[style] * full
    beside = {"crop": 3.6, "side": 5.2, "quiff": 3.0, "buzz": 1.6, "bald": 1.6}[style] * full
    low = 142.0 if face.has["Male"] else 132.0
    outer = _skull(face, beside, above, 138)
    inner = _hairline(face, low, recess, 1.5 * face.latent.bell(66) - (3 if style == "buzz" else 0))
    if style == "side":
        way = 1 if parting > 0 else -1
        swept = []
        for x, y in inner:
            along = (x - 128) * way
            lift = -7.0 if 8 < along < 26 else -1.0
            swept.append((x, y + (lift if along > 8 else 3.5 if along > -30 and y < 100 else 0)))
        inner = swept
        outer = [(x, y - 2.6 * max(0.0, -(x - 128) * way / 40) * (y < 100)) for x, y in outer]
    if style == "quiff":
        way = 1 if parting > 0 else -1
        outer = [
            (x + way * 4.5 * (y < 75), y - 3.0 * max(0.0, (x - 128) * way / 40) * (y < 90)) for x, y in outer
        ]
    if style == "bald":
        return outer, inner, None
    return outer, inner, None


def _curls(
    face: FaceGeometry, style: str, full: float, parting: float
) -> tuple[list[Point], list[Point], list[Point] | None]:
    del style, parting
    size = 0.35 + 0.65 * face.latent.even(67) * (0.8 if face.has["Male"] else 1.15)
    beside, above = (6 + 21 * size) * full, (11 + 20 * size) * full
    low = 138 + 26 * (size - 0.3) if not face.has["Male"] else 132
    outer = _skull(face, beside, above, low, 21)
    near = face.cheek + 1.5
    outer = [(128 - near, low + 7), (outer[0][0] * 0.6 + (128 - near) * 0.4, low + 6), *outer]
    outer += [(outer[-1][0] * 0.6 + (128 + near) * 0.4, low + 6), (128 + near, low + 7)]
    inner = _hairline(face, 132, 0.0, 1.0)
    back = None
    if not face.has["Male"] or size > 0.7:
        back = _skull(face, beside - 1, above - 3, low + 14, 19)
    return outer, inner, back


def _long(
    face: FaceGeometry, style: str, full: float, parting: float
) -> tuple[list[Point], list[Point], list[Point] | None]:
    latent = face.latent
    end = 206 + 44 * latent.even(68)
    wide = 6.0 + 4.5 * full
    above = 11.0 * full
    waves = style == "waves"

    def sway(step: float) -> float:
        return 3.8 * math.sin(step * 5.2 + 6 * latent.even(69)) * min(step * 1.6, 1) if waves else 0.0

    top = _skull(face, wide - 2.5, above, 122, 11)
    down_left, down_right, in_left, in_right = [], [], [], []
    for step in (0.18, 0.36, 0.54, 0.72, 0.88, 1.0):
        y = 122 + (end - 122) * step
        reach = face.temple + wide + (9.0 if waves else 4.5) * step - 5.0 * step**6
        near = min(face.cheek + 1.4 + 1.2 * step, reach - 6.5)
        down_left.append((128 - reach - sway(step), y))
        down_right.append((128 + reach + sway(step + 0.3), y))
        in_left.append((128 - near - sway(step + 0.15) * 0.8, y - (1 if step > 0.9 else 0)))
        in_right.append((128 + near + sway(step + 0.45) * 0.8, y - (1 if step > 0.9 else 0)))
    outer = [*reversed(down_left), *top, *down_right]
    inner = [*reversed(in_left), *_curtain(face, parting), *in_right]
    back = [
        *top,
        *((x + 2, y) for x, y in down_right[:-1]),
        (128 + face.temple + wide - 6, end + 3),
        (128 - face.temple - wide + 6, end + 3),
        *((x - 2, y) for x, y in reversed(down_left[:-1])),
    ]
    return outer, inner, back


def _curtain(face: FaceGeometry, parting: float) -> list[Point]:
    """The edge of hair that falls to both sides of a parting, from left to right."""
    high = face.hairline - 9
    part = face.x(parting, 0.5)
    points = []
    for sign in (-1, 1):
        room = face.temple - sign * parting
        side = [
            (part + sign * room * 0.22, high + 5),
            (part + sign * room * 0.52, high + 15),
            (face.x(sign * (face.temple - 4.5), 0), high + 34),
            (face.x(sign * (face.cheek - 1.5), 0), high + 54),
        ]
        points.append(side)
    return [*reversed(points[0]), (part, high), *points[1]]


def _bob(
    face: FaceGeometry, style: str, full: float, parting: float
) -> tuple[list[Point], list[Point], list[Point] | None]:
    del style
    end = 182 + 16 * face.latent.even(68)
    wide = 6.0 + 4.5 * full
    top = _skull(face, wide - 2.5, 12 * full, 122, 11)
    reach = face.temple + wide
    side = [(reach + 1.5, 138), (reach + 4.5, 158), (reach + 3.5, end - 10), (reach - 5, end + 1)]
    near = [(face.cheek - 1.5, 146), (face.cheek + 0.5, 160), (face.cheek - 1, end - 8), (face.jaw + 3, end)]
    outer = [*((128 - x, y) for x, y in reversed(side)), *top, *((128 + x, y) for x, y in side)]
    inner = [
        *((face.x(-x), y) for x, y in reversed(near)),
        *_curtain(face, parting),
        *((face.x(x), y) for x, y in near),
    ]
    back = [
        *top,
        *((128 + x - 1, y - 1) for x, y in side),
        *((128 - x + 1, y - 1) for x, y in reversed(side)),
    ]
    return outer, inner, back


def _bun(
    face: FaceGeometry, style: str, full: float, parting: float
) -> tuple[list[Point], list[Point], list[Point] | None]:
    del style, parting
    outer = _skull(face, 2.4 * full, 5.5 * full, 134)
    inner = _hairline(face, 124, -1.0, -1.5)
    size = 0.0 if face.has["Wearing_Hat"] else 15.0 + 4 * face.latent.even(68)
    back = arc((128 + 5 * face.yaw, face.top - 9), (size * 1.12, size), 0, 340, 12) if size else None
    return outer, inner, back


def back_hair(sketch: Sketch, face: FaceGeometry, colours: Palette, hair: Hair) -> None:
    """Draw the hair behind head and neck."""
    if hair.back is None:
        return
    dark = mix(colours.hair, colours.hair_dark, 0.62)
    path = _scalloped(hair.back, 6.5) if hair.style == "curls" else smooth(hair.back)
    own = bits_of("hair")
    if hair.style == "bun":
        x, y = 128 + 5 * face.yaw, face.top - 9
        tone = sketch.radial(
            (x + 6 * face.light, y - 5), 24, (0, colours.hair_light, 1), (0.55, colours.hair, 1), (1, dark, 1)
        )
        sketch.fill(path, tone, bits=own)
        turns = "".join(
            f"M{x - 13 + 4 * k:.2f} {y + 9 - k:.2f}q{6 - k:.2f} {-15 - k:.2f} {15 - k:.2f} {-12 + 3 * k:.2f}"
            for k in range(4)
        )
        sketch.stroke(turns, colours.hair_dark, 1.1, alpha=0.55)
        return
    tone = sketch.linear(
        (128, 90), (128, 250), (0, colours.hair_dark, 1), (0.5, dark, 1), (1, colours.hair, 1)
    )
    sketch.fill(path, tone if hair.style != "curls" else dark, bits=own)


def shade_of_hair(sketch: Sketch, colours: Palette, hair: Hair) -> None:
    """The shadow that hair throws on the face."""
    if hair.style in {"bald", "buzz"}:
        return
    lowered = [(x + (128 - x) * 0.03, y + 3.4) for x, y in hair.inner]
    sketch.fill(smooth([*hair.outer, *reversed(lowered)], tension=0.9), colours.shadow, alpha=0.27)


def front_hair(sketch: Sketch, face: FaceGeometry, colours: Palette, hair: Hair) -> None:
    """Draw the hair before head and ears."""
    if hair.style == "bald":
        _fringe(sketch, face, colours)
        return
    lit = 1 if face.light > 0 else -1
    shape = [*hair.outer, *reversed(hair.inner)]
    path = smooth(shape, tension=0.9)
    if hair.style == "curls":
        path = (
            _scalloped(hair.outer, 6.0, closed=False)
            + "L"
            + _scalloped([*reversed(hair.inner)], 3.6, closed=False, outwards=True).removeprefix("M")
        )
        path += "Z"
    tone = sketch.linear(
        (128 + lit * 52, 60),
        (128 - lit * 44, 150),
        (0, mix(colours.hair, colours.hair_light, 0.55), 1),
        (0.4, colours.hair, 1),
        (1, mix(colours.hair, colours.hair_dark, 0.7), 1),
    )
    alpha = 0.8 if hair.style == "buzz" else 1.0
    sketch.fill(path, tone, alpha=alpha, bits=bits_of("hair"))
    if hair.style == "buzz":
        return
    with sketch.within(path):
        sketch.glow((128 + lit * 20, face.top + 7), (27, 12), colours.hair_light, 0.55, turn=lit * 20)
        _strands(sketch, face, colours, hair)


def _strands(sketch: Sketch, face: FaceGeometry, colours: Palette, hair: Hair) -> None:
    light: list[str] = []
    dark: list[str] = []
    latent = face.latent
    if hair.flow == "along":
        outer, inner = hair.outer, hair.inner
        middle_out = min(range(len(outer)), key=lambda i: outer[i][1])
        middle_in = min(range(len(inner)), key=lambda i: inner[i][1])
        crown = (128 + 0.5 * hair.parting, outer[middle_out][1] + 6)
        for way in (-1, 1):
            edge_out = outer[middle_out:] if way > 0 else outer[middle_out::-1]
            edge_in = inner[middle_in:] if way > 0 else inner[middle_in::-1]
            far, near = resampled(edge_out, 9), resampled(edge_in, 9)
            for step, luck in enumerate(latent.many(70, 9)):
                share = (step + 0.25 + 0.5 * luck) / 9
                strand = [mixed(a, b, share) for a, b in zip(far, near, strict=True)]
                strand[0] = mixed(crown, inner[middle_in], share)
                (dark if step % 2 == (way > 0) else light).append(smooth(strand, closed=False))
        part = f"M{crown[0]:.2f} {crown[1] - 8:.2f}L{inner[middle_in][0]:.2f} {inner[middle_in][1]:.2f}"
        sketch.stroke(part, colours.hair_dark, 1.3, alpha=0.8)
    elif hair.flow == "up":
        count = 19
        far, near = resampled(hair.outer, count), resampled(hair.inner, count)
        lean = 7.0 if hair.parting > 0 else -7.0
        if hair.style == "crop":
            lean *= 0.35
        if hair.style == "bun":
            lean = 0.0
        for step, luck in enumerate(latent.many(80, count - 2)):
            start, end = near[step + 1], far[step + 1]
            if hair.style == "bun":
                end = mixed(end, (128, face.top - 6), 0.75)
            bend = mixed(start, end, 0.5)
            root = (start[0] + lean * 0.4 * luck, start[1] - 0.5)
            tip = (end[0] - lean * (0.5 + luck), end[1])
            (dark if step % 2 else light).append(quadratic(root, (bend[0] + lean, bend[1] - 2), tip))
    else:
        _puffs(sketch, face, colours, hair.inner, hair.outer, 5)
        return
    sketch.stroke("".join(dark), colours.hair_dark, 1.15, alpha=0.4)
    sketch.stroke("".join(light), colours.hair_light, 1.1, alpha=0.4)


def _puffs(
    sketch: Sketch, face: FaceGeometry, colours: Palette, near: list[Point], far: list[Point], rows: int
) -> None:
    """Curls: rows of small rounds from one line to another, each with a dark and a light crescent."""
    latent, count = face.latent, 21
    far, near = resampled(far, count), resampled(near, count)
    dark, light = "", ""
    lit = 1 if face.light > 0 else -1
    for row in range(rows):
        for column in range(count - 1):
            luck, other = latent.even(60 + 4 * row + 3 * column), latent.even(100 + 2 * column + row)
            share = (row + 0.2 + 0.5 * other) / (rows - 0.4)
            start, end = (
                mixed(near[column], near[column + 1], luck),
                mixed(far[column], far[column + 1], luck),
            )
            x, y = mixed(start, end, share)
            size = 2.6 + 1.5 * other
            dark += _crescent((x, y), size, 0)
            light += _crescent((x + lit * 0.8, y - 0.9), size * 0.8, 1)
    sketch.fill(dark, colours.hair_dark, alpha=0.5)
    sketch.fill(light, colours.hair_light, alpha=0.5)


def _crescent(centre: Point, radius: float, sweep: int) -> str:
    """The upper (1) or lower (0) part of a round."""
    x, y = centre
    flat = radius * 1.3
    there = f"a{radius:.2f} {radius:.2f} 0 0 {sweep} {2 * radius:.2f} 0"
    return f"M{x - radius:.2f} {y:.2f}{there}a{flat:.2f} {flat:.2f} 0 0 {1 - sweep} {-2 * radius:.2f} 0Z"


def _fringe(sketch: Sketch, face: FaceGeometry, colours: Palette) -> None:
    """Draw the hair beside the ears of a bald head, on most of them."""
    left = face.latent.even(67)
    sketch.glow((128 + 14 * face.light, face.top + 17), (15, 9), (255, 250, 240), 0.42)
    if left < 0.35:
        return
    top = 112 - 16 * left
    for sign in (-1, 1):
        points = [
            (face.x(sign * (face.cheek - 3.5)), 140),
            (face.x(sign * (face.cheek - 5)), 128),
            (face.x(sign * (face.temple - 6)), top + 6),
            (face.x(sign * (face.temple - 1)), top - 4),
            (face.x(sign * (face.temple + 3.4)), top + 8),
            (face.x(sign * (face.cheek + 3.6)), 128),
        ]
        path = smooth(points)
        sketch.fill(path, mix(colours.hair, colours.hair_dark, 0.25), alpha=0.85, bits=bits_of("hair"))


def bangs(sketch: Sketch, face: FaceGeometry, colours: Palette, hair: Hair) -> None:
    """Hair over the forehead."""
    if not face.has["Bangs"]:
        return
    latent = face.latent
    low = face.brows - 3.5 + 2.0 * latent.bell(90)
    wide = face.temple - 3.5
    way = 1 if hair.parting > 0 else -1
    swept = latent.even(91) > 0.45
    high = face.top + 3
    edge = []
    count = 9
    for step in range(count):
        along = step / (count - 1) * 2 - 1
        slant = (along * way * 6.5 - 1.5) if swept else 3.0 * along * along - 0.5
        jag = (latent.even(92 + step) - 0.5) * 4.6
        edge.append((face.x(along * wide, 1.5), low + slant + jag + (6 if step in {0, count - 1} else 0)))
    crown = [
        (face.x(wide * 0.86), 84),
        (128 + wide * 0.5, high + 6),
        (128, high),
        (128 - wide * 0.5, high + 6),
        (face.x(-wide * 0.86), 84),
    ]
    if hair.style == "curls":  # a row of curls, and not a curtain over those above
        high = face.hairline - 7
        crown = [
            (face.x(x), y)
            for x, y in ((wide, 100.0), (wide * 0.6, high + 2), (0.0, high), (-wide * 0.6, high + 2))
        ]
        crown.append((face.x(-wide), 100))
    points = [*edge, *crown]
    with sketch.within(smooth(face.outline)):
        shadow = [(x, y + 3.2) for x, y in edge]
        sketch.fill(smooth([*shadow, *crown]), colours.shadow, alpha=0.3)
    lit = 1 if face.light > 0 else -1
    path = smooth(points, tension=0.85)
    if hair.style == "curls":
        path = _scalloped(points, 4.2, outwards=False)
    tone = sketch.linear(
        (128, high),
        (128 - lit * 12, low + 6),
        (0, colours.hair, 1),
        (0.55, mix(colours.hair, colours.hair_light, 0.45), 1),
        (1, mix(colours.hair, colours.hair_dark, 0.5), 1),
    )
    sketch.fill(path, tone, bits=bits_of("hair"))
    if hair.style == "curls":
        with sketch.within(path):
            _puffs(sketch, face, colours, edge, [*reversed(crown)], 4)
        return
    dark: list[str] = []
    light: list[str] = []
    start = (128 + (way * 20 if swept else 0), high + 8)
    for step in range(1, 2 * count - 2):
        end = mixed(edge[step // 2], edge[(step + 1) // 2], 0.5)
        bend = (0.35 * start[0] + 0.65 * end[0], 0.55 * start[1] + 0.45 * end[1])
        first = mixed(start, (end[0], start[1]), 0.45)
        (dark if step % 2 else light).append(quadratic(first, bend, (end[0], end[1] - 0.8)))
    sketch.stroke("".join(dark), colours.hair_dark, 1.1, alpha=0.45)
    sketch.stroke("".join(light), colours.hair_light, 0.9, alpha=0.4)


def _scalloped(points: list[Point], size: float, *, closed: bool = True, outwards: bool = True) -> str:
    """A cloud-like edge along a line."""
    ring = [*points, points[0]] if closed else points
    length = sum(math.dist(a, b) for a, b in pairwise(ring))
    dense = resampled(ring, max(int(length / size), 3))
    radius = size * 0.62
    sweep = 1 if outwards else 0
    path = line(dense[:1], closed=False)
    path += "".join(f"A{radius:.2f} {radius:.2f} 0 0 {sweep} {x:.2f} {y:.2f}" for x, y in dense[1:])
    return path + ("Z" if closed else "")
