"""Parts of the charts beside the views: colours, showing and closing a figure."""

from __future__ import annotations

from typing import Any

import bqplot as bq

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


def show(figure: bq.Figure, shown: bool) -> None:
    """Show or hide what is in a figure; its place is kept, so that nothing moves."""
    # Not by the layout: bqplot itself undoes what that says of a figure when it first has a size.
    for part in (*figure.marks, *figure.axes):
        part.visible = shown


def close_figure(figure: bq.Figure) -> None:
    """Close a figure with all that belongs to it: ipywidgets keeps what is not closed itself."""
    scales = {figure.scale_x, figure.scale_y, *(axis.scale for axis in figure.axes)}
    for widget in (*figure.marks, *figure.axes, *scales, figure.layout, figure):
        widget.close()
