"""The back end that suits a model: a torch module, a file, or any other callable."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

import torch
from torch import Tensor, nn

from cfwidgets.models.backends.base import Backend, ClassifierError, Interface
from cfwidgets.models.backends.function import Function
from cfwidgets.models.backends.onnx_file import OnnxFile
from cfwidgets.models.backends.outputs import Activation
from cfwidgets.models.backends.script import is_script, load_script
from cfwidgets.models.backends.torch_module import Precision, TorchModule, named_device, place
from cfwidgets.text import is_address

__all__ = ["Model", "backend_of"]

Model: TypeAlias = nn.Module | str | os.PathLike[str] | Callable[[Tensor], Any]
"""A model that `Classifier` wraps."""

_TORCH_SUFFIXES = frozenset({".pt", ".pth", ".safetensors", ".ckpt", ".bin"})


def backend_of(
    model: Model,
    device: str | torch.device,
    interface: Interface,
    activation: Activation,
    precision: Precision,
) -> Backend:
    """Make the back end of a model; a file is read.

    Parameters
    ----------
    model, device, activation, precision
        As `cfwidgets.Classifier` takes them.
    interface
        Form of the model's input and its outputs.

    Raises
    ------
    ClassifierError
        Neither a module, a path nor a function; or a file, a device or a precision that cannot be used.
    ImportError
        An ONNX file without ONNX Runtime.

    Examples
    --------
    >>> backend_of(nn.Flatten(), "auto", Interface(), "softmax", "auto").name
    'Flatten'
    """
    if isinstance(model, nn.Module):
        module, found = place(model, device)
        return TorchModule(module, found, interface, activation, precision)
    if isinstance(model, str | os.PathLike):
        if is_address(model):
            raise ClassifierError(f"{model!r:.200} is an address: download the file, and give its path")
        path = Path(model)
        if not is_script(path):
            return _onnx_file(path, device, interface, precision)
        script = backend_of(load_script(path), device, interface, activation, precision)
        script.name = path.name
        return script
    _require_callable(model)
    return Function(model, named_device("cpu" if device == "auto" else device), interface)


def _onnx_file(
    path: Path, device: str | torch.device, interface: Interface, precision: Precision
) -> OnnxFile:
    if not path.is_file():
        raise ClassifierError(f"there is no file {str(path)!r}")
    if path.suffix in _TORCH_SUFFIXES:
        raise ClassifierError(
            f"{str(path)!r} holds weights of torch: load them into their module and pass that"
        )
    if str(device) not in ("auto", "cpu"):
        raise ClassifierError(f"ONNX files run on the CPU; got device={str(device)!r}")
    if precision == "bfloat16":
        raise ClassifierError(
            "precision='bfloat16' needs a torch module; an ONNX file has a precision of its own"
        )
    return OnnxFile(path, interface, path.name)


def _require_callable(model: object) -> None:
    if isinstance(model, type):
        raise ClassifierError(
            f"model must be an object; got the class {model.__name__}: make one of it first"
        )
    if not callable(model):
        given = type(model).__name__
        how = (
            ": pass a function that makes rows of the images, such as Classifier(lambda images: "
            "model.predict_proba(images.flatten(1).numpy()), labels=…, input_size=…)"
            if hasattr(model, "predict_proba")  # as models of scikit-learn have
            else ""
        )
        raise ClassifierError(
            f"model must be a torch module, a path to an ONNX file or a callable; got {given}{how}"
        )
