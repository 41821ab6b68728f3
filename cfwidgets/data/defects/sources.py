"""Photographs on disk: which may be used, and what for."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal, TypeAlias, get_args

import numpy as np
import numpy.typing as npt
from PIL import Image, UnidentifiedImageError

from cfwidgets.checks import choice, positive_int
from cfwidgets.data.defects.textures import Split
from cfwidgets.data.faces.layout import some
from cfwidgets.data.folders import FolderError
from cfwidgets.images.files import opened

__all__ = ["Faults", "Faulty", "Part", "UnusableError", "in_part", "pictures_in", "pixels_of", "size_of"]

Part: TypeAlias = Split | Literal["all"]
"""The split of pictures, or all of them."""

Faulty: TypeAlias = Literal["error", "skip"]
"""The treatment of files that cannot be used."""

_PICTURES = (".bmp", ".jpeg", ".jpg", ".png", ".tif", ".tiff")
_UNREADABLE = (OSError, ValueError, SyntaxError, EOFError, Image.DecompressionBombError)


class UnusableError(Exception):
    """A file cannot be used; says why, without its name."""


class Faults:
    """Files that cannot be used, with the reasons.

    Parameters
    ----------
    root
        The data set's folder, for the messages.
    faulty
        ``"error"``: there may be none.
    """

    def __init__(self, root: Path, faulty: Faulty) -> None:
        choice("faulty", faulty, get_args(Faulty))
        self._root, self._faulty = root, faulty
        self._found: list[str] = []

    def add(self, path: Path, why: object) -> None:
        """Note a file."""
        self._found.append(f"{path.relative_to(self._root).as_posix()} ({why})")

    def settle(self) -> tuple[str, ...]:
        """Give the files noted, or refuse them.

        Raises
        ------
        FolderError
            There are some, and ``"error"`` was asked for.
        """
        if self._found and self._faulty == "error":
            raise FolderError(
                f"{len(self._found)} files in {str(self._root)!r} cannot be used: {some(self._found)}; "
                'faulty="skip" leaves them out'
            )
        return tuple(self._found)


def pictures_in(folder: Path) -> list[Path]:
    """List the pictures in a folder and those within it, sorted; hidden ones are left out."""
    return [
        Path(place, file)
        for place, _, files in sorted(os.walk(folder))
        for file in sorted(files)
        if Path(file).suffix.lower() in _PICTURES
        and not any(part.startswith(".") for part in Path(place, file).relative_to(folder).parts)
    ]


def pixels_of(path: Path, mode: Literal["L", "RGB"]) -> npt.NDArray[np.uint8]:
    """Read a picture as it is stored, ``(h, w)`` or ``(h, w, 3)``, whatever its EXIF says of its orientation.

    Raises
    ------
    UnusableError
        It is not a picture, or not a whole one.
    """
    with _opened(path) as picture:
        return np.asarray(picture.convert(mode))


def size_of(path: Path) -> tuple[int, int]:
    """Read the width and the height of a picture as it is stored, and no more.

    Raises
    ------
    UnusableError
        It is not a picture.
    """
    with _opened(path) as picture:
        return picture.size


@contextmanager
def _opened(path: Path) -> Iterator[Image.Image]:
    try:
        with opened(path) as picture:
            yield picture
    except UnidentifiedImageError as error:
        raise UnusableError("not readable: it is no picture") from error
    except _UNREADABLE as error:
        raise UnusableError(f"not readable: {error}") from error


def in_part(groups: Iterable[str], part: Part, seed: int, what: str) -> set[str]:
    """Choose the groups of one part: 70 % are for training, 10 % for validation and 20 % for testing.

    Parameters
    ----------
    groups
        Names of what must not be torn apart.
    part
        Which part.
    seed
        Another one splits differently. The order is that of hashes, the same with any version of any library.
    what
        What the groups are, in words.

    Returns
    -------
    set of str
        At least one.

    Raises
    ------
    ValueError
        Another part, or a bad seed.
    FolderError
        Fewer groups than parts.
    """
    choice("split", part, (*get_args(Split), "all"))
    positive_int("seed", seed, minimum=0)
    names = sorted(set(groups), key=lambda name: hashlib.sha256(f"{seed}/{name}".encode()).digest())
    if part == "all":
        return set(names)
    if len(names) < len(get_args(Split)):
        raise FolderError(
            f'{len(names)} {what} cannot be split into training, validation and test; take split="all"'
        )
    validation, test = (max(round(share * len(names)), 1) for share in (0.1, 0.2))
    parts: dict[Split, list[str]] = {
        "validation": names[:validation],
        "test": names[validation : validation + test],
        "train": names[validation + test :],
    }
    return set(parts[part])
