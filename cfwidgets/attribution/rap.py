"""Relative attributing propagation through a whole network.

The network runs once under a torch function mode that knows a rule for each function and refuses the others.
Each rule is given to autograd in place of the derivative: autograd then adds up relevance where paths fork,
visits layers in the right order, and frees memory that is no longer needed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, NoReturn, get_args

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.weak import WeakTensorKeyDictionary

from cfwidgets.attribution.calls import Calls, tensors_in
from cfwidgets.attribution.network import Explained, Network
from cfwidgets.attribution.rap_rules import (
    Product,
    Rule,
    SplitProduct,
    hidden_linear,
    hidden_product,
    image_product,
    last_linear,
    ratio,
    total,
)
from cfwidgets.checks import choice
from cfwidgets.models.backends.base import ClassifierError

__all__ = ["Rap"]


@dataclass(frozen=True)
class Rap:
    """Relative attributing propagation (Nam et al., AAAI 2020).

    Relevance starts as the logit of the class, shared by the absolute influence of the inputs of the last
    layer, goes back through positive and negative weights, and is shifted in each layer so that its sum stays
    and contributions below the average become negative.

    Parameters
    ----------
    rule
        ``"reference"``: as published, where convolutions and fully connected layers treat negative relevance
        differently. ``"equal"``: convolutions as fully connected layers.

    Notes
    -----
    For networks of convolutions, linear layers, batch normalisation, ReLU, pooling, dropout and residual
    sums, ending with a linear layer: VGG, ResNet, plain CNNs. All others are refused, since no rule for
    them is published; so are hidden layers with negative inputs, where the published code doubles relevance.

    Differences to the published code: the output layer is found by its position, not by a relevance of 1;
    batch normalisation passes relevance on unchanged also where its input is exactly 0, where the code loses
    it.

    Examples
    --------
    >>> from cfwidgets import Classifier
    >>> from cfwidgets.attribution import attribute
    >>> net = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(144, 2))
    >>> found = attribute(Classifier(net), torch.rand(5, 3, 8, 8), target=1, method="rap")
    >>> found.maps.shape
    torch.Size([5, 8, 8])
    >>> bool(torch.allclose(found.maps.sum(dim=(1, 2)), found.logits, rtol=1e-4, atol=1e-6))
    True
    """

    rule: Rule = "reference"

    def __post_init__(self) -> None:
        choice("rule", self.rule, get_args(Rule))

    def explain(self, network: Network, images: Tensor, targets: Tensor) -> Explained:
        """Compute one map for each image, which sums to the logit of its target.

        Raises
        ------
        ClassifierError
            A network that relevance cannot be passed through; the message names the part.
        """
        inputs = network.inputs(images.detach()).requires_grad_()
        with _Propagation(network.module, self.rule) as propagation:
            propagation.start(inputs)
            outputs = network.module(inputs)
        network.rows(outputs, len(images))
        rows = network.rows(propagation.finish(network.answer(outputs, len(images))), len(images))
        logits = network.of_targets(rows.detach(), targets)
        start = torch.zeros_like(rows)
        columns = torch.zeros_like(targets) if rows.shape[1] == 1 else targets
        start.scatter_(1, columns[:, None], logits[:, None])
        relevance = torch.autograd.grad(rows, inputs, start)[0]
        return Explained(relevance.sum(1), logits, total(relevance) - logits)


@dataclass(eq=False)
class _Layer:
    """A linear layer of the network; only at the end is it known which is the last."""

    where: str
    on_image: bool
    negative: bool
    last: bool = False


@dataclass(frozen=True, eq=False)
class _Source:
    """Facts about a tensor derived from the image."""

    on_image: bool
    """No layer with weights lies between."""
    layer: _Layer | None
    """The linear layer whose output it is, perhaps in another shape."""
    by: str
    """The function that returned it."""


class _Propagation(Calls):
    """Runs the functions of a network, with the rules for relevance in place of their derivatives."""

    def __init__(self, module: nn.Module, rule: Rule) -> None:
        super().__init__(module)
        self._rule = rule
        self._layers: list[_Layer] = []
        # Functions that write into a tensor get a copy; here is the copy for each such tensor.
        self._written: WeakTensorKeyDictionary = WeakTensorKeyDictionary()

    def start(self, image: Tensor) -> None:
        """Follow all tensors derived from this one."""
        self.known[image] = _Source(on_image=True, layer=None, by="the image")

    def finish(self, output: Tensor) -> Tensor:
        """Find the last layer, where relevance starts; return its output.

        Raises
        ------
        ClassifierError
            The network does not end with one, or a layer before it has negative inputs.
        """
        output = self._current_tensor(output)
        source = self.known.get(output)
        if source is None:
            raise ClassifierError(
                "RAP cannot follow the image to the model's answer: is it a scripted module?"
            )
        if source.layer is None:
            raise ClassifierError(
                f"RAP starts at a last linear layer, but the network ends with {source.by}: pass a network "
                "that returns logits from nn.Linear"
            )
        source.layer.last = True
        for layer in self._layers:
            if layer.negative and not (layer.last or layer.on_image):
                self._refuse_negative(layer.where)
        return output

    def perform(
        self, name: str, function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> Any:
        """Run a function by its rule."""
        original = args[0] if args else None
        args, kwargs = self._current(args), self._current(kwargs)
        with torch.enable_grad():
            result = self._by_rule(name, function, args, kwargs)
        if self._writes(name, args, kwargs):
            self._written[original] = result
        return result

    def _by_rule(
        self, name: str, function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> Any:
        plain = name.rstrip("_") if not name.startswith("__") else name.strip("_")
        inputs = [tensor for tensor in tensors_in((args, kwargs)) if tensor in self.known]
        if plain in _RULES and (plain in _SUMS or len(inputs) == 1) and kwargs.get("out") is None:
            if args[0] is inputs[0]:
                return _RULES[plain](self, *args, **kwargs)
            if plain in _EITHER_SIDE and plain == name:
                return _RULES[plain](self, args[1], args[0], **kwargs)
        elif name in _SAME_VALUES and args[0] is inputs[0]:
            return self._moved(name, function, args, kwargs)
        result = function(*args, **kwargs)
        if any(True for _ in tensors_in(result)):
            self._refuse(name, len(inputs))
        return result

    def _writes(self, name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool:
        """Tell if a function that has a rule changes its first argument."""
        if name.endswith("_") and not name.startswith("__"):
            return True
        position = {"relu": 1, "dropout": 3}.get(name)
        if position is None:
            return False
        return bool(kwargs.get("inplace", args[position] if len(args) > position else False))

    def _current(self, value: Any) -> Any:
        """Replace tensors that were written into by their current values."""
        if isinstance(value, Tensor):
            return self._current_tensor(value)
        if isinstance(value, dict):
            return {key: self._current(item) for key, item in value.items()}
        if type(value) in (tuple, list):
            return type(value)(self._current(item) for item in value)
        return value

    def _current_tensor(self, tensor: Tensor) -> Tensor:
        while (now := self._written.get(tensor)) is not None:
            tensor = now
        if tensor in self.known and any(_same_memory(tensor, other) for other in self._written):
            raise ClassifierError(
                f"RAP: {self.where} uses a view of a tensor that was changed in place since: pass a network "
                "with inplace=False"
            )
        return tensor

    # The rules: named and called as torch's functions are

    def conv2d(
        self, x: Tensor, weight: Tensor, bias: Tensor | None = None, *settings: Any, **more: Any
    ) -> Tensor:
        """Convolve: the z-B rule on the image, step 2' elsewhere."""
        bias = more.pop("bias", bias)

        def product(values: Tensor, weights: Tensor) -> Tensor:
            return F.conv2d(values, weights, None, *settings, **more)

        if self._source(x).on_image:
            result = _OnImage.apply(x, weight, bias, product)
        else:
            if self._is_negative(x):
                self._refuse_negative(self.where)
            result = _Hidden.apply(x, weight, bias, product, self._rule)
        return self._gives(result, "a convolution")

    def linear(self, x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
        """Apply a linear layer: step 1 if it turns out to be the last, else as `conv2d`."""
        layer = _Layer(self.where, self._source(x).on_image, self._is_negative(x))
        self._layers.append(layer)
        return self._gives(_Linear.apply(x, weight, bias, layer), "a linear layer", layer=layer)

    def relu(self, x: Tensor, inplace: bool = False) -> Tensor:  # noqa: ARG002  # see `_writes`
        """Pass relevance unchanged."""
        return self._elementwise(x, torch.relu, "a ReLU")

    def dropout(self, x: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:  # noqa: ARG002
        """Do nothing, in a network that is not being trained."""
        if training and p > 0:
            raise ClassifierError(
                f"RAP: {self.where} drops out at random although the network is in evaluation mode: call "
                "F.dropout with training=self.training"
            )
        return self._gives(_Same.apply(x, lambda values: values.clone()), self._source(x).by, like=x)

    def batch_norm(self, x: Tensor, *settings: Any, **more: Any) -> Tensor:
        """Pass relevance unchanged: the scale of each channel cancels."""
        return self._elementwise(
            x, lambda values: F.batch_norm(values, *settings, **more), "batch normalisation"
        )

    def add(self, x: Tensor, other: Any, *, alpha: float = 1) -> Tensor:
        """Share relevance of a residual sum in proportion to its terms; pass it by a constant shift."""
        if not (isinstance(other, Tensor) and other in self.known):
            return self._elementwise(x, lambda values: torch.add(values, other, alpha=alpha), "a sum")
        if alpha != 1 or x.shape != other.shape:
            raise ClassifierError(
                f"RAP: {self.where} adds {tuple(x.shape)} and {alpha:g} times {tuple(other.shape)}: "
                "relevance is shared among equal shapes only"
            )
        on_image = self._source(x).on_image and self._source(other).on_image
        return self._gives(_Sum.apply(x, other), "a sum", on_image=on_image)

    def scaled(self, x: Tensor, other: Any, *, by: Callable[[Tensor, Any], Tensor]) -> Tensor:
        """Pass relevance unchanged through a shift or scale by constants."""
        return self._elementwise(x, lambda values: by(values, other), "arithmetic with a constant")

    def average(self, x: Tensor, *settings: Any, of: Callable[..., Tensor], **more: Any) -> Tensor:
        """Share relevance of an average in proportion to the averaged values."""
        if self._is_negative(x):
            self._refuse_negative(self.where)
        result = _Share.apply(x, lambda values: of(values, *settings, **more))
        return self._gives(result, "average pooling", on_image=self._source(x).on_image)

    def mean(self, x: Tensor, dim: Any = None, keepdim: bool = False, **more: Any) -> Tensor:
        """Share as `average`; on the image itself in equal parts, so that a network may first go grey."""
        dims = (dim,) if isinstance(dim, int) else tuple(dim or ())
        if not dims or any(d % x.ndim == 0 for d in dims):
            raise ClassifierError(f"RAP: {self.where} averages over the images of a batch")
        if self._source(x).on_image:
            return self._gives(torch.mean(x, dim, keepdim, **more), "a mean", on_image=True)
        return self.average(x, dim, keepdim, of=torch.mean, **more)

    def _moved(
        self, name: str, function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> Any:
        """Run a function that only selects or moves values: its derivative moves relevance back."""
        result = function(*args, **kwargs)
        if not isinstance(result, Tensor):
            self._refuse(name, 1)
        by = self._source(args[0]).by if name in _ANOTHER_SHAPE else name
        return result if result is args[0] else self._gives(result, by, like=args[0], moved=name)

    def _elementwise(self, x: Tensor, function: Callable[[Tensor], Tensor], by: str) -> Tensor:
        result = _Same.apply(x, function)
        if result.shape != x.shape:
            raise ClassifierError(f"RAP: {self.where} repeats {tuple(x.shape)} to {tuple(result.shape)}")
        return self._gives(result, by, on_image=self._source(x).on_image)

    def _gives(
        self,
        result: Tensor,
        by: str,
        *,
        on_image: bool = False,
        layer: _Layer | None = None,
        like: Tensor | None = None,
        moved: str | None = None,
    ) -> Tensor:
        if like is not None:
            source = self._source(like)
            on_image = source.on_image
            layer = source.layer if moved is None or moved in _ANOTHER_SHAPE else None
        self.known[result] = _Source(on_image, layer, by)
        return result

    def _source(self, tensor: Tensor) -> _Source:
        source: _Source = self.known[tensor]
        return source

    def _is_negative(self, x: Tensor) -> bool:
        return bool(x.detach().min() < 0)

    def _refuse_negative(self, where: str) -> NoReturn:
        raise ClassifierError(
            f"RAP: {where} has negative inputs. Its rules hold for layers behind a ReLU (or on the image); "
            "with negative inputs the published procedure counts relevance twice"
        )

    def _refuse(self, name: str, inputs: int) -> NoReturn:
        reason = _REASONS.get(name.strip("_"), "there is no relevance rule for it")
        if name.strip("_") in ("mul", "matmul") and inputs > 1:
            reason = "a product of two activations shares no relevance among them"
        raise ClassifierError(
            f"RAP cannot pass {name} in {self.where}: {reason}. It passes convolutions, linear layers, batch "
            "normalisation, ReLU, pooling, dropout, residual sums and changes of shape"
        )


def _same_memory(tensor: Tensor, other: Tensor) -> bool:
    return tensor.untyped_storage().data_ptr() == other.untyped_storage().data_ptr()


class _Same(torch.autograd.Function):
    """Relevance passes unchanged."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, function: Callable[[Tensor], Tensor]) -> Tensor:  # noqa: ARG004
        return function(x)

    @staticmethod
    def backward(ctx: Any, relevance: Tensor) -> Any:  # noqa: ARG004
        return relevance, None


class _Sum(torch.autograd.Function):
    """Relevance is shared in proportion to the terms."""

    @staticmethod
    def forward(ctx: Any, a: Tensor, b: Tensor) -> Tensor:
        ctx.save_for_backward(a, b)
        return a + b

    @staticmethod
    def backward(ctx: Any, relevance: Tensor) -> Any:
        a, b = ctx.saved_tensors
        share = ratio(relevance, a + b)
        return a * share, b * share


class _Share(torch.autograd.Function):
    """Relevance of an average is shared in proportion to the averaged values."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, function: Callable[[Tensor], Tensor]) -> Tensor:
        ctx.x = x.detach().requires_grad_()
        with torch.enable_grad():
            ctx.average = function(ctx.x)
        return ctx.average.detach()

    @staticmethod
    def backward(ctx: Any, relevance: Tensor) -> Any:
        share = ratio(relevance, ctx.average.detach())
        return torch.autograd.grad(ctx.average, ctx.x, share)[0] * ctx.x.detach(), None


class _Linear(torch.autograd.Function):
    """A linear layer."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, bias: Tensor | None, layer: _Layer) -> Tensor:
        ctx.save_for_backward(x, weight)
        ctx.layer = layer
        return F.linear(x, weight, bias)

    @staticmethod
    def backward(ctx: Any, relevance: Tensor) -> Any:
        x, weight = ctx.saved_tensors
        if ctx.layer.last:
            back = last_linear(x, weight, relevance)
        elif ctx.layer.on_image:
            back = image_product(x, weight, F.linear, relevance)
        else:
            back = hidden_linear(x, weight, relevance)
        return back, None, None, None


class _OnImage(torch.autograd.Function):
    """The first convolution."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, bias: Tensor | None, product: Product) -> Tensor:
        ctx.save_for_backward(x, weight)
        ctx.product = product
        return _with_bias(product(x, weight), bias)

    @staticmethod
    def backward(ctx: Any, relevance: Tensor) -> Any:
        x, weight = ctx.saved_tensors
        return image_product(x, weight, ctx.product, relevance), None, None, None


class _Hidden(torch.autograd.Function):
    """A later convolution: its output is the difference of the two products that its rule needs anyway."""

    @staticmethod
    def forward(
        ctx: Any, x: Tensor, weight: Tensor, bias: Tensor | None, product: Product, rule: Rule
    ) -> Tensor:
        ctx.split, ctx.rule = SplitProduct(x, weight, product), rule
        return _with_bias(ctx.split.positive - ctx.split.negative, bias)

    @staticmethod
    def backward(ctx: Any, relevance: Tensor) -> Any:
        split, ctx.split = ctx.split, None  # freed layer by layer
        return hidden_product(split, relevance, ctx.rule), None, None, None, None


def _with_bias(products: Tensor, bias: Tensor | None) -> Tensor:
    return products if bias is None else products.add_(bias.view(-1, 1, 1))


_RULES: dict[str, Callable[..., Tensor]] = {
    "conv2d": _Propagation.conv2d,
    "linear": _Propagation.linear,
    "relu": _Propagation.relu,
    "dropout": _Propagation.dropout,
    "batch_norm": _Propagation.batch_norm,
    "add": _Propagation.add,
    "radd": _Propagation.add,
    "mean": _Propagation.mean,
    "avg_pool2d": partial(_Propagation.average, of=F.avg_pool2d),
    "adaptive_avg_pool2d": partial(_Propagation.average, of=F.adaptive_avg_pool2d),
    "sub": partial(_Propagation.scaled, by=torch.sub),
    "mul": partial(_Propagation.scaled, by=torch.mul),
    "rmul": partial(_Propagation.scaled, by=torch.mul),
    "div": partial(_Propagation.scaled, by=torch.true_divide),
}
"""Functions with a rule."""

_SUMS = frozenset({"add", "radd"})
_EITHER_SIDE = frozenset({"add", "mul"})
_ANOTHER_SHAPE = frozenset(
    {"flatten", "view", "reshape", "squeeze", "unsqueeze", "contiguous", "view_as", "to", "clone"}
)
"""Functions behind which a layer is still the last."""
_SAME_VALUES = _ANOTHER_SHAPE | {"max_pool2d", "adaptive_max_pool2d", "permute", "transpose", "__getitem__"}
"""Functions that only select or move values."""

_REASONS = {
    "softmax": "it starts at a logit, so the network must return the values before the softmax",
    "log_softmax": "it starts at a logit, so the network must return the values before the softmax",
    "sigmoid": "it needs activations that are at least 0 and 0 for 0; at the end, return its inputs",
    "pad": "relevance in the padding is lost; pad within the convolution",
    "cat": "joined channels have no rule in the paper",
    **dict.fromkeys(
        ("silu", "gelu", "elu", "leaky_relu", "hardswish", "tanh", "mish", "selu", "softplus", "prelu"),
        "its layers must be followed by ReLU, whose outputs are at least 0",
    ),
}
