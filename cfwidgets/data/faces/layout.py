"""Find the parts of a published data set in its folder, or say what is not there."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Literal, TypeAlias, get_args

from cfwidgets.checks import choice
from cfwidgets.data.folders import FolderError

__all__ = ["Missing", "find", "present", "some"]

Missing: TypeAlias = Literal["error", "skip"]
"""Treatment of images that are listed and not there."""


def find(root: Path, places: Sequence[str], what: str, layout: str) -> Path:
    """Find a file or folder that may lie in several places.

    Parameters
    ----------
    root
        The data set's folder.
    places
        Where it may be within, the first one that is there is taken; folders end in ``/``.
    what
        What is looked for, in words.
    layout
        How the folder should be laid out, in words.

    Raises
    ------
    FolderError
        No such folder, or nothing in any of the places.
    """
    if not root.is_dir():
        raise FolderError(
            f"{str(root)!r} {'is a file' if root.exists() else 'does not exist'}; give the folder of the "
            f"data set: {layout}"
        )
    for place in places:
        path = root / place
        if path.is_dir() if place.endswith("/") else path.is_file():
            return path
    inside = sorted(path.name + "/" * path.is_dir() for path in root.iterdir())
    raise FolderError(
        f"{what} must be {' or '.join(places)} in {str(root)!r}; found there: {some(inside) or 'nothing'}. "
        f"The layout is {layout}"
    )


def present(folder: Path, names: Sequence[str], listed_in: str, missing: Missing) -> list[bool]:
    """Say of each image that is listed whether it is there.

    Parameters
    ----------
    folder
        Where the images are.
    names
        Their paths within it, with ``/``.
    listed_in
        What lists them, for the error message.
    missing
        ``"error"``: all must be there. ``"skip"``: at least one.

    Raises
    ------
    FolderError
        Some are not there, or none is.
    """
    choice("missing", missing, get_args(Missing))
    inside = {
        (parent, file)
        for parent in {name.rpartition("/")[0] for name in names}
        if (folder / parent).is_dir()
        for file in os.listdir(folder / parent)  # noqa: PTH208 - 200,000 names, no paths needed
    }
    there = [(parent, file) in inside for parent, _, file in (name.rpartition("/") for name in names)]
    absent = [name for name, here in zip(names, there, strict=True) if not here]
    if absent and (missing == "error" or len(absent) == len(names)):
        hint = "" if len(absent) == len(names) else '; missing="skip" leaves them out'
        raise FolderError(
            f"{len(absent)} of the {len(names)} images listed in {listed_in} are not in {str(folder)!r}: "
            f"{some(absent)}{hint}"
        )
    return there


def some(names: Sequence[str]) -> str:
    """Name the first five."""
    return ", ".join(names[:5]) + (f", … ({len(names)} in all)" if len(names) > 5 else "")
