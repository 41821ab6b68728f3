"""Compare results field by field, and collect their tensors."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from typing import Any

import torch
from torch import Tensor


def differences(
    a: Any, b: Any, name: str = "result", ignore: frozenset[str] = frozenset({"seconds"})
) -> list[str]:
    """Names of the fields that differ; NaN equals NaN."""
    if isinstance(a, Tensor) and isinstance(b, Tensor):
        same = (
            a.shape == b.shape and a.dtype == b.dtype and torch.equal(a.nan_to_num(-7e7), b.nan_to_num(-7e7))
        )
        return [] if same else [name]
    if is_dataclass(a) and is_dataclass(b):
        return [
            wrong
            for one in fields(a)
            if one.name not in ignore
            for wrong in differences(getattr(a, one.name), getattr(b, one.name), f"{name}.{one.name}", ignore)
        ]
    if isinstance(a, Mapping) and isinstance(b, Mapping):
        if a.keys() != b.keys():
            return [name]
        return [wrong for key in a for wrong in differences(a[key], b[key], f"{name}[{key!r}]", ignore)]
    if isinstance(a, list | tuple) and isinstance(b, list | tuple):
        if len(a) != len(b):
            return [name]
        pairs = enumerate(zip(a, b, strict=True))
        return [wrong for place, (x, y) in pairs for wrong in differences(x, y, f"{name}[{place}]", ignore)]
    if isinstance(a, float) and isinstance(b, float) and math.isnan(a) and math.isnan(b):
        return []
    return [] if a == b else [name]


def tensors(value: Any) -> Iterator[Tensor]:
    """All tensors in a result."""
    if isinstance(value, Tensor):
        yield value
    elif is_dataclass(value):
        for one in fields(value):
            yield from tensors(getattr(value, one.name))
    elif isinstance(value, Mapping):
        for one in value.values():
            yield from tensors(one)
    elif isinstance(value, list | tuple):
        for one in value:
            yield from tensors(one)
