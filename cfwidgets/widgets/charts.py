"""Charts beside the views, in bqplot, linked in the browser."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import bqplot as bq
import ipywidgets as w
import numpy as np

if TYPE_CHECKING:
    from cfwidgets.widgets.facex import FaceXView
    from cfwidgets.widgets.superpixels import SuperpixelView
    from cfwidgets.widgets.transitions import TransitionView

# Readable on the light and on the dark theme: a mark cannot follow the theme.
_BLUE, _ORANGE, _GREY = "#2488cc", "#cf7c00", "#8a929a"
_RANKED = ["regions", "other", "grouped", "group"]
_LONGEST = 12  # letters of a name in a legend


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
        self._across = bq.LinearScale(min=0, max=1)
        up = bq.LinearScale(min=0, max=1)
        scales = {"x": self._across, "y": up}
        self._whole = bq.Lines(scales=scales, colors=[_GREY], line_style="dotted")
        self._mean = bq.Lines(scales=scales, colors=[_GREY], stroke_width=1.2)
        self._best = bq.Lines(scales=scales, colors=[_BLUE], stroke_width=2)
        cursor = bq.Lines(x=[0.0, 0.0], y=[0.0, 1.0], scales=scales, colors=[_GREY], stroke_width=1)
        self._names = bq.Label(
            text=["best", "mean", "whole picture"],
            scales=scales,
            colors=[_BLUE, _GREY, _GREY],
            align="end",
            default_size=11,
            font_weight="normal",
        )
        self.figure = bq.Figure(
            marks=[self._whole, self._mean, self._best, cursor, self._names],
            axes=[
                bq.Axis(
                    scale=self._across,
                    label="generation",
                    label_color=_GREY,
                    label_offset="2.6em",
                    grid_lines="none",
                    num_ticks=6,
                ),
                bq.Axis(
                    scale=up,
                    orientation="vertical",
                    tick_values=[0, 0.5, 1],
                    tick_format=".1f",
                ),
            ],
            animation_duration=0,
            fig_margin={"top": 12, "bottom": 48, "left": 36, "right": 16},
            # its top is at the picture's, below the head line
            layout=w.Layout(width="340px", height="260px", min_width="280px", margin="52px 0 0 0"),
        )
        self._link = w.jsdlink((view, "cursor"), (cursor, "x"))
        view.observe(self._draw, "history")
        self._draw(None)

    def close(self) -> None:
        """Free the chart and its link."""
        self._view.unobserve(self._draw, "history")
        self._link.unlink()
        self._link.close()
        _close(self.figure)

    def _draw(self, _change: Any) -> None:
        result, history = self._view.result, self._view.history
        _show(self.figure, bool(history))  # LIME has no course
        if result is None or not history:
            return
        best, mean, whole = history["best"], history["mean"], result.whole
        generations = np.arange(len(best))
        end = float(max(self._view.generations, 1))
        self._across.max = end
        for line, x, y in (
            (self._best, generations, best),
            (self._mean, generations, mean),
            (self._whole, [0, end], [whole, whole]),
        ):
            with line.hold_sync():
                line.x, line.y = np.array(x, dtype=float), np.array(y)
        with self._names.hold_sync():
            self._names.x = np.full(3, end)
            self._names.y = np.array(_apart([best[-1] - 0.06, mean[-1] - 0.06, whole - 0.06]))


class TransitionChart:
    """The probabilities of the wrong and the right class over the phases, with the phase that is looked at.

    Parameters
    ----------
    view
        The view whose ``path`` is drawn. Its ``cursor`` moves the chart's line in the browser, without the
        kernel.
    """

    def __init__(self, view: TransitionView) -> None:
        self._view = view
        self._along = bq.LinearScale(min=0, max=1)
        up = bq.LinearScale(min=0, max=1)
        scales = {"x": self._along, "y": up}
        self._wrong = bq.Lines(scales=scales, colors=[_ORANGE], stroke_width=2, line_style="dotted")
        self._correct = bq.Lines(scales=scales, colors=[_BLUE], stroke_width=2)
        self._flip = bq.Lines(scales=scales, colors=[_GREY], stroke_width=1, line_style="dashed")
        cursor = bq.Lines(x=[0.0, 0.0], y=[0.0, 1.0], scales=scales, colors=[_GREY], stroke_width=1.5)
        self._names = bq.Label(
            scales=scales, colors=[_ORANGE, _BLUE, _GREY], default_size=11, font_weight="normal"
        )
        self._below = bq.Axis(
            scale=self._along,
            label="phase",
            label_color=_GREY,
            label_offset="2.6em",
            grid_lines="none",
            tick_format="d",
        )
        self.figure = bq.Figure(
            padding_x=0,  # so that phase 0 stands on the axis
            marks=[self._flip, self._wrong, self._correct, cursor, self._names],
            axes=[
                self._below,
                bq.Axis(scale=up, orientation="vertical", tick_values=[0, 0.5, 1], tick_format=".1f"),
            ],
            animation_duration=0,
            fig_margin={"top": 12, "bottom": 48, "left": 36, "right": 16},
            layout=w.Layout(width="340px", height="260px", min_width="280px", margin="52px 0 0 0"),
        )
        self._link = w.jsdlink((view, "cursor"), (cursor, "x"))
        view.observe(self._draw, "path")
        self._draw(None)

    def close(self) -> None:
        """Free the chart and its link."""
        self._view.unobserve(self._draw, "path")
        self._link.unlink()
        self._link.close()
        _close(self.figure)

    def _draw(self, _change: Any) -> None:
        path = self._view.path
        _show(self.figure, bool(path))
        if not path:
            return
        at = np.array(path["at"], dtype=float)
        self._along.max = float(path["phases"] - 1)
        self._below.tick_values = np.unique(np.linspace(0, path["phases"] - 1, 5).round())
        for line, values in ((self._wrong, path["wrong"]), (self._correct, path["correct"])):
            with line.hold_sync():
                line.x, line.y = at, np.array(values)
        flip = path["flip"]
        with self._flip.hold_sync():
            self._flip.x = np.array([] if flip is None else [flip, flip], dtype=float)
            self._flip.y = np.array([] if flip is None else [0.0, 1.0])
        name = self._view.name_of
        names = [name(self._view.wrong), name(self._view.correct), "" if flip is None else "flips here"]
        with self._names.hold_sync():
            # where each class is likeliest, below its curve's end, and the flip beside its line
            self._names.text = names
            self._names.align = "start"
            self._names.x = np.array([0.02 * at[-1], 0.88 * at[-1], (flip or 0) + 0.01 * at[-1]])
            self._names.y = np.array([path["wrong"][0] - 0.1, path["correct"][-1] - 0.1, 0.3])


class RankingChart:
    """The regions by how much the model attends to them, with the one that is looked at or pinned marked.

    A second model has bars of its own. Of the groups, the one that the view shows is drawn.

    Parameters
    ----------
    view
        The view whose ``regions`` are drawn. Its ``cursor`` is linked with the bar that is marked, in the
        browser, without the kernel: a click on a bar pins its region.
    """

    def __init__(self, view: FaceXView) -> None:
        self._view = view
        self._across, self._up = bq.LinearScale(min=0, max=1), bq.OrdinalScale()
        self._bars = bq.Bars(
            scales={"x": self._up, "y": self._across},
            orientation="horizontal",
            type="grouped",
            padding=0.25,
            unselected_style={"opacity": 0.4},
            interactions={"click": "select"},
            labels=[_short(name) for name in view.models],
        )
        self._below = bq.Axis(
            scale=self._across, label="attention", label_color=_GREY, label_offset="2.6em", tick_format=".1f"
        )
        self.figure = bq.Figure(
            padding_x=0,
            padding_y=0,
            marks=[self._bars],
            axes=[bq.Axis(scale=self._up, orientation="vertical", grid_lines="none"), self._below],
            animation_duration=0,
            legend_location="bottom-right",
            legend_style={"fill": "none", "stroke": "none"},
            legend_text={"font-size": "11px", "fill": _GREY},
            fig_margin={"top": 12, "bottom": 48, "left": 92, "right": 16},
            layout=w.Layout(width="340px", height="460px", min_width="280px", margin="52px 0 0 0"),
        )
        self._link = w.jslink((view, "cursor"), (self._bars, "selected"))
        view.observe(self._draw, _RANKED)
        self._draw(None)

    def close(self) -> None:
        """Free the chart and its link."""
        self._view.unobserve(self._draw, _RANKED)
        self._link.unlink()
        self._link.close()
        _close(self.figure)

    def _draw(self, _change: Any) -> None:
        view = self._view
        regions = view.grouped[view.group] if view.grouped else view.regions
        models = [rows for rows in (regions, view.other) if rows]
        scores = [[row["ior"] for row in rows] for rows in models]
        # one axis for all groups, to compare them by
        known = [row["ior"] for rows in (*models, *view.grouped) for row in rows if row["ior"] is not None]
        _show(self.figure, bool(known))
        if not known:
            return
        names = [row["label"] for row in models[0]]
        self._across.max = end = min(1.0, math.ceil(10.5 * max(known)) / 10)
        self._below.tick_values = np.arange(0, end + 0.05, 0.1 if end <= 0.5 else 0.2)
        # the highest at the top, which is the domain's end
        by_score = sorted(zip(scores[0], names, strict=True), key=lambda pair: pair[0] or 0.0)
        self._up.domain = [name for _, name in by_score]
        with self._bars.hold_sync():  # in the regions' order, so that a bar's place is its region's
            self._bars.colors = [_BLUE, _ORANGE][: len(models)]
            self._bars.display_legend = len(models) > 1
            self._bars.x = names
            values = np.array([[score or 0.0 for score in line] for line in scores])
            self._bars.y = values if len(models) > 1 else values[0]


def _short(name: str) -> str:
    """A name for bqplot's legend, which puts long ones beyond the figure's edge. Their ends tell more."""
    return name if len(name) <= _LONGEST else f"…{name[1 - _LONGEST :]}"


def _show(figure: bq.Figure, shown: bool) -> None:
    """Show or hide what is in a figure; its place is kept, so that nothing moves."""
    # Not by the layout: bqplot itself undoes what that says of a figure when it first has a size.
    for part in (*figure.marks, *figure.axes):
        part.visible = shown


def _close(figure: bq.Figure) -> None:
    """Close a figure with all that belongs to it: ipywidgets keeps what is not closed itself."""
    scales = {figure.scale_x, figure.scale_y, *(axis.scale for axis in figure.axes)}
    for widget in (*figure.marks, *figure.axes, *scales, figure.layout, figure):
        widget.close()


def _apart(heights: list[float], least: float = 0.08) -> list[float]:
    """Move names that would stand on each other apart, downwards, in the order in which they are."""
    placed = list(heights)
    order = sorted(range(len(heights)), key=lambda i: -heights[i])
    for higher, lower in pairwise(order):
        placed[lower] = min(placed[lower], placed[higher] - least)
    return placed
