"""Networks that tell K classes of real images and what is painted: discriminator and classifier in one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torchvision.models.resnet import BasicBlock, Bottleneck
from torchvision.models.swin_transformer import SwinTransformer

from cfwidgets.checks import choice, positive_int
from cfwidgets.networks.unet import group_norm

__all__ = ["Hybrid", "ResNet", "centre_", "discriminator", "resnet3", "resnet18", "resnet50", "swin"]


class ResNet(nn.Module):
    """A residual network of any width, of torchvision's blocks under torchvision's names.

    Parameters
    ----------
    block
        ``BasicBlock`` or ``Bottleneck`` of torchvision.
    counts
        Blocks of each stage; every stage but the first halves the resolution.
    outputs
        How many.
    width
        Channels of the first stage's blocks; each following has twice as many.
    stem
        ``"large"``: 7 x 7 and a pooling, a quarter of the resolution, as for ImageNet. ``"small"``: 4 x 4,
        half of it.
    pool
        ``"mean"`` over all places, or ``"mean and max"``, side by side.
    norm
        ``"group"``, the same alone and in a batch, or ``"batch"``, as torchvision's weights have it.

    Examples
    --------
    >>> ResNet(BasicBlock, (1, 1, 1), outputs=3, width=8, stem="small")(torch.rand(2, 3, 32, 32)).shape
    torch.Size([2, 3])
    """

    def __init__(
        self,
        block: type[BasicBlock | Bottleneck],
        counts: Sequence[int],
        outputs: int,
        width: int = 64,
        stem: str = "large",
        pool: str = "mean",
        norm: str = "group",
    ) -> None:
        super().__init__()
        positive_int("outputs", outputs, minimum=2)
        positive_int("width", width)
        choice("stem", stem, ("large", "small"))
        choice("pool", pool, ("mean", "mean and max"))
        choice("norm", norm, ("group", "batch"))
        make: Callable[..., nn.Module] = group_norm if norm == "group" else nn.BatchNorm2d
        large = stem == "large"
        self.conv1 = nn.Conv2d(3, width, 7 if large else 4, 2, 3 if large else 1, bias=False)
        self.bn1 = make(width)
        self.relu = nn.ReLU(inplace=True)
        self.maxpool = nn.MaxPool2d(3, 2, 1) if large else nn.Identity()
        before, self._stages = width, len(counts)
        for stage, count in enumerate(counts):
            channels, stride = width << stage, 2 if stage else 1
            blocks = []
            for place in range(count):
                stride_here = 1 if place else stride
                after = channels * block.expansion
                across = None
                if stride_here != 1 or before != after:
                    across = nn.Sequential(nn.Conv2d(before, after, 1, stride_here, bias=False), make(after))
                blocks.append(block(before, channels, stride_here, across, norm_layer=make))
                before = after
            setattr(self, f"layer{stage + 1}", nn.Sequential(*blocks))
        self._pool = pool
        self.features = before * (2 if pool == "mean and max" else 1)
        self.fc = nn.Linear(self.features, outputs)
        for part in self.modules():
            if isinstance(part, nn.Conv2d):
                nn.init.kaiming_normal_(part.weight, mode="fan_out", nonlinearity="relu")

    def pooled(self, images: Tensor) -> Tensor:
        """Give what the last layer sees: ``(N, features)``."""
        x = self.maxpool(self.relu(self.bn1(self.conv1(images * 2 - 1))))
        for stage in range(self._stages):
            x = getattr(self, f"layer{stage + 1}")(x)
        mean = x.mean((2, 3))
        return mean if self._pool == "mean" else torch.cat([mean, x.amax((2, 3))], dim=1)

    def forward(self, images: Tensor) -> Tensor:
        """Give logits ``(N, outputs)`` for images ``(N, 3, H, W)`` in [0, 1]."""
        logits: Tensor = self.fc(self.pooled(images))
        return logits


class _Swin(SwinTransformer):
    """torchvision's, for images in [0, 1], with its features on their own."""

    def pooled(self, images: Tensor) -> Tensor:
        """Give what the last layer sees: ``(N, features)``."""
        x = self.permute(self.norm(self.features(images * 2 - 1)))
        pooled: Tensor = self.flatten(self.avgpool(x))
        return pooled

    def forward(self, images: Tensor) -> Tensor:
        """Give logits ``(N, outputs)`` for images ``(N, 3, H, W)`` in [0, 1]."""
        logits: Tensor = self.head(self.pooled(images))
        return logits


