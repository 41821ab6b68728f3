"""TorchScript in a file."""

from __future__ import annotations

import zipfile
from pathlib import Path

import torch
from torch import nn

from cfwidgets.models.backends.base import ClassifierError

__all__ = ["is_script", "load_script"]


def is_script(path: Path) -> bool:
    """Tell if a file is one that `torch.jit.save` wrote: unlike one of weights, it holds code.

    Examples
    --------
    >>> is_script(Path("none.pt"))
    False
    """
    if not path.is_file() or not zipfile.is_zipfile(path):
        return False
    try:
        with zipfile.ZipFile(path) as archive:
            names = {name.partition("/")[2] for name in archive.namelist()}
    except (zipfile.BadZipFile, OSError):
        return False
    return "constants.pkl" in names and any(name.startswith("code/") for name in names)


def load_script(path: Path) -> nn.Module:
    """Load a script to the CPU, without Python's pickle: torch reads it with a reader of its own.

    Raises
    ------
    ClassifierError
        Torch cannot read it.
    """
    try:
        module: nn.Module = torch.jit.load(str(path), map_location="cpu")
    except (RuntimeError, OSError, ValueError) as error:
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise ClassifierError(f"{path.name} cannot be read as TorchScript: {reason}") from error
    return module.eval() if hasattr(module, "training") else module
