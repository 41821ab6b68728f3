"""The lifetime of views and explorers: as long as the program refers to them, or a cell shows them.

ipywidgets and the comms of a kernel keep every widget for good, and with it its search, its models in the
notebook, and the memory of its result. Here both refer weakly to a view: one that was replaced goes.
"""

from __future__ import annotations

import functools
import weakref
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar, cast

import ipywidgets as w
import traitlets as t
from ipywidgets.widgets import widget as registry

from cfwidgets.widgets import cells

if TYPE_CHECKING:
    from types import MethodType

__all__ = ["HOST", "FixedBox", "FixedLayout", "Held", "closed_on_failure", "weakly"]

HOST = "cfw-host"
"""The class of what stands around a view on a page; js/src/shared/host.css is its sheet."""

P = ParamSpec("P")
S = TypeVar("S", bound=w.Widget)


def weakly(method: Callable[..., Any]) -> Callable[..., None]:
    """Return a function that calls a bound method, for as long as its object lives.

    Examples
    --------
    >>> class Bell:
    ...     def ring(self):
    ...         print("ding")
    >>> bell = Bell()
    >>> ring = weakly(bell.ring)
    >>> ring()
    ding
    >>> del bell
    >>> ring()
    """
    found = weakref.WeakMethod(cast("MethodType", method))

    def call(*args: Any) -> None:
        bound = found()
        if bound is not None:
            bound(*args)

    return call


def closed_on_failure(init: Callable[Concatenate[S, P], None]) -> Callable[Concatenate[S, P], None]:
    """Have an ``__init__`` that fails close what it made: an error's trace would keep it running."""

    @functools.wraps(init)
    def __init__(self: S, /, *args: P.args, **kwargs: P.kwargs) -> None:  # noqa: N807
        try:
            init(self, *args, **kwargs)
        except BaseException:
            self.close()
            raise

    return __init__


class Held(w.DOMWidget):
    """A widget that lives as long as the program refers to it, or a cell shows it."""

    @t.observe("comm")
    def _comm_changed(self, change: Any) -> None:
        super()._comm_changed(change)
        if change.new is not None:
            self.comm.on_msg(weakly(self._handle_msg))
            registry._instances[self.model_id] = weakref.proxy(self)  # noqa: SLF001 - there is no other way

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        cells.hold(self)
        return super()._repr_mimebundle_(**kwargs)


class _Fixed(w.Widget):
    def set_state(self, sync_data: dict[str, Any]) -> None:
        """Refuse what the page would change, and tell it how things are."""
        self.send_state(key=[name for name in sync_data if name in self.keys])


class FixedLayout(_Fixed, w.Layout):
    """A layout of which the page may set nothing."""


class FixedBox(_Fixed, w.HBox):
    """A row of widgets of which the page may set nothing."""
