"""The stars in the charts: a full one at the simplest flip, an empty one at the best pick."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

import bqplot as bq
import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    from cfwidgets.widgets.pareto.view import ParetoView

__all__ = ["Stars", "put_stars", "star_mark", "stars_of"]

Stars: TypeAlias = list[tuple[int, str]]
"""Places of counterfactuals, and the star at each."""


def stars_of(view: ParetoView) -> Stars:
    """Return the stars of what a view shows."""
    return [(place, star) for place, star in ((view.simplest, "★"), (view.crossing, "☆")) if place >= 0]


def star_mark(scales: dict[str, Any]) -> bq.Label:
    """Make the mark that `put_stars` moves."""
    return bq.Label(
        scales=scales,
        text=[],
        x=np.array([]),
        y=np.array([]),
        colors=["var(--jp-ui-font-color1, #111)"],  # of the theme, as the mark of the point that is shown
        align="middle",
        default_size=16,
        font_weight="normal",
        y_offset=-12,
    )


def put_stars(mark: bq.Label, stars: Stars, x: npt.NDArray[np.float64], y: npt.NDArray[np.float64]) -> None:
    """Put the stars at the counterfactuals, whose places in the chart are ``x`` and ``y``."""
    places = [place for place, _ in stars]
    with mark.hold_sync():
        mark.text = [star for _, star in stars]
        mark.x, mark.y = x[places], y[places]
