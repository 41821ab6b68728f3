"""A torch module."""

from __future__ import annotations

import io
from contextlib import nullcontext
from typing import Any, Literal, TypeAlias

import torch
from torch import Tensor, nn

from cfwidgets.models.backends.base import LARGEST_BATCH, ClassifierError, Interface, cpu_batch_size
from cfwidgets.models.backends.company import Company, meet
from cfwidgets.models.backends.copies import copied
from cfwidgets.models.backends.outputs import Activation, as_rows, to_probabilities
from cfwidgets.models.guard import untouched
from cfwidgets.models.parts import every_part, uncompiled
from cfwidgets.warn import warn_user

__all__ = ["Precision", "TorchModule", "channels_error", "place"]

Precision: TypeAlias = Literal["auto", "float32", "bfloat16"]


class TorchModule:
    """Runs a torch module on its device, and leaves it unchanged.

    Parameters
    ----------
    module
        Takes ``(n, 3, H, W)`` and returns ``(n, C)``.
    device
        The device of its parameters.
    interface
        Form of its input and its outputs.
    activation
        The meaning of its outputs, by which the top classes in two precisions are compared.
    precision
        ``"auto"`` is bfloat16 on CUDA if the first batch has the same top classes in both, else float32.

    Notes
    -----
    The first batch also settles the layout of the input: channels-last, which is up to twice as fast for
    convolutions, or the common one where the module cannot take that (``x.view(n, -1)`` raises). Gradients
    are off by ``no_grad`` and not by ``inference_mode``: it is as fast, and a module that keeps a tensor
    between calls can still be trained afterwards. The first batch of several images tells whether an answer
    depends on the other images; where it does, images are passed one by one from then on.
    """

    def __init__(
        self,
        module: nn.Module,
        device: torch.device,
        interface: Interface,
        activation: Activation,
        precision: Precision,
    ) -> None:
        self.module = module
        self.name = type(uncompiled(module)).__name__
        self.device = device
        self.interface = interface
        preparation = interface.preparation()
        self._prepare = None if preparation is None else preparation.to(device)
        self._activation: Activation = activation
        self._choose_precision = precision == "auto"
        self._rounded = precision == "bfloat16"
        self._dtype = next((p.dtype for p in module.parameters() if p.is_floating_point()), torch.float32)
        # No memory format: torch pickles one by any module that has imported torch, such as a notebook.
        self._channels_last = True
        self._settled = False
        self._bytes_per_pixel = 0.0
        self._measured = 0
        self._company: Company | None = None

    def __getstate__(self) -> dict[str, Any]:
        """Travel to another process: a script as torch saves it, a compiled network without its code."""
        state = dict(vars(self))
        if self.scripted:
            buffer = io.BytesIO()
            torch.jit.save(self.module, buffer)
            state["module"] = buffer.getvalue()
        else:
            state["module"] = uncompiled(self.module)
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        if isinstance(state["module"], bytes):
            state["module"] = torch.jit.load(io.BytesIO(state["module"]), map_location=state["device"])
        vars(self).update(state)

    @property
    def scripted(self) -> bool:
        """True for TorchScript, whose layers no hook can reach."""
        return isinstance(self.module, torch.jit.ScriptModule)

    @property
    def company_known(self) -> bool:
        """True once it was found whether an answer depends on the other images."""
        return self._company is not None

    @property
    def exact(self) -> bool:
        """True where it computes with at least the precision of float32.

        Dynamically quantised layers round by the range of the whole batch.
        """
        quantised = any(callable(getattr(part, "set_weight_bias", None)) for part in self.module.modules())
        return not (quantised or self._rounded) and self._dtype in (torch.float32, torch.float64)

    @property
    def alone(self) -> bool:
        """True where an answer was found to depend on the other images: images are passed one by one."""
        return self._company == "dependent"

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
        if self.device.type == "meta":
            raise ClassifierError(
                f"the weights of {self.name} are on the device 'meta', where they have no values: load them "
                "first, for example with load_state_dict(…, assign=True)"
            )
        if not self.alone:
            rows = self._passed(images)
            if self._company is None and len(images) > 1:
                self.met(
                    meet(lambda one: self._passed_alone(one, len(images)), images, rows, exact=self.exact)
                )
            if not self.alone:
                return rows
        return torch.cat([self._passed_alone(image, len(images)) for image in images.split(1)])

    def _passed_alone(self, image: Tensor, count: int) -> Tensor:
        """Pass an image ``(1, 3, H, W)`` alone; for a module of one batch size, with copies of itself."""
        try:
            return self._passed(image)
        except torch.OutOfMemoryError:
            raise
        except (RuntimeError, ValueError):
            if count == 1:
                raise
            return self._passed(image.expand(count, -1, -1, -1))[:1]

    def _passed(self, images: Tensor) -> Tensor:
        with untouched(self.module), torch.no_grad():
            if self._settled:
                return self._forward(images, rounded=self._rounded)
            rows = self._settle(images)
            self._settled = True
            return rows

    def met(self, company: Company | None) -> None:
        """Remember what the answer to an image depends on, and warn of what is unusual."""
        self._company = company
        if company not in ("dependent", "random"):
            return
        why = (
            "depends on the other images in its batch, as with batch statistics in evaluation mode: "
            "images are passed one by one"
            if self.alone
            else "differs from one pass to the next: something in it is random in evaluation mode"
        )
        warn_user(f"the answer of {self.name} to an image {why}", RuntimeWarning)

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
        except RuntimeError as error:  # view() raises it; any other is raised again without channels-last
            self._refuse_channels(error)
            return None

    def _refuse_channels(self, error: Exception) -> None:
        """Raise a plain error where the first convolution takes another number of channels."""
        layers = (part for part in every_part(self.module) if isinstance(part, nn.Conv2d))
        first = next(layers, None)
        if first is None or first.in_channels == self.interface.channels:
            return
        raise channels_error(self.name, first.in_channels) from error

    def _forward(self, images: Tensor, *, rounded: bool) -> Tensor:
        measure = self.device.type == "cuda" and len(images) > self._measured
        if measure:
            # Resets a counter that a user may read too; there is no other way to measure the memory of one
            # batch.
            torch.cuda.reset_peak_memory_stats(self.device)
            before = torch.cuda.memory_allocated(self.device)
        inputs = images.to(self.device)
        if self._prepare is not None:
            inputs = self._prepare(inputs)
        layout = torch.channels_last if self._channels_last else torch.contiguous_format
        inputs = inputs.to(dtype=self._dtype, memory_format=layout)
        if inputs.data_ptr() == images.data_ptr():
            inputs = inputs.clone()  # the module may begin with an in-place operation
        with torch.autocast(self.device.type, torch.bfloat16) if rounded else nullcontext():
            rows = as_rows(self.module(inputs), len(images), self.interface)
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
        No such device, or a module that cannot be copied to it.

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
    return copied(uncompiled(module)).to(wanted), wanted


def channels_error(name: str, channels: int) -> ClassifierError:
    """Make the error for a model of another number of channels than three.

    Examples
    --------
    >>> print(channels_error("Net", 1))
    Net takes images of 1 channel: pass channels=1, by which pictures are turned grey
    """
    if channels == 1:
        return ClassifierError(
            f"{name} takes images of 1 channel: pass channels=1, by which pictures are turned grey"
        )
    return ClassifierError(
        f"{name} takes images of {channels} channels; pictures of three colours, or of grey (channels=1), "
        "can be explained, and nothing else"
    )


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
