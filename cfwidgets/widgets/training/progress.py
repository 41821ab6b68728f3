"""A training to watch: how far it is, what it paints by now, and how its losses go."""

from __future__ import annotations

import html
import math
import threading
import time
from collections.abc import Generator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import ipywidgets as w

from cfwidgets.images import encode
from cfwidgets.run import Run
from cfwidgets.widgets.latest import Latest
from cfwidgets.widgets.training.chart import LossCharts

if TYPE_CHECKING:
    from torch import Tensor

    from cfwidgets.engines.base import Update

__all__ = ["Trained", "TrainingProgress"]

_INTERVAL = 0.5  # seconds between two reports, at least
_REST = 9  # times what a drawing took, before the next one
_WIDEST, _HIGHEST, _TILE = 940, 400, 96  # of the sheet and of one image on it, in pixels of the page
_PIXEL_ART = 64  # pixels a side up to which images are sent without loss

# The tokens and measures of the other views, whose style sheets come with their own front ends.
_STYLE = """<style>
.cfw-training {
  --cfw-fg: var(--jp-ui-font-color1, var(--vscode-foreground, #1f2328));
  --cfw-muted: #5c656f; --cfw-line: #d8dee4; --cfw-edge: #c3cbd3; --cfw-soft: #f0f2f5;
  --cfw-blue: #0072b2; --cfw-red: #b3261e;
  max-width: 960px; padding: 4px 2px 8px; color: var(--cfw-fg);
  font-family: var(--jp-ui-font-family, var(--vscode-font-family, system-ui, sans-serif)); font-size: 13px;
}
:is([data-jp-theme-light="false"], .dark, .dark-theme, [data-theme="dark"], html[theme="dark"],
body.vscode-dark, body.vscode-high-contrast:not(.vscode-high-contrast-light)) .cfw-training {
  --cfw-fg: var(--jp-ui-font-color1, var(--vscode-foreground, #e6e6e6));
  --cfw-muted: #9aa4ae; --cfw-line: #343b44; --cfw-edge: #48515b; --cfw-soft: #23292f;
  --cfw-blue: #56b4e9; --cfw-red: #ff8a80;
}
.cfw-training, .cfw-training .widget-box { overflow: visible; }
.cfw-training .jupyter-widgets { margin: 0; }
.cfw-training .widget-html, .cfw-training .widget-html-content { height: auto; line-height: 18px; }
.cfw-training .widget-html-content { width: 100%; color: var(--cfw-fg); }
.cfw-training p { margin: 0; }
.cfw-training-headline { display: flex; flex-wrap: wrap; gap: 2px 12px; align-items: center; }
.cfw-training-headline h3 { margin: 0; font-size: 16px; font-weight: 600; line-height: 24px; }
.cfw-training-status, .cfw-training-counts, .cfw-training-note { color: var(--cfw-muted); font-size: 12px; }
.cfw-training-status { display: flex; flex: 1 0 auto; gap: 6px; align-items: center; }
.cfw-training-status i { width: 8px; height: 8px; border-radius: 50%; background: currentcolor; }
.cfw-training-status[data-state="running"] { color: var(--cfw-blue); }
.cfw-training-status[data-state="failed"] { color: var(--cfw-red); }
.cfw-training-status[data-state="stopped"] i { border-radius: 1px; }
.cfw-training-counts { font-variant-numeric: tabular-nums; }
.cfw-training .cfw-training-button {
  flex: none; width: 76px; height: 24px; margin-left: 12px; padding: 0; border: 1px solid var(--cfw-line);
  border-radius: 4px; background: transparent; box-shadow: none; color: var(--cfw-fg); font-size: 13px;
  line-height: 22px;
}
.cfw-training .cfw-training-button:hover { border-color: var(--cfw-edge); background: var(--cfw-soft); }
.cfw-training .cfw-training-button:focus-visible { outline: 2px solid var(--cfw-blue); outline-offset: 2px; }
.cfw-training-bar { height: 2px; margin-top: 8px; background: var(--cfw-line); }
.cfw-training-bar i { display: block; height: 2px; background: var(--cfw-muted); }
.cfw-training-bar:is([data-state="running"], [data-state="done"]) i { background: var(--cfw-blue); }
.cfw-training-alert {
  padding-top: 8px; color: var(--cfw-red); font-size: 12px; overflow-wrap: anywhere; white-space: pre-line;
}
.cfw-training-columns {
  display: grid; align-items: end; padding-bottom: 4px; color: var(--cfw-muted); line-height: 1.15;
  text-align: center;
}
.cfw-training-columns span { min-width: 0; overflow: hidden; text-overflow: ellipsis; }
.cfw-training-sized { container-type: inline-size; }
.cfw-training-note { padding-top: 4px; }
.cfw-training .widget-image { display: block; width: 100%; max-width: none; height: auto; }
.cfw-training .cfw-training-pixels { image-rendering: pixelated; }
.cfw-training-loss {
  display: flex; gap: 8px; justify-content: space-between; padding: 0 16px 0 44px; font-size: 12px;
}
.cfw-training .bqplot .axislabel { font-size: 11px !important; }
.cfw-training-loss b { font-weight: 600; }
.cfw-training-loss span { color: var(--cfw-muted); font-variant-numeric: tabular-nums; }
</style>"""


