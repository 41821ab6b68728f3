"""The case that is open: its explorers, made when their tab is first opened, stopped when it is left."""

from __future__ import annotations

import weakref
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import ipywidgets as w

from cfwidgets.widgets.view import in_words
from cfwidgets.widgets.workbench.asking import EXPLAINERS, TABS, Explainer, Given, Refusal

if TYPE_CHECKING:
    from collections.abc import Callable

    from cfwidgets.engines.base import ExplainerResult
    from cfwidgets.widgets.explorer import Explorer
    from cfwidgets.widgets.workbench.case_view import CaseView
    from cfwidgets.widgets.workbench.kept import Found, Kept
    from cfwidgets.widgets.workbench.pictures import Picture

__all__ = ["OpenCase"]

_LINKED = ("point", "region")


class OpenCase:
    """An open case.

    Parameters
    ----------
    given
        What questions are asked with.
    picture
        The picture.
    kept
        What was kept of it before; None for a case that is opened for the first time.
    ended
        Called, from threads of runs too, when an explorer's state changes. It must return at once.

    Attributes
    ----------
    explorers
        Those made so far, by their names.
    """

    def __init__(
        self, given: Given, picture: Picture, kept: Kept | None, ended: Callable[[Any], None]
    ) -> None:
        self.given, self.picture, self.kept = given, picture, kept
        self.explorers: dict[str, Explorer[Any]] = {}
        self._ended = ended
        self._links: list[w.Widget] = []
        self._paused: set[str] = set()
        self._refused: dict[str, Refusal] = {}
        for kind in EXPLAINERS:
            refusal = kind.refusal(given, picture, self._earlier(kind))
            if refusal is not None:
                self._refused[kind.name] = refusal

    @property
    def mark(self) -> str:
        """The fingerprint of the picture as it was explained."""
        return self.picture.mark if self.kept is None else self.kept.case.picture

    @property
    def tabs(self) -> list[dict[str, Any]]:
        """The tabs, with what may be asked in each, for the page."""
        return [
            {
                "name": name,
                "title": title,
                "asked": [self._entry(kind) for kind in EXPLAINERS if kind.tab == name],
            }
            for name, title in TABS.items()
        ]

    @property
    def results(self) -> dict[str, Found]:
        """The results so far, also in tabs that were not opened since the case was kept."""
        earlier = {} if self.kept is None else self.kept.results
        found = {name: explorer.result for name, explorer in self.explorers.items()}
        rows = {kind.name: found.get(kind.name) or earlier.get(kind.name) for kind in EXPLAINERS}
        return {name: result for name, result in rows.items() if result is not None}

    @property
    def of_the_picture(self) -> dict[str, ExplainerResult]:
        """The results that explain this one picture, of runs that do not go on."""
        running = {name for name, explorer in self.explorers.items() if explorer.view.state == "running"}
        return {
            name: found
            for name, found in self.results.items()
            if not isinstance(found, tuple) and name not in running and name != "regions"
        }

    @property
    def clicked(self) -> dict[str, dict[str, Any]]:
        """The state of the explorers that the user has clicked together, by their names."""
        earlier = {} if self.kept is None else self.kept.case.clicked
        now = {
            kind.name: {trait: getattr(self.explorers[kind.name].view, trait) for trait in kind.clicked}
            for kind in EXPLAINERS
            if kind.name in self.explorers
        }
        return {**earlier, **now}

    def enter(self, tab: str, case: CaseView) -> list[Explorer[Any]]:
        """Stop the explorers of other tabs, and return those of this one, made or resumed."""
        shown = []
        for kind in EXPLAINERS:
            if kind.tab != tab:
                self._leave(kind.name)
                continue
            if kind.name not in self.explorers and kind.name not in self._refused:
                self._make(kind, case)
            explorer = self.explorers.get(kind.name)
            if explorer is None:
                continue
            shown.append(explorer)
            if kind.name in self._paused:
                self._paused.discard(kind.name)
                explorer.resume()
        return shown

    def recall(self, case: CaseView) -> None:
        """Make the explorers of all that was kept; none of them runs."""
        for kind in EXPLAINERS:
            kept = self._earlier(kind) is not None and kind.name not in self._refused
            if kept and kind.name not in self.explorers:
                self._make(kind, case)

    def close(self) -> None:
        """Close all explorers, whatever one of them raises."""
        with ExitStack() as stack:
            for explorer in self.explorers.values():
                stack.callback(explorer.close)
            for link in self._links:
                stack.callback(link.close)
        self.explorers, self._links = {}, []

    def _earlier(self, kind: Explainer) -> Found | None:
        return None if self.kept is None else self.kept.results.get(kind.name)

    def _entry(self, kind: Explainer) -> dict[str, str]:
        refusal = self._refused.get(kind.name, Refusal(""))
        return {"name": kind.name, "title": kind.title, "why": refusal.why, "how": refusal.how}

    def _leave(self, name: str) -> None:
        explorer = self.explorers.get(name)
        if explorer is not None and explorer.view.state == "running":
            self._paused.add(name)
            explorer.stop()

    def _make(self, kind: Explainer, case: CaseView) -> None:
        try:
            explorer = kind.explorer(self.given, self.picture, self._earlier(kind))
        except Exception as error:  # noqa: BLE001 - whatever the model or the user's data raise: the others go on
            self._refused[kind.name] = Refusal(in_words(error))
            return
        self.explorers[kind.name] = explorer
        clicked = {} if self.kept is None else self.kept.case.clicked.get(kind.name, {})
        try:
            explorer.view.recall({name: value for name, value in clicked.items() if name in kind.clicked})
        except Exception as error:  # noqa: BLE001 - a file may hold anything: the result is shown all the same
            case.say(error)
        explorer.view.observe(self._ended, "state")
        self._link(explorer, case)

    def _link(self, explorer: Explorer[Any], case: CaseView) -> None:
        """Share crosshair and region in the browser. Links refer weakly: ipywidgets keeps them for good."""
        for name in _LINKED:
            if explorer.view.has_trait(name):
                ends = [(weakref.proxy(view), name) for view in (case, explorer.view)]
                self._links.append(w.jslink(*ends))
