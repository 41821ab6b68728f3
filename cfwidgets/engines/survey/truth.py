"""The true classes of pictures, as a data set names them, among those of a classifier."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import TensorDataset

from cfwidgets.models.classifier import Classifier

__all__ = ["UNKNOWN", "Truth"]

UNKNOWN = -1
"""The class of a picture whose class is not known, or that is not read yet."""


class Truth:
    """Finds the true class of a picture among a classifier's.

    Parameters
    ----------
    clf
        The classifier; it has predicted once, so that the number of its classes is known.
    data
        The data set. Its ``labels`` or ``classes``, where they are names, say what its numbers mean.
    """

    def __init__(self, clf: Classifier, data: Any) -> None:
        self._clf, self._data = clf, data
        self._names = None if clf.labels is None else _names(data)

    def all(self, labels: Any, count: int) -> Tensor | None:
        """Find the classes of all pictures, where they are known without reading these.

        Parameters
        ----------
        labels
            Those given: a class each, by number or label, None for one that is not known; or None for the
            data set's.
        count
            Number of pictures.

        Returns
        -------
        Tensor
            ``(count,)`` int64, `UNKNOWN` where it is not known; or None.

        Raises
        ------
        ValueError
            Another number of labels than of pictures; a class that the classifier does not have.
        """
        if labels is not None:
            return self._found(_listed(labels, count), None)
        attribute = self._attribute()
        if attribute is not None:
            return attribute
        own = _labels(self._data, count)
        return None if own is None else self._found(own, self._names)

    def one(self, label: Any, number: int) -> int:
        """Find the class of the picture of a number.

        Raises
        ------
        ValueError
            The classifier does not have it.
        """
        return self._class(label, number, self._names)

    def _found(self, labels: list[Any], names: Sequence[str] | None) -> Tensor:
        known: dict[Any, int] = {}
        found = []
        for number, label in enumerate(labels):
            key = (type(label), label) if isinstance(label, int | str) else None
            if key not in known:
                index = self._class(label, number, names)
                if key is not None:
                    known[key] = index
            found.append(index if key is None else known[key])
        return torch.tensor(found, dtype=torch.int64)

    def _class(self, label: Any, number: int, names: Sequence[str] | None) -> int:
        if label is None:
            return UNKNOWN
        value = label
        if isinstance(label, Tensor | np.ndarray | np.generic):
            if label.ndim:
                raise ValueError(
                    f"labels, picture {number}: a label is one class, by its number or label; got "
                    f"{type(label).__name__} of shape {tuple(label.shape)}"
                )
            value = label.item()
        if isinstance(value, bool) and self._clf.classes == 2:
            value = int(value)
        try:
            if names is not None and isinstance(value, int) and 0 <= value < len(names):
                value = names[value]
            return self._clf.class_index(value)
        except ValueError as error:
            raise ValueError(f"labels, picture {number}: {self._hint(error, names)}") from error

    def _hint(self, error: ValueError, names: Sequence[str] | None) -> str:
        if names is None:
            return str(error)
        return (
            f"{error}. The data set names its classes, and they are matched by name; where its numbers are "
            "those of the classifier, pass labels=data.targets"
        )

    def _attribute(self) -> Tensor | None:
        """Read from faces whether they have the attribute that a classifier of two classes tells."""
        names, labels = tuple(getattr(self._data, "names", ())), self._clf.labels
        columns = getattr(self._data, "attributes", None)
        if labels is None or len(labels) != 2 or not isinstance(columns, Tensor) or columns.ndim != 2:
            return None
        for index, label in enumerate(labels):
            if label in names and labels[1 - index] == f"not {label}":
                has = columns[:, names.index(label)].bool()
                return torch.where(has, index, 1 - index)
        return None


def _names(data: Any) -> Sequence[str] | None:
    for name in ("labels", "classes"):
        names = getattr(data, name, None)
        if isinstance(names, tuple | list) and names and all(isinstance(one, str) for one in names):
            return names
    return None


def _labels(data: Any, count: int) -> list[Any] | None:
    """Find the classes that a data set holds beside its pictures."""
    held: Any = getattr(data, "labels", None)
    if isinstance(data, TensorDataset) and len(data.tensors) > 1:
        held = data.tensors[1]
    elif not isinstance(held, Tensor | np.ndarray):
        changed = getattr(data, "target_transform", None) is not None
        held = None if changed else getattr(data, "targets", None)
    if isinstance(held, Tensor | np.ndarray):
        held = held.tolist() if held.ndim == 1 else None
    return list(held) if isinstance(held, tuple | list) and len(held) == count else None


def _listed(labels: Any, count: int) -> list[Any]:
    values = labels.tolist() if hasattr(labels, "tolist") else labels
    if not isinstance(values, list | tuple):
        raise ValueError(  # noqa: TRY004 - as of all arguments
            f"labels must be the classes of {count:,} pictures, one each; got {labels!r:.80}"
        )
    if len(values) != count:
        raise ValueError(
            f"labels must be of the {count:,} pictures of the data, one each; got {len(values):,}"
        )
    return list(values)
