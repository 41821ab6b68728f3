"""Open picture files of others: of known formats only, and none that runs a program or fills the memory."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from PIL import Image

__all__ = ["MOST_PIXELS", "SUFFIXES", "opened"]

MOST_PIXELS = 128_000_000
"""Pixels of the largest picture that is read: a file of 20 kB may claim any number."""

SUFFIXES = (
    ".avif", ".bmp", ".gif", ".heic", ".heif", ".jfif", ".jp2", ".jpe", ".jpeg", ".jpg", ".pgm", ".png",
    ".pnm", ".ppm", ".tif", ".tiff", ".webp",
)  # fmt: skip
"""Suffixes of the files that folders of pictures are searched for."""

# Pillow goes by the content of a file and not by its name: "photo.png" may be an EPS, which Ghostscript runs.
_FORMATS = ("PNG", "JPEG", "MPO", "WEBP", "GIF", "BMP", "DIB", "TIFF", "PPM", "AVIF", "HEIF", "JPEG2000")


@contextmanager
def opened(path: str | Path) -> Iterator[Image.Image]:
    """Open a picture file with Pillow; its pixels are decoded when they are asked for.

    Parameters
    ----------
    path
        The file.

    Yields
    ------
    PIL.Image.Image
        Open within the context.

    Raises
    ------
    FileNotFoundError
        There is none.
    OSError
        Not a regular file (a pipe would be waited for), no picture, or one of another format.
    PIL.Image.DecompressionBombError
        More than `MOST_PIXELS`.
    """
    path = Path(path)
    if not stat.S_ISREG(path.stat().st_mode):
        raise OSError("it is not a regular file")
    Image.init()
    with Image.open(path, formats=[name for name in _FORMATS if name in Image.OPEN]) as picture:
        if picture.width * picture.height > MOST_PIXELS:
            raise Image.DecompressionBombError(
                f"it has {picture.width:,} x {picture.height:,} pixels; {MOST_PIXELS:,} in all are the most"
            )
        yield picture
