"""Read a picture in the size asked for, without decoding more of it than that takes."""

from __future__ import annotations

from pathlib import Path

from PIL import Image
from torch import Tensor

from cfwidgets.images import as_image, fit

__all__ = ["read_picture"]


def read_picture(path: Path, size: tuple[int, int] | None) -> Tensor:
    """Read a picture and fit it into a size.

    Parameters
    ----------
    path
        The file. A JPEG of at least twice the size is decoded at a half, quarter or eighth of its own, which
        takes a fraction of the time and differs from scaling all of it by less than what JPEG itself loses.
    size
        Height and width: the picture is scaled until it just covers it, and the centre cut out. None leaves
        it as it is.

    Returns
    -------
    Tensor
        ``(3, h, w)`` float32 in [0, 1].

    Raises
    ------
    ImageError
        The file is missing or not an image.
    """
    if size is None:
        return as_image(path)
    try:
        with Image.open(path) as picture:
            # The larger side for both: its EXIF orientation may turn the picture.
            picture.draft(None, (max(size), max(size)))
            image = as_image(picture)
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        image = as_image(path)  # says what is wrong, and names the file
    return fit(image[None], size)[0].contiguous()
