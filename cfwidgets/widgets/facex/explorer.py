"""The explorer of regions: the view, and beside it a chart of the ranking."""

from __future__ import annotations

from cfwidgets.widgets.explorer import Explorer, made_of
from cfwidgets.widgets.facex.chart import RankingChart
from cfwidgets.widgets.facex.view import FaceXView


class FaceXExplorer(Explorer[FaceXView]):
    """The regions of a face that a classifier attends to: the FaceX view, and a chart of the ranking.

    Parameters
    ----------
    clf, faces, target, regions, prototype, client, engine, second, result, checkpoint
        See `FaceXView`.

    Attributes
    ----------
    view
        The `FaceXView`.
    chart
        The bqplot figure.

    Examples
    --------
    >>> import cfwidgets as cf
    >>> faces = cf.data.portraits(4, size=32)
    >>> clf = cf.zoo.classifier("portraits/male-biased")
    >>> explorer = FaceXExplorer(clf, faces, "Male", engine=cf.FaceX(trust=False))
    >>> len(explorer.run.result().numbers)
    4
    >>> explorer.close()
    """

    chart_type = RankingChart
    widest = "860px"

    __init__ = made_of(FaceXView)

    @property
    def chosen(self) -> str:
        """The region that is pinned; empty where none is. It can be set."""
        chosen: str = self.view.chosen
        return chosen

    @chosen.setter
    def chosen(self, region: str) -> None:
        self.view.chosen = region
