"""Stages of the randomisation check: layers randomised from the top of a network on."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from cfwidgets.attribution.layers import layers_with_weights
from cfwidgets.attribution.network import network_of
from cfwidgets.models.classifier import Classifier

__all__ = ["Stage", "stages_of"]


@dataclass(frozen=True)
class Stage:
    """Layers that are randomised together.

    Attributes
    ----------
    layer
        The name of the lowest; empty where all weights are random.
    share
        Share of the layers with weights that are random, above 0 to 1.
    parts
        The names of all modules whose weights are random; None for all there are.
    """

    layer: str
    share: float
    parts: tuple[str, ...] | None


def stages_of(clf: Classifier, image: Tensor, count: int) -> list[Stage]:
    """Divide the layers of a network, from the last one on, into stages that contain each other.

    Parameters
    ----------
    clf
        A classifier that wraps a torch module.
    image
        ``(3, H, W)`` in [0, 1]: the network runs once.
    count
        Stages, at most one a layer. The first is the last layer alone, the last one everything; a single
        stage is everything.

    Raises
    ------
    ClassifierError
        The classifier wraps no torch module.

    Examples
    --------
    >>> import torch
    >>> from torch import nn
    >>> net = nn.Sequential(nn.Conv2d(3, 4, 3), nn.Conv2d(4, 4, 3), nn.Flatten(), nn.Linear(64, 2))
    >>> [(stage.layer, stage.parts) for stage in stages_of(Classifier(net), torch.rand(3, 8, 8), 3)]
    [('3', ('3',)), ('1', ('3', '1')), ('', None)]
    """
    network = network_of(clf, "the randomisation check")
    images = network.filled(image[None]).to(network.device, network.dtype)
    with network.running():
        groups = layers_with_weights(network, images)[::-1]
    total, stages = len(groups), []
    for size in sorted({_size(total, stage, count) for stage in range(count)}):
        names = tuple(name for group in groups[:size] for name in group)
        whole = size == total
        stages.append(
            Stage("" if whole else groups[size - 1][0], size / max(1, total), None if whole else names)
        )
    return stages


def _size(total: int, stage: int, count: int) -> int:
    """Count the layers of a stage, 1 to total."""
    return total if count == 1 else min(total, 1 + round((total - 1) * stage / (count - 1)))
