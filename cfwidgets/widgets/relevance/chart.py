"""The chart beside the view, in bqplot, linked in the browser: the prediction while pixels are hidden."""

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
    names_above,
    probability_figure,
    show,
)

if TYPE_CHECKING:
    from cfwidgets.widgets.relevance.view import RelevanceView

_OUTSIDE = np.array([-1.0, -1.0])  # below the axes, where nothing is drawn


class HidingChart:
    """Probability of the class over the share of the pixels hidden, the most and the least relevant first.

    Parameters
    ----------
    view
        The view whose ``curves`` are drawn; it is told the chart's models, which exported pages draw them in.
        Its ``cursor`` moves the line in the browser, without the kernel.
    """

    drawn_from: ClassVar[tuple[str, ...]] = ("curves",)

    def __init__(self, view: RelevanceView) -> None:
        self._view = view
        across, up = bq.LinearScale(min=0, max=100), bq.LinearScale(min=0, max=1)
        scales = {"x": across, "y": up}
        lines = {"most": (BLUE, "solid"), "least": (ORANGE, "dashed")}
        self._lines = {
            name: bq.Lines(
                x=_OUTSIDE, y=_OUTSIDE, scales=scales, colors=[colour], line_style=style, stroke_width=2
            )
            for name, (colour, style) in lines.items()
        }
        cursor = bq.Lines(x=list(view.cursor), y=[0.0, 1.0], scales=scales, colors=[GREY], stroke_width=1)
        names = names_above(
            up, [("━ most relevant first", 0.0, BLUE), ("┅ least relevant first", 0.5, ORANGE)]
        )
        below = axis_below(across, "% of the pixels hidden", tick_values=[0, 25, 50, 75, 100])
        self.figure = probability_figure(
            [*self._lines.values(), cursor, names], below, up, top=28, padding_y=0
        )
        self._link = w.jsdlink((view, "cursor"), (cursor, "x"))
        parts = (*self.figure.marks, *self.figure.axes)
        view.drawn_in = {
            **{name: line.model_id for name, line in self._lines.items()},
            "names": names.model_id,
            "named": list(names.text),
            "parts": [part.model_id for part in parts],
        }

    def close(self) -> None:
        """Free the chart and its link."""
        close_figure(self.figure, self._link)

    def draw(self) -> None:
        """Draw the view as it is now."""
        curves = self._view.curves
        show(self.figure, bool(curves))
        for name, line in self._lines.items():
            points = curves.get(name, [])
            x, y = np.array(points, float).T if len(points) > 1 else (_OUTSIDE, _OUTSIDE)
            with line.hold_sync():
                line.x, line.y = x, y
