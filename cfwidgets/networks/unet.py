"""A U-Net that translates an image into its twin of the other class, and says which class it is given."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from cfwidgets.brief import brief
from cfwidgets.checks import choice, positive_int, share

__all__ = ["ClassBranch", "Noise", "Translation", "UNet", "WeightedPool", "residual_twin", "small_change"]

_SLOPE = 0.1
_GRID = 8  # side of the grid that noise is projected to
_POOLED = 16  # features that the class branch takes from each block
_FORGOTTEN = 0.1  # share of the class branch's units that are dropped in training


class Translation(NamedTuple):
    """Twins of images, and their classes.

    Attributes
    ----------
    twins
        ``(N, 3, H, W)`` in [0, 1].
    logits
        ``(N, K)``: of the class branch, for the images that were given.
    """

    twins: Tensor
    logits: Tensor

    def __repr__(self) -> str:
        return brief(self)


class UNet(nn.Module):
    """Translate images of one class into the other: two convolutions a level, down and up, with shortcuts.

    Ronneberger, Fischer and Brox 2015, with dropout in the decoder as Isola et al. 2017 have it, Gaussian
    noise at every block of the decoder, and a class branch. The twin is the image and a change between -1 and
    1, clipped; at first the change is near nothing. The default is of the paper's size: 31.0 million weights
    without noise and branch, and 36.9 billion multiplications an image of 224 x 224.

    Parameters
    ----------
    width
        Channels of the first level; each deeper one has twice as many, ``widest`` at most.
    full_width
        Channels at full resolution in place of ``width``: they are what most of the time goes to.
    levels
        How often the resolution is halved. Images have sides that are multiples of ``stride``.
    widest
        See ``width``.
    classes
        That the branch tells apart.
    noise, noise_channels
        Length of the noise vector, and the channels that each block of the decoder makes of it.
    dropout
        Share of the units that the three deepest blocks of the decoder drop in training.
    up
        ``"transposed"`` convolutions as in the paper's size, or ``"nearest"`` neighbours after a convolution
        of 1 x 1: a quarter of the weights, and no pattern of 2 x 2.

    Examples
    --------
    >>> net = UNet(width=8, full_width=4, levels=2, noise=4, up="nearest")
    >>> twins, logits = net(torch.rand(2, 3, 32, 32))
    >>> twins.shape, logits.shape
    (torch.Size([2, 3, 32, 32]), torch.Size([2, 2]))
    """

    def __init__(
        self,
        width: int = 64,
        full_width: int | None = None,
        levels: int = 4,
        widest: int = 1024,
        classes: int = 2,
        noise: int = 64,
        noise_channels: int = 4,
        dropout: float = 0.5,
        up: str = "transposed",
    ) -> None:
        super().__init__()
        for name, value in (
            ("width", width),
            ("full_width", width if full_width is None else full_width),
            ("levels", levels),
            ("widest", widest),
            ("noise", noise),
            ("noise_channels", noise_channels),
        ):
            positive_int(name, value)
        positive_int("classes", classes, minimum=2)
        share("dropout", dropout)
        choice("up", up, ("transposed", "nearest"))
        self.noise, self.stride = noise, 1 << levels
        widths = [full_width or width, *(min(width << level, widest) for level in range(1, levels + 1))]
        self.down = nn.ModuleList(
            _block(before, after, norm=level > 0)
            for level, (before, after) in enumerate(zip([3, *widths], widths, strict=False))
        )
        self.up = nn.ModuleList()
        self.noises = nn.ModuleList()
        self.joined = nn.ModuleList()
        for level in reversed(range(levels)):
            deep, here = widths[level + 1], widths[level]
            self.up.append(
                nn.ConvTranspose2d(deep, here, 2, 2)
                if up == "transposed"
                else nn.Sequential(nn.Conv2d(deep, here, 1), nn.Upsample(scale_factor=2))
            )
            self.noises.append(Noise(here, noise, noise_channels))
            block = _block(2 * here, here, norm=level > 0)
            if level >= levels - 3 and dropout:
                block.append(nn.Dropout(dropout))
            self.joined.append(block)
        self.last = small_change(widths[0])
        self.branch = ClassBranch(list(reversed(widths[:-1])), classes)

    def forward(self, images: Tensor, noise: Tensor | None = None) -> Translation:
        """Translate images.

        Parameters
        ----------
        images
            ``(N, 3, H, W)`` in [0, 1].
        noise
            ``(N, noise)``, standard normal; None: zeros, for the one twin that is the same each time.
        """
        x, ups = self.decoded(images, noise)
        return Translation(residual_twin(images, self.last(x)), self.branch(ups))

    def told(self, images: Tensor) -> Tensor:
        """The class branch's logits alone."""
        logits: Tensor = self.branch(self.decoded(images)[1])
        return logits

    def decoded(self, images: Tensor, noise: Tensor | None = None) -> tuple[Tensor, list[Tensor]]:
        """Give what the last block makes, at full resolution, and what each block of the decoder does."""
        x, kept = images * 2 - 1, []
        for level, block in enumerate(self.down):
            x = block(F.max_pool2d(x, 2) if level else x)
            kept.append(x)
        kept.pop()
        ups = []
        for up, noised, joined in zip(self.up, self.noises, self.joined, strict=True):
            x = joined(torch.cat([kept.pop(), noised(up(x), noise)], dim=1))
            ups.append(x)
        return x, ups


