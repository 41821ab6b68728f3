"""Text that is not ours: labels, and the names of files."""

from __future__ import annotations

__all__ = ["without_surrogates"]


def without_surrogates(text: str) -> str:
    r"""Replace lone surrogates, which no font draws and no file or browser takes.

    Python reads a file name that is no UTF-8 into such characters.

    Examples
    --------
    >>> without_surrogates("caf\udce9 ✓")
    'caf� ✓'
    """
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
