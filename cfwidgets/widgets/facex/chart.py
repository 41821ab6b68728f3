"""The chart beside the FaceX view: the ranking, linked in the browser."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, ClassVar

import bqplot as bq
import ipywidgets as w
import numpy as np

from cfwidgets.widgets.chart_parts import BLUE, GREY, ORANGE, close_figure, show

if TYPE_CHECKING:
    from cfwidgets.widgets.facex.view import FaceXView

_LONGEST = 23  # letters of a name above the bars, of which two stand beside each other


class RankingChart:
    """The regions by mean attention; the one under the pointer, or pinned, is marked.

    A second model has bars of its own. With groups, the chart shows the group that the view shows.

    Parameters
    ----------
    view
        The view whose ``regions`` are drawn. Its ``cursor`` is linked with the bar that is marked, in the
        browser, without the kernel: a click on a bar pins its region.
    """

    drawn_from: ClassVar[tuple[str, ...]] = ("regions", "other", "grouped", "group")

    def __init__(self, view: FaceXView) -> None:
        self._view = view
        two = len(view.models) > 1
        self._across, self._up = bq.LinearScale(min=0, max=1), bq.OrdinalScale()
        self._bars = bq.Bars(
            scales={"x": self._up, "y": self._across},
            orientation="horizontal",
            type="grouped",
            padding=0.25,
            unselected_style={"opacity": 0.4},
            interactions={"click": "select"},
        )
        self._names = bq.Label(  # bqplot's own legend would stand on the bars
            scales={"x": bq.LinearScale(min=0, max=1), "y": bq.LinearScale(min=0, max=1)},
            text=[f"■ {_short(name)}" for name in view.models],
            x=[-0.38, 0.32],
            y=[1.03, 1.03],
            colors=[BLUE, ORANGE],
            default_size=11,
            font_weight="normal",
            apply_clip=False,
        )
        self._below = bq.Axis(
            scale=self._across, label="attention", label_color=GREY, label_offset="2.6em", tick_format=".1f"
        )
        self.figure = bq.Figure(
            padding_x=0,
            padding_y=0,
            marks=[self._bars, self._names] if two else [self._bars],
            axes=[bq.Axis(scale=self._up, orientation="vertical", grid_lines="none"), self._below],
            animation_duration=0,
            fig_margin={"top": 30 if two else 12, "bottom": 48, "left": 92, "right": 16},
            layout=w.Layout(width="340px", height="460px", min_width="280px", margin="52px 0 0 0"),
        )
        self._link = w.jslink((view, "cursor"), (self._bars, "selected"))

    def close(self) -> None:
        """Free the chart and its link."""
        self._link.unlink()
        self._link.close()
        close_figure(self.figure)
        for widget in (self._names, *self._names.scales.values()):  # not in the figure of a single model
            widget.close()

    def draw(self) -> None:
        """Draw the view as it is now."""
        view = self._view
        regions = view.grouped[view.group] if view.grouped else view.regions
        models = [rows for rows in (regions, view.other) if rows]
        scores = [[row["ior"] for row in rows] for rows in models]
        # one axis for all groups, so that they can be compared
        known = [row["ior"] for rows in (*models, *view.grouped) for row in rows if row["ior"] is not None]
        show(self.figure, bool(known))
        if not known:
            return
        names = [row["label"] for row in models[0]]
        self._across.max = end = min(1.0, math.ceil(10.5 * max(known)) / 10)
        self._below.tick_values = np.arange(0, end + 0.05, 0.1 if end <= 0.5 else 0.2)
        # the highest at the top, which is the domain's end
        by_score = sorted(zip(scores[0], names, strict=True), key=lambda pair: pair[0] or 0.0)
        self._up.domain = [name for _, name in by_score]
        with self._bars.hold_sync():  # in the regions' order, so that a bar's place is its region's
            self._bars.colors = [BLUE, ORANGE][: len(models)]
            self._bars.x = names
            values = np.array([[score or 0.0 for score in line] for line in scores])
            self._bars.y = values if len(models) > 1 else values[0]


def _short(name: str) -> str:
    """Return the end of a long name, which tells two models apart."""
    return name if len(name) <= _LONGEST else f"…{name[1 - _LONGEST :]}"
