"""Fingerprints: to tell if two networks, or two pictures, hold the same numbers."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

import torch
from torch import Tensor

__all__ = ["fingerprint"]


def fingerprint(tensors: Mapping[str, Tensor]) -> str:
    """Hash names, types, shapes and values of tensors to 32 hexadecimal digits.

    Parameters
    ----------
    tensors
        Tensors by name, of any type and on any device, such as the ``state_dict()`` of a network.

    Examples
    --------
    >>> one = fingerprint({"weight": torch.zeros(2)})
    >>> one == fingerprint({"weight": torch.zeros(2)}), one == fingerprint({"weight": torch.ones(2)})
    (True, False)
    """
    digest = hashlib.blake2b(digest_size=16)
    for name, tensor in tensors.items():
        digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}\n".encode())
        digest.update(tensor.detach().cpu().contiguous().flatten().view(torch.uint8).numpy().data)
    return digest.hexdigest()
