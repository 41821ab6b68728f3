"""A narrow residual network for attributes of faces."""

from __future__ import annotations

from collections import OrderedDict

from torch import Tensor, nn

from cfwidgets.checks import positive_int

__all__ = ["FaceResNet"]

_STRIDES = (1, 2, 1, 1)


class FaceResNet(nn.Sequential):
    """ResNet-18's architecture for small images: narrow, with similar map resolution and receptive field.

    As in He et al. 2016 ("Deep residual learning for image recognition", table 1): one convolution and a
    pooling that quarter height and width, four stages of blocks of two convolutions, global average pooling
    and one linear layer. Unlike there, only the second stage halves again, so that the last maps have an
    eighth of the image's height and width: 16 x 16 of 128 pixels, as many as ResNet-18 has of 512 pixels.

    The receptive field of the last maps limits the precision of attention maps: with one block a stage it is
    113 pixels, 0.88 of an image of 128, where ResNet-18 has 435 of 512, 0.85. With two blocks it is 225, and
    a place at the brows can respond to the lips.

    It takes ``(N, 3, H, W)`` in [0, 1] and gives ``(N, classes)``. Weights are initialised by torch. Only
    pooling and a linear layer follow the last maps, so Grad-CAM needs one forward pass.

    Parameters
    ----------
    classes
        The number of classes.
    widths
        Channels of the four stages.
    blocks
        Blocks in each stage.

    Raises
    ------
    ValueError
        Not four widths, or no blocks.

    Examples
    --------
    >>> import torch
    >>> FaceResNet()(torch.rand(2, 3, 128, 128)).shape
    torch.Size([2, 2])
    """

    def __init__(self, classes: int = 2, widths: tuple[int, ...] = (16, 32, 32, 48), blocks: int = 1) -> None:
        positive_int("blocks", blocks)
        if len(widths) != len(_STRIDES):
            raise ValueError(f"widths must be {len(_STRIDES)} numbers, one a stage, not {widths!r}")
        layers: list[tuple[str, nn.Module]] = [
            ("conv1", nn.Conv2d(3, widths[0], 5, stride=2, padding=2, bias=False)),
            ("norm1", nn.BatchNorm2d(widths[0])),
            ("relu1", nn.ReLU()),
            ("pool1", nn.MaxPool2d(3, stride=2, padding=1)),
        ]
        before = widths[0]
        for place, (width, stride) in enumerate(zip(widths, _STRIDES, strict=True), start=1):
            more = [_Block(width, width, 1) for _ in range(blocks - 1)]
            layers.append((f"stage{place}", nn.Sequential(_Block(before, width, stride), *more)))
            before = width
        layers += [
            ("pool", nn.AdaptiveAvgPool2d(1)),
            ("flatten", nn.Flatten()),
            ("head", nn.Linear(before, classes)),
        ]
        super().__init__(OrderedDict(layers))


class _Block(nn.Module):
    """Two convolutions whose output is added to their input."""

    def __init__(self, before: int, after: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(before, after, 3, stride, padding=1, bias=False)
        self.norm1 = nn.BatchNorm2d(after)
        self.conv2 = nn.Conv2d(after, after, 3, padding=1, bias=False)
        self.norm2 = nn.BatchNorm2d(after)
        # Modules, not functions: Grad-CAM looks for the last layer with maps among the modules.
        self.relu1, self.relu2 = nn.ReLU(), nn.ReLU()
        self.skip: nn.Module = nn.Identity()
        if stride != 1 or before != after:
            self.skip = nn.Sequential(nn.Conv2d(before, after, 1, stride, bias=False), nn.BatchNorm2d(after))

    def forward(self, maps: Tensor) -> Tensor:
        changed = self.norm2(self.conv2(self.relu1(self.norm1(self.conv1(maps)))))
        return self.relu2(changed + self.skip(maps))
