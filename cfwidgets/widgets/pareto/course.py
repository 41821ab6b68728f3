"""The objectives along the front, in one chart, linked in the browser."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import bqplot as bq
import ipywidgets as w
import numpy as np

from cfwidgets.widgets.chart_parts import GREY, ORANGE, Points, close_figure, whole_ticks
from cfwidgets.widgets.pareto.axes import ends
from cfwidgets.widgets.pareto.stars import Stars, put_stars, star_mark

if TYPE_CHECKING:
    import numpy.typing as npt

    from cfwidgets.widgets.pareto.view import ParetoView

# Name in the members, words, colour, shape and dashes; orange is the original class's, as in the view.
_LINES = (
    ("p", "● probability", ORANGE, "circle", "solid"),
    ("plausibility", "◆ plausibility lost", "#b05fd0", "diamond", "dashed"),
    ("intensity", "■ intensity", "#2f9e55", "square", "dotted"),
)
_SIZES, _MANY = (24, 12), 40  # of points, in square pixels: up to so many counterfactuals, and of more
_ABOVE = 1.18  # where the words stand, in parts of the height of the plot


class CourseChart:
    """The probability of the original class along the front, and the other two objectives scaled to [0, 1].

    As figure 2b of Barredo-Arrieta and Del Ser (2020). The points of the counterfactual that is shown stand
    out. A full star is at the simplest flip, which is beside the lines, at the place in the front that its
    probability would have; an empty one at the best pick. A click on a point goes to the view in the browser,
    without the kernel.

    Parameters
    ----------
    view
        The view whose ``cursor`` is linked with the points that are marked.
    """

    def __init__(self, view: ParetoView) -> None:
        self._along = bq.LinearScale(min=0, max=1)
        scales = {"x": self._along, "y": bq.LinearScale(min=-0.04, max=1.04)}
        none = np.array([])
        self._lines = [
            bq.Lines(scales=scales, x=none, y=none, colors=[colour], stroke_width=1.5, line_style=dashes)
            for _, _, colour, _, dashes in _LINES
        ]
        self._points = [
            Points(
                scales=scales,
                x=none,
                y=none,
                colors=[colour],
                marker=shape,
                stroke_width=0.5,
                interactions={"click": "select"},
                selected_style={"stroke": "var(--jp-ui-font-color1, #111)", "stroke-width": "3px"},
            )
            for _, _, colour, shape, _ in _LINES
        ]
        self._stars = star_mark(scales)
        self._words = bq.Label(
            scales={"x": bq.LinearScale(min=0, max=1), "y": scales["y"]},
            text=[words for _, words, *_ in _LINES],
            x=[-0.25, 0.14, 0.66],
            y=[_ABOVE] * len(_LINES),
            colors=[colour for _, _, colour, *_ in _LINES],
            default_size=10,  # a wide font has room, too
            font_weight="normal",
            apply_clip=False,
        )
        axis = {"label_color": GREY, "grid_lines": "none"}
        self._below = bq.Axis(
            scale=self._along,
            label="counterfactual",
            label_offset="3em",
            tick_format="d",
            **axis,
        )
        self._left = bq.Axis(
            scale=scales["y"], orientation="vertical", tick_values=[0, 0.5, 1], tick_format=".1f", **axis
        )
        self.figure = bq.Figure(
            marks=[*self._lines, *self._points, self._stars, self._words],
            axes=[self._below, self._left],
            animation_duration=0,
            display_toolbar=False,
            fig_margin={"top": 34, "bottom": 42, "left": 58, "right": 10},
            layout=w.Layout(width="250px", height="222px", min_width="250px"),
        )
        self.figure.add_class("cfw-pareto-chart")  # by which the page finds the points that are clicked
        self._links = [w.jslink((view, "cursor"), (points, "selected")) for points in self._points]

    def draw(self, members: list[dict[str, Any]], stars: Stars) -> None:
        """Draw a front, the simplest flip beside it if there is a full star, and the stars."""
        beside = any(star == "★" for _, star in stars)
        count = len(members) - beside
        values = {
            name: np.array([np.nan if one[name] is None else one[name] for one in members])
            for name, *_ in _LINES
        }
        probability = values["p"]
        shown = {name: bool(np.isfinite(column).all()) and count > 0 for name, column in values.items()}
        heights = {name: column if name == "p" else _scaled(column, count) for name, column in values.items()}
        places = np.arange(1.0, len(members) + 1)
        if beside:
            places[-1] = (probability[:-1] >= probability[-1]).sum() + 0.5
        for (name, *_), line, points in zip(_LINES, self._lines, self._points, strict=True):
            points.default_size = _SIZES[count > _MANY]
            for mark, most in ((line, count if shown[name] else 0), (points, len(members) * shown[name])):
                with mark.hold_sync():
                    mark.visible = shown[name]
                    mark.x, mark.y = places[:most], heights[name][:most]
        with self._along.hold_sync():
            self._along.min, self._along.max = ends(places, margin=0.03)
        self._below.tick_values = whole_ticks(1, max(count, 1))
        put_stars(self._stars, stars, places, probability)
        self._stars.visible = self._words.visible = count > 0
        # Words of a line that is not there would be a riddle.
        self._words.text = [words if shown[name] else "" for name, words, *_ in _LINES]

    def close(self) -> None:
        """Free the chart and its links."""
        close_figure(self.figure, *self._links)


def _scaled(values: npt.NDArray[np.float64], count: int) -> npt.NDArray[np.float64]:
    """Scale values so that the first ``count`` of them are in [0, 1]."""
    low, high = ends(values[:count])
    return (values - low) / (high - low)
