"""Any function from images to probabilities: a black box."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from cfwidgets.models.backends.base import Interface, cpu_batch_size
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
    interface
        Form of its input and its outputs.
    """

    def __init__(self, function: Callable[[Tensor], Any], device: torch.device, interface: Interface) -> None:
        self.name = getattr(function, "__name__", type(function).__name__)
        self.device = device
        self._function = function
        self._interface = interface
        preparation = interface.preparation()
        self._prepare = None if preparation is None else preparation.to(device)
        self._lock = FairLock()

    def batch_size(self, height: int, width: int) -> int:
        """Return a CPU's batch size: the memory that the function needs is unknown."""
        return cpu_batch_size(height, width)

    def __call__(self, images: Tensor) -> Tensor:
        """Call the function and return its outputs ``(n, C)``."""
        inputs = images.to(self.device)
        if self._prepare is not None:
            inputs = self._prepare(inputs)
        if inputs.data_ptr() == images.data_ptr():
            inputs = inputs.clone()  # the function may write into its input
        with self._lock, torch.no_grad():
            return as_rows(self._function(inputs), len(images), self._interface)
