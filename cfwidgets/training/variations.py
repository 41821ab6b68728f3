"""Images as another photograph of the same thing would be: turned, mirrored, lit otherwise, softened."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

__all__ = ["varied"]


def varied(images: Tensor, *, turned: bool | None, light: float, tint: float, blur: float) -> Tensor:
    """Vary each image by amounts of its own, on the device where they are.

    The numbers come from that device's random numbers: seed them around it.

    Parameters
    ----------
    images
        ``(N, C, H, H)`` in [0, 1].
    turned
        True: in all eight ways that a square is turned and mirrored. False: mirrored left to right. None:
        neither.
    light
        The most that brightness is moved, and contrast stretched, as a share of the range.
    tint
        The most that one channel is stretched against the others.
    blur
        The most of a mean over 3 x 3 pixels that takes the place of the image.

    Returns
    -------
    Tensor
        As ``images``, in [0, 1].

    Examples
    --------
    >>> image = torch.rand(1, 3, 8, 8)
    >>> other = varied(image, turned=True, light=0, tint=0, blur=0)
    >>> torch.allclose(other.sum((2, 3)), image.sum((2, 3)))
    True
    """
    n = len(images)
    numbers = torch.rand(6, n, 1, 1, 1, device=images.device)
    if turned is not None:
        images = torch.where(numbers[0] < 0.5, images.flip(3), images)
    if turned:
        images = torch.where(numbers[1] < 0.5, images.flip(2), images)
        images = torch.where(numbers[2] < 0.5, images.transpose(2, 3), images)
    if blur:
        soft = F.avg_pool2d(F.pad(images, (1, 1, 1, 1), mode="replicate"), 3, stride=1)
        images = images.lerp(soft, numbers[3] * blur)
    if tint:
        channels = torch.rand(n, images.shape[1], 1, 1, device=images.device)
        images = images * (1 + (2 * channels - 1) * tint)
    if light:
        mean = images.mean((1, 2, 3), keepdim=True)
        stretched = (images - mean) * (1 + (2 * numbers[4] - 1) * light)
        images = stretched + mean + (2 * numbers[5] - 1) * light
    return images.clamp(0, 1)
