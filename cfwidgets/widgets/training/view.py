"""The view of a training: how far it is, the samples that the network makes by now, and its losses."""

from __future__ import annotations

import math
import time
from collections.abc import Generator, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import traitlets as t

from cfwidgets.images import encode
from cfwidgets.widgets.lifetime import closed_on_failure
from cfwidgets.widgets.time_left import TimeLeft
from cfwidgets.widgets.training.history import mean_window, running_mean
from cfwidgets.widgets.view import View, bundle, in_words

if TYPE_CHECKING:
    import numpy.typing as npt
    from torch import Tensor

    from cfwidgets.engines.base import Update
    from cfwidgets.run import Run

__all__ = ["Trained", "TrainingView"]

_INTERVAL = 0.5  # seconds between two drawings, at least
_REST = 9  # times what a drawing took, before the next one
_PIXEL_ART = 64  # pixels a side up to which samples are sent without loss
_STOPPING = "stops after this update"


class Trained(Protocol):
    """Networks as far as they are trained: the partial result of a training."""

    @property
    def training(self) -> dict[str, Any]:
        """The settings, among them ``updates``: the number that there will be."""
        ...

    @property
    def step(self) -> int:
        """The number of updates so far."""
        ...

    @property
    def seconds(self) -> float:
        """The time that they took."""
        ...

    @property
    def loss_names(self) -> tuple[str, ...]:
        """The names of the K losses."""
        ...

    @property
    def losses(self) -> Tensor:
        """The losses of each update: ``(step, K)``."""
        ...

    @property
    def measure_names(self) -> tuple[str, ...]:
        """The names of the columns of ``measured``; the first is the update."""
        ...

    @property
    def measured(self) -> Tensor:
        """Measurements on held-out images, ``(m, 1 + K)``: the update, and K numbers; NaN for none."""
        ...

    @property
    def sheet_columns(self) -> tuple[str, ...]:
        """The title of each column of the sheet; empty where the columns mean nothing."""
        ...

    @property
    def sheet_note(self) -> str:
        """Words that follow "drawn at update 20": how the sheet was drawn."""
        ...

    def sheet(self) -> Tensor:
        """Make images that show the state of the learning: ``(rows, columns, 3, H, W)`` in [0, 1]."""
        ...

    def collapse(self) -> str:
        """Say how the training has failed; empty while it has not."""
        ...

    def save(self, path: str | Path) -> None:
        """Write it to a file, from which the training can be resumed."""
        ...


