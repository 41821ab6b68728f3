"""One thread that answers the newest question."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Generic, TypeVar

from cfwidgets import background
from cfwidgets.forks import renew_in_children

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

Q = TypeVar("Q")

_held: ContextVar[bool] = ContextVar("held", default=False)


@contextmanager
def held() -> Iterator[None]:
    """Have each `Latest` that is made within wait with its answer for `Latest.release`."""
    token = _held.set(True)
    try:
        yield
    finally:
        _held.reset(token)


class Latest(Generic[Q]):
    """Answer questions one after the other on a thread of its own; a newer one takes the place of an older.

    Parameters
    ----------
    answer
        Called with a question on the thread. It must not raise.

    Examples
    --------
    >>> answered = threading.Event()
    >>> latest = Latest(lambda question: answered.set())
    >>> latest.ask("why?")
    >>> answered.wait(5)
    True
    >>> latest.close()
    """

    def __init__(self, answer: Callable[[Q], None]) -> None:
        self._answer = answer
        self._asked = threading.Condition()
        self._question: list[Q] = []
        self._closed = False
        self._begun = self._busy = False
        self._waits = _held.get()
        renew_in_children(self)

    def renew(self) -> None:
        """Start again. Called in a forked child, which has no thread that answers."""
        self._asked = threading.Condition()
        self._begun = self._busy = False

    def ask(self, question: Q) -> None:
        """Have ``question`` answered; returns at once. One that still waits is dropped."""
        with self._asked:
            if self._closed:
                return
            self._question[:] = [question]
            self._start()

    def release(self) -> None:
        """Answer what was asked since it was made within `held`, and from now on at once."""
        with self._asked:
            self._waits = False
            if self._question and not self._closed:
                self._start()

    @property
    def superseded(self) -> bool:
        """True where the question that is being answered is out of date: a newer one waits, or it is over."""
        return bool(self._question) or self._closed

    def wait(self) -> None:
        """Wait until nothing is asked any more, or it is closed."""
        with self._asked:
            self._asked.wait_for(lambda: self._closed or not (self._begun and (self._question or self._busy)))

    def close(self) -> None:
        """Let the thread end after the question that it is answering."""
        with self._asked:
            self._closed = True
            self._question.clear()
            self._asked.notify_all()

    def _start(self) -> None:
        if self._waits:
            return
        if not self._begun:
            self._begun = True
            background.start(self._work, "cfwidgets-answers", stop=self.close)
        self._asked.notify_all()

    def _work(self) -> None:
        while True:
            with self._asked:
                self._asked.wait_for(lambda: self._question or self._closed)
                if self._closed:
                    return
                question = self._question.pop()
                self._busy = True
            try:
                self._answer(question)
            finally:
                with self._asked:
                    self._busy = False
                    self._asked.notify_all()
