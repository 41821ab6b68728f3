"""Randomised models: copies of a network with random weights.

An explanation that looks the same for one does not depend on what the network has learnt: the check of
Adebayo et al., "Sanity Checks for Saliency Maps", NeurIPS 2018, section 3 (model parameter randomisation).
"""

from __future__ import annotations

import copy

import torch
import torch.nn.functional as F
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

from cfwidgets.models.backends.base import Normalisation, Normalise
from cfwidgets.models.guard import lock_of

__all__ = ["randomised"]

_IMAGES = 16


def randomised(
    module: nn.Module,
    seed: int,
    input_size: tuple[int, int] = (224, 224),
    normalisation: Normalisation | None = None,
) -> nn.Module:
    """Copy a network and randomise its weights.

    Parameters
    ----------
    module
        The network; it is left unchanged.
    seed
        The same seed gives the same weights, on any device. Torch's own random state is not used.
    input_size, normalisation
        The network's input.

    Returns
    -------
    nn.Module
        A copy on the same device. Every parameter is normal noise with the mean and standard deviation of
        the original, and batch normalisation has the statistics of the new network.

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
    with lock_of(module):
        twin = copy.deepcopy(module)
    generator = torch.Generator().manual_seed(seed)
    twin.eval()
    with torch.no_grad():
        for parameter in twin.parameters():
            parameter.grad = None
            if parameter.is_floating_point():
                std, mean = torch.std_mean(parameter.float(), correction=0)
                noise = torch.empty(parameter.shape).normal_(generator=generator).to(parameter.device)
                parameter.copy_(noise * std + mean)
        _measure_statistics(twin, generator, input_size, normalisation)
    return twin


def _measure_statistics(
    twin: nn.Module,
    generator: torch.Generator,
    input_size: tuple[int, int],
    normalisation: Normalisation | None,
) -> None:
    """Set running statistics from one batch of smooth noise, nearer to photographs than noise."""
    layers = [m for m in twin.modules() if isinstance(m, _BatchNorm) and m.track_running_stats]
    if not layers:
        return
    momenta = [layer.momentum for layer in layers]
    for layer in layers:
        layer.reset_running_stats()
        layer.momentum = None  # the plain mean over all batches: here one
        layer.train()
    images = F.interpolate(
        torch.rand(_IMAGES, 3, 8, 8, generator=generator), size=input_size, mode="bilinear"
    )
    if normalisation is not None:
        images = Normalise(*normalisation)(images)
    first = next(twin.parameters())
    twin(images.to(first.device, first.dtype))
    for layer, momentum in zip(layers, momenta, strict=True):
        layer.momentum = momentum
        layer.eval()
