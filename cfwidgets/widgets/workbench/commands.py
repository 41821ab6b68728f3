"""Commands of the page: noted at once on whatever thread they come, carried out on one that works."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from cfwidgets.forks import renew_in_children
from cfwidgets.widgets.latest import Latest
from cfwidgets.widgets.lifetime import weakly

__all__ = ["Commands"]


class Commands:
    """Commands that are carried out one after the other, on a thread of their own.

    Of each kind only the newest waits, behind those of other kinds.

    Parameters
    ----------
    obey
        A method, called weakly with the kind of a command and its value. It must not raise.
    """

    def __init__(self, obey: Callable[[str, Any], None]) -> None:
        self._obey = weakly(obey)
        self._closed = False
        self.renew()
        renew_in_children(self)
        self._work: Latest[None] = Latest(weakly(self._obey_all))

    def renew(self) -> None:
        """Forget what waits, under a lock that is free. Called in a forked child, too."""
        self._waiting: dict[str, Any] = {}
        self._queued = threading.RLock()  # a workbench may be collected, and close this, while it is held

    def ask(self, kind: str, value: Any) -> None:
        """Have a command carried out; returns at once."""
        with self._queued:
            if self._closed:
                return
            self._waiting.pop(kind, None)
            self._waiting[kind] = value
        self._work.ask(None)

    def close(self) -> None:
        """Drop what waits, and let the thread end after the command that it is carrying out."""
        with self._queued:
            self._closed = True
            self._waiting.clear()
        self._work.close()

    def _obey_all(self, _question: None) -> None:
        while True:
            with self._queued:
                if not self._waiting:
                    return
                kind = next(iter(self._waiting))
                value = self._waiting.pop(kind)
            self._obey(kind, value)
