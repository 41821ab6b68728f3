"""One portrait from its numbers: background, body and head, in the order in which they are painted."""

from __future__ import annotations

from cfwidgets.data.portraits import features, hair, skin
from cfwidgets.data.portraits.beard import beard, mustache, shaven
from cfwidgets.data.portraits.clothes import clothes
from cfwidgets.data.portraits.geometry import FaceGeometry
from cfwidgets.data.portraits.glasses import glasses
from cfwidgets.data.portraits.hats import hat
from cfwidgets.data.portraits.jewellery import earrings, necklace
from cfwidgets.data.portraits.masks import bits_of
from cfwidgets.data.portraits.palette import Palette, palette
from cfwidgets.data.portraits.svg import SIDE, Sketch, mix, smooth

__all__ = ["portrait"]


def portrait(face: FaceGeometry) -> Sketch:
    """Draw one portrait."""
    sketch, colours = Sketch(), palette(face)
    _ground(sketch, face, colours)
    with sketch.turned(0, (128, 268), (0, 0), 1.18):
        _figure(sketch, face, colours, hair.hair_of(face))
    return sketch


def _figure(sketch: Sketch, face: FaceGeometry, colours: Palette, style: hair.Hair) -> None:
    pivot = ((128.0, 208.0), face.shift, face.scale)
    over_hair = style.tucked and style.flow == "along"
    with sketch.turned(face.roll, *pivot):
        hair.back_hair(sketch, face, colours, style)
    skin.neck(sketch, face, colours)
    clothes(sketch, face, colours)
    with sketch.turned(face.roll, *pivot):
        if not over_hair:
            _ears(sketch, face, colours)
        skin.head(sketch, face, colours)
        with sketch.within(smooth(face.outline)):
            skin.relief(sketch, face, colours)
            skin.freckles(sketch, face, colours)
            shaven(sketch, face, colours)
            hair.shade_of_hair(sketch, colours, style)
        features.lines_of_age(sketch, face, colours)
        beard(sketch, face, colours)
        features.nose(sketch, face, colours)
        features.mouth(sketch, face, colours)
        mustache(sketch, face, colours)
        features.eyes(sketch, face, colours)
        features.brows(sketch, face, colours)
        hair.front_hair(sketch, face, colours, style)
        if over_hair:
            _ears(sketch, face, colours)
        hair.bangs(sketch, face, colours, style)
        hat(sketch, face, colours)
        glasses(sketch, face, colours)
        earrings(sketch, face)
    necklace(sketch, face, colours)


def _ears(sketch: Sketch, face: FaceGeometry, colours: Palette) -> None:
    for sign in (-1, 1):
        features.ear(sketch, face, colours, sign)


def _ground(sketch: Sketch, face: FaceGeometry, colours: Palette) -> None:
    """A background out of focus, lighter where the light comes from."""
    latent = face.latent
    near, far = colours.ground
    lit = 1 if face.light > 0 else -1
    everything = f"M0 0H{SIDE}V{SIDE}H0Z"
    tone = sketch.linear((128 + lit * 110, 10), (128 - lit * 90, 250), (0, near, 1), (1, far, 1))
    sketch.fill(everything, tone, bits=bits_of("background"))
    kind = latent.even(139)
    light = mix(near, (255, 250, 240), 0.5)
    if kind < 0.3:  # folds of a curtain, or a wall with a window beside
        for step in range(3):
            x, wide, tint = (
                70 * step + 60 * latent.even(140 + step),
                26 + 34 * latent.even(145 + step),
                latent.even(150 + step),
            )
            fold = mix(light, far, tint)
            soft = sketch.linear((x, 0), (x + wide, 0), (0, fold, 0), (0.5, fold, 0.55), (1, fold, 0))
            sketch.fill(f"M{x:.1f} 0h{wide:.1f}V{SIDE}h{-wide:.1f}Z", soft)
        return
    x, y, size, _ = latent.many(140, 4)
    sketch.glow((6 + 244 * x, 20 + 130 * y), (56 + 20 * size, 56 + 20 * size), light, 0.5)
    for step in range(7 if kind > 0.62 else 3):  # lights out of focus
        x, y, size, tint = latent.many(128 + 4 * step, 4)
        side = 6 + 84 * x if step % 2 else 250 - 84 * x
        colour = mix(near, (255, 250, 240), 0.3 + 0.5 * tint)
        sketch.disc((side, 8 + 165 * y), 6 + 17 * size, colour, alpha=0.08 + 0.12 * tint)
