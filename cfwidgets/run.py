"""Run: an engine in a background thread, to be watched, stopped and resumed."""

from __future__ import annotations

import threading
import time
import weakref
from concurrent.futures import CancelledError
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Generic, Literal, TypeVar, cast

from cfwidgets import background
from cfwidgets.forks import renew_in_children
from cfwidgets.text import LINE, cut

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
    A run that nothing refers to any more ends after the step that is being worked on, and so do all runs when
    the interpreter exits.

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
        self._cancelled = False
        self._changed = threading.Condition()
        self._update: Update[R] | None = None
        self._error: BaseException | None = None
        self._closed = False
        self._state: State = "stopped"
        self._telling: int | None = None  # the thread that tells ``on_update`` of the end
        renew_in_children(self)
        self.resume()

    def __repr__(self) -> str:
        activity = self.activity and f", {self.activity}"
        return cut(f"<Run {self.state} at {self.progress:.0%}{activity}: {self.partial!r}", LINE - 1) + ">"

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
        with self._changed:
            self._cancelled = True

    def resume(self) -> bool:
        """Resume a cancelled run, also one that has not stopped yet.

        Returns
        -------
        bool
            True where it is running now. One that is done, failed or closed is left alone.
        """
        with self._changed:
            if self._closed or self._state in {"done", "failed"}:
                return False
            self._cancelled = False
            if self._state == "stopped":
                self._state = "running"
                worker = _Worker(weakref.ref(self), self._steps, self._interval)
                background.start(worker.work, "cfwidgets-run", stop=worker.close_run)
            return True

    def wait(self, timeout: float | None = None) -> State:
        """Wait until the run is no longer running, or ``timeout`` seconds; returns the state.

        ``on_update`` has been told of it then: a view shows the last result.
        """
        told = {None, threading.get_ident()}  # ``on_update`` itself may wait
        with self._changed:
            self._changed.wait_for(lambda: self._state != "running" and self._telling in told, timeout)
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
            how = "closed" if self._closed else "stopped"
            more = "" if self._closed else ", `resume()` continues"
            raise CancelledError(f"{how} at {self.progress:.0%}: `partial` holds the result so far{more}")
        return cast("Update[R]", self._update).partial  # a run that is done has a result

    def exception(self) -> BaseException | None:
        """The exception that made the run fail; None if it did not fail."""
        return self._error

    def close(self) -> None:
        """Cancel for good, after the step that is being worked on, and free the engine's memory.

        The result so far stays in ``partial``.
        """
        with self._changed:
            self._on_update = None
            self._closed = True
            if self._state == "running":  # then the worker closes the generator, which is its own
                return
        self._steps.close()

    def renew(self) -> None:
        """Close a run that was going on, of which there is no thread here. Called in a forked child."""
        self._changed, self._telling = threading.Condition(), None
        if self._state == "running":
            self._state, self._closed, self._on_update = "stopped", True, None
            self._steps = _nothing()  # its frame is the other thread's, for good

    def _take(self, came: Update[R] | BaseException | None) -> bool:
        """Take over what the engine's next step gave. Called on the worker thread.

        Parameters
        ----------
        came
            The update, what the engine raised, or None at its end.

        Returns
        -------
        bool
            True where the engine is to work on.
        """
        with self._changed:
            if isinstance(came, BaseException):
                self._error, self._state = came, "failed"
            elif came is not None:
                self._update = came
                if not self._closed and not (self._cancelled and came.fraction < 1):
                    return True
                self._state = "stopped"
            elif self._update is None:
                self._error, self._state = RuntimeError("the engine ended without a result"), "failed"
            else:
                self._state = "done"
            if self._closed:
                self._free()
            own = self._telling = threading.get_ident()
        try:
            self._report()
        finally:
            with self._changed:
                if self._telling == own:  # else it was resumed meanwhile, and has ended again
                    self._telling = None
                self._changed.notify_all()
        return False

    def _report(self) -> bool:
        """Call ``on_update``; return False where it failed, and the run with it."""
        report = self._on_update
        if report is None:
            return True
        try:
            report(self)
        except BaseException as error:  # noqa: BLE001 - nobody stands above a thread: the run carries the error
            with self._changed:
                self._error, self._state = error, "failed"
                self._changed.notify_all()
            with suppress(Exception):  # the callback is what failed
                report(self)
            return False
        return True

    def _free(self) -> None:
        try:
            self._steps.close()
        except BaseException as error:  # noqa: BLE001 - it may save, which may fail
            self._error, self._state = error, "failed"


def _nothing() -> Generator[Any, None, None]:
    yield from ()


class _Worker(Generic[R]):
    """Work through the steps of a run, which is held only between two steps: one that is dropped ends."""

    def __init__(
        self, run: weakref.ref[Run[R]], steps: Generator[Update[R], None, None], interval: float
    ) -> None:
        self._run, self._steps, self._interval = run, steps, interval
        self._next_report = 0.0

    def work(self) -> None:
        """Work until the engine ends, fails, or is to stop."""
        # In two functions: the trace of an error holds the first, and must not hold the run, which holds it.
        while self._hand_over(_next(self._steps)):
            pass

    def _hand_over(self, came: Update[R] | BaseException | None) -> bool:
        run = self._run()
        if run is None:
            self._steps.close()
            return False
        if not run._take(came):  # noqa: SLF001 - its own worker
            return False
        began = time.monotonic()
        if began < self._next_report:
            return True
        going = run._report()  # noqa: SLF001
        ended = time.monotonic()
        self._next_report = ended + max(self._interval, _REST * (ended - began))
        return going

    def close_run(self) -> None:
        """Close the run, if it is still there."""
        run = self._run()
        if run is not None:
            run.close()


def _next(steps: Generator[Update[R], None, None]) -> Update[R] | BaseException | None:
    """Work on one step; return what it raises, too."""
    try:
        return next(steps, None)
    except BaseException as error:  # noqa: BLE001 - nobody stands above a thread: the run carries the error
        return error
