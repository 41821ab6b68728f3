"""Earrings and necklaces."""

from __future__ import annotations

import math

from cfwidgets.data.portraits.features import lobe
from cfwidgets.data.portraits.geometry import FaceGeometry
from cfwidgets.data.portraits.masks import bits_of
from cfwidgets.data.portraits.palette import BLACK, GOLD, SILVER, WHITE, Palette
from cfwidgets.data.portraits.svg import Point, Sketch, arc, mix, smooth

__all__ = ["earrings", "necklace"]


def earrings(sketch: Sketch, face: FaceGeometry) -> None:
    """A pair of studs, hoops or drops."""
    if not face.has["Wearing_Earrings"]:
        return
    latent = face.latent
    metal = GOLD if latent.even(125) > 0.4 else SILVER
    stone = ((248, 246, 244), (40, 120, 150), (176, 30, 62), (46, 138, 96), (250, 240, 226))[
        latent.pick(126, 5)
    ]
    kind = latent.pick(127, 3)
    own = bits_of("ear_r")
    for sign in (-1, 1):
        x, y = lobe(face, sign)
        if kind == 0:
            tone = sketch.radial(
                (x - 1, y - 1), 5, (0, WHITE, 1), (0.5, stone, 1), (1, mix(stone, BLACK, 0.4), 1)
            )
            sketch.disc((x, y), 4.1, metal, bits=own, over=True)
            sketch.disc((x, y), 3.2, tone)
            continue
        if kind == 1:
            size = 6.2 + 3.6 * latent.even(128)
            ring = smooth(arc((x + sign * 0.6, y + size), (size * 0.82, size), 90, -240, 12))
            sketch.stroke(ring, mix(metal, BLACK, 0.22), 2.4, bits=own, over=True)
            sketch.stroke(ring, mix(metal, WHITE, 0.4), 0.9)
            continue
        long = 9 + 6 * latent.even(128)
        sketch.stroke(f"M{x:.2f} {y:.2f}v{long:.2f}", metal, 2.0, bits=own, over=True)
        sketch.disc((x, y), 2.2, metal, bits=own, over=True)
        drop = [(x, y + long - 3), (x + 3.9, y + long + 4), (x, y + long + 8.4), (x - 3.9, y + long + 4)]
        sketch.fill(smooth(drop), stone, bits=own, over=True)
        sketch.stroke(smooth(drop), metal, 1.0, bits=own, over=True)
        sketch.disc((x - 1.1, y + long + 2.4), 1.0, WHITE, alpha=0.85)


def necklace(sketch: Sketch, face: FaceGeometry, colours: Palette) -> None:
    """A chain with a pendant, a row of pearls, or a band; what is under it stays what it is."""
    if not face.has["Wearing_Necklace"]:
        return
    latent = face.latent
    metal = GOLD if latent.even(130) > 0.35 else SILVER
    kind = latent.pick(131, 3)
    own = bits_of("neck_l")
    wide = face.neck * 1.08
    low = 234.0 + 7.0 * latent.even(132)
    if kind == 2:
        low = 224.0

    def at(share: float) -> Point:
        return (128 + wide * share, low - (low - 216) * abs(share) ** 2.2)

    curve = [at(step / 6 - 1) for step in range(13)]
    path = smooth(curve, closed=False)
    shade = smooth([(x, y + 1.8) for x, y in curve], closed=False)
    sketch.stroke(shade, colours.shadow, 2.6, alpha=0.35)
    if kind == 1:
        sketch.stroke(path, mix(metal, (250, 244, 234), 0.7), 2.4, bits=own, over=True)
        for step in range(-9, 10):
            pearl = at(math.sin(step / 9 * math.pi / 2))
            size = 3.0 - 0.7 * abs(step) / 9
            sketch.disc(pearl, size, (238, 228, 214), bits=own, over=True)
            sketch.disc((pearl[0] - 0.8, pearl[1] - 0.9), size * 0.42, WHITE, alpha=0.9)
        return
    thick = 5.6 if kind == 2 else 2.2
    tone = (34, 28, 36) if kind == 2 and latent.even(133) > 0.5 else mix(metal, BLACK, 0.12)
    sketch.stroke(path, tone, thick, bits=own, over=True)
    sketch.stroke(path, mix(tone, WHITE, 0.6), thick * 0.3, alpha=0.7)
    x, y = at(0)
    stone = ((46, 120, 150), (178, 34, 62), (50, 140, 98), (248, 244, 236))[latent.pick(134, 4)]
    pendant = [(x, y), (x + 4.2, y + 5.2), (x, y + 10.8), (x - 4.2, y + 5.2)]
    sketch.fill(smooth(pendant, tension=0.8), mix(metal, BLACK, 0.15), bits=own, over=True)
    sketch.disc((x, y + 5.4), 2.7, stone)
    sketch.disc((x - 0.9, y + 4.5), 0.8, WHITE, alpha=0.9)
