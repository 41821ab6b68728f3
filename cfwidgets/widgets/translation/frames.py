"""Parts that the charts of translations share: the frame of a chart, and the names of its curves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import bqplot as bq
import ipywidgets as w
import numpy as np

from cfwidgets.widgets.chart_parts import BLUE, GREY, ORANGE

__all__ = ["framed", "name", "names_of"]


def framed(marks: list[Any], across: bq.LinearScale, up: bq.LinearScale, label: str, ticks: str) -> bq.Figure:
    """Make a figure of curves from 0 to 1, with ``label`` below it, and room above for their names."""
    below = bq.Axis(
        scale=across,
        label=label,
        label_color=GREY,
        label_offset="2.6em",
        grid_lines="none",
        tick_values=np.linspace(across.min, across.max, 5),
        tick_format=ticks,
    )
    return bq.Figure(
        padding_x=0,
        padding_y=0,
        marks=marks,
        axes=[below, bq.Axis(scale=up, orientation="vertical", tick_values=[0, 0.5, 1], tick_format=".1f")],
        animation_duration=0,
        fig_margin={"top": 8, "bottom": 48, "left": 36, "right": 16},
        layout=w.Layout(width="340px", height="300px", min_width="280px"),
    )


def names_of(scales: dict[str, bq.LinearScale]) -> bq.Label:
    """Make the mark that holds three names, in the colours of their curves."""
    return bq.Label(
        scales=scales,
        colors=[BLUE, ORANGE, GREY],
        default_size=11,
        font_weight="normal",
        align="start",
    )


def name(label: bq.Label, names: Sequence[str]) -> None:
    """Write the names, one above the other."""
    with label.hold_sync():
        label.text = list(names)
        label.x, label.y = np.zeros(3), np.array([1.24, 1.15, 1.06])
