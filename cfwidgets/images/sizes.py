"""Bring images and maps of labels to another size: scaled until they just cover it, the centre cropped."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

__all__ = ["cover", "fit", "fit_labels"]


def fit(images: Tensor, size: tuple[int, int] | None) -> Tensor:
    """Scale images until they just cover a size, and crop the centre.

    Bilinear and antialiased, rounded as torchvision does; differentiable.

    Parameters
    ----------
    images
        ``(N, C, H, W)`` in [0, 1].
    size
        Height and width; None leaves the images as they are.

    Returns
    -------
    Tensor
        ``(N, C, h, w)`` in [0, 1].

    Examples
    --------
    >>> fit(torch.rand(2, 3, 8, 12), (4, 4)).shape
    torch.Size([2, 3, 4, 4])
    """
    height, width = images.shape[-2:]
    if size is None or size == (height, width):
        return images
    inner, cut = cover((height, width), size)
    return F.interpolate(images, size=inner, mode="bilinear", antialias=True).clamp(0, 1)[..., *cut]


def fit_labels(labels: Tensor, size: tuple[int, int] | None) -> Tensor:
    """Scale and crop a map of whole numbers as `fit` does its image, by the nearest pixel.

    Parameters
    ----------
    labels
        ``(H, W)`` of any type: labels, or region bits.
    size
        As in `fit`.

    Returns
    -------
    Tensor
        ``(h, w)`` of the same type.

    Examples
    --------
    >>> fit_labels(torch.tensor([[1, 1, 2, 2], [1, 1, 2, 2]]), (1, 2))
    tensor([[1, 2]])
    """
    height, width = labels.shape
    if size is None or size == (height, width):
        return labels
    inner, (rows, columns) = cover((height, width), size)
    # Indices are resized instead of values: as floats the largest whole numbers would be rounded.
    down = ((2 * torch.arange(inner[0]) + 1) * height // (2 * inner[0]))[rows]
    across = ((2 * torch.arange(inner[1]) + 1) * width // (2 * inner[1]))[columns]
    return labels[down[:, None], across]


def cover(from_size: tuple[int, int], size: tuple[int, int]) -> tuple[tuple[int, int], tuple[slice, slice]]:
    """Compute how an image just covers a size: the size to scale it to, and the rows and columns to crop.

    Examples
    --------
    >>> cover((100, 300), (50, 50))
    ((50, 150), (slice(0, 50, None), slice(50, 100, None)))
    """
    (height, width), (rows, columns) = from_size, size
    if rows * width >= columns * height:
        inner = (rows, max(columns, width * rows // height))
    else:
        inner = (max(rows, height * columns // width), columns)
    top, left = round((inner[0] - rows) / 2), round((inner[1] - columns) / 2)
    return inner, (slice(top, top + rows), slice(left, left + columns))
