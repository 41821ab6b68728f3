"""A small network for attributes of faces."""

from __future__ import annotations

from collections import OrderedDict

from torch import nn

__all__ = ["FaceCNN"]


class FaceCNN(nn.Sequential):
    """Five convolutions with batch normalisation, global average pooling and one linear layer.

    It takes ``(N, 3, H, W)`` in [0, 1] (the image convention of this package, so there is no normalisation)
    and gives ``(N, classes)``. The last maps, of the layer ``relu5``, have an eighth of the image's height
    and width; since only pooling and a linear layer follow, Grad-CAM needs one forward pass.

    Weights are initialised by torch. `cfwidgets.zoo.classifier` has trained ones under the names
    ``"portraits/male-biased"``, ``-balanced``, ``-blond`` and ``-any-hair``.

    Examples
    --------
    >>> import torch
    >>> FaceCNN()(torch.rand(2, 3, 128, 128)).shape
    torch.Size([2, 2])
    """

    def __init__(self, classes: int = 2) -> None:
        widths = ((3, 16, 2), (16, 32, 2), (32, 64, 2), (64, 64, 1), (64, 96, 1))
        layers: list[tuple[str, nn.Module]] = []
        for place, (before, after, stride) in enumerate(widths, start=1):
            layers += [
                (f"conv{place}", nn.Conv2d(before, after, 3, stride, padding=1, bias=False)),
                (f"norm{place}", nn.BatchNorm2d(after)),
                (f"relu{place}", nn.ReLU()),
            ]
        layers += [
            ("pool", nn.AdaptiveAvgPool2d(1)),
            ("flatten", nn.Flatten()),
            ("head", nn.Linear(widths[-1][1], classes)),
        ]
        super().__init__(OrderedDict(layers))
