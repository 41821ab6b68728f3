"""Distances of twins from their images: of pixels, of features, and of sets of features."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from cfwidgets.checks import positive_int
from cfwidgets.evaluation.frechet import frechet_distance

__all__ = ["Extractor", "TwinDistances", "l1_distance", "perceptual_distance", "twin_distances"]

_LEAST = 1e-10  # of a norm that is divided by


@dataclass(frozen=True)
class Extractor:
    """A network that features are taken of. Distances by different ones cannot be compared.

    Attributes
    ----------
    name
        To be said beside each distance.
    layers
        Gives feature maps ``(N, C, h, w)`` for images, one for each layer, the deepest last.
    """

    name: str
    layers: Callable[[Tensor], Sequence[Tensor]]


@dataclass(frozen=True)
class TwinDistances:
    """How far twins are from their images, and from real images of the class they are to have.

    Attributes
    ----------
    l1, perceptual
        ``(N,)``: of each twin from its image.
    frechet
        The squared Fréchet distance of deepest features, averaged over places: ``"full"``, of all twins from
        all images; ``"class 0"``, of the twins of class 1 from the images of class 0; ``"class 1"``, the
        reverse (the paper's "full", "undamaged" and "damaged"). NaN with fewer than two of either.
    extractor
        Name of the network that the features are of.
    """

    l1: Tensor
    perceptual: Tensor
    frechet: dict[str, float]
    extractor: str


def l1_distance(a: Tensor, b: Tensor) -> Tensor:
    """Mean absolute difference of images.

    Parameters
    ----------
    a, b
        ``(N, C, H, W)``, alike.

    Returns
    -------
    Tensor
        ``(N,)``, at least 0.

    Examples
    --------
    >>> l1_distance(torch.zeros(1, 3, 2, 2), torch.full((1, 3, 2, 2), 0.5))
    tensor([0.5000])
    """
    _require_alike(a, b)
    return (a - b).abs().flatten(1).mean(1)


def perceptual_distance(a: Tensor, b: Tensor, extractor: Extractor) -> Tensor:
    """Compute how far the features of images point in other directions.

    As LPIPS (Zhang et al. 2018) without its learned weights: at each place features are divided by their
    norm; squared differences are summed over channels, averaged over places and summed over layers.

    Parameters
    ----------
    a, b
        ``(N, C, H, W)``, alike.
    extractor
        Of the features.

    Returns
    -------
    Tensor
        ``(N,)``, from 0 to 4 times the number of layers.

    Examples
    --------
    >>> images = torch.tensor([3.0, 4.0, 0.0]).view(1, 3, 1, 1)
    >>> perceptual_distance(images, images[:, [1, 0, 2]], Extractor("pixels", lambda some: [some]))
    tensor([0.0800])
    """
    _require_alike(a, b)
    return _between(extractor.layers(a), extractor.layers(b))


@torch.no_grad()
def twin_distances(
    images: Tensor, twins: Tensor, labels: Tensor, extractor: Extractor, *, batch_size: int = 64
) -> TwinDistances:
    """Compute all distances of twins.

    Parameters
    ----------
    images, twins
        ``(N, 3, H, W)``, alike, in the range that the extractor takes.
    labels
        ``(N,)`` int64, 0 or 1: of the images.
    extractor
        Of the features.
    batch_size
        Images that it takes at a time.

    Raises
    ------
    ValueError
        Shapes that do not fit, or other labels.
    """
    _require_alike(images, twins)
    positive_int("batch_size", batch_size)
    if labels.shape != images.shape[:1] or not bool(((labels == 0) | (labels == 1)).all()):
        raise ValueError(f"labels are ({len(images)},), 0 or 1; got {tuple(labels.shape)}")
    far, features = [], []
    for some, their_twins in zip(images.split(batch_size), twins.split(batch_size), strict=True):
        layers = extractor.layers(some), extractor.layers(their_twins)
        far.append(_between(*layers))
        features.append(torch.stack([each[-1].mean((2, 3)) for each in layers]))
    real, painted = torch.cat(features, dim=1)
    sets = {"full": (real, painted)}
    for label in (0, 1):
        sets[f"class {label}"] = real[labels == label], painted[labels != label]
    return TwinDistances(
        l1=l1_distance(images, twins),
        perceptual=torch.cat(far),
        frechet={
            name: frechet_distance(a, b) if min(len(a), len(b)) > 1 else float("nan")
            for name, (a, b) in sets.items()
        },
        extractor=extractor.name,
    )


def _between(first: Sequence[Tensor], second: Sequence[Tensor]) -> Tensor:
    layers = [
        (_directions(a) - _directions(b)).square().sum(1).mean((1, 2))
        for a, b in zip(first, second, strict=True)
    ]
    return torch.stack(layers).sum(0)


def _directions(maps: Tensor) -> Tensor:
    return maps / maps.norm(dim=1, keepdim=True).clamp(min=_LEAST)


def _require_alike(a: Tensor, b: Tensor) -> None:
    if a.ndim != 4 or a.shape != b.shape:
        raise ValueError(f"images must be (N, C, H, W), alike; got {tuple(a.shape)} and {tuple(b.shape)}")
