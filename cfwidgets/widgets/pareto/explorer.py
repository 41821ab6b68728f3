"""The explorer: the view, and beside it the chart."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cfwidgets.engines.pareto.engine import PlausibleCounterfactuals
from cfwidgets.models.classifier import Classifier
from cfwidgets.widgets.explorer import Explorer
from cfwidgets.widgets.pareto.chart import ParetoCharts
from cfwidgets.widgets.pareto.view import ParetoView

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd
    from torch import Tensor

    from cfwidgets.engines.pareto.result import ParetoResult
    from cfwidgets.images import ImageLike
    from cfwidgets.models.editor import Editor


class ParetoExplorer(Explorer):
    """A front of believable edits: the film strip, and beside it the front in three linked charts.

    A click on a point shows its counterfactual; a region that is brushed filters the strip.

    Parameters
    ----------
    clf, editor, image, attributes, engine, second, result
        See `ParetoView`.

    Attributes
    ----------
    view
        The `ParetoView`.
    chart
        The bqplot figures.
    """

    def __init__(
        self,
        clf: Classifier,
        editor: Editor,
        image: ImageLike,
        attributes: Mapping[str, float] | Sequence[float] | Tensor | None = None,
        *,
        engine: PlausibleCounterfactuals | None = None,
        second: Classifier | None = None,
        result: ParetoResult | None = None,
    ) -> None:
        view = ParetoView(clf, editor, image, attributes, engine=engine, second=second, result=result)
        super().__init__(view, ParetoCharts(view), "960px")
        view.layout.flex = "20 1 560px"  # the charts do not grow with it

    @property
    def chosen(self) -> int:
        """The counterfactual that is shown, by its place; -1 for the best pick. It can be set."""
        chosen: int = self.view.chosen
        return chosen

    @chosen.setter
    def chosen(self, place: int) -> None:
        self.view.chosen = place

    @property
    def selected(self) -> tuple[pd.DataFrame, Tensor]:
        """The brushed counterfactuals, or all: a row each, and their pictures ``(k, 3, H, W)`` uint8."""
        found: tuple[pd.DataFrame, Tensor] = self.view.selected
        return found
