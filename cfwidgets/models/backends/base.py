"""The protocol of all back ends, and their errors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, TypeAlias

import torch
from torch import Tensor, nn

__all__ = [
    "LARGEST_BATCH",
    "Backend",
    "ClassifierError",
    "Grey",
    "Interface",
    "Normalisation",
    "Normalise",
    "NotFiniteError",
    "cpu_batch_size",
]

Normalisation: TypeAlias = tuple[tuple[float, float, float], tuple[float, float, float]]
"""Mean and standard deviation of red, green and blue, for images in [0, 1]."""

LARGEST_BATCH = 512
# Eight pictures of 224 x 224. Measured with EfficientNet-Lite0 on two cores: larger batches leave the cache
# (eager torch falls to half its speed at 32; ONNX Runtime loses a tenth), and a small batch lets another
# thread in between.
_CPU_PIXELS = 8 * 224 * 224


class ClassifierError(ValueError):
    """A model, a setting or an output that cannot be used; the message names what is accepted."""


class NotFiniteError(ClassifierError):
    """NaN or infinite values in a model's output, or in a value computed from it."""


class Backend(Protocol):
    """The interface of a model to `cfwidgets.Classifier`."""

    name: str
    device: torch.device

    def batch_size(self, height: int, width: int) -> int:
        """Choose the number of images of this size for one forward pass."""
        ...

    def __call__(self, images: Tensor) -> Tensor:
        """Compute raw outputs ``(n, C)``, float32 on the CPU, of images ``(n, 3, H, W)`` in [0, 1]."""
        ...


class Normalise(nn.Module):
    """Subtract the mean and divide by the standard deviation of each channel, in one pass.

    Parameters
    ----------
    mean, std
        Red, green and blue, for images in [0, 1].

    Examples
    --------
    >>> Normalise((0.5, 0.5, 0.5), (0.5, 0.5, 0.5))(torch.ones(1, 3, 1, 1)).flatten().tolist()
    [1.0, 1.0, 1.0]
    """

    scale: Tensor
    shift: Tensor

    def __init__(self, mean: Sequence[float], std: Sequence[float]) -> None:
        super().__init__()
        means, deviations = (
            torch.tensor(values, dtype=torch.float64).view(1, 3, 1, 1) for values in (mean, std)
        )
        self.register_buffer("scale", (1 / deviations).float())
        self.register_buffer("shift", (-means / deviations).float())

    def forward(self, images: Tensor) -> Tensor:
        """Normalise images ``(n, 3, H, W)``."""
        return torch.addcmul(self.shift, images, self.scale)


class Grey(nn.Module):
    """Turn colours into one channel of grey, as Pillow does (ITU-R 601).

    Examples
    --------
    >>> Grey()(torch.ones(1, 3, 2, 2)).shape
    torch.Size([1, 1, 2, 2])
    """

    weights: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("weights", torch.tensor([0.299, 0.587, 0.114]).view(1, 3, 1, 1))

    def forward(self, images: Tensor) -> Tensor:
        """Turn images ``(n, 3, H, W)`` into ``(n, 1, H, W)``."""
        return (images * self.weights).sum(dim=1, keepdim=True)


@dataclass(frozen=True)
class Interface:
    """Form in which a model takes images and gives its answer.

    Attributes
    ----------
    normalisation
        Normalisation that it expects, or None for values in [0, 1]; of one channel, the same for all three.
    channels
        3, or 1 for grey.
    output
        The output that holds the classes, by place or name; None for the only one that may.
    classes
        Number of classes, where known; a single unit stands for two.
    """

    normalisation: Normalisation | None = None
    channels: int = 3
    output: int | str | None = None
    classes: int | None = None

    def preparation(self) -> nn.Module | None:
        """Return a module that turns images ``(n, 3, H, W)`` in [0, 1] into the model's input, if needed."""
        steps: list[nn.Module] = []
        if self.normalisation is not None:
            steps.append(Normalise(*self.normalisation))
        if self.channels == 1:
            steps.append(Grey())
        return None if not steps else steps[0] if len(steps) == 1 else nn.Sequential(*steps)


def cpu_batch_size(height: int, width: int) -> int:
    """Choose the number of images of this size that suits a CPU.

    Examples
    --------
    >>> cpu_batch_size(224, 224), cpu_batch_size(28, 28), cpu_batch_size(4000, 3000)
    (8, 512, 1)
    """
    return min(LARGEST_BATCH, max(1, _CPU_PIXELS // (height * width)))
