"""Parts of the charts beside the views: colours, showing and closing a figure."""

from __future__ import annotations

import bqplot as bq

# Readable on the light and on the dark theme: a mark cannot follow the theme.
BLUE, ORANGE, GREY = "#2488cc", "#cf7c00", "#8a929a"


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
