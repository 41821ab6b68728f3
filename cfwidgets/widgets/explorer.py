"""The base of all explorers: a view, and a chart beside it."""

from __future__ import annotations

import functools
import weakref
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar, Concatenate, Generic, ParamSpec, Protocol, TypeVar

import ipywidgets as w

from cfwidgets.docstrings import section
from cfwidgets.widgets import cells
from cfwidgets.widgets.lifetime import HOST, FixedBox, FixedLayout, Held, closed_on_failure, weakly
from cfwidgets.widgets.sending import send_again
from cfwidgets.widgets.stored import show_beside
from cfwidgets.widgets.view import shown_in_a_line

if TYPE_CHECKING:
    from pathlib import Path

    from cfwidgets.export.explorers import Live, Runtime
    from cfwidgets.export.exported import Exported
    from cfwidgets.run import Run
    from cfwidgets.widgets.view import View

__all__ = ["Chart", "Explorer", "made_of"]

P = ParamSpec("P")
V = TypeVar("V", bound="View[Any]")


class Chart(Protocol):
    """A chart that belongs to a view.

    Attributes
    ----------
    drawn_from
        Traits of the view: the chart is drawn when one of them changes.
    """

    drawn_from: ClassVar[tuple[str, ...]]
    figure: w.DOMWidget

    def __init__(self, view: Any) -> None: ...

    def draw(self) -> None:
        """Draw the view as it is now. Called under the view's lock, as all of these."""
        ...

    def close(self) -> None:
        """Free the chart and its links."""
        ...


class Explorer(Held, FixedBox, Generic[V]):
    """Base of the explorers: a view, and beside it, or below where there is no room, a chart.

    It is taken off every page, with its chart and its view, and the search stops, when nothing refers to it
    any more: neither the program nor the output of a cell. A cell that is run again drops what it showed.

    A subclass sets ``chart_type`` and ``widest``, and takes its arguments from its view:
    ``__init__ = made_of(SomeView)``.

    Attributes
    ----------
    view
        The view.
    chart
        The bqplot figure, or a box of several.
    """

    chart_type: ClassVar[type[Chart]]
    widest: ClassVar[str]
    """The largest width of the view, in CSS."""
    flex: ClassVar[str] = "1 1 560px"
    """The view's share of a row with the chart, in CSS."""

    _open = False
    _chart: Chart | None = None

    @closed_on_failure
    def __init__(self, view: V) -> None:
        self.view = view
        self._open = True
        # The view asks its container how wide it may be, and so has no width of its own in a row.
        for name, value in {"flex": self.flex, "max_width": self.widest, "min_width": "300px"}.items():
            setattr(view.layout, name, value)
        with view.together():  # its run draws on a thread of its own
            self._chart = chart = self.chart_type(weakref.proxy(view))  # no circle, which would outlive both
            self._draw = lambda _change: chart.draw()
            view.observe(self._draw, list(chart.drawn_from))
            chart.draw()
            view.send_beside = weakly(self._send_chart)
        self.chart = chart.figure
        layout = FixedLayout(flex_flow="row wrap", align_items="flex-start")
        super().__init__([view, self.chart], layout=layout, _dom_classes=(HOST,))

    def __repr__(self) -> str:
        return shown_in_a_line(self, self.view) if self._open else f"<{type(self).__name__} closed>"

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        show_beside(self.view)
        return super()._repr_mimebundle_(**kwargs)

    @property
    def run(self) -> Run[Any] | None:
        """The run that fills the view in; None where what is shown was finished before."""
        return self.view.run

    @property
    def result(self) -> Any:
        """The result as it stands; None before the first step."""
        return self.view.result

    def stop(self) -> None:
        """Stop the run; what was found is kept."""
        self.view.stop()

    def resume(self) -> None:
        """Resume a run that was stopped, or begin again with what failed: see `View.resume`."""
        self.view.resume()

    def export(
        self,
        path: str | Path,
        *,
        live: Live = "auto",
        runtime: Runtime = "inside",
        title: str | None = None,
    ) -> Exported:
        """Write one HTML file with the explorer as it stands: see `cfwidgets.widgets.view.View.export`."""
        from cfwidgets.export.explorers import as_it_stands, export

        return export(lambda: as_it_stands(self, self.view), path, live, runtime, title)

    def save(self, path: str | Path) -> None:
        """Write one file with what was found and clicked: see `cfwidgets.widgets.view.View.save`."""
        from cfwidgets.widgets.saving import save

        save(self, self.view, path)

    def _send_chart(self) -> None:
        if self._open:
            send_again(self.chart)

    def close(self) -> None:
        """Stop the run and free everything: the view, the chart, and what they hold."""
        if self._open:
            try:
                self._let_go()
            finally:
                self.view.close()

    def __del__(self) -> None:
        self._let_go()

    def _let_go(self) -> None:
        if not self._open:
            return
        self._open = False
        cells.let_go(self)
        if self._chart is not None:
            with self.view.together():
                self.view.unobserve(self._draw, list(self._chart.drawn_from))
                self._chart.close()
        self.layout.close()
        super().close()


def made_of(view_type: Callable[P, V]) -> Callable[Concatenate[Any, P], None]:
    """Make an explorer's ``__init__`` from its view: the same arguments, written once.

    Parameters
    ----------
    view_type
        The class of the view.
    """

    def __init__(self: Explorer[V], /, *args: P.args, **kwargs: P.kwargs) -> None:  # noqa: N807
        Explorer.__init__(self, view_type(*args, **kwargs))

    functools.update_wrapper(__init__, view_type.__init__)
    __init__.__doc__ = section(view_type, "Parameters")
    return __init__
