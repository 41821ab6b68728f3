"""Fingerprints: to tell if two networks, or two pictures, hold the same numbers."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

__all__ = ["fingerprint"]


def fingerprint(values: Mapping[str, Any]) -> str:
    """Hash names, types, shapes and values of tensors to 32 hexadecimal digits.

    Parameters
    ----------
    values
        Tensors by name, of any type and on any device, such as the ``state_dict()`` of a network. Also
        plain values, which quantised networks have there, and lists and tuples; other objects count by their
        kind alone.

    Examples
    --------
    >>> one = fingerprint({"weight": torch.zeros(2)})
    >>> one == fingerprint({"weight": torch.zeros(2)}), one == fingerprint({"weight": torch.ones(2)})
    (True, False)
    """
    digest = hashlib.blake2b(digest_size=16)
    for name, value in values.items():
        _add(digest, name, value)
    return digest.hexdigest()


def _add(digest: Any, name: str, value: Any) -> None:
    if isinstance(value, list | tuple):
        for place, item in enumerate(value):
            _add(digest, f"{name}.{place}", item)
    elif isinstance(value, Tensor):
        if value.is_quantized:
            _add(digest, f"{name}.values", value.dequantize())
            return
        digest.update(f"{name} {value.dtype} {tuple(value.shape)}\n".encode())
        digest.update(value.detach().cpu().contiguous().flatten().view(torch.uint8).numpy().data)
    else:
        plain = value is None or isinstance(value, str | int | float | torch.dtype)
        digest.update(
            f"{name} {value!r}\n".encode() if plain else f"{name} {type(value).__name__}\n".encode()
        )
