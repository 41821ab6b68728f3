"""The 19 regions of a face, as CelebAMask-HQ names and numbers them."""

from __future__ import annotations

__all__ = ["REGIONS", "region_label"]

REGIONS: tuple[str, ...] = (
    "background",
    "skin",
    "nose",
    "eye_g",
    "l_eye",
    "r_eye",
    "l_brow",
    "r_brow",
    "l_ear",
    "r_ear",
    "mouth",
    "u_lip",
    "l_lip",
    "hair",
    "hat",
    "ear_r",
    "neck_l",
    "neck",
    "cloth",
)
"""The regions in the order of the data set's own preparation for face parsing ("list2"); a region's number is
its place here, and its bit in region bits. ``l_eye``, ``l_brow`` and ``l_ear`` are the person's left, on the
right of the picture; ``l_lip`` is the *lower* lip and ``u_lip`` the upper one; ``eye_g`` are glasses,
``ear_r`` earrings, ``neck_l`` a necklace. Other orders are in use: map by name."""

_LABELS = {
    "eye_g": "glasses",
    "l_eye": "left eye",
    "r_eye": "right eye",
    "l_brow": "left brow",
    "r_brow": "right brow",
    "l_ear": "left ear",
    "r_ear": "right ear",
    "mouth": "mouth (inside)",
    "u_lip": "upper lip",
    "l_lip": "lower lip",
    "ear_r": "earring",
    "neck_l": "necklace",
    "cloth": "clothing",
}


def region_label(name: str) -> str:
    """Return a region's name in plain words; the name of a region that is none of the 19 as it is.

    Examples
    --------
    >>> region_label("u_lip"), region_label("wing")
    ('upper lip', 'wing')
    """
    return _LABELS.get(name, name)
