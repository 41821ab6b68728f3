"""Read pictures of any kind, one or several, into the image convention."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image
from torch import Tensor

from cfwidgets.images.errors import ImageError, kind_of
from cfwidgets.images.limit import LARGEST, reduced
from cfwidgets.images.pillow import read_file, read_pil, refuse_place
from cfwidgets.images.pixels import from_array, from_tensor

__all__ = ["ImageLike", "as_image", "as_images"]

ImageLike: TypeAlias = str | os.PathLike[str] | Image.Image | npt.NDArray[Any] | Tensor
"""Anything that `as_image` reads."""

_ACCEPTED = "a path, a PIL image, a numpy array or a tensor"


def as_image(value: ImageLike, *, largest: int | None = LARGEST) -> Tensor:
    """Read one picture into the image convention.

    Parameters
    ----------
    value
        A path to an image file, a PIL image, a numpy array or a tensor. Files and PIL images are turned as
        their EXIF orientation says. Arrays and tensors hold uint8 (0 to 255) or floats in [0, 1] (rounding
        noise up to 1e-4 outside is clamped) and are grey ``(H, W)`` or have 1, 3 or 4 channels (grey, RGB,
        RGBA). An array is read as ``(H, W, C)`` where its last axis has 1, 3 or 4 entries, else as ``(C, H,
        W)``; a tensor the other way round. Transparent pixels are laid on white.
    largest
        A picture with a longer side is reduced to it, with a warning: no classifier sees so much, and a
        photograph of 24 megapixels takes 300 MB as floats. None for pictures of any size.

    Returns
    -------
    Tensor
        ``(3, H, W)`` float32 in [0, 1], contiguous, without a gradient, on the device of a tensor given and
        on the CPU otherwise. It shares no memory with `value`, which is never modified.

    Raises
    ------
    ImageError
        NaN or infinite values, values outside [0, 1], another number of channels, a side under two pixels,
        another type than uint8 and floats, PIL modes of 16 or 32 bits, a file that is missing or not an
        image, a batch.

    Examples
    --------
    >>> grey = np.array([[0, 255], [51, 102]], dtype=np.uint8)
    >>> as_image(grey).shape
    torch.Size([3, 2, 2])
    >>> as_image(grey)[0, 1].tolist()
    [0.20000000298023224, 0.4000000059604645]
    """
    if isinstance(value, str | os.PathLike):
        return from_array(read_file(value, largest), batch=False)
    if isinstance(value, Image.Image):
        return from_array(read_pil(value, largest), batch=False)
    if isinstance(value, np.ndarray):
        return reduced(from_array(value, batch=False), largest)
    if isinstance(value, Tensor):
        return reduced(from_tensor(value, batch=False), largest).clone(memory_format=torch.contiguous_format)
    raise ImageError(f"an image is {_ACCEPTED}; got {kind_of(value)}")


def as_images(values: Tensor | npt.NDArray[Any] | Sequence[ImageLike]) -> Tensor:
    """Read several pictures of one size into one batch.

    Parameters
    ----------
    values
        A batch ``(N, C, H, W)`` or ``(N, H, W, C)`` as a tensor or an array (layout, types, channels and
        range as in `as_image`), or a sequence of anything that `as_image` reads, all of one height and width.

    Returns
    -------
    Tensor
        ``(N, 3, H, W)`` float32 in [0, 1], N at least 1, without a gradient, on the device of the tensors
        given. Float32 RGB tensors within [0, 1] are not copied (batches pass here by the thousand), so do not
        write into the result; everything else is a copy. `values` is never modified.

    Raises
    ------
    ImageError
        As `as_image`, naming the picture of a sequence; also no pictures at all, one picture where a batch is
        expected, pictures of different sizes or on different devices.

    Examples
    --------
    >>> as_images([np.zeros((4, 6, 3)), torch.ones(3, 4, 6)]).shape
    torch.Size([2, 3, 4, 6])
    """
    if isinstance(values, Tensor):
        return from_tensor(values, batch=True)
    if isinstance(values, np.ndarray):
        return from_array(values, batch=True)
    refuse_place(values)
    if isinstance(values, str | os.PathLike | Image.Image):
        raise ImageError(f"several images are expected; got {kind_of(values)}: pass a list, e.g. [image]")
    if not isinstance(values, Sequence):
        raise ImageError(
            f"images are a batch (tensor or array) or a sequence of images; got {kind_of(values)}"
        )
    if not values:
        raise ImageError("images must hold at least one image; got an empty sequence")
    images: list[Tensor] = []
    for index, value in enumerate(values):
        try:
            images.append(as_image(value, largest=None))
        except ImageError as error:
            raise ImageError(f"image {index}: {error}") from error
    _check_alike(images)
    return torch.stack(images)


def _check_alike(images: list[Tensor]) -> None:
    """Refuse images that cannot be stacked."""
    first = images[0]
    for index, image in enumerate(images):
        if image.shape != first.shape:
            raise ImageError(
                f"images must be of one size; image 0 is {_size(first)} and image {index} is {_size(image)} "
                "(height x width)"
            )
        if image.device != first.device:
            raise ImageError(
                f"images must be on one device; image 0 is on {first.device}, image {index} on {image.device}"
            )


def _size(image: Tensor) -> str:
    return f"{image.shape[-2]} x {image.shape[-1]}"
