"""Calibration: how often a classifier is right where it is sure by so much."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

__all__ = ["Reliability", "reliability"]


@dataclass(frozen=True, eq=False)
class Reliability:
    """Pictures in bins of the confidence, with how often the classifier is right in each.

    Attributes
    ----------
    count
        ``(B,)`` int64: pictures in each bin; bin b holds confidences above b / B and up to (b + 1) / B.
    confidence
        ``(B,)`` float64: their mean confidence; NaN where the bin is empty.
    right
        ``(B,)`` int64: pictures of the bin that are classified rightly.
    spread
        ``(B,)`` float64: the variance of ``right`` for a classifier that is right as often as it is sure.
    """

    count: Tensor
    confidence: Tensor
    right: Tensor
    spread: Tensor

    @property
    def accuracy(self) -> Tensor:
        """``(B,)`` float64: the share that is right; NaN where the bin is empty."""
        return self.right.double() / self.count

    @property
    def error(self) -> float:
        """The expected calibration error, 0 to 1 (Guo et al. 2017); NaN without a picture.

        The mean, over the pictures, of the distance of accuracy and mean confidence in their bin.
        """
        return self._mean((self.accuracy - self.confidence).abs())

    @property
    def by_chance(self) -> float:
        """The error to expect of a classifier that is right as often as it is sure, with as few pictures.

        By the normal approximation: a bin's share is off by sqrt(2 / pi) standard deviations in the mean.
        """
        return self._mean((2 / torch.pi * self.spread).sqrt() / self.count)

    def _mean(self, of_bins: Tensor) -> float:
        some = self.count > 0
        return float((of_bins * self.count)[some].sum() / self.count.sum())


def reliability(confidence: Tensor, right: Tensor, bins: int = 15) -> Reliability:
    """Sort predictions into bins of equal width by their confidence.

    Parameters
    ----------
    confidence
        ``(N,)`` from 0 to 1: the probability of the predicted class.
    right
        ``(N,)`` bool: True where the predicted class is the true one.
    bins
        Number of bins.

    Examples
    --------
    >>> found = reliability(torch.tensor([0.75, 0.75, 0.25]), torch.tensor([True, False, False]), bins=2)
    >>> found.count.tolist(), found.accuracy.tolist(), found.error
    ([1, 2], [0.0, 0.5], 0.25)
    """
    sure = confidence.double()
    place = ((sure * bins).ceil().long() - 1).clamp(0, bins - 1)
    count = place.bincount(minlength=bins)

    def sums(values: Tensor) -> Tensor:
        return torch.zeros(bins, dtype=torch.float64).index_add_(0, place, values)

    return Reliability(
        count=count,
        confidence=sums(sure) / count,
        right=place[right].bincount(minlength=bins),
        spread=sums(sure * (1 - sure)),
    )
