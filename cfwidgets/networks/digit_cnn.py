"""A small plain network for handwritten digits."""

from __future__ import annotations

from collections import OrderedDict

from torch import nn

__all__ = ["DigitCNN"]


class DigitCNN(nn.Sequential):
    """Three convolutions and two linear layers, from digits of 32 x 32 pixels to ten logits.

    It takes ``(N, 3, 32, 32)`` in [0, 1] (the image convention of this package, so there is no normalisation)
    and gives ``(N, 10)``. Nothing but convolutions, ReLUs, max pooling and linear layers, one after the
    other: every attribution method can follow it. No branch, no batch normalisation, and no ReLU that writes
    into its input (which would hide that input from a method).

    Each layer has a name, by which to hook it:

    ========= ==================== ==============
    name      layer                output
    ========= ==================== ==============
    ``conv1`` 3 x 3, ``relu1``     16 x 32 x 32
    ``pool1`` max over 2 x 2       16 x 16 x 16
    ``conv2`` 3 x 3, ``relu2``     32 x 16 x 16
    ``pool2`` max over 2 x 2       32 x 8 x 8
    ``conv3`` 3 x 3, ``relu3``     64 x 8 x 8
    ``pool3`` max over 2 x 2       64 x 4 x 4
    ``fc1``   linear, ``relu4``    64
    ``fc2``   linear               10
    ========= ==================== ==============

    Weights are initialised by torch. `cfwidgets.zoo.classifier` has trained ones under the name ``"digits"``,
    made by `cfwidgets.zoo.recipes.digit_classifier`.

    Examples
    --------
    >>> import torch
    >>> network = DigitCNN()
    >>> network(torch.rand(2, 3, 32, 32)).shape
    torch.Size([2, 10])
    >>> network.relu3
    ReLU()
    """

    def __init__(self) -> None:
        layers: list[tuple[str, nn.Module]] = [
            ("conv1", nn.Conv2d(3, 16, 3, padding=1)),
            ("relu1", nn.ReLU()),
            ("pool1", nn.MaxPool2d(2)),
            ("conv2", nn.Conv2d(16, 32, 3, padding=1)),
            ("relu2", nn.ReLU()),
            ("pool2", nn.MaxPool2d(2)),
            ("conv3", nn.Conv2d(32, 64, 3, padding=1)),
            ("relu3", nn.ReLU()),
            ("pool3", nn.MaxPool2d(2)),
            ("flatten", nn.Flatten()),
            ("fc1", nn.Linear(64 * 4 * 4, 64)),
            ("relu4", nn.ReLU()),
            ("fc2", nn.Linear(64, 10)),
        ]
        super().__init__(OrderedDict(layers))
