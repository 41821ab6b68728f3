"""Shoulders, clothes and collars."""

from __future__ import annotations

from cfwidgets.data.portraits.geometry import FaceGeometry
from cfwidgets.data.portraits.masks import bits_of
from cfwidgets.data.portraits.palette import BLACK, WHITE, Palette
from cfwidgets.data.portraits.svg import Point, Sketch, line, mix, smooth

__all__ = ["clothes"]


def clothes(sketch: Sketch, face: FaceGeometry, colours: Palette) -> None:
    """Shoulders and collar."""
    latent = face.latent
    wide, neck = face.shoulders, face.neck
    male = face.has["Male"]
    kind = latent.even(110)
    depth = 3.0 + 7.0 * latent.even(111) + (0 if male else 4.0)
    vee = (kind < 0.3) if male else (kind < 0.42)
    half = neck * (1.12 if male else 1.26)
    throat: list[Point] = [(128 - half, 221), (128 - half * 0.8, 228)]
    if vee:
        throat += [(128 - half * 0.35, 238 + depth), (128, 247 + depth), (128 + half * 0.35, 238 + depth)]
    else:
        throat += [(128 - half * 0.42, 233 + depth * 0.6), (128, 235 + depth * 0.7)]
        throat += [(128 + half * 0.42, 233 + depth * 0.6)]
    throat += [(128 + half * 0.8, 228), (128 + half, 221)]
    right = [
        (128 + half + 6, 222),
        (128 + wide * 0.62, 231),
        (128 + wide * 0.95, 243),
        (128 + wide + 14, 275),
    ]
    left = [(256 - x, y) for x, y in reversed(right)]
    shape = "".join((smooth([*left, *throat, *right], closed=False, tension=0.85), "L128 300Z"))
    lit = 1 if face.light > 0 else -1
    base = colours.cloth
    tone = sketch.linear(
        (128 + lit * wide, 220),
        (128 - lit * wide, 262),
        (0, mix(base, WHITE, 0.16), 1),
        (0.45, base, 1),
        (1, mix(base, BLACK, 0.42), 1),
    )
    sketch.fill(shape, tone, bits=bits_of("cloth"))
    edge = smooth(throat, closed=False, tension=0.85)
    for sign in (-1, 1):  # where the arm begins
        arm = [
            (128 + sign * wide * 0.74, 256),
            (128 + sign * wide * 0.68, 249),
            (128 + sign * wide * 0.66, 240),
        ]
        sketch.stroke(smooth(arm, closed=False), mix(base, BLACK, 0.5), 1.3, alpha=0.3)
    with sketch.within(shape):
        if latent.even(112) > 0.76 and kind < 0.75:
            _stripes(sketch, colours, latent.even(113))
        sketch.stroke(edge, mix(base, BLACK, 0.5), 6.5, alpha=0.24)
    if not vee and kind < 0.75:
        sketch.stroke(edge, mix(base, BLACK if sum(base) > 240 else WHITE, 0.16), 3.2, bits=bits_of("cloth"))
    elif kind >= 0.75 or (male and kind < 0.12):
        _collar(sketch, colours, half, depth, jacket=kind > 0.88)


def _stripes(sketch: Sketch, colours: Palette, luck: float) -> None:
    base = colours.cloth
    ink = mix(base, WHITE, 0.72) if sum(base) < 400 else mix(base, colours.second, 0.75)
    gap = 7.0 + 5.0 * luck
    rows = "".join(
        f"M0 {252 + gap * step:.1f}Q128 {206 + gap * step:.1f} 256 {252 + gap * step:.1f}"
        for step in range(-2, 6)
    )
    sketch.stroke(rows, ink, gap * (0.26 if luck < 0.5 else 0.44), alpha=0.85)


def _collar(sketch: Sketch, colours: Palette, half: float, depth: float, *, jacket: bool) -> None:
    shirt = mix(colours.second, WHITE, 0.75) if jacket else mix(colours.cloth, WHITE, 0.22)
    own = bits_of("cloth")
    for sign in (-1, 1):
        if jacket:
            lapel: list[Point] = [
                (128 + sign * (half + 5), 221),
                (128 + sign * (half + 22), 240),
                (128 + sign * (half + 8), 247),
                (128 + sign * 10, 264),
                (128 + sign * 2, 264),
            ]
            sketch.fill(line(lapel), mix(colours.cloth, BLACK, 0.28), bits=own)
        flap: list[Point] = [
            (128 + sign * (half + 3.5), 217.5),
            (128 + sign * (half + 6), 230),
            (128 + sign * (half * 0.55), 244 + depth * 0.4),
            (128 + sign * 2.5, 238 + depth * 0.5),
            (128 + sign * half * 0.62, 231),
        ]
        path = smooth(flap, tension=0.35)
        sketch.fill(path, mix(shirt, BLACK, 0.06 if sign > 0 else 0.0), bits=own)
        sketch.stroke(path, mix(shirt, BLACK, 0.5), 0.7, alpha=0.4)
