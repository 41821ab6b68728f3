"""Graded, signed importance of superpixels, from the answers to many masks.

Two views of the same question are added. *On average*: a linear model of the log-odds, fitted to the masks
that a search has evaluated and to random ones, each group with the same weight in all. *Around the answer*:
the log-odds that one superpixel more or less makes for the best mask, with a quarter of the weight. The first
alone orders well what to remove, the second what to add.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from cfwidgets.search.operators import seeded

_CLAMP = 1e-6  # a probability is taken to be no closer to 0 and 1
_PENALTY = 1e-3  # on the squared weights, beside a mean squared error
_AROUND = 0.25  # weight of the changes of the best mask
_REPLICATES = 50
_WIDTH = 1.645  # standard deviations on either side of an interval of 90 %
# Answers that differ by no more are one answer: float32 does not repeat itself more closely.
ROUNDING = 1e-6


class Answers(NamedTuple):
    """Masks ``(m, n)`` bool of the superpixels shown, and the probabilities ``(m,)`` of the class."""

    masks: Tensor
    probabilities: Tensor

    @classmethod
    def of(cls, known: dict[str, Tensor], count: int) -> Answers:
        """Read the `cfwidgets.search.memo.Memo.state` of masks of ``count`` superpixels."""
        bits = np.unpackbits(known["masks"].numpy(), axis=1, count=count)
        return cls.finite(torch.from_numpy(bits.astype(bool)), known["scores"])

    @classmethod
    def finite(cls, masks: Tensor, probabilities: Tensor) -> Answers:
        """Leave out the masks to which there is no answer, NaN."""
        known = probabilities.isfinite()
        return cls(masks[known], probabilities[known])


def alone(count: int) -> Tensor:
    """Give the ``(n, n)`` masks of one superpixel each."""
    return torch.eye(count, dtype=torch.bool)


def inert(image: Tensor, hidden: Tensor, segments: Tensor) -> Tensor:
    """Tell the superpixels ``(n,)`` that look the same shown and hidden: no answer can depend on them."""
    differs = (image != hidden).any(0).flatten().long()
    labels = segments.flatten().long()
    return torch.zeros(int(labels.max()) + 1, dtype=torch.long).index_add_(0, labels, differs) == 0


def flat(*probabilities: Tensor) -> bool:
    """Tell whether all answers are one, but for rounding."""
    together = torch.cat(probabilities)
    together = together[together.isfinite()]
    return float(together.max() - together.min()) <= ROUNDING


def on_average(groups: list[Answers], still: Tensor) -> Tensor:
    """Fit the log-odds that each superpixel adds, ``(n,)`` float64, to groups of equal weight.

    Parameters
    ----------
    groups
        Masks and their probabilities, at least one group.
    still
        ``(n,)`` bool: superpixels whose weight is 0 (`inert`).
    """
    masks, log_odds, weights = _stacked(groups)
    return _fit(masks, log_odds, weights).masked_fill(still, 0)


def graded(groups: list[Answers], around: Answers, still: Tensor, seed: int) -> tuple[Tensor, Tensor]:
    """Grade superpixels: how much showing each adds to the log-odds of the class, and its interval.

    Parameters
    ----------
    groups, still
        As in `on_average`.
    around
        The best mask, and then each of its n single changes; NaN for one that has no answer, and counts for
        nothing.
    seed
        Seed of the bootstrap.

    Returns
    -------
    tuple of Tensor
        The importance ``(n,)`` float32, divided by the largest absolute value, so -1 to 1; and ``(n, 2)``
        float32, its interval of 90 % by bootstrap over the masks, on the same scale. All 0 where the answers
        do not differ.
    """
    if flat(around.probabilities, *(group.probabilities for group in groups)):
        return torch.zeros(len(still)), torch.zeros(len(still), 2)
    masks, log_odds, weights = _stacked(groups)
    generator = seeded(seed)
    replicates = [_fit(masks, log_odds, _resampled(groups, generator)) for _ in range(_REPLICATES)]
    spread = torch.stack(replicates).std(0).masked_fill(still, 0)
    best, *_ = around.masks
    odds = _log_odds(around.probabilities)
    change = torch.where(best, odds[0] - odds[1:], odds[1:] - odds[0]).masked_fill(still, 0).nan_to_num(0)
    value = _fit(masks, log_odds, weights).masked_fill(still, 0) + _AROUND * change
    scale = value.abs().max().clamp_min(1e-12)
    interval = torch.stack([value - _WIDTH * spread, value + _WIDTH * spread], 1)
    return (value / scale).float(), (interval / scale).float()


def scaled(value: Tensor) -> Tensor:
    """Divide values ``(n,)`` by the largest absolute one, so that they are -1 to 1: float32."""
    return (value / value.abs().max().clamp_min(1e-12)).float()


def _log_odds(probabilities: Tensor) -> Tensor:
    return torch.logit(probabilities.double().clamp(_CLAMP, 1 - _CLAMP))


def _stacked(groups: list[Answers]) -> tuple[Tensor, Tensor, Tensor]:
    """Give all masks, their log-odds, and weights that sum to 1 in each group."""
    masks = torch.cat([group.masks for group in groups]).double()
    log_odds = _log_odds(torch.cat([group.probabilities for group in groups]))
    sizes = [len(group.masks) for group in groups]
    return masks, log_odds, torch.cat([torch.full((m,), 1 / m, dtype=torch.float64) for m in sizes])


def _resampled(groups: list[Answers], generator: torch.Generator) -> Tensor:
    """Draw the weights of one bootstrap: the masks of each group are drawn from it with replacement."""
    drawn = []
    for group in groups:
        size = len(group.masks)
        rows = torch.randint(size, (size,), generator=generator)
        drawn.append(torch.bincount(rows, minlength=size).double() / size)
    return torch.cat(drawn)


def _fit(masks: Tensor, values: Tensor, weights: Tensor) -> Tensor:
    """Fit a linear model with an intercept by weighted ridge regression: its weights ``(n,)``."""
    total = weights.sum()
    shown = masks - (weights @ masks) / total
    weighted = shown * weights[:, None]
    penalty = _PENALTY * torch.eye(masks.shape[1], dtype=torch.float64)
    return torch.linalg.solve(weighted.T @ shown + penalty, weighted.T @ (values - weights @ values / total))
