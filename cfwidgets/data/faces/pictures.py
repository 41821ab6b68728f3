"""Read a picture in the size asked for."""

from __future__ import annotations

from pathlib import Path

from PIL import Image, ImageOps
from torch import Tensor

from cfwidgets.images import as_image, cover, fit, to_uint8
from cfwidgets.images.files import opened

__all__ = ["read_picture"]


def read_picture(path: Path, size: tuple[int, int] | None) -> Tensor:
    """Read a picture and fit it into a size.

    Parameters
    ----------
    path
        The file.
    size
        Height and width: the picture is scaled until it just covers it (by PIL, bilinear, in whole levels, as
        torchvision does with files), and the centre cut out. None leaves it as it is.

    Returns
    -------
    Tensor
        ``(3, h, w)`` float32 in [0, 1].

    Raises
    ------
    ImageError
        The file is missing or not an image.

    Notes
    -----
    All of a JPEG is decoded. At half its size it would take half the time, and differ by a third of a level;
    but what compares pixels with a threshold, as FaceX does in reference mode, can tell (by 0.1 in a region).
    """
    if size is None:
        return as_image(path, largest=None)
    try:
        with opened(path) as stored:
            picture = ImageOps.exif_transpose(stored)
            whole = picture if picture.mode == "RGB" else Image.fromarray(to_uint8(picture))
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return fit(as_image(path, largest=None)[None], size)[
            0
        ].contiguous()  # says what is wrong, and names the file
    (height, width), (rows, columns) = cover((whole.height, whole.width), size)
    scaled = whole.resize((width, height), Image.Resampling.BILINEAR)
    return as_image(scaled.crop((columns.start, rows.start, columns.stop, rows.stop)))
