"""The survey view: where a classifier goes wrong over a whole data set, and a gallery of all its pictures."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, ClassVar

import traitlets as t

from cfwidgets.checkpoint import checkpoint_path
from cfwidgets.engines.survey.engine import Survey
from cfwidgets.engines.survey.result import SurveyResult
from cfwidgets.engines.survey.source import paths_of, source_of
from cfwidgets.engines.survey.truth import Truth
from cfwidgets.models.classifier import Classifier, require_classifier
from cfwidgets.widgets.checks import foreign, require_kind, whole
from cfwidgets.widgets.lifetime import closed_on_failure, weakly
from cfwidgets.widgets.survey.filters import Filters
from cfwidgets.widgets.survey.sheets import FULL, Sheet
from cfwidgets.widgets.survey.table import deflated, names_of, surprising, table
from cfwidgets.widgets.survey.thumbnails import LARGEST, Thumbnails
from cfwidgets.widgets.view import View, bundle
from cfwidgets.widgets.wire import pack

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence
    from pathlib import Path

    import numpy as np
    import numpy.typing as npt
    from torch import Tensor

    from cfwidgets.engines.base import Update
    from cfwidgets.export.words import About

_KEPT = 1024  # thumbnails that are saved with a notebook, those of the most surprising pictures
_READ = 4096  # pictures at most that are read again, where no survey reads them, before they are asked for
_AT_ONCE = 64  # pictures read before what was asked meanwhile is looked at
_SCATTERED = 10_000  # pictures from which on sheets are arranged again when the survey has ended
_PAUSE, _REST = 0.4, 30.0  # seconds between two tables, at least; and how much longer than one takes
_BINS = 20  # of the confidence
_NAMED = 200  # skipped pictures at most that are named one by one


class SurveyView(View[SurveyResult]):
    """A whole data set: the confusion matrix, and a gallery of all pictures to sort, filter and open.

    It returns at once and fills in while the survey runs. It is complete by itself, with mouse and keyboard,
    wherever anywidgets work. Click a cell of the confusion matrix and see the pictures in it; sort by
    surprise or doubt; open one by Enter or a click: ``chosen`` is then its number.

    Parameters
    ----------
    clf
        The classifier; a black box will do.
    data
        A data set, see `Survey.steps`; None with ``result``: then the pictures are those of the files
        that the result names, where these are still there.
    labels
        The true class of each picture, by number or label; None for those of the data set, which may have
        none.
    second
        Another classifier of the same classes, in any order, to compare.
    engine
        `Survey`, with its settings; None for ``Survey()``, or for the engine that made ``result``.
    result
        A finished result to show instead of running.
    checkpoint
        A file that the run is written to, and resumed from where it exists.

    Attributes
    ----------
    chosen
        The number in the data set of the picture that is opened, -1 for none. It can be set.
    filters
        What the gallery shows: ``sort``, ``wrong``, ``unsure``, ``truth``, ``prediction``, ``change`` and
        ``text``, see `cfwidgets.widgets.survey.filters.Filters`; what is left out filters nothing. It can be
        set.
    result
        What is found so far, a `SurveyResult`.
    run
        The `Run` of the engine: ``run.result()`` waits for its end.
    calibration, confidence
        For the chart: the rows of ``result.calibration()``; where no true class is known, numbers of pictures
        by the probability of the predicted class, in 20 bins.
    table, paths, kept, skipped
        Data for the browser: see the comments on the traits.

    Methods
    -------
    stop, resume
        Stop the run, and keep what was found; resume it.
    export
        Write it as one HTML file, which plays in any browser.
    save
        Write a file that `cfwidgets.open` brings back, with what was clicked.
    close
        Stop, free everything, and take it off the page.

    Raises
    ------
    TypeError, ValueError, ImageError, ClassifierError
        Names the argument that was given, and what is accepted.

    Examples
    --------
    >>> import torch
    >>> clf = Classifier(lambda images: images.mean((2, 3)), labels=["red", "green", "blue"])
    >>> view = SurveyView(clf, torch.eye(3)[:, :, None, None].expand(3, 3, 8, 8), [0, 1, 1])
    >>> round(view.run.result().accuracy.share, 3)
    0.667
    >>> view.filters = {"wrong": True}
    >>> view.close()
    """

    from_page = frozenset({"chosen", "filters"})
    also = ("second",)
    data = ("data", "labels")
    clicked = ("chosen", "filters")
    answered: ClassVar[dict[str, type[Any]]] = {"kept": bytes, "side": int, "exact": bool}

    _esm = bundle("survey.js")
    _css = bundle("survey.css")

    model = t.Unicode().tag(sync=True)
    second = t.Unicode().tag(sync=True)
    labels = t.List(t.Unicode()).tag(sync=True)
    # The finding in a sentence.
    sentence = t.Unicode().tag(sync=True)
    # Number of pictures; whether the true class of any is known.
    pictures = t.Int(0).tag(sync=True)
    labelled = t.Bool(default_value=False).tag(sync=True)
    # The columns, and the files' names line by line: see `survey.table`.
    table = t.Bytes().tag(sync=True)
    paths = t.Bytes().tag(sync=True)
    # Pixels of a thumbnail's side, and whether those of the pictures themselves are to be seen. Sheets come
    # as messages, {"kind": "thumbnails", "again": …} with the buffers of `Sheet.blobs`, while the survey
    # goes on, and where the page asks for pictures; some `again`, in another arrangement. Packed the same
    # way, those of the most surprising pictures, to be saved.
    side = t.Int(0, min=0, max=LARGEST).tag(sync=True)
    exact = t.Bool(default_value=False).tag(sync=True)
    kept = t.Bytes().tag(sync=True)
    # What cannot be used: a row each of the first ones, and how many there are.
    skipped = t.List(t.Dict()).tag(sync=True)
    skipped_count = t.Int(0).tag(sync=True)
    # No echo: a late one would undo a newer choice.
    chosen = t.Int(-1).tag(sync=True, echo_update=False)
    filters = t.Dict().tag(sync=True, echo_update=False)
    # For the chart, which is drawn in Python.
    calibration: Any = t.List()
    confidence: Any = t.List()

    @closed_on_failure
    def __init__(
        self,
        clf: Classifier,
        data: Any = None,
        labels: Sequence[int | str | None] | Tensor | None = None,
        *,
        second: Classifier | None = None,
        engine: Survey | None = None,
        result: SurveyResult | None = None,
        checkpoint: str | Path | None = None,
    ) -> None:
        require_classifier("clf", clf)
        if second is not None:
            require_classifier("second", second)
        if result is not None:
            require_kind("result", result, SurveyResult, "a SurveyResult")
        if engine is None:
            engine = Survey() if result is None else Survey.of(result)
        require_kind("engine", engine, Survey, "Survey(…)")
        if data is None and result is None:
            raise ValueError("give either data to survey or a finished result to show")
        if data is None and result is not None and all(result.paths):
            data = list(result.paths)
        self._engine, self._clf, self._second = engine, clf, second
        self._data, self._labels = data, labels
        self._source = None if data is None else source_of(clf, data)
        count = len(self._source or ()) if result is None else result.total
        if self._source is not None and len(self._source) != count:
            raise ValueError(f"the result is of {count:,} pictures; data has {len(self._source):,}")
        if labels is not None and clf.classes is not None:
            Truth(clf, data).all(labels, count)  # what is wrong with them is said at once
        self._checkpoint = None if checkpoint is None else checkpoint_path(checkpoint)
        self._foreign = "" if result is None else foreign(result, clf)
        self._thumbnails = Thumbnails(count, weakly(self._send_sheet))
        self._wanted: list[int] = []
        self._next = 0.0
        self._kept_of: SurveyResult | None = None
        self._arranged_by: SurveyResult | None = None
        super().__init__()
        with self.together():
            self.model, self.measures = clf.name, engine.trust
            self.second = "" if second is None else second.name
            self.labels = [] if clf.labels is None else list(clf.labels)
            self.pictures = count
        if result is None:
            self._tell_paths(paths_of(data, count))
            self.start(self._steps())
        else:
            self._tell_paths(result.paths)
            self.show(result)

    def _steps(self) -> Generator[Update[SurveyResult], None, None]:
        return self._engine.watched(
            self._thumbnails.add,
            self._clf,
            self._data,
            self._labels,
            second=self._second,
            resume=self._result,
            checkpoint=self._checkpoint,
        )

    def account(self) -> About:
        """Say what the view shows, for an exported page."""
        from cfwidgets.export.words import account

        result = self._found_so_far
        self._thumbnails.flush()
        self._keep(result, surprising(result))  # of a run that has just ended, they may not be there yet
        return account(
            f"Where does {result.model} go wrong?",
            "Survey explorer",
            result,
            self,
            asks="the pictures beyond the most surprising ones, and their cases, need the notebook",
        )

    def _release(self) -> None:
        super()._release()
        self._thumbnails = Thumbnails(0, lambda _sheet: None)
        self._data = self._source = None

    def _publish(self, partial: SurveyResult) -> None:
        began = time.monotonic()
        if self.run is not None and self.run.state == "running" and began < self._next:
            return  # what follows goes over all pictures
        self.labels, self.second = list(partial.labels), partial.second
        self.labelled = bool((partial.truth >= 0).any())
        self.sentence = partial.summary()
        self.table = table(partial)
        rows = partial.skipped_frame().head(_NAMED)
        self.skipped = rows.rename(columns={"index": "number"}).to_dict("records")
        self.skipped_count = len(partial.skipped)
        self.calibration = partial.calibration().to_dict("records")
        sure = partial.answers.confidence[partial.answered]
        self.confidence = [] if self.calibration or not len(sure) else sure.histc(_BINS, 0, 1).int().tolist()
        self._judge(partial)
        self.counts = _counts(partial)
        self.notes = self._foreign
        ended = time.monotonic()
        self._next = ended + max(_PAUSE, _REST * (ended - began))

    def _tell_paths(self, paths: Sequence[str]) -> None:
        names = names_of(paths)
        self.paths = deflated("\n".join(names).encode("utf-8", "replace")) if names else b""

    def _checked(self, changed: dict[str, Any]) -> dict[str, Any]:
        if "chosen" in changed:
            whole("chosen", changed["chosen"], -1, self.pictures - 1)
        return changed

    @t.validate("chosen")
    def _a_picture(self, proposal: Any) -> int:
        number: int = proposal.value
        if not -1 <= number < self.pictures:
            raise t.TraitError(f"chosen must be from 0 to {self.pictures - 1}, or -1, not {number}")
        return number

    @t.validate("filters")
    def _readable(self, proposal: Any) -> dict[str, Any]:
        given: dict[str, Any] = proposal.value
        try:
            Filters.read(given, len(self.labels) or 2**31)
        except ValueError as error:
            raise t.TraitError(str(error)) from None
        return given

    def _on_message(self, widget: Any, content: Any, buffers: Any) -> None:
        match content:
            case {"kind": "thumbnails", "numbers": list(numbers)}:
                for number in numbers[:FULL]:
                    whole("a number of a picture", number, 0, self.pictures - 1)
                self._wanted = numbers[:FULL]
                self._answers.ask(None)
            case _:
                super()._on_message(widget, content, buffers)

    @t.observe("state")
    def _ended(self, change: Any) -> None:
        if self._open and change.new not in ("running", "empty"):
            self._answers.ask(None)

    def _send_sheet(self, sheet: Sheet, *, again: bool = False) -> None:
        with self.together():
            if not self._open:
                return
            self.side, self.exact = self._thumbnails.side, self._thumbnails.exact
            self.send({"kind": "thumbnails", "again": again}, sheet.blobs())

    def _answer(self, _question: None) -> None:
        """Send what the page lacks; then read on, the most surprising first; then keep these."""
        with self._wire:
            wanted, self._wanted = self._wanted, []
            thumbnails, source, result = self._thumbnails, self._source, self._result
            running = self.state == "running"
        if source is None:
            return
        thumbnails.flush()
        for sheet in thumbnails.sheets_with(wanted):
            self._send_sheet(sheet)
        missing = thumbnails.missing(wanted)
        if not missing and not running and result is not None:
            order = surprising(result)
            missing = thumbnails.missing(order[:_READ])
            if not missing:
                self._keep(result, order)
                self._arrange(result, order)
        if missing:
            thumbnails.read(source, missing[:_AT_ONCE])
            if wanted[_AT_ONCE:] and not self._wanted:
                self._wanted = missing[_AT_ONCE:]
            if not self._answers.superseded:
                self._answers.ask(None)

    def _keep(self, result: SurveyResult, order: npt.NDArray[np.int64]) -> None:
        """Put the thumbnails of the most surprising pictures into what a notebook saves."""
        with self.together():  # an export waits meanwhile, to find them
            if self._kept_of is result or self._result is not result or not self._open:
                return
            self._kept_of = result
            sheets = self._thumbnails.repacked(order[:_KEPT])
            self.kept = pack(blob for sheet in sheets for blob in sheet.blobs())

    def _arrange(self, result: SurveyResult, order: npt.NDArray[np.int64]) -> None:
        """Send the thumbnails of a large data set again, the most surprising together.

        They were made as the survey went on: sorted by surprise, those in sight lie on as many of these
        sheets as there are, and the page has no room for the pixels of all. It keeps both, for other orders.
        """
        if len(order) < _SCATTERED or self._arranged_by is result:
            return
        for sheet in self._thumbnails.rearranged(order):
            if self._answers.superseded:
                return
            self._send_sheet(sheet, again=True)
        self._arranged_by = result


def _counts(result: SurveyResult) -> str:
    total = f"{result.total:,} pictures"
    return total if result.seen == result.total else f"{result.seen:,} of {total}"
