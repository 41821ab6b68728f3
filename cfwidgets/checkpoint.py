"""Checkpoints: a result written to disk now and then, to be resumed after a crash."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Generic, TypeVar

from cfwidgets.results import Result, ResultError

__all__ = ["Checkpoint", "checkpoint_path"]

R = TypeVar("R", bound=Result)


def checkpoint_path(given: str | os.PathLike[str]) -> Path:
    """Return the path of a checkpoint; refuse what cannot be one before any work is done.

    Raises
    ------
    TypeError
        It is no path.
    ValueError
        Its folder does not exist, or it is a folder itself.
    """
    if not isinstance(given, str | os.PathLike):
        raise TypeError(f"checkpoint must be the path of a file, not {type(given).__name__}")
    path = Path(given)
    if not path.parent.is_dir():
        raise ValueError(f"checkpoint: there is no folder {path.parent}")
    if path.is_dir():
        raise ValueError(f"checkpoint must be the path of a file; {path} is a folder")
    return path


class Checkpoint(Generic[R]):
    """The file of a result that is still growing.

    Parameters
    ----------
    kind
        The class of the result.
    path
        The file; its folder must exist. It is replaced only once all is written.
    every
        Least number of seconds between two writes.

    Raises
    ------
    TypeError, ValueError
        See `checkpoint_path`.

    Examples
    --------
    >>> import tempfile
    >>> from dataclasses import dataclass
    >>> @dataclass(frozen=True)
    ... class Count(Result):
    ...     n: int
    >>> count = Checkpoint(Count, Path(tempfile.mkdtemp()) / "count.safetensors", every=60)
    >>> count.load() is None
    True
    >>> count.offer(Count(1)), count.save(Count(2)), count.load()
    (None, None, Count(n=2))
    """

    def __init__(self, kind: type[R], path: str | Path, every: float = 30.0) -> None:
        self.path = checkpoint_path(path)
        self._kind, self._every = kind, every
        self._written = time.monotonic()

    def load(self) -> R | None:
        """Read the result; None where there is no file yet.

        Raises
        ------
        ResultError
            The file is not a result of this class, or is damaged.
        """
        if not self.path.exists():
            return None
        try:
            return self._kind.load(self.path)
        except ResultError as error:
            error.add_note("It was given as a checkpoint: remove the file to start from the beginning.")
            raise

    def offer(self, result: R) -> None:
        """Write the result, unless the last write was less than ``every`` seconds ago."""
        if time.monotonic() - self._written >= self._every:
            self.save(result)

    def save(self, result: R) -> None:
        """Write the result now.

        Raises
        ------
        OSError
            It names the file, which is as it was before.
        """
        try:
            result.save(self.path)
        except OSError as error:
            error.add_note("The checkpoint could not be written.")
            raise
        self._written = time.monotonic()
