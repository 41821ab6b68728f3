"""Tables of attributes as CelebA has them: a row an image, 1 for yes and -1 for no."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor

from cfwidgets.data.folders import FolderError

__all__ = ["AttributeTable", "read_attributes", "read_lines"]


class AttributeTable(NamedTuple):
    """The images of a table, the names of the attributes, and the attributes ``(N, A)`` bool."""

    files: list[str]
    names: tuple[str, ...]
    values: Tensor


def read_attributes(path: Path) -> AttributeTable:
    r"""Read a table of attributes.

    Parameters
    ----------
    path
        A text: the number of images, the names of the attributes, then for each image its file and 1 or -1
        for each attribute, with any blanks between. Or the same with commas, without the number, and with a
        name for the column of files, as Kaggle has it.

    Raises
    ------
    FolderError
        The file is not laid out so, or was cut short; the message names the line.

    Examples
    --------
    >>> import tempfile
    >>> table = Path(tempfile.mkdtemp(), "list_attr_celeba.txt")
    >>> _ = table.write_text("2\nMale Smiling \n000001.jpg -1  1\n000002.jpg  1 -1\n")
    >>> read_attributes(table).values.tolist()
    [[False, True], [True, False]]
    """
    lines = read_lines(path)
    start = 1
    count = None
    if lines and len(lines[0]) == 1 and lines[0][0].isdecimal():
        count, start = int(lines[0][0]), 2
    if len(lines) <= start:
        raise FolderError(f"{str(path)!r} lists no images: it has {len(lines)} lines")
    names = tuple(lines[start - 1])
    if len(lines[start]) == len(names):
        names = names[1:]
    files: list[str] = []
    values = bytearray()
    for number, (file, *marks) in enumerate(lines[start:], start + 1):
        yes = marks.count("1")
        if len(marks) != len(names) or yes + marks.count("-1") != len(names):
            raise FolderError(
                f"line {number} of {str(path)!r} must be a file and {len(names)} values, each 1 or -1; got "
                f"{' '.join([file, *marks])[:80]!r}"
            )
        files.append(file)
        values += bytes(mark == "1" for mark in marks)
    if count is not None and count != len(files):
        raise FolderError(
            f"{str(path)!r} says that it lists {count} images, and lists {len(files)}: it was cut short, or "
            "changed"
        )
    if len(set(files)) < len(files):
        twice = next(file for file in files if files.count(file) > 1)
        raise FolderError(f"{str(path)!r} lists {twice} more than once")
    table = torch.frombuffer(values, dtype=torch.uint8).reshape(len(files), len(names))
    return AttributeTable(files, names, table.bool())


def read_lines(path: Path) -> list[list[str]]:
    """Split a text into lines and these at blanks and commas; empty lines at the end are left out.

    Raises
    ------
    FolderError
        The file is no text.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise FolderError(f"{str(path)!r} is no text: {error}") from error
    return [line.replace(",", " ").split() for line in text.rstrip().splitlines()]
