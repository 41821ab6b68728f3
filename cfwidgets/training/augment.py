"""Differentiable augmentation, to train a generator on few images without memorising them.

Zhao, Liu, Lin, Zhu and Han, "Differentiable Augmentation for Data-Efficient GAN Training" (NeurIPS 2020): the
discriminator sees real and generated images changed in the same ways, and the gradients pass through.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

__all__ = ["augmented"]


def augmented(
    images: Tensor, generator: torch.Generator, *, shift: float = 1 / 8, cutout: float = 1 / 2
) -> Tensor:
    """Shift each image by a random amount, and grey out a random square of it.

    Parameters
    ----------
    images
        ``(N, C, H, W)`` in [-1, 1].
    generator
        Source of randomness, on the CPU.
    shift
        The largest shift, as a fraction of the side. Pixels beyond the edge repeat it.
    cutout
        The side of the square as a fraction of the image's; it may cross the edge. 0 for none.

    Returns
    -------
    Tensor
        As ``images``, differentiable in them.

    Examples
    --------
    >>> augmented(torch.ones(2, 1, 8, 8), torch.Generator().manual_seed(0), cutout=0).unique()
    tensor([1.])
    """
    n, _, h, w = images.shape
    device = images.device
    rows, columns = torch.arange(h, device=device), torch.arange(w, device=device)
    numbers = torch.rand(4, n, 1, generator=generator).to(device)
    down = ((numbers[0] * 2 - 1) * (shift * h)).round().long()
    right = ((numbers[1] * 2 - 1) * (shift * w)).round().long()
    far = max(round(shift * h), round(shift * w))
    padded = F.pad(images, (far, far, far, far), mode="replicate") if far else images
    each = torch.arange(n, device=device)[:, None, None]
    moved = padded.permute(0, 2, 3, 1)[
        each, (rows + far + down)[:, :, None], (columns + far + right)[:, None]
    ]
    moved = moved.permute(0, 3, 1, 2)
    if not cutout:
        return moved
    top, left = numbers[2] * h - cutout * h / 2, numbers[3] * w - cutout * w / 2
    tall = (rows >= top) & (rows < top + cutout * h)
    wide = (columns >= left) & (columns < left + cutout * w)
    kept = ~(tall[:, :, None] & wide[:, None, :])
    return moved * kept[:, None]
