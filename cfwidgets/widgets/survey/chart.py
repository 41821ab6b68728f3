"""The chart beside the view, in bqplot: the reliability diagram."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import bqplot as bq
import ipywidgets as w
import numpy as np
import numpy.typing as npt

from cfwidgets.widgets.chart_parts import BLUE, GREY, close_figure, show

if TYPE_CHECKING:
    from cfwidgets.widgets.survey.view import SurveyView

_OUTSIDE = np.array([-1.0, -1.0])  # below the axes, where nothing is drawn
_ROOM = 0.015  # beside 0 and 1, for half a point


class ReliabilityChart:
    """Share of right answers over the confidence, in bins, each with its 95 % interval.

    Where no true class is known: the share of the pictures in each bin.

    Parameters
    ----------
    view
        The view whose ``calibration``, or else ``confidence``, is drawn.
    """

    drawn_from: ClassVar[tuple[str, ...]] = ("calibration", "confidence")

    def __init__(self, view: SurveyView) -> None:
        self._view = view
        # bqplot would keep room for half a bar on both sides, but not where the bars come later.
        across = bq.LinearScale(min=-_ROOM, max=1 + _ROOM, allow_padding=False)
        up = bq.LinearScale(min=0, max=1)
        scales = {"x": across, "y": up}
        self._bars = bq.Bars(x=[], y=[], scales=scales, colors=[BLUE], opacities=[0.3], padding=0.08)
        self._spans = bq.Lines(x=_OUTSIDE, y=_OUTSIDE, scales=scales, colors=[BLUE], stroke_width=1.5)
        self._points = bq.Scatter(
            x=_OUTSIDE, y=_OUTSIDE, scales=scales, colors=[BLUE], default_size=24, stroke_width=0
        )
        self._ideal = bq.Lines(
            x=[0, 1], y=[0, 1], scales=scales, colors=[GREY], line_style="dashed", stroke_width=1
        )
        self._name = bq.Label(
            text=[""],
            x=[0.0],
            y=[1.07],
            scales=scales,
            colors=[GREY],
            default_size=12,
            font_weight="bold",
            apply_clip=False,  # it stands above the bars
        )
        ticks = {"tick_values": [0, 0.5, 1], "tick_format": ".1f", "label_color": GREY}
        self._upward = bq.Axis(scale=up, orientation="vertical", label_offset="2.8em", **ticks)
        self.figure = bq.Figure(
            padding_x=0,
            padding_y=0,
            marks=[self._bars, self._ideal, self._spans, self._points, self._name],
            axes=[
                bq.Axis(scale=across, label="confidence", label_offset="2.6em", grid_lines="none", **ticks),
                self._upward,
            ],
            animation_duration=0,
            fig_margin={"top": 30, "bottom": 48, "left": 52, "right": 16},
            layout=w.Layout(width="300px", height="280px", min_width="260px", margin="52px 0 0 0"),
        )

    def close(self) -> None:
        """Free the chart."""
        close_figure(self.figure)

    def draw(self) -> None:
        """Draw the view as it is now."""
        rows, counts = self._view.calibration, self._view.confidence
        show(self.figure, bool(rows or counts))
        self._upward.label = "share of the pictures" if counts else "share right"
        if counts:
            self._draw_confidence(np.array(counts, float))
        elif rows:
            self._draw_reliability({name: np.array([row[name] for row in rows]) for name in rows[0]})

    def _draw_confidence(self, counts: npt.NDArray[np.float64]) -> None:
        self._name.text = ["how sure it is (no labels are known)"]
        with self._bars.hold_sync():
            self._bars.x = (np.arange(len(counts)) + 0.5) / len(counts)
            self._bars.y = counts / counts.sum()
        for mark in (self._spans, self._points, self._ideal):
            mark.visible = False

    def _draw_reliability(self, column: dict[str, npt.NDArray[np.float64]]) -> None:
        sure = column["confidence"]
        with self._bars.hold_sync():
            self._bars.x = (column["above"] + column["up to"]) / 2
            self._bars.y = column["accuracy"]
        # A line each, from the lower to the upper end of the interval.
        with self._spans.hold_sync():
            self._spans.x = np.stack([sure, sure], 1)
            self._spans.y = np.stack([column["low"], column["high"]], 1)
        off = np.abs(column["accuracy"] - sure) @ column["count"] / column["count"].sum()
        self._name.text = [f"calibration error {off:.3f}".replace(" 0.", " .")]
        with self._points.hold_sync():
            self._points.x, self._points.y = sure, column["accuracy"]