class Hybrid(nn.Module):
    """ResNet3 and a Swin transformer side by side; one layer reads the features of both.

    Parameters
    ----------
    outputs
        How many.
    width
        Of the ResNet3.
    swin_width
        Of the Swin transformer's first stage.
    settings
        Others of `swin`.

    Examples
    --------
    >>> Hybrid(3, width=8, swin_width=12, depths=(1, 1), heads=(1, 2))(torch.rand(2, 3, 32, 32)).shape
    torch.Size([2, 3])
    """

    def __init__(self, outputs: int, width: int = 64, swin_width: int = 96, **settings: Any) -> None:
        super().__init__()
        settings = {"depths": (2, 2, 6, 2), **settings}
        self.resnet, self.swin = resnet3(outputs, width), swin(outputs, swin_width, **settings)
        self.fc = nn.Linear(self.resnet.features + self.swin.head.in_features, outputs)
        self.resnet.fc = self.swin.head = nn.Identity()  # type: ignore[assignment]

    def forward(self, images: Tensor) -> Tensor:
        """Give logits ``(N, outputs)`` for images ``(N, 3, H, W)`` in [0, 1]."""
        logits: Tensor = self.fc(torch.cat([self.resnet.pooled(images), self.swin.pooled(images)], dim=1))
        return logits


def resnet3(outputs: int, width: int = 64, pool: str = "mean and max") -> ResNet:
    """A stem at half the resolution and three residual stages of one block each.

    The paper names a ResNet3 and does not define it. The maximum beside the mean tells of what is small.
    """
    return ResNet(BasicBlock, (1, 1, 1), outputs, width, "small", pool)


def resnet18(outputs: int, width: int = 64, norm: str = "group") -> ResNet:
    """ResNet-18; of width 64 the weights of torchvision's fit, with ``norm="batch"``."""
    return ResNet(BasicBlock, (2, 2, 2, 2), outputs, width, "large", "mean", norm)


def resnet50(outputs: int, width: int = 64, norm: str = "group") -> ResNet:
    """ResNet-50: see `resnet18`."""
    return ResNet(Bottleneck, (3, 4, 6, 3), outputs, width, "large", "mean", norm)


def swin(
    outputs: int,
    width: int = 96,
    depths: Sequence[int] = (2, 2, 18, 2),
    heads: Sequence[int] = (3, 6, 12, 24),
    window: int = 7,
    dropped: float = 0.3,
) -> _Swin:
    """Torchvision's Swin transformer; the default is Swin-Small, and ``depths=(2, 2, 6, 2)`` Swin-Tiny.

    Parameters
    ----------
    outputs
        How many.
    width
        Channels of the first stage; each following has twice as many.
    depths, heads
        Blocks, and heads of their attention, of each stage.
    window
        Side of the windows that see themselves.
    dropped
        Share of images for which the last block is skipped in training; that of the first is 0.
    """
    return _Swin(
        [4, 4], width, list(depths), list(heads), [window, window], stochastic_depth_prob=dropped,
        num_classes=outputs,
    )  # fmt: skip


_KINDS: dict[str, Callable[..., nn.Module]] = {
    "resnet3": resnet3,
    "resnet18": resnet18,
    "resnet50": resnet50,
    "swin-small": lambda outputs, width=96: swin(outputs, width),
    "hybrid": lambda outputs, width=64: Hybrid(outputs, width, swin_width=width * 3 // 2),
}
KINDS = tuple(_KINDS)
"""The names that `discriminator` takes."""


def discriminator(kind: str, outputs: int, width: int | None = None) -> nn.Module:
    """Make a discriminator by its name, in the paper's size or narrower.

    Parameters
    ----------
    kind
        One of ``KINDS``.
    outputs
        Classes, and one for what is painted.
    width
        Of its first stage; None: the paper's. That of a Swin transformer is a multiple of 3, for its heads.

    Examples
    --------
    >>> discriminator("resnet18", 3, width=8)(torch.rand(1, 3, 64, 64)).shape
    torch.Size([1, 3])
    """
    choice("kind", kind, KINDS)
    return _KINDS[kind](outputs) if width is None else _KINDS[kind](outputs, width)


@torch.no_grad()
def centre_(network: nn.Module) -> None:
    """Shift the class logits so that they sum to 0, and hold the last output, "painted", at 0.

    After it has learned the classes alone, a discriminator can so begin to tell what is painted.
    """
    last: Any = network.head if isinstance(network, SwinTransformer) else network.fc
    for values in (last.weight, last.bias):
        values[:-1] -= values[:-1].mean(0)
        values[-1] = 0
