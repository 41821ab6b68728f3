"""To tell if a file of a workbench is of this model, and of this data set."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any

import torch

from cfwidgets.results import ResultError
from cfwidgets.widgets.matching import require_model
from cfwidgets.widgets.workbench.pictures import PictureError

if TYPE_CHECKING:
    from pathlib import Path

    from cfwidgets.models.classifier import Classifier
    from cfwidgets.widgets.workbench.kept import Kept
    from cfwidgets.widgets.workbench.pictures import Pictures

__all__ = ["require_match", "what_of"]

_ASKED = 8  # kept pictures that are read again, at most
_SAME_ANSWER = 1e-3


def what_of(clf: Classifier, pictures: Pictures) -> dict[str, Any]:
    """Return what a file says that it is of: the model, its labels and weights, the data set."""
    return {
        "model": clf.name,
        "labels": None if clf.labels is None else list(clf.labels),
        "weights": clf.fingerprint(),
        "pictures": pictures.count,
        "data": pictures.mark,
    }


def require_match(
    path: Path, of: Mapping[str, Any], kept: Sequence[Kept], clf: Classifier, pictures: Pictures
) -> None:
    """Refuse a file of another model, or of another data set.

    A black box is known by its answers to the kept pictures, a data set by its files' names, and by these
    pictures. One that has changed while others are as they were is told when it is opened.

    Raises
    ------
    ResultError
        What is another one.
    """
    now = what_of(clf, pictures)
    require_model(path, of.get("model"), of.get("labels"), of.get("weights"), clf)
    if of.get("pictures") != now["pictures"]:
        count = of.get("pictures")
        raise ResultError(
            f"{path} is of a data set of {count!r:.20} pictures; the one given has {pictures.count:,}"
        )
    if of.get("data") != now["data"]:
        raise ResultError(f"{path} is of a data set whose files have other names than those of the one given")
    _require_pictures(path, kept, bool(now["weights"]), pictures)


def _require_pictures(path: Path, kept: Sequence[Kept], known: bool, pictures: Pictures) -> None:
    others = same = 0
    for one in islice(kept, _ASKED):
        if one.case.number >= pictures.count:
            raise ResultError(f"{path} does not fit a workbench: it has a case of picture {one.case.number}")
        try:
            picture = pictures.read(one.case.number)
        except PictureError:
            continue  # it is gone: told when it is opened
        if picture.mark != one.case.picture:
            others += 1
            continue
        same += 1
        row = one.case.row
        if not known and not (
            row.shape == picture.probabilities.shape
            and torch.allclose(row, picture.probabilities, rtol=0, atol=_SAME_ANSWER)
        ):
            raise ResultError(
                f"{path} is of another model: the one given answers otherwise to picture {one.case.number}"
            )
    if others and not same:
        raise ResultError(f"{path} is of another data set: none of its cases is of a picture that is here")
