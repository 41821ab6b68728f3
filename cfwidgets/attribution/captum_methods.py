"""Captum's methods behind the common call, with their limits checked first.

Kokhlikyan et al., "Captum: A unified and generic model interpretability library for PyTorch", 2020.
"""

from __future__ import annotations

import warnings
from collections import Counter, OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import captum.attr as captum
import torch
from captum.attr._core.deep_lift import SUPPORTED_NON_LINEAR
from captum.attr._core.lrp import SUPPORTED_LAYERS_WITH_RULES, SUPPORTED_NON_LINEAR_LAYERS
from captum.attr._utils.lrp_rules import EpsilonRule
from torch import Tensor, nn

from cfwidgets.attribution.calls import Call, Trace, describe
from cfwidgets.attribution.network import Explained, Network
from cfwidgets.checks import positive_int, share
from cfwidgets.models.backends.base import ClassifierError
from cfwidgets.models.backends.copies import copied
from cfwidgets.models.backends.outputs import rows_of
from cfwidgets.models.parts import every_part

__all__ = ["LRP", "DeepLift", "InputXGradient", "IntegratedGradients", "Occlusion", "Saliency"]

# A warning at each call, about hooks on a copy that nothing else uses.
warnings.filterwarnings("ignore", message="Setting forward, backward hooks and attributes on non-linear")


@dataclass(frozen=True)
class Saliency:
    """Gradients of the logit (Simonyan, Vedaldi and Zisserman, ICLR 2014 workshop).

    The map is the greatest absolute derivative among the three colours, for images in [0, 1]: at least 0.

    Examples
    --------
    >>> from cfwidgets import Classifier
    >>> from cfwidgets.attribution import attribute
    >>> red = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten())
    >>> attribute(Classifier(red), torch.zeros(1, 3, 2, 2), target=0, method="saliency").maps
    tensor([[[0.2500, 0.2500],
             [0.2500, 0.2500]]])
    """

    def explain(self, network: Network, images: Tensor, targets: Tensor) -> Explained:
        """Compute one map for each image."""
        score = _Score(network, targets)
        gradient = _differentiated(captum.Saliency(score).attribute, images, abs=True)
        return Explained(gradient.amax(1), score.first)


@dataclass(frozen=True)
class InputXGradient:
    """Image times gradient (Shrikumar et al. 2016), for images in [0, 1]: black pixels get nothing.

    Examples
    --------
    >>> from cfwidgets import Classifier
    >>> from cfwidgets.attribution import attribute
    >>> red = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten())
    >>> attribute(Classifier(red), torch.ones(1, 3, 2, 2), target=0, method="input_x_gradient").maps
    tensor([[[0.2500, 0.2500],
             [0.2500, 0.2500]]])
    """

    def explain(self, network: Network, images: Tensor, targets: Tensor) -> Explained:
        """Compute one map for each image."""
        score = _Score(network, targets)
        product = _differentiated(captum.InputXGradient(score).attribute, images)
        return Explained(product.sum(1), score.first)


@dataclass(frozen=True)
class IntegratedGradients:
    """Gradients integrated along the line from a plain picture (Sundararajan, Taly and Yan, ICML 2017).

    Each map sums to the logit minus that of the plain picture, up to the error of the integral.

    Parameters
    ----------
    steps
        Points of the integral (Gauss-Legendre): each costs a forward and a backward pass.
    baseline
        Grey level of the plain picture, 0 (black) to 1.
    """

    steps: int = 50
    baseline: float = 0.0

    def __post_init__(self) -> None:
        positive_int("steps", self.steps)
        share("baseline", self.baseline)

    def explain(self, network: Network, images: Tensor, targets: Tensor) -> Explained:
        """Compute one map for each image."""
        score = _Score(network, targets)
        with torch.no_grad():
            logits = score(images)
            plain = score(torch.full_like(images, self.baseline))
        gradients = _differentiated(
            captum.IntegratedGradients(score).attribute,
            images,
            baselines=self.baseline,
            n_steps=self.steps,
            internal_batch_size=max(len(images), network.images_at_once),
        )
        maps = gradients.sum(1)
        return Explained(maps, logits, _sums(maps) - (logits - plain))


