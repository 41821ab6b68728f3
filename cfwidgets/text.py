"""Text that is not ours: labels, and the names of files."""

from __future__ import annotations

__all__ = ["LINE", "cut", "without_surrogates"]

LINE = 200
"""The most characters of what is written in a line, such as a result's repr."""


def without_surrogates(text: str) -> str:
    r"""Replace lone surrogates, which no font draws and no file or browser takes.

    Python reads a file name that is no UTF-8 into such characters.

    Examples
    --------
    >>> without_surrogates("caf\udce9 ✓")
    'caf� ✓'
    """
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def cut(text: str, most: int) -> str:
    r"""Give a text on one line, cut where it has more than ``most`` characters.

    Examples
    --------
    >>> cut("Golden_Retriever", 8), cut("two\nlines", 20)
    ('Golden_…', 'two lines')
    """
    line = without_surrogates(" ".join(text.split()))
    return line if len(line) <= most else f"{line[: most - 1]}…"
