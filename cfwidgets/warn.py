"""Warnings that are shown at the line of the user's code, however deep below it they arise."""

from __future__ import annotations

import sys
import warnings

__all__ = ["warn_user"]


def warn_user(message: str, category: type[Warning] = UserWarning) -> None:
    """Warn at the innermost line that is not of this package."""
    frame, level = sys._getframe(), 1  # noqa: SLF001 - there is no other way to the caller's module
    while frame.f_back is not None and frame.f_globals.get("__name__", "").startswith("cfwidgets"):
        frame, level = frame.f_back, level + 1
    warnings.warn(message, category, stacklevel=level)
