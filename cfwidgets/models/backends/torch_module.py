"""A torch module."""

from __future__ import annotations

import copy
from contextlib import nullcontext
from typing import Literal, TypeAlias

import torch
from torch import Tensor, nn

from cfwidgets.models.backends.base import (
    LARGEST_BATCH,
    ClassifierError,
    Normalisation,
    Normalise,
    cpu_batch_size,
)
from cfwidgets.models.backends.outputs import Activation, as_rows, to_probabilities
from cfwidgets.models.guard import lock_of, untouched

__all__ = ["Precision", "TorchModule", "place"]

Precision: TypeAlias = Literal["auto", "float32", "bfloat16"]


class TorchModule:
    """Runs a torch module on its device, and leaves it unchanged.

    Parameters
    ----------
    module
        Takes ``(n, 3, H, W)`` and returns ``(n, C)``.
    device
        The device of its parameters.
    normalisation
        Normalisation that the module expects, or None.
    activation
        The meaning of its outputs, by which the top classes in two precisions are compared.
    precision
        ``"auto"`` is bfloat16 on CUDA if the first batch has the same top classes in both, else float32.

    Notes
    -----
    The first batch also settles the layout of the input: channels-last, which is up to twice as fast for
    convolutions, or the common one where the module cannot take that (``x.view(n, -1)`` raises). Gradients
    are off by ``no_grad`` and not by ``inference_mode``: it is as fast, and a module that keeps a tensor
    between calls can still be trained afterwards.
    """

    def __init__(
        self,
        module: nn.Module,
        device: torch.device,
        normalisation: Normalisation | None,
        activation: Activation,
        precision: Precision,
    ) -> None:
        self.module = module
        self.name = type(module).__name__
        self.device = device
        self.normalisation = normalisation
        self._normalise = None if normalisation is None else Normalise(*normalisation).to(device)
        self._activation: Activation = activation
        self._choose_precision = precision == "auto"
        self._rounded = precision == "bfloat16"
        self._dtype = next((p.dtype for p in module.parameters() if p.is_floating_point()), torch.float32)
        # No memory format: torch pickles one by any module that has imported torch, such as a notebook.
        self._channels_last = True
        self._settled = False
        self._bytes_per_pixel = 0.0
        self._measured = 0

    @property
    def layout(self) -> torch.memory_format:
        """The memory format of inputs that suits the module; the contiguous one before a first batch."""
        return torch.channels_last if self._settled and self._channels_last else torch.contiguous_format

    @property
    def rounds(self) -> bool:
        """True where it computes in bfloat16; also where it may, as long as no batch has settled it."""
        return self._rounded or (not self._settled and self._choose_precision and self._may_round())

    def batch_size(self, height: int, width: int) -> int:
        """Choose a batch size; on CUDA by the memory of a first batch, to fill half of the free memory."""
        if not self._measured:
            return cpu_batch_size(height, width)
        cached = torch.cuda.memory_reserved(self.device) - torch.cuda.memory_allocated(self.device)
        free = torch.cuda.mem_get_info(self.device)[0] + cached
        return min(LARGEST_BATCH, max(1, int(free / 2 / (self._bytes_per_pixel * height * width))))

    def __call__(self, images: Tensor) -> Tensor:
        """Compute raw outputs ``(n, C)``."""
        with untouched(self.module), torch.no_grad():
            if not self._settled:
                rows = self._settle(images)
                self._settled = True
                return rows
            return self._forward(images, rounded=self._rounded)

    def _settle(self, images: Tensor) -> Tensor:
        """Find the layout and the precision that suit the module; return the outputs as later ones are."""
        rows = self._try_forward(images)
        if rows is None:
            self._channels_last = False
            rows = self._forward(images, rounded=self._rounded)
        if self._choose_precision and self._may_round():
            rounded = self._forward(images, rounded=True)
            self._rounded = self._same_class(rounded, rows)
            return rounded if self._rounded else rows
        return rows

    def _try_forward(self, images: Tensor) -> Tensor | None:
        try:
            return self._forward(images, rounded=self._rounded)
        except torch.OutOfMemoryError:
            raise
        except RuntimeError:  # view() raises it; any other error is raised again without channels-last
            return None

    def _forward(self, images: Tensor, *, rounded: bool) -> Tensor:
        measure = self.device.type == "cuda" and len(images) > self._measured
        if measure:
            # Resets a counter that a user may read too; there is no other way to measure the memory of one
            # batch.
            torch.cuda.reset_peak_memory_stats(self.device)
            before = torch.cuda.memory_allocated(self.device)
        inputs = images.to(self.device)
        if self._normalise is not None:
            inputs = self._normalise(inputs)
        layout = torch.channels_last if self._channels_last else torch.contiguous_format
        inputs = inputs.to(dtype=self._dtype, memory_format=layout)
        if inputs.data_ptr() == images.data_ptr():
            inputs = inputs.clone()  # the module may begin with an in-place operation
        with torch.autocast(self.device.type, torch.bfloat16) if rounded else nullcontext():
            rows = as_rows(self.module(inputs), len(images))
        if measure:
            used = torch.cuda.max_memory_allocated(self.device) - before
            self._bytes_per_pixel = max(1, used) / images[:, 0].numel()
            self._measured = len(images)
        return rows

    def _may_round(self) -> bool:
        return self.device.type == "cuda" and self._dtype == torch.float32 and torch.cuda.is_bf16_supported()

    def _same_class(self, rounded: Tensor, rows: Tensor) -> bool:
        expected = to_probabilities(rows, self._activation).argmax(dim=1)
        try:
            return torch.equal(to_probabilities(rounded, self._activation).argmax(dim=1), expected)
        except ClassifierError:  # out of range in bfloat16 only
            return False


def place(module: nn.Module, device: str | torch.device) -> tuple[nn.Module, torch.device]:
    """Return a module on a device, without moving the user's own.

    Parameters
    ----------
    module
        The user's module.
    device
        A torch device, or ``"auto"``: where the parameters are.

    Returns
    -------
    module
        The module itself, or a copy of it where it is on another device.
    device
        The device.

    Raises
    ------
    ClassifierError
        No such device.

    Examples
    --------
    >>> net = nn.Linear(2, 2)
    >>> place(net, "auto")[0] is net
    True
    """
    tensor = next((t for tensors in (module.parameters(), module.buffers()) for t in tensors), None)
    if device == "auto":
        return module, torch.device("cpu") if tensor is None else tensor.device
    wanted = named_device(device)
    if tensor is None or tensor.device == wanted:
        return module, wanted
    with lock_of(module):
        return copy.deepcopy(module).to(wanted), wanted


def named_device(device: str | torch.device) -> torch.device:
    """Return a device of this machine with its index, as parameters have it.

    Raises
    ------
    ClassifierError
        No such device.

    Examples
    --------
    >>> named_device("cpu")
    device(type='cpu')
    """
    try:
        return torch.empty(0, device=device).device
    except (RuntimeError, AssertionError, TypeError, ValueError) as error:
        reason = str(error).splitlines()[0]
        raise ClassifierError(
            f"device must be 'auto' or a torch device of this machine; got {device!r}: {reason}"
        ) from error
