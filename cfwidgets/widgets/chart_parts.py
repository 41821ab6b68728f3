"""Parts of the charts beside the views: colours, a figure of probabilities, showing and closing a figure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import bqplot as bq
import ipywidgets as w
import numpy as np
import numpy.typing as npt

# Readable on the light and on the dark theme: a mark cannot follow the theme.
BLUE, ORANGE, GREY = "#2488cc", "#cf7c00", "#8a929a"


class MarkedInPage(bq.Mark):
    """A mark of which the kernel need not know what is selected.

    It would send each selection back, in a form that differs from what it got: late, and on the page like a
    click.
    """

    def set_state(self, sync_data: dict[str, Any]) -> None:
        """Take over what the page sends, but not the selection."""
        super().set_state({name: value for name, value in sync_data.items() if name != "selected"})


class Bars(MarkedInPage, bq.Bars):
    """Bars that are marked in the page alone."""


class Points(MarkedInPage, bq.Scatter):
    """Points that are marked in the page alone."""


def show(figure: bq.Figure, marks: bool, axes: bool = True) -> None:
    """Show or hide what is in a figure; axes are there before values are. Its place is kept."""
    # Not by the layout: bqplot itself undoes what that says of a figure when it first has a size.
    for parts, shown in ((figure.marks, marks), (figure.axes, axes)):
        for part in parts:
            part.visible = shown


def whole_ticks(first: int, last: int, most: int = 6) -> npt.NDArray[np.float64]:
    """Return whole numbers for the ticks of an axis: evenly, by 1, 2, 5 or 10 times a power of ten.

    Examples
    --------
    >>> whole_ticks(0, 3).tolist(), whole_ticks(0, 50).tolist(), whole_ticks(1, 12).tolist()
    ([0.0, 1.0, 2.0, 3.0], [0.0, 10.0, 20.0, 30.0, 40.0, 50.0], [2.0, 4.0, 6.0, 8.0, 10.0, 12.0])
    """
    least = max(1.0, (last - first) / most)
    power = 10 ** math.floor(math.log10(least))
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= least)
    return np.arange(step * math.ceil(first / step), last + 1, step, dtype=np.float64)


def probability_figure(
    marks: Sequence[bq.Mark], below: bq.Axis, up: bq.Scale, *, top: int, **more: Any
) -> bq.Figure:
    """Make the figure of probabilities that stands beside a picture, its top at the picture's.

    Parameters
    ----------
    marks
        Of the figure.
    below
        See `axis_below`.
    up
        The scale of the probabilities, 0 to 1.
    top
        Margin above the axes in pixels: 28 have room for `names_above`.
    more
        Traits of the figure.
    """
    beside = bq.Axis(scale=up, orientation="vertical", tick_values=[0, 0.5, 1], tick_format=".1f")
    return bq.Figure(
        padding_x=0,  # so that what is first stands on the axis
        marks=list(marks),
        axes=[below, beside],
        animation_duration=0,
        fig_margin={"top": top, "bottom": 48, "left": 36, "right": 16},
        # below the head line of the view
        layout=w.Layout(width="340px", height="260px", min_width="280px", margin="52px 0 0 0"),
        **more,
    )


def axis_below(across: bq.Scale, label: str, **more: Any) -> bq.Axis:
    """Make the axis of whole numbers below a figure, with a label."""
    return bq.Axis(
        scale=across,
        label=label,
        label_color=GREY,
        label_offset="2.6em",
        grid_lines="none",
        tick_format="d",
        **more,
    )


def names_above(up: bq.Scale, names: Sequence[tuple[str, float, str]]) -> bq.Label:
    """Name curves above the axes: each with its text, its place, 0 to 1 of the width, and its colour."""
    texts, places, colours = zip(*names, strict=True)
    return bq.Label(
        text=list(texts),
        x=list(places),
        y=[1.05] * len(names),
        scales={"x": bq.LinearScale(min=0, max=1), "y": up},
        colors=list(colours),
        default_size=11,
        font_weight="normal",
        apply_clip=False,  # they stand above the curves
    )


def close_figure(figure: bq.Figure, *links: w.Widget) -> None:
    """Close a figure, its links and its parts: ipywidgets keeps what is not closed itself."""
    for link in links:
        link.unlink()
        link.close()
    scales = {figure.scale_x, figure.scale_y, *(axis.scale for axis in figure.axes)}
    scales.update(scale for mark in figure.marks for scale in mark.scales.values())
    for widget in (*figure.marks, *figure.axes, *scales, figure.layout, figure):
        widget.close()
