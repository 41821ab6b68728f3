"""The explorer of a survey: the view, and beside it the reliability diagram."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cfwidgets.widgets.explorer import Explorer, made_of
from cfwidgets.widgets.survey.chart import ReliabilityChart
from cfwidgets.widgets.survey.view import SurveyView

if TYPE_CHECKING:
    from collections.abc import Mapping


class SurveyExplorer(Explorer[SurveyView]):
    """Where a classifier goes wrong over a whole data set: the view and the reliability diagram.

    As the last line of a cell it shows itself, and fills in while the survey runs. Click a cell of the
    confusion matrix, sort the pictures by surprise or doubt, look for a file, and open one by Enter or a
    click.

    Parameters
    ----------
    clf, data, labels, second, engine, result, checkpoint
        See `SurveyView`.

    Attributes
    ----------
    chosen
        The number in the data set of the picture that is opened, -1 for none. It can be set.
    filters
        What the gallery shows, and in which order: see `SurveyView`. It can be set.
    result
        What is found so far, a `SurveyResult`, to ``to_frame()``, ``plot()``, ``save(path)`` and ``trust()``.
    run
        The `Run` of the engine: ``run.result()`` waits for its end.
    view, chart
        The `SurveyView`, and the bqplot figure.

    Methods
    -------
    stop, resume
        Stop the run, and keep what was found; resume it.
    export
        Write it as one HTML file, which plays in any browser.
    save
        Write a file that `cfwidgets.open` brings back, with what was clicked.
    close
        Stop, free everything, and take it off the page.

    Examples
    --------
    >>> import torch
    >>> from cfwidgets import Classifier
    >>> clf = Classifier(lambda images: images.mean((2, 3)), labels=["red", "green", "blue"])
    >>> explorer = SurveyExplorer(clf, torch.eye(3)[:, :, None, None].expand(3, 3, 8, 8), [0, 1, 1])
    >>> explorer.run.result().to_frame()["prediction"].tolist()
    ['red', 'green', 'blue']
    >>> explorer.chosen = 2
    >>> explorer.close()
    """

    chart_type = ReliabilityChart
    widest = "1280px"
    flex = "1 1 640px"

    __init__ = made_of(SurveyView)

    @property
    def chosen(self) -> int:
        """The number of the picture that is opened, -1 for none. It can be set."""
        return self.view.chosen

    @chosen.setter
    def chosen(self, chosen: int) -> None:
        self.view.chosen = chosen

    @property
    def filters(self) -> dict[str, Any]:
        """Order and filters of the gallery. They can be set."""
        return dict(self.view.filters)

    @filters.setter
    def filters(self, filters: Mapping[str, Any]) -> None:
        self.view.filters = dict(filters)
