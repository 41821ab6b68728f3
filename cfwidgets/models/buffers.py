"""Leave a network's buffers unchanged: some write into theirs at every pass, in evaluation mode too.

Observers of quantisation widen their ranges, and moving averages move, so that asking would change the model.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode

__all__ = ["KeptBuffers"]

# Their buffers are statistics that evaluation mode does not write: most networks have no others.
_STILL = frozenset({nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d, nn.SyncBatchNorm})
# Bytes above which a buffer is copied only where it is written: weights kept in buffers would double.
_LARGE = 1 << 20

_written: WeakKeyDictionary[nn.Module, dict[str, bool]] = WeakKeyDictionary()
"""For each module's large buffers that were watched once: True where the network writes into it."""


@dataclass(frozen=True, eq=False)
class _Kept:
    """A buffer of a module, as it was."""

    part: nn.Module
    name: str
    tensor: Tensor | None
    version: int | None
    copy: Tensor | None


class KeptBuffers:
    """The buffers of some modules, to be put back.

    Parameters
    ----------
    parts
        The modules.

    Notes
    -----
    Small buffers are copied each time. A large one is watched the first time, and copied at the moment of its
    first change; later times it is copied only if it was changed then.
    """

    def __init__(self, parts: Iterable[nn.Module]) -> None:
        self._parts = [part for part in parts if type(part) not in _STILL and part._buffers]  # noqa: SLF001
        self._watch: _Watch | None = None
        if self._parts:
            watched: list[tuple[nn.Module, str, Tensor]] = []
            self._kept = [kept for part in self._parts for kept in _kept(part, watched)]
            self._watch = _Watch(watched) if watched else None

    def watching(self) -> AbstractContextManager[object]:
        """Return the context in which the network runs."""
        return nullcontext() if self._watch is None else self._watch

    def put_back(self) -> None:
        """Restore all; doing it twice does no harm."""
        if not self._parts:
            return
        copies = {} if self._watch is None else self._watch.copies
        for kept in self._kept:
            _put_back(kept, copies.get(id(kept.tensor)))
        for part in self._parts:
            names = {kept.name for kept in self._kept if kept.part is part}
            for name in [name for name in _buffers_of(part) if name not in names]:
                del part._buffers[name]  # noqa: SLF001


def _buffers_of(part: nn.Module) -> Any:
    """Return a module's own buffers by name; a scripted module's are read each time."""
    buffers: Any = part._buffers  # noqa: SLF001
    return buffers if isinstance(buffers, dict) else dict(part.named_buffers(recurse=False))


def _kept(part: nn.Module, watched: list[tuple[nn.Module, str, Tensor]]) -> Iterator[_Kept]:
    known = _written.get(part, {})
    for name, tensor in _buffers_of(part).items():
        copy = None
        if tensor is not None:
            large = tensor.numel() * tensor.element_size() > _LARGE
            if large and name not in known:
                watched.append((part, name, tensor))
            elif not large or known[name]:
                copy = tensor.detach().clone()
        yield _Kept(part, name, tensor, _version(tensor), copy)


def _version(tensor: Tensor | None) -> int | None:
    return None if tensor is None or tensor.is_inference() else tensor._version  # noqa: SLF001


def _put_back(kept: _Kept, copied_when_written: Tensor | None) -> None:
    tensor, copy = kept.tensor, kept.copy
    buffers: Any = kept.part._buffers  # noqa: SLF001
    if isinstance(buffers, dict) and (kept.name not in buffers or buffers[kept.name] is not tensor):
        buffers[kept.name] = tensor
    if tensor is None:
        return
    if copy is None:
        copy = copied_when_written
    if copy is None:
        if _version(tensor) != kept.version:
            _written.setdefault(kept.part, {})[kept.name] = True
            warnings.warn(
                f"the network wrote into its buffer {kept.name!r}, for the first time after many passes: it "
                "is not as it was",
                RuntimeWarning,
                stacklevel=2,
            )
        return
    if _changed(tensor, copy, kept.version):
        with torch.no_grad():
            if tensor.shape != copy.shape:
                tensor.resize_(copy.shape)
            tensor.copy_(copy)


def _changed(tensor: Tensor, copy: Tensor, version: int | None) -> bool:
    if tensor.shape != copy.shape or _version(tensor) != version or version is None:
        return True
    # By ``.data`` a module writes without a trace. On a device the comparison would wait for all its work.
    return tensor.device.type == "cpu" and not torch.equal(tensor, copy)


class _Watch(TorchDispatchMode):
    """Copies large buffers at the moment of their first change."""

    def __init__(self, buffers: list[tuple[nn.Module, str, Tensor]]) -> None:
        super().__init__()
        self._buffers = buffers
        self._by_memory: dict[int, list[Tensor]] = {}
        for _, _, tensor in buffers:
            self._by_memory.setdefault(_memory(tensor), []).append(tensor)
        self.copies: dict[int, Tensor] = {}

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        kwargs = kwargs or {}
        if func._schema.is_mutable:  # noqa: SLF001
            for place, declared in enumerate(func._schema.arguments):  # noqa: SLF001
                if declared.alias_info is not None and declared.alias_info.is_write:
                    self._keep(args[place] if place < len(args) else kwargs.get(declared.name))
        return func(*args, **kwargs)

    def __exit__(self, *error: object) -> None:
        super().__exit__(*error)
        for part, name, tensor in self._buffers:
            _written.setdefault(part, {})[name] = id(tensor) in self.copies

    def _keep(self, value: Any) -> None:
        for written in value if isinstance(value, list | tuple) else (value,):
            if isinstance(written, Tensor):
                for tensor in self._by_memory.get(_memory(written), ()):
                    if id(tensor) not in self.copies:
                        self.copies[id(tensor)] = tensor.detach().clone()


def _memory(tensor: Tensor) -> int:
    try:
        return tensor.untyped_storage().data_ptr()
    except (RuntimeError, NotImplementedError):  # sparse tensors, and others without memory of their own
        return 0
