"""The protocol of all back ends, and their errors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, TypeAlias

import torch
from torch import Tensor, nn

__all__ = [
    "LARGEST_BATCH",
    "Backend",
    "ClassifierError",
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


def cpu_batch_size(height: int, width: int) -> int:
    """Choose the number of images of this size that suits a CPU.

    Examples
    --------
    >>> cpu_batch_size(224, 224), cpu_batch_size(28, 28), cpu_batch_size(4000, 3000)
    (8, 512, 1)
    """
    return min(LARGEST_BATCH, max(1, _CPU_PIXELS // (height * width)))
