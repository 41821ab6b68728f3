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
        """Decode the thumbnails ``(n, side, side, 3)``; ``(n, side, side, 1)`` where all are grey."""
        with Image.open(io.BytesIO(self.picture)) as picture:
            whole = np.asarray(picture)
        whole = whole.reshape(-1, side, COLUMNS, side, whole.size // (len(whole) * COLUMNS * side))
        cut = whole.swapaxes(1, 2).reshape(-1, side, side, whole.shape[-1])
        return cut[: len(self.numbers)]


def shrunk(images: Tensor, side: int) -> Pixels:
    """Shrink pictures ``(n, 3, H, W)`` in [0, 1] to at most ``side`` pixels a side; never enlarge them.

    Returns
    -------
    numpy.ndarray
        ``(n, h, w, 3)`` uint8; ``(n, h, w, 1)`` where all are grey, which takes a third of the time.
    """
    if torch.equal(images[:, 0], images[:, 1]) and torch.equal(images[:, 0], images[:, 2]):
        images = images[:, :1]
    height, width = images.shape[2:]
    longest = max(height, width)
    if longest > side:
        size = [max(1, round(length * side / longest)) for length in (height, width)]
        images = torch.nn.functional.interpolate(images, size=size, mode="area")
    pixels: Pixels = as_bytes(images).permute(0, 2, 3, 1).contiguous().numpy()
    return pixels


def sheet_of(numbers: Sequence[int], thumbnails: Sequence[Pixels | None], side: int, quality: int) -> Sheet:
    """Put thumbnails ``(h, w, 3 or 1)`` of at most ``side`` pixels into a sheet; None for one unreadable."""
    rows = -(-len(numbers) // COLUMNS)
    channels = max((pixels.shape[2] for pixels in thumbnails if pixels is not None), default=1)
    cells = np.zeros((rows * COLUMNS, side, side, channels), np.uint8)
    sizes = np.zeros((len(numbers), 2), np.uint8)
    there = [place for place, pixels in enumerate(thumbnails) if pixels is not None]
    found = [pixels for pixels in thumbnails if pixels is not None]
    if len({pixels.shape for pixels in found}) == 1:  # at once, since there are many
        _fill(cells, sizes, np.array(there), np.stack(found))
    else:
        for place, pixels in zip(there, found, strict=True):
            _fill(cells, sizes, np.array([place]), pixels[None])
    whole = cells.reshape(rows, COLUMNS, side, side, channels).swapaxes(1, 2)
    flat = whole.reshape(rows * side, COLUMNS * side, channels)
    buffer = io.BytesIO()
    Image.fromarray(flat[..., 0] if channels == 1 else flat).save(buffer, "jpeg", quality=quality)
    return Sheet(np.array(numbers, np.uint32), sizes, buffer.getvalue())


def _fill(cells: Pixels, sizes: Pixels, places: npt.NDArray[np.int64], pixels: Pixels) -> None:
    """Put thumbnails ``(n, h, w, 3 or 1)`` into their cells ``(m, side, side, 3 or 1)``."""
    height, width = pixels.shape[1:3]
    sizes[places] = width, height
    cells[places, :height, :width] = pixels
    # The last row and column go on to the cell's end: JPEG would mix them with what is there.
    if width < cells.shape[2]:
        cells[places, :height, width:] = pixels[:, :, -1:]
    if height < cells.shape[1]:
        cells[places, height:] = cells[places, height - 1, None]
