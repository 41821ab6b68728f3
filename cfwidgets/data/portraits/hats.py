"""Caps, beanies, and hats with a brim."""

from __future__ import annotations

from cfwidgets.data.portraits.geometry import FaceGeometry
from cfwidgets.data.portraits.masks import bits_of
from cfwidgets.data.portraits.palette import BLACK, WHITE, Palette
from cfwidgets.data.portraits.svg import Colour, Point, Sketch, arc, mix, quadratic, smooth

__all__ = ["hat"]

_HATS: tuple[Colour, ...] = (
    (44, 52, 74),
    (150, 44, 48),
    (66, 84, 66),
    (190, 150, 96),
    (58, 54, 58),
    (208, 196, 178),
    (96, 72, 104),
    (204, 132, 56),
)


def hat(sketch: Sketch, face: FaceGeometry, colours: Palette) -> None:
    """A cap, a beanie, or a hat with a brim, low enough to cover most of the hair on top."""
    if not face.has["Wearing_Hat"]:
        return
    latent = face.latent
    base = _HATS[latent.pick(120, len(_HATS))]
    kind = latent.pick(121, 4)
    low = face.hairline + 12.0
    with sketch.within(smooth(face.outline)):
        sketch.glow((face.x(0, 2), low + 3), (face.temple * 1.06, 12), colours.shadow, 0.7)
    (_beanie, _cap, _brimmed, _cap)[kind](sketch, face, base, low)


def _shaded(sketch: Sketch, face: FaceGeometry, base: Colour) -> str:
    lit = 1 if face.light > 0 else -1
    return sketch.linear(
        (128 + lit * 46, 44),
        (128 - lit * 50, 104),
        (0, mix(base, WHITE, 0.2), 1),
        (0.42, base, 1),
        (1, mix(base, BLACK, 0.45), 1),
    )


def _crown(face: FaceGeometry, beside: float, above: float, low: float) -> list[Point]:
    x = 128 + 1.4 * face.yaw
    return arc((x, low), (face.temple + beside, low - face.top + above), 180, 0, 15)


def _beanie(sketch: Sketch, face: FaceGeometry, base: Colour, low: float) -> None:
    own = bits_of("hat")
    crown = _crown(face, 6.0, 13.0, low)
    path = smooth([*crown, (128 + 1.4 * face.yaw, low + 2)], tension=0.9)
    sketch.fill(path, _shaded(sketch, face, base), bits=own)
    if face.latent.even(122) > 0.6:
        ball = (128 + 1.4 * face.yaw, face.top - 17)
        tone = sketch.radial(
            (ball[0] + 4 * face.light, ball[1] - 4), 15, (0, mix(base, WHITE, 0.55), 1), (1, base, 1)
        )
        sketch.disc(ball, 10.5, tone, bits=own)
    with sketch.within(path):
        ribs = ""
        for step in range(-6, 7):
            x = 128 + 1.4 * face.yaw + step * 8.2
            ribs += quadratic((x, low), (x + step * 0.6, face.top + 14), (128 + step * 3.0, face.top - 10))
        sketch.stroke(ribs, mix(base, BLACK, 0.5), 1.3, alpha=0.32)
    x, half = 128 + 1.4 * face.yaw, face.temple + 7.6
    cuff = [
        (x - half, low - 12),
        (x, low - 17),
        (x + half, low - 12),
        (x + half, low + 3),
        (x, low),
        (x - half, low + 3),
    ]
    band = smooth(cuff, tension=0.75)
    sketch.fill(band, _shaded(sketch, face, mix(base, WHITE, 0.1)), bits=own)
    with sketch.within(band):
        lines = "".join(f"M{x + step * 5.2:.2f} {low - 20:.2f}v26" for step in range(-10, 11))
        sketch.stroke(lines, mix(base, BLACK, 0.5), 1.2, alpha=0.35)
    sketch.stroke(
        smooth([(x - half, low - 12), (x, low - 17), (x + half, low - 12)], closed=False),
        mix(base, BLACK, 0.6),
        1.2,
        alpha=0.5,
    )


