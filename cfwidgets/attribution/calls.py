"""Intercept the torch functions that a network applies to tensors derived from its input.

Hooks see modules only: they miss ``out += identity``, ``F.relu(x)`` and whatever else a ``forward`` does by
itself, so that explanations of residual networks are wrong without a warning. A torch function mode sees
all of it, in one thread and without rewriting or tracing the network.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode, resolve_name
from torch.utils.hooks import RemovableHandle
from torch.utils.weak import WeakTensorKeyDictionary

__all__ = ["Call", "Calls", "Trace", "describe", "tensors_in"]


def tensors_in(value: Any) -> Iterator[Tensor]:
    """Yield every tensor in arguments or results, however nested.

    Examples
    --------
    >>> import torch
    >>> len(list(tensors_in((torch.ones(1), {"more": [torch.ones(2), 3]}))))
    2
    """
    if isinstance(value, Tensor):
        yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from tensors_in(item)
    elif isinstance(value, Sequence) and not isinstance(value, str | bytes):
        for item in value:
            yield from tensors_in(item)


def describe(name: str, part: nn.Module) -> str:
    """Name a part of a network in messages.

    Examples
    --------
    >>> describe("features.0", nn.ReLU()), describe("", nn.ReLU())
    ("'features.0' (ReLU)", 'the network itself (ReLU)')
    """
    return f"{repr(name) if name else 'the network itself'} ({type(part).__name__})"


class Calls(TorchFunctionMode):
    """Pass each torch function on a tensor derived from the input to `perform`, while entered.

    Parameters
    ----------
    module
        The network. It has a pair of hooks on every submodule while the mode is entered.

    Notes
    -----
    Only the thread that entered it is seen; functions inside TorchScript are not.
    """

    def __init__(self, module: nn.Module) -> None:
        super().__init__()
        self._names = {part: name for name, part in module.named_modules()}
        self._inside: list[nn.Module] = []
        self._handles: list[RemovableHandle] = []
        self.known: WeakTensorKeyDictionary = WeakTensorKeyDictionary()

    @property
    def part(self) -> tuple[str, nn.Module]:
        """The innermost submodule whose ``forward`` is running, with its name."""
        part = self._inside[-1] if self._inside else next(iter(self._names))
        return self._names[part], part

    @property
    def where(self) -> str:
        """The innermost submodule in words."""
        return describe(*self.part)

    def perform(
        self, name: str, function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> Any:
        """Run the function, or what stands in its place; return its result."""
        raise NotImplementedError

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Any,
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        kwargs = dict(kwargs or {})
        if not any(tensor in self.known for tensor in tensors_in((args, kwargs))):
            return func(*args, **kwargs)
        if "input" in kwargs:
            args = (kwargs.pop("input"), *args)
        return self.perform((resolve_name(func) or str(func)).rpartition(".")[2], func, args, kwargs)

    def __enter__(self) -> Any:
        for part in self._names:
            if isinstance(part, torch.jit.ScriptModule):  # its layers take no hooks, and no function is seen
                continue
            self._handles.append(part.register_forward_pre_hook(self._entered))
            self._handles.append(part.register_forward_hook(self._left))
        return super().__enter__()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        super().__exit__(kind, error, trace)
        for handle in self._handles:
            handle.remove()
        self._handles.clear()
        self._inside.clear()

    def _entered(self, part: nn.Module, _: Any) -> None:
        self._inside.append(part)

    def _left(self, *_: Any) -> None:
        self._inside.pop()


@dataclass(frozen=True)
class Call:
    """One torch function on a tensor derived from the input.

    Parameters
    ----------
    name
        The function's name without its module: ``"conv2d"``.
    part_name, part
        The submodule that called it.
    inputs
        The number of its arguments that are derived from the input.
    args, kwargs
        Its arguments; tensors derived from the input are replaced by their shapes, to free their memory.
    shape
        The shape of its result.
    """

    name: str
    part_name: str
    part: nn.Module
    inputs: int
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    shape: tuple[int, ...]

    @property
    def where(self) -> str:
        """The submodule in words."""
        return describe(self.part_name, self.part)


class Trace(Calls):
    """List the functions on tensors derived from one tensor.

    Examples
    --------
    >>> import torch
    >>> net = nn.Sequential(nn.Flatten(), nn.Linear(4, 2))
    >>> x = torch.ones(1, 2, 2)
    >>> with Trace(net) as trace:
    ...     trace.follow(x)
    ...     _ = net(x)
    >>> [(call.name, call.where) for call in trace.calls]
    [('flatten', "'0' (Flatten)"), ('linear', "'1' (Linear)")]
    """

    def __init__(self, module: nn.Module) -> None:
        super().__init__(module)
        self.calls: list[Call] = []

    def follow(self, tensor: Tensor) -> None:
        """Clear the list, and follow this tensor from now on."""
        self.calls.clear()
        self.known = WeakTensorKeyDictionary()
        self.known[tensor] = True

    def perform(
        self, name: str, function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> Any:
        """Run the function, and list it if it returns tensors."""
        inputs = sum(tensor in self.known for tensor in tensors_in((args, kwargs)))
        shown = tuple(tuple(a.shape) if isinstance(a, Tensor) and a in self.known else a for a in args)
        result = function(*args, **kwargs)
        tensors = list(tensors_in(result))
        for tensor in tensors:
            self.known[tensor] = True
        if tensors:
            self.calls.append(Call(name, *self.part, inputs, shown, kwargs, tuple(tensors[0].shape)))
        return result
