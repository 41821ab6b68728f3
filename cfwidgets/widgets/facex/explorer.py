"""The explorer: the view, and beside it the chart."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from cfwidgets.data.faces.regions import REGIONS
from cfwidgets.engines.facex.engine import FaceX
from cfwidgets.models.classifier import Classifier
from cfwidgets.widgets.explorer import Explorer
from cfwidgets.widgets.facex.chart import RankingChart
from cfwidgets.data.faces.prototype import Prototype
from cfwidgets.widgets.facex.view import FaceXView

if TYPE_CHECKING:
    from collections.abc import Sequence

    from distributed import Client

    from cfwidgets.engines.facex.reading import Face, Faces
    from cfwidgets.engines.facex.result import FaceXResult


class FaceXExplorer(Explorer):
    """Where a classifier looks over a data set of faces: the view, and beside it the ranking as a chart.

    Parameters
    ----------
    clf, faces, target, other, engine, prototype, regions, results, checkpoint, client
        See `FaceXView`.

    Attributes
    ----------
    view
        The `FaceXView`.
    chart
        The bqplot figure.
    """

    def __init__(
        self,
        clf: Classifier,
        faces: Faces | Sequence[Face] | None = None,
        target: int | str | None = None,
        *,
        other: Classifier | None = None,
        engine: FaceX | None = None,
        prototype: Prototype | None = None,
        regions: Sequence[str] = REGIONS,
        results: Sequence[FaceXResult] | None = None,
        checkpoint: str | Path | Sequence[str | Path] | None = None,
        client: Client | None = None,
    ) -> None:
        view = FaceXView(
            clf,
            faces,
            target,
            other=other,
            engine=engine,
            prototype=prototype,
            regions=regions,
            results=results,
            checkpoint=checkpoint,
            client=client,
        )
        super().__init__(view, RankingChart(view), "860px")

    @property
    def results(self) -> list[FaceXResult]:
        """What was found for each classifier, as it stands."""
        return self.view.results

    @property
    def chosen(self) -> str:
        """The region that is pinned; empty where none is. It can be set."""
        chosen: str = self.view.chosen
        return chosen

    @chosen.setter
    def chosen(self, region: str) -> None:
        self.view.chosen = region
