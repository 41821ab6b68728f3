"""Beards, moustaches, and the shadow of a shaven beard."""

from __future__ import annotations

from cfwidgets.data.portraits.geometry import FaceGeometry
from cfwidgets.data.portraits.palette import Palette
from cfwidgets.data.portraits.svg import Colour, Point, Sketch, mix, smooth

__all__ = ["beard", "mustache", "shaven"]


def shaven(sketch: Sketch, face: FaceGeometry, colours: Palette) -> None:
    """The shadow of a beard that is not there. It is to be painted within the head."""
    if face.has["No_Beard"] and face.has["Male"]:
        tint = mix(mix(colours.skin, colours.shadow, 0.5), (64, 72, 88), 0.4)
        strength = 0.06 + 0.1 * face.latent.even(50)
        sketch.fill(_full(face, 0.0), tint, alpha=strength, evenodd=True)
        sketch.fill(_full(face, 3.0), tint, alpha=strength, evenodd=True)


def beard(sketch: Sketch, face: FaceGeometry, colours: Palette) -> None:
    """Draw a beard on cheeks and chin; as a region it is skin."""
    if face.has["No_Beard"]:
        return
    latent = face.latent
    kind = latent.even(51)
    colour = mix(colours.brow, colours.hair, 0.35)
    if kind < 0.26:
        _grown(sketch, face, colour, 0.5)
    elif kind < 0.46:
        _goatee(sketch, face, colour)
    else:
        _grown(sketch, face, colour, 0.93)


def _grown(sketch: Sketch, face: FaceGeometry, colour: Colour, alpha: float) -> None:
    long = 5.5 * face.latent.even(52) if alpha > 0.8 else 0.0
    outer = _full(face, 0.0, long)
    sketch.fill(outer, colour, alpha=alpha * 0.55, evenodd=True)
    sketch.fill(_full(face, 2.4, long), colour, alpha=alpha * 0.62, evenodd=True)
    x, y = face.mouth
    hairs = []
    for step, luck in enumerate(face.latent.many(100, 26)):
        along = (step + luck) / 26 * 2 - 1
        start = (face.x(along * (face.jaw - 5)), y + 11 - abs(along) * 17 + 7 * luck)
        hairs.append(
            f"M{start[0]:.2f} {start[1]:.2f}q{along * 0.5:.2f} 4 {along * 0.5:.2f} {6.5 + 3 * luck:.2f}"
        )
    dark, light = mix(colour, (12, 8, 8), 0.5), mix(colour, (255, 236, 210), 0.24)
    sketch.stroke("".join(hairs[::2]), dark, 1.0, alpha=0.45 * alpha)
    sketch.stroke("".join(hairs[1::2]), light, 0.8, alpha=0.45 * alpha)
    sketch.glow((x, y + 12), (5, 3.5), mix(colour, (10, 8, 8), 0.3), 0.5 * alpha)


def _goatee(sketch: Sketch, face: FaceGeometry, colour: Colour) -> None:
    x, y = face.mouth
    wide = face.mouth_width
    low = face.bottom + 2
    ring = [
        (x - wide * 0.86, y + 4),
        (x - wide * 0.95, y + 13),
        (x - wide * 0.62, low - 3),
        (x, low),
        (x + wide * 0.62, low - 3),
        (x + wide * 0.95, y + 13),
        (x + wide * 0.86, y + 4),
        (x + wide * 0.48, y + 13.5),
        (x, y + 12),
        (x - wide * 0.48, y + 13.5),
    ]
    sketch.fill(smooth(ring), colour, alpha=0.5)
    thick = [(x + (px - x) * 0.9, py + (0.8 if py < y + 13.2 else -0.8)) for px, py in ring]
    sketch.fill(smooth(thick), colour, alpha=0.72)


def mustache(sketch: Sketch, face: FaceGeometry, colours: Palette) -> None:
    """Hair between nose and mouth: skin, as a region."""
    if not face.has["Mustache"]:
        return
    x, y = face.mouth
    tip = face.nose_tip[1] + 7.0
    rise = 2.0 if face.has["Smiling"] else 0.0
    wide = face.mouth_width + 3.5
    points: list[Point] = [(x, tip + 1.4)]
    points += [
        (x + wide * 0.36, tip + 1.4),
        (x + wide * 0.86, y - 3.6 - rise),
        (x + wide * 1.1, y + 3.4 - rise),
    ]
    points += [(x + wide * 0.62, y - 0.4 - 0.6 * rise), (x + wide * 0.2, y - 2.6), (x, y - 4.0)]
    mirrored = [(2 * x - px, py) for px, py in reversed(points[1:-1])]
    colour = mix(colours.brow, colours.hair, 0.3)
    sketch.fill(smooth([*points, *mirrored], tension=0.85), colour, alpha=0.95)
    hairs = []
    for step, luck in enumerate(face.latent.many(130, 16)):
        along = (step + 0.5) / 16 * 2 - 1
        hairs.append(
            f"M{x + along * wide * 0.62:.2f} {tip + 2 + 2.2 * abs(along):.2f}"
            f"q{along * 3.0:.2f} 2 {along * 5.5:.2f} {4.6 + luck:.2f}"
        )
    sketch.stroke("".join(hairs[::2]), mix(colour, (10, 8, 8), 0.5), 0.8, alpha=0.6)
    sketch.stroke("".join(hairs[1::2]), mix(colour, (255, 236, 210), 0.28), 0.7, alpha=0.6)


def _full(face: FaceGeometry, inset: float, long: float = 0.0) -> str:
    """Cheeks and chin with a hole for the mouth, as path data for the even-odd rule."""
    x, y = face.mouth
    outline = face.outline
    right = [point for point in outline if point[1] > 140 and point[0] > 128]
    left = [point for point in outline if point[1] > 140 and point[0] <= 128]
    low = [*right, *left]
    grown = []
    for px, py in low:
        deep = max(py - 172, 0) / 30
        grown.append((px + (px - 128) * 0.02 * long * deep, py + long * deep))
    tip = face.nose_tip[1] + 8
    wide = face.mouth_width
    shaved = [
        (face.x(-face.cheek + 3.6 + inset), 141 + inset),
        (face.x(-face.jaw + 1), 167 + inset),
        (x - wide * 1.15, tip + 3 + inset),
        (x - wide * 0.4, tip + inset * 0.5),
        (x + wide * 0.4, tip + inset * 0.5),
        (x + wide * 1.15, tip + 3 + inset),
        (face.x(face.jaw - 1), 167 + inset),
        (face.x(face.cheek - 3.6 - inset), 141 + inset),
    ]
    grow = 1.3 if face.has["Smiling"] else 1.08
    rise = 3.5 if face.has["Smiling"] else 0.0
    hole = [
        (x - wide * grow, y - 0.5 - rise),
        (x - wide * 0.35, y - 4.6),
        (x + wide * 0.35, y - 4.6),
        (x + wide * grow, y - 0.5 - rise),
        (x + wide * 0.5, y + 8.5),
        (x - wide * 0.5, y + 8.5),
    ]
    return smooth([*grown, *shaved], tension=0.8) + smooth(hole)
