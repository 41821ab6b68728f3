"""The colours of skin, hair, lips, eyes, clothes and backgrounds."""

from __future__ import annotations

from dataclasses import dataclass

from cfwidgets.data.portraits.geometry import FaceGeometry
from cfwidgets.data.portraits.svg import Colour, mix

__all__ = ["BLACK", "GOLD", "SILVER", "WHITE", "Palette", "palette"]

WHITE: Colour = (255, 255, 255)
BLACK: Colour = (12, 10, 16)
"""Colour that shades are mixed with: a night blue rather than black."""
GOLD: Colour = (222, 178, 84)
SILVER: Colour = (206, 210, 216)


_SKIN: tuple[Colour, ...] = (
    (240, 203, 176),
    (233, 188, 158),
    (226, 174, 138),
    (214, 158, 118),
    (200, 141, 101),
    (182, 122, 84),
    (161, 103, 69),
    (137, 85, 57),
    (116, 72, 50),
    (97, 61, 45),
)
_PALE: tuple[Colour, ...] = ((250, 226, 212), (248, 221, 206), (251, 229, 219))
_BLACK: tuple[Colour, ...] = ((30, 26, 29), (36, 31, 32), (26, 27, 34), (34, 28, 26))
_BROWN: tuple[Colour, ...] = ((92, 58, 38), (108, 70, 44), (82, 50, 34), (122, 82, 54), (98, 62, 48))
_BLOND: tuple[Colour, ...] = ((222, 184, 112), (234, 204, 142), (208, 166, 96), (240, 218, 170))
_OTHER: tuple[Colour, ...] = (
    (156, 70, 38),
    (180, 98, 52),
    (124, 52, 40),
    (96, 40, 40),
    (204, 134, 88),
    (144, 130, 116),
    (116, 108, 104),
)
_DYED: tuple[Colour, ...] = ((58, 128, 138), (196, 104, 134), (112, 92, 160))
_GREY: tuple[Colour, ...] = ((168, 167, 170), (204, 202, 202), (142, 141, 146), (222, 220, 216))
_IRIS: tuple[Colour, ...] = (
    (74, 44, 26),
    (92, 58, 34),
    (58, 36, 26),
    (118, 84, 44),
    (84, 112, 76),
    (78, 118, 150),
    (104, 140, 168),
    (112, 122, 130),
)
_LIPSTICK: tuple[Colour, ...] = (
    (200, 16, 46),
    (176, 8, 40),
    (214, 22, 90),
    (150, 8, 62),
    (222, 40, 58),
    (190, 14, 110),
)
_CLOTH: tuple[Colour, ...] = (
    (38, 48, 72),
    (58, 88, 128),
    (116, 154, 186),
    (232, 228, 220),
    (248, 246, 242),
    (62, 66, 72),
    (34, 34, 38),
    (168, 60, 58),
    (206, 120, 88),
    (222, 178, 92),
    (92, 124, 96),
    (50, 88, 80),
    (140, 104, 142),
    (214, 158, 166),
    (124, 92, 72),
    (96, 148, 150),
)
_GROUND: tuple[tuple[Colour, Colour], ...] = (
    ((198, 214, 224), (120, 148, 170)),
    ((236, 224, 206), (186, 160, 134)),
    ((206, 216, 196), (112, 138, 112)),
    ((228, 206, 204), (166, 124, 132)),
    ((96, 112, 134), (44, 54, 74)),
    ((140, 128, 120), (72, 62, 60)),
    ((244, 242, 238), (206, 204, 202)),
    ((250, 214, 168), (196, 128, 98)),
    ((176, 196, 206), (84, 104, 96)),
    ((120, 146, 142), (52, 76, 78)),
    ((212, 206, 226), (134, 126, 164)),
    ((86, 92, 88), (40, 42, 46)),
)


@dataclass(frozen=True)
class Palette:
    """The colours of one portrait."""

    skin: Colour
    shadow: Colour
    shine: Colour
    blush: Colour
    hair: Colour
    hair_dark: Colour
    hair_light: Colour
    brow: Colour
    iris: Colour
    lip: Colour
    lip_dark: Colour
    lip_shine: float
    cloth: Colour
    second: Colour
    ground: tuple[Colour, Colour]


def palette(face: FaceGeometry) -> Palette:
    """The colours of one face: the person's own, as far as the attributes leave them."""
    latent, has = face.latent, face.has
    place = latent.even(10) ** 1.2 * (len(_SKIN) - 1)
    skin = mix(_SKIN[int(place)], _SKIN[min(int(place) + 1, len(_SKIN) - 1)], place % 1)
    dark = latent.even(10) > 0.45
    if has["Pale_Skin"]:
        skin, dark = _PALE[latent.pick(11, len(_PALE))], False
    light = (skin[0] + skin[1] + skin[2]) / 765
    deep = 1.0 if light > 0.4 else 1.12
    shadow = mix((skin[0] * 0.56 * deep, skin[1] * 0.44 * deep, skin[2] * 0.42 * deep), (74, 34, 52), 0.22)
    if has["Pale_Skin"]:
        shadow = mix(skin, (158, 104, 100), 0.78)
    shine = mix(skin, (255, 246, 232), 0.5 if light > 0.5 else 0.38)
    blush = mix(skin, (214, 74, 74), 0.55) if light > 0.45 else mix(skin, (150, 40, 40), 0.4)
    hair = _hair(face)
    level = (hair[0] + hair[1] + hair[2]) / 3
    if has["Wearing_Lipstick"]:
        lip = _LIPSTICK[latent.pick(13, len(_LIPSTICK))]
        lip_dark, lip_shine = mix(lip, (50, 0, 24), 0.42), 0.62
    else:
        lip = mix(mix(skin, (186, 96, 92), 0.36 if light > 0.5 else 0.3), shadow, 0.14)
        lip_dark, lip_shine = mix(lip, shadow, 0.55), 0.2
    cloth = _CLOTH[latent.pick(14, len(_CLOTH))]
    return Palette(
        skin=skin,
        shadow=shadow,
        shine=shine,
        blush=blush,
        hair=hair,
        hair_dark=mix(hair, (14, 8, 14), 0.45),
        hair_light=mix(hair, (255, 240, 214), 0.3 if level > 90 else 0.2),
        brow=mix(
            hair, (84, 54, 34) if hair[0] - hair[2] > 24 else (66, 62, 64), 0.55 if level > 120 else 0.2
        ),
        iris=_IRIS[latent.pick(12, 4 if dark else len(_IRIS))],
        lip=lip,
        lip_dark=lip_dark,
        lip_shine=lip_shine,
        cloth=mix(cloth, (255, 255, 255), 0.12 * latent.even(15)),
        second=_CLOTH[latent.pick(16, len(_CLOTH))],
        ground=_GROUND[latent.pick(17, len(_GROUND))],
    )


def _hair(face: FaceGeometry) -> Colour:
    latent, old = face.latent, face.age > 0.5
    kinds = {"Black_Hair": (_BLACK, 0.22), "Brown_Hair": (_BROWN, 0.3), "Blond_Hair": (_BLOND, 0.16)}
    for name, (shades, grey) in kinds.items():
        if face.has[name]:
            shade = shades[latent.pick(20, len(shades))]
            return mix(shade, (150, 148, 150), grey) if old else shade
    if old:
        return _GREY[latent.pick(20, len(_GREY))]
    if face.has["Bald"]:
        return _BROWN[latent.pick(20, len(_BROWN))]
    shades = _DYED if latent.even(21) > 0.9 else _OTHER
    return shades[latent.pick(20, len(shades))]
