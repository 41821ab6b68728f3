"""Cases of a workbench as they stand, for one page."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

from cfwidgets.export.explorers import Shown, travel_of
from cfwidgets.export.page import Places
from cfwidgets.export.state import state_of
from cfwidgets.export.words import About
from cfwidgets.widgets.workbench.asking import EXPLAINERS, TABS
from cfwidgets.widgets.workbench.question import in_text

if TYPE_CHECKING:
    from cfwidgets.widgets.survey.explorer import SurveyExplorer
    from cfwidgets.widgets.view import View
    from cfwidgets.widgets.workbench.case_view import CaseView
    from cfwidgets.widgets.workbench.notes_view import NotesView
    from cfwidgets.widgets.workbench.open_case import OpenCase

__all__ = ["Travelling", "cases_as_they_stand"]

_MB = 1_000_000
_LARGEST = 100 * _MB
_NOT_ASKED = "This was not asked before the page was made: it needs the notebook."
_ASKS = (
    "new predictions, tabs that were not opened, other pictures, notes, and what the explorers do not show "
    "yet need the notebook"
)
_LACKS = (
    "other classes, tabs that were not opened, other pictures, notes, and what the explorers do not show yet "
    "need the notebook"
)


class Travelling(NamedTuple):
    """A case with all that is shown of it."""

    opened: OpenCase
    head: CaseView
    foot: NotesView

    @property
    def views(self) -> dict[str, View[Any]]:
        """The views that may be answered, by what they are called."""
        titles = {kind.name: kind.title for kind in EXPLAINERS}
        found = {titles[name].lower(): explorer.view for name, explorer in self.opened.explorers.items()}
        return {"the picture without a region": self.head, **found}


def cases_as_they_stand(
    survey: SurveyExplorer, numbers: list[int], travelling: Callable[[int], Travelling]
) -> Shown:
    """Collect a survey, and cases below it.

    Parameters
    ----------
    survey
        The survey.
    numbers
        Those of the cases, the one to be seen first at the front.
    travelling
        Gives a case by its number.

    Raises
    ------
    ValueError
        The page would have more than 100 MB; the message says how many.
    """
    first = travelling(numbers[0])
    with _held(survey, [first]):
        above = survey.view.account()
        expected = state_of(survey).length + len(numbers) * state_of(*_widgets(first)).length
    if expected > _LARGEST:
        raise ValueError(
            f"a page of {len(numbers):,} cases would have about {expected / _MB:,.0f} MB, and "
            f"{_LARGEST / _MB:.0f} MB are the most: export some of them, cases=[…]"
        )
    cases = [first, *(travelling(number) for number in numbers[1:])]
    with _held(survey, cases):
        rows = [
            _account(case) for case in cases
        ]  # before the state: a view may put into it what a page needs
        views = [(name, view) for case in cases for name, view in case.views.items()]
        widgets = [survey, *(widget for case in cases for widget in _widgets(case))]
        return Shown(
            About(f"{above.title[:-1]}, and why?", (*above.rows, *rows), _ASKS, _LACKS),
            state_of(*widgets, told=_told(survey, cases)),
            (survey.model_id,),
            {view.model_id: travel_of(view) for _name, view in views},
            {view.model_id: name for name, view in views},
            tuple(map(_places, cases)),
            survey.view.model_id,
        )


def _widgets(case: Travelling) -> list[Any]:
    return [case.head, *case.opened.explorers.values(), case.foot]


@contextmanager
def _held(survey: SurveyExplorer, cases: list[Travelling]) -> Iterator[None]:
    """Keep all traits as they are."""
    with ExitStack() as stack:
        for view in (survey.view, *(one for case in cases for one in (*case.views.values(), case.foot))):
            stack.enter_context(view.together())
        yield


def _places(case: Travelling) -> Places:
    made = case.opened.explorers
    tabs = {
        tab: [made[kind.name].model_id for kind in EXPLAINERS if kind.tab == tab and kind.name in made]
        for tab in TABS
    }
    return Places(case.head.number, case.head.model_id, tabs, case.foot.model_id)


def _told(survey: SurveyExplorer, cases: list[Travelling]) -> Mapping[str, Mapping[str, Any]]:
    """The page turns to tabs and cases by itself; which file cases are saved to is nobody else's concern."""
    rows = [_row(case) for case in cases]
    told: dict[str, dict[str, Any]] = {survey.view.model_id: {"chosen": cases[0].head.number}}
    for case in cases:
        told[case.head.model_id] = {"tabs": _tabs(case), "travels": True}
        told[case.foot.model_id] = {"kept": rows, "saved_as": "", "travels": True}
    return told


def _tabs(case: Travelling) -> list[dict[str, Any]]:
    made = case.opened.explorers
    return [
        {
            **tab,
            "asked": [
                one if one["name"] in made or one["why"] else {**one, "why": _NOT_ASKED}
                for one in tab["asked"]
            ],
        }
        for tab in case.opened.tabs
    ]


def _row(case: Travelling) -> dict[str, Any]:
    kept = case.opened.kept
    return {
        "number": case.head.number,
        "question": in_text(case.head.question),
        "note": case.foot.note,
        "explainers": ", ".join(case.opened.explorers),
        "at": "" if kept is None else kept.case.kept_at,
    }


def _account(case: Travelling) -> tuple[str, tuple[str, ...]]:
    note = case.foot.note
    parts = [f"Note: {note}" if note else "", case.head.error]
    for name, explorer in case.opened.explorers.items():
        if explorer.result is None:
            parts.append(f"{name}: the run has just begun")
            continue
        told = dict(explorer.view.account().rows)
        parts += [*told["Shown"], *(f"Trust: {text}" for text in told["Trust"] if text)]
    return in_text(case.head.question), tuple(parts)
