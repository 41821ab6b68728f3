"""Randomised models: copies of a network with random weights.

An explanation that looks the same for one does not depend on what the network has learnt: the check of
Adebayo et al., "Sanity Checks for Saliency Maps", NeurIPS 2018, section 3 (model parameter randomisation).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from cfwidgets.models.backends.base import ClassifierError, Interface
from cfwidgets.models.backends.copies import copied
from cfwidgets.models.backends.outputs import as_rows
from cfwidgets.models.guard import untouched
from cfwidgets.models.parts import every_part, loose_tensors

__all__ = ["randomised"]

_IMAGES = 16
_COMPARED = 2  # images by which it is seen that the answer has changed
_SAME = 1e-6


def randomised(
    module: nn.Module,
    seed: int,
    input_size: tuple[int, int] = (224, 224),
    interface: Interface | None = None,
    only: int | None = None,
    *,
    parts: Collection[str] | None = None,
) -> nn.Module:
    """Copy a network and randomise its weights.

    Parameters
    ----------
    module
        The network; it is left unchanged.
    seed
        The same seed gives the same weights, on any device. Torch's own random state is not used.
    input_size, interface
        The network's input, and the output that holds its classes.
    only
        The size of the only batches that it takes; None where it takes any.
    parts
        Names of the modules, as in ``dict(module.named_modules())``, whose own weights are randomised, to the
        same values as if all were. None: all weights.

    Returns
    -------
    nn.Module
        A copy on the same device. Every parameter is normal noise with the mean and standard deviation of
        the original, and batch normalisation has the statistics of the new network. So are weights that are
        no parameters: matrices in buffers and plain attributes, those of parts in plain lists, and the packed
        weights of quantised layers, rounded as they were. Weights of 8 bits are shuffled.

    Raises
    ------
    ClassifierError
        The network cannot be copied, holds weights that cannot be read, or answers as before.

    Notes
    -----
    Drawing weights as layers do before training gives a network with the same output for every image:
    without training, and with statistics of 0 and 1, signals fade layer by layer (EfficientNet-Lite0: logits
    of masked images differ by 5e-10). With the trained scale of each weight, and statistics measured on
    smooth noise, logits vary as much as those of the trained network, so that the check compares like with
    like.

    Examples
    --------
    >>> net = nn.Sequential(nn.Conv2d(3, 2, 3), nn.BatchNorm2d(2), nn.Flatten(), nn.LazyLinear(2)).eval()
    >>> _ = net(torch.rand(1, 3, 8, 8))
    >>> torch.equal(randomised(net, 0, (8, 8))[0].weight, randomised(net, 0, (8, 8))[0].weight)
    True
    >>> torch.equal(randomised(net, 0, (8, 8))[0].weight, net[0].weight)
    False
    """
    interface = interface or Interface()
    twin = copied(module)
    generator = torch.Generator().manual_seed(seed)
    everything = every_part(twin)
    chosen = set(everything) if parts is None else {twin.get_submodule(name) for name in parts}
    for part in everything:
        part.training = False

    def noise(count: int) -> Tensor:
        return _noise(count, twin, generator, input_size, interface)

    try:
        with torch.no_grad():
            for part, weights in _weights(everything):
                _randomise(weights, generator, kept=part not in chosen)
            layers = [part for part in everything if part in chosen]
            _randomise_packed(layers, generator)
            _measure_statistics(twin, layers, lambda: noise(only or _IMAGES))
        _check(module, twin, noise(only or _COMPARED), interface)
    except ClassifierError:
        raise
    except Exception as error:  # a kind of tensor that cannot be written to, …
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise ClassifierError(f"{type(module).__name__} cannot be randomised: {reason}") from error
    return twin


def _noise(
    count: int, module: nn.Module, generator: torch.Generator, size: tuple[int, int], interface: Interface
) -> Tensor:
    """Draw smooth noise, nearer to photographs than plain noise, as the network takes it."""
    coarse = torch.rand(count, 3, 8, 8, generator=generator)
    images = F.interpolate(coarse, size=size, mode="bilinear")
    preparation = interface.preparation()
    if preparation is not None:
        images = preparation(images)
    first = next((p for p in module.parameters() if p.is_floating_point()), images)
    return images.to(first.device, first.dtype)


def _check(module: nn.Module, twin: nn.Module, images: Tensor, interface: Interface) -> None:
    """Refuse a twin that answers as the network itself, or gives no numbers."""
    try:
        with untouched(module), torch.no_grad():
            before = as_rows(module(images.clone()), len(images), interface)
    except (RuntimeError, ValueError):  # the network takes another size, which nobody has named
        return
    with untouched(twin), torch.no_grad():
        after = as_rows(twin(images), len(images), interface)
    name = type(module).__name__
    if not bool(after.isfinite().all()):
        raise ClassifierError(f"{name} cannot be randomised: with random weights it returns NaN or infinity")
    if torch.allclose(after, before, rtol=_SAME, atol=_SAME):
        raise ClassifierError(
            f"{name} cannot be randomised: its answer does not depend on weights that can be found"
        )


def _weights(parts: list[nn.Module]) -> Iterator[tuple[nn.Module, Tensor]]:
    """Yield the tensors that hold weights, each once with its module: parameters first."""
    seen: set[int] = set()
    for part in parts:
        for parameter in part.parameters(recurse=False):
            if id(parameter) not in seen:
                seen.add(id(parameter))
                parameter.grad = None
                yield part, parameter
    for part in parts:
        # What a module does not save with its weights is made by its code: masks, tables of positions.
        computed = part._non_persistent_buffers_set  # noqa: SLF001 - there is no other name
        buffers = (b for name, b in part.named_buffers(recurse=False) if name not in computed)
        for tensor in (*buffers, *loose_tensors(part)):
            if id(tensor) not in seen and tensor.ndim > 1 and tensor.is_leaf:
                seen.add(id(tensor))
                yield part, tensor


def _randomise(weights: Tensor, generator: torch.Generator, *, kept: bool) -> None:
    """Randomise weights, or draw for those that are kept, so that later ones are the same in both cases."""
    noise: Tensor | None = None
    if weights.is_floating_point():
        noise = _noise_like(weights, generator)
    elif weights.dtype in (torch.int8, torch.uint8) and int(weights.float().max()) > 1:  # 0 and 1: a mask
        order = torch.randperm(weights.numel(), generator=generator).to(weights.device)
        noise = weights.flatten()[order].view_as(weights)
    if noise is not None and not kept:
        weights.copy_(noise)


def _noise_like(weights: Tensor, generator: torch.Generator) -> Tensor | None:
    """Draw noise with the mean and standard deviation of weights; None for masks of -inf."""
    std, mean = torch.std_mean(weights.float(), correction=0)
    if not isinstance(weights, nn.Parameter) and not bool(std.isfinite()):
        return None
    noise = torch.empty(weights.shape).normal_(generator=generator).to(weights.device)
    return noise * std + mean


def _randomise_packed(parts: list[nn.Module], generator: torch.Generator) -> None:
    """Randomise the weights of quantised layers, which torch packs into objects of its own.

    Raises
    ------
    ClassifierError
        Packed weights that no layer gives out.
    """
    opened: set[nn.Module] = set()
    for part in parts:
        layer: Any = part
        if callable(getattr(layer, "set_weight_bias", None)) and callable(getattr(layer, "weight", None)):
            opened.update(part.modules())
            weight = layer.weight()
            plain = weight.dequantize() if weight.is_quantized else weight
            noise = _noise_like(plain, generator)
            if noise is None:
                raise ClassifierError(
                    f"{type(part).__name__} cannot be randomised: its weights are not finite"
                )
            layer.set_weight_bias(_rounded_like(weight, noise), layer.bias())
    for part in parts:
        if part not in opened and any(isinstance(value, torch.ScriptObject) for value in vars(part).values()):
            raise ClassifierError(
                f"the network cannot be randomised: {type(part).__name__} holds weights that are packed"
            )


def _rounded_like(weight: Tensor, values: Tensor) -> Tensor:
    if not weight.is_quantized:
        return values.to(weight.dtype)
    if weight.qscheme() in (torch.per_channel_affine, torch.per_channel_symmetric):
        scales, zeros = weight.q_per_channel_scales(), weight.q_per_channel_zero_points()
        return torch.quantize_per_channel(values, scales, zeros, weight.q_per_channel_axis(), weight.dtype)
    return torch.quantize_per_tensor(values, weight.q_scale(), weight.q_zero_point(), weight.dtype)


def _measure_statistics(twin: nn.Module, parts: list[nn.Module], noise: Callable[[], Tensor]) -> None:
    """Set running statistics from one batch of smooth noise."""
    layers = [m for m in parts if isinstance(m, _BatchNorm) and m.track_running_stats]
    if not layers:
        return
    momenta = [layer.momentum for layer in layers]
    for layer in layers:
        layer.reset_running_stats()
        layer.momentum = None  # the plain mean over all batches: here one
        layer.train()
    twin(noise())
    for layer, momentum in zip(layers, momenta, strict=True):
        layer.momentum = momentum
        layer.eval()