class Noise(nn.Module):
    """Join noise to feature maps and project both back (the paper's equation 7).

    The projection is one convolution of 1 x 1 for all places, where the paper's matrix has weights of its own
    for each; the noise is laid out on a grid of 8 x 8 that is scaled up.

    Parameters
    ----------
    channels
        Of the feature maps.
    size
        Length of the noise vector.
    extra
        Channels that are made of it.
    """

    def __init__(self, channels: int, size: int, extra: int) -> None:
        super().__init__()
        self.extra = extra
        self.lay = nn.Linear(size, extra * _GRID * _GRID, bias=False)
        self.project = nn.Conv2d(channels + extra, channels, 1)
        with torch.no_grad():  # first, the maps as they are
            nn.init.dirac_(self.project.weight)
            self.project.weight[:, channels:] = 0.1 * torch.randn(channels, extra, 1, 1)
            self.project.bias.zero_()  # type: ignore[union-attr]

    def forward(self, maps: Tensor, noise: Tensor | None) -> Tensor:
        """Give maps of the same shape; without noise, what noise of zeros would give."""
        if noise is None:
            weight = self.project.weight[:, : maps.shape[1]]
            return F.conv2d(maps, weight, self.project.bias)
        grid = self.lay(noise).view(-1, self.extra, _GRID, _GRID)
        laid = F.interpolate(grid, size=maps.shape[2:], mode="bilinear", align_corners=False)
        out: Tensor = self.project(torch.cat([maps, laid.to(maps.dtype)], dim=1))
        return out


class WeightedPool(nn.Module):
    """The mean of features over places, weighted by how much each place is worth (Yang et al. 2022, MANIQA).

    Without the rectifier after the features, since they may be negative.

    Parameters
    ----------
    channels
        Of the feature maps.
    features
        That come out.
    """

    def __init__(self, channels: int, features: int = _POOLED) -> None:
        super().__init__()
        self.features, self.weights = (
            nn.Sequential(
                nn.Conv2d(channels, channels, 1),
                nn.ReLU(),
                nn.Dropout(_FORGOTTEN),
                nn.Conv2d(channels, features, 1),
            )
            for _ in range(2)
        )

    def forward(self, maps: Tensor) -> Tensor:
        """Give ``(N, features)`` for maps ``(N, C, h, w)``."""
        weights = self.weights(maps).float().sigmoid()
        return (self.features(maps).float() * weights).sum((2, 3)) / weights.sum((2, 3))


class ClassBranch(nn.Module):
    """Tell the class of an image from what the blocks of a decoder made of it.

    Parameters
    ----------
    channels
        Of each block's maps.
    classes
        How many.
    hidden
        Units of the layer between.
    """

    def __init__(self, channels: list[int], classes: int, hidden: int = 64) -> None:
        super().__init__()
        self.pools = nn.ModuleList(WeightedPool(count) for count in channels)
        self.head = nn.Sequential(
            nn.Linear(_POOLED * len(channels), hidden), nn.ReLU(), nn.Linear(hidden, classes)
        )

    def forward(self, blocks: list[Tensor]) -> Tensor:
        """Give logits ``(N, classes)``."""
        pooled = [pool(maps) for pool, maps in zip(self.pools, blocks, strict=True)]
        logits: Tensor = self.head(torch.cat(pooled, dim=1))
        return logits


def small_change(channels: int) -> nn.Conv2d:
    """Make the layer whose output is the change of an image: near nothing at first."""
    last = nn.Conv2d(channels, 3, 1)
    with torch.no_grad():
        last.weight.mul_(0.1)
        last.bias.zero_()  # type: ignore[union-attr]
    return last


def residual_twin(images: Tensor, change: Tensor) -> Tensor:
    """Change images by ``tanh(change)`` and clip to [0, 1]; the gradient passes the clip as if it were none.

    Where it did not, a pixel that is at the end of its range could never be led back.
    """
    wanted = images + change.float().tanh()
    if not torch.is_grad_enabled():
        return wanted.clamp(0, 1)
    clipped: Tensor = _Clipped.apply(wanted)
    return clipped


class _Clipped(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, wanted: Tensor) -> Tensor:  # noqa: ARG004 - torch's signature
        return wanted.clamp(0, 1)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:  # noqa: ARG004
        return gradient


def group_norm(channels: int) -> nn.GroupNorm:
    """Normalise in eight groups, or as many as divide the channels: the same alone and in a batch."""
    return nn.GroupNorm(math.gcd(8, channels), channels)


def _block(before: int, after: int, *, norm: bool) -> nn.Sequential:
    """Two convolutions; at full resolution without norms, which would take as long as the convolutions."""
    layers: list[nn.Module] = []
    for channels in (before, after):
        convolution = nn.Conv2d(channels, after, 3, padding=1, bias=not norm)
        nn.init.kaiming_normal_(convolution.weight, _SLOPE)
        layers += [convolution, *([group_norm(after)] if norm else []), nn.LeakyReLU(_SLOPE, inplace=True)]
    return nn.Sequential(*layers)
