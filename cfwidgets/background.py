"""Threads that work in the background, and end before the interpreter does."""

from __future__ import annotations

import atexit
import os
import threading
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["start"]

_PATIENCE = 60.0  # seconds for all threads to come to an end at exit: one step of an engine, at most
_running: dict[threading.Thread, Callable[[], None]] = {}


def start(work: Callable[[], None], name: str, *, stop: Callable[[], None]) -> None:
    """Call ``work()`` on a daemon thread.

    Parameters
    ----------
    work
        Called on the thread.
    name
        The name of the thread.
    stop
        Called when the interpreter exits: ``work`` must return soon after. A thread that is still inside
        torch when the interpreter is taken down aborts the whole process.
    """

    def run() -> None:
        try:
            work()
        finally:
            _running.pop(threading.current_thread(), None)

    thread = threading.Thread(target=run, name=name, daemon=True)
    _running[thread] = stop
    thread.start()


@atexit.register
def _end_all() -> None:
    end = time.monotonic() + _PATIENCE
    running = list(_running.items())
    for _, stop in running:
        stop()
    for thread, _ in running:
        thread.join(max(0.0, end - time.monotonic()))


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_running.clear)  # a child has none of these threads
