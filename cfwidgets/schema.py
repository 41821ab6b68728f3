"""Check what a file gave: the type of each field, and of tensors the kind, shape and range.

A dataclass may have a class attribute ``schema``, from names of its fields to texts such as

- ``"float32 (3, H, W) 0 1"``: a tensor of this type and shape, with values from 0 to 1;
- ``"bool (n)"``: its side n is the same wherever n is named in the schema of one object;
- ``"float (n, m) nan"``: of any floating type, where NaN is a value; all else must be finite;
- ``"(C)"``: a tuple of C entries;
- ``"0 inf"``: a number of at least 0.

Fields that a schema does not name are checked by their annotations alone, and must be finite.
"""

from __future__ import annotations

import math
import re
import types
from dataclasses import fields, is_dataclass
from functools import cache
from typing import Any, ClassVar, Literal, Union, get_args, get_origin, get_type_hints

import torch
from torch import Tensor

__all__ = ["SchemaError", "check"]

_SPEC = re.compile(
    r"(?P<dtype>[a-z]+\d*)? ?(?:\((?P<sides>[^)]*)\))? ?(?P<low>-?[\d.]+|-inf)? ?(?P<high>-?[\d.]+|inf)? ?"
    r"(?P<nan>nan)?"
)
_KINDS = {"float": (torch.float16, torch.bfloat16, torch.float32, torch.float64)}


class SchemaError(ValueError):
    """A value is not what its field holds; says which field, and what is accepted."""


def check(value: Any, kind: type[Any]) -> None:
    """Check a dataclass, and those within it, against annotations and schemas.

    Parameters
    ----------
    value
        Anything.
    kind
        The dataclass that it must be an instance of.

    Raises
    ------
    SchemaError
        The first difference.

    Examples
    --------
    >>> from dataclasses import dataclass
    >>> @dataclass
    ... class Answer:
    ...     schema = {"mask": "bool (n)", "weights": "float32 (n) 0 1"}
    ...     mask: Tensor
    ...     weights: Tensor
    >>> check(Answer(torch.zeros(2, dtype=torch.bool), torch.zeros(2)), Answer)
    >>> check(Answer(torch.zeros(2, dtype=torch.bool), torch.zeros(3)), Answer)
    Traceback (most recent call last):
        ...
    cfwidgets.schema.SchemaError: weights must be of shape (n), n = 2, not (3,)
    """
    _require(value, kind, "it")
    _object(value, "")


def _object(value: Any, place: str) -> None:
    kind: Any = type(value)
    hints, specs = _hints(kind), _specs(kind)
    sides: dict[str, int] = {}
    for field in fields(value):
        name, given = f"{place}{field.name}", getattr(value, field.name)
        spec = specs.get(field.name, "")
        _typed(given, hints[field.name], name, nan=spec.endswith("nan"))
        if spec and given is not None:
            _specified(given, spec, name, sides)


@cache
def _hints(kind: Any) -> dict[str, Any]:
    return get_type_hints(kind)


@cache
def _specs(kind: Any) -> dict[str, str]:
    """Join the schemas of a class and its bases."""
    return {
        name: spec for each in reversed(kind.__mro__) for name, spec in vars(each).get("schema", {}).items()
    }


def _typed(value: Any, hint: Any, name: str, *, nan: bool) -> None:
    origin = get_origin(hint)
    if hint is Any or origin is ClassVar:
        return
    if origin in (Union, types.UnionType):
        _one_of(value, get_args(hint), name, nan=nan)
    elif origin is Literal:
        if value not in get_args(hint):
            raise SchemaError(
                f"{name} must be one of {', '.join(map(repr, get_args(hint)))}, not {value!r:.60}"
            )
    elif origin in (tuple, list):
        _sequence(value, hint, name, nan=nan)
    elif origin is dict:
        _require(value, dict, name)
        for key, item in value.items():
            _typed(item, get_args(hint)[1], f"{name}[{key!r:.40}]", nan=nan)
    else:
        _plain(value, hint, name, nan=nan)


