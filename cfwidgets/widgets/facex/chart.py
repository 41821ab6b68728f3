"""The chart beside the FaceX view: attention and effect by region, linked in the browser."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, ClassVar

import bqplot as bq
import ipywidgets as w
import numpy as np

from cfwidgets.widgets.chart_parts import BLUE, GREY, ORANGE, Bars, close_figure, show

if TYPE_CHECKING:
    from cfwidgets.widgets.facex.view import FaceXView

_LONGEST = 40  # letters of a name in the legend
_TICKS = 5  # intervals of the axis, about
_BOTH = "part of the highest region’s"
_UNITS = {"attention": "attention", "effect": "effect, change of log-odds"}


class RankingChart:
    """The regions by mean attention or effect; the one under the pointer, or pinned, is marked.

    Of one model, attention and effect stand beside each other, each as a part of the highest region's; of
    two, what the view's ``quantity`` says. The order is that of the quantity. With groups, the chart shows
    the group that the view shows.

    Parameters
    ----------
    view
        The view whose ``regions`` are drawn. Its ``cursor`` is linked with the bar that is marked, in the
        browser, without the kernel: a click on a bar pins its region.
    """

    drawn_from: ClassVar[tuple[str, ...]] = ("regions", "other", "grouped", "group", "quantity")

    def __init__(self, view: FaceXView) -> None:
        self._view = view
        self._across, self._up = bq.LinearScale(min=0, max=1), bq.OrdinalScale()
        self._bars = Bars(
            scales={"x": self._up, "y": self._across},
            orientation="horizontal",
            type="grouped",
            padding=0.25,
            unselected_style={"opacity": 0.4},
            interactions={"click": "select"},
        )
        self._below = bq.Axis(
            scale=self._across, label_color=GREY, label_offset="2.6em", tick_format="~g", tick_values=[0]
        )
        self._plot = bq.Figure(
            padding_x=0,
            padding_y=0,
            marks=[self._bars],
            axes=[bq.Axis(scale=self._up, orientation="vertical", grid_lines="none"), self._below],
            animation_duration=0,
            fig_margin={"top": 4, "bottom": 48, "left": 104, "right": 16},
            layout=w.Layout(width="340px", height="460px", min_width="280px"),
        )
        # bqplot's own legend would stand on the bars
        self._names = [
            w.Label(style={"text_color": colour}, layout=w.Layout(height="22px")) for colour in (BLUE, ORANGE)
        ]
        legend = w.HBox(self._names, layout=w.Layout(flex_flow="row wrap", margin="0 0 0 8px"))
        self.figure = w.VBox([legend, self._plot], layout=w.Layout(width="340px", margin="20px 0 0 0"))
        self._link = w.jslink((view, "cursor"), (self._bars, "selected"))

    def close(self) -> None:
        """Free the chart and its link."""
        close_figure(self._plot, self._link)
        legend = self.figure.children[0]
        for label in self._names:
            label.style.close()
        for widget in (*self._names, legend, self.figure):
            widget.layout.close()
            widget.close()

    def draw(self) -> None:
        """Draw the view as it is now."""
        view = self._view
        regions = view.grouped[view.group] if view.grouped else view.regions
        lines = self._lines(regions)
        # one axis for all groups, so that they can be compared
        known = [
            value for _, values, all_groups in lines for value in (*values, *all_groups) if value is not None
        ]
        show(self._plot, bool(known))
        for label, name in zip(self._names, [name for name, *_ in lines] + [""], strict=False):
            label.value = f"■ {_short(name)}" if name and known and len(lines) > 1 else ""
        if not known:
            return
        self._below.tick_values = ticks = _ticks(max(known))
        self._across.max = float(ticks[-1])
        order = self._ordered(regions)
        self._up.domain = [regions[place]["label"] for place in order]
        with self._bars.hold_sync():  # in the regions' order, so that a bar's place is its region's
            self._bars.colors = [BLUE, ORANGE][: len(lines)]
            self._bars.x = [row["label"] for row in regions]
            found = np.array([[value or 0.0 for value in values] for _, values, _ in lines])
            self._bars.y = found if len(lines) > 1 else found[0]

    def _lines(self, regions: list[dict[str, Any]]) -> list[tuple[str, list[Any], list[Any]]]:
        """Return for each colour its name, a value for each region, and the values of all groups."""
        view, column = self._view, _column(self._view.quantity)
        if view.other:
            self._below.label = _UNITS[view.quantity]
            return [
                (name, [row[column] for row in rows], [])
                for name, rows in zip(view.models, (regions, view.other), strict=True)
            ]
        groups = [row for rows in view.grouped for row in rows] or regions
        measured = [name for name in _UNITS if any(row[_column(name)] is not None for row in groups)]
        if len(measured) < 2:
            self._below.label = _UNITS["attention"]
            return [("attention", [row["ior"] for row in regions], [row["ior"] for row in groups])]
        self._below.label = _BOTH
        lines = []
        for name in measured:
            values, others = ([row[_column(name)] for row in rows] for rows in (regions, groups))
            most = max((value for value in others if value is not None), default=0.0) or 1.0
            parts, rest = ([None if v is None else v / most for v in some] for some in (values, others))
            lines.append((name, parts, rest))
        return lines

    def _ordered(self, regions: list[dict[str, Any]]) -> list[int]:
        """Return the regions' places, the highest last: it stands at the top, which is the domain's end."""
        column = _column(self._view.quantity)
        return sorted(range(len(regions)), key=lambda place: regions[place][column] or 0.0)


def _column(quantity: str) -> str:
    return "ior" if quantity == "attention" else "effect"


def _ticks(most: float) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Return round ticks from 0 to the first beyond the highest value.

    Examples
    --------
    >>> _ticks(0.81).tolist(), _ticks(7.0).tolist()
    ([0.0, 0.2, 0.4, 0.6, 0.8, 1.0], [0.0, 2.0, 4.0, 6.0, 8.0])
    """
    rough = max(most, 1e-3) / _TICKS
    size = 10.0 ** math.floor(math.log10(rough))
    step = size * next(factor for factor in (1, 2, 5, 10) if factor * size >= rough * (1 - 1e-9))
    return np.round(np.arange(math.ceil(most / step - 1e-9) + 1) * step, 6)


def _short(name: str) -> str:
    """Return the end of a long name, which tells two models apart."""
    return name if len(name) <= _LONGEST else f"…{name[1 - _LONGEST :]}"
