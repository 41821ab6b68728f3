"""Neck and head: their shape, and the light on them."""

from __future__ import annotations

from cfwidgets.data.portraits.geometry import FaceGeometry
from cfwidgets.data.portraits.masks import bits_of
from cfwidgets.data.portraits.palette import Palette
from cfwidgets.data.portraits.svg import Sketch, mix, smooth

__all__ = ["freckles", "head", "neck", "relief"]


def neck(sketch: Sketch, face: FaceGeometry, colours: Palette) -> None:
    """The neck, down to where the clothes cover it."""
    wide, dx = face.neck, face.shift[0]
    x = 128 + 0.7 * dx
    points = [
        (x - wide * 0.96 + dx * 0.2, 170),
        (x + wide * 0.96 + dx * 0.2, 170),
        (x + wide * 0.94, 205),
        (128 + wide * 1.08, 222),
        (128 + wide * 1.5, 237),
        (128 + wide * 1.5, 266),
        (128 - wide * 1.5, 266),
        (128 - wide * 1.5, 237),
        (128 - wide * 1.08, 222),
        (x - wide * 0.94, 205),
    ]
    shade = mix(colours.skin, colours.shadow, 0.62)
    body = sketch.linear(
        (128, 200),
        (128, 246),
        (0, mix(colours.skin, colours.shadow, 0.86), 1),
        (0.34, shade, 1),
        (0.7, mix(colours.skin, colours.shadow, 0.2), 1),
        (1, mix(colours.skin, colours.shadow, 0.06), 1),
    )
    shape = smooth(points, tension=0.85)
    sketch.fill(shape, body, bits=bits_of("neck"))
    with sketch.within(shape):
        dark = -1 if face.light > 0 else 1
        sketch.glow((128 + dark * wide * 1.1, 214), (wide * 0.8, 32), colours.shadow, 0.5)


def head(sketch: Sketch, face: FaceGeometry, colours: Palette) -> None:
    """The head without its features."""
    tone = sketch.radial(
        (128 + 20 * face.light, 112),
        104,
        (0, mix(colours.skin, colours.shine, 0.55), 1),
        (0.42, colours.skin, 1),
        (0.78, mix(colours.skin, colours.shadow, 0.34), 1),
        (1, mix(colours.skin, colours.shadow, 0.66), 1),
    )
    sketch.fill(smooth(face.outline), tone, bits=bits_of("skin"))


def freckles(sketch: Sketch, face: FaceGeometry, colours: Palette) -> None:
    """Freckles, on some. They are to be painted within the head."""
    if face.latent.even(55) < 0.86 or sum(colours.skin) < 420:
        return
    dots = ""
    for step in range(34):
        along, high = face.latent.even(100 + step), face.latent.even(60 + 2 * step)
        x, y = face.x((along * 2 - 1) * 36, 2), face.eyes + 15 + 15 * high - 7 * abs(along * 2 - 1)
        size = 0.5 + 0.5 * face.latent.even(30 + step)
        dots += f"M{x - size:.2f} {y:.2f}a{size:.2f} {size:.2f} 0 1 0 {2 * size:.2f} 0"
        dots += f"a{size:.2f} {size:.2f} 0 1 0 {-2 * size:.2f} 0Z"
    sketch.fill(dots, mix(colours.shadow, (150, 84, 44), 0.5), alpha=0.42)


def relief(sketch: Sketch, face: FaceGeometry, colours: Palette) -> None:
    """Light and shadow on the head: cheeks, sockets, forehead, chin. It is to be painted within the head."""
    lit = 1 if face.light > 0 else -1
    x = face.x(0, 2)
    edge = 128 - lit * face.cheek
    sketch.glow((edge, 150), (26, 74), colours.shadow, 0.44 + 0.22 * abs(face.light))
    sketch.glow((x + lit * 6, 104), (26, 15), colours.shine, 0.34)
    warm = 0.22 if face.has["Male"] else 0.32
    for sign in (-1, 1):
        cheek = (face.x(sign * 28.5, 1), face.eyes + 25)
        sketch.glow(cheek, (14, 11), colours.blush, warm)
        ex, ey = face.eye(sign)
        sketch.glow((ex - sign * 2, ey - 5.5), (16, 9.5), colours.shadow, 0.26 + 0.08 * face.masculine)
        sketch.glow((ex - sign * 10.5, ey - 2.5), (5.5, 9), colours.shadow, 0.3)
        # under the cheekbone: deeper where the face is that of a man
        sketch.glow(
            (face.x(sign * 36, 0), 166),
            (10, 20),
            colours.shadow,
            0.08 + 0.2 * face.masculine,
            turn=sign * 24,
        )
    sketch.glow((face.x(lit * 25, 1), face.eyes + 18), (11, 7.5), colours.shine, 0.42)
    tip, lip = face.nose_tip, face.mouth
    sketch.glow((lip[0], 0.5 * (tip[1] + lip[1]) + 1.5), (3.4, 5), colours.shadow, 0.26)
    sketch.glow((lip[0] + lit * 2, face.bottom - 9), (10, 6.5), colours.shine, 0.4)
    sketch.glow((face.x(0, 0), face.bottom + 3), (34, 8), colours.shadow, 0.42)
