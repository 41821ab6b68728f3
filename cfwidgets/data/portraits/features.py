"""Eyes, brows, nose, mouth, ears, and the lines of age."""

from __future__ import annotations

from cfwidgets.data.portraits.geometry import FaceGeometry
from cfwidgets.data.portraits.masks import bits_of
from cfwidgets.data.portraits.palette import Palette
from cfwidgets.data.portraits.svg import Colour, Point, Sketch, line, mix, smooth

__all__ = ["brows", "ear", "eyes", "lines_of_age", "lobe", "mouth", "nose"]

_WHITE: Colour = (255, 255, 255)


def ear(sketch: Sketch, face: FaceGeometry, colours: Palette, sign: int) -> None:
    """One ear; 1 is the person's left."""
    x = face.x(sign * face.cheek)
    wide = 10.0 * (1 + 0.28 * face.yaw * -sign)
    top, bottom = face.eyes - 5, face.eyes + 28
    points = [
        (x - sign * 3, top + 4),
        (x + sign * wide * 0.55, top - 2.5),
        (x + sign * wide, top + 5),
        (x + sign * wide * 0.86, top + 16),
        (x + sign * wide * 0.5, bottom - 4),
        (x + sign * wide * 0.1, bottom),
        (x - sign * 3, bottom - 8),
    ]
    lit = 0.32 - 0.26 * face.light * sign
    base = mix(colours.skin, colours.shadow, lit)
    sketch.fill(smooth(points), base, bits=bits_of(f"{'l' if sign > 0 else 'r'}_ear"))
    inner = [
        (x + sign * 1, top + 5),
        (x + sign * wide * 0.55, top + 1.8),
        (x + sign * wide * 0.72, top + 7),
        (x + sign * wide * 0.5, top + 15),
        (x + sign * 1.2, bottom - 10),
    ]
    sketch.fill(smooth(inner), mix(base, colours.shadow, 0.5), alpha=0.75)
    fold = [(x + sign * 2.5, top + 9), (x + sign * wide * 0.5, top + 9), (x + sign * wide * 0.36, top + 17)]
    sketch.stroke(smooth(fold, closed=False), base, 1.5, alpha=0.9)


def lobe(face: FaceGeometry, sign: int) -> Point:
    """Where an earring hangs."""
    wide = 10.0 * (1 + 0.28 * face.yaw * -sign)
    return (face.x(sign * face.cheek) + sign * wide * 0.3, face.eyes + 25.5)


def eyes(sketch: Sketch, face: FaceGeometry, colours: Palette) -> None:
    """Both eyes: they look the same way."""
    latent = face.latent
    look = (1.7 * latent.bell(30) + 1.2 * face.yaw, 0.6 * latent.bell(31) - 0.3)
    tilt = 1.0 * latent.bell(32) + 0.7 * (1 - face.masculine)
    for sign in (-1, 1):
        _eye(sketch, face, colours, sign, look, tilt)


