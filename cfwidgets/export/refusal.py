"""The refusal of what no page can answer."""

from __future__ import annotations

__all__ = ["CannotTravelError"]


class CannotTravelError(ValueError):
    """A view whose questions no page can answer; the message says why."""
