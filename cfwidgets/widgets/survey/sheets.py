"""Sheets of thumbnails: many small pictures in one, which is encoded once and sent as it is."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image

from cfwidgets.images import as_bytes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor

__all__ = ["COLUMNS", "FULL", "Sheet", "sheet_of", "shrunk"]

COLUMNS = 16
FULL = 256
"""Thumbnails of a sheet, at most."""

Pixels = npt.NDArray[np.uint8]


class Sheet(NamedTuple):
    """Thumbnails in rows of `COLUMNS`, each in the upper left of a square cell.

    Attributes
    ----------
    numbers
        ``(n,)`` uint32: the pictures' places in the data set.
    sizes
        ``(n, 2)`` uint8: width and height of each in pixels; 0 for one that cannot be read.
    picture
        The whole as a JPEG file.
    """

    numbers: npt.NDArray[np.uint32]
    sizes: Pixels
    picture: bytes

    def blobs(self) -> list[bytes]:
        """Return what the browser reads: little-endian numbers, sizes, and the file."""
        return [self.numbers.astype("<u4").tobytes(), self.sizes.tobytes(), self.picture]

    def cells(self, side: int) -> Pixels:
        """Decode the thumbnails ``(n, side, side, 3)``."""
        with Image.open(io.BytesIO(self.picture)) as picture:
            whole = np.asarray(picture.convert("RGB"))
        rows = len(whole) // side
        cut = whole.reshape(rows, side, COLUMNS, side, 3).swapaxes(1, 2).reshape(-1, side, side, 3)
        return cut[: len(self.numbers)]


def shrunk(images: Tensor, side: int) -> Pixels:
    """Shrink pictures ``(n, 3, H, W)`` in [0, 1] to at most ``side`` pixels a side; never enlarge them."""
    height, width = images.shape[2:]
    longest = max(height, width)
    if longest > side:
        size = [max(1, round(length * side / longest)) for length in (height, width)]
        images = torch.nn.functional.interpolate(images, size=size, mode="area")
    pixels: Pixels = as_bytes(images.clamp(0, 1)).permute(0, 2, 3, 1).contiguous().numpy()
    return pixels


def sheet_of(numbers: Sequence[int], thumbnails: Sequence[Pixels | None], side: int, quality: int) -> Sheet:
    """Put thumbnails ``(h, w, 3)`` of at most ``side`` pixels into a sheet; None for what cannot be read."""
    rows = -(-len(numbers) // COLUMNS)
    whole = np.zeros((rows, side, COLUMNS, side, 3), np.uint8)
    sizes = np.zeros((len(numbers), 2), np.uint8)
    for place, pixels in enumerate(thumbnails):
        if pixels is not None:
            height, width = pixels.shape[:2]
            cell = whole[place // COLUMNS, :, place % COLUMNS]
            cell[:height, :width] = pixels
            # The last row and column go on to the cell's end: JPEG would mix them with what is there.
            cell[:height, width:] = pixels[:, -1:]
            cell[height:] = cell[height - 1]
            sizes[place] = width, height
    flat = whole.reshape(rows * side, COLUMNS * side, 3)
    if (flat[..., :1] == flat[..., 1:]).all():
        flat = flat[..., 0]  # grey ones take a third of the time and of the room
    buffer = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(flat)).save(buffer, "jpeg", quality=quality)
    return Sheet(np.array(numbers, np.uint32), sizes, buffer.getvalue())