class Trained(Protocol):
    """What a training yields: networks as far as they are trained."""

    @property
    def training(self) -> dict[str, Any]:
        """The settings, among them ``updates``: how many there will be."""
        ...

    @property
    def step(self) -> int:
        """Updates so far."""
        ...

    @property
    def seconds(self) -> float:
        """What they took."""
        ...

    @property
    def loss_names(self) -> tuple[str, ...]:
        """Of the K losses."""
        ...

    @property
    def losses(self) -> Tensor:
        """``(step, K)``."""
        ...

    @property
    def sheet_columns(self) -> tuple[str, ...]:
        """What each column of the sheet shows; empty where the columns mean nothing."""
        ...

    def sheet(self) -> Tensor:
        """Images that show what is learned: ``(rows, columns, 3, H, W)`` in [0, 1]."""
        ...

    def save(self, path: str | Path) -> None:
        """Write it to a file, from which the training can go on."""
        ...


class TrainingProgress(w.VBox):
    """Run a training in the background, and watch it: samples, losses, time, and a button to stop it.

    It returns at once. A stop takes effect at the next update that the training yields, and loses nothing:
    the networks stay as far as they are trained, and ``Continue`` goes on as if there had been no stop. Which
    weights of a GAN are best its losses do not say; what is shown, kept and saved is the running mean of the
    generator's weights, which is what a training gives at its end.

    Samples and losses are drawn on a thread of their own, for at most a tenth of the time.

    Parameters
    ----------
    steps
        What ``steps(…)`` of `AttGANTraining` or `BigGANTraining` gave, or any generator of updates whose
        partial results are as `Trained` says.
    checkpoint
        A file to save to at each stop: that which ``steps`` saves to, so that a kernel that ends while the
        training is stopped takes nothing with it.

    Attributes
    ----------
    run
        The `cfwidgets.Run` that drives the training.

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
    >>> progress = TrainingProgress(training.steps(faces, attributes, ("Bald", "Young")))
    >>> progress.run.result().step
    2
    >>> progress.close()
    """

    _open = False

    def __init__(
        self, steps: Generator[Update[Any], None, None], *, checkpoint: str | Path | None = None
    ) -> None:
        if not isinstance(steps, Generator):
            raise TypeError(
                f"steps must be what a training's `steps(…)` gives, not {type(steps).__name__}: "
                "`TrainingProgress(AttGANTraining(…).steps(faces, attributes, names))`"
            )
        self._checkpoint = checkpoint
        self._lock = threading.RLock()
        self._errors: dict[str, str] = {}
        self._stopping, self._saved = False, False
        self._began: tuple[int, float] | None = None  # step and seconds of what came first
        self._drawn = -1  # the step that is
        self._draw_from = 0.0
        self._drawing: Latest[Trained] = Latest(self._draw)
        self._head = w.HTML(layout=w.Layout(flex="1 1 0", min_width="0"))
        self._button = w.Button(description="Stop", layout=w.Layout(visibility="visible"))
        self._button.add_class("cfw-training-button")
        self._button.on_click(self._clicked)
        # As for the other views: or a click would wait for the cell that runs, since a worker has published.
        if hasattr(self._button.comm, "_reply_subshell_for"):
            self._button.comm._reply_subshell_for = lambda _data, default: default  # noqa: SLF001
        self._bar, self._alert = w.HTML(), w.HTML()
        self._columns, self._below = w.HTML(), w.HTML()
        self._image = w.Image(format="png", layout=w.Layout(display="none"))
        self._sheet = w.VBox(
            [self._columns, self._image, self._below],
            layout=w.Layout(flex="0 1 auto", min_width="0", max_width="100%"),
        )
        self._charts = LossCharts()
        self._body = w.HBox(
            [self._sheet, self._charts.box],
            layout=w.Layout(
                flex_flow="row wrap", align_items="flex-start", grid_gap="16px 20px", margin="16px 0 0 0"
            ),
        )
        self._line = w.HBox([self._head, self._button], layout=w.Layout(align_items="center"))
        self._style = w.HTML(_STYLE, layout=w.Layout(display="none"))
        super().__init__([self._style, self._line, self._bar, self._alert, self._body])
        self.add_class("cfw-training")
        self._open = True
        self.run: Run[Trained] = Run(steps, self._report, _INTERVAL)

    @property
    def result(self) -> Trained | None:
        """The networks as far as they are trained; None before the first that is yielded."""
        return self.run.partial

    def stop(self) -> None:
        """Stop at the next update that the training yields. Nothing is lost."""
        self._stopping = True
        self.run.cancel()
        self._show(self.run)

    def proceed(self) -> None:
        """Go on where the training was stopped."""
        self._stopping = False
        self._note("save", "")
        self.run.resume()
        self._show(self.run)

    def close(self) -> None:
        """Stop the training, free what it holds, and take everything off the page. ``result`` stays."""
        if not self._open:  # closed before, or its making failed: ipywidgets closes what is collected
            return
        with self._lock:  # after what is just being shown
            self._open = False
        self._drawing.close()
        try:
            self.run.close()  # the training may save, which may fail
        finally:
            self._close_parts()

    def _close_parts(self) -> None:
        with self._lock:
            self._charts.close()
        texts = (self._head, self._bar, self._alert, self._columns, self._below, self._style, self._button)
        for text in texts:
            text.style.close()
        for widget in (*texts, self._image, self._sheet, self._body, self._line):
            widget.layout.close()
            widget.close()
        self.layout.close()
        super().close()

    def _clicked(self, _button: w.Button) -> None:
        if self.run.state == "running":
            self.stop()
        else:
            self.proceed()

    def _report(self, run: Run[Trained]) -> None:
        """Show how far it is. Called on the run's thread."""
        partial = run.partial
        if self._began is None and partial is not None:
            self._began = partial.step, partial.seconds
        if run.state == "stopped" and self._checkpoint is not None and partial is not None:
            self._saved = False
            try:
                partial.save(self._checkpoint)
                self._saved = True
            except Exception as failure:  # noqa: BLE001 - a disk that is full ends no training
                self._note("save", _words(failure))
        self._show(run)
        if partial is not None and (run.state != "running" or time.monotonic() >= self._draw_from):
            self._draw_from = math.inf  # until this is drawn
            self._drawing.ask(partial)

    def _show(self, run: Run[Trained]) -> None:
        with self._lock:
            if not self._open:
                return
            state, failure = run.state, run.exception()
            if state != "running":
                self._stopping = False
            if failure is not None:
                self._note("run", _words(failure))
            self._head.value = _head(state, self._state_words(run), self._counts(run))
            self._bar.value = _bar(state, run.progress)
            self._button.description = {"running": "Stop"}.get(state, "Continue")
            self._button.layout.visibility = "visible" if state in {"running", "stopped"} else "hidden"

    def _note(self, what: str, words: str) -> None:
        """Show an error, in the place of an earlier one of its kind; none where there are no words."""
        with self._lock:
            if not self._open:
                return
            self._errors.pop(what, None)
            if words:
                self._errors[what] = words
            text = html.escape("\n".join(self._errors.values()))
            self._alert.value = f'<p class="cfw-training-alert" role="alert">{text}</p>' if text else ""

    def _state_words(self, run: Run[Trained]) -> str:
        partial, state = run.partial, run.state
        if state == "running":
            if self._stopping:
                return "running: stops after this update"
            return "running" if partial is not None else "running: the first updates"
        if state == "done" or partial is None:
            return state
        kept = f"{state}: update {partial.step:,} is kept"
        if state == "failed":
            return kept
        return f"{kept}{' and saved' if self._saved else ''}, Continue goes on"

    def _counts(self, run: Run[Trained]) -> str:
        partial, began = run.partial, self._began
        if partial is None:
            return ""
        updates = partial.training["updates"]
        words = f"update {partial.step:,} of {updates:,}, {_duration(partial.seconds)}"
        if run.state != "running" or not partial.step:
            return words
        # By what has run here: a checkpoint may have come from a faster machine.
        steps, seconds = partial.step, partial.seconds
        if began is not None and began[0] < steps:
            steps, seconds = steps - began[0], seconds - began[1]
        return f"{words}, {_duration(seconds / steps * (updates - partial.step))} left"

    def _draw(self, partial: Trained) -> None:
        """Draw samples and losses. Called on the thread that draws."""
        began = time.thread_time()  # not how long it waits for the training's thread
        try:
            if partial.step != self._drawn:
                self._draw_losses(partial)
                self._draw_sheet(partial)
                self._drawn = partial.step
            self._note("draw", "")
        except Exception as failure:  # noqa: BLE001 - the training goes on, whatever cannot be drawn
            self._note("draw", f"what it paints cannot be shown: {_words(failure)}")
        rest = max(_INTERVAL, _REST * (time.thread_time() - began))
        self._draw_from = time.monotonic() + rest

    def _draw_losses(self, partial: Trained) -> None:
        names, values = partial.loss_names, partial.losses.double().cpu().numpy()
        with self._lock:
            if self._open:
                self._charts.draw(names, values)

    def _draw_sheet(self, partial: Trained) -> None:
        sheet = partial.sheet()
        rows, columns, _, height, width = sheet.shape
        whole = sheet.permute(2, 0, 3, 1, 4).reshape(3, rows * height, columns * width)
        side = max(height, width)
        large = side > _PIXEL_ART
        picture = encode(whole, "webp" if large else "png")
        scale = max(1, min(_TILE // side, _WIDEST // whole.shape[2], _HIGHEST // whole.shape[1]))
        with self._lock:
            if not self._open:
                return
            self._columns.value = _column_names(partial.sheet_columns)
            with self._image.hold_sync():
                self._image.format = "webp" if large else "png"
                self._image.value = picture
            if scale > 1:  # where it is made smaller, pixels would be left out
                self._image.add_class("cfw-training-pixels")
            self._image.layout.display = None
            self._sheet.layout.width = f"{min(_WIDEST, scale * whole.shape[2])}px"
            self._below.value = (
                f'<p class="cfw-training-note">painted at update {partial.step:,} by the running mean of the '
                "weights</p>"
            )


def _head(state: str, words: str, counts: str) -> str:
    return (
        '<div class="cfw-training-headline"><h3>What has it learned?</h3>'
        f'<span class="cfw-training-status" data-state="{state}"><i></i>{html.escape(words)}</span>'
        f'<span class="cfw-training-counts">{html.escape(counts)}</span></div>'
    )


def _bar(state: str, progress: float) -> str:
    percent = 100 * progress
    return (
        f'<div class="cfw-training-bar" data-state="{state}" role="progressbar" aria-label="Progress" '
        f'aria-valuemin="0" aria-valuemax="100" aria-valuenow="{percent:.0f}">'
        f'<i style="width: {percent:.2f}%"></i></div>'
    )


def _duration(seconds: float) -> str:
    """A time as a person says it.

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


def _column_names(names: Sequence[str]) -> str:
    """The names over the columns, broken after underscores, and as small as the longest part needs it."""
    if not names:
        return ""
    longest = max(len(part) for name in names for part in name.replace("_", "_ ").split())
    style = (
        f"grid-template-columns: repeat({len(names)}, minmax(0, 1fr)); "
        f"font-size: clamp(8px, {100 / (0.58 * len(names) * longest):.2f}cqi, 11px)"
    )
    cells = "".join(f"<span>{html.escape(name).replace('_', '_<wbr>')}</span>" for name in names)
    grid = f'<div class="cfw-training-columns" style="{style}">{cells}</div>'
    return f'<div class="cfw-training-sized">{grid}</div>'


def _words(failure: BaseException) -> str:
    kind = "" if isinstance(failure, ValueError) else f"{type(failure).__name__}: "
    return f"{kind}{failure}{''.join(f' ({note})' for note in getattr(failure, '__notes__', ()))}"