def _cap(sketch: Sketch, face: FaceGeometry, base: Colour, low: float) -> None:
    own = bits_of("hat")
    x = 128 + 1.4 * face.yaw
    crown = _crown(face, 4.6, 9.0, low - 2)
    path = smooth([*crown, (x, low - 2)], tension=0.9)
    sketch.fill(path, _shaded(sketch, face, base), bits=own)
    top = (x, face.top - 8)
    seams = quadratic(top, (x + 3 * face.yaw, face.top + 12), (x + 5 * face.yaw, low - 8))
    for sign in (-1, 1):
        seams += quadratic(top, (x + sign * 26, face.top + 6), (x + sign * 32, low - 6))
    sketch.stroke(seams, mix(base, BLACK, 0.55), 1.0, alpha=0.55)
    sketch.disc((x, face.top - 8.6), 2.6, mix(base, BLACK, 0.25), bits=own)
    badge = (x + 4.5 * face.yaw, low - 22)
    sketch.disc(badge, 7.2, mix(base, WHITE, 0.78), alpha=0.92)
    sketch.disc(badge, 4.0, mix(base, BLACK, 0.1), alpha=0.9)
    px = x + 9 * face.yaw
    half = face.temple + 1.5
    visor = [
        (x - half, low - 4),
        (x - half * 0.6, low - 9.5),
        (px, low - 12),
        (x + half * 0.6, low - 9.5),
        (x + half, low - 4),
        (px + half * 0.86, low + 5.5),
        (px + half * 0.42, low + 6.5),
        (px, low + 5.4),
        (px - half * 0.42, low + 6.5),
        (px - half * 0.86, low + 5.5),
    ]
    brim = smooth(visor, tension=0.9)
    dark = mix(base, BLACK, 0.3)
    tone = sketch.linear(
        (x, low - 12), (x, low + 7), (0, mix(dark, WHITE, 0.16), 1), (1, mix(dark, BLACK, 0.4), 1)
    )
    sketch.fill(brim, tone, bits=own)
    edge = smooth(visor[5:10], closed=False)
    sketch.stroke(edge, mix(base, WHITE, 0.35), 0.8, alpha=0.6)


def _brimmed(sketch: Sketch, face: FaceGeometry, base: Colour, low: float) -> None:
    own = bits_of("hat")
    x = 128 + 1.4 * face.yaw
    half = face.temple + 1.0
    top = face.top - 14
    crown = [
        (x - half, low - 2),
        (x - half * 0.94, low - 22),
        (x - half * 0.72, top + 6),
        (x - half * 0.36, top),
        (x, top + 4.5),
        (x + half * 0.36, top),
        (x + half * 0.72, top + 6),
        (x + half * 0.94, low - 22),
        (x + half, low - 2),
    ]
    path = smooth(crown, tension=0.85)
    sketch.fill(path, _shaded(sketch, face, base), bits=own)
    with sketch.within(path):
        band = [(x - half - 2, low - 5), (x, low - 9), (x + half + 2, low - 5)]
        sketch.stroke(smooth(band, closed=False), mix(base, BLACK, 0.68), 9.5, alpha=0.9)
        dent = [(x, top + 4), (x + 1.5, top + 14), (x, top + 24)]
        sketch.stroke(smooth(dent, closed=False), mix(base, BLACK, 0.5), 2.0, alpha=0.4)
    reach = half + 22 + 8 * face.latent.even(123)
    brim = [
        (x - reach, low - 7),
        (x - half * 0.9, low - 5.5),
        (x, low - 7.5),
        (x + half * 0.9, low - 5.5),
        (x + reach, low - 7),
        (x + reach * 0.72, low + 3.5),
        (x, low + 5.5),
        (x - reach * 0.72, low + 3.5),
    ]
    under = sketch.linear(
        (x, low - 8),
        (x, low + 6),
        (0, mix(base, WHITE, 0.12), 1),
        (0.5, base, 1),
        (1, mix(base, BLACK, 0.5), 1),
    )
    sketch.fill(smooth(brim, tension=0.9), under, bits=own)
