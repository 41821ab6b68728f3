"""Vectors replaced by the nearest of a codebook (van den Oord, Vinyals and Kavukcuoglu 2017)."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from cfwidgets.checks import positive_int

__all__ = ["VectorQuantiser"]

_COMMITMENT = 0.25  # the published weight


class VectorQuantiser(nn.Module):
    """Replace each vector by the nearest code, and tell how far they are from each other.

    The gradient passes straight through. The codes are learned by the loss, not as running means, so that a
    mean of weights over updates is a mean of codes too.

    Parameters
    ----------
    codes
        Size of the codebook.
    channels
        Length of the vectors; at first each code is normally distributed, as normalised vectors are.

    Examples
    --------
    >>> found, loss = VectorQuantiser(8, 3)(torch.rand(2, 4, 4, 3))
    >>> found.shape, loss.shape
    (torch.Size([2, 4, 4, 3]), torch.Size([]))
    """

    def __init__(self, codes: int, channels: int) -> None:
        super().__init__()
        positive_int("codes", codes, minimum=2)
        positive_int("channels", channels)
        self.codes = nn.Parameter(torch.randn(codes, channels))

    def forward(self, vectors: Tensor) -> tuple[Tensor, Tensor]:
        """Give codes, and the loss that pulls codes to vectors and, a quarter as much, vectors to codes.

        Parameters
        ----------
        vectors
            ``(…, channels)``.

        Returns
        -------
        tuple of two Tensors
            ``(…, channels)``, and a number of at least 0: the mean squared differences.
        """
        with torch.autocast(vectors.device.type, enabled=False):
            vectors = vectors.float()
            flat = vectors.detach().flatten(0, -2)
            # |v - c|² less |v|², which is the same for all codes
            far = torch.addmm(self.codes.square().sum(1), flat, self.codes.T, alpha=-2)
            nearest = F.embedding(far.argmin(1), self.codes).view_as(vectors)
            loss = F.mse_loss(nearest, vectors.detach())
            loss = loss + _COMMITMENT * F.mse_loss(vectors, nearest.detach())
            return vectors + (nearest - vectors).detach(), loss
