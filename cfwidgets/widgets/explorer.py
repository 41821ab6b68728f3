"""What the explorers of all engines share: a view, and a chart beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

import ipywidgets as w

if TYPE_CHECKING:
    from bqplot import Figure

    from cfwidgets.run import Run
    from cfwidgets.widgets.view import View


class Chart(Protocol):
    """A chart that belongs to a view."""

    figure: Figure

    def close(self) -> None:
        """Free the chart and its links."""
        ...


class Explorer(w.HBox):
    """Base of the explorers: a view, and beside it, or below where there is no room, a chart.

    Parameters
    ----------
    view
        The view.
    chart
        The chart.
    widest
        How wide the view may become, as CSS says it.

    Attributes
    ----------
    view
        The view.
    chart
        The bqplot figure.
    """

    _open = False

    def __init__(self, view: View, chart: Chart, widest: str) -> None:
        self.view = view
        self._chart = chart
        self.chart = chart.figure
        # The view asks its container how wide it may be, and so has no width of its own in a row.
        for name, value in {"flex": "1 1 560px", "max_width": widest, "min_width": "300px"}.items():
            setattr(view.layout, name, value)
        super().__init__([view, self.chart], layout=w.Layout(flex_flow="row wrap", align_items="flex-start"))
        self._open = True

    @property
    def run(self) -> Run[Any] | None:
        """The run that fills the view in; None where what is shown was finished before."""
        return self.view.run

    @property
    def result(self) -> Any:
        """What was found, as it stands; None before the first step."""
        return self.view.result

    def stop(self) -> None:
        """Stop the run; what was found is kept."""
        self.view.stop()

    def proceed(self) -> None:
        """Go on where the run was stopped."""
        self.view.proceed()

    def close(self) -> None:
        """Stop the run and free everything: the view, the chart, and what they hold."""
        if self._open:
            self._open = False
            self._chart.close()
            self.view.close()
            self.layout.close()
            super().close()
