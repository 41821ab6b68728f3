"""Send pages again what widgets show, where a page has missed it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import ipywidgets as w
from ipywidgets.widgets import widget as registry
from ipywidgets.widgets.widget_link import Link

__all__ = ["send_again"]


def send_again(widget: w.Widget) -> None:
    """Send the state of a widget and of all that it refers to.

    Not what is linked with another widget: that is set in the page, and not known here.
    """
    known = _linked()
    for one in _within(widget, set()):
        one.send_state(key=[name for name in one.keys if (id(one), name) not in known])


def _linked() -> set[tuple[int, str]]:
    """Return the ids of the objects at the ends of all links, each with the name of its trait."""
    # By type: a view is held weakly, and may be gone.
    links = [one for one in list(registry._instances.values()) if issubclass(type(one), Link)]  # noqa: SLF001
    return {(id(widget), name) for link in links for widget, name in (link.source, link.target)}


def _within(value: Any, found: set[w.Widget]) -> Iterator[w.Widget]:
    """Give the widgets in a value, each once, those before it that it refers to."""
    if isinstance(value, w.Widget):
        if value in found:
            return
        found.add(value)
        for name in value.keys:
            yield from _within(getattr(value, name), found)
        yield value
    elif isinstance(value, Mapping):
        for one in value.values():
            yield from _within(one, found)
    elif isinstance(value, list | tuple):
        for one in value:
            yield from _within(one, found)
