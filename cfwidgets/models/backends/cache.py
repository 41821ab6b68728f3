"""Exported networks, saved in the user's cache folder.

A file is named by a digest of its sources and one of its content, so that a truncated or damaged file is
detected when it is read. The folder is ``platformdirs.user_cache_path("cfwidgets")``, or the value of
the environment variable ``CFWIDGETS_CACHE``; deleting it costs only the time of exporting again.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
from pathlib import Path

import torch
from platformdirs import user_cache_path
from torch import Tensor, nn

from cfwidgets.models.backends.base import Interface
from cfwidgets.scratch import clear, replacing
from cfwidgets.warn import warn_user

__all__ = ["discard", "folder", "key", "read", "write"]

# Raise it when the exported graph changes for the same network.
_FORMAT = 3


def folder() -> Path:
    """Return the folder of exported networks."""
    return Path(os.environ.get("CFWIDGETS_CACHE") or user_cache_path("cfwidgets")) / "onnx"


def key(module: nn.Module, input_size: tuple[int, int], interface: Interface) -> str:
    """Hash the sources of an exported network: structure, weights, settings and torch's version.

    Examples
    --------
    >>> net = nn.Linear(2, 2)
    >>> key(net, (8, 8), Interface()) == key(net, (8, 9), Interface())
    False
    """
    kind = type(module)
    digest = hashlib.sha256(
        repr(
            (
                _FORMAT,
                torch.__version__,
                kind.__module__,
                kind.__qualname__,
                repr(module),
                input_size,
                interface.normalisation,
                interface.channels,
                interface.output,
            )
        ).encode()
    )
    for tensors in (
        module.named_parameters(remove_duplicate=False),
        module.named_buffers(remove_duplicate=False),
    ):
        for name, tensor in tensors:
            digest.update(repr((name, tensor.dtype, tuple(tensor.shape))).encode())
            digest.update(_raw(tensor))
    return digest.hexdigest()[:32]


def read(name: str) -> bytes | None:
    """Read the file of a key; None where there is none, or a damaged one."""
    clear(folder())
    for path in _files(name):
        try:
            content = path.read_bytes()
        except OSError:
            continue
        if path.name == _file_name(name, content):
            return content
        discard(name)
    return None


def write(name: str, content: bytes) -> None:
    """Save a content atomically; warn where the folder is read-only."""
    try:
        folder().mkdir(parents=True, exist_ok=True)
        with replacing(folder() / _file_name(name, content)) as scratch:
            scratch.write_bytes(content)
            discard(name)
    except OSError as error:
        warn_user(
            f"the exported network cannot be saved in {folder()} ({error}) and is exported again next time; "
            "the environment variable CFWIDGETS_CACHE names another folder",
            RuntimeWarning,
        )


def discard(name: str) -> None:
    """Delete the file of a key, unless the folder is read-only."""
    for path in _files(name):
        with contextlib.suppress(OSError):
            path.unlink()


def _files(name: str) -> list[Path]:
    return sorted(folder().glob(f"{name}-*.onnx"))


def _file_name(name: str, content: bytes) -> str:
    return f"{name}-{hashlib.sha256(content).hexdigest()[:16]}.onnx"


def _raw(tensor: Tensor) -> memoryview:
    return memoryview(tensor.detach().cpu().contiguous().flatten().view(torch.uint8).numpy().data)
