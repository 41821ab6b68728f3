"""Results as files: saved as safetensors with a JSON header, never as pickle."""

from __future__ import annotations

import hashlib
import json
import os
import re
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any, ClassVar, Self

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from cfwidgets.schema import check
from cfwidgets.scratch import replacing

FORMAT = 2
_HEADER = "cfwidgets"
_SUM = "sha256"


class ResultError(ValueError):
    """A file that is not a saved result of the expected class."""


class Result:
    """Base of the frozen dataclasses that engines return.

    Fields may hold tensors, strings, numbers, booleans, None, lists, tuples and dictionaries of these, and
    the dataclasses listed in the class attribute ``parts``, which may be results themselves.

    Examples
    --------
    >>> import tempfile
    >>> from dataclasses import dataclass
    >>> @dataclass(frozen=True)
    ... class Answer(Result):
    ...     mask: Tensor
    ...     label: str
    >>> path = Path(tempfile.mkdtemp()) / "answer.safetensors"
    >>> Answer(torch.tensor([True, False]), "cat").save(path)
    >>> Answer.load(path).label
    'cat'
    """

    parts: ClassVar[tuple[type, ...]] = ()

    def require_sound(self) -> None:
        """Raise ValueError where fields contradict each other. Called after all other checks."""

    def save(self, path: str | Path) -> None:
        """Write the result to one safetensors file; an existing file is replaced only once all is written.

        Raises
        ------
        OSError
            The disk is full, the folder is not there, or the like; it names ``path``.
        """
        tensors: dict[str, Tensor] = {}
        header = {"format": FORMAT, "type": type(self).__name__, "value": _pack(self, "", tensors)}
        text = json.dumps(header)
        try:
            _write(Path(path), tensors, {_HEADER: text, _SUM: _checksum(text, tensors)})
        except (OSError, SafetensorError) as error:
            number = _error_number(error)
            if number is None:
                raise
            raise OSError(number, os.strerror(number), str(path)) from error  # not the scratch file

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """Read a result that ``save`` wrote.

        Raises
        ------
        ResultError
            If the file is not a result of this class, is damaged, was written by another version, or holds
        values that are none of such a result.
        """
        try:
            with safe_open(path, framework="pt") as file:
                metadata = file.metadata() or {}
                text = metadata.get(_HEADER, "null")
                header = json.loads(text)
                tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118 - not a mapping
        except (SafetensorError, json.JSONDecodeError, RecursionError) as error:
            raise ResultError(f"{path} is not a saved result, or is damaged: {error}") from error
        if not isinstance(header, dict) or not {"format", "type", "value"} <= set(header):
            raise ResultError(f"{path} is a safetensors file, but not one that cfwidgets wrote")
        if header["format"] != FORMAT:
            raise ResultError(
                f"{path} has format {header['format']!r:.40}; this version of cfwidgets reads {FORMAT}"
            )
        if header["type"] != cls.__name__:
            kind = f"{header['type']!s:.60}"
            raise ResultError(
                f"{path} holds a {kind}, which {_reader(kind)} reads; {_reader(cls.__name__)} does not"
            )
        if metadata.get(_SUM) != _checksum(text, tensors):
            raise ResultError(f"{path} is damaged: its contents are not those that were written")
        try:
            value = _unpack(header["value"], tensors, {cls.__name__: cls})
            check(value, cls)
            value.require_sound()
        except (KeyError, TypeError, ValueError, AttributeError, RecursionError) as error:
            raise ResultError(f"{path} does not fit {cls.__name__}: {error}") from error
        done: Self = value
        return done


def _reader(kind: str) -> str:
    """Name the public function that reads a file, by the class that it holds."""
    return "cfwidgets.open" if kind == "SavedExplorer" else f"{kind}.load"


def _checksum(header: str, tensors: dict[str, Tensor]) -> str:
    """Sum over the header and all numbers: no flipped bit is read as an answer."""
    total = hashlib.sha256(header.encode())
    for key in sorted(tensors):
        value = tensors[key]
        total.update(f"{key} {value.dtype} {tuple(value.shape)}".encode())
        total.update(value.contiguous().reshape(-1).view(torch.uint8).numpy().data)
    return total.hexdigest()


def _write(path: Path, tensors: dict[str, Tensor], metadata: dict[str, str]) -> None:
    with replacing(path) as scratch:
        save_file(tensors, scratch, metadata=metadata)


def _error_number(error: OSError | SafetensorError) -> int | None:
    """Return the operating system's number of an error, which safetensors gives in its text alone."""
    if isinstance(error, OSError):
        return error.errno
    found = re.search(r"os error (\d+)", str(error))
    return None if found is None else int(found[1])


def _pack(value: Any, key: str, tensors: dict[str, Tensor]) -> Any:
    """Return the JSON form of a value; its tensors are added to ``tensors`` under ``key``."""
    if isinstance(value, Tensor):
        # safetensors refuses views and tensors that share memory
        tensors[key] = value.detach().cpu().clone(memory_format=torch.contiguous_format)
        return {"tensor": key}
    if is_dataclass(value) and not isinstance(value, type):
        packed = {f.name: _pack(getattr(value, f.name), f"{key}/{f.name}", tensors) for f in fields(value)}
        return {"dataclass": type(value).__name__, "fields": packed}
    if isinstance(value, list | tuple):
        items = [_pack(item, f"{key}/{i}", tensors) for i, item in enumerate(value)]
        return {"tuple": items} if isinstance(value, tuple) else items
    if isinstance(value, dict):
        return {"dict": {str(k): _pack(v, f"{key}/{k}", tensors) for k, v in value.items()}}
    if value is None or isinstance(value, str | bool | int | float):
        return value
    raise TypeError(f"{key}: a {type(value).__name__} cannot be saved")


def _unpack(value: Any, tensors: dict[str, Tensor], known: dict[str, type]) -> Any:
    if isinstance(value, list):
        return [_unpack(item, tensors, known) for item in value]
    if not isinstance(value, dict):
        return value
    if "tensor" in value:
        return tensors[value["tensor"]]
    if "tuple" in value:
        return tuple(_unpack(item, tensors, known) for item in value["tuple"])
    if "dict" in value:
        return {k: _unpack(v, tensors, known) for k, v in value["dict"].items()}
    kind = known[value["dataclass"]]
    if issubclass(kind, Result):  # within a result its own parts are known: others may be called alike
        known = {**known, **{part.__name__: part for part in kind.parts}}
    return kind(**{k: _unpack(v, tensors, known) for k, v in value["fields"].items()})
