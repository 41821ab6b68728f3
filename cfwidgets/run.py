"""Run: an engine in a background thread, to be watched, stopped and resumed."""

from __future__ import annotations

import threading
import time
from concurrent.futures import CancelledError
from contextlib import suppress
from typing import TYPE_CHECKING, Generic, Literal, TypeVar, cast

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from cfwidgets.engines.base import Update

R = TypeVar("R")
State = Literal["running", "stopped", "done", "failed"]
_REST = 9  # how much longer than a report the pause before the next one is, at least


class Run(Generic[R]):
    """Drive an engine's ``steps`` in a worker thread.

    The notebook cell that makes a run returns at once. A run that was cancelled, or that failed, keeps its
    last partial result; a cancelled one can be resumed, and gives the same result as if it had never stopped.

    Parameters
    ----------
    steps
        The generator that an engine's ``steps(...)`` returned.
    on_update
        Called in the worker thread with the run, at most once in ``interval`` seconds, and once more, without
        delay, whenever ``state`` changes. It must return soon. An exception in it makes the run fail.
    interval
        Least number of seconds between two calls of ``on_update``; more where it takes long, so that the
        engine gets nine tenths of the time.

    Examples
    --------
    >>> from cfwidgets.engines.base import Update
    >>> run = Run(Update(i / 3, partial=i) for i in range(1, 4))
    >>> run.result()
    3
    >>> run.state, run.progress
    ('done', 1.0)
    """

    def __init__(
        self,
        steps: Generator[Update[R], None, None],
        on_update: Callable[[Run[R]], None] | None = None,
        interval: float = 0.1,
    ) -> None:
        self._steps = steps
        self._on_update = on_update
        self._interval = interval
        self._cancel = threading.Event()
        self._changed = threading.Condition()
        self._update: Update[R] | None = None
        self._error: BaseException | None = None
        self._closed = False
        self._state: State = "stopped"
        self.resume()

    @property
    def state(self) -> State:
        """``running``, ``stopped`` (cancelled, can be resumed), ``done`` or ``failed``."""
        return self._state

    @property
    def progress(self) -> float:
        """Work done so far, 0 to 1."""
        return 0.0 if self._update is None else self._update.fraction

    @property
    def activity(self) -> str:
        """The work that comes next, in words for a person."""
        return "" if self._update is None else self._update.activity

    @property
    def partial(self) -> R | None:
        """The result as it stands, or None before the first step has ended."""
        return None if self._update is None else self._update.partial

    def cancel(self) -> None:
        """Stop after the step that is now being worked on; returns at once."""
        self._cancel.set()

    def resume(self) -> None:
        """Resume a cancelled run. A run that is done, failed or running is left alone."""
        with self._changed:
            if self._state != "stopped":
                self._cancel.clear()
                return
            self._cancel.clear()
            self._state = "running"
        threading.Thread(target=self._work, name="cfwidgets-run", daemon=True).start()

    def wait(self, timeout: float | None = None) -> State:
        """Wait until the run is no longer running, or ``timeout`` seconds; returns the state."""
        with self._changed:
            self._changed.wait_for(lambda: self._state != "running", timeout)
            return self._state

    def result(self, timeout: float | None = None) -> R:
        """Wait for the end and return the result.

        Raises
        ------
        TimeoutError
            The run has not ended after ``timeout`` seconds; it continues.
        concurrent.futures.CancelledError
            The run was cancelled; ``partial`` has the result so far.
        Exception
            The exception of the engine, if it failed.
        """
        try:
            state = self.wait(timeout)
        except KeyboardInterrupt:
            self.cancel()
            raise
        if state == "running":
            raise TimeoutError(f"still running after {timeout:g} s ({self.progress:.0%} done)")
        if self._error is not None:
            raise self._error
        if state == "stopped":
            raise CancelledError(
                f"stopped at {self.progress:.0%}: `partial` holds the result so far, `resume()` continues"
            )
        return cast("Update[R]", self._update).partial  # a run that is done has a result

    def exception(self) -> BaseException | None:
        """The exception that made the run fail; None if it did not fail."""
        return self._error

    def close(self) -> None:
        """Cancel for good and free the engine's memory. The result so far stays in ``partial``."""
        self._on_update = None
        self.cancel()
        with self._changed:
            self._closed = True
            if self._state == "running":  # then the worker closes the generator, which is its own
                return
        self._steps.close()

    def _work(self) -> None:
        next_report = 0.0
        try:
            for update in self._steps:
                self._update = update
                if self._cancel.is_set() and update.fraction < 1:
                    self._end("stopped")
                    return
                began = time.monotonic()
                if began >= next_report:
                    self._report()
                    ended = time.monotonic()
                    next_report = ended + max(self._interval, _REST * (ended - began))
            if self._update is None:
                raise RuntimeError("the engine ended without a result")  # noqa: TRY301 - becomes the run's error
            self._end("done")
        except BaseException as error:  # noqa: BLE001 - nobody stands above a thread: the run carries the error
            self._error = error
            with suppress(Exception):  # the callback may be what failed
                self._end("failed")

    def _end(self, state: State) -> None:
        with self._changed:
            self._state = state
            if self._closed:
                self._steps.close()
            self._changed.notify_all()
        self._report()

    def _report(self) -> None:
        report = self._on_update
        if report is not None:
            report(self)
