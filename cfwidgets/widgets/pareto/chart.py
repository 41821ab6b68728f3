"""The front in linked charts, by each pair of objectives and along its order, in bqplot."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import bqplot as bq
import ipywidgets as w
import numpy as np

from cfwidgets.widgets.chart_parts import GREY, Points, close_figure, show
from cfwidgets.widgets.lifetime import FixedBox, FixedLayout
from cfwidgets.widgets.pareto.axes import ends, ticks
from cfwidgets.widgets.pareto.course import CourseChart
from cfwidgets.widgets.pareto.stars import Stars, put_stars, star_mark, stars_of

if TYPE_CHECKING:
    import numpy.typing as npt

    from cfwidgets.widgets.pareto.view import ParetoView

# Readable on the light and on the dark theme: a mark cannot follow the theme. No end is a class's colour.
_COLOURS = ["#2f9e55", "#9b95a0", "#b05fd0"]
_WORDS = {
    "plausibility": "plausibility lost",
    "success": "log-probability, original class",
    "intensity": "intensity of the change",
}
_COLOUR = {
    "plausibility": "plausibility lost: green little, purple much",
    "success": "log-probability: green low, purple high",
    "intensity": "intensity: green little, purple much",
}
# Across, up, colour.
_PAIRS = (
    ("intensity", "success", "plausibility"),
    ("plausibility", "success", "intensity"),
    ("intensity", "plausibility", "success"),
)


class ParetoCharts:
    """The front by each pair of objectives, and the objectives along the front.

    The points of the counterfactual that is shown stand out. In the first three charts a triangle flips the
    model, a circle does not; a full star is at the simplest flip, an empty one at the best pick. Clicks and
    brushed regions go to the view in the browser, without the kernel.

    Parameters
    ----------
    view
        The view whose ``members`` are drawn. Its ``cursor`` is linked with the points that are marked, and
        its ``across_i`` and ``up_i`` with what the brush of chart i spans.
    """

    drawn_from: ClassVar[tuple[str, ...]] = ("members",)

    def __init__(self, view: ParetoView) -> None:
        self._view = view
        self._charts = [_Chart(view, place, *names) for place, names in enumerate(_PAIRS)]
        self._course = CourseChart(view)
        self._all: list[_Chart | CourseChart] = [*self._charts, self._course]
        self.figure = FixedBox(
            [chart.figure for chart in self._all],
            layout=FixedLayout(
                flex_flow="row wrap", flex="1 1 260px", max_width="960px", margin="40px 0 0 0"
            ),
        )

    def close(self) -> None:
        """Free the charts and their links."""
        for chart in self._all:
            chart.close()
        self.figure.layout.close()
        self.figure.close()

    def draw(self) -> None:
        """Draw the view as it is now."""
        view = self._view
        for chart in self._charts:
            # A brushed region is a place on the page: below it the axes stand still.
            chart.draw(view.members, stars_of(view), still=bool(view.brushed))
        self._course.draw(view.members, stars_of(view))


class _Chart:
    def __init__(self, view: ParetoView, place: int, across: str, up: str, colour: str) -> None:
        self._names = {"x": across, "y": up, "color": colour}
        self._scales = {
            "x": bq.LinearScale(min=0, max=1),
            "y": bq.LinearScale(min=0, max=1),
            "color": bq.ColorScale(colors=_COLOURS, min=0, max=1),
        }
        # All points are in both, so that a point's place is its counterfactual's; one of the two is unseen.
        self._marks = [
            Points(
                scales=self._scales,
                x=np.array([]),
                y=np.array([]),
                color=np.array([]),
                marker=marker,
                default_size=40,
                stroke_width=0.5,
                interactions={"click": "select"},
                selected_style={"stroke": "var(--jp-ui-font-color1, #111)", "stroke-width": "3px"},
            )
            for marker in ("circle", "triangle-up")
        ]
        self._stars = star_mark({name: self._scales[name] for name in ("x", "y")})
        self._brush = bq.interacts.BrushSelector(
            x_scale=self._scales["x"], y_scale=self._scales["y"], color=GREY
        )
        # bqplot cannot guess a format of no values.
        axis = {"label_color": GREY, "grid_lines": "none", "tick_format": ".1f", "tick_values": [0]}
        self._axes = [
            bq.Axis(scale=self._scales["x"], label=_WORDS[across], label_offset="3em", **axis),
            bq.Axis(
                scale=self._scales["y"],
                label=_WORDS[up],
                label_offset="4.3em",
                orientation="vertical",
                **axis,
            ),
        ]
        self.figure = bq.Figure(
            marks=[*self._marks, self._stars],
            axes=self._axes,
            interaction=self._brush,
            animation_duration=0,
            display_toolbar=False,  # it would cover points, and its panning the brush
            # Centred above the whole, not above the axes alone: it is about as wide as that.
            title_style={"font-size": "11px", "fill": GREY, "transform": "translateX(-16px)"},
            fig_margin={"top": 26, "bottom": 42, "left": 58, "right": 10},
            layout=w.Layout(width="250px", height="222px", min_width="250px"),
        )
        self.figure.add_class("cfw-pareto-chart")
        self._links = [
            *(w.jslink((view, "cursor"), (mark, "selected")) for mark in self._marks),
            w.jslink((view, f"across_{place}"), (self._brush, "selected_x")),
            w.jslink((view, f"up_{place}"), (self._brush, "selected_y")),
        ]

    def draw(self, members: list[dict[str, Any]], stars: Stars, *, still: bool) -> None:
        """Draw a front and the stars at places of it; with ``still``, on the same axes."""
        names = self._names
        known = bool(members) and all(members[0][name] is not None for name in (names["x"], names["y"]))
        # Without a critic there will be nothing; before the first front its place is kept.
        self.figure.layout.display = "none" if members and not known else None
        show(self.figure, known)
        if not known:
            self.figure.title = ""
            return
        values = {
            part: np.array([np.nan if one[name] is None else one[name] for one in members])
            for part, name in names.items()
        }
        self.figure.title = _COLOUR[names["color"]]
        if np.isnan(values["color"]).all():  # two objectives, and both have an axis
            self.figure.title = ""
            values["color"] = np.array([one["p"] for one in members])
        self._scale(values, still=still)
        flips = np.array([float(one["flips"]) for one in members])
        for mark, seen in zip(self._marks, (1 - flips, flips), strict=True):
            with mark.hold_sync():
                mark.x, mark.y, mark.color = values["x"], values["y"], values["color"]
                mark.opacities = (0.9 * seen).tolist()
        put_stars(self._stars, stars, values["x"], values["y"])

    def _scale(self, values: dict[str, npt.NDArray[np.float64]], *, still: bool) -> None:
        for part, scale in self._scales.items():
            if not still or part == "color":
                with scale.hold_sync():
                    scale.min, scale.max = ends(values[part], margin=0 if part == "color" else 0.06)
        for part, axis in zip(("x", "y"), self._axes, strict=True):
            found, digits = ticks(self._scales[part].min, self._scales[part].max)
            with axis.hold_sync():
                axis.tick_format, axis.tick_values = f".{digits}f", found

    def close(self) -> None:
        """Free the chart and its links."""
        close_figure(self.figure, *self._links)
        self._brush.close()
