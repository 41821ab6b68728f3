"""Names in the chart of a transition, placed where they cross no curve and stay in the figure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, NamedTuple

import numpy as np

from cfwidgets.text import cut
from cfwidgets.widgets.chart_parts import BLUE, GREY, ORANGE

__all__ = ["Name", "names_of"]

_LONGEST = 20  # letters of a class
_LETTER = 0.021  # width of a letter, in parts of the axis
_CLEAR = 0.07  # from the middle of a name to the nearest curve
_GAP = 0.015  # from a name to the line or border beside it, in parts of the axis
_HEIGHTS = np.arange(2, 20) / 20
_SHIFTS = np.arange(0, 20) / 20  # along the axis, in parts of it
_FLIP = "flips here"

Line = tuple[Sequence[float], Sequence[float]]


class Name(NamedTuple):
    """A text that starts or ends at a point of the chart."""

    text: str
    colour: str
    x: float
    y: float
    align: Literal["start", "end"]

    def span(self, last: float) -> tuple[float, float]:
        """Return the phases that it extends over, on an axis from 0 to ``last``."""
        width = _LETTER * last * len(self.text)
        return (self.x, self.x + width) if self.align == "start" else (self.x - width, self.x)


def names_of(path: dict[str, Any], wrong: str, target: str) -> list[Name]:
    """Place the names of two classes below the ends where they are likeliest, and "flips here" at the flip.

    Parameters
    ----------
    path
        The view's: ``phases``, those painted (``at``), the probabilities ``wrong`` and ``correct`` there, and
        the phase of the ``flip``, or None.
    wrong, target
        Labels of the classes.
    """
    last, painted = float(path["phases"] - 1), float(path["at"][-1])
    lines: list[Line] = [(path["at"], path["wrong"]), (path["at"], path["correct"])]
    gap, names = _GAP * last, []

    def place(*choices: Name) -> None:
        within = [name for name in choices if min(name.span(last)) >= 0 and max(name.span(last)) <= last]
        names.append(_freest(within, lines, last))
        lines.append((names[-1].span(last), [names[-1].y] * 2))

    text, height = cut(wrong, _LONGEST), path["wrong"][0] - 0.1
    place(*(Name(text, ORANGE, gap + shift * last, height, "start") for shift in _SHIFTS))
    text, height = cut(target, _LONGEST), path["correct"][-1] - 0.1
    right = max(painted - gap, _LETTER * last * len(text))
    place(*(Name(text, BLUE, right - shift * last, height, "end") for shift in _SHIFTS))
    if path["flip"] is not None:
        beside = [gap + shift * last for shift in _SHIFTS[:4]]
        after = [Name(_FLIP, GREY, path["flip"] + away, 0.3, "start") for away in beside]
        place(*after, *(Name(_FLIP, GREY, path["flip"] - away, 0.3, "end") for away in beside))
    return names


def _freest(choices: Sequence[Name], lines: Sequence[Line], last: float) -> Name:
    """Move the first choice as little as can be to where it crosses no line; leave it where none is free."""
    first = choices[0]
    free = [
        name._replace(y=height)
        for name in choices
        for height in _HEIGHTS.tolist()
        if not _crossed(height, name.span(last), lines)
    ]
    return min(free, key=lambda name: abs(name.y - first.y) + abs(name.x - first.x) / last, default=first)


def _crossed(height: float, span: tuple[float, float], lines: Sequence[Line]) -> bool:
    along = np.linspace(*span, 60)
    heights = [np.interp(along, x, y, left=np.nan, right=np.nan) for x, y in lines]
    return any(bool(np.any(np.abs(line - height) < _CLEAR)) for line in heights)
