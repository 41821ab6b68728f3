"""Wait for what happens on another thread."""

from __future__ import annotations

import time
from collections.abc import Callable

PATIENCE = 120.0
"""Seconds that a test waits for an event before it fails: enough for a machine at ten times its load."""


def until(happened: Callable[[], object], *, patience: float = PATIENCE) -> None:
    """Return as soon as ``happened()`` is true.

    Raises
    ------
    AssertionError
        It was not, for ``patience`` seconds.
    """
    end = time.monotonic() + patience
    while not happened():
        assert time.monotonic() < end, f"still not so after {patience:g} s: {happened}"
        time.sleep(0.01)
