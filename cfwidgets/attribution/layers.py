"""The layers of a network by name, and the last one with feature maps."""

from __future__ import annotations

import difflib
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from cfwidgets.attribution.network import Network
from cfwidgets.models.backends.base import ClassifierError

__all__ = ["LayerError", "last_maps", "layers_with_maps", "named_layer"]

_NOT_FEATURES = (
    nn.Identity,
    nn.Flatten,
    nn.Linear,  # channels come last in its outputs
    nn.LayerNorm,
    nn.modules.dropout._DropoutNd,  # noqa: SLF001
    nn.modules.pooling._MaxPoolNd,  # noqa: SLF001
    nn.modules.pooling._AvgPoolNd,  # noqa: SLF001
    nn.modules.pooling._AdaptiveMaxPoolNd,  # noqa: SLF001
    nn.modules.pooling._AdaptiveAvgPoolNd,  # noqa: SLF001
)


class LayerError(ClassifierError):
    """A layer that does not exist, or cannot be used."""


def layers_with_maps(network: Network, image: Tensor) -> list[str]:
    """Name the layers of a network whose output has height and width, in order of use, pooling excluded.

    A module of modules counts where it computes something after them: a residual block that adds its input,
    for one, whose output is not that of its last part.

    Parameters
    ----------
    network
        Inside `cfwidgets.models.guard.untouched`.
    image
        ``(1, 3, H, W)`` in [0, 1], to run it once.
    """
    found: list[str] = []
    last: tuple[Tensor, int] | None = (
        None  # each module's latest output, and how often that had been written to
    )

    def noting(name: str) -> Callable[[nn.Module, Any, Any], None]:
        def note(part: nn.Module, __: Any, output: Any) -> None:
            nonlocal last
            if not isinstance(output, Tensor) or output.ndim != 4 or min(output.shape[2:]) < 2:
                return
            written = 0 if output.is_inference() else output._version  # noqa: SLF001 - there is no other name
            passed_on = last is not None and output is last[0] and written == last[1]
            last = (output, written)
            if not isinstance(part, _NOT_FEATURES) and not (passed_on and next(part.children(), None)):
                found.append(name)

        return note

    handles = [
        part.register_forward_hook(noting(name)) for name, part in network.module.named_modules() if name
    ]
    try:
        with torch.no_grad():
            network.logits(image)
    finally:
        for handle in handles:
            handle.remove()
    return list(dict.fromkeys(reversed(found)))[::-1]  # a module called twice counts where it was last


def last_maps(network: Network, image: Tensor, method: str) -> str:
    """Name the last of `layers_with_maps`.

    Raises
    ------
    ClassifierError
        The network has none.
    """
    found = layers_with_maps(network, image)
    if not found:
        raise ClassifierError(f"{method} finds no layer that gives maps (N, C, h, w) of more than one place")
    return found[-1]


def named_layer(module: nn.Module, layer: str, method: str) -> nn.Module:
    """Find a layer by its name, as in ``dict(module.named_modules())``.

    Raises
    ------
    LayerError
        No such layer; the message suggests similar names.
    """
    parts = dict(module.named_modules())
    if layer not in parts or not layer:
        close = difflib.get_close_matches(layer, filter(None, parts), n=3)  # the whole has no name
        hint = f"; did you mean {' or '.join(map(repr, close))}?" if close else ""
        raise LayerError(f"{method}: the network has no layer {layer!r}{hint}")
    return parts[layer]
