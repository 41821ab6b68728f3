"""The state of a network that a pass may change, saved and restored: see `guard.untouched`."""

from __future__ import annotations

import operator
import threading
from collections.abc import Iterable
from typing import Any
from weakref import WeakKeyDictionary, ref

import torch
from torch import Tensor, nn
from torch.utils.hooks import RemovableHandle

from cfwidgets.models.buffers import KeptBuffers
from cfwidgets.models.parts import every_part

__all__ = ["NetworkState"]

# Torch's names for the hooks of a forward or a backward pass; an older or newer torch may lack some.
_HOOKS = tuple(
    name
    for name in (
        "_forward_hooks",
        "_forward_hooks_with_kwargs",
        "_forward_hooks_always_called",
        "_forward_pre_hooks",
        "_forward_pre_hooks_with_kwargs",
        "_backward_hooks",
        "_backward_pre_hooks",
    )
    if hasattr(nn.Module(), name)
)
# The kind of backward hook of a module; torch does not reset it when the hook is removed.
_HOOK_KIND = "_is_full_backward_hook"
_TRAINING = "training"
_hooks_of = operator.itemgetter(*_HOOKS)


class NetworkState:
    """The state of a network, saved to be restored.

    It is read before and after each pass, of which one on a small network takes two milliseconds and empties
    the processor's caches: so all of a module is read while it is at hand, lists are compared as a whole, and
    what most networks have none of, hooks and gradients, is not listed.

    Parameters
    ----------
    module
        The network.
    """

    def __init__(self, module: nn.Module) -> None:
        self._handles = RemovableHandle.next_id  # before the hooks: another thread may hang up one now
        self._parts = parts = _modules(module)
        self._training: list[Any] = []
        self._hook_kinds: list[Any] = []
        self._hooks: list[tuple[dict[int, Any], dict[int, Any]]] = []
        self._parameters: list[nn.Parameter] = []
        for part in parts:
            self._training.append(getattr(part, _TRAINING, None))  # a frozen script has none
            self._hook_kinds.append(getattr(part, _HOOK_KIND, None))
            if any(kinds := _hooks_of(part.__dict__)):
                self._hooks += [(hooks, dict(hooks)) for hooks in kinds if hooks]
            self._parameters += [p for p in _parameters_of(part) if p is not None]
        self._requires_grad = [p.requires_grad for p in self._parameters]
        self._gradients = [p.grad for p in self._parameters]
        self.buffers = KeptBuffers(parts)
        self._random = _random_states() if threading.current_thread() is threading.main_thread() else {}
        self._thread = threading.get_ident()

    def renew(self) -> None:
        """Restore what another thread has set aside, which is not in this forked child to do it."""
        if self._thread != threading.get_ident():
            self._random = {}  # of the other thread; and torch's lock on it may be taken
            self.put_back()

    def set_aside(self) -> None:
        """Set evaluation mode and remove the gradients, so that a backward pass cannot add to them."""
        if any(self._training):
            for part, training in zip(self._parts, self._training, strict=True):
                if training:
                    part.training = False
        for parameter, gradient in zip(self._parameters, self._gradients, strict=True):
            if gradient is not None:
                parameter.grad = None

    def between_passes(self) -> None:
        """Restore what the next pass would read."""
        self.buffers.put_back()
        _set_random_states(self._random)

    def put_back(self) -> None:
        """Restore everything; doing it twice does no harm."""
        _put_back_flags(self._parts, _TRAINING, self._training)
        _put_back_flags(self._parts, _HOOK_KIND, self._hook_kinds)
        # Each hook has a handle of a number of its own: where none was there and no handle was made, none is.
        if self._hooks or self._handles != RemovableHandle.next_id:
            self._put_back_hooks()
        for parameter, requires_grad, gradient in zip(
            self._parameters, self._requires_grad, self._gradients, strict=True
        ):
            if parameter.requires_grad != requires_grad:
                parameter.requires_grad = requires_grad
            if parameter.grad is not gradient:
                parameter.grad = gradient
        self.buffers.put_back()
        _set_random_states(self._random)

    def _put_back_hooks(self) -> None:
        before = {id(hooks) for hooks, _ in self._hooks}
        for part in self._parts:
            for hooks in _hooks_of(part.__dict__):
                if hooks and id(hooks) not in before:
                    hooks.clear()
        for hooks, items in self._hooks:
            # A registration has a number of its own, so equal numbers are equal hooks.
            if list(hooks) != list(items):
                hooks.clear()
                hooks.update(items)


_hidden: WeakKeyDictionary[nn.Module, tuple[ref[nn.Module], ...]] = WeakKeyDictionary()


def _modules(module: nn.Module) -> list[nn.Module]:
    """List the modules of a network: looking through all attributes for hidden ones takes long, and once."""
    found = _registered(module)
    hidden = _hidden.get(module)
    if hidden is None:
        registered = set(found)
        hidden = tuple(ref(part) for part in every_part(module) if part not in registered)
        _hidden[module] = hidden
    return found + [part for one in hidden if (part := one()) is not None] if hidden else found


def _registered(module: nn.Module) -> list[nn.Module]:
    """List what ``modules()`` gives, in any order and in half the time, which is taken at each pass."""
    found, waiting = {id(module): module}, [module]
    while waiting:
        parts: Any = waiting.pop()._modules  # noqa: SLF001 - there is no other name
        if not isinstance(parts, dict):  # a script's
            return list(module.modules())
        for part in parts.values():
            if part is not None and id(part) not in found:
                found[id(part)] = part
                waiting.append(part)
    return list(found.values())


def _parameters_of(part: nn.Module) -> Iterable[nn.Parameter | None]:
    """Give a module's own parameters: read at each pass, and many times faster than by its generator."""
    own: Any = part._parameters  # noqa: SLF001 - there is no other name
    return own.values() if isinstance(own, dict) else part.parameters(recurse=False)  # a script's is none


def _put_back_flags(parts: list[nn.Module], name: str, before: list[Any]) -> None:
    """Set an attribute of each module to what it was."""
    now = [getattr(part, name, None) for part in parts]
    if now != before:
        for part, is_now, was in zip(parts, now, before, strict=True):
            if is_now is not was:
                setattr(part, name, was)


def _random_states() -> dict[str, Tensor]:
    """Read random states by device; CUDA's only where it is initialised, as reading would initialise it."""
    devices = ["cpu"]
    if torch.cuda.is_initialized():
        devices += [f"cuda:{index}" for index in range(torch.cuda.device_count())]
    return {device: _random_state(device) for device in devices}


def _random_state(device: str) -> Tensor:
    return torch.get_rng_state() if device == "cpu" else torch.cuda.get_rng_state(device)


def _set_random_states(states: dict[str, Tensor]) -> None:
    for device, state in states.items():
        if not torch.equal(_random_state(device), state):
            if device == "cpu":
                torch.set_rng_state(state)
            else:
                torch.cuda.set_rng_state(state, device)
