"""The repr of what holds tensors, in a line."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from cfwidgets.text import LINE, cut

__all__ = ["brief"]

_VALUE = 40  # the most characters of one value


def brief(value: Any) -> str:
    """Write a dataclass or a named tuple in a line: tensors and arrays by type and shape.

    A dataclass sets it in its body, ``__repr__ = brief``; a named tuple calls it in its ``__repr__``.

    Examples
    --------
    >>> from dataclasses import dataclass
    >>> import torch
    >>> @dataclass
    ... class Answer:
    ...     rows: torch.Tensor
    ...     labels: tuple[str, ...]
    ...     __repr__ = brief
    >>> Answer(torch.zeros(3, 2), ("cat", "dog"))
    Answer(rows=float32 (3, 2), labels=('cat', 'dog'))
    """
    names = getattr(value, "_fields", None) or [one.name for one in fields(value) if one.repr]
    parts = ", ".join(f"{name}={_short(getattr(value, name))}" for name in names)
    return f"{cut(f'{type(value).__name__}({parts}', LINE - 1)})"


def _short(value: Any) -> str:
    if hasattr(value, "dtype") and hasattr(value, "shape"):
        return f"{str(value.dtype).removeprefix('torch.')} {tuple(value.shape)}"
    written = repr(value)
    if len(written) > _VALUE and isinstance(value, list | tuple | dict):
        return f"{type(value).__name__} of {len(value)}"
    return cut(written, _VALUE)
