"""Charts beside the views, in bqplot, linked in the browser."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import bqplot as bq
import ipywidgets as w
import numpy as np

if TYPE_CHECKING:
    from cfwidgets.widgets.superpixels import SuperpixelView

_BLUE, _GREY = "#0072B2", "#8a929a"


class SearchChart:
    """Best and mean probability over the generations of a search, with the generation that the view looks at.

    Parameters
    ----------
    view
        The view whose ``history`` is drawn. Its ``cursor`` moves the chart's line in the browser, without the
        kernel.
    """

    def __init__(self, view: SuperpixelView) -> None:
        self._view = view
        across, up = bq.LinearScale(min=0, max=1), bq.LinearScale(min=0, max=1)
        scales = {"x": across, "y": up}
        self._across = across
        empty = np.zeros(1)
        self._best = bq.Lines(x=empty, y=empty, scales=scales, colors=[_BLUE], stroke_width=2)
        self._mean = bq.Lines(x=empty, y=empty, scales=scales, colors=[_GREY], stroke_width=1.2)
        self._whole = bq.Lines(x=empty, y=empty, scales=scales, colors=[_GREY], stroke_width=1.2, line_style="dotted")
        cursor = bq.Lines(x=[0.0, 0.0], y=[0.0, 1.0], scales=scales, colors=[_GREY], stroke_width=1)
        self.figure = bq.Figure(
            marks=[self._whole, self._mean, self._best, cursor],
            axes=[
                bq.Axis(scale=across, label="generation", label_color=_GREY, grid_lines="none", num_ticks=6),
                bq.Axis(scale=up, orientation="vertical", tick_values=[0, 0.5, 1], tick_format=".1f"),
            ],
            animation_duration=0,
            fig_margin={"top": 16, "bottom": 40, "left": 40, "right": 16},
            layout=w.Layout(width="340px", height="260px", min_width="280px"),
        )
        self._link = w.jsdlink((view, "cursor"), (cursor, "x"))
        view.observe(self._draw, "history")
        self._draw(None)

    def close(self) -> None:
        """Free the chart and its link."""
        self._view.unobserve(self._draw, "history")
        self._link.unlink()
        self._link.close()
        figure = self.figure
        scales = {figure.scale_x, figure.scale_y, *(axis.scale for axis in figure.axes)}
        # ipywidgets keeps what is not closed itself, its layout and its scales too
        for widget in (*figure.marks, *figure.axes, *scales, figure.layout, figure):
            widget.close()

    def _draw(self, _change: Any) -> None:
        best, mean = self._view.history.get("best", []), self._view.history.get("mean", [])
        if not best:
            return
        generations = np.arange(len(best))
        self._across.max = float(max(self._view.generations, 1))
        whole = self._view.result.whole
        for line, x, y in (
            (self._best, generations, best),
            (self._mean, generations, mean),
            (self._whole, [0, self._across.max], [whole, whole]),
        ):
            with line.hold_sync():
                line.x, line.y = np.array(x, dtype=float), np.array(y)
