"""The chart beside the view, in bqplot, linked in the browser: the prediction while pixels are hidden."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import bqplot as bq
import ipywidgets as w
import numpy as np

from cfwidgets.widgets.chart_parts import BLUE, GREY, ORANGE, close_figure, show

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
        names = bq.Label(
            text=["━ most relevant first", "┅ least relevant first"],
            x=[0.0, 0.5],
            y=[1.05] * 2,
            scales={"x": bq.LinearScale(min=0, max=1), "y": up},
            colors=[BLUE, ORANGE],
            default_size=11,
            font_weight="normal",
            apply_clip=False,  # they stand above the curves
        )
        below = bq.Axis(
            scale=across,
            label="% of the pixels hidden",
            label_color=GREY,
            label_offset="2.6em",
            grid_lines="none",
            tick_values=[0, 25, 50, 75, 100],
            tick_format="d",
        )
        self.figure = bq.Figure(
            padding_x=0,
            padding_y=0,
            marks=[*self._lines.values(), cursor, names],
            axes=[
                below,
                bq.Axis(scale=up, orientation="vertical", tick_values=[0, 0.5, 1], tick_format=".1f"),
            ],
            animation_duration=0,
            fig_margin={"top": 28, "bottom": 48, "left": 36, "right": 16},
            layout=w.Layout(width="340px", height="260px", min_width="280px", margin="52px 0 0 0"),
        )
        self._link = w.jsdlink((view, "cursor"), (cursor, "x"))
        parts = (*self.figure.marks, *self.figure.axes)
        view.drawn_in = {
            **{name: line.model_id for name, line in self._lines.items()},
            "parts": [part.model_id for part in parts],
        }

    def close(self) -> None:
        """Free the chart and its link."""
        self._link.unlink()
        self._link.close()
        close_figure(self.figure)

    def draw(self) -> None:
        """Draw the view as it is now."""
        curves = self._view.curves
        show(self.figure, bool(curves))
        for name, line in self._lines.items():
            points = curves.get(name, [])
            x, y = np.array(points, float).T if len(points) > 1 else (_OUTSIDE, _OUTSIDE)
            with line.hold_sync():
                line.x, line.y = x, y
