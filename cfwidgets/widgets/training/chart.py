"""The losses of a training beside its view, and what it measures, each in a chart of its own, in bqplot."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, ClassVar

import bqplot as bq
import ipywidgets as w
import numpy as np

from cfwidgets.widgets.chart_parts import BLUE, GREY, close_figure
from cfwidgets.widgets.lifetime import FixedBox, FixedLayout
from cfwidgets.widgets.training.history import envelope, mean_window, running_mean, thinned_places

if TYPE_CHECKING:
    import numpy.typing as npt

    from cfwidgets.widgets.training.view import TrainingView


class LossCharts:
    """A chart for each loss: every update faint, and the running mean that the view has in numbers.

    After them, a chart for each measure on held-out images, if there are any: a point for each measurement.
    Each chart has a scale of its own, since the losses of a GAN are of different kinds: a distance of critics
    that has no bounds beside an error of pixels.

    Parameters
    ----------
    view
        The view whose ``history`` and ``held_out_history`` are drawn, on the thread that draws the samples.
    """

    drawn_from: ClassVar[tuple[str, ...]] = ("measured",)

    def __init__(self, view: TrainingView) -> None:
        self._view = view
        self._charts: dict[str, _Chart] = {}
        self.figure = FixedBox(
            layout=FixedLayout(flex_flow="row wrap", flex="1 1 240px", min_width="0", max_width="750px")
        )

    def close(self) -> None:
        """Free the charts."""
        for chart in self._charts.values():
            close_figure(chart.figure)
        self.figure.layout.close()
        self.figure.close()

    def draw(self) -> None:
        """Draw the view as it is now."""
        losses, measures = self._view.history, self._view.held_out_history
        names = [*self._view.loss_names, *(f"{name}, held out" for name in self._view.held_out_names)]
        if missing := [name for name in names if name not in self._charts]:
            self._charts.update({name: _Chart(name) for name in missing})
            self.figure.children = [chart.figure for chart in self._charts.values()]
        charts = iter(self._charts.values())
        for values, chart in zip(losses.T, charts, strict=False):
            chart.draw_each(values)
        for values, chart in zip(measures.T[1:], charts, strict=True):
            chart.draw_some(measures[:, 0], values, len(losses))


class _Chart:
    def __init__(self, name: str) -> None:
        self._along, self._up = bq.LinearScale(min=0, max=1), bq.LinearScale(min=0, max=1)
        scales = {"x": self._along, "y": self._up}
        empty = {"x": np.array([]), "y": np.array([])}
        self._each = bq.Lines(**empty, scales=scales, colors=[BLUE], opacities=[0.45], stroke_width=1)
        self._mean = bq.Lines(**empty, scales=scales, colors=[BLUE], stroke_width=2)
        # bqplot cannot guess a format of no values.
        axis = {"label_color": GREY, "grid_lines": "none"}
        self._below = bq.Axis(
            scale=self._along, label="update", label_offset="1.3em", tick_format=",d", **axis
        )
        self._beside = bq.Axis(scale=self._up, orientation="vertical", tick_format=".3~g", **axis)
        self.figure = bq.Figure(
            title=name,
            marks=[self._each, self._mean],
            axes=[self._below, self._beside],
            animation_duration=0,
            display_toolbar=False,
            padding_x=0,
            padding_y=0,
            fig_margin={"top": 32, "bottom": 26, "left": 44, "right": 16},
            layout=w.Layout(width="232px", height="138px", min_width="232px", margin="0 8px 10px 0"),
        )
        self.figure.add_class("cfw-training-chart")

    def draw_each(self, values: npt.NDArray[np.float64]) -> None:
        """Draw the values of all updates, and their running mean."""
        mean = running_mean(values, mean_window(len(values)))
        self._scale(len(values), _ends(values, mean))
        places = thinned_places(len(values))
        _lay(self._each, *envelope(values))
        _lay(self._mean, places + 1.0, mean[places])

    def draw_some(self, updates: npt.NDArray[np.float64], values: npt.NDArray[np.float64], last: int) -> None:
        """Draw the values of some updates, a point each, in a chart up to the last update."""
        self._scale(last, _ends(values, values))
        self._mean.marker, self._mean.marker_size = "circle", 16
        places = thinned_places(len(values))
        _lay(self._mean, updates[places], values[places])

    def _scale(self, updates: int, ends: tuple[float, float]) -> None:
        self._along.max = float(max(updates, 1))
        self._below.tick_values = np.array([0.0, self._along.max])
        self._up.min, self._up.max = ends
        self._beside.tick_values = round_ticks(*ends)


def _lay(line: bq.Lines, x: npt.NDArray[Any], y: npt.NDArray[Any]) -> None:
    there = np.isfinite(y)  # bqplot puts a label at the last point, and fails where that has no number
    with line.hold_sync():
        line.x, line.y = x[there], y[there]


def round_ticks(low: float, high: float) -> npt.NDArray[np.float64]:
    """Return a few round numbers between the ends of a scale, evenly: at least two.

    Examples
    --------
    >>> round_ticks(-1.7, 0.3).tolist(), round_ticks(0.03, 0.5).tolist()
    ([-1.0, 0.0], [0.2, 0.4])
    """
    half = (high - low) / 2
    base = 10.0 ** math.floor(math.log10(half))
    step = max(times * base for times in (1, 2, 5) if times * base <= half)
    return step * np.arange(math.ceil(low / step), math.floor(high / step) + 1, dtype=np.float64)


def _ends(values: npt.NDArray[np.float64], mean: npt.NDArray[np.float64]) -> tuple[float, float]:
    """Return the ends of the scale: they include the whole mean, and all but a few peaks of the values."""
    finite = values[np.isfinite(values)]
    if not len(finite):
        return 0.0, 1.0
    low = min(float(np.quantile(finite, 0.01)), float(np.nanmin(mean)))
    high = max(float(np.quantile(finite, 0.99)), float(np.nanmax(mean)))
    room = 0.06 * (high - low) or 0.5
    return low - room, high + room
