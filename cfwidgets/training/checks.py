"""Refuse images, labels and masks that nothing can be learned from, before anything is computed."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from cfwidgets.images import as_bytes

__all__ = ["labels_for", "masks_for", "square_images"]


def square_images(images: Any, stride: int = 1, name: str = "images") -> Tensor:
    """Return images ``(N, 3, H, H)`` in [0, 1], or uint8, as uint8.

    Parameters
    ----------
    images
        What a user gave.
    stride
        H is to be a multiple of it.
    name
        For the message.

    Raises
    ------
    ValueError
        They are something else. Of a list, the message names the first image that differs from the others.
    """
    if not isinstance(images, Tensor):
        raise ValueError(f"{name} must be one tensor (N, 3, H, H), not {_kind(images)}{_odd_one(images)}")  # noqa: TRY004 - as of all data
    if images.ndim != 4 or images.shape[1] != 3 or images.shape[2] != images.shape[3]:
        raise ValueError(f"{name} are (N, 3, H, H); got {tuple(images.shape)}")
    if images.shape[2] % stride or not images.shape[2]:
        raise ValueError(f"{name} have sides that are multiples of {stride}; got {images.shape[2]}")
    if not len(images):
        raise ValueError(f"{name} are none")
    if images.is_floating_point():
        low, high = images.aminmax()
        if not bool((low >= 0) & (high <= 1)):  # NaN is neither
            raise ValueError(f"{name} must be in [0, 1], or uint8; got {float(low):.3g} to {float(high):.3g}")
        return as_bytes(images)
    if images.dtype != torch.uint8:
        raise ValueError(f"{name} must be uint8, or floats in [0, 1]; got {images.dtype}")
    return images


def labels_for(count: int, labels: Any, name: str = "labels") -> Tensor:
    """Return labels ``(count,)`` int64, each 0 or 1.

    Raises
    ------
    ValueError
        They are something else.
    """
    if not isinstance(labels, Tensor):
        raise ValueError(f"{name} must be a tensor ({count},) int64, not {_kind(labels)}")  # noqa: TRY004 - as above
    if labels.shape != (count,) or labels.dtype != torch.int64:
        raise ValueError(
            f"{name} are ({count},) int64, one an image; got {tuple(labels.shape)} {labels.dtype}"
        )
    if not bool(((labels == 0) | (labels == 1)).all()):
        raise ValueError(
            f"{name} must be 0 and 1; got {labels.unique().tolist()} (against_the_rest makes one class "
            "against all others)"
        )
    return labels


def masks_for(images: Tensor, masks: Any, name: str = "masks") -> Tensor:
    """Return masks ``(N, H, W)`` bool of images ``(N, 3, H, W)``.

    Raises
    ------
    ValueError
        They are something else, such as of another size.
    """
    expected = (len(images), *images.shape[2:])
    if not isinstance(masks, Tensor):
        raise ValueError(f"{name} must be a tensor {expected} bool, not {_kind(masks)}")  # noqa: TRY004 - as above
    if masks.shape != expected or masks.dtype != torch.bool:
        raise ValueError(
            f"{name} are {expected} bool, of the size of the images; got {tuple(masks.shape)} {masks.dtype}"
        )
    return masks


def _kind(value: Any) -> str:
    return f"a {type(value).__name__}"


def _odd_one(images: Any) -> str:
    """Name the first image of a list that is of another shape or kind than the first."""
    if not isinstance(images, list | tuple) or not images:
        return ""
    shapes = [_shape(image) for image in images]
    for place, shape in enumerate(shapes):
        if shape != shapes[0]:
            return f"; they differ: image 0 is {shapes[0]}, image {place} is {shape}"
    return " (torch.stack makes one of tensors, cfwidgets.images.as_images of files and pictures)"


def _shape(image: Any) -> str:
    mode = getattr(image, "mode", None)
    if isinstance(mode, str):  # a PIL image
        return f"{' x '.join(map(str, image.size))} {mode}"
    return f"{tuple(image.shape)} {image.dtype}" if hasattr(image, "shape") else _kind(image)
