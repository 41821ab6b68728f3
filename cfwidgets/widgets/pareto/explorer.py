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

    As the last line of a cell it shows itself, and fills in while the search runs. Walk along the film strip;
    drag the bars of the attributes to edit the image by hand. Three charts show the front by each pair of
    objectives, the fourth shows the objectives along the front. A click on a point shows its counterfactual;
    a region brushed in one of the three filters the strip.

    Parameters
    ----------
    clf, editor, image, target, attributes, engine, second, result, checkpoint
        See `ParetoView`.

    Attributes
    ----------
    chosen
        The counterfactual that is shown, by its place; -1 for the best pick. It can be set.
    selected
        The counterfactuals that are brushed, or all: a table and their images.
    result
        What is found so far, a `ParetoResult`, to ``plot()``, ``save(path)`` and ``trust()``.
    run
        The `Run` of the search: ``run.result()`` waits for its end.
    view, chart
        The `ParetoView`, and the bqplot figures in a box.

    Methods
    -------
    stop, resume
        Stop the search, and keep what was found; resume it.
    export
        Write one HTML file that plays from disk, and answers where the network can travel in it.
    save
        Write a file that `cfwidgets.open` brings back, with what was clicked.
    close
        Stop, free everything, and take it off the page.

    Examples
    --------
    >>> import cfwidgets as cf
    >>> clf = cf.zoo.classifier("portraits/male-blond", device="cpu")
    >>> editor = cf.zoo.attribute_editor("portraits", device="cpu")
    >>> face = cf.data.portraits(1, size=64)[0].image
    >>> quick = cf.PlausibleCounterfactuals(evaluations=200, trust=False)
    >>> explorer = ParetoExplorer(clf, editor, face, engine=quick)
    >>> explorer.run.result().evaluations
    200
    >>> table, images = explorer.selected
    >>> explorer.close()
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
