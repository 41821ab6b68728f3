"""The chart beside the view, in bqplot, linked in the browser."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import bqplot as bq
import ipywidgets as w
import numpy as np

from cfwidgets.widgets.chart_parts import (
    BLUE,
    GREY,
    ORANGE,
    axis_below,
    close_figure,
    probability_figure,
    show,
    whole_ticks,
)
from cfwidgets.widgets.transitions.names import names_of

if TYPE_CHECKING:
    from cfwidgets.widgets.transitions.view import TransitionView


class TransitionChart:
    """Curves of the probabilities of the wrong class and the target over the phases, with the current phase.

    Parameters
    ----------
    view
        The view whose ``path`` is drawn. Its ``cursor`` moves the chart's line in the browser, without the
        kernel.
    """

    drawn_from: ClassVar[tuple[str, ...]] = ("path",)

    def __init__(self, view: TransitionView) -> None:
        self._view = view
        self._along = bq.LinearScale(min=0, max=1)
        up = bq.LinearScale(min=0, max=1)
        scales = {"x": self._along, "y": up}
        self._wrong = bq.Lines(scales=scales, colors=[ORANGE], stroke_width=2, line_style="dotted")
        self._target = bq.Lines(scales=scales, colors=[BLUE], stroke_width=2)
        self._flip = bq.Lines(scales=scales, colors=[GREY], stroke_width=1, line_style="dashed")
        cursor = bq.Lines(x=[0.0, 0.0], y=[0.0, 1.0], scales=scales, colors=[GREY], stroke_width=1.5)
        self._names = [
            bq.Label(scales=scales, align=align, default_size=11, font_weight="normal")
            for align in ("start", "end")
        ]
        self._below = axis_below(self._along, "phase")
        self.figure = probability_figure(
            [self._flip, self._wrong, self._target, cursor, *self._names], self._below, up, top=12
        )
        self._link = w.jsdlink((view, "cursor"), (cursor, "x"))

    def close(self) -> None:
        """Free the chart and its link."""
        close_figure(self.figure, self._link)

    def draw(self) -> None:
        """Draw the view as it is now."""
        path, last = self._view.path, self._view.phases - 1
        show(self.figure, bool(path))
        self._along.max, self._below.tick_values = float(last), whole_ticks(0, last)
        if not path:
            return
        at = np.array(path["at"], dtype=float)
        for line, values in ((self._wrong, path["wrong"]), (self._target, path["correct"])):
            with line.hold_sync():
                line.x, line.y = at, np.array(values)
        flip = path["flip"]
        with self._flip.hold_sync():
            self._flip.x = np.array([] if flip is None else [flip, flip], dtype=float)
            self._flip.y = np.array([] if flip is None else [0.0, 1.0])
        name = self._view.name_of
        names = names_of(path, name(self._view.wrong), name(self._view.target))
        for mark in self._names:
            here = [one for one in names if one.align == mark.align]
            with mark.hold_sync():
                mark.text, mark.colors = [one.text for one in here], [one.colour for one in here] or [GREY]
                mark.x = np.array([one.x for one in here], dtype=float)
                mark.y = np.array([one.y for one in here], dtype=float)
