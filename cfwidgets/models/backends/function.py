"""Any function from images to probabilities: a black box."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from cfwidgets.models.backends.base import Normalisation, Normalise, cpu_batch_size
from cfwidgets.models.backends.outputs import as_rows
from cfwidgets.models.guard import FairLock

__all__ = ["Function"]


class Function:
    """Calls a function, one thread at a time.

    Parameters
    ----------
    function
        Takes a float32 tensor ``(n, 3, H, W)`` and returns ``(n, C)`` or ``(n,)`` as a tensor, an array or
        lists.
    device
        The device of its input.
    normalisation
        Normalisation that it expects, or None for values in [0, 1].
    """

    def __init__(
        self, function: Callable[[Tensor], Any], device: torch.device, normalisation: Normalisation | None
    ) -> None:
        self.name = getattr(function, "__name__", type(function).__name__)
        self.device = device
        self._function = function
        self._normalise = None if normalisation is None else Normalise(*normalisation).to(device)
        self._lock = FairLock()

    def batch_size(self, height: int, width: int) -> int:
        """Return a CPU's batch size: the memory that the function needs is unknown."""
        return cpu_batch_size(height, width)

    def __call__(self, images: Tensor) -> Tensor:
        """Call the function and return its outputs ``(n, C)``."""
        inputs = images.to(self.device)
        if self._normalise is not None:
            inputs = self._normalise(inputs)
        if inputs.data_ptr() == images.data_ptr():
            inputs = inputs.clone()  # the function may write into its input
        with self._lock, torch.no_grad():
            return as_rows(self._function(inputs), len(images))
