"""The workbench: a survey of a data set, one case of it below, and the cases that were kept."""

from __future__ import annotations

import threading
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Self

from cfwidgets.checkpoint import checkpoint_path
from cfwidgets.forks import renew_in_children
from cfwidgets.models.classifier import Classifier, require_classifier
from cfwidgets.models.editor import require_editor
from cfwidgets.models.generator import require_generator
from cfwidgets.text import LINE, cut
from cfwidgets.widgets import cells
from cfwidgets.widgets.latest import Latest
from cfwidgets.widgets.lifetime import HOST, FixedBox, FixedLayout, Held, closed_on_failure, weakly
from cfwidgets.widgets.stored import show_beside
from cfwidgets.widgets.survey.explorer import SurveyExplorer
from cfwidgets.widgets.workbench import archive
from cfwidgets.widgets.workbench.asking import EXPLAINERS, TABS, Given, require_engines
from cfwidgets.widgets.workbench.case_view import CaseView
from cfwidgets.widgets.workbench.code import code_of, explorer_code, region_code
from cfwidgets.widgets.workbench.kept import Case, Kept, table
from cfwidgets.widgets.workbench.matching import require_match, what_of
from cfwidgets.widgets.workbench.notes_view import NotesView
from cfwidgets.widgets.workbench.open_case import OpenCase, as_kept
from cfwidgets.widgets.workbench.pictures import PictureError, Pictures
from cfwidgets.widgets.workbench.question import in_text, name_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd

    from cfwidgets.engines.base import Engine
    from cfwidgets.engines.survey.result import SurveyResult
    from cfwidgets.export.explorers import Live
    from cfwidgets.export.exported import Exported
    from cfwidgets.models.editor import Editor
    from cfwidgets.models.generator import Generator
    from cfwidgets.widgets.explorer import Explorer
    from cfwidgets.widgets.workbench.pictures import Picture
    from cfwidgets.widgets.workbench.travelling import Travelling

__all__ = ["Workbench"]

_CHANGED = "{} has changed since the case was kept: what is shown was found on the earlier one."
_GONE = "{}: what is shown is what was kept."


class _Parts(NamedTuple):
    """The parts of a workbench that is not closed."""

    survey: SurveyExplorer
    case: CaseView
    notes: NotesView


_NARROW = "480px"  # an explorer's width from which on two stand side by side


class _Stage(Held, FixedBox):
    """The explorers of the open tab, side by side where there is room, else one below the other."""

    def __init__(self) -> None:
        layout = FixedLayout(
            display="grid",
            grid_template_columns=f"repeat(auto-fit, minmax(min({_NARROW}, 100%), 1fr))",
            grid_gap="24px 36px",
            align_items="flex-start",
        )
        super().__init__([], layout=layout, _dom_classes=(HOST,))

    def close(self) -> None:
        """Take it off the page, with the layout, which ipywidgets would keep."""
        self.layout.close()
        super().close()


