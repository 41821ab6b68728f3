"""The classifier that is audited in the paper on plausible counterfactuals."""

from __future__ import annotations

from collections import OrderedDict

from torch import nn

from cfwidgets.checks import positive_int

__all__ = ["TargetCNN"]


class TargetCNN(nn.Sequential):
    """Five convolutions with batch normalisation and leaky rectifiers, two dense layers, one unit.

    Barredo-Arrieta and Del Ser 2020, section IV; widths, kernels and strides are chosen here, as the paper
    does not state them. It takes ``(N, 3, size, size)`` in [0, 1] and gives ``(N, 1)``, the logit of having
    the attribute: wrap it with ``Classifier(net, activation="sigmoid")``.

    Parameters
    ----------
    size
        Side of the images in pixels, at least 17.

    Examples
    --------
    >>> import torch
    >>> TargetCNN(64)(torch.rand(2, 3, 64, 64)).shape
    torch.Size([2, 1])
    """

    def __init__(self, size: int = 64) -> None:
        positive_int("size", size, minimum=17)
        layers: list[tuple[str, nn.Module]] = []
        before, side = 3, size
        for place, after in enumerate((32, 64, 128, 256, 512), start=1):
            layers += [
                (f"conv{place}", nn.Conv2d(before, after, 3, 2, 1, bias=False)),
                (f"norm{place}", nn.BatchNorm2d(after)),
                (f"relu{place}", nn.LeakyReLU(0.1)),
            ]
            before, side = after, -(-side // 2)
        layers += [
            ("flatten", nn.Flatten()),
            ("dense", nn.Linear(before * side**2, 256)),
            ("relu", nn.ReLU()),
            ("head", nn.Linear(256, 1)),
        ]
        super().__init__(OrderedDict(layers))
