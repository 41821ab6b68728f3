"""Glasses of five kinds."""

from __future__ import annotations

from cfwidgets.data.portraits.geometry import FaceGeometry
from cfwidgets.data.portraits.masks import bits_of
from cfwidgets.data.portraits.palette import BLACK, GOLD, SILVER, WHITE, Palette
from cfwidgets.data.portraits.svg import Colour, Point, Sketch, arc, line, mix, quadratic, smooth

__all__ = ["glasses"]

_FRAMES: tuple[Colour, ...] = ((26, 22, 26), (70, 40, 28), (44, 54, 78), (120, 30, 40), (150, 116, 62))


def glasses(sketch: Sketch, face: FaceGeometry, colours: Palette) -> None:
    """Glasses, lenses included; the eyes behind them stay eyes."""
    if not face.has["Eyeglasses"]:
        return
    latent = face.latent
    kind = latent.pick(115, 5)
    colour = _FRAMES[latent.pick(116, len(_FRAMES))]
    if kind == 4:
        colour = GOLD if latent.even(116) > 0.4 else SILVER
    tinted = latent.even(117) > 0.84
    thick = (1.5, 2.6, 3.4, 2.4, 1.4)[kind]
    own = bits_of("eye_g")
    lenses = []
    for sign in (-1, 1):
        x, y = face.eye(sign)
        x += sign * 0.6
        size = 16.2 * (1 - 0.09 * face.yaw * sign)
        lenses.append((sign, x, _lens(kind, sign, (x, y + 1.8), size)))
    _, left_x, _ = lenses[0]
    _, right_x, _ = lenses[1]
    y = face.eyes
    for sign, x, path in lenses:
        if tinted:
            sketch.fill(
                path,
                sketch.linear(
                    (x, y - 14), (x, y + 18), (0, mix(colour, BLACK, 0.7), 0.86), (1, colour, 0.42)
                ),
                bits=own,
                over=True,
            )
        else:
            sketch.fill(path, (226, 238, 246), alpha=0.13, bits=own, over=True)
        with sketch.within(path):
            streak = [(x - 9, y + 16), (x - 3, y + 16), (x + 9, y - 14), (x + 3, y - 14)]
            sketch.fill(line(streak), WHITE, alpha=0.17)
            thin = [(x - 0.5, y + 16), (x + 1, y + 16), (x + 13, y - 14), (x + 11.5, y - 14)]
            sketch.fill(line(thin), WHITE, alpha=0.15)
        shadow = f"M{x - 13:.2f} {y + 17:.2f}q13 5.5 26 0"
        sketch.stroke(shadow, colours.shadow, 2.2, alpha=0.2)
        sketch.stroke(path, colour, thick, bits=own, over=True)
        if kind == 2:
            brow = f"M{x - 16:.2f} {y - 8:.2f}q16 -5 32 0"
            sketch.stroke(brow, colour, thick + 1.6, bits=own, over=True)
        arm = f"M{x + sign * 15.5:.2f} {y - 4:.2f}L{face.x(sign * (face.cheek + 1)):.2f} {y - 1.5:.2f}"
        sketch.stroke(arm, mix(colour, BLACK, 0.2), thick + 0.4, bits=own, over=True)
    middle = 0.5 * (left_x + right_x)
    bridge = quadratic((left_x + 14, y - 1.5), (middle, y - 7), (right_x - 14, y - 1.5))
    sketch.stroke(bridge, colour, thick + 0.3, bits=own, over=True)
    for _, x, _ in lenses:
        sketch.stroke(f"M{x - 8:.2f} {y - 11.6:.2f}q7 -1.6 13 -0.4", mix(colour, WHITE, 0.6), 0.7, alpha=0.5)


def _lens(kind: int, sign: int, centre: Point, size: float) -> str:
    x, y = centre
    if kind in {0, 4}:  # round, and pilot
        if kind == 0:
            return smooth(arc((x, y), (size * 0.96, size * 0.93), 0, 330, 12))
        drop = [
            (-0.95, -0.62),
            (0.1, -0.78),
            (0.98, -0.6),
            (1.0, 0.1),
            (0.55, 0.86),
            (-0.1, 0.98),
            (-0.78, 0.42),
        ]
        return smooth([(x + sign * px * size, y + py * size) for px, py in drop])
    if kind == 1:  # rectangular
        shape = [(-0.98, -0.62), (0.98, -0.62), (1.0, 0.0), (0.94, 0.62), (-0.92, 0.62), (-1.0, 0.0)]
        return smooth([(x + px * size, y + py * size) for px, py in shape], tension=0.42)
    if kind == 2:  # browline
        shape = [(-0.96, -0.66), (1.0, -0.7), (0.92, 0.3), (0.4, 0.82), (-0.4, 0.8), (-0.9, 0.3)]
        return smooth([(x + sign * px * size, y + py * size) for px, py in shape], tension=0.8)
    shape = [(-0.92, -0.5), (0.2, -0.66), (1.2, -0.98), (1.02, 0.0), (0.5, 0.72), (-0.4, 0.76), (-0.92, 0.3)]
    return smooth([(x + sign * px * size, y + py * size) for px, py in shape], tension=0.85)
