"""The size of the largest picture that is worked on, and the reduction of larger ones to it."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor

from cfwidgets.warn import warn_user

__all__ = ["LARGEST", "reduced", "warn_reduced", "within"]

LARGEST = 2048
"""The side of the largest picture that is worked on, in pixels; larger ones are reduced to it."""


def within(width: int, height: int, largest: int | None) -> tuple[int, int]:
    """Give width and height of a picture that is reduced until no side is longer than ``largest``."""
    if largest is None or max(width, height) <= largest:
        return width, height
    scale = largest / max(width, height)
    return max(1, round(width * scale)), max(1, round(height * scale))


def reduced(image: Tensor, largest: int | None) -> Tensor:
    """Reduce ``(3, H, W)`` until no side is longer than ``largest``."""
    height, width = image.shape[1:]
    columns, rows = within(width, height, largest)
    if (rows, columns) == (height, width):
        return image
    warn_reduced((width, height), (columns, rows))
    return F.interpolate(image[None], (rows, columns), mode="bilinear", antialias=True)[0].clamp(0, 1)


def warn_reduced(before: tuple[int, int], after: tuple[int, int]) -> None:
    """Warn that a picture was reduced; both sizes are width and height in pixels."""
    warn_user(
        f"a picture of {before[0]:,} x {before[1]:,} pixels was reduced to {after[0]:,} x {after[1]:,}: "
        f"{max(after):,} a side are the most that is worked on"
    )
