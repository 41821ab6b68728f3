"""FLAC: train a classifier whose features do not depend on an attribute correlated with the class."""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from cfwidgets.checks import non_negative

__all__ = ["Flac", "flac_loss"]

_TINY = 1e-6  # the root of a squared distance of 0 has no derivative


def before_last(network: nn.Sequential, images: Tensor) -> Tensor:
    """Compute a network's features before its last layer, ``(n, c)``, for images ``(n, 3, h, w)``."""
    for layer in list(network)[:-1]:
        images = layer(images)
    return images


def flac_loss(features: Tensor, biased: Tensor, labels: Tensor, *, power: float = 0.5) -> Tensor:
    """Compute the FLAC loss, low where features are independent of a bias (Sarridis et al., TPAMI 2024).

    Where a bias holds, faces that share a class share an attribute. The informative pairs of a batch are
    those in which it does not: of one class with different attributes, and of two classes with the same
    attribute. Over these pairs, the loss makes features similar where the attribute's are not: for each face,
    both similarities are scaled to sum to 1, and compared by Jeffreys divergence, ``(p - q)(log p - log q)``.

    A similarity is ``1 / (1 + d ** power)`` with the Euclidean distance d of features scaled to length 1. Two
    faces have the same attribute where they are more similar, to a network that predicts it, than halfway
    between the least and the most similar pair of the batch. So no labels of the attribute are needed.

    Parameters
    ----------
    features
        ``(n, c)``: features of the trained network before its last layer.
    biased
        ``(n, d)``: the same of a network that predicts the attribute; without gradients.
    labels
        ``(n,)``: the classes.
    power
        Exponent of the distances.

    Returns
    -------
    Tensor
        A number of at least 0, the mean over the pairs; 0, with gradients of 0, where there is no such pair.

    Raises
    ------
    ValueError
        Numbers of faces that differ.

    Examples
    --------
    >>> attribute = torch.tensor([[1.0, 0], [1, 0], [0, 1], [0, 1]])
    >>> other = torch.tensor([[1.0, 0], [0, 1], [1, 0], [0, 1]])
    >>> labels = torch.tensor([0, 1, 0, 1])
    >>> bool(flac_loss(other, attribute, labels) < flac_loss(attribute, attribute, labels))
    True
    """
    if not features.ndim == biased.ndim == 2 or not len(features) == len(biased) == len(labels):
        got = ", ".join(str(tuple(values.shape)) for values in (features, biased, labels))
        raise ValueError(f"features and biased must be (n, c) and (n, d), and labels (n,); got {got}")
    with torch.no_grad():
        alike = _similarity(biased, power)
        same = alike > (alike.max() + alike.min()) / 2
        telling = (labels[:, None] == labels) != same
        wanted = _shares(1 - alike, telling)
    found = _shares(_similarity(features, power), telling)
    if not telling.any():
        return 0 * features.sum()
    p, q = wanted[telling] + _TINY, found[telling] + _TINY
    return ((p - q) * (p.log() - q.log())).mean()


@dataclass(frozen=True)
class Flac:
    """`flac_loss` as a penalty for `cfwidgets.zoo.recipes.portrait_classifier.train`.

    Parameters
    ----------
    bias
        A network that predicts the attribute, in evaluation mode; its last layer is left out.
    weight
        Weight of the loss beside the cross-entropy. The authors' settings for CelebA amount to 2 to 3
        million; the more often the bias holds, the larger it must be.
    power
        Exponent of the distances.
    """

    bias: nn.Sequential
    weight: float
    power: float = 0.5

    def __post_init__(self) -> None:
        non_negative("weight", self.weight)

    def __call__(self, images: Tensor, features: Tensor, labels: Tensor) -> Tensor:
        """Compute the weighted loss of a batch."""
        with torch.no_grad():
            biased = before_last(self.bias, images)
        return self.weight * flac_loss(features, biased, labels, power=self.power)


def _similarity(features: Tensor, power: float) -> Tensor:
    """Compute the similarity of each pair, above 0 and at most 1."""
    unit = F.normalize(features, dim=1)
    squared = (2 - 2 * unit @ unit.T).clamp(min=0)
    return 1 / (1 + (squared + _TINY).sqrt() ** power)


def _shares(values: Tensor, chosen: Tensor) -> Tensor:
    """Scale the chosen values of each row to sum to 1; a row without any stays 0."""
    kept = values * chosen
    return kept / kept.sum(1, keepdim=True).clamp(min=_TINY)
