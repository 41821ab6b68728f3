"""Export explorers and views: one HTML file that plays from disk."""

from __future__ import annotations

import os
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeAlias

from cfwidgets.checks import choice
from cfwidgets.export.exported import Exported
from cfwidgets.export.foreign import front_end
from cfwidgets.export.network import Network, packed_in_planes, packed_numbers
from cfwidgets.export.page import Page, checked_path, write
from cfwidgets.export.refusal import CannotTravelError
from cfwidgets.export.state import State, modules, state_of
from cfwidgets.export.travel import Travel
from cfwidgets.export.words import About, software, today

if TYPE_CHECKING:
    import ipywidgets as w

__all__ = ["Live", "Traveller", "export"]

Live: TypeAlias = Literal["auto", "half"] | bool

_MB = 1_000_000
_LARGEST = 40 * _MB  # of a page that "auto" makes live
_STILL = "a still page"


class Traveller(Protocol):
    """A view that can be exported."""

    @property
    def model_id(self) -> str:
        """The id of its model on pages."""
        ...

    def together(self) -> AbstractContextManager[None]:
        """Keep its traits as they are meanwhile."""
        ...

    def account(self) -> About:
        """Say what it shows."""
        ...

    def travel(self) -> Travel:
        """Return what a page needs to answer it; raise CannotTravelError where none can."""
        ...


@dataclass(frozen=True)
class _Shown:
    """A widget as it stands: its state, the id of its view, what that shows, and how it can be answered."""

    widget: str
    view: str
    state: State
    about: About
    travel: Travel | CannotTravelError


def export(
    widget: w.Widget,
    view: Traveller,
    path: str | os.PathLike[str],
    live: Live = "auto",
    title: str | None = None,
) -> Exported:
    """Write a page with an explorer as it stands.

    Parameters
    ----------
    widget
        What the page shows: an explorer, or a view alone.
    view
        Its view.
    path, live, title
        See `cfwidgets.widgets.view.View.export`.
    """
    choice("live", live, (True, False, "auto", "half"))
    if title is not None and not isinstance(title, str):
        raise ValueError(f"title must be a text, not {title!r:.60}")
    target = checked_path(path)
    shown = _as_it_stands(widget, view)
    network, reason = (None, f"{_STILL}, as asked for") if live is False else _network(shown.travel, live)
    content = _page(shown, network, reason, title).html()
    if live == "auto" and network is not None and len(content) > _LARGEST:
        network, reason, content = _smaller(shown, title, len(content))
    write(target, content)
    return Exported(target, network is not None, len(content), reason)


def _as_it_stands(widget: w.Widget, view: Traveller) -> _Shown:
    with view.together():
        try:
            travel: Travel | CannotTravelError = view.travel()
        except CannotTravelError as error:
            travel = error
        about = view.account()  # first, since a view may put into its state what a page needs
        return _Shown(widget.model_id, view.model_id, state_of(widget), about, travel)


def _network(travel: Travel | CannotTravelError, live: Live) -> tuple[Network | None, str]:
    try:
        if isinstance(travel, CannotTravelError):
            raise travel
        network = travel.network("half" if live == "half" else "full")
    except CannotTravelError as error:
        if live != "auto":
            raise CannotTravelError(f"{error}; live=False makes {_STILL}") from error
        return None, f"{_STILL}, because {error}"
    return network, _of_network(network)


def _smaller(shown: _Shown, title: str | None, length: int) -> tuple[Network | None, str, bytes]:
    """Try half precision for a page that is too large; make a still one where that does not do."""
    travel = shown.travel
    assert isinstance(travel, Travel)  # noqa: S101 - there is a network
    reason = f"{_STILL}, because a live one would have {length / _MB:.0f} MB (live=True makes it)"
    try:
        half = travel.network("half")
    except CannotTravelError as error:
        reason = f"{reason}, and {error}"
    else:
        content = _page(shown, half, _of_network(half), title).html()
        if len(content) <= _LARGEST:
            return half, _of_network(half), content
    return None, reason, _page(shown, None, reason, title).html()


def _of_network(network: Network) -> str:
    precision = (
        f"weights in half precision, which changes probabilities by up to {network.difference:.2g} on the "
        "pictures compared and keeps the top class"
        if network.half
        else "weights in full precision"
    )
    return f"the network travels with it, {precision}"


def _page(shown: _Shown, network: Network | None, reason: str, title: str | None) -> Page:
    travel = shown.travel
    travelled: dict[str, Any] = {}
    networks: dict[str, Any] = {}
    models: dict[str, str] = {}
    if network is not None and isinstance(travel, Travel):
        models["page-network-0"] = packed_in_planes(network.model, network.width)
        networks["0"] = {
            "activation": network.activation,
            "element": "page-network-0",
            "length": len(network.model),
            "width": network.width,
        }
        travelled[shown.view] = {
            "kind": travel.kind,
            "answers": list(travel.answers),
            "network": "0",
            "arrays": {name: packed_numbers(values) for name, values in travel.arrays.items()},
            "values": travel.values,
        }
    answers = {name: tuple(one["answers"]) for name, one in travelled.items()}
    about = shown.about
    lacks = (about.lacks if network is not None else "") or about.asks
    return Page(
        title=title or about.title,
        lead=_lead(network is not None),
        about=(
            *about.rows,
            ("In this page", (f"{reason[0].upper()}{reason[1:]}.", f"It has no kernel: {lacks}.")),
            ("Made", (f"{today()}, with {software()}",)),
        ),
        state=shown.state.answering(answers),
        texts=shown.state.texts,
        views=(shown.widget,),
        front_ends=tuple(front_end(name) for name in modules(shown.state)),
        travelled=travelled,
        networks=networks,
        models=models,
    )


def _lead(live: bool) -> str:
    if live:
        return (
            "A live page: the network travels in this file and answers in your browser. Nothing is fetched "
            "or sent."
        )
    return (
        "A still page: it plays in your browser, without the network's answers. Nothing is fetched or sent."
    )
