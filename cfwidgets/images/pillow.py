"""Read picture files and PIL images as arrays of 8-bit pixels: upright, and no larger than is worked on."""

from __future__ import annotations

import os
import struct
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageOps

from cfwidgets.images.errors import ImageError
from cfwidgets.images.files import opened
from cfwidgets.images.limit import warn_reduced, within
from cfwidgets.text import is_address

__all__ = ["read_file", "read_pil", "refuse_place"]

_PIL_MODES = frozenset({"1", "L", "LA", "P", "PA", "RGB", "RGBA", "RGBX", "RGBa", "CMYK", "YCbCr", "HSV"})
_DEEP_HINT = ": turn it into floats from 0 to 1, e.g. np.asarray(image) / 65535 for 16 bits"
_PIL_FAILURES = (
    *(OSError, ValueError, SyntaxError, EOFError, struct.error, Image.DecompressionBombError),
    TypeError,  # of a transparency of another form than its mode has
)


def read_file(given: str | os.PathLike[str], largest: int | None) -> npt.NDArray[np.uint8]:
    """Read a picture file as `read_pil` reads a picture.

    Raises
    ------
    ImageError
        It names the file: there is none, it is an address or a folder, or cannot be read as an image.
    """
    name = f"{str(given)!r:.200}"
    refuse_place(given)
    try:
        with opened(Path(given)) as picture:
            # A JPEG is decoded at a half to an eighth of its size where that is still enough.
            whole = picture.size
            size = within(*whole, largest)
            if size != whole:
                picture.draft(None, size)
            return read_pil(picture, largest, whole)
    except FileNotFoundError as error:
        raise ImageError(f"there is no file {name}") from error
    except ImageError as error:
        raise ImageError(f"{name}: {error}") from error
    except _PIL_FAILURES as error:
        raise ImageError(f"{name} cannot be read as an image: {error}") from error


def read_pil(
    picture: Image.Image, largest: int | None, whole: tuple[int, int] | None = None
) -> npt.NDArray[np.uint8]:
    """Turn a PIL image into 8-bit colours, upright as its EXIF orientation says.

    Parameters
    ----------
    picture
        Of 8 bits a channel.
    largest
        A picture with a longer side is reduced to it, in pixels, with a warning; None for any size.
    whole
        Width and height to name in that warning, where the file was decoded at a smaller size.

    Returns
    -------
    numpy.ndarray
        ``(H, W, 3)`` uint8; ``(H, W, 4)`` where pixels are transparent.

    Raises
    ------
    ImageError
        An EPS, another mode, an empty picture, or one whose pixels cannot be decoded.
    """
    if picture.format == "EPS":  # Ghostscript would run it
        raise ImageError("an EPS is a program, and is not run: convert it to PNG")
    if picture.mode not in _PIL_MODES:
        raise ImageError(
            f"a PIL image has 8 bits a channel ({', '.join(sorted(_PIL_MODES))}); got mode {picture.mode!r}"
            + (_DEEP_HINT if picture.mode[0] in "IF" else "")
        )
    if 0 in picture.size:
        raise ImageError(f"the image is empty: {picture.height} x {picture.width} pixels")
    try:
        upright = ImageOps.exif_transpose(picture)
        colours = upright.convert("RGBA" if upright.has_transparency_data else "RGB")
        size = within(colours.width, colours.height, largest)
        if size != colours.size:
            warn_reduced(whole or picture.size, size)
            colours = colours.resize(size, Image.Resampling.BILINEAR, reducing_gap=3.0)
        return np.asarray(colours)
    except _PIL_FAILURES as error:
        raise ImageError(f"the PIL image cannot be read: {error}") from error


def refuse_place(given: object) -> None:
    """Refuse the address of a picture, and a folder of pictures."""
    if is_address(given):
        raise ImageError(f"{given!r:.200} is an address: download the picture, and give its path")
    if isinstance(given, str | os.PathLike) and os.path.isdir(given):  # noqa: PTH112 - for any text
        raise ImageError(
            f"{str(given)!r:.200} is a folder: give a picture of it, such as next(Path(…).glob('*.jpg')); "
            "cfwidgets.data.ImageFolders(…) reads a folder of each class"
        )
