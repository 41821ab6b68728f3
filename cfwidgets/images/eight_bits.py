"""Pictures as 8-bit numbers, the form that other libraries read."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from cfwidgets.images.reading import ImageLike, as_image

__all__ = ["as_bytes", "to_uint8"]


def as_bytes(images: Tensor) -> Tensor:
    """Round images in [0, 1] to uint8."""
    return (images * 255).round().to(torch.uint8)


def to_uint8(image: ImageLike) -> npt.NDArray[np.uint8]:
    """Turn a picture into 8-bit RGB, the form that PIL, matplotlib and scikit-image read.

    Parameters
    ----------
    image
        Anything that `as_image` reads.

    Returns
    -------
    numpy.ndarray
        ``(H, W, 3)`` uint8, 0 to 255, rounded to the nearest. 8-bit RGB comes back exactly.

    Raises
    ------
    ImageError
        As `as_image`.

    Examples
    --------
    >>> to_uint8(torch.full((3, 2, 2), 0.2))[0, 0].tolist()
    [51, 51, 51]
    """
    return as_bytes(as_image(image, largest=None)).permute(1, 2, 0).contiguous().cpu().numpy()