class TrainingView(View[Trained]):
    """A training in the background: samples, losses, time, and a button to stop and resume it.

    Where the training measures itself on held-out images, the last measurement stands beside the losses. A
    training that knows the signs of its collapse has them said in ``notes``, above the samples, as soon as
    they are seen.

    It returns at once. A stop takes effect at the next update that the training yields, and loses nothing:
    the networks stay as far as they are trained, and resuming continues as if there had been no stop. The
    losses of a GAN do not tell which of its weights are best; what is shown, kept and saved is the running
    mean of the generator's weights, which is what a training gives at its end.

    Samples and losses are drawn on a thread of their own, for at most a tenth of the time.

    Parameters
    ----------
    steps
        The updates of the ``steps`` of `AttGANTraining`, `BigGANTraining`, `TranslationTraining` or
        `PlainTraining`, or of any generator whose partial results are as `Trained` says.
    checkpoint
        A file to save to at each stop: that which ``steps`` saves to, so that nothing is lost where the
        kernel ends while the training is stopped.

    Attributes
    ----------
    history
        ``(updates, K)``: the losses that are shown.
    held_out_history
        ``(m, 1 + K)``: the update, and what was measured at it on held-out images.
    step, saved, sheet, grid, tile, columns, sheet_note, drawn, loss_names, losses, window, measured,
    held_out_names, held_out, held_out_at
        Data for the browser: see the comments on the traits.

    result
        The networks as far as they are trained, to ``save(path)``.
    run
        The `Run` of the training: ``run.result()`` waits for its end.

    Methods
    -------
    stop, resume
        Stop the training, and keep what was learnt; resume it.
    close
        Stop, free everything, and take it off the page.

    Raises
    ------
    TypeError
        If ``steps`` is not a generator.

    Examples
    --------
    >>> import torch
    >>> from cfwidgets.training.attgan import AttGANTraining
    >>> faces, attributes = torch.rand(20, 3, 32, 32), torch.rand(20, 2) > 0.5
    >>> training = AttGANTraining(updates=2, batch_size=4, dim=4, layers=3, hidden=8, report_every=1)
    >>> view = TrainingView(training.steps(faces, attributes, ("Bald", "Young")))
    >>> view.run.result().step
    2
    >>> view.close()
    """

    _esm = bundle("training.js")
    _css = bundle("training.css")

    # Updates so far, and whether the networks of a training that is stopped are in the checkpoint.
    step = t.Int(0).tag(sync=True)
    saved = t.Bool(default_value=False).tag(sync=True)
    # The samples in a browser's format; rows and columns; height and width of a sample; the columns' titles;
    # how they were drawn, and the update that they are of.
    sheet = t.Bytes().tag(sync=True)
    grid = t.List(t.Int(), [0, 0]).tag(sync=True)
    tile = t.List(t.Int(), [0, 0]).tag(sync=True)
    columns = t.List(t.Unicode()).tag(sync=True)
    sheet_note = t.Unicode("").tag(sync=True)
    drawn = t.Int(-1).tag(sync=True)
    # The mean of each loss over the last `window` updates, None where none is finite; and the last of them.
    loss_names = t.List(t.Unicode()).tag(sync=True)
    losses = t.List(t.Float(allow_none=True)).tag(sync=True)
    window = t.Int(0).tag(sync=True)
    measured = t.Int(-1).tag(sync=True)
    # The last measurement on held-out images, of what can be measured there, and the update that it is of.
    held_out_names = t.List(t.Unicode()).tag(sync=True)
    held_out = t.List(t.Float(allow_none=True)).tag(sync=True)
    held_out_at = t.Int(-1).tag(sync=True)

    @closed_on_failure
    def __init__(
        self, steps: Generator[Update[Any], None, None], *, checkpoint: str | Path | None = None
    ) -> None:
        if not isinstance(steps, Generator):
            raise TypeError(
                f"steps must be what a training's `steps(…)` gives, not {type(steps).__name__}: "
                "`TrainingProgress(AttGANTraining(…).steps(faces, attributes, names))`"
            )
        self._checkpoint = checkpoint
        self._errors: dict[str, str] = {}
        self._stopping = False
        self._draw_from = 0.0
        self.history: npt.NDArray[np.float64] = np.empty((0, 0))
        self.held_out_history: npt.NDArray[np.float64] = np.empty((0, 1))
        super().__init__()
        self.measures = False
        self.start(steps)

    @property
    def result(self) -> Trained | None:
        """The networks as far as they are trained, also of a view that is closed; None before the first."""
        return None if self.run is None else self.run.partial

    def stop(self) -> None:
        """Stop at the next update that the training yields. Nothing is lost."""
        with self._wire:
            self._stopping = True
            if self.state == "running":
                self.activity = _STOPPING
        super().stop()

    def resume(self) -> None:
        """Resume a training that was stopped, or take back a stop that has not taken effect."""
        with self.together():
            if self.run is None or not self.run.resume():
                return
            self._stopping = False
            self._estimate = TimeLeft()
            self._mend("save")
            self.state, self.activity = "running", self._doing(self.run)

    def _publish(self, partial: Trained) -> None:
        self.step = partial.step
        self.notes = partial.collapse()

    def _report(self, run: Run[Any], turn: int) -> None:
        saved = run.state == "stopped" and run.partial is not None and self._save(run.partial)
        with self.together():
            super()._report(run, turn)
            self.saved = saved and run.state == "stopped"  # not resumed meanwhile
            if run.state != "running":
                self._stopping = False
            self.activity = self._doing(run)
            self.counts = _counted(run.partial)
        if run.partial is not None and (run.state != "running" or time.monotonic() >= self._draw_from):
            self._draw_from = math.inf  # until this is drawn
            self._answers.ask(run.partial)

    def _save(self, partial: Trained) -> bool:
        """Save the networks; return False where there is no file to save to, or that failed."""
        if self._checkpoint is None:
            return False
        try:
            partial.save(self._checkpoint)
        except Exception as failure:  # noqa: BLE001 - a disk that is full ends no training
            self._fail(failure, "save")
            return False
        return True

    def _doing(self, run: Run[Any]) -> str:
        if run.state != "running":
            return ""
        if self._stopping:
            return _STOPPING
        return "" if run.partial is not None else "the first updates"

    def _answer(self, question: Trained) -> None:
        """Draw samples and losses. Called on the thread that draws."""
        began = time.thread_time()  # not how long it waits for the training's thread
        try:
            if question.step != self.drawn:
                self._draw_losses(question)
                self._draw_sheet(question)
            self._mend("draw")
        except Exception as failure:  # noqa: BLE001 - the training continues, whatever cannot be drawn
            self._fail(failure, "draw")
        rest = max(_INTERVAL, _REST * (time.thread_time() - began))
        self._draw_from = time.monotonic() + rest

    def _draw_losses(self, partial: Trained) -> None:
        history = partial.losses.double().cpu().numpy()
        window = mean_window(len(history))
        held_out = partial.measured.double().cpu().numpy()
        names = np.array(partial.measure_names)
        if len(held_out):
            known = np.isfinite(held_out).any(axis=0)  # there is no IoU without masks
            held_out, names = held_out[:, known], names[known]
        with self.together():
            self.history = history
            self.loss_names = list(partial.loss_names)
            self.losses = _recent_means(history[-window:])
            self.window = window
            if len(held_out):
                self.held_out_history = held_out
                self.held_out_names = names[1:].tolist()
                self.held_out = _or_none(held_out[-1, 1:])
                self.held_out_at = int(held_out[-1, 0])
            self.measured = partial.step  # after the rest: the charts are drawn at it

    def _draw_sheet(self, partial: Trained) -> None:
        sheet = partial.sheet()
        rows, columns, _, height, width = sheet.shape
        whole = sheet.permute(2, 0, 3, 1, 4).reshape(3, rows * height, columns * width)
        picture = encode(whole, "webp" if max(height, width) > _PIXEL_ART else "png")
        with self.together():
            self.sheet = picture
            self.grid, self.tile = [rows, columns], [height, width]
            self.columns, self.sheet_note = list(partial.sheet_columns), partial.sheet_note
            self.drawn = partial.step

    def _fail(self, failure: BaseException, what: str = "run") -> None:
        """Show an error, in the place of an earlier one of its kind: run, save or draw."""
        self.last_error = failure
        about = "the drawing failed: " if what == "draw" else ""
        with self._wire:
            self._errors.pop(what, None)
            self._errors[what] = f"{about}{in_words(failure)}"
            self.error = "\n".join(self._errors.values())

    def _mend(self, what: str) -> None:
        """Show an error of a kind no longer."""
        with self._wire:
            self._errors.pop(what, None)
            self.error = "\n".join(self._errors.values())


def _counted(partial: Trained | None) -> str:
    if partial is None:
        return ""
    return f"update {partial.step:,} of {partial.training['updates']:,} after {_duration(partial.seconds)}"


def _recent_means(losses: npt.NDArray[np.float64]) -> list[Any]:
    """Return the mean of each loss ``(updates, K)`` over what is finite of it; None where nothing is."""
    return _or_none([running_mean(values, len(values))[-1] for values in losses.T if len(values)])


def _or_none(values: Iterable[float]) -> list[Any]:
    """Return numbers as JSON can hold them: None for one that is not finite."""
    return [float(value) if np.isfinite(value) else None for value in values]


def _duration(seconds: float) -> str:
    """Write a time as a person says it.

    Examples
    --------
    >>> _duration(42.3), _duration(200), _duration(7500)
    ('42 s', '3 min 20 s', '2 h 5 min')
    """
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    return f"{minutes // 60} h {minutes % 60} min"
