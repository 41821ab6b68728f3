"""The 19 regions of CelebAMask-HQ, and label words: one bit a region, one word a pixel."""

from __future__ import annotations

import torch
from torch import Tensor

__all__ = ["REGIONS", "unpack", "word"]

REGIONS = (
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
"""The regions in the order of the data set's own preprocessing. ``l_eye``, ``l_brow`` and ``l_ear`` are the
person's left, on the right of the picture; ``l_lip`` is the lower lip; ``eye_g`` are glasses, ``ear_r``
earrings, ``neck_l`` a necklace."""


def word(*regions: str) -> int:
    """The word of a pixel that belongs to these regions.

    >>> word("background"), word("skin", "nose")
    (1, 6)
    """
    return sum(1 << REGIONS.index(region) for region in regions)


def unpack(words: Tensor) -> Tensor:
    """Label words ``(..., h, w)`` as one mask a region.

    Returns
    -------
    Tensor
        ``(..., 19, h, w)`` bool, in the order of ``REGIONS``.

    Examples
    --------
    >>> unpack(torch.tensor([[1, 6]], dtype=torch.int32))[:3, 0].tolist()
    [[True, False], [False, True], [False, True]]
    """
    bits = torch.arange(len(REGIONS), device=words.device)
    return (words.unsqueeze(-3) >> bits[:, None, None]) & 1 == 1
