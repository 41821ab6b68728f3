"""The answers of one or two classifiers to a batch; a picture that they fail on is found and skipped."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from cfwidgets.data.reading import Skipped
from cfwidgets.engines.survey.source import Pictures, reason
from cfwidgets.models.backends.base import NotFiniteError
from cfwidgets.models.classifier import Classifier

__all__ = ["Answered", "Judges"]


class Answered(NamedTuple):
    """Pictures with the probabilities of their classes.

    Attributes
    ----------
    places
        Places within the pictures given, of those that were answered.
    first, second
        ``(n, C)``: the probabilities; None without a second classifier.
    skipped
        Pictures that a classifier failed on.
    """

    places: list[int]
    first: Tensor
    second: Tensor | None
    skipped: list[Skipped]


@dataclass(frozen=True)
class Judges:
    """A classifier, and maybe a second one.

    Attributes
    ----------
    clf, second
        The classifiers.
    columns
        The second one's columns, in the order of the first one's classes.
    known
        ``(3, H, W)``: a picture that both have answered. Where they fail on it too, they are broken, and not
        the picture that they failed on before.
    """

    clf: Classifier
    second: Classifier | None
    columns: list[int]
    known: Tensor

    def __call__(self, pictures: Pictures) -> Answered:
        """Answer a batch; where that fails, one by one.

        Raises
        ------
        Exception
            The model's own, where it fails on a picture that it answered before.
        """
        numbers, images, _ = pictures
        try:
            return Answered(list(range(len(numbers))), *self._asked(images), [])
        except Exception:  # noqa: BLE001 - one picture may spoil the batch
            return self._one_by_one(numbers, images)

    def _asked(self, images: Tensor) -> tuple[Tensor, Tensor | None]:
        first = self.clf.probabilities(images)
        return first, None if self.second is None else self.second.probabilities(images)[:, self.columns]

    def _one_by_one(self, numbers: list[int], images: Tensor) -> Answered:
        rows: list[tuple[Tensor, Tensor | None]] = []
        places, skipped = [], []
        for place, number in enumerate(numbers):
            try:
                rows.append(self._asked(images[place : place + 1]))
            except NotFiniteError as error:
                skipped.append(Skipped(number, reason(error)))
            except Exception as error:  # noqa: BLE001 - whatever a network raises
                self._require_sound()
                skipped.append(Skipped(number, reason(error)))
            else:
                places.append(place)
        classes = len(self.columns)
        first = torch.cat([row[0] for row in rows]) if rows else torch.zeros(0, classes)
        if self.second is None:
            return Answered(places, first, None, skipped)
        second = [row[1] for row in rows if row[1] is not None]
        return Answered(places, first, torch.cat(second) if second else first, skipped)

    def _require_sound(self) -> None:
        self._asked(self.known[None])