def _eye(sketch: Sketch, face: FaceGeometry, colours: Palette, sign: int, look: Point, tilt: float) -> None:
    x, y = face.eye(sign)
    wide = face.eye_width * (1 - 0.10 * face.yaw * sign)
    high = face.eye_height
    old = face.age > 0.5
    droop = 1.1 if old else 0.0
    inner, outer = (x - sign * wide, y + 1.5), (x + sign * wide, y - tilt + droop)
    upper = [
        inner,
        (x - sign * wide * 0.58, y - high * 0.62),
        (x - sign * wide * 0.05, y - high),
        (x + sign * wide * 0.55, y - high * 0.74 - 0.4 * tilt + 0.6 * droop),
        outer,
    ]
    lower = [(x + sign * wide * 0.5, y + high * 0.42), (x - sign * wide * 0.25, y + high * 0.5)]
    opening = smooth([*upper, *lower], tension=0.9)
    own = bits_of("skin", f"{'l' if sign > 0 else 'r'}_eye")

    # the lid: a soft shade between the eye and its crease
    crease = [(px, py - 2.7 - 1.2 * (1 - abs(px - x) / wide)) for px, py in upper]
    sketch.fill(smooth([*crease, *reversed(upper)], tension=0.8), colours.shadow, alpha=0.26)
    sketch.fill(opening, (243, 238, 234), bits=own)
    with sketch.within(opening):
        radius = 5.5
        centre = (x + look[0], y - high * 0.3 + look[1])
        iris = sketch.radial(
            (centre[0], centre[1] + 1.4),
            radius,
            (0, mix(colours.iris, (255, 226, 170), 0.42), 1),
            (0.62, colours.iris, 1),
            (1, mix(colours.iris, (8, 6, 8), 0.62), 1),
        )
        sketch.disc(centre, radius, iris)
        sketch.disc(centre, 2.5, (14, 10, 12))
        # the lid's shadow on the ball
        ball = [(px, py + 2.4) for px, py in upper]
        sketch.fill(smooth([*upper, *reversed(ball)], tension=0.9), (40, 24, 34), alpha=0.34)
        sketch.disc((centre[0] + 1.8 * face.light, centre[1] - 1.9), 1.35, _WHITE, alpha=0.95)
        sketch.disc((centre[0] - 1.8 * face.light, centre[1] + 2.1), 0.7, _WHITE, alpha=0.5)
        sketch.disc((inner[0] + sign * 0.8, inner[1]), 1.7, (222, 150, 140), alpha=0.7)

    # lashes: a line that grows towards the outer corner, and a wing where they are long
    long = 1 - face.masculine
    thick = 0.9 + 1.0 * long
    wing = (outer[0] + sign * (0.6 + 2.6 * long), outer[1] - 0.4 - 2.2 * long)
    under = [(px, py + (0.25 if i in {0, 4} else 0.45)) for i, (px, py) in enumerate(upper)]
    lash = [
        under[0],
        *((px, py - thick * (0.45 + 0.22 * i)) for i, (px, py) in enumerate(upper) if 0 < i < 4),
        wing,
        under[4],
        *reversed(under[1:4]),
    ]
    ink = mix((34, 22, 22), colours.brow, 0.2)
    sketch.fill(smooth(lash, tension=0.8), ink, alpha=0.94)
    sketch.stroke(
        smooth([outer, *lower, inner], closed=False), mix(colours.shadow, ink, 0.35), 0.7, alpha=0.55
    )
    sketch.stroke(smooth(crease, closed=False), mix(colours.shadow, ink, 0.3), 0.85, alpha=0.62)


def brows(sketch: Sketch, face: FaceGeometry, colours: Palette) -> None:
    """Both brows."""
    latent = face.latent
    bushy = face.has["Bushy_Eyebrows"]
    thick = (6.6 if bushy else 3.0) + 0.9 * face.masculine + 0.35 * latent.bell(33)
    rise = 2.2 * (1 - face.masculine) + 0.8 * latent.bell(34) + 1.2
    for sign in (-1, 1):
        x, _ = face.eye(sign)
        y = face.brows + (1.0 if bushy else 0)
        wide = 14.2 * (1 - 0.10 * face.yaw * sign)
        top = [
            (x - sign * wide * 0.93, y + 0.2 - thick * 0.30),
            (x - sign * wide * 0.3, y - rise * 0.6 - thick * 0.5),
            (x + sign * wide * 0.42, y - rise - thick * 0.42),
        ]
        tail = (x + sign * wide * 1.1, y + 2.4)
        base = [
            (x + sign * wide * 0.40, y - rise + thick * 0.38),
            (x - sign * wide * 0.3, y - rise * 0.35 + thick * 0.5),
            (x - sign * wide * 0.96, y + 0.4 + thick * 0.52),
        ]
        own = bits_of("skin", f"{'l' if sign > 0 else 'r'}_brow")
        sketch.fill(smooth([*top, tail, *base], tension=0.8), colours.brow, alpha=0.9, bits=own)
        if bushy:
            hairs = []
            for step in range(9):
                share = (step + 0.5) / 9
                middle = y - rise * (1 - abs(share - 0.6)) * 0.7 + 0.6
                start = (x + sign * wide * (1.5 * share - 0.84), middle + thick * 0.3)
                hairs.append(
                    line(
                        [start, (start[0] + sign * (0.8 + 2.1 * share), start[1] - thick * 0.62)],
                        closed=False,
                    )
                )
            sketch.stroke("".join(hairs), mix(colours.brow, (18, 12, 12), 0.4), 1.05, alpha=0.55)


