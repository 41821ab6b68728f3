"""Refuse the file of another model than the one given."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from cfwidgets.models.classifier import Classifier
from cfwidgets.results import ResultError

__all__ = ["require_model"]


def require_model(path: Path, name: Any, labels: Any, weights: Any, clf: Classifier) -> None:
    """Refuse a classifier with other labels, or other weights, than a file says.

    Parameters
    ----------
    path
        The file, for the message.
    name, labels, weights
        The name of its model, the labels (None where there are none) and the fingerprint, empty for a black
        box.
    clf
        The classifier given.

    Raises
    ------
    ResultError
        What is another one.
    """
    there = list(labels) if isinstance(labels, list | tuple) else labels
    if there != (None if clf.labels is None else list(clf.labels)):
        raise ResultError(f"{path} is of a model with other labels ({name!s:.80}), not of {clf.name}")
    now = clf.fingerprint()
    if weights and now and weights != now:
        raise ResultError(
            f"{path} is of another model, or of other weights ({name!s:.80}), not of {clf.name}"
        )