def _plain(value: Any, kind: type, name: str, *, nan: bool) -> None:
    _require(value, kind, name)
    if isinstance(value, Tensor):
        finite = not value.is_floating_point() or bool(value.isfinite().all())
    else:
        finite = not isinstance(value, float) or math.isfinite(value)
    if not finite and not nan:
        raise SchemaError(f"{name} must be finite; it holds NaN or infinite values")
    if is_dataclass(value):
        _object(value, f"{name}.")


def _require(value: Any, kind: type, name: str) -> None:
    accepted = (int, float) if kind is float else kind
    if not isinstance(value, accepted) or (isinstance(value, bool) and kind is not bool):
        raise SchemaError(f"{name} must be of type {kind.__name__}, not {_kind(value)}")


def _one_of(value: Any, hints: tuple[Any, ...], name: str, *, nan: bool) -> None:
    refused: SchemaError | None = None
    for hint in sorted(hints, key=lambda hint: hint is type(None), reverse=True):
        if hint is type(None):
            if value is None:
                return
            continue
        try:
            _typed(value, hint, name, nan=nan)
        except SchemaError as error:
            refused = error
        else:
            return
    raise refused or SchemaError(f"{name} must not be {_kind(value)}")


def _sequence(value: Any, hint: Any, name: str, *, nan: bool) -> None:
    kind, items = get_origin(hint), get_args(hint)
    _require(value, kind, name)
    if kind is tuple and items[-1] is not ...:
        if len(value) != len(items):
            raise SchemaError(f"{name} must have {len(items)} entries, not {len(value)}")
    else:
        items = items[:1] * len(value)
    for index, (item, each) in enumerate(zip(value, items, strict=True)):
        _typed(item, each, f"{name}[{index}]", nan=nan)


def _specified(value: Any, spec: str, name: str, sides: dict[str, int]) -> None:
    parts = _SPEC.fullmatch(spec)
    if parts is None:
        raise ValueError(f"the schema of {name} cannot be read: {spec!r}")
    dtype = parts["dtype"]
    if dtype and dtype != "nan" and value.dtype not in _KINDS.get(dtype, (getattr(torch, dtype, None),)):
        raise SchemaError(f"{name} must be of {dtype}, not {str(value.dtype).removeprefix('torch.')}")
    if parts["sides"] is not None:
        shape = tuple(value.shape) if isinstance(value, Tensor) else (len(value),)
        _shaped(shape, parts["sides"], name, sides)
    if parts["low"]:
        _ranged(value, float(parts["low"]), float(parts["high"]), name)


def _shaped(shape: tuple[int, ...], wanted: str, name: str, sides: dict[str, int]) -> None:
    symbols = [side.strip() for side in wanted.split(",") if side.strip()]
    known = {side: int(side) if side.isdecimal() else sides.get(side) for side in symbols}
    fits = len(shape) == len(symbols) and all(
        known[symbol] in (None, side) for symbol, side in zip(symbols, shape, strict=True)
    )
    if not fits:
        said = "".join(f", {s} = {k}" for s, k in known.items() if k is not None and not s.isdecimal())
        raise SchemaError(f"{name} must be of shape ({wanted}){said}, not {shape}")
    sides.update(zip(symbols, shape, strict=True))


def _ranged(value: Any, low: float, high: float, name: str) -> None:
    if isinstance(value, Tensor):
        if not value.numel():
            return
        ends = [float(end) for end in value.double().nan_to_num(nan=low).aminmax()]
    else:
        ends = [value, value]
    slack = 1e-4 if isinstance(value, Tensor) and value.is_floating_point() else 0.0  # rounding
    if ends[0] < low - slack or ends[1] > high + slack:
        raise SchemaError(f"{name} must be from {low:g} to {high:g}, not {ends[0]:g} to {ends[1]:g}")


def _kind(value: Any) -> str:
    return "None" if value is None else type(value).__name__
