"""The area below the survey, which shows one case at a time: its head, its explorers, and its foot."""

from __future__ import annotations

from contextlib import ExitStack
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from cfwidgets.widgets.lifetime import weakly
from cfwidgets.widgets.workbench.case_view import CaseView
from cfwidgets.widgets.workbench.kept import Case, Kept
from cfwidgets.widgets.workbench.kept_picture import picture_of
from cfwidgets.widgets.workbench.notes_view import NotesView
from cfwidgets.widgets.workbench.open_case import OpenCase
from cfwidgets.widgets.workbench.pictures import PictureError
from cfwidgets.widgets.workbench.question import in_text, name_of
from cfwidgets.widgets.workbench.stage import Stage

if TYPE_CHECKING:
    from cfwidgets.widgets.workbench.asking import Given
    from cfwidgets.widgets.workbench.notes_view import Command
    from cfwidgets.widgets.workbench.pictures import Pictures

__all__ = ["CaseArea"]


class CaseArea:
    """The place of the open case. Its methods are called by one thread at a time.

    Parameters
    ----------
    given, pictures
        What questions are asked with, and the pictures of the data set.
    command
        See `NotesView`; called with ``"compare"``, too, from threads of runs, when one of them ends.

    Attributes
    ----------
    head, stage, foot
        What stands on the page, from the top.
    opened
        The open case; None for none.
    """

    def __init__(self, given: Given, pictures: Pictures, command: Command) -> None:
        self.given, self.pictures, self.command = given, pictures, command
        self.head = CaseView(given.clf, "" if given.second is None else given.second.name)
        self.stage = Stage()
        self.foot = NotesView(command)
        self.opened: OpenCase | None = None

    @property
    def number(self) -> int | None:
        """The number of the picture of the open case; None for none."""
        return None if self.opened is None else self.opened.picture.number

    def require_opened(self) -> OpenCase:
        """Return the open case.

        Raises
        ------
        ValueError
            No case is open.
        """
        if self.opened is None:
            raise ValueError("no case is open: workbench.open(number) opens one")
        return self.opened

    def show(self, number: int, kept: Kept | None, tab: str | None = None) -> None:
        """Show a case with the explorers of a tab; None for the open one, or else as in `turn_to`."""
        if number != self.number:
            self.turn_to(number, kept, tab)
            self.compare()  # already now: explorers may take long to make
        elif tab is not None:
            self.head.tab = tab
        self.enter()

    def turn_to(self, number: int, kept: Kept | None, tab: str | None = None) -> None:
        """Close the case that is open, and open another, without its explorers.

        Parameters
        ----------
        number
            Of the picture in the data set.
        kept
            The case as it was kept; None where it was not.
        tab
            The tab to open; None for the first, or for that of the kept case.

        Raises
        ------
        PictureError
            The picture cannot be read, or the model fails on it, and it was not kept.
        """
        self._leave()
        try:
            picture, says = picture_of(self.pictures, number, kept, self.given.clf)
        except PictureError as error:
            self.head.say(error)
            raise
        self.opened = OpenCase(self.given, picture, kept, weakly(self._ended))
        name = name_of(self.given.data, number, picture.path)
        with self.head.together():
            self.head.open_case(picture, name, self.opened.tabs, None if kept is None else kept.case)
            if tab is not None:
                self.head.tab = tab
            if says is not None:
                self.head.say(says)
        with self.foot.together():
            self.foot.number, self.foot.note = number, "" if kept is None else kept.case.note
            self.foot.code, self.foot.error = {}, ""

    def enter(self) -> None:
        """Show the explorers of the open tab."""
        if self.opened is None:
            return
        shown = self.opened.enter(self.head.tab, self.head)
        self.head.tabs = self.opened.tabs
        if tuple(shown) != self.stage.children:
            self.stage.children = shown
        self.compare()

    def compare(self) -> None:
        """Compare the explainers of the open case, on another thread."""
        if self.opened is not None:
            self.foot.compare(self.given.clf, self.opened.of_the_picture)

    def as_it_stands(self) -> Kept:
        """Return the open case to be kept: what was clicked, what was found, and the note.

        Raises
        ------
        ValueError
            No case is open.
        """
        opened, head = self.require_opened(), self.head
        picture = opened.picture
        case = Case(
            number=picture.number,
            path=picture.path,
            picture=opened.mark,
            truth=picture.truth,
            probabilities=tuple(picture.probabilities.tolist()),
            question=in_text(head.question),
            note=self.foot.note,
            kept_at=datetime.now(UTC).isoformat(timespec="seconds"),
            tab=head.tab,
            region=[list(ring) for ring in head.region],
            fill=head.fill,
            clicked=opened.clicked,
        )
        return Kept(case, opened.results)

    def close(self) -> None:
        """Close the open case, and take all off the page."""
        with ExitStack() as stack:
            for part in (self.head, self.foot, self.stage, self.opened):
                if part is not None:
                    stack.callback(part.close)

    def _leave(self) -> None:
        opened, self.opened = self.opened, None
        if opened is None:
            return
        self.stage.children = ()
        self.head.close_case()
        self.foot.number, self.foot.note = -1, ""
        opened.close()

    def _ended(self, change: Any) -> None:
        if change.new != "running":
            self.command("compare", None)