class Workbench(Held, FixedBox):
    """Where does a classifier go wrong over a data set, and why there? The survey, and one case of it below.

    As the last line of a cell it shows itself, and fills in while the data set is surveyed. Click a picture
    to open its case: *Where?* (relevance maps, superpixels), *What instead?* (a transition with
    ``generator``, edits with ``editor``), *In general?* (regions over ``faces``). Point at the picture, or
    draw a region: all views of the case show it, and the model evaluates the picture without it. Keep a
    case with a note, and copy it as code.

    `export` makes of the survey and its cases one page to send.

    An explorer is made when its tab is first opened, stopped when that is left, kept while the case is open.

    Parameters
    ----------
    clf
        The classifier.
    data
        A data set of pictures: see `cfwidgets.Survey.steps`.
    labels
        The class of each picture, by its number or label; None for those of the data set, if it has any.
    second
        Another classifier, whose answers stand beside those of the first.
    generator
        Generates the look-alikes of a transition: see `cfwidgets.models.generator.Generator`.
    editor
        Paints the picture with other attributes: see `cfwidgets.models.editor.Editor`.
    faces
        A data set of faces with masks, over which regions are compared; None for ``data``, where that has
        masks.
    engines
        Settings of explainers: ``relevance``, ``superpixels``, ``transition``, ``edits``, ``regions`` and
        ``survey``, such as ``{"superpixels": cf.Lime()}``.
    survey
        A finished `SurveyResult` to show instead of running.
    path
        A file that the cases are saved to each time that one is kept, so that nothing kept is lost when the
        kernel dies. Where it is there, its cases are opened.

    Attributes
    ----------
    survey, case, notes
        The `SurveyExplorer` above, the `CaseView` with the question, and the `NotesView` at the end.
    explorers
        Those of the open case that were made so far, by name.
    cases
        The kept cases: a table.

    Raises
    ------
    TypeError, ValueError, ImageError, ClassifierError, GeneratorError, EditorError
        The argument that was given, and what is accepted.
    ResultError
        The file at ``path`` is none of a workbench, or of another model or data set.

    Examples
    --------
    >>> import torch
    >>> from torch import nn
    >>> import cfwidgets as cf
    >>> net = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(144, 2))
    >>> clf = cf.Classifier(net, labels=["cat", "dog"])
    >>> quick = {"relevance": cf.Relevance(trust=False), "superpixels": cf.Lime(samples=50, trust=False)}
    >>> workbench = Workbench(clf, torch.rand(6, 3, 8, 8), [0, 1, 0, 1, 0, 1], engines=quick)
    >>> workbench.open(2)
    >>> workbench.explorers["relevance"].run.result().maps[0].method
    'rap'
    >>> workbench.keep("a first case")
    >>> workbench.cases["note"].tolist()
    ['a first case']
    >>> workbench.close()
    """

    survey: SurveyExplorer | None = None
    case: CaseView | None = None
    notes: NotesView | None = None
    _stage: _Stage | None = None
    _now: OpenCase | None = None
    _work: Latest[None] | None = None
    _open = False

    @closed_on_failure
    def __init__(
        self,
        clf: Classifier,
        data: Any,
        labels: Any = None,
        *,
        second: Classifier | None = None,
        generator: Generator | None = None,
        editor: Editor | None = None,
        faces: Any = None,
        engines: Mapping[str, Engine[Any]] | None = None,
        survey: SurveyResult | None = None,
        path: str | Path | None = None,
    ) -> None:
        require_classifier("clf", clf)
        if second is not None:
            require_classifier("second", second)
        if generator is not None:
            require_generator(generator, clf.classes)
        if editor is not None:
            require_editor(editor)
        engines = require_engines(engines)
        self._pictures = Pictures(clf, data, labels, second)
        self._given = Given(clf, data, second, generator, editor, faces, engines)
        self._path = None if path is None else checkpoint_path(path)
        self._kept: dict[int, Kept] = {}
        filters: dict[str, Any] = {}
        if self._path is not None and self._path.exists():
            earlier = archive.read(self._path)
            require_match(self._path, earlier.of, earlier.cases, clf, self._pictures)
            self._kept = {one.case.number: one for one in earlier.cases}
            survey, filters = survey or earlier.survey, dict(earlier.filters)
        self.renew()
        renew_in_children(self)
        self._open = True
        self._work = Latest(weakly(self._obey_all))
        self.survey = SurveyExplorer(
            clf, data, labels, second=second, engine=engines.get("survey"), result=survey
        )
        self.case = CaseView(clf, "" if second is None else second.name)
        self.notes = NotesView(self._command)
        self._stage = _Stage()
        try:
            self.survey.view.recall({"filters": filters} if filters else {})
        except Exception as error:  # noqa: BLE001 - a file may hold anything: the cases are shown all the same
            self.survey.view.error = str(error)
        self.survey.view.observe(weakly(self._chosen), "chosen")
        self.case.observe(weakly(self._tabbed), "tab")
        self.notes.saved_as = "" if self._path is None else str(self._path)
        self._tell_kept()
        super().__init__(
            [self.survey, self.case, self._stage, self.notes],
            layout=FixedLayout(flex_flow="column nowrap", align_items="stretch"),
            _dom_classes=(HOST,),
        )

    @classmethod
    def load(
        cls,
        path: str | Path,
        clf: Classifier,
        data: Any,
        labels: Any = None,
        **given: Any,
    ) -> Self:
        """Open the cases that a workbench has saved; cases that are kept are saved there again.

        Parameters
        ----------
        path
            The file.
        clf, data, labels, given
            See `Workbench`.

        Raises
        ------
        OSError
            There is no such file, or it cannot be read.
        ResultError
            It is none of a workbench, or of another model or data set.
        """
        if not checkpoint_path(path).exists():
            raise FileNotFoundError(f"there is no saved workbench {str(path)!r}")
        return cls(clf, data, labels, path=path, **given)

    def renew(self) -> None:
        """Make locks that are free. Called in a forked child, too."""
        self._lock = threading.RLock()  # of the open case and the kept ones
        self._waiting: dict[str, Any] = {}
        self._queued = threading.Lock()

    def __repr__(self) -> str:
        if not self._open or self.case is None:
            return f"<{type(self).__name__} closed>"
        question = in_text(self.case.question) or "no case is open"
        kept = f"{len(self._kept)} case{'' if len(self._kept) == 1 else 's'} kept"
        return f"{cut(f'<{type(self).__name__}: {question} ({kept})', LINE - 1)}>"

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        show_beside(self._require_open().survey.view)
        return super()._repr_mimebundle_(**kwargs)

    @property
    def explorers(self) -> dict[str, Explorer[Any]]:
        """The explorers of the open case that were made so far, by name."""
        return {} if self._now is None else dict(self._now.explorers)

    @property
    def cases(self) -> pd.DataFrame:
        """The kept cases: a row each, in the order in which they were kept.

        Columns: ``index`` (in the data set), ``path``, ``truth`` and ``prediction`` (labels; None where it is
        not known), ``question``, ``note``, ``explainers`` (those with a result) and ``kept at``.
        """
        with self._lock:
            return table(list(self._kept.values()), self._given.clf)

    @property
    def note(self) -> str:
        """The note on the open case. It can be set."""
        note: str = self._require_open().notes.note
        return note

    @note.setter
    def note(self, note: str) -> None:
        self._require_open().notes.note = note

    def open(self, number: int | None = None, tab: str | None = None) -> None:
        """Open the case of a picture; one that was kept is opened with its results, and runs nothing.

        Parameters
        ----------
        number
            Of the picture in the data set.
        tab
            ``"where"``, ``"instead"`` or ``"general"``; None for the first, or for that of the kept case.

        Raises
        ------
        ValueError
            There is no such picture or tab.
        PictureError
            The picture cannot be read, or the model fails on it.
        """
        if number is None and self.comm is None:  # ipywidgets opens the channel to the page by this name
            super().open()
            return
        shown = self._require_open()
        number = self._pictures.require(number)
        if tab is not None and tab not in TABS:
            raise ValueError(f"tab must be one of {', '.join(map(repr, TABS))}, not {tab!r:.40}")
        with self._lock:
            shown.survey.view.chosen = number
            self._show(number, tab)

    def keep(self, note: str | None = None) -> None:
        """Keep the open case: what was clicked, what was found, and a note; an earlier one of it is replaced.

        Where the workbench has a ``path``, all kept cases are saved there.

        Parameters
        ----------
        note
            None for the one that stands on the page.

        Raises
        ------
        ValueError
            No case is open.
        OSError
            The file cannot be written: the case is kept all the same, in memory.
        """
        shown = self._require_open()
        with self._lock:
            now = self._now
            if now is None:
                raise ValueError("no case is open: workbench.open(number) opens one")
            if note is not None:
                shown.notes.note = note
            picture, view = now.picture, shown.case
            case = Case(
                number=picture.number,
                path=picture.path,
                picture=now.mark,
                truth=picture.truth,
                probabilities=tuple(picture.probabilities.tolist()),
                question=in_text(view.question),
                note=shown.notes.note,
                kept_at=datetime.now(UTC).isoformat(timespec="seconds"),
                tab=view.tab,
                region=[list(ring) for ring in view.region],
                fill=view.fill,
                clicked=now.clicked,
            )
            self._kept.pop(picture.number, None)  # the newest comes last
            self._kept[picture.number] = Kept(case, now.results)
            self._tell_kept()
            if self._path is not None:
                self.save(self._path)

    def save(self, path: str | Path) -> None:
        """Write all kept cases with their results to one file; an earlier one is replaced when all is there.

        Raises
        ------
        OSError
            The disk is full, the folder is not there, or the like.
        """
        shown = self._require_open()
        with self._lock:
            view = shown.survey.view
            archive.write(
                Path(path),
                archive.Archive(
                    what_of(self._given.clf, self._pictures),
                    tuple(self._kept.values()),
                    view.result if view.state == "done" else None,
                    dict(view.filters),
                ),
            )

    def export(
        self,
        path: str | Path,
        *,
        live: Live = "auto",
        cases: Sequence[int] | None = None,
        title: str | None = None,
    ) -> Exported:
        """Write one HTML file with the survey and cases below it, which plays from disk, without a network.

        The gallery and the matrix play as in the notebook; a picture whose case travels opens it, with its
        tabs, explorers and results. Where the page is live, the model is in it: it answers for the
        picture without a region, and each explorer that can travel. See `cfwidgets.widgets.view.View.export`.

        Parameters
        ----------
        path, live, title
            See `cfwidgets.widgets.view.View.export`.
        cases
            Numbers of pictures whose case is open or was kept; None for all of these. The open one, or else
            the first, is seen when the page is opened.

        Raises
        ------
        ValueError
            No case is open, and none was kept; a number is of neither; the page would have more than 100 MB,
            with the size it would have; or as for a view.
        CannotTravelError, OSError
            As for a view.
        """
        from cfwidgets.export.explorers import export
        from cfwidgets.widgets.workbench.travelling import Travelling, cases_as_they_stand

        shown = self._require_open()
        with self._lock, ExitStack() as stack:
            numbers = self._to_export(cases)

            def travelling(number: int) -> Travelling:
                if self._now is not None and self._now.picture.number == number:
                    self._now.recall(shown.case)
                    # What the thread of the notes fills in may still be on its way.
                    shown.notes.measure(self._given.clf, self._now.of_the_picture)
                    return Travelling(self._now, shown.case, shown.notes)
                return self._recalled(self._kept[number], stack)

            return export(lambda: cases_as_they_stand(shown.survey, numbers, travelling), path, live, title)

    def code(self) -> str:
        """Write the lines of Python that reproduce the open tab: its explorers, what was clicked, the region.

        Raises
        ------
        ValueError
            No case is open.
        """
        shown = self._require_open()
        with self._lock:
            now = self._now
            if now is None:
                raise ValueError("no case is open: workbench.open(number) opens one")
            view = shown.case
            parts = [
                explorer_code(kind, self._given, now.picture, now.explorers[kind.name])
                for kind in EXPLAINERS
                if kind.tab == view.tab and kind.name in now.explorers
            ]
            if view.region:
                parts.append(region_code([list(ring) for ring in view.region], view.fill))
            question, region = in_text(view.question), bool(view.region)
            return code_of(self._given, now.picture, question, parts, region=region)

    def close(self) -> None:
        """Close the open case and the survey, and take all off the page."""
        self._let_go()

    def __del__(self) -> None:
        self._let_go()

    def _let_go(self) -> None:
        if not self._open:
            return
        with self._lock, ExitStack() as stack:  # not while a case is being opened
            self._open = False
            cells.let_go(self)
            for part in (self.survey, self.case, self.notes, self._stage):
                if part is not None:
                    stack.callback(part.close)
            if self._now is not None:
                stack.callback(self._now.close)
            if self._work is not None:
                self._work.close()
            if self.comm is not None:
                self.layout.close()
                super().close()

    def _require_open(self) -> _Parts:
        if not self._open or self.survey is None or self.case is None or self.notes is None:
            raise ValueError("the workbench is closed")
        return _Parts(self.survey, self.case, self.notes)

    # What the page asks, on any thread: it is only noted here, and done on the thread that works.

    def _chosen(self, change: Any) -> None:
        if change.new >= 0:
            self._command("chosen", change.new)

    def _tabbed(self, change: Any) -> None:
        if change.new:
            self._command("enter", None)

    def _ended(self, change: Any) -> None:
        if change.new != "running":
            self._command("compare", None)

    def _command(self, kind: str, value: Any) -> None:
        with self._queued:
            self._waiting.pop(kind, None)
            self._waiting[kind] = value
        if self._work is not None:
            self._work.ask(None)

    def _obey_all(self, _question: None) -> None:
        while self._open:
            with self._queued:
                if not self._waiting:
                    return
                kind = next(iter(self._waiting))
                value = self._waiting.pop(kind)
            with self._lock:
                self._obey(kind, value)

    def _obey(self, kind: str, value: Any) -> None:
        if not self._open or self.case is None or self.notes is None:
            return
        try:
            match kind:
                case "chosen":  # as it is by now: another may have been chosen since
                    self._show(self._pictures.require(self._require_open().survey.view.chosen), None)
                case "open":
                    self.open(value)
                case "enter":
                    self._enter()
                case "compare":
                    self._compare()
                case "keep":
                    self.keep()
                case "code":
                    self.notes.code = {"text": self.code(), "asked": self.notes.code.get("asked", 0) + 1}
        except Exception as error:  # noqa: BLE001 - a thread has nobody above it: the page shows the error
            (self.notes if kind in ("keep", "code") else self.case).say(error)

    # The open case. Called with the lock.

    def _show(self, number: int, tab: str | None) -> None:
        """Show a case, and its explorers of a tab; None for the open one, or that of the kept case."""
        shown = self._require_open()
        if self._now is None or self._now.picture.number != number:
            self._turn_to(number, tab)
        elif tab is not None:
            shown.case.tab = tab
        self._enter()

    def _turn_to(self, number: int, tab: str | None) -> None:
        """Close the case that is open, and open another."""
        shown = self._require_open()
        self._leave()
        kept = self._kept.get(number)
        try:
            picture, says = self._picture_of(number, kept)
        except PictureError as error:
            shown.case.say(error)
            raise
        self._now = OpenCase(self._given, picture, kept, weakly(self._ended))
        name = name_of(self._given.data, number, picture.path)
        with shown.case.together():
            shown.case.open_case(picture, name, self._now.tabs, None if kept is None else kept.case)
            if tab is not None:
                shown.case.tab = tab
            if says is not None:
                shown.case.say(says)
        with shown.notes.together():
            shown.notes.number, shown.notes.note = number, "" if kept is None else kept.case.note
            shown.notes.code, shown.notes.error = {}, ""
        self._compare()

    def _to_export(self, cases: Sequence[int] | None) -> list[int]:
        """Return the numbers of the cases of a page, the open one first."""
        opened = [] if self._now is None else [self._now.picture.number]
        there = list(dict.fromkeys([*opened, *self._kept]))
        if not there:
            raise ValueError("no case is open and none was kept: workbench.open(number) opens one")
        wanted = there if cases is None else [self._pictures.require(number) for number in cases]
        missing = [number for number in wanted if number not in there]
        if missing or not wanted:
            raise ValueError(
                f"cases must be of those that are open or were kept, {there!r:.200}; got {missing!r:.60}"
            )
        return [number for number in there if number in wanted]

    def _recalled(self, kept: Kept, stack: ExitStack) -> Travelling:
        """Show a kept case in views of its own, which the stack closes. Nothing runs but what is quick."""
        from cfwidgets.widgets.workbench.travelling import Travelling

        second = self._given.second
        picture, says = self._picture_of(kept.case.number, kept)
        opened = OpenCase(self._given, picture, kept, lambda _change: None)
        stack.callback(opened.close)
        case = CaseView(self._given.clf, "" if second is None else second.name)
        stack.callback(case.close)
        notes = NotesView(self._command)
        stack.callback(notes.close)
        case.open_case(
            picture, name_of(self._given.data, picture.number, picture.path), opened.tabs, kept.case
        )
        if says is not None:
            case.say(says)
        opened.recall(case)
        try:
            case.settle()
        except Exception as error:  # noqa: BLE001 - whatever the model raises: the case is shown all the same
            case.say(error)
        notes.number, notes.note = kept.case.number, kept.case.note
        notes.measure(self._given.clf, opened.of_the_picture)
        return Travelling(opened, case, notes)

    def _picture_of(self, number: int, kept: Kept | None) -> tuple[Picture, Exception | None]:
        """Read a picture; where it is gone or another one now, return it as it was kept, and say so."""
        try:
            picture = self._pictures.read(number)
        except PictureError as error:
            if kept is None:
                raise
            return as_kept(kept, self._given.clf), PictureError(_GONE.format(error))
        if kept is not None and picture.mark != kept.case.picture:
            return as_kept(kept, self._given.clf), PictureError(_CHANGED.format(f"picture {number}"))
        return picture, None

    def _leave(self) -> None:
        """Close the case that is open, if any."""
        now, self._now = self._now, None
        if now is None or self._stage is None or self.case is None or self.notes is None:
            return
        self._stage.children = ()
        self.case.close_case()
        self.notes.number, self.notes.note = -1, ""
        now.close()

    def _enter(self) -> None:
        """Show the explorers of the open tab."""
        now = self._now
        if now is None or self._stage is None or self.case is None:
            return
        shown = now.enter(self.case.tab, self.case)
        self.case.tabs = now.tabs
        if tuple(shown) != self._stage.children:
            self._stage.children = shown
        self._compare()

    def _compare(self) -> None:
        if self._now is not None and self.notes is not None:
            self.notes.compare(self._given.clf, self._now.of_the_picture)

    def _tell_kept(self) -> None:
        if self.notes is None:
            return
        rows = table(list(self._kept.values()), self._given.clf)
        self.notes.kept = [
            {
                "number": int(row["index"]),
                "question": row["question"],
                "note": row["note"],
                "explainers": row["explainers"],
                "at": row["kept at"].isoformat(),
            }
            for _, row in rows.iterrows()
        ]
