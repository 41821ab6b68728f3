"""The answers of explainers as maps over the explained picture, so that they can be compared and linked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import torch.nn.functional as F
from torch import Tensor

from cfwidgets.brief import brief
from cfwidgets.images import cover
from cfwidgets.models.classifier import Classifier

__all__ = ["Placed", "PlacedMap", "covered", "resampled"]


@dataclass(frozen=True, eq=False)
class PlacedMap:
    """An answer over the explained picture, as the model sees it.

    Attributes
    ----------
    pixels
        ``(H, W)`` float32, finite: how much each place matters; 0 where nothing does.
    signed
        True where a value above 0 speaks for the class and one below against it; False where only its size
        counts: how much changes there.
    randomised
        ``(H, W)`` each: the same answer for copies of the model with random weights; none where it was not
        asked for.
    """

    __repr__ = brief

    pixels: Tensor
    signed: bool = True
    randomised: tuple[Tensor, ...] = ()


class Placed(Protocol):
    """A result whose answer has places in one picture: see `cfwidgets.engines.base.ExplainerResult`."""

    @property
    def model(self) -> str:
        """The classifier's name."""
        ...

    @property
    def labels(self) -> tuple[str, ...]:
        """The names of its classes."""
        ...

    @property
    def fingerprints(self) -> dict[str, str]:
        """Sums over the numbers of model and picture, by name."""
        ...

    @property
    def explained(self) -> Tensor | None:
        """``(3, H, W)``: the picture; None for a result of many."""
        ...

    @property
    def as_seen(self) -> bool:
        """True where the picture has the size that the model gives it."""
        ...

    @property
    def about(self) -> tuple[int, ...]:
        """Numbers of the classes that the answer is about, the explained one first."""
        ...

    def placed(self, size: tuple[int, int]) -> Mapping[str, PlacedMap]:
        """Place the answer on the picture."""
        ...

    def randomised_maps(self, copy: Classifier, size: tuple[int, int]) -> Mapping[str, Tensor]:
        """Give maps of a copy of the model with random weights."""
        ...


def resampled(values: Tensor, size: tuple[int, int]) -> Tensor:
    """Bring ``(h, w)`` to another size: each value is the mean over the area that it covers.

    Examples
    --------
    >>> import torch
    >>> resampled(torch.tensor([[0.0, 1.0], [2.0, 3.0]]), (1, 2))
    tensor([[1., 2.]])
    """
    if tuple(values.shape) == tuple(size):
        return values.float()
    return F.interpolate(values[None, None].float(), size=size, mode="area")[0, 0]


def covered(values: Tensor, size: tuple[int, int]) -> Tensor:
    """Bring ``(h, w)`` to another size as a classifier brings a picture to its own: scaled, its centre cut.

    Parameters
    ----------
    values
        Over a picture of another shape than the model's, such as an editor's.
    size
        Of the model, or a grid of its proportions.

    Examples
    --------
    >>> import torch
    >>> covered(torch.tensor([[9.0, 1.0, 2.0, 9.0], [9.0, 3.0, 4.0, 9.0]]), (2, 2))
    tensor([[1., 2.],
            [3., 4.]])
    """
    height, width = values.shape
    inner, cut = cover((height, width), size)
    return resampled(values, inner)[cut]
