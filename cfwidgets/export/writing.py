"""Write files for others to read."""

from __future__ import annotations

import errno
import functools
import os
from pathlib import Path

from cfwidgets.scratch import replacing

__all__ = ["checked_path", "write"]

_SUFFIXES = (".html", ".htm")


def checked_path(path: str | os.PathLike[str]) -> Path:
    """Return the path of a page to write; refuse one that cannot be written, before any work.

    Raises
    ------
    ValueError
        It does not end in .html.
    OSError
        It is a folder, or its folder is not there.
    """
    found = Path(path)
    if found.is_dir():
        raise IsADirectoryError(errno.EISDIR, "it is a folder: give a file, such as page.html", str(found))
    if found.suffix.lower() not in _SUFFIXES:
        raise ValueError(f"path must end in .html, which browsers open as a page; got {str(found)!r:.200}")
    if not found.parent.is_dir():
        raise FileNotFoundError(errno.ENOENT, "there is no such folder", str(found.parent))
    return found


def write(path: Path, content: bytes) -> None:
    """Write a file; an existing one is replaced only once all is written.

    Raises
    ------
    OSError
        The disk is full or the like; it names ``path``.
    """
    try:
        with replacing(path) as scratch:
            scratch.write_bytes(content)
            scratch.chmod(0o666 & ~_umask())  # a scratch file is its owner's alone, and a page is for others
    except OSError as error:
        if error.errno is None:
            raise
        raise OSError(error.errno, os.strerror(error.errno), str(path)) from error  # not the scratch file


@functools.cache
def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
