"""The losses of a training, each in a chart of its own, in bqplot."""

from __future__ import annotations

import html
import math
from typing import TYPE_CHECKING

import bqplot as bq
import ipywidgets as w
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

# Readable on the light and on the dark theme: a mark cannot follow the theme.
_BLUE, _GREY = "#2488cc", "#8a929a"
_RECENT = 100  # updates of the running mean, at most
_BUCKETS = 200  # of a long history; two points each


class LossCharts:
    """A chart for each loss: every update faint, and the running mean of the last tenth.

    The mean is of at most 100 updates; its last value stands beside the loss's name. Each loss has a scale of
    its own, since a GAN's are of different kinds: a distance of critics that has no bounds beside an error of
    pixels.

    Attributes
    ----------
    box
        What holds the charts; empty before the first drawing.
    """

    def __init__(self) -> None:
        self._charts: list[_LossChart] = []
        self.box = w.HBox(
            layout=w.Layout(flex_flow="row wrap", flex="1 1 240px", min_width="0", max_width="750px")
        )

    def draw(self, names: Sequence[str], losses: npt.NDArray[np.float64]) -> None:
        """Draw losses ``(updates, K)`` that have K names."""
        if not self._charts:
            self._charts = [_LossChart(name) for name in names]
            self.box.children = [chart.box for chart in self._charts]
        for chart, values in zip(self._charts, losses.T, strict=True):
            chart.draw(values)

    def close(self) -> None:
        """Free the charts."""
        for chart in self._charts:
            chart.close()
        self.box.layout.close()
        self.box.close()


class _LossChart:
    def __init__(self, name: str) -> None:
        self._name = name
        self._along, self._up = bq.LinearScale(min=0, max=1), bq.LinearScale(min=0, max=1)
        scales = {"x": self._along, "y": self._up}
        empty = {"x": np.array([]), "y": np.array([])}
        self._each = bq.Lines(**empty, scales=scales, colors=[_BLUE], opacities=[0.45], stroke_width=1)
        self._mean = bq.Lines(**empty, scales=scales, colors=[_BLUE], stroke_width=2)
        # bqplot cannot guess a format of no values.
        axis = {"label_color": _GREY, "grid_lines": "none"}
        self._below = bq.Axis(
            scale=self._along, label="update", label_offset="1.3em", tick_format=",d", **axis
        )
        self._beside = bq.Axis(scale=self._up, orientation="vertical", tick_format=".3~g", **axis)
        self._figure = bq.Figure(
            marks=[self._each, self._mean],
            axes=[self._below, self._beside],
            animation_duration=0,
            display_toolbar=False,
            padding_x=0,
            padding_y=0,
            fig_margin={"top": 6, "bottom": 26, "left": 44, "right": 16},
            layout=w.Layout(width="232px", height="112px", min_width="232px"),
        )
        self._title = w.HTML()
        self.box = w.VBox([self._title, self._figure], layout=w.Layout(margin="0 8px 10px 0"))

    def draw(self, values: npt.NDArray[np.float64]) -> None:
        """Draw one loss ``(updates,)``."""
        mean = running_mean(values, max(1, min(_RECENT, len(values) // 10)))
        last = f"{mean[-1]:.3g}".replace("-", "−") if len(mean) else ""
        self._title.value = (
            f'<div class="cfw-training-loss"><b>{html.escape(self._name)}</b><span>{last}</span></div>'
        )
        self._along.max = float(max(len(values), 1))
        self._below.tick_values = np.array([0.0, self._along.max])
        low, high = _ends(values, mean)
        self._up.min, self._up.max = low, high
        self._beside.tick_values = round_ticks(low, high)
        places = thinned_places(len(values))
        for line, (x, y) in (
            (self._each, envelope(values)),
            (self._mean, (places + 1.0, mean[places])),
        ):
            with line.hold_sync():
                line.x, line.y = x, y

    def close(self) -> None:
        """Free the chart."""
        figure = self._figure
        parts = (self._each, self._mean, self._below, self._beside, self._along, self._up)
        for widget in (*parts, figure.scale_x, figure.scale_y, figure.layout, figure):
            widget.close()
        for box in (self._title, self.box):
            box.layout.close()
            box.close()
        self._title.style.close()


def round_ticks(low: float, high: float) -> npt.NDArray[np.float64]:
    """A few round numbers between the ends of a scale, evenly: at least two.

    Examples
    --------
    >>> round_ticks(-1.7, 0.3).tolist(), round_ticks(0.03, 0.5).tolist()
    ([-1.0, 0.0], [0.2, 0.4])
    """
    half = (high - low) / 2
    base = 10.0 ** math.floor(math.log10(half))
    step = max(times * base for times in (1, 2, 5) if times * base <= half)
    return step * np.arange(math.ceil(low / step), math.floor(high / step) + 1, dtype=np.float64)


def running_mean(values: npt.NDArray[np.float64], window: int) -> npt.NDArray[np.float64]:
    """The mean of each value and those before it, ``window`` in all, of what is finite of them.

    Examples
    --------
    >>> running_mean(np.array([1.0, 3.0, np.nan, 5.0]), window=2).tolist()
    [1.0, 2.0, 3.0, 5.0]
    """
    finite = np.isfinite(values)
    sums = np.concatenate([[0.0], np.where(finite, values, 0.0).cumsum()])
    counts = np.concatenate([[0], finite.cumsum()])
    end = np.arange(1, len(values) + 1)
    start = np.maximum(end - window, 0)
    with np.errstate(invalid="ignore"):
        return (sums[end] - sums[start]) / (counts[end] - counts[start])


def thinned_places(count: int) -> npt.NDArray[np.int64]:
    """Some places of a long history, evenly, the last among them; all of a short one.

    Examples
    --------
    >>> thinned_places(3).tolist(), len(thinned_places(10_000)), int(thinned_places(10_000)[-1])
    ([0, 1, 2], 400, 9999)
    """
    if count <= 2 * _BUCKETS:
        return np.arange(count)
    return np.linspace(0, count - 1, 2 * _BUCKETS).round().astype(np.int64)


def envelope(
    values: npt.NDArray[np.float64],
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Updates and values to draw: of a long history the lowest and the highest of each stretch.

    So that a peak is seen, however long the history.

    Examples
    --------
    >>> peak = np.zeros(10_000)
    >>> peak[1234] = 7
    >>> updates, drawn = envelope(peak)
    >>> len(updates), float(drawn.max())
    (400, 7.0)
    """
    count = len(values)
    if count <= 2 * _BUCKETS:
        return np.arange(1.0, count + 1), values
    starts = np.linspace(0, count, _BUCKETS, endpoint=False).astype(np.int64)
    updates = np.linspace(1, count, 2 * _BUCKETS)
    lowest, highest = np.fmin.reduceat(values, starts), np.fmax.reduceat(values, starts)
    return updates, np.stack([lowest, highest], axis=1).ravel()


def _ends(values: npt.NDArray[np.float64], mean: npt.NDArray[np.float64]) -> tuple[float, float]:
    """The ends of the scale: the whole mean, and all but a few peaks of the values."""
    finite = values[np.isfinite(values)]
    if not len(finite):
        return 0.0, 1.0
    low = min(float(np.quantile(finite, 0.01)), float(np.nanmin(mean)))
    high = max(float(np.quantile(finite, 0.99)), float(np.nanmax(mean)))
    room = 0.06 * (high - low) or 0.5
    return low - room, high + room
