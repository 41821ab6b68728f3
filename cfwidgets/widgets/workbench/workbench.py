"""The workbench: a survey of a data set, one case of it below, and the cases that were kept."""

from __future__ import annotations

import threading
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from cfwidgets.checkpoint import checkpoint_path
from cfwidgets.forks import renew_in_children
from cfwidgets.models.classifier import Classifier, require_classifier
from cfwidgets.models.editor import require_editor
from cfwidgets.models.generator import require_generator
from cfwidgets.text import LINE, cut
from cfwidgets.widgets import cells
from cfwidgets.widgets.lifetime import HOST, FixedBox, FixedLayout, Held, closed_on_failure, weakly
from cfwidgets.widgets.stored import show_beside
from cfwidgets.widgets.survey.explorer import SurveyExplorer
from cfwidgets.widgets.workbench.asking import TABS, Given, require_engines
from cfwidgets.widgets.workbench.case_area import CaseArea
from cfwidgets.widgets.workbench.code import case_code
from cfwidgets.widgets.workbench.commands import Commands
from cfwidgets.widgets.workbench.kept_cases import KeptCases
from cfwidgets.widgets.workbench.pictures import Pictures
from cfwidgets.widgets.workbench.question import in_text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd

    from cfwidgets.engines.base import Engine
    from cfwidgets.engines.survey.result import SurveyResult
    from cfwidgets.export.explorers import Live, Runtime
    from cfwidgets.export.exported import Exported
    from cfwidgets.models.editor import Editor
    from cfwidgets.models.generator import Generator
    from cfwidgets.widgets.explorer import Explorer
    from cfwidgets.widgets.workbench.case_view import CaseView
    from cfwidgets.widgets.workbench.notes_view import NotesView

