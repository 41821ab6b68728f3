"""The parts of a network, also those that torch does not know of: kept in plain lists, tuples and dicts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from torch import Tensor, nn

__all__ = ["every_part", "is_compiled", "loose_tensors", "state_of", "uncompiled"]

_REGISTERED = frozenset({"_parameters", "_buffers", "_modules"})


def every_part(module: nn.Module) -> list[nn.Module]:
    """List a network's modules, those kept in plain lists, tuples and dicts behind the registered ones.

    Examples
    --------
    >>> net = nn.Identity()
    >>> net.hidden = [nn.Linear(2, 2), {"more": nn.ReLU()}]
    >>> len(list(net.modules())), len(every_part(net))
    (1, 3)
    """
    found = dict.fromkeys(module.modules())
    waiting = list(found)
    while waiting:
        for value in _loose(waiting.pop()):
            if isinstance(value, nn.Module) and value not in found:
                new = [part for part in value.modules() if part not in found]
                found.update(dict.fromkeys(new))
                waiting += new
    return list(found)


def loose_tensors(part: nn.Module) -> Iterator[Tensor]:
    """Yield the tensors that a module keeps as plain attributes: no parameters, no buffers.

    Examples
    --------
    >>> import torch
    >>> net = nn.Linear(2, 2)
    >>> net.kept = [torch.ones(2)]
    >>> len(list(loose_tensors(net)))
    1
    """
    yield from (value for value in _loose(part) if isinstance(value, Tensor))


def state_of(module: nn.Module) -> dict[str, Any]:
    """Return the ``state_dict()`` of a network, with that of parts kept in plain lists, tuples and dicts.

    Examples
    --------
    >>> net = nn.Identity()
    >>> net.hidden = [nn.Linear(2, 2)]
    >>> list(net.state_dict()), list(state_of(net))
    ([], ['1 weight', '1 bias'])
    """
    state: dict[str, Any] = dict(module.state_dict())
    registered = set(module.modules())
    for place, part in enumerate(every_part(module)):
        if part not in registered:
            own = (*part.named_parameters(recurse=False), *part.named_buffers(recurse=False))
            state.update({f"{place} {name}": tensor for name, tensor in own})
    return state


def uncompiled(module: nn.Module) -> nn.Module:
    """Return the network within what `torch.compile` returned; any other module as it is.

    Examples
    --------
    >>> import torch
    >>> net = nn.Linear(2, 2)
    >>> uncompiled(torch.compile(net)) is net, uncompiled(net) is net
    (True, True)
    """
    modules = vars(module).get("_modules")  # a scripted module's is no dict
    inner = modules.get("_orig_mod") if isinstance(modules, dict) else None
    return inner if isinstance(inner, nn.Module) else module


def is_compiled(module: nn.Module) -> bool:
    """Tell if a network, or a part of it, is compiled.

    Examples
    --------
    >>> is_compiled(nn.Sequential(nn.Linear(2, 2)))
    False
    """
    return any(
        uncompiled(part) is not part or getattr(part, "_compiled_call_impl", None) is not None
        for part in module.modules()
    )


def _loose(part: nn.Module) -> Iterator[Any]:
    for name, value in vars(part).items():
        if name not in _REGISTERED:
            yield from _flat(value)


def _flat(value: Any) -> Iterator[Any]:
    if isinstance(value, Tensor | nn.Module):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from _flat(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _flat(item)
