"""The explorer of regions: the view, and beside it a chart of the ranking."""

from __future__ import annotations

from cfwidgets.widgets.explorer import Explorer, made_of
from cfwidgets.widgets.facex.chart import RankingChart
from cfwidgets.widgets.facex.view import FaceXView


class FaceXExplorer(Explorer[FaceXView]):
    """The regions of a face that a classifier attends to: the FaceX view, and a chart of the ranking.

    As the last line of a cell it shows itself, and fills in while the faces are read. Point at a region of
    the drawn face, or at a bar, to see its patches of most attention; click to pin it; open a patch to see
    the whole face with its map; colour the face by attention or by effect.

    Parameters
    ----------
    clf, faces, target, regions, prototype, client, engine, second, result, checkpoint
        See `FaceXView`.

    Attributes
    ----------
    chosen
        The region that is pinned. It can be set.
    result
        What is found so far, a `FaceXResult`, to ``plot()``, ``save(path)`` and ``trust()``; with a second
        classifier a pair.
    run
        The `Run` over the faces: ``run.result()`` waits for its end.
    view, chart
        The `FaceXView`, and the bqplot figure.

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
