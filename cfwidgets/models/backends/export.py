"""Export a torch module to the content of an ONNX file."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from cfwidgets.environment import restored
from cfwidgets.models.backends.base import ClassifierError, Interface
from cfwidgets.models.backends.copies import copied
from cfwidgets.models.backends.outputs import rows_of
from cfwidgets.models.guard import untouched

__all__ = ["FromImages", "export", "exported"]

_CACHE = "TORCHINDUCTOR_CACHE_DIR"  # set by torch's compiler, which the exporter imports


def export(module: nn.Module, input_size: tuple[int, int], interface: Interface) -> bytes:
    """Export a module, with the preparation of its input, for batches of any number of images of one size.

    Parameters
    ----------
    module
        A module on the CPU; it is left unchanged.
    input_size
        Height and width; a graph for any size would be slower.
    interface
        Form of its input and its outputs: the preparation is included in the graph, so that it costs no pass
        of its own.

    Returns
    -------
    bytes
        An ONNX model from images ``(n, 3, H, W)`` in [0, 1] to raw outputs ``(n, C)``; of a module of float64
        in float32.

    Raises
    ------
    ClassifierError
        Torch cannot export the module.
    ImportError
        The exporter is not installed.
    """
    with untouched(module):
        # ONNX Runtime has no convolution of float64.
        double = any(parameter.dtype == torch.float64 for parameter in module.parameters())
        whole = FromImages(copied(module).float() if double else module, interface)
        whole.training = False
        # Two images: torch treats an axis of length one as constant.
        return exported(whole, torch.full((2, 3, *input_size), 0.5), type(module).__name__)


def exported(whole: nn.Module, example: Tensor, name: str = "the network") -> bytes:
    """Export a module of one input for batches of any number.

    Parameters
    ----------
    whole
        The module, as it is to be exported.
    example
        Its input, for two.
    name
        For messages.

    Raises
    ------
    ClassifierError, ImportError
        As `export`.
    """
    try:
        import onnx  # noqa: F401
        import onnxscript  # noqa: F401
    except ImportError as error:
        raise ImportError('the ONNX exporter is not installed: pip install "cfwidgets[onnx]"') from error
    with torch.no_grad(), _quiet(), restored(_CACHE):
        try:
            program = torch.onnx.export(
                whole,
                (example,),
                dynamo=True,
                dynamic_shapes=({0: torch.export.Dim("n")},),
                optimize=True,
                verbose=False,
            )
            return program.model_proto.SerializeToString()  # type: ignore[union-attr]
        except Exception as error:  # the exporter's own, and whatever the module raises on symbolic shapes
            reason = str(error).strip().splitlines()[0]
            raise ClassifierError(
                f"{name} cannot be exported to ONNX ({reason}); use the classifier as it is"
            ) from error


class FromImages(nn.Module):
    """A module with the preparation of its input, from images in [0, 1] to raw outputs."""

    def __init__(self, module: nn.Module, interface: Interface) -> None:
        super().__init__()
        self.prepare = interface.preparation() or nn.Identity()
        self._interface = interface
        self.module = module
        self._dtype = next((p.dtype for p in module.parameters() if p.is_floating_point()), torch.float32)

    def forward(self, images: Tensor) -> Tensor:
        """Compute raw outputs ``(n, C)`` of images ``(n, 3, H, W)``."""
        outputs = self.module(self.prepare(images).to(self._dtype))
        return rows_of(outputs, images.shape[0], self._interface).float()


@contextmanager
def _quiet() -> Iterator[None]:
    """Silence the exporter's warnings about its own internals."""
    loggers = [logging.getLogger(name) for name in ("torch", "onnxscript", "onnx_ir")]
    levels = [logger.level for logger in loggers]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for logger in loggers:
            logger.setLevel(logging.CRITICAL)
        try:
            yield
        finally:
            for logger, level in zip(loggers, levels, strict=True):
                logger.setLevel(level)
