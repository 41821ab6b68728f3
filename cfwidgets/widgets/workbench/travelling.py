"""Export a survey and cases of a workbench, as they stand, as one page."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

from cfwidgets.export.explorers import Shown, export, travel_of
from cfwidgets.export.page import Places
from cfwidgets.export.state import state_of
from cfwidgets.export.words import About
from cfwidgets.widgets.workbench.asking import EXPLAINERS, TABS
from cfwidgets.widgets.workbench.case_area import CaseArea
from cfwidgets.widgets.workbench.question import in_text

if TYPE_CHECKING:
    from pathlib import Path

    from cfwidgets.export.explorers import Live, Runtime
    from cfwidgets.export.exported import Exported
    from cfwidgets.widgets.survey.explorer import SurveyExplorer
    from cfwidgets.widgets.view import View
    from cfwidgets.widgets.workbench.case_view import CaseView
    from cfwidgets.widgets.workbench.kept import Kept
    from cfwidgets.widgets.workbench.notes_view import NotesView
    from cfwidgets.widgets.workbench.open_case import OpenCase

__all__ = ["export_cases"]

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


def export_cases(
    survey: SurveyExplorer,
    area: CaseArea,
    kept: Mapping[int, Kept],
    cases: Sequence[int] | None,
    path: str | Path,
    live: Live,
    runtime: Runtime,
    title: str | None,
) -> Exported:
    """Export a survey, and cases below it; the open case and the kept ones stay as they are.

    Parameters
    ----------
    survey, area, kept
        What a workbench shows, and the cases that it has kept.
    cases
        Numbers of pictures whose case is open or was kept; None for all of these.
    path, live, runtime, title
        See `cfwidgets.export.explorers.export`.

    Raises
    ------
    ValueError
        See `Workbench.export`.
    """
    numbers = _numbers(area, kept, cases)
    with ExitStack() as stack:

        def travelling(number: int) -> _Travelling:
            if area.opened is not None and area.number == number:
                area.opened.recall(area.head)
                # What the thread of the notes fills in may still be on its way.
                area.foot.measure(area.given.clf, area.opened.of_the_picture)
                return _Travelling(area.opened, area.head, area.foot)
            return _recalled(area, kept[number], stack)

        return export(lambda: _as_they_stand(survey, numbers, travelling), path, live, runtime, title)


class _Travelling(NamedTuple):
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


def _numbers(area: CaseArea, kept: Mapping[int, Kept], cases: Sequence[int] | None) -> list[int]:
    """Return the numbers of the cases of a page, the open one first."""
    opened = [] if area.number is None else [area.number]
    there = list(dict.fromkeys([*opened, *kept]))
    if not there:
        raise ValueError("no case is open and none was kept: workbench.open(number) opens one")
    wanted = there if cases is None else [area.pictures.require(number) for number in cases]
    missing = [number for number in wanted if number not in there]
    if missing or not wanted:
        raise ValueError(
            f"cases must be of those that are open or were kept, {there!r:.200}; got {missing!r:.60}"
        )
    return [number for number in there if number in wanted]


def _recalled(beside: CaseArea, kept: Kept, stack: ExitStack) -> _Travelling:
    """Show a kept case in an area of its own, which the stack closes. Nothing runs but what is quick."""
    area = CaseArea(beside.given, beside.pictures, beside.command)
    stack.callback(area.close)
    area.turn_to(kept.case.number, kept)
    opened = area.require_opened()
    opened.recall(area.head)
    try:
        area.head.settle()
    except Exception as error:  # noqa: BLE001 - whatever the model raises: the case is shown all the same
        area.head.say(error)
    area.foot.measure(area.given.clf, opened.of_the_picture)
    return _Travelling(opened, area.head, area.foot)


def _as_they_stand(
    survey: SurveyExplorer, numbers: list[int], travelling: Callable[[int], _Travelling]
) -> Shown:
    """Collect a survey, and cases below it, the one to be seen first at the front."""
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


def _widgets(case: _Travelling) -> list[Any]:
    return [case.head, *case.opened.explorers.values(), case.foot]


@contextmanager
def _held(survey: SurveyExplorer, cases: list[_Travelling]) -> Iterator[None]:
    """Keep all traits as they are, once all is answered that was asked."""
    views = (survey.view, *(one for case in cases for one in (*case.views.values(), case.foot)))
    for view in views:
        view.wait_for_answers()
    with ExitStack() as stack:
        for view in views:
            stack.enter_context(view.together())
        yield


def _places(case: _Travelling) -> Places:
    made = case.opened.explorers
    tabs = {
        tab: [made[kind.name].model_id for kind in EXPLAINERS if kind.tab == tab and kind.name in made]
        for tab in TABS
    }
    return Places(case.head.number, case.head.model_id, tabs, case.foot.model_id)


def _told(survey: SurveyExplorer, cases: list[_Travelling]) -> Mapping[str, Mapping[str, Any]]:
    """The page turns to tabs and cases by itself; which file cases are saved to is nobody else's concern."""
    rows = [_row(case) for case in cases]
    told: dict[str, dict[str, Any]] = {survey.view.model_id: {"chosen": cases[0].head.number}}
    for case in cases:
        told[case.head.model_id] = {"tabs": _tabs(case), "travels": True}
        told[case.foot.model_id] = {"kept": rows, "saved_as": "", "travels": True}
    return told


def _tabs(case: _Travelling) -> list[dict[str, Any]]:
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


def _row(case: _Travelling) -> dict[str, Any]:
    kept = case.opened.kept
    return {
        "number": case.head.number,
        "question": in_text(case.head.question),
        "note": case.foot.note,
        "explainers": ", ".join(case.opened.explorers),
        "at": "" if kept is None else kept.case.kept_at,
    }


def _account(case: _Travelling) -> tuple[str, tuple[str, ...]]:
    note = case.foot.note
    parts = [f"Note: {note}" if note else "", case.head.error]
    for name, explorer in case.opened.explorers.items():
        if explorer.result is None:
            parts.append(f"{name}: the run has just begun")
            continue
        told = dict(explorer.view.account().rows)
        parts += [*told["Shown"], *(f"Trust: {text}" for text in told["Trust"] if text)]
    return in_text(case.head.question), tuple(parts)
