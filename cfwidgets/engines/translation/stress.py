"""Classifier, class branch and second classifier under noise and attack."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

__all__ = ["StressCurve"]


@dataclass(frozen=True, eq=False)
class StressCurve:
    """Predictions for disturbed images, at L levels of one disturbance.

    Attributes
    ----------
    levels
        ``(L,)`` float64.
    judges
        Names of the j models: ``"classifier"``, ``"class branch"`` and ``"second"``, as far as there are.
    right
        ``(j, L, m)`` bool: an image is put on its side, the true one, or where that is not known the one that
        the classifier predicts without the disturbance.
    confidence
        ``(j, L, m)``: the probability of that side, among the classes of real images.
    fakeness
        ``(L, m)``: the classifier's probability that the image is painted; None without such a class.
    """

    levels: Tensor
    judges: tuple[str, ...]
    right: Tensor
    confidence: Tensor
    fakeness: Tensor | None
