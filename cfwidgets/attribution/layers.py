"""The layers of a network by name, and the last one with feature maps or tokens."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from math import sqrt
from typing import Any

import torch
from torch import Tensor, nn

from cfwidgets.attribution.layout import Form, Layouts, form_by_shape, prefix_tokens
from cfwidgets.attribution.network import Network
from cfwidgets.models.backends.base import ClassifierError
from cfwidgets.text import did_you_mean

__all__ = [
    "Layer",
    "LayerError",
    "last_layer",
    "last_maps",
    "layers_with_maps",
    "layers_with_weights",
    "named_layer",
]

_FAR = 0.5  # share of the layers with weights behind a layer that is far from the output
_SAME_SHAPE = 0.1  # difference between the proportions of a picture and of its grid of tokens
_NOT_TOKENS = (nn.Identity, nn.Linear, nn.modules.dropout._DropoutNd)  # noqa: SLF001
_NOT_FEATURES = (
    nn.Identity,
    nn.Flatten,
    nn.Linear,  # channels come last in its outputs
    nn.LayerNorm,
    nn.modules.dropout._DropoutNd,  # noqa: SLF001
    nn.modules.padding._ConstantPadNd,  # noqa: SLF001
    nn.modules.padding._ReflectionPadNd,  # noqa: SLF001
    nn.modules.padding._ReplicationPadNd,  # noqa: SLF001
    nn.modules.padding._CircularPadNd,  # noqa: SLF001
    nn.modules.pooling._MaxPoolNd,  # noqa: SLF001
    nn.modules.pooling._AvgPoolNd,  # noqa: SLF001
    nn.modules.pooling._AdaptiveMaxPoolNd,  # noqa: SLF001
    nn.modules.pooling._AdaptiveAvgPoolNd,  # noqa: SLF001
)


class LayerError(ClassifierError):
    """A layer that does not exist, or cannot be used."""


@dataclass(frozen=True)
class Layer:
    """A layer whose output has places.

    Attributes
    ----------
    name
        As in ``dict(module.named_modules())``.
    form
        Form of its output; None where that cannot be told.
    after
        Share of the network's layers with weights that run after it, 0 to 1.
    """

    name: str
    form: Form | None
    after: float

    def caveat(self, method: str) -> str:
        """Say in words that the layer is far from the output; empty where it is not."""
        if self.after <= _FAR:
            return ""
        return (
            f"{method} reads the layer {self.name!r}, and {self.after:.0%} of the layers with weights come "
            "after it: the map shows early features, not what the answer rests on. Name a later one, "
            "layer=…, with reshape=(rows, columns) where it gives tokens"
        )


def layers_with_maps(network: Network, image: Tensor, *, named: str | None = None) -> list[Layer]:
    """List the layers of a network whose output has height and width, in order of use.

    Pooling and padding are excluded. Layers that give tokens count where their grid is known: that of the
    maps or pixels that they were made of, behind the tokens that the network adds. A module of modules counts
    where it computes something after them: a residual block that adds its input, for one, whose output is not
    that of its last part.

    Parameters
    ----------
    network
        Inside `Network.running`.
    image
        ``(n, 3, H, W)`` in [0, 1], to run it once: one, or as many as the network takes.
    named
        The layer that is wanted: pooling, padding, linear layers and the like are listed too. None: the last.

    Notes
    -----
    The shape of the wanted layer's output mostly tells its layout. Where it does not, the network runs once
    more, and its functions tell, which takes several times as long.
    """
    layers = _listed(network, image, every=named is not None, functions=False)
    wanted = layers[-1:] if named is None else [layer for layer in layers if layer.name == named]
    if any(layer.form is None or layer.form.channels == "channels_last" for layer in wanted):
        return _listed(network, image, every=named is not None, functions=True)
    return layers


def layers_with_weights(network: Network, image: Tensor) -> list[list[str]]:
    """List the modules that have weights of their own, in order of use, from the image to the answer.

    Parameters
    ----------
    network
        Inside `Network.running`.
    image
        ``(n, 3, H, W)`` in [0, 1], to run it once: one, or as many as the network takes.

    Returns
    -------
    list of list of str
        Each a module's name, with those of modules within it that are never called by themselves, such as the
        projection of an attention. One that is called twice counts where it was last; one that calls others,
        such as a transformer with its class token, before them.
    """
    parts = dict(network.module.named_modules())
    entered: dict[str, None] = {}

    def noting(name: str) -> Callable[[nn.Module, Any], None]:
        def note(_: nn.Module, __: Any) -> None:
            entered.pop(name, None)
            entered[name] = None

        return note

    inputs = network.inputs(image)
    handles = [
        part.register_forward_pre_hook(noting(name))
        for name, part in parts.items()
        if not isinstance(part, torch.jit.ScriptModule)
    ]
    try:
        with torch.no_grad():
            network.module(inputs)
    finally:
        for handle in handles:
            handle.remove()
    groups: dict[str, list[str]] = {name: [] for name in entered}
    for name, part in parts.items():
        if next(part.parameters(recurse=False), next(part.buffers(recurse=False), None)) is not None:
            owner = name
            while owner not in groups and owner:
                owner = owner.rpartition(".")[0]
            groups[owner].append(name)
    return [group for group in groups.values() if group]


def _listed(network: Network, image: Tensor, *, every: bool, functions: bool) -> list[Layer]:
    # the shape of each layer's output, how many layers with weights had run, and for functions the output
    found: dict[str, tuple[torch.Size, int, Tensor | None]] = {}
    # the latest output with places, and how often that had been written to
    last: tuple[Tensor, int] | None = None
    weighted = 0

    def noting(name: str) -> Callable[[nn.Module, Any, Any], None]:
        def note(part: nn.Module, __: Any, output: Any) -> None:
            nonlocal last, weighted
            weighted += next(part.parameters(recurse=False), None) is not None
            if not isinstance(output, Tensor) or not _has_places(output, len(image)):
                return
            written = 0 if output.is_inference() else output._version  # noqa: SLF001 - there is no other name
            passed_on = last is not None and output is last[0] and written == last[1]
            last = (output, written)
            skipped = _NOT_FEATURES if output.ndim == 4 else _NOT_TOKENS
            counts = not isinstance(part, skipped) and not (passed_on and next(part.children(), None))
            if every or counts:
                found.pop(name, None)  # a module called twice counts where it was last
                found[name] = (output.shape, weighted, output if functions else None)

        return note

    inputs = network.inputs(image)
    handles = [
        part.register_forward_hook(noting(name))
        for name, part in network.module.named_modules()
        if name and not isinstance(part, torch.jit.ScriptModule)
    ]
    try:
        layouts = Layouts(network.module)
        with torch.no_grad(), layouts if functions else nullcontext():
            layouts.follow(inputs)
            network.rows(network.module(inputs), len(image))
    finally:
        for handle in handles:
            handle.remove()
    picture = tuple(image.shape[2:])
    prefix = prefix_tokens(network.module)
    forms = {
        name: (None if output is None else layouts.of(output)) or form_by_shape(shape, picture)
        for name, (shape, _, output) in found.items()
        if len(shape) == 4
    }
    places = [_places(found[name][0], form) for name, form in forms.items() if form is not None]
    layers = []
    for name, (shape, before, _) in found.items():
        form = forms[name] if name in forms else _tokens(shape[1] - prefix, places, picture)
        if form is not None or name in forms:
            layers.append(Layer(name, form, 1 - before / max(1, weighted)))
    return layers


def last_layer(network: Network, image: Tensor, method: str) -> Layer:
    """Return the last of `layers_with_maps` whose places the answer depends on.

    Behind the last attention, a transformer that answers by a token of its own does not look at the others.

    Raises
    ------
    ClassifierError
        The network has none.
    """
    layers = layers_with_maps(network, image)
    if not layers:
        raise ClassifierError(f"{method} finds no layer that gives maps (N, C, h, w) of more than one place")
    tokens = [layer for layer in layers if layer.form is not None and layer.form.channels is None]
    if layers[-1] not in tokens:
        return layers[-1]
    heeded = _heeded(network, image, tokens)
    usable = [layer for layer in layers if layer not in tokens or layer.name in heeded]
    return usable[-1] if usable else layers[-1]


def last_maps(network: Network, image: Tensor, method: str) -> str:
    """Name the `last_layer`.

    Raises
    ------
    ClassifierError
        The network has none.
    """
    return last_layer(network, image, method).name


def _has_places(output: Tensor, count: int) -> bool:
    if output.ndim == 4:
        return min(output.shape[2:]) > 1 or min(output.shape[1:3]) > 1
    return output.ndim == 3 and len(output) == count and output.shape[1] > 1


def _places(shape: Sequence[int], form: Form) -> tuple[int, int]:
    """Return height and width of maps."""
    return (shape[2], shape[3]) if form.channels == "channels_first" else (shape[1], shape[2])


def _tokens(count: int, grids: list[tuple[int, int]], picture: tuple[int, ...]) -> Form | None:
    """Find the grid of so many tokens: that of maps before them, or without any, of the picture's shape."""
    for rows, columns in reversed(grids):
        if rows * columns == count > 1:
            return Form(grid=(rows, columns))
    if not grids and count > 1:
        rows = round(sqrt(count * picture[0] / picture[1]))
        columns = count // max(1, rows)
        if rows * columns == count and abs(rows / columns - picture[0] / picture[1]) < _SAME_SHAPE:
            return Form(grid=(rows, columns))
    return None


