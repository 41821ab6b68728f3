"""The text and the figure beside a view, for where a stored notebook is read and no widget can be shown.

A notebook keeps of a view its id alone. Without a widget manager that works (JupyterLab with "No Kernel",
nbconvert without a network, a viewer on the web) there is nothing to see of it. So each is preceded by an
output with the finding and its figure, which a sheet of its own hides as long as the view itself is there.
"""

from __future__ import annotations

import html
import uuid
import weakref
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Protocol

from cfwidgets import background
from cfwidgets.notebook import running_shell

__all__ = ["show_beside", "stored"]

_SAYS = (
    "This view plays as soon as a kernel is chosen, whichever, and nothing needs to be run; new answers need "
    "the cell to be run again. What it had found:"
)
_HIDDEN = (
    "<style>.jp-OutputArea:has(.cfw-host) .jp-OutputArea-child:has(.cfw-stored):not(:has(.cfw-host)),"
    "body:has(.cfw-host) .cfw-stored:not(.jp-OutputArea *){display:none}</style>"
)
_BEGUN = "The run had only begun when the notebook was stored."


class Stored(Protocol):
    """A view whose finding is stored."""

    state: str

    @property
    def result(self) -> Any:
        """The result so far; None before there is one."""
        ...

    def observe(self, handler: Callable[..., Any], names: str) -> None:
        """Call ``handler`` when a trait changes."""
        ...


def show_beside(view: Stored) -> None:
    """Show the finding of a view before it, in a notebook, and again when its run has ended."""
    shell = running_shell()
    if shell is None:
        return
    where = {"display_id": uuid.uuid4().hex}
    known = weakref.ref(view)

    def tell(*, update: bool) -> None:
        shown = known()
        if shown is not None:
            data = {"text/html": stored(shown, figure=update), "text/plain": _sentence(shown)}
            shell.display_pub.publish(data, {}, transient=where, update=update)

    def draw(_change: object = None) -> None:
        if _has_ended(known()):  # drawing takes as long as whoever runs the cell should not wait
            background.start(lambda: tell(update=True), "cfwidgets-stored", stop=lambda: None)

    tell(update=False)
    view.observe(draw, "state")
    draw()


def _has_ended(view: Stored | None) -> bool:
    """Return True where a view is there and its run does not go on."""
    return view is not None and view.state in ("done", "stopped", "failed")


def stored(view: Stored, *, figure: bool) -> str:
    """Write the finding of a view as HTML.

    Parameters
    ----------
    view
        Any view.
    figure
        True to draw the finding too.
    """
    text = f"<p>{html.escape(_sentence(view))}</p>"
    result = view.result
    if figure and result is not None:
        # The figure is an extra, whatever goes wrong with it.
        with suppress(Exception):
            text = "".join(one._repr_html_() for one in (result if isinstance(result, tuple) else (result,)))
    return f'<div class="cfw-stored">{_HIDDEN}<p><em>{_SAYS}</em></p>{text}</div>'


def _sentence(view: Stored) -> str:
    return _BEGUN if view.result is None else repr(view.result)
