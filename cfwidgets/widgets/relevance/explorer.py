"""The explorer of relevance maps: the view, and beside it the prediction while pixels are hidden."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cfwidgets.widgets.explorer import Explorer, made_of
from cfwidgets.widgets.relevance.chart import HidingChart
from cfwidgets.widgets.relevance.view import RelevanceView

if TYPE_CHECKING:
    from collections.abc import Mapping


class RelevanceExplorer(Explorer[RelevanceView]):
    """Relevance maps by several methods, and the prediction without what they mark: the view and a chart.

    As the last line of a cell it shows itself, and fills in while the maps are computed. Point at a pixel and
    read all maps there; hide the most relevant pixels of a map and read the model's answer; go through the
    layers of Grad-CAM, and through a network whose layers are randomised one after the other.

    Parameters
    ----------
    clf, image, target, methods, against, engine, result, checkpoint
        See `RelevanceView`.

    Attributes
    ----------
    hiding
        The pixels that are hidden: ``method``, ``percent``, ``least`` and ``fill``. It can be set.
    result
        What is found so far, a `RelevanceResult`, to ``plot()``, ``save(path)`` and ``trust()``.
    run
        The `Run` of the engine: ``run.result()`` waits for its end.
    view, chart
        The `RelevanceView`, and the bqplot figure.

    Methods
    -------
    stop, resume
        Stop the run, and keep what was found; resume it.
    export
        Write one HTML file that plays from disk, and answers where the network can travel in it.
    save
        Write a file that `cfwidgets.open` brings back, with what was clicked.
    close
        Stop, free everything, and take it off the page.

    Examples
    --------
    >>> import torch
    >>> from torch import nn
    >>> from cfwidgets import Classifier, Relevance
    >>> net = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(144, 2))
    >>> quick = Relevance(("rap",), trust=False)
    >>> explorer = RelevanceExplorer(Classifier(net), torch.rand(3, 8, 8), 1, engine=quick)
    >>> explorer.run.result().label
    'class 1'
    >>> explorer.close()
    """

    chart_type = HidingChart
    widest = "960px"

    __init__ = made_of(RelevanceView)

    @property
    def hiding(self) -> dict[str, Any]:
        """The pixels that are hidden. It can be set."""
        return dict(self.view.hiding)

    @hiding.setter
    def hiding(self, hiding: Mapping[str, Any]) -> None:
        self.view.hiding = dict(hiding)