def _heeded(network: Network, image: Tensor, layers: list[Layer]) -> set[str]:
    """Name the layers from whose places a gradient leads to the answer."""
    parts = dict(network.module.named_modules())
    outputs: dict[str, Tensor] = {}

    def keeping(name: str) -> Callable[[nn.Module, Any, Any], None]:
        def keep(_: nn.Module, __: Any, output: Any) -> None:
            outputs[name] = output

        return keep

    handles = [parts[layer.name].register_forward_hook(keeping(layer.name)) for layer in layers]
    try:
        with torch.inference_mode(mode=False), torch.enable_grad():
            rows = network.logits(image.clone().requires_grad_())
    finally:
        for handle in handles:
            handle.remove()
    kept = {layer: outputs[layer.name] for layer in layers if layer.name in outputs}
    gradients: Sequence[Tensor | None] = torch.autograd.grad(
        rows.amax(), list(kept.values()), allow_unused=True
    )
    return {
        layer.name
        for layer, gradient in zip(kept, gradients, strict=True)
        if layer.form is not None and gradient is not None and bool(layer.form.maps(gradient).any())
    }


def named_layer(module: nn.Module, layer: str, method: str) -> nn.Module:
    """Find a layer by its name, as in ``dict(module.named_modules())``.

    Raises
    ------
    LayerError
        No such layer; the message suggests similar names.
    """
    parts = dict(module.named_modules())
    if layer not in parts or not layer:
        raise LayerError(f"{method}: the network has no layer {layer!r}{did_you_mean(layer, parts)}")
    return parts[layer]