@dataclass(frozen=True)
class Occlusion:
    """Fall of the logit when a patch is covered (Zeiler and Fergus, ECCV 2014).

    Parameters
    ----------
    window
        Side of the patch in pixels; None: a seventh of the shorter side.
    stride
        Pixels from patch to patch; None: half a patch. Overlapping patches are averaged.
    baseline
        Grey level of the patch, 0 (black) to 1.
    """

    window: int | None = None
    stride: int | None = None
    baseline: float = 0.0

    def __post_init__(self) -> None:
        if self.window is not None:
            positive_int("window", self.window)
        if self.stride is not None:
            positive_int("stride", self.stride)
        if self.window is not None and self.stride is not None and self.stride > self.window:
            raise ValueError(
                f"stride must be at most the window, or pixels between patches are never covered; got "
                f"stride={self.stride}, window={self.window}"
            )
        share("baseline", self.baseline)

    def explain(self, network: Network, images: Tensor, targets: Tensor) -> Explained:
        """Compute one map for each image.

        Raises
        ------
        ValueError
            The window is larger than the picture, or smaller than the stride.
        """
        shorter = min(images.shape[2:])
        window = self.window or max(1, shorter // 7)
        stride = self.stride or max(1, window // 2)
        if window > shorter or stride > window:
            raise ValueError(
                f"window must be at most the picture's shorter side, {shorter}, and at least the stride, "
                f"{stride}; got {window}"
            )
        score = _Score(network, targets)
        with torch.no_grad():
            drops: Tensor = captum.Occlusion(score).attribute(
                images,
                sliding_window_shapes=(3, window, window),
                strides=(3, stride, stride),
                baselines=self.baseline,
                perturbations_per_eval=max(1, network.images_at_once // len(images)),
            )
        return Explained(drops[:, 0], score.first)  # each colour holds the drop for all three


@dataclass(frozen=True)
class DeepLift:
    """Differences to a plain picture, propagated by the rescale rule (Shrikumar et al., ICML 2017).

    Each map sums to the logit minus that of the plain picture.

    Parameters
    ----------
    baseline
        Grey level of the plain picture, 0 (black) to 1.

    Notes
    -----
    Captum replaces the derivatives of activations by hooks on their modules, so that it silently takes plain
    gradients where a network calls ``F.relu(x)``, and fails where it uses one module twice, as torchvision's
    ResNets do. Both are refused here, with the name of the part.
    """

    baseline: float = 0.0

    def __post_init__(self) -> None:
        share("baseline", self.baseline)

    def explain(self, network: Network, images: Tensor, targets: Tensor) -> Explained:
        """Compute one map for each image.

        Raises
        ------
        ClassifierError
            A network for which Captum's DeepLIFT would be wrong.
        """
        network.once("checked", lambda: _check_deep_lift(_trace(network, network.filled(images[:1]))))
        with torch.no_grad():
            score = _Score(network, targets)
            logits, plain = score(images), score(torch.full_like(images, self.baseline))
            inputs = network.inputs(images)
            reference = network.inputs(torch.full_like(images, self.baseline))
        rows = _Rows(network, _copy_for_captum(network.module))
        columns, signs = _columns(rows, network.filled(inputs[:1]), targets)
        differences = _differentiated(
            captum.DeepLift(rows).attribute, inputs, baselines=reference, target=columns
        )
        maps = differences.sum(1) * signs
        return Explained(maps, logits, _sums(maps) - (logits - plain))


@dataclass(frozen=True)
class LRP:
    """Layer-wise relevance propagation with the epsilon rule (Bach et al., PLOS ONE 2015).

    Each map would sum to the logit if no bias took its share; the convergence delta is the difference.

    Parameters
    ----------
    epsilon
        A number above 0, added to the sums that relevance is divided by.

    Notes
    -----
    Captum passes relevance through modules only: a residual sum is not seen, and relevance grows without
    bound (ResNet-18: a sum of 1e12 for a logit of 1). Such networks are refused, with the name of the part;
    so are functional activations and modules used twice.
    """

    epsilon: float = 1e-9

    def __post_init__(self) -> None:
        share("epsilon", self.epsilon)
        if not self.epsilon:
            raise ValueError("epsilon must be above 0, as relevance is divided by sums that may be 0")

    def explain(self, network: Network, images: Tensor, targets: Tensor) -> Explained:
        """Compute one map for each image.

        Raises
        ------
        ClassifierError
            A network for which Captum's LRP would be wrong.
        """
        network.once("checked", lambda: _check_lrp(_trace(network, network.filled(images[:1]))))
        with torch.no_grad():
            logits = _Score(network, targets)(images)
            inputs = network.inputs(images)
        made = _copy_for_captum(network.module)
        for part in made.modules():
            # Also for modules that are never called, which Captum would refuse.
            if next(part.children(), None) is None and type(part) not in SUPPORTED_NON_LINEAR_LAYERS:
                vars(part)["rule"] = EpsilonRule(self.epsilon)
        rows = _Rows(network, made)
        columns, signs = _columns(rows, network.filled(inputs[:1]), targets)
        relevance = _differentiated(captum.LRP(rows).attribute, inputs, target=columns)
        maps = relevance.sum(1) * signs
        return Explained(maps, logits, _sums(maps) - logits)


class _Score:
    """The logit of each image's target, for batches in which each image is repeated."""

    def __init__(self, network: Network, targets: Tensor) -> None:
        self._network = network
        self._targets = targets
        self._first: Tensor | None = None

    @property
    def first(self) -> Tensor:
        """Its first values: those of the images themselves."""
        if self._first is None:
            raise RuntimeError("not called yet")
        return self._first

    def __call__(self, images: Tensor) -> Tensor:
        targets = self._targets.repeat(-(-len(images) // len(self._targets)))[: len(images)]
        values = self._network.of_targets(self._network.logits(images), targets)
        if self._first is None:
            self._first = values.detach().clone()
        return values


class _Rows(nn.Module):
    """The network alone, with outputs ``(n, C)``: Captum hangs its hooks on modules."""

    def __init__(self, network: Network, module: nn.Module) -> None:
        super().__init__()
        self.module = module
        self._interface = network.interface

    def forward(self, inputs: Tensor) -> Tensor:
        return rows_of(self.module(inputs), len(inputs), self._interface)


def _columns(rows: _Rows, some: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
    """Find each target's output column, and its sign ``(n, 1, 1)``: -1 for class 0 of a single unit."""
    with torch.no_grad():
        single = rows(some.clone()).shape[1] == 1
    signs = 2 * targets - 1 if single else torch.ones_like(targets)
    return (torch.zeros_like(targets) if single else targets), signs[:, None, None]


def _sums(maps: Tensor) -> Tensor:
    return maps.flatten(1).sum(1)


# Torch's messages where there is nothing to differentiate.
_NO_GRADIENT = ("not have been used in the graph", "does not require grad", "doesn't require gradient")


def _differentiated(attribute: Callable[..., Tensor], images: Tensor, **settings: Any) -> Tensor:
    """Call Captum with images that require gradients; raise a plain error where none reaches them."""
    try:
        return attribute(images.detach().requires_grad_(), **settings).detach()
    except RuntimeError as error:
        if any(words in str(error) for words in _NO_GRADIENT):
            raise ClassifierError(
                "no gradient leads from the model's answer back to the image: does its forward use "
                "torch.no_grad(), detach() or an argmax?"
            ) from error
        raise


def _copy_for_captum(module: nn.Module) -> nn.Module:
    """Copy a network, sharing its parameters' memory, without in-place operations or backward hooks.

    Captum leaves attributes on modules (after an error for good), swaps the data of parameters, and skips
    modules that have hooks: a copy takes no harm. In-place activations would overwrite the tensors of its
    hooks.

    Raises
    ------
    ClassifierError
        A network that cannot be copied.
    """
    memo: dict[int, Any] = {id(p): nn.Parameter(p.data, p.requires_grad) for p in module.parameters()}
    memo |= {id(b): b.data for b in module.buffers()}
    made = copied(module, memo)
    for part in every_part(made):
        if getattr(part, "inplace", False) is True:
            vars(part)["inplace"] = False
        part._backward_hooks = OrderedDict()  # noqa: SLF001
        part._backward_pre_hooks = OrderedDict()  # noqa: SLF001
    return made


def _trace(network: Network, image: Tensor) -> list[Call]:
    """List the functions that the network applies to an image."""
    inputs = network.inputs(image)
    with torch.no_grad(), Trace(network.module) as trace:
        trace.follow(inputs)
        network.module(inputs)
    return list(trace.calls)


_WITHOUT_EFFECT = (nn.Flatten, nn.Identity)
_MOVES = frozenset(
    {"flatten", "view", "reshape", "squeeze", "unsqueeze", "contiguous", "permute", "transpose"}
)
_LINEAR = _MOVES | {
    "__getitem__", "adaptive_avg_pool2d", "avg_pool2d", "batch_norm", "cat", "clone", "conv2d", "dropout",
    "linear", "mean", "neg", "pad", "sub", "sum", "to",
}  # fmt: skip
_LINEAR_IN_ONE = frozenset({"mul", "div", "__rsub__", "__rmul__", "__radd__"})


def _plain(call: Call) -> str:
    return call.name if call.name.startswith("__") else call.name.rstrip("_")


def _check_deep_lift(calls: list[Call]) -> None:
    _refuse_twice("DeepLIFT", [call for call in calls if type(call.part) in SUPPORTED_NON_LINEAR])
    for call in calls:
        name = _plain(call)
        hooked = type(call.part) in SUPPORTED_NON_LINEAR
        linear = name in _LINEAR or name == "add" or (name in _LINEAR_IN_ONE and call.inputs == 1)
        if hooked or linear:
            continue
        if name in _LINEAR_IN_ONE:
            raise ClassifierError(
                f"DeepLIFT: {call.where} multiplies or divides two activations ({name}), which Captum's "
                "rules do not cover"
            )
        known = ", ".join(sorted(part.__name__ for part in SUPPORTED_NON_LINEAR))
        raise ClassifierError(
            f"DeepLIFT: {call.where} calls {name} by itself, and Captum would take its plain gradient: use "
            f"one module for each call, of {known}"
        )


def _check_lrp(calls: list[Call]) -> None:
    supported = (*SUPPORTED_LAYERS_WITH_RULES, *SUPPORTED_NON_LINEAR_LAYERS)
    for call in calls:
        name = _plain(call)
        if name == "add" and call.inputs > 1:
            raise ClassifierError(
                f"LRP: {call.where} adds two paths, and Captum's LRP does not see residual sums: relevance "
                "would grow without bound. Use method='rap', which shares it among the paths"
            )
        if type(call.part) in supported or isinstance(call.part, _WITHOUT_EFFECT) or name in _MOVES:
            continue
        known = ", ".join(sorted(part.__name__ for part in supported if part.__module__.startswith("torch")))
        raise ClassifierError(
            f"LRP: {call.where} calls {name}, for which Captum has no rule: it passes modules of {known}"
        )
    _refuse_twice("LRP", [call for call in calls if type(call.part) in supported])


def _refuse_twice(method: str, calls: list[Call]) -> None:
    for (name, part), times in Counter((call.part_name, call.part) for call in calls).items():
        if times > 1:
            raise ClassifierError(
                f"{method}: {describe(name, part)} is used {times} times, and Captum keeps the values of one "
                "call only: give each place a module of its own"
            )
