"""Export widgets: an HTML file that plays from disk."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeAlias

from cfwidgets.checks import choice
from cfwidgets.export.beside import Beside, beside
from cfwidgets.export.exported import Exported
from cfwidgets.export.foreign import front_end
from cfwidgets.export.network import Network, in_planes, packed_numbers
from cfwidgets.export.page import Page, Places
from cfwidgets.export.refusal import CannotTravelError
from cfwidgets.export.state import State, modules, state_of
from cfwidgets.export.travel import Travel
from cfwidgets.export.words import About, software, today
from cfwidgets.export.writing import checked_path, write
from cfwidgets.models.absent import AbsentError

if TYPE_CHECKING:
    import ipywidgets as w

__all__ = ["Live", "Runtime", "Shown", "Traveller", "as_it_stands", "export", "travel_of"]

Live: TypeAlias = Literal["auto", "half"] | bool
Runtime: TypeAlias = Literal["inside", "beside"]

_MB = 1_000_000
_LARGEST = 40 * _MB  # of a page that "auto" makes live
_STILL = "a still page"


class Traveller(Protocol):
    """A view that can be exported."""

    @property
    def model_id(self) -> str:
        """The id of its model on pages."""
        ...

    def wait_for_answers(self) -> None:
        """Wait until all is answered that was asked."""
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
class Shown:
    """Widgets as they stand.

    Attributes
    ----------
    about
        What they show.
    state
        Their state, and that of all they refer to.
    above
        Ids of the models that are always seen.
    travels
        How each view is answered, or why it is not, by the id of its model.
    names
        What the views are called where there are several, by the same ids.
    cases
        Cases, of which one is seen.
    gallery
        The id of the view in which they are chosen.
    """

    about: About
    state: State
    above: tuple[str, ...]
    travels: Mapping[str, Travel | CannotTravelError]
    names: Mapping[str, str] = field(default_factory=dict)
    cases: tuple[Places, ...] = ()
    gallery: str = ""


def export(
    stand: Callable[[], Shown],
    path: str | os.PathLike[str],
    live: Live = "auto",
    runtime: Runtime = "inside",
    title: str | None = None,
) -> Exported:
    """Write a page with widgets as they stand.

    Parameters
    ----------
    stand
        Gives them, once all else is known to be right.
    path, live, runtime, title
        See `cfwidgets.widgets.view.View.export`.
    """
    choice("live", live, (True, False, "auto", "half"))
    choice("runtime", runtime, ("inside", "beside"))
    if title is not None and not isinstance(title, str):
        raise ValueError(f"title must be a text, not {title!r:.60}")
    target = checked_path(path)
    shown = stand()
    shared = beside() if runtime == "beside" else None
    page = functools.partial(_page, shown, title, shared)
    networks, reason = ({}, f"{_STILL}, as asked for") if live is False else _networks(shown, live, shared)
    content = page(networks, reason).html()
    if live == "auto" and networks and len(content) > _LARGEST:
        reason = f"{_STILL}, because a live one would have {len(content) / _MB:.0f} MB (live=True makes it)"
        networks, reason, content = _smaller(shown, shared, page, reason)
    # first: the page is never there without it
    put = shared.put(target.parent) if shared and networks else None
    write(target, content)
    return Exported(target, bool(networks), len(content), reason, put)


def as_it_stands(widget: w.Widget, view: Traveller) -> Shown:
    """Collect an explorer, or a view alone.

    Parameters
    ----------
    widget
        What the page shows.
    view
        Its view.
    """
    view.wait_for_answers()
    with view.together():
        travel = travel_of(view)
        about = view.account()  # first, since a view may put into its state what a page needs
        return Shown(about, state_of(widget), (widget.model_id,), {view.model_id: travel})


def travel_of(view: Traveller) -> Travel | CannotTravelError:
    """Return what a page needs to answer a view, or why none can."""
    try:
        return view.travel()
    except CannotTravelError as error:
        return error
    except AbsentError as error:
        return CannotTravelError(str(error))


def _networks(shown: Shown, live: Live, shared: Beside | None) -> tuple[dict[str, Network], str]:
    """Make the networks that views are answered with, by the ids of their models; none for a still page."""
    found: dict[str, Network] = {}
    known: dict[bytes, Network] = {}
    without: dict[str, CannotTravelError] = {}
    for name, travel in shown.travels.items():
        if isinstance(travel, CannotTravelError):
            without[name] = travel
        elif travel.network is not None:
            try:
                network = travel.network("half" if live == "half" else "full")
            except CannotTravelError as error:
                without[name] = error
            except AbsentError as error:
                without[name] = CannotTravelError(str(error))
            else:
                found[name] = known.setdefault(network.model, network)
    if not found:
        why = next(iter(without.values()), CannotTravelError("what it answers needs no network"))
        if live != "auto":
            raise CannotTravelError(f"{why}; live=False makes {_STILL}") from why
        return {}, f"{_STILL}, because {why}"
    silent = {shown.names[name]: error for name, error in without.items()}
    return found, _of_networks(known.values(), silent, shared)


def _smaller(
    shown: Shown, shared: Beside | None, page: Callable[[Mapping[str, Network], str], Page], reason: str
) -> tuple[dict[str, Network], str, bytes]:
    """Try half precision for a page that is too large; make a still one where that does not do."""
    try:
        halves, how = _networks(shown, "half", shared)
    except CannotTravelError as error:
        reason = f"{reason}, and {error}"
    else:
        content = page(halves, how).html()
        if len(content) <= _LARGEST:
            return halves, how, content
    return {}, reason, page({}, reason).html()


def _of_networks(
    networks: Iterable[Network], without: Mapping[str, CannotTravelError], shared: Beside | None
) -> str:
    some = list(networks)
    precision = (
        "weights in half precision, which changes probabilities by up to "
        f"{max(one.difference for one in some):.2g} on the pictures compared and keeps the top class"
        if some[0].half
        else "weights in full precision"
    )
    what = "the network travels with it" if len(some) == 1 else f"{len(some)} networks travel with it"
    by = ""
    if shared:
        by = f", evaluated by {shared.name} ({len(shared.content) / _MB:.1f} MB) in the same folder"
    silent = "".join(f"; {name}: not answered, because {error}" for name, error in without.items())
    return f"{what}, {precision}{by}{silent}"


def _page(
    shown: Shown, title: str | None, shared: Beside | None, networks: Mapping[str, Network], reason: str
) -> Page:
    travelled: dict[str, Any] = {}
    described: dict[str, Any] = {}
    models: dict[str, bytes] = {}
    places: dict[bytes, str] = {}
    for view, travel in shown.travels.items():
        network = networks.get(view)
        if isinstance(travel, CannotTravelError):
            continue
        if network is None and travel.network is not None:
            if not travel.still:
                continue
            travel = Travel(travel.still, (), None, values=travel.values)  # noqa: PLW2901
        place = "" if network is None else places.get(network.model)
        if network is not None and place is None:
            place = places[network.model] = str(len(places))
            element = f"page-network-{place}"
            models[element] = in_planes(network.model, network.width)
            described[place] = {
                "activation": network.activation,
                "element": element,
                "length": len(network.model),
                "width": network.width,
            }
        travelled[view] = {
            "kind": travel.kind,
            "answers": list(travel.answers),
            "network": place,
            "arrays": {name: packed_numbers(values) for name, values in travel.arrays.items()},
            "values": travel.values,
        }
    answers = {name: tuple(one["answers"]) for name, one in travelled.items()}
    about = shown.about
    lacks = (about.lacks if any(answers.values()) else "") or about.asks
    return Page(
        title=title or about.title,
        lead=_lead(bool(networks), shared),
        about=(
            *about.rows,
            ("In this page", (f"{reason[0].upper()}{reason[1:]}.", f"It has no kernel: {lacks}.")),
            ("Made", (f"{today()}, with {software()}",)),
        ),
        state=shown.state.answering(answers),
        texts=shown.state.texts,
        views=shown.above,
        cases=shown.cases,
        gallery=shown.gallery,
        front_ends=tuple(front_end(name) for name in modules(shown.state)),
        travelled=travelled,
        networks=described,
        models=models,
        beside=shared if networks else None,
    )


def _lead(live: bool, shared: Beside | None) -> str:
    if live and shared:
        return (
            "A live page: the network travels in this file and answers in your browser, with "
            f"{shared.name} from the same folder. Nothing else is fetched, and nothing is sent."
        )
    if live:
        return (
            "A live page: the network travels in this file and answers in your browser. Nothing is fetched "
            "or sent."
        )
    return (
        "A still page: it plays in your browser, without the network's answers. Nothing is fetched or sent."
    )
