"""A progress bar for calls that take their time: shown where a person waits, and nowhere else."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from cfwidgets.checks import choice
from cfwidgets.notebook import running_shell

__all__ = ["Report", "progress_bar"]

Report = Callable[[float, str], None]
"""Takes the work done so far, 0 to 1, and the work that comes next, in words."""

_PATIENCE = 0.5  # seconds within which a call ends without a bar
_FORMAT = "{desc}{percentage:3.0f}%|{bar}| {elapsed}, {remaining} left"


@contextmanager
def progress_bar(progress: bool | None = None, *, at_once: bool = False) -> Iterator[Report]:
    """Show a bar with the time that is left, of tqdm, within the block.

    Parameters
    ----------
    progress
        True to show it; False not to; None to show it in a notebook, and where the standard error is a
        terminal, once the work has taken half a second. None shows nothing on another thread than the main
        one, such as that of a `cfwidgets.Run`.
    at_once
        True to show it from the first report on, also with None: for work that reports seldom.

    Yields
    ------
    callable
        A function that takes the fraction of the work that is done, and words for what comes next.

    Raises
    ------
    ValueError
        Another value of ``progress``.

    Examples
    --------
    >>> with progress_bar(False) as report:
    ...     report(0.5, "searching")
    """
    choice("progress", progress, (None, True, False))
    if not (_is_watched() if progress is None else progress):
        yield _nothing
        return
    from tqdm.auto import tqdm

    bars: list[Any] = []  # one, from the first report on: only then is it known where a resumed run begins

    def report(fraction: float, activity: str) -> None:
        said = f"{activity}: " if activity else ""
        if not bars:
            delay = 0 if progress or at_once else _PATIENCE
            # Within a bar of the user's own, and in a page, it goes when it has ended.
            form = {"bar_format": _FORMAT, "miniters": 0, "smoothing": 0, "leave": None}
            bars.append(tqdm(total=1, initial=fraction, desc=said, delay=delay, **form))
        bars[0].set_description_str(said, refresh=False)
        bars[0].update(max(0.0, fraction - bars[0].n))

    try:
        yield report
    finally:
        for bar in bars:
            bar.close()


def _is_watched() -> bool:
    """Tell if there is a person who sees a bar."""
    if threading.current_thread() is not threading.main_thread():
        return False
    return running_shell() is not None or (sys.stderr is not None and sys.stderr.isatty())


def _nothing(_fraction: float, _activity: str) -> None:
    """Report to nobody."""