def nose(sketch: Sketch, face: FaceGeometry, colours: Palette) -> None:
    """The nose: its outline is a region, and its light and shadow make it stand out."""
    tip_x, tip_y = face.nose_tip
    top_x, top_y = face.x(0, 1.8), face.eyes + 3
    wide = face.nose_width
    outline = [
        (top_x, top_y - 3),
        (top_x + 4.2, top_y),
        (top_x + 0.55 * (tip_x - top_x) + 5.0, top_y + 16),
        (tip_x + wide * 0.92, tip_y - 2.6),
        (tip_x + wide, tip_y + 2.6),
        (tip_x + wide * 0.55, tip_y + 6.2),
        (tip_x, tip_y + 7.2),
        (tip_x - wide * 0.55, tip_y + 6.2),
        (tip_x - wide, tip_y + 2.6),
        (tip_x - wide * 0.92, tip_y - 2.6),
        (top_x + 0.55 * (tip_x - top_x) - 5.0, top_y + 16),
        (top_x - 4.2, top_y),
    ]
    sketch.fill(smooth(outline, tension=0.85), None, bits=bits_of("skin", "nose"))
    dark = -1 if face.light > 0 else 1
    middle = (0.5 * (top_x + tip_x), 0.5 * (top_y + tip_y))
    lean = 4.0 * dark
    sketch.glow((middle[0] + dark * 6.2, middle[1] + 1), (5.6, 19), colours.shadow, 0.34, turn=-lean * 0.6)
    sketch.glow((tip_x, tip_y + 7.2), (wide * 1.15, 4.6), colours.shadow, 0.62)
    sketch.glow((tip_x + dark * wide * 0.75, tip_y + 1), (wide * 0.55, 6.6), colours.shadow, 0.42)
    sketch.glow((middle[0] - dark * 1.0, middle[1] - 2), (3.0, 17), colours.shine, 0.62)
    sketch.glow((tip_x - dark * 1.6, tip_y - 1), (5.0, 4.4), colours.shine, 0.8)
    for sign in (-1, 1):
        wing = [
            (tip_x + sign * wide * 0.86, tip_y - 2.8),
            (tip_x + sign * wide * 1.02, tip_y + 1.8),
            (tip_x + sign * wide * 0.72, tip_y + 5.4),
        ]
        sketch.stroke(smooth(wing, closed=False), colours.shadow, 1.15, alpha=0.6)
        hole = [
            (tip_x + sign * wide * 0.62, tip_y + 4.6),
            (tip_x + sign * wide * 0.36, tip_y + 3.7),
            (tip_x + sign * wide * 0.18, tip_y + 5.6),
            (tip_x + sign * wide * 0.44, tip_y + 6.2),
        ]
        sketch.fill(smooth(hole), mix(colours.shadow, (40, 14, 18), 0.5), alpha=0.72)


