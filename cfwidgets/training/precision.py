"""The number format of the networks' arithmetic; their weights, and sums over them, stay float32."""

from __future__ import annotations

import torch

__all__ = ["arithmetic"]


def arithmetic(device: torch.device, precision: str) -> torch.autocast:
    """Return the context in which networks compute: in bfloat16, or as they are for ``"float32"``.

    Examples
    --------
    >>> with arithmetic(torch.device("cpu"), "bfloat16"):
    ...     torch.nn.Linear(2, 1)(torch.ones(1, 2)).dtype
    torch.bfloat16
    """
    return torch.autocast(device.type, torch.bfloat16, enabled=precision == "bfloat16")
