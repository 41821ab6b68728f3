"""Classes by number, and their labels."""

from __future__ import annotations

import operator
from collections.abc import Mapping
from typing import Any

from cfwidgets.models.backends.base import ClassifierError
from cfwidgets.text import did_you_mean, without_surrogates

__all__ = ["Labelled"]


class Labelled:
    """Base of `cfwidgets.Classifier`: the classes that it tells apart.

    Parameters
    ----------
    labels
        As `cfwidgets.Classifier` takes them.

    Attributes
    ----------
    labels : tuple of str, or None
        Names of the classes.
    classes : int or None
        Number of classes; None where nothing has told it yet.
    """

    def __init__(self, labels: Any) -> None:
        self.labels = _checked(labels)
        self.classes = None if self.labels is None else len(self.labels)

    def class_index(self, target: int | str) -> int:
        """Find a class by its number or label.

        Parameters
        ----------
        target
            A class's number from 0, or its label.

        Returns
        -------
        int
            Its number.

        Raises
        ------
        ClassifierError
            No such class, or several of that label (in many lists of ImageNet's, two are labelled crane).

        Examples
        --------
        >>> from torch import nn
        >>> from cfwidgets import Classifier
        >>> Classifier(nn.Flatten(), labels=["cat", "dog"]).class_index("dog")
        1
        """
        if isinstance(target, str):
            return _class_of_label(target, self.labels)
        try:
            index = operator.index(target)
        except TypeError:
            index = None
        if index is None or isinstance(target, bool):
            raise ClassifierError(f"a class is named by its number or its label; got {target!r:.80}")
        if index < 0 or (self.classes is not None and index >= self.classes):
            limit = "" if self.classes is None else f" to {self.classes - 1}"
            raise ClassifierError(f"classes are numbered from 0{limit}; got {index}")
        return index

    def label(self, index: int) -> str:
        """Name a class.

        Parameters
        ----------
        index
            Its number from 0.

        Returns
        -------
        str
            Its label, or ``"class 7"`` where the classifier has none.

        Raises
        ------
        ClassifierError
            No such class.

        Examples
        --------
        >>> from torch import nn
        >>> from cfwidgets import Classifier
        >>> Classifier(nn.Flatten()).label(7)
        'class 7'
        """
        index = self.class_index(index)
        return f"class {index}" if self.labels is None else self.labels[index]


def _checked(labels: Any) -> tuple[str, ...] | None:
    """Return the names of the classes; of a single name those of both classes."""
    if labels is None:
        return None
    names = labels.tolist() if hasattr(labels, "tolist") else labels
    if isinstance(names, Mapping) and names:
        names = _by_number(names)
    if not isinstance(names, list | tuple) or not names:
        raise ClassifierError(
            f"labels must be a list of names in the model's order, or a dict from each number to a name; got "
            f"{labels!r:.80}"
        )
    for index, name in enumerate(names):
        if not isinstance(name, str):
            raise ClassifierError(f"labels must be text; label {index} is {name!r}")
    names = [without_surrogates(name) for name in names]
    return (f"not {names[0]}", names[0]) if len(names) == 1 else tuple(names)


def _by_number(labels: Mapping[Any, Any]) -> list[Any]:
    """Put names by number into a list; numbers are whole, or texts of such as in a file of JSON."""
    named = {int(key): name for key, name in labels.items() if str(key).isdecimal()}
    if len(named) == len(labels) and sorted(named) == list(range(len(named))):
        return [named[number] for number in range(len(named))]
    turned = sorted(labels.values(), key=str) == sorted(range(len(labels)), key=str)
    hint = (
        ": this one is from name to number, turn it round (such as id2label, not label2id)" if turned else ""
    )
    raise ClassifierError(
        f"labels, as a dict, must name each class by its number, from 0 to the last; got {labels!r:.80}{hint}"
    )


def _class_of_label(target: str, labels: tuple[str, ...] | None) -> int:
    if labels is None:
        raise ClassifierError(
            f"the classifier has no labels, so a class is named by its number; got {target!r}"
        )
    target = without_surrogates(target)
    found = [index for index, label in enumerate(labels) if label == target]
    if len(found) == 1:
        return found[0]
    if found:
        numbers = ", ".join(map(str, found))
        raise ClassifierError(
            f"{len(found)} classes have the label {target!r}: pass one of the numbers {numbers}"
        )
    raise ClassifierError(f"no class has the label {target!r}{did_you_mean(target, labels)}")
