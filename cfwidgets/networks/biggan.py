"""BigGAN for small images: a class-conditional generator and its discriminator, 32 to 128 pixels.

After Brock, Donahue and Simonyan, "Large Scale GAN Training for High Fidelity Natural Image Synthesis" (ICLR
2019), in the plain (not "deep") form and without attention, with one change: the class comes as a vector of
weights and not as a number, so that one can interpolate between classes.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import TypeAlias

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm
from torch.nn.utils.parametrize import is_parametrized, remove_parametrizations

from cfwidgets.checks import choice, positive_int

__all__ = ["BigGAN", "BigGANDiscriminator"]

# Widths of the blocks in multiples of `channels`, by the side of the image: before the first, and after each.
_GENERATOR = {32: (4, 4, 4, 4), 64: (16, 16, 8, 4, 2), 128: (16, 16, 8, 4, 2, 1)}
# The same after each block of the discriminator, and the number of first blocks that halve the image.
_DISCRIMINATOR = {
    32: ((4, 4, 4, 4), 2),
    64: ((1, 2, 4, 8, 16), 4),
    128: ((1, 2, 4, 8, 16, 16), 5),
}
_START = 4  # pixels a side of the generator's first block
_EPSILON = 1e-4  # of the spectral norms and the batch normalisations

_Normed: TypeAlias = Callable[[nn.Conv2d | nn.Linear], nn.Module]


class BigGAN(nn.Module):
    """The generator. It follows the protocol of `cfwidgets.models.generator.Generator`.

    Parameters
    ----------
    size
        Side of the images: 32, 64 or 128.
    classes
        The number of classes.
    channels
        The unit of width; 64 to 96 in the paper, 8 to 16 for digits.
    latent_size
        Length of a latent vector. It is cut into equal parts, one for the start and one for each block; so a
        multiple of 4, 5 or 6 (for 32, 64 and 128 pixels).
    shared_size
        Length of the embedding of a class, which all blocks share.
    colours
        3, or 1 for grey, which `generate` repeats.
    spectral
        Bound each layer's spectral norm while it trains. `baked` gives the same generator without.

    Raises
    ------
    ValueError
        Settings out of their range.

    Examples
    --------
    >>> generator = BigGAN(size=32, classes=10, channels=8, latent_size=40)
    >>> z = generator.sample(2, seed=0)
    >>> generator.generate(z, torch.eye(10)[[4, 9]]).shape
    torch.Size([2, 3, 32, 32])
    """

    def __init__(
        self,
        size: int = 32,
        classes: int = 10,
        *,
        channels: int = 16,
        latent_size: int = 80,
        shared_size: int = 32,
        colours: int = 3,
        spectral: bool = False,
    ) -> None:
        choice("size", size, tuple(_GENERATOR))
        choice("colours", colours, (1, 3))
        for name, value in (("classes", classes), ("channels", channels), ("shared_size", shared_size)):
            positive_int(name, value)
        widths = [multiple * channels for multiple in _GENERATOR[size]]
        parts = len(widths)
        if latent_size < parts or latent_size % parts:
            raise ValueError(f"latent_size must be a multiple of {parts} for {size} px; got {latent_size}")
        super().__init__()
        self.size, self.classes, self.latent_size, self.colours = size, classes, latent_size, colours
        self._parts = parts
        normed = _spectral if spectral else _orthogonal
        condition = shared_size + latent_size // parts
        self.embedding = _orthogonal(nn.Linear(classes, shared_size, bias=False))
        self.start = normed(nn.Linear(latent_size // parts, widths[0] * _START**2))
        self.blocks = nn.ModuleList(
            _Up(before, after, condition, normed) for before, after in pairwise(widths)
        )
        self.norm = nn.BatchNorm2d(widths[-1], eps=_EPSILON)
        self.paint = normed(nn.Conv2d(widths[-1], colours, 3, padding=1))

    def __repr__(self) -> str:
        return f"<BigGAN of {self.size} x {self.size}, {self.classes} classes>"

    def forward(self, z: Tensor, c: Tensor) -> Tensor:
        """Generate ``(N, colours, size, size)`` in [-1, 1] from latent vectors and weights of the classes."""
        first, *rest = z.chunk(self._parts, dim=1)
        shared = self.embedding(c)
        x = self.start(first).unflatten(1, (-1, _START, _START))
        for block, part in zip(self.blocks, rest, strict=True):
            x = block(x, torch.cat([shared, part], dim=1))
        return torch.tanh(self.paint(F.relu(self.norm(x))))

    def generate(self, z: Tensor, c: Tensor) -> Tensor:
        """Generate images ``(N, 3, size, size)`` in [0, 1] from latent vectors and weights of the classes.

        Parameters
        ----------
        z
            ``(N, latent_size)``.
        c
            ``(N, classes)``: weights of the classes, at least 0, that sum to 1.
        """
        images = (self(z, c) + 1) / 2
        return images.expand(-1, 3, -1, -1)

    def sample(self, n: int, seed: int = 0) -> Tensor:
        """Draw latent vectors ``(n, latent_size)`` as in training: normal, on the CPU."""
        return torch.randn(n, self.latent_size, generator=torch.Generator().manual_seed(seed))

    def baked(self) -> BigGAN:
        """Fold the spectral norms into the weights, in place, for cheaper passes with the same result."""
        for module in self.modules():
            if is_parametrized(module, "weight"):
                remove_parametrizations(module, "weight")
        return self


class BigGANDiscriminator(nn.Module):
    """The discriminator with projection (Miyato and Koyama 2018), always with spectral norms.

    Parameters
    ----------
    size, classes, channels, colours
        As in `BigGAN`.

    Raises
    ------
    ValueError
        Settings out of their range.

    Examples
    --------
    >>> judge = BigGANDiscriminator(size=32, classes=10, channels=8)
    >>> judge(torch.zeros(2, 3, 32, 32), torch.eye(10)[[4, 9]]).shape
    torch.Size([2])
    """

    def __init__(self, size: int = 32, classes: int = 10, *, channels: int = 16, colours: int = 3) -> None:
        choice("size", size, tuple(_DISCRIMINATOR))
        choice("colours", colours, (1, 3))
        positive_int("classes", classes)
        positive_int("channels", channels)
        super().__init__()
        multiples, halved = _DISCRIMINATOR[size]
        widths = [colours, *(multiple * channels for multiple in multiples)]
        self.blocks = nn.ModuleList(
            _Down(before, after, first=place == 0, halve=place < halved)
            for place, (before, after) in enumerate(pairwise(widths))
        )
        self.judge = _spectral(nn.Linear(widths[-1], 1))
        self.embedding = _spectral(nn.Linear(classes, widths[-1], bias=False))

    def forward(self, images: Tensor, c: Tensor) -> Tensor:
        """Rate how real images look as members of their class: ``(N,)``, positive for real.

        Parameters
        ----------
        images
            ``(N, colours, size, size)`` in [-1, 1].
        c
            ``(N, classes)``: weights of the classes.
        """
        x = images
        for block in self.blocks:
            x = block(x)
        features = F.relu(x).sum(dim=(2, 3))
        return self.judge(features)[:, 0] + (self.embedding(c) * features).sum(dim=1)


class _ConditionalNorm(nn.Module):
    """Batch normalisation whose scale and shift are linear in the class and a part of the latent vector."""

    def __init__(self, channels: int, condition: int, normed: _Normed) -> None:
        super().__init__()
        self.norm = nn.BatchNorm2d(channels, eps=_EPSILON, affine=False)
        self.gain = normed(nn.Linear(condition, channels, bias=False))
        self.bias = normed(nn.Linear(condition, channels, bias=False))

    def forward(self, x: Tensor, condition: Tensor) -> Tensor:
        gain, bias = self.gain(condition)[..., None, None], self.bias(condition)[..., None, None]
        return self.norm(x) * (1 + gain) + bias


class _Up(nn.Module):
    """A residual block that doubles the image."""

    def __init__(self, before: int, after: int, condition: int, normed: _Normed) -> None:
        super().__init__()
        self.norm1 = _ConditionalNorm(before, condition, normed)
        self.conv1 = normed(nn.Conv2d(before, after, 3, padding=1))
        self.norm2 = _ConditionalNorm(after, condition, normed)
        self.conv2 = normed(nn.Conv2d(after, after, 3, padding=1))
        self.skip = normed(nn.Conv2d(before, after, 1))

    def forward(self, x: Tensor, condition: Tensor) -> Tensor:
        h = self.conv1(_doubled(F.relu(self.norm1(x, condition))))
        h = self.conv2(F.relu(self.norm2(h, condition)))
        # A convolution of 1 x 1 and doubling commute; doubled last, it costs a quarter.
        return h + _doubled(self.skip(x))


class _Down(nn.Module):
    """A residual block that may halve the image."""

    def __init__(self, before: int, after: int, *, first: bool, halve: bool) -> None:
        super().__init__()
        self._first, self._halve = first, halve
        self.conv1 = _spectral(nn.Conv2d(before, after, 3, padding=1))
        self.conv2 = _spectral(nn.Conv2d(after, after, 3, padding=1))
        self.skip = _spectral(nn.Conv2d(before, after, 1)) if before != after or halve else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        # Without its first ReLU the first block sees the image itself, which has negative values.
        h = self.conv2(F.relu(self.conv1(x if self._first else F.relu(x))))
        if self._halve:
            # Averaging and a convolution of 1 x 1 commute as well.
            return F.avg_pool2d(h, 2) + self.skip(F.avg_pool2d(x, 2))
        return h + self.skip(x)


def _doubled(x: Tensor) -> Tensor:
    return F.interpolate(x, scale_factor=2, mode="nearest")


def _orthogonal(layer: nn.Conv2d | nn.Linear) -> nn.Module:
    nn.init.orthogonal_(layer.weight)
    return layer


def _spectral(layer: nn.Conv2d | nn.Linear) -> nn.Module:
    return spectral_norm(_orthogonal(layer), eps=_EPSILON)
