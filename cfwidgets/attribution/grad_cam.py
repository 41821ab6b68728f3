"""Grad-CAM: the places where the last feature maps of a network speak for a class."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from cfwidgets.attribution.calls import Call, Trace, describe
from cfwidgets.attribution.layers import Layer, LayerError, last_layer, layers_with_maps, named_layer
from cfwidgets.attribution.layout import Form, Reshape, given_form
from cfwidgets.attribution.network import Explained, Network
from cfwidgets.models.backends.base import ClassifierError

__all__ = ["GradCam"]

_NAMED = 8  # layers in a message


@dataclass(frozen=True)
class GradCam:
    """Gradient-weighted class activation maps (Selvaraju et al., ICCV 2017, equations 1 and 2).

    The feature maps of one layer are summed with the mean gradients of the logit as weights, and negative
    values are set to 0. Where only global average pooling and one linear layer follow, those gradients are
    the weights of that layer, and one forward pass is enough.

    Parameters
    ----------
    layer
        The name of the layer, as in ``dict(model.named_modules())``. None: the last one whose output has
        height and width, pooling not counted, or tokens of a grid that the answer depends on.
    reshape
        Form of its output: ``"channels_first"``, ``"channels_last"``, or ``(rows, columns)`` of a grid of
        tokens ``(N, L, C)``, which those without a place precede. None: as the network tells.

    Examples
    --------
    >>> from cfwidgets import Classifier
    >>> from cfwidgets.attribution import attribute
    >>> head = [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 2)]
    >>> net = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), *head)
    >>> found = attribute(Classifier(net), torch.rand(5, 3, 8, 8), target=1, method="grad_cam", layer="0")
    >>> found.maps.shape
    torch.Size([5, 8, 8])
    """

    layer: str | None = None
    reshape: Reshape | None = None

    def __post_init__(self) -> None:
        if self.reshape is not None:
            given_form(self.reshape)

    def explain(self, network: Network, images: Tensor, targets: Tensor) -> Explained:
        """Compute one map for each image, at least 0, scaled up (bilinear) to the image.

        Raises
        ------
        ClassifierError
            No such layer, or one without feature maps (the message lists layers that have some), or one that
            the logit does not depend on.
        """
        try:
            return self._explained(network, images, targets)
        except LayerError as error:
            usable = layers_with_maps(network, network.filled(images[:1]))
            last = ", ".join(repr(layer.name) for layer in usable[-_NAMED:])
            more = f" and {len(usable) - _NAMED} before" if len(usable) > _NAMED else ""
            end = "" if str(error).endswith("?") else "."  # it may end with what was meant
            raise ClassifierError(f"{error}{end} These would do: {last or 'none'}{more}") from None

    def _explained(self, network: Network, images: Tensor, targets: Tensor) -> Explained:
        images = images.contiguous(memory_format=network.layout)
        layer = network.once("layer", lambda: self._layer(network, network.filled(images[:1])))
        part = named_layer(network.module, layer.name, "grad_cam")
        form = self._form(layer)
        plain = form.channels == "channels_first"
        head = network.once(
            "head", lambda: _linear_head(network, part, network.filled(images[:1])) if plain else None
        )
        found = _Features(layer.name, form, leaves=head is None)
        if head is None:
            features, rows, weights = self._by_gradient(network, part, images, targets, found)
        else:
            features, rows, weights = self._by_weights(network, part, images, targets, found, head)
        maps = torch.einsum("nc,nchw->nhw", weights, features).relu()
        size = images.shape[-2:]
        scaled = F.interpolate(maps[:, None].float(), size=size, mode="bilinear", align_corners=False)[:, 0]
        extremes = torch.stack(maps.flatten(1).aminmax(dim=1), dim=1)
        return Explained(scaled, network.of_targets(rows, targets), outputs=rows, extremes=extremes)

    def _layer(self, network: Network, image: Tensor) -> Layer:
        if self.layer is None:
            return last_layer(network, image, "grad_cam")
        named_layer(network.module, self.layer, "grad_cam")
        there = {layer.name: layer for layer in layers_with_maps(network, image, named=self.layer)}
        # A layer that gives no maps is refused when its output is seen.
        unknown = Layer(self.layer, None if self.reshape else Form("channels_first"), 0.0)
        return there.get(self.layer, unknown)

    def _form(self, layer: Layer) -> Form:
        if self.reshape is not None:
            return given_form(self.reshape)
        if layer.form is None:
            raise ClassifierError(
                f"grad_cam cannot tell which axes of the layer {layer.name!r} are height and width: say "
                "reshape='channels_first', 'channels_last', or (rows, columns) of a grid of tokens"
            )
        return layer.form

    def _by_weights(
        self,
        network: Network,
        part: nn.Module,
        images: Tensor,
        targets: Tensor,
        found: _Features,
        head: Tensor,
    ) -> tuple[Tensor, Tensor, Tensor]:
        with torch.no_grad(), found.of(part):
            rows = network.logits(images)
        features = found.maps(found.output)
        network.of_targets(rows, targets)  # refuses an unknown class before its weights are taken
        weights = head * (2 * targets - 1)[:, None] if len(head) == 1 else head[targets]
        return features, rows, weights / features[0, 0].numel()

    def _by_gradient(
        self, network: Network, part: nn.Module, images: Tensor, targets: Tensor, found: _Features
    ) -> tuple[Tensor, Tensor, Tensor]:
        # Gradients are recorded from the layer on; the layers before it cost a plain forward pass.
        with torch.no_grad(), found.of(part):
            rows = network.logits(images)
        output = found.output
        network.require_gradient(rows)
        logits = network.of_targets(rows, targets)
        gradient = torch.autograd.grad(logits.sum(), output, allow_unused=True)[0]
        if gradient is None:
            raise ClassifierError(f"grad_cam: the logit does not depend on the output of {found.layer!r}")
        return found.maps(output.detach()), rows.detach(), found.maps(gradient).mean(dim=(2, 3))


class _Features:
    """Keeps a layer's latest output.

    Parameters
    ----------
    layer
        Its name.
    form
        Form of its output.
    leaves
        Start a new graph there. The next layer gets a copy, since it may be an in-place ReLU, which would
        write into the output kept.
    """

    def __init__(self, layer: str, form: Form, *, leaves: bool = False) -> None:
        self.layer = layer
        self.maps = form.maps
        self._form = form
        self._leaves = leaves
        self._output: Tensor | None = None

    @property
    def output(self) -> Tensor:
        """The output, in its own form."""
        if self._output is None:
            raise LayerError(f"grad_cam: the network does not call the layer {self.layer!r}")
        return self._output

    def of(self, part: nn.Module) -> Any:
        """Record the output of a layer while entered."""
        return part.register_forward_hook(self._keep)

    def _keep(self, part: nn.Module, _: Any, output: Any) -> Any:
        if not self._form.fits(output):
            got = tuple(output.shape) if isinstance(output, Tensor) else type(output).__name__
            rows, columns = self._form.grid
            wanted = "maps (N, C, h, w)" if self._form.channels else f"{rows} x {columns} tokens (N, L, C)"
            raise LayerError(
                f"grad_cam needs a layer that gives {wanted}; {describe(self.layer, part)} gives {got}"
            )
        if not self._leaves:
            self._output = output.clone()
            return None
        self._output = output.detach().requires_grad_()
        torch.set_grad_enabled(True)  # until the `no_grad` around the forward pass ends
        return self._output.clone()


def _linear_head(network: Network, part: nn.Module, image: Tensor) -> Tensor | None:
    """Find the weights ``(C, c)`` of the linear layer, if only it and global averages follow the maps."""
    with Trace(network.module) as trace:

        def follow(_: nn.Module, __: Any, output: Any) -> None:
            if isinstance(output, Tensor):
                trace.follow(output)

        with torch.no_grad(), part.register_forward_hook(follow):
            network.module(network.inputs(image))
    names = [call.name for call in trace.calls if call.name not in _SAME_VALUES]
    if len(names) != 2 or names[1] != "linear" or not _is_global_average(trace.calls):
        return None
    linear = next(call for call in trace.calls if call.name == "linear")
    weight: Tensor = (*linear.args, *linear.kwargs.values())[1]
    return weight.detach()


_SAME_VALUES = frozenset({"flatten", "view", "reshape", "squeeze", "dropout", "contiguous"})


def _is_global_average(calls: list[Call]) -> bool:
    """Tell if the first call that changes values averages over height and width."""
    call = next(call for call in calls if call.name not in _SAME_VALUES)
    if call is not calls[0]:
        return False
    if call.name == "adaptive_avg_pool2d":
        return call.shape[2:] == (1, 1)
    dims = call.kwargs.get("dim", call.args[1] if len(call.args) > 1 else ())
    return call.name == "mean" and isinstance(dims, tuple | list) and {d % 4 for d in dims} == {2, 3}