def mouth(sketch: Sketch, face: FaceGeometry, colours: Palette) -> None:
    """Lips, and between them teeth where the mouth is open."""
    latent, has = face.latent, face.has
    x, y = face.mouth
    smiling, opened = has["Smiling"], has["Mouth_Slightly_Open"]
    wide = face.mouth_width + (4.6 if smiling else 0) + (1.0 if smiling and opened else 0)
    lift = (4.6 if opened else 3.9) if smiling else 1.1 + 0.7 * latent.bell(35)
    full = (1 - 0.34 * face.masculine) * (1 + 0.12 * latent.bell(36)) * (0.82 if face.age > 0.5 else 1)
    upper_lip, lower_lip = 5.4 * full, (5.6 if smiling and opened else 7.0) * full
    gap = (7.6 if smiling else 5.4 + 1.2 * latent.even(37)) if opened else 0.0
    if opened:
        y -= 1.6
    corner = y - lift
    left, right = (x - wide * face.side(-1), corner), (x + wide * face.side(1), corner)
    sag = 1.2 if smiling else 0.0
    seam_up = [
        left,
        (x - wide * 0.5, y - lift * 0.32 + sag * 0.5 - 0.2),
        (x, y + sag + 0.5),
        (x + wide * 0.5, y - lift * 0.32 + sag * 0.5 - 0.2),
        right,
    ]
    seam_low = [
        left,
        (x - wide * 0.5, y - lift * 0.30 + sag * 0.5 + gap * 0.86),
        (x, y + sag + 0.5 + gap),
        (x + wide * 0.5, y - lift * 0.30 + sag * 0.5 + gap * 0.86),
        right,
    ]
    if smiling:
        _smile_lines(sketch, face, colours, left, right)
    bow = [
        (x + wide * 0.56, y - lift * 0.5 - upper_lip * 0.72),
        (x + wide * 0.19, y - upper_lip - lift * 0.12 + 0.4),
        (x, y - upper_lip * 0.74 - lift * 0.08 + 0.5),
        (x - wide * 0.19, y - upper_lip - lift * 0.12 + 0.4),
        (x - wide * 0.56, y - lift * 0.5 - upper_lip * 0.72),
    ]
    bowl = [
        (x + wide * 0.58, seam_low[3][1] + lower_lip * 0.60),
        (x + wide * 0.22, seam_low[2][1] + lower_lip * 0.96),
        (x - wide * 0.22, seam_low[2][1] + lower_lip * 0.96),
        (x - wide * 0.58, seam_low[1][1] + lower_lip * 0.60),
    ]
    sketch.glow((x, bowl[1][1] + 3.2), (wide * 0.72, 4.6), colours.shadow, 0.5)
    if opened:
        _inside(sketch, seam_up, seam_low, (x, y, wide, gap))
    lower = sketch.linear(
        (x, seam_low[2][1]),
        (x, bowl[1][1]),
        (0, mix(colours.lip, colours.lip_dark, 0.35), 1),
        (0.45, mix(colours.lip, _WHITE, 0.10), 1),
        (1, mix(colours.lip, colours.lip_dark, 0.3), 1),
    )
    sketch.fill(smooth([*seam_low, *bowl], tension=0.8), lower, bits=bits_of("skin", "l_lip"))
    upper = mix(colours.lip, colours.lip_dark, 0.42)
    sketch.fill(smooth([*seam_up, *bow], tension=0.75), upper, bits=bits_of("skin", "u_lip"))
    sketch.glow(
        (x + face.light * wide * 0.22, seam_low[2][1] + lower_lip * 0.46),
        (wide * 0.42, lower_lip * 0.42),
        _WHITE,
        colours.lip_shine,
    )
    if not opened:
        sketch.stroke(
            smooth(seam_up, closed=False), mix(colours.lip_dark, (50, 16, 22), 0.5), 1.1, alpha=0.85
        )
    for corner_x, corner_y in (left, right):
        sketch.glow((corner_x, corner_y), (3.4, 3.0), colours.shadow, 0.55)


def _inside(
    sketch: Sketch,
    seam_up: list[Point],
    seam_low: list[Point],
    where: tuple[float, float, float, float],
) -> None:
    x, y, wide, gap = where
    # a hair's breadth under both lips, so that no skin shines through between
    upper = [seam_up[0], *((px, py - 0.5) for px, py in seam_up[1:4]), seam_up[4]]
    inside = smooth([*upper, *((px, py + 0.5) for px, py in reversed(seam_low[1:4]))], tension=0.85)
    sketch.fill(inside, (72, 20, 28), bits=bits_of("skin", "mouth"))
    with sketch.within(inside):
        sketch.glow((x, y + gap + 4), (wide * 0.62, 5.0), (190, 84, 88), 0.9)
        teeth = [
            (x - wide * 0.94, y - 7),
            (x + wide * 0.94, y - 7),
            (x + wide * 0.70, y + gap * 0.42),
            (x, y + gap * 0.66),
            (x - wide * 0.70, y + gap * 0.42),
        ]
        sketch.fill(smooth(teeth, tension=0.7), (246, 241, 232))
        gaps = "".join(f"M{x + step * wide * 0.16:.2f} {y - 3:.2f}v{gap * 0.9:.2f}" for step in range(-3, 4))
        sketch.stroke(gaps, (170, 150, 142), 0.4, alpha=0.4)
        sketch.fill(
            smooth([*upper, *((px, py + 1.5) for px, py in reversed(upper))]), (52, 14, 22), alpha=0.5
        )