__all__ = ["Workbench"]


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
        self._given = Given(clf, data, second, generator, editor, faces, engines)
        self._pictures = Pictures(clf, data, labels, second)
        self._kept = KeptCases(clf, self._pictures, path)
        earlier, filters = self._kept.read()
        self.renew()
        renew_in_children(self)
        self._commands = Commands(self._obey)
        self._area = CaseArea(self._given, self._pictures, self._commands.ask)
        self._open = True
        self.survey = SurveyExplorer(
            clf, data, labels, second=second, engine=engines.get("survey"), result=survey or earlier
        )
        self.case, self.notes = self._area.head, self._area.foot
        try:
            self.survey.view.recall({"filters": dict(filters)} if filters else {})
        except Exception as error:  # noqa: BLE001 - a file may hold anything: the cases are shown all the same
            self.survey.view.error = str(error)
        self.survey.view.observe(weakly(self._chosen), "chosen")
        self.case.observe(weakly(self._tabbed), "tab")
        self.notes.saved_as = "" if self._kept.path is None else str(self._kept.path)
        self.notes.kept = self._kept.rows()
        super().__init__(
            [self.survey, self.case, self._area.stage, self.notes],
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

    def __repr__(self) -> str:
        if not self._open or self.case is None:
            return f"<{type(self).__name__} closed>"
        question, count = in_text(self.case.question) or "no case is open", len(self._kept.cases)
        kept = f"{count} case{'' if count == 1 else 's'} kept"
        return f"{cut(f'<{type(self).__name__}: {question} ({kept})', LINE - 1)}>"

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        show_beside(self._require_open().view)
        return super()._repr_mimebundle_(**kwargs)

    @property
    def explorers(self) -> dict[str, Explorer[Any]]:
        """The explorers of the open case that were made so far, by name."""
        opened = self._area.opened
        return {} if opened is None else dict(opened.explorers)

    @property
    def cases(self) -> pd.DataFrame:
        """The kept cases: a row each, in the order in which they were kept.

        Columns: ``index`` (in the data set), ``path``, ``truth`` and ``prediction`` (labels; None where it is
        not known), ``question``, ``note``, ``explainers`` (those with a result) and ``kept at``.
        """
        with self._lock:
            return self._kept.table()

    @property
    def note(self) -> str:
        """The note on the open case. It can be set."""
        self._require_open()
        note: str = self._area.foot.note
        return note

    @note.setter
    def note(self, note: str) -> None:
        self._require_open()
        self._area.foot.note = note

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
        survey = self._require_open()
        number = self._pictures.require(number)
        if tab is not None and tab not in TABS:
            raise ValueError(f"tab must be one of {', '.join(map(repr, TABS))}, not {tab!r:.40}")
        with self._lock:
            survey.view.chosen = number
            self._area.show(number, self._kept.cases.get(number), tab)

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
        self._require_open()
        with self._lock:
            self._area.require_opened()
            if note is not None:
                self._area.foot.note = note
            self._kept.put(self._area.as_it_stands())
            self._area.foot.kept = self._kept.rows()
            if self._kept.path is not None:
                self.save(self._kept.path)

    def save(self, path: str | Path) -> None:
        """Write all kept cases with their results to one file; an earlier one is replaced when all is there.

        Raises
        ------
        OSError
            The disk is full, the folder is not there, or the like.
        """
        view = self._require_open().view
        with self._lock:
            self._kept.write(path, view.result if view.state == "done" else None, dict(view.filters))

    def export(
        self,
        path: str | Path,
        *,
        live: Live = "auto",
        runtime: Runtime = "inside",
        cases: Sequence[int] | None = None,
        title: str | None = None,
    ) -> Exported:
        """Write one HTML file with the survey and cases below it, which plays from disk, without a network.

        The gallery and the matrix play as in the notebook; a picture whose case travels opens it, with its
        tabs, explorers and results. Where the page is live, the model is in it: it answers for the
        picture without a region, and each explorer that can travel. See `cfwidgets.widgets.view.View.export`.

        Parameters
        ----------
        path, live, runtime, title
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
        from cfwidgets.widgets.workbench.travelling import export_cases

        survey = self._require_open()
        with self._lock:
            return export_cases(survey, self._area, self._kept.cases, cases, path, live, runtime, title)

    def code(self) -> str:
        """Write the lines of Python that reproduce the open tab: its explorers, what was clicked, the region.

        Raises
        ------
        ValueError
            No case is open.
        """
        self._require_open()
        with self._lock:
            return case_code(self._area.require_opened(), self._area.head)

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
            for part in (self.survey, self._area, self._commands):
                if part is not None:
                    stack.callback(part.close)
            if self.comm is not None:
                self.layout.close()
                super().close()

    def _require_open(self) -> SurveyExplorer:
        if not self._open or self.survey is None:
            raise ValueError("the workbench is closed")
        return self.survey

    # On any thread: what the page asks is only noted here.

    def _chosen(self, change: Any) -> None:
        if change.new >= 0:
            self._commands.ask("chosen", change.new)

    def _tabbed(self, change: Any) -> None:
        if change.new:
            self._commands.ask("enter", None)

    # On the thread that carries the commands out.

    def _obey(self, kind: str, value: Any) -> None:
        with self._lock:
            if not self._open:
                return
            try:
                self._carry_out(kind, value)
            except Exception as error:  # noqa: BLE001 - a thread has nobody above it: the page shows the error
                (self._area.foot if kind in ("keep", "code") else self._area.head).say(error)

    def _carry_out(self, kind: str, value: Any) -> None:
        match kind:
            case "chosen":  # as it is by now: another may have been chosen since
                number = self._pictures.require(self._require_open().view.chosen)
                self._area.show(number, self._kept.cases.get(number))
            case "open":
                self.open(value)
            case "enter":
                self._area.enter()
            case "compare":
                self._area.compare()
            case "keep":
                self.keep()
            case "code":
                foot = self._area.foot
                foot.code = {"text": self.code(), "asked": foot.code.get("asked", 0) + 1}
