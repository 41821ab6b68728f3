"""Checks of what a user gives to a view, and of what the page sends to it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cfwidgets.models.absent import AbsentClassifier

if TYPE_CHECKING:
    from cfwidgets.engines.base import ExplainerResult
    from cfwidgets.models.classifier import Classifier

__all__ = ["foreign", "is_whole", "require_kind", "whole"]


def foreign(result: ExplainerResult, clf: Classifier) -> str:
    """Return a note for the reader where a result is of another model than the one shown; else an empty text.

    Raises
    ------
    ValueError
        The two have different numbers of classes.
    """
    if clf.classes not in (None, len(result.labels)):
        raise ValueError(f"the result is of a model of {len(result.labels)} classes; clf has {clf.classes}")
    if isinstance(clf, AbsentClassifier):
        return ""  # the page says that there is none
    before, now = result.fingerprints.get("model", ""), clf.fingerprint()
    if not before or before == now:
        return ""
    return f"The finding is of another model, or of other weights ({result.model})."


def require_kind(name: str, given: object, kind: type, accepted: str) -> None:
    """Refuse what is not of a class; ``accepted`` says in words what is.

    Raises
    ------
    TypeError
        With what was given and what is accepted.
    """
    if isinstance(given, type):
        raise TypeError(f"{name} must be {accepted}, not the class {given.__name__}: make one of it first")
    if not isinstance(given, kind):
        raise TypeError(f"{name} must be {accepted}, not {type(given).__name__}")


def is_whole(value: Any, low: int, high: int) -> bool:
    """Return True for a whole number from ``low`` to ``high``; True and False are none."""
    return isinstance(value, int) and not isinstance(value, bool) and low <= value <= high


def whole(name: str, value: Any, low: int, high: int) -> None:
    """Refuse what is not a whole number from ``low`` to ``high``.

    Raises
    ------
    ValueError
        With the range.
    """
    if not is_whole(value, low, high):
        raise ValueError(f"{name} must be from {low} to {high}, not {value!r:.40}")