def _smile_lines(sketch: Sketch, face: FaceGeometry, colours: Palette, left: Point, right: Point) -> None:
    tip_x, tip_y = face.nose_tip
    for sign, corner in ((-1, left), (1, right)):
        fold = [
            (tip_x + sign * (face.nose_width + 2.5), tip_y + 1),
            (tip_x + sign * (face.nose_width + 8), tip_y + 7),
            (corner[0] + sign * 3.4, corner[1] - 1),
            (corner[0] + sign * 3.2, corner[1] + 4),
        ]
        sketch.stroke(smooth(fold, closed=False), colours.shadow, 1.2, alpha=0.2)
        apple = (face.x(sign * 27, 1.5), 0.5 * (face.eyes + corner[1]) + 3)
        sketch.glow(apple, (11, 8), colours.shine, 0.4)


def lines_of_age(sketch: Sketch, face: FaceGeometry, colours: Palette) -> None:
    """Draw the lines, bags and sagging cheeks of a face that is not young."""
    if face.age <= 0.5:
        return
    latent = face.latent
    ink = mix(colours.shadow, (60, 30, 34), 0.2)
    depth = 0.4 + 0.3 * (face.age - 0.7)
    x = face.x(0, 1.5)
    for row in range(3):
        y = face.hairline + 10 + row * 6.2
        wide = 24 - 3 * row + 2 * latent.bell(40 + row)
        furrow = [
            (x - wide, y + 1.5),
            (x - wide * 0.4, y - 0.8),
            (x + wide * 0.35, y + 0.4),
            (x + wide, y + 1.2),
        ]
        sketch.stroke(smooth(furrow, closed=False), ink, 1.0, alpha=depth)
    for sign in (-1, 1):
        ex, ey = face.eye(sign)
        wide = face.eye_width
        feet = "".join(
            f"M{ex + sign * (wide + 3.5):.2f} {ey - 2 + 2.6 * step:.2f}"
            f"q{sign * 3.5:.2f} {0.9 * (step - 1):.2f} {sign * 7:.2f} {2.6 * (step - 1):.2f}"
            for step in range(3)
        )
        sketch.stroke(feet, ink, 0.85, alpha=depth + 0.06)
        bag = [(ex - sign * wide * 0.8, ey + 5.2), (ex, ey + 8.6), (ex + sign * wide * 0.9, ey + 5.6)]
        sketch.stroke(smooth(bag, closed=False), ink, 1.1, alpha=depth + 0.08)
        sketch.glow((ex, ey + 6.6), (wide, 3.4), colours.shadow, 0.34)
        tip_x, tip_y = face.nose_tip
        mx, my = face.mouth
        fold = [
            (tip_x + sign * (face.nose_width + 1.5), tip_y + 1),
            (tip_x + sign * (face.nose_width + 7), tip_y + 8),
            (mx + sign * (face.mouth_width + 5), my - 1),
        ]
        sketch.stroke(smooth(fold, closed=False), ink, 1.3, alpha=depth + 0.12)
        sketch.glow((mx + sign * (face.mouth_width + 6), my - 4), (6, 12), colours.shadow, 0.3)
        jowl = [(mx + sign * (face.mouth_width + 4), my + 5), (mx + sign * (face.mouth_width + 5.5), my + 13)]
        sketch.stroke(smooth(jowl, closed=False), ink, 1.1, alpha=depth)
        sketch.glow((face.x(sign * 33), 160), (6, 15), colours.shadow, 0.24, turn=sign * 14)
