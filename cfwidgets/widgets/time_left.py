"""An estimate of how long a run still takes, in words that do not jump."""

from __future__ import annotations

import math
from collections import deque

__all__ = ["TimeLeft", "in_words"]

_SOON = 2.0  # seconds before the first estimate
_LONGER = 1.5  # how many times longer an estimate must be than the one shown to replace it
_SAMPLES = 40  # remembered of the time since the start


class TimeLeft:
    """Estimate from the progress how long a run still takes; one for each start.

    The speed is that of the second half of the time since the start: steps of one kind may be slower than
    those of another, and an average over all would be wrong for both. An estimate that is only a little
    longer than the one shown does not replace it.

    Examples
    --------
    >>> left = TimeLeft()
    >>> left.after(0.0, 0.5), left.after(10.0, 0.75), left.after(11.0, 0.76), left.after(20.0, 1.0)
    ('', 'about 10 s left', 'about 10 s left', '')
    """

    def __init__(self) -> None:
        self._seen: deque[tuple[float, float]] = deque()
        self._start: float | None = None
        self._shown = math.inf

    def after(self, now: float, progress: float) -> str:
        """Return the words for the time left; none while it cannot be known, and at the end.

        Parameters
        ----------
        now
            Seconds on a clock that never goes back.
        progress
            The work done so far, from 0 to 1.
        """
        if self._start is None:
            self._start = now
        elapsed = now - self._start
        if not self._seen or now - self._seen[-1][0] >= elapsed / _SAMPLES:
            self._seen.append((now, progress))
        while len(self._seen) > 1 and self._seen[1][0] <= now - elapsed / 2:
            self._seen.popleft()
        before, done = self._seen[0]
        if elapsed < _SOON or progress <= done or progress >= 1:
            return ""
        left = (1 - progress) * (now - before) / (progress - done)
        if not self._shown < left < _LONGER * self._shown:
            self._shown = left
        return in_words(self._shown)


def in_words(seconds: float) -> str:
    """Write a time left in round figures.

    Examples
    --------
    >>> in_words(3), in_words(12), in_words(61), in_words(1300), in_words(9000)
    ('a few seconds left', 'about 10 s left', 'about 1 min left', 'about 20 min left', 'about 2.5 h left')
    """
    if seconds < 7.5:
        return "a few seconds left"
    if seconds < 57.5:
        return f"about {5 * round(seconds / 5)} s left"
    minutes = seconds / 60
    if minutes < 4.75:
        return f"about {round(2 * minutes) / 2:g} min left"
    if minutes < 13:
        return f"about {round(minutes)} min left"
    if minutes < 57.5:
        return f"about {5 * round(minutes / 5)} min left"
    return f"about {round(minutes / 30) / 2:g} h left"
