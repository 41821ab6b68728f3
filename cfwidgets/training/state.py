"""The state of networks and optimisers as named tensors, for checkpoints."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

__all__ = ["adam_state", "copied", "prefixed", "set_adam_state", "under"]


def copied(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Copy tensors to the CPU: a later update changes none of them."""
    return {name: value.cpu().clone() for name, value in state.items()}


def prefixed(prefix: str, state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Name tensors by the prefix, a dot and their name: `under` undoes it.

    Examples
    --------
    >>> prefixed("a", {"x": torch.ones(1)})
    {'a.x': tensor([1.])}
    """
    return {f"{prefix}.{name}": value for name, value in state.items()}


def under(prefix: str, state: dict[str, Tensor]) -> dict[str, Tensor]:
    """Select the tensors whose name begins with the prefix and a dot, by the rest of their name.

    Examples
    --------
    >>> under("a", {"a.x": torch.ones(1), "b.x": torch.zeros(1)})
    {'x': tensor([1.])}
    """
    start = f"{prefix}."
    return {name.removeprefix(start): value for name, value in state.items() if name.startswith(start)}


def adam_state(prefix: str, adam: torch.optim.Adam) -> dict[str, Tensor]:
    """Return an optimiser's moments and counts, by names that begin with the prefix."""
    each = adam.state_dict()["state"]
    return {f"{prefix}.{place}.{name}": value for place, kept in each.items() for name, value in kept.items()}


def set_adam_state(adam: torch.optim.Adam, state: dict[str, Tensor]) -> None:
    """Load a copy of the state that `adam_state` returned, selected by `under`, into an optimiser."""
    kept: dict[int, dict[str, Tensor]] = {}
    for key, value in state.items():
        place, _, name = key.partition(".")
        kept.setdefault(int(place), {})[name] = value.clone()  # or its steps would change the state given
    adam.load_state_dict({**adam.state_dict(), "state": kept})
