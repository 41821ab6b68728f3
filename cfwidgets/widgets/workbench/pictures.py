"""The pictures of a data set, one at a time: the image, its true class, and the code that reaches it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from cfwidgets.engines.survey.marks import mark_of
from cfwidgets.engines.survey.source import item_of, paths_of, reason, source_of
from cfwidgets.engines.survey.truth import UNKNOWN, Truth
from cfwidgets.images import as_image
from cfwidgets.models.classifier import Classifier
from cfwidgets.models.fingerprint import fingerprint

__all__ = ["Picture", "PictureError", "Pictures"]


class PictureError(ValueError):
    """A picture of the data set that cannot be read, or that the model fails on; it is named."""


@dataclass(frozen=True)
class Picture:
    """One picture of a data set, and the model's answer to it.

    Attributes
    ----------
    number, path
        Its number in the data set, and its file; empty where that is not known.
    image
        ``(3, h, w)`` in [0, 1], as large as the data set has it; None for a kept one that is gone.
    seen
        ``(3, H, W)``: the same as the model sees it.
    truth
        Its true class; `UNKNOWN` where that is not known.
    probabilities, second
        ``(C,)``: the model's answer, and that of the second model, None without one.
    code
        The Python expression for the image.
    """

    number: int
    path: str
    image: Tensor | None
    seen: Tensor | None
    truth: int
    probabilities: Tensor
    second: Tensor | None = None
    code: str = ""

    @property
    def predicted(self) -> int:
        """The class that the model predicts."""
        return int(self.probabilities.argmax())

    @property
    def mark(self) -> str:
        """The fingerprint of what the model sees; empty where the picture is gone."""
        return "" if self.seen is None else fingerprint({"image": self.seen})


class Pictures:
    """Reads single pictures of a data set.

    Parameters
    ----------
    clf, second
        The classifier, and maybe another.
    data, labels
        See `cfwidgets.Survey.steps`.

    Attributes
    ----------
    data, count
        The data set, and the number of its pictures.
    paths
        The file of each picture; empty where it is not known.

    Raises
    ------
    TypeError, ImageError, ValueError
        No data set, an empty one, or labels of another count.
    """

    def __init__(self, clf: Classifier, data: Any, labels: Any, second: Classifier | None) -> None:
        self._clf, self._second, self.data, self._labels = clf, second, data, labels
        self.count = len(source_of(clf, data))
        self.paths = paths_of(data, self.count)
        self._truth: tuple[Truth, Tensor | None] | None = None
        if labels is not None:
            require_as_many(labels, self.count)

    @property
    def mark(self) -> str:
        """The fingerprint of the data set: the number of its pictures, and the names of their files."""
        return mark_of(self.count, self.paths)

    def require(self, number: Any) -> int:
        """Return the number of a picture.

        Raises
        ------
        ValueError
            There is none of that number.
        """
        whole = isinstance(number, int) and not isinstance(number, bool)
        if not whole or not 0 <= number < self.count:
            raise ValueError(f"the pictures are numbered from 0 to {self.count - 1:,}; got {number!r:.40}")
        return int(number)

    def read(self, number: int) -> Picture:
        """Read one picture and ask the model about it.

        Raises
        ------
        PictureError
            It cannot be read, its label is none of the model's, or the model fails on it.
        """
        path = self.paths[number]
        which = f"picture {number}" + (f" ({path})" if path else "")
        try:
            item = item_of(self.data, number)
            image = as_image(item.image).cpu()
            seen = self._clf.view(image).cpu()
        except Exception as error:  # whatever a data set of the user's raises
            raise PictureError(f"{which} cannot be read: {reason(error)}") from error
        try:
            row = self._clf.probabilities(seen[None])[0].cpu()
            second = None if self._second is None else self._asked(self._second, seen, row)
        except Exception as error:  # whatever a network raises
            raise PictureError(f"the model fails on {which}: {reason(error)}") from error
        return Picture(number, path, image, seen, self._class_of(number, item.label), row, second, item.code)

    def _asked(self, second: Classifier, seen: Tensor, row: Tensor) -> Tensor | None:
        """Ask the second model, in the order of the first one's classes; None where these are others."""
        own = second.probabilities(seen[None])[0].cpu()
        if self._clf.labels is None or second.labels is None or self._clf.labels == second.labels:
            return own if own.shape == row.shape else None
        if set(self._clf.labels) != set(second.labels):
            return None
        return own[torch.tensor([second.class_index(label) for label in self._clf.labels])]

    def _class_of(self, number: int, label: Any) -> int:
        if self._truth is None:  # the number of classes is known now
            truth = Truth(self._clf, self.data)
            self._truth = (truth, truth.all(self._labels, self.count))
        truth, known = self._truth
        if known is not None:
            return int(known[number])
        return UNKNOWN if label is None else truth.one(label, number)


def require_as_many(labels: Any, count: int) -> None:
    """Refuse labels of another number than there are pictures, before any model is asked.

    Raises
    ------
    ValueError
        Both numbers.
    """
    given = len(labels) if hasattr(labels, "__len__") else None
    if given != count:
        got = f"{labels!r:.80}" if given is None else f"{given:,}"
        raise ValueError(f"labels must be of the {count:,} pictures of the data, one each; got {got}")
