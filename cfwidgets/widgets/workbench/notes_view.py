"""The foot of an open case: do its explainers agree, a note, the kept cases, and the case as code."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeAlias

import traitlets as t

from cfwidgets.widgets.checks import whole
from cfwidgets.widgets.lifetime import closed_on_failure, weakly
from cfwidgets.widgets.view import View, bundle
from cfwidgets.widgets.workbench.agreeing import compared

if TYPE_CHECKING:
    from collections.abc import Generator

    from cfwidgets.engines.base import ExplainerResult, Update
    from cfwidgets.models.classifier import Classifier

__all__ = ["NotesView"]

_LONGEST = 10_000  # characters of a note
_TOO_FEW = "Two answers about this picture are needed: open more of the tabs, or wait for the end of a run."

Command: TypeAlias = Callable[[str, Any], None]


class NotesView(View[None]):
    """The foot of an open case: the agreement of its explainers, a note, the kept cases, the case as code.

    Parameters
    ----------
    command
        A method, called weakly with what the page asks: ``"keep"``, ``"code"``, or ``"open"`` and the number
        of a picture. It must return at once.

    Attributes
    ----------
    note
        The user's. It can be set.
    agreement
        The rows of the table: see `cfwidgets.evaluation.agreement`.
    kept
        The kept cases: a row each.
    code
        The code that was asked for last.
    """

    from_page = frozenset({"note"})

    _esm = bundle("notes.js")
    _css = bundle("notes.css")

    number = t.Int(-1).tag(sync=True)
    note = t.Unicode().tag(sync=True, echo_update=False)
    # The names of the measures, a row a pair, and in words why there is none.
    measured = t.List(t.Unicode()).tag(sync=True)
    agreement = t.List(t.Dict()).tag(sync=True)
    agreement_says = t.Unicode().tag(sync=True)
    kept = t.List(t.Dict()).tag(sync=True)
    # The file that cases are saved to as they are kept; empty for none.
    saved_as = t.Unicode().tag(sync=True)
    # In an exported page, which opens the cases that travel with it by itself.
    travels = t.Bool(default_value=False).tag(sync=True)
    # The code, and how often it was asked for: the same code is another answer.
    code = t.Dict().tag(sync=True)

    @closed_on_failure
    def __init__(self, command: Command) -> None:
        self._command: Callable[..., None] = weakly(command)
        self._compared: dict[str, ExplainerResult] | None = None
        super().__init__()
        self.measures, self.state = False, "done"

    def _steps(self) -> Generator[Update[None], None, None]:
        raise NotImplementedError("notes are no run")

    def say(self, failure: BaseException) -> None:
        """Show an error."""
        self._fail(failure)

    def __repr__(self) -> str:
        return f"<NotesView: {len(self.kept)} cases kept>" if self._open else "<NotesView closed>"

    def compare(self, clf: Classifier, results: dict[str, ExplainerResult]) -> None:
        """Fill in the table of agreement, on a thread of its own; with fewer than two results say so."""
        with self._wire:
            known, self._compared = self._compared, results
            if known is not None and _are_same(known, results):
                return  # the table is there, or comes
        self._answers.ask((clf, results))

    def measure(self, clf: Classifier, results: dict[str, ExplainerResult]) -> None:
        """Fill in the table of agreement now, not on another thread."""
        table = _compared(clf, results)
        with self.together():
            self.measured, self.agreement, self.agreement_says = table

    def _answer(self, question: tuple[Classifier, dict[str, ExplainerResult]]) -> None:
        table = _compared(*question)
        with self.together():
            if not self._answers.superseded:
                self.measured, self.agreement, self.agreement_says = table

    def _release(self) -> None:
        super()._release()
        self._compared = None

    def _checked(self, changed: dict[str, Any]) -> dict[str, Any]:
        note = changed.get("note", "")
        if not isinstance(note, str) or len(note) > _LONGEST:
            raise ValueError(f"a note has at most {_LONGEST:,} characters")
        return changed

    def _on_message(self, widget: Any, content: Any, buffers: Any) -> None:
        match content:
            case {"kind": "keep" | "code" as kind}:
                self.error = ""
                self._command(kind, None)
            case {"kind": "open", "number": number}:
                whole("number", number, 0, 2**53)
                self._command("open", number)
            case _:
                super()._on_message(widget, content, buffers)


def _are_same(some: dict[str, ExplainerResult], others: dict[str, ExplainerResult]) -> bool:
    return list(some) == list(others) and all(some[name] is others[name] for name in some)


def _compared(
    clf: Classifier, results: dict[str, ExplainerResult]
) -> tuple[list[str], list[dict[str, Any]], str]:
    """Return the table of agreement, or why there is none."""
    if len(results) < 2:
        return [], [], _TOO_FEW
    try:
        return (*compared(clf, results), "")
    except ValueError as error:  # it says why they cannot be compared
        return [], [], str(error)
