"""Measures of a model's own doubt, where it is wrong, and of whether others see what it claims."""

from __future__ import annotations

import torch
from torch import Tensor

__all__ = ["auroc", "class_nll", "flip_rates", "pearson"]


def class_nll(probabilities: Tensor, labels: Tensor) -> Tensor:
    """Negative log-likelihood of the true class among the classes (the paper's equation 8).

    Parameters
    ----------
    probabilities
        ``(N, K)``: of the K classes. Those of a discriminator are divided by their sum first, without what it
        gives to "painted": with that the loss would go with doubt by its making.
    labels
        ``(N,)`` int64.

    Examples
    --------
    >>> class_nll(torch.tensor([[0.2, 0.2]]), torch.tensor([1]))
    tensor([0.6931])
    """
    own = probabilities.gather(1, labels[:, None])[:, 0]
    return -(own / probabilities.sum(1)).clamp(min=torch.finfo(own.dtype).tiny).log()


def pearson(a: Tensor, b: Tensor) -> float:
    """Pearson's correlation of two lists of numbers (equation 9).

    Returns
    -------
    float
        -1 to 1; NaN where either is constant.

    Raises
    ------
    ValueError
        Not two lists of one length.

    Examples
    --------
    >>> x = torch.tensor([0.0, 1.0, 5.0])
    >>> round(pearson(x, 2 * x + 1), 12), pearson(x, torch.ones(3))
    (1.0, nan)
    """
    if a.ndim != 1 or a.shape != b.shape:
        raise ValueError(f"a and b must be (N,), alike; got {tuple(a.shape)} and {tuple(b.shape)}")
    if not len(a) or bool((a == a[0]).all()) or bool((b == b[0]).all()):
        return float("nan")
    first, second = a.double() - a.double().mean(), b.double() - b.double().mean()
    return float((first @ second) / (first.norm() * second.norm()))


def auroc(scores: Tensor, positive: Tensor) -> float:
    """Area under the ROC curve: how often a positive's score is above a negative's; ties count half.

    Parameters
    ----------
    scores
        ``(N,)``.
    positive
        ``(N,)`` bool.

    Returns
    -------
    float
        0 to 1; NaN where there are no positives or no negatives.

    Examples
    --------
    >>> auroc(torch.tensor([0.1, 0.4, 0.4]), torch.tensor([False, False, True]))
    0.75
    """
    if scores.ndim != 1 or scores.shape != positive.shape:
        raise ValueError(
            f"scores and positive must be (N,), alike; got {tuple(scores.shape)} and {tuple(positive.shape)}"
        )
    wins = int(positive.sum()) * int((~positive).sum())
    if not wins:
        return float("nan")
    _, place, counts = scores.unique(return_inverse=True, return_counts=True)
    last = counts.cumsum(0).double()
    rank = (last - (counts - 1) / 2)[place]
    above = float(rank[positive].sum()) - int(positive.sum()) * (int(positive.sum()) + 1) / 2
    return above / wins


def flip_rates(before: Tensor, after: Tensor) -> tuple[float, float]:
    """Share of twins that a judge puts in the other class, from class 0 and from class 1.

    Parameters
    ----------
    before
        ``(N,)`` int64: the class that each image is of.
    after
        ``(N,)`` int64: the class in which a judge puts its twin. A judge that had no part in the training
        measures what changed; the discriminator measures how well it was convinced.

    Returns
    -------
    tuple of two floats
        0 to 1; NaN for a class without images.

    Examples
    --------
    >>> flip_rates(torch.tensor([0, 0, 1]), torch.tensor([1, 0, 0]))
    (0.5, 1.0)
    """
    flipped = (after != before).double()
    return float(flipped[before == 0].mean()), float(flipped[before == 1].mean())
