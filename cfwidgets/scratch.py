"""Files that are replaced only once all is written; what writers leave behind that are killed is cleared."""

from __future__ import annotations

import contextlib
import os
import re
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

try:
    import fcntl
except ImportError:  # Windows has no such locks; there a file's age alone tells
    fcntl = None  # type: ignore[assignment]

__all__ = ["clear", "replacing"]

_SUFFIX = ".part"
_OLD = 600.0  # seconds since a scratch file was last written to, after which nobody is writing it


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give a scratch file beside ``path`` to write to; at the end it takes the place of ``path``.

    Where the block fails, ``path`` is as it was. Scratch files of the same path whose writers were killed
    are cleared before.

    Examples
    --------
    >>> path = Path(tempfile.mkdtemp()) / "answer"
    >>> with replacing(path) as scratch:
    ...     _ = scratch.write_text("42")
    ...     path.exists()
    False
    >>> path.read_text(), len(list(path.parent.iterdir()))
    ('42', 1)
    """
    clear(path.parent, re.escape(path.name))
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=path.name, suffix=_SUFFIX)
    scratch = Path(name)
    try:
        try:
            _locked(handle)
            yield scratch
        finally:
            os.close(handle)
        scratch.replace(path)
    finally:
        scratch.unlink(missing_ok=True)


def clear(folder: Path, names: str = ".*") -> None:
    """Delete scratch files that were left behind in a folder, as far as it allows.

    Parameters
    ----------
    folder
        The folder; it need not exist.
    names
        A regular expression for the names of the files that the scratch files were to become.
    """
    left = re.compile(rf"(?:{names})[a-z0-9_]{{8}}{re.escape(_SUFFIX)}")
    with contextlib.suppress(OSError):
        for path in folder.iterdir():
            if left.fullmatch(path.name):
                _clear_one(path)


def _clear_one(path: Path) -> None:
    with contextlib.suppress(OSError):  # somebody else was quicker, or it is not ours
        if time.time() - path.stat().st_mtime < _OLD:
            return
        with path.open("rb") as file:
            free = _locked(file.fileno())
        if free:
            path.unlink()


def _locked(handle: int) -> bool:
    """Lock an open file until it is closed; return False where another has locked it."""
    if fcntl is not None:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        except OSError:  # a file system without locks
            pass
    return True
