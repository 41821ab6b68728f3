"""The explorer of plausible counterfactuals: the view, and beside it charts of the front."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cfwidgets.widgets.explorer import Explorer, made_of
from cfwidgets.widgets.pareto.chart import ParetoCharts
from cfwidgets.widgets.pareto.view import ParetoView

if TYPE_CHECKING:
    import pandas as pd
    from torch import Tensor


class ParetoExplorer(Explorer[ParetoView]):
    """A front of plausible counterfactuals: the film strip, and beside it four linked charts.

    Three charts show the front by each pair of objectives, the fourth shows the objectives along the front. A
    click on a point shows its counterfactual; a region brushed in one of the three filters the strip.

    Parameters
    ----------
    clf, editor, image, target, attributes, engine, second, result, checkpoint
        See `ParetoView`.

    Attributes
    ----------
    view
        The `ParetoView`.
    chart
        The bqplot figures, in a box.
    """

    chart_type = ParetoCharts
    widest = "960px"
    flex = "20 1 560px"  # the charts do not grow with it

    __init__ = made_of(ParetoView)

    @property
    def chosen(self) -> int:
        """The counterfactual that is shown, by its place; -1 for the simplest flip. It can be set."""
        chosen: int = self.view.chosen
        return chosen

    @chosen.setter
    def chosen(self, place: int) -> None:
        self.view.chosen = place

    @property
    def selected(self) -> tuple[pd.DataFrame, Tensor]:
        """The brushed counterfactuals, or all and the simplest: rows, and images ``(k, 3, H, W)`` uint8."""
        return self.view.selected
