"""Drive an engine's steps to the end, or to the interrupt that ends them early."""

from __future__ import annotations

import time
from collections.abc import Generator
from contextlib import closing
from dataclasses import replace
from math import inf
from typing import TypeVar

from cfwidgets.engines.base.result import ExplainerResult
from cfwidgets.engines.base.update import Update
from cfwidgets.progress import progress_bar
from cfwidgets.warn import warn_user

__all__ = ["run_to_end"]

_TWICE = 2.0  # seconds within which a second interrupt is meant for more than the call

T = TypeVar("T")


def run_to_end(steps: Generator[Update[T], None, None], *, progress: bool | None = None, call: str = "") -> T:
    """Drive an engine's ``steps`` to the end and return the last result.

    Parameters
    ----------
    steps
        What an engine's, or a training's, ``steps(…)`` returned.
    progress
        See `cfwidgets.progress.progress_bar`.
    call
        The name of the method that resumes, for the warning; empty where none does.

    Returns
    -------
    object
        The last result. After an interrupt (Ctrl-C, the button of a notebook) the result so far, with a
        warning that says how far it came; a second interrupt within two seconds is raised, so that a loop
        over many calls ends. An interrupt before the first result is raised, too.
    """
    last: Update[T] | None = None
    try:
        with progress_bar(progress) as report, closing(steps):
            for last in steps:
                report(last.fraction, last.activity)
    except KeyboardInterrupt as interrupt:
        if last is None or not _lone(interrupt):
            raise
        return _stopped(last, call)
    if last is None:
        raise RuntimeError("the engine ended without a result")
    return last.partial


_interrupted = [-inf]  # `time.monotonic` of the last interrupt


def _lone(interrupt: KeyboardInterrupt) -> bool:
    """Tell if an interrupt is a single one, which ends a call, and not one of two, which end the program."""
    before, _interrupted[0] = _interrupted[0], time.monotonic()
    saving = isinstance(interrupt.__context__, KeyboardInterrupt)  # it came while the first was dealt with
    return not saving and _interrupted[0] - before > _TWICE


def _stopped(update: Update[T], call: str) -> T:
    """Return a partial result that says that it is one, with a warning."""
    partial = update.partial
    if update.fraction >= 1:  # while the last checkpoint was written, for instance
        warn_user("interrupted at the very end: the result is whole")
        return partial
    far = f"{update.fraction:.0%}" + (f" ({update.activity})" if update.activity else "")
    if isinstance(partial, ExplainerResult):
        partial = replace(partial, stopped=far)
    more = f"; {call}(…, resume=…) continues from it" if call else ""
    warn_user(f"interrupted at {far}: this is the result so far{more}")
    return partial
