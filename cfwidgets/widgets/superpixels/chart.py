"""The chart beside the view, in bqplot, linked in the browser."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import bqplot as bq
import ipywidgets as w
import numpy as np

from cfwidgets.widgets.chart_parts import (
    BLUE,
    GREY,
    axis_below,
    close_figure,
    names_above,
    probability_figure,
    show,
    whole_ticks,
)

if TYPE_CHECKING:
    from cfwidgets.widgets.superpixels.view import SuperpixelView


class SearchChart:
    """Best and mean probability over the generations of a search, and a line at the generation in the view.

    Parameters
    ----------
    view
        The view whose ``history`` is drawn. Its ``cursor`` moves the line in the browser, without the kernel.
    """

    drawn_from: ClassVar[tuple[str, ...]] = ("history",)

    def __init__(self, view: SuperpixelView) -> None:
        self._view = view
        self._across = bq.LinearScale(min=0, max=1)
        up = bq.LinearScale(min=0, max=1)
        scales = {"x": self._across, "y": up}
        self._whole = bq.Lines(scales=scales, colors=[GREY], line_style="dotted")
        self._mean = bq.Lines(scales=scales, colors=[GREY], stroke_width=1.2, marker_size=24)
        self._best = bq.Lines(scales=scales, colors=[BLUE], stroke_width=2, marker_size=24)
        cursor = bq.Lines(x=[0.0, 0.0], y=[0.0, 1.0], scales=scales, colors=[GREY], stroke_width=1)
        self._below = axis_below(self._across, "generation")
        names = names_above(
            up, [("━ best", 0.0, BLUE), ("─ mean", 0.2, GREY), ("┄ whole picture", 0.42, GREY)]
        )
        self.figure = probability_figure(
            [self._whole, self._mean, self._best, cursor, names], self._below, up, top=28
        )
        self._link = w.jsdlink((view, "cursor"), (cursor, "x"))

    def close(self) -> None:
        """Free the chart and its link."""
        close_figure(self.figure, self._link)

    def draw(self) -> None:
        """Draw the view as it is now."""
        result, history = self._view.result, self._view.history
        show(self.figure, bool(history), axes=self._view.method != "LIME")  # which has no course
        last = max(self._view.generations, 1)
        self._across.max, self._below.tick_values = float(last), whole_ticks(0, last)
        if result is None or not history:
            return
        best, mean, whole = history["best"], history["mean"], result.whole
        generations = np.arange(len(best))
        # A curve of one value would not be seen.
        self._best.marker = self._mean.marker = "circle" if len(best) == 1 else None
        for line, x, y in (
            (self._best, generations, best),
            (self._mean, generations, mean),
            (self._whole, [0, last], [whole, whole]),
        ):
            with line.hold_sync():
                line.x, line.y = np.array(x, dtype=float), np.array(y)
