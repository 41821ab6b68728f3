"""Models under one disturbance, as a result keeps it."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from cfwidgets.brief import brief

__all__ = ["StressCurve"]


@dataclass(frozen=True, eq=False)
class StressCurve:
    """Models under one disturbance at L levels, on k of the images.

    Attributes
    ----------
    levels
        ``(L,)`` float64.
    places
        ``(k,)`` int64: the images.
    judges
        Names of the j models: ``"classifier"``, ``"class branch"`` and ``"second"``, as far as there are.
    right
        ``(L, j, k)`` bool: an image is put on its side; that is the true one, or where it is not known the
        one that the classifier predicts for the image as it is.
    confidence
        ``(L, j, k)``: the probability of that side, among the classes of real images.
    fakeness
        ``(L, k)``: the classifier's probability that the image is painted; None without such a class.
    """

    __repr__ = brief

    levels: Tensor
    places: Tensor
    judges: tuple[str, ...]
    right: Tensor
    confidence: Tensor
    fakeness: Tensor | None

    @property
    def accuracy(self) -> Tensor:
        """``(L, j)``: the share of images on their side."""
        return self.right.double().mean(2)
