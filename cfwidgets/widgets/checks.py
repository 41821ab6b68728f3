"""Checks of what a user gives to a view, and of what the page sends to it."""

from __future__ import annotations

from typing import Any

from cfwidgets.models.classifier import Classifier

__all__ = ["is_whole", "require_classifier", "require_kind", "whole"]


def require_classifier(name: str, given: object) -> None:
    """Refuse what is no classifier.

    Raises
    ------
    TypeError
        With the line to write.
    """
    if not isinstance(given, Classifier):
        raise TypeError(
            f"{name} must be a Classifier, not {type(given).__name__}: wrap it, `Classifier(model, …)`"
        )


def require_kind(name: str, given: object, kind: type, accepted: str) -> None:
    """Refuse what is not of a class; ``accepted`` says in words what is.

    Raises
    ------
    TypeError
        With what was given and what is accepted.
    """
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
