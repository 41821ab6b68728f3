"""Match the classes of two classifiers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cfwidgets.models.classifier import Classifier

__all__ = ["columns_of"]

_NAMED = 10


def columns_of(second: Classifier, names: Sequence[str], classes: int) -> list[int]:
    """Find a second classifier's columns of classes by their names, in the order of these.

    Parameters
    ----------
    second
        The classifier. One without labels is taken to have as many classes in the same order.
    names
        The labels of the classes.
    classes
        Number of its classes.

    Raises
    ------
    ValueError
        It lacks one of them, or has several of its name.
    """
    if second.labels is None and classes == len(names):
        return list(range(classes))
    own = [second.label(index) for index in range(classes)]
    if own == list(names):
        return list(range(classes))  # labels that two classes share, too
    place, count = {name: index for index, name in enumerate(own)}, Counter(own)
    if any(count[name] != 1 for name in names):
        raise ValueError(f"second must tell the same classes, {_some(names)}; {second.name} has {_some(own)}")
    return [place[name] for name in names]


def _some(names: Sequence[str]) -> str:
    more = f", … ({len(names)} in all)" if len(names) > _NAMED else ""
    return ", ".join(map(repr, names[:_NAMED])) + more
