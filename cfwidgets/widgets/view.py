"""The base of all views: a run to watch, questions to answer, errors that are seen."""

from __future__ import annotations

import os
import threading
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar

import anywidget
import traitlets as t
from ipywidgets.widgets.widget import _put_buffers

from cfwidgets.forks import renew_in_children
from cfwidgets.models.absent import AbsentError
from cfwidgets.run import Run
from cfwidgets.text import LINE, cut, without_surrogates
from cfwidgets.widgets import answers, cells
from cfwidgets.widgets.latest import Latest
from cfwidgets.widgets.lifetime import HOST, FixedLayout, Held, weakly
from cfwidgets.widgets.stored import show_beside
from cfwidgets.widgets.time_left import TimeLeft
from cfwidgets.widgets.wire import trust_rows

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Mapping, Sequence

    from cfwidgets.engines.base import ExplainerResult, Update
    from cfwidgets.export.explorers import Live, Runtime
    from cfwidgets.export.exported import Exported
    from cfwidgets.export.travel import Travel
    from cfwidgets.export.words import About

_STATIC = Path(__file__).parent / "static"

R = TypeVar("R")
"""The result that a view shows: an `ExplainerResult`, or the networks that a training yields."""


def bundle(name: str) -> str | Path:
    """Give the built front end ``name``, such as ``superpixels.js``: its text, or its path to develop it.

    anywidget watches a path for changes where ``ANYWIDGET_HMR`` is set; but a class that has a path keeps
    each of its instances alive for good.

    Raises
    ------
    FileNotFoundError
        In a checkout whose front end was not built.
    """
    path = _STATIC / name
    if not path.exists():
        raise FileNotFoundError(
            f"the front end {name} is not built: `pip install .` builds it, `npm run build` in js/ too"
        )
    return path if os.environ.get("ANYWIDGET_HMR") == "1" else path.read_text(encoding="utf-8")


def in_words(failure: BaseException) -> str:
    """Write an exception for a reader: its message and notes, and its class where the message needs it.

    Examples
    --------
    >>> in_words(ValueError("no such class")), in_words(OSError("the disk is full"))
    ('no such class', 'OSError: the disk is full')
    """
    name = "" if isinstance(failure, ValueError | t.TraitError) else f"{type(failure).__name__}: "
    notes = "".join(f" ({note})" for note in getattr(failure, "__notes__", ()))
    return without_surrogates(f"{name}{failure}{notes}")


def _fraction(result: object) -> float:
    """Return how far a result is, or the least far of a pair."""
    if isinstance(result, tuple):
        return min(map(_fraction, result))
    return getattr(result, "fraction", 1.0)  # networks that a training yields have none


def _not_known(message: object) -> ValueError:
    return ValueError(f"the page sent a message that is not known: {str(message)[:80]!r}")


def shown_in_a_line(widget: object, view: View[Any]) -> str:
    """Write a view, or what holds one, in a line: its class, how far it is, and the result."""
    far = f"{type(widget).__name__} {view.state} at {view.progress:.0%}"
    return f"{cut(f'<{far}: {view.result!r}', LINE - 1)}>"


class View(Held, anywidget.AnyWidget, Generic[R]):
    """Base of the views: state, progress and errors of a run; one thread that answers what the browser asks.

    A view is made from the classifier, the generator or editor where there is one, the data and the class to
    explain; ``engine``, ``second``, ``result`` and ``checkpoint`` are given by name. It returns at once, and
    fills in while the engine runs.

    A message from the browser may be handled on any thread of the kernel, also while a cell runs. What
    handles it therefore only checks and hands the work on: to the run's thread, or to the one that answers.

    It stops, and is taken off every page, when nothing refers to it any more: the program, or the output of a
    cell. Its run goes on where the program refers to that.

    A subclass decorates its ``__init__`` with `closed_on_failure`, sets ``from_page`` and ``linked``, and
    defines `_publish`, `_steps`, and where the browser may ask something, `_answer` and `_checked`.

    Attributes
    ----------
    state
        ``empty``, ``running``, ``done``, ``stopped`` or ``failed``.
    activity
        What the run is doing, in words.
    progress
        0 to 1.
    time_left
        How long the run still takes, in words: an estimate; empty where there is none, and while none runs.
    resumable
        False where a result is shown that was interrupted, and there are no data to resume it with.
    counts
        How far it is, in numbers.
    error
        What went wrong, as a person reads it; empty where nothing did. ``last_error`` has the exception.
    notes
        What a reader must know beside the finding; empty where there is nothing.
    caveats
        Why the finding is worth little, a sentence each; empty where there is nothing to say.
    trust
        The measures of trust in words, a row each.
    measures
        True where ``trust`` will have more rows at the end.
    opens_with
        The call that opens the view with its models, where it was opened without; else empty.
    """

    from_page: ClassVar[frozenset[str]] = frozenset()
    """Traits that the page may set."""
    linked: ClassVar[frozenset[str]] = frozenset()
    """Traits that the page shares with a chart in the browser; the kernel leaves them alone."""
    needs: ClassVar[tuple[str, ...]] = ()
    """Arguments between the classifier and the data: models that a file of the view does not hold."""
    also: ClassVar[tuple[str, ...]] = ()
    """Arguments with further models, which need not be given."""
    data: ClassVar[tuple[str, ...]] = ()
    """Arguments with data that a result lacks, and that the view can do without."""
    clicked: ClassVar[tuple[str, ...]] = ()
    """Traits that hold what was clicked; the last of them may be linked."""
    answered: ClassVar[dict[str, type[Any]]] = {}
    """Traits that hold answers of the model, and how each is made: see `cfwidgets.widgets.answers`."""

    state = t.Enum(["empty", "running", "done", "stopped", "failed"], "empty").tag(sync=True)
    activity = t.Unicode().tag(sync=True)
    progress = t.Float(0.0).tag(sync=True)
    time_left = t.Unicode().tag(sync=True)
    resumable = t.Bool(default_value=True).tag(sync=True)
    counts = t.Unicode().tag(sync=True)
    error = t.Unicode().tag(sync=True)
    notes = t.Unicode().tag(sync=True)
    caveats = t.List(t.Unicode()).tag(sync=True)
    trust = t.List(t.Dict()).tag(sync=True)
    measures = t.Bool(default_value=True).tag(sync=True)
    opens_with = t.Unicode().tag(sync=True)

    send_beside: Callable[[], None] | None = None
    """Sends a page again what an explorer shows beside the view."""

    _open = False
    _holds_data: ClassVar[bool] = False
    """True where a result holds all that it takes to resume it, beside the model."""

    def __init__(self) -> None:
        self.run: Run[Any] | None = None
        self.last_error: BaseException | None = None
        self._result: R | None = None
        self.renew()
        renew_in_children(self)
        self._turn = 0
        self._linked_in_page: dict[str, Any] = {}
        self._estimate = TimeLeft()
        self._answers: Latest[Any] = Latest(weakly(self._answer_safely))
        self._open = True
        super().__init__(layout=FixedLayout(), _dom_classes=(HOST,))
        # ipykernel 7.4 hands a message of the browser to the shell that last published on this comm. That is
        # the main one, which a running cell blocks, as soon as a worker has reported progress; what the front
        # end chose (in JupyterLab a subshell) answers meanwhile.
        if hasattr(self.comm, "_reply_subshell_for"):
            self.comm._reply_subshell_for = lambda _data, default: default  # noqa: SLF001

    def renew(self) -> None:
        """Make a lock that is free. Called in a forked child, too."""
        self._wire = threading.RLock()

    def __repr__(self) -> str:
        return shown_in_a_line(self, self) if self._open else f"<{type(self).__name__} closed>"

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        show_beside(self)
        return super()._repr_mimebundle_(**kwargs)

    @property
    def result(self) -> R | None:
        """The result as it stands; None before the first step."""
        return self._result

    def start(self, steps: Generator[Update[Any], None, None]) -> None:
        """Run an engine's steps, in the place of those that ran so far."""
        with self._wire:
            self._turn += 1
            turn = self._turn
            if self.run is not None:
                self.run.close()
            self.last_error = None
            self._estimate = TimeLeft()
            with self.hold_sync():
                self.error, self.state, self.activity, self.progress = "", "running", "", 0.0
                self.time_left, self.resumable = "", True
            report = weakly(self._report)
            self.run = Run(steps, lambda run: report(run, turn))

    def show(self, result: R) -> None:
        """Show a result that no run is adding to."""
        with self.together():
            self._turn += 1
            if self.run is not None:
                self.run.close()
            self._result = result
            self._publish(result)
            far = _fraction(result)
            self.state, self.progress = ("done" if far == 1 else "stopped"), far
            self.resumable = far == 1 or self._holds_data
            self.activity, self.error, self.time_left = "", "", ""

    def stop(self) -> None:
        """Stop after the step that is being worked on. What was found so far is kept."""
        if self.run is not None:
            self.run.cancel()

    def resume(self) -> None:
        """Resume a run that was stopped, or begin again with what was found when it failed.

        Raises
        ------
        ValueError
            The view was opened without its models.
        """
        with self._wire:  # a report waits meanwhile, and then tells how the run really stands
            if not self._open:
                return
            if self.opens_with:
                raise AbsentError(
                    f"there is no model to resume with: open the file with it, {self.opens_with}"
                )
            self._resume()

    def _resume(self) -> None:
        """Resume, or begin again. Called within the lock, with the models at hand."""
        if self.state == "failed":
            self.start(self._steps())
        elif self.run is not None and self.run.resume():
            self._estimate = TimeLeft()  # the time that it was stopped does not count
            self.state = "running"

    def export(
        self,
        path: str | Path,
        *,
        live: Live = "auto",
        runtime: Runtime = "inside",
        title: str | None = None,
    ) -> Exported:
        """Write one HTML file with the view as it stands, which plays from disk, without a network.

        Parameters
        ----------
        path
            The file, ``….html``. An existing one is replaced only once all is written.
        live
            True: the model travels in the page, and answers there what the kernel answers here, within 1e-4.
            ``"half"``: the same with weights in half precision, in half the space; refused where the top
            class of a picture becomes another. False: a still page, which plays without new answers.
            ``"auto"``: live where the model is a network that can be exported and the page has no more than
            40 MB, if need be in half precision; else still.
        runtime
            Where a live page has what evaluates the model (ONNX Runtime, 4.6 MB). ``"inside"``: in the page,
            which is one file. ``"beside"``: in a file ``cfwidgets-runtime-….js`` in the page's folder, which
            is written where it is not there, and which all such pages of a folder share. A page without it
            plays as a still one does, and says which file it lacks.
        title
            The page's heading; None for the question that the view answers.

        Returns
        -------
        Exported
            ``path``, ``live``, ``bytes``, the ``reason`` why it is live or still, and the file ``beside`` it.

        Raises
        ------
        CannotTravelError
            With ``live=True`` or ``"half"``: the model cannot answer in a page, such as a black box, or an
            ONNX file of a newer opset than pages know.
        ValueError
            The path does not end in .html; this view cannot be exported; or there is nothing to show yet.
        OSError
            The path is a folder, its folder is not there, or the disk is full.
        """
        from cfwidgets.export.explorers import as_it_stands, export

        return export(lambda: as_it_stands(self, self), path, live, runtime, title)

    def save(self, path: str | Path) -> None:
        """Write one file with what was found and what was clicked, for `cfwidgets.open`.

        The models are not in it, nor the data beyond what the result holds. A run that goes on is saved as it
        stands, and is opened as one that was stopped.

        Parameters
        ----------
        path
            The file. An existing one is replaced only once all is written.

        Raises
        ------
        ValueError
            This view cannot be saved; or there is nothing to save yet.
        OSError
            The path is a folder, its folder is not there, or the disk is full; it names ``path``.
        """
        from cfwidgets.widgets.saving import save

        save(self, self, path)

    @property
    def _found_so_far(self) -> R:
        """The result, to export or save; ValueError before there is one, and when the view is closed."""
        if not self._open:
            raise ValueError("nothing can be exported or saved any more: it is closed")
        if self._result is None:
            why = f"the run failed: {self.error}" if self.state == "failed" else "the run has just begun"
            raise ValueError(f"there is nothing to export or save yet: {why}")
        return self._result

    def findings(self) -> list[tuple[R, bool]]:
        """Return all results, the one that is shown last, each with whether its run has ended."""
        shown = self._found_so_far
        return [*self._others(), (shown, self.state == "done")]

    def _others(self) -> list[tuple[R, bool]]:
        """Return the results beside the one that is shown."""
        return []

    def recover(self, others: Sequence[R], answered: Mapping[str, Any], clicked: Mapping[str, Any]) -> None:
        """Take over what a file has beside the result that is shown.

        Parameters
        ----------
        others
            The results beside it.
        answered, clicked
            Values of the traits in ``answered`` and ``clicked``.

        Raises
        ------
        TypeError, ValueError, TraitError
            A value that is not valid here.
        """
        if not (clicked.keys() <= set(self.clicked) and answered.keys() <= self.answered.keys()):
            raise ValueError("it has values of traits that are not known")
        with self.together():
            self._take_over(others)
            for name, value in answered.items():
                setattr(self, name, answers.read(self.answered[name], value))
            self.recall(dict(clicked))
            for name in self.linked & clicked.keys():
                setattr(self, name, clicked[name])

    def _take_over(self, others: Sequence[R]) -> None:
        """Keep results beside the one that is shown."""
        if others:
            raise ValueError("it has a result too many")

    def clicks(self) -> dict[str, Any]:
        """Return the values of ``clicked``, those of linked traits as the page has told them last."""
        found = {name: getattr(self, name) for name in self.clicked}
        for name, value in self._linked_in_page.items():
            with suppress(t.TraitError):  # the page may say anything
                found[name] = self.traits()[name]._validate(self, value)  # noqa: SLF001 - as setting it does
        return found

    def release(self) -> None:
        """Answer what was asked since the view was made within `cfwidgets.widgets.latest.held`."""
        self._answers.release()

    def wait_for_answers(self) -> None:
        """Wait until all is answered that was asked, where no run goes on: charts show answers, too."""
        # Whoever is told of a change holds the lock that the thread that answers needs.
        if self.state != "running" and not self._wire._is_owned():  # type: ignore[attr-defined]  # noqa: SLF001
            self._answers.wait()

    def account(self) -> About:
        """Say what the view shows, for an exported page."""
        raise ValueError(f"a {type(self).__name__} cannot be exported")

    def travel(self) -> Travel:
        """Return what an exported page needs to answer the view.

        Raises
        ------
        CannotTravelError
            No page can answer it.
        """
        from cfwidgets.export.refusal import CannotTravelError

        raise CannotTravelError(f"no page answers a {type(self).__name__} yet")

    def close(self) -> None:
        """Stop the run, free what it holds and found, and take the view off every page."""
        if self._open and self.run is not None:
            self._turn += 1
            try:
                self.run.close()  # it may save, which may fail
            finally:
                self._let_go()
        else:
            self._let_go()

    def __del__(self) -> None:
        self._let_go()

    def _let_go(self) -> None:
        if not self._open:  # closed before, or never made
            return
        self._open = False
        self._turn += 1
        self._answers.close()
        self._release()
        cells.let_go(self)
        self.layout.close()
        super().close()

    def notify_change(self, change: Any) -> None:
        """Tell the page and the charts of a change, on one thread at a time."""
        with self._wire:
            self._linked_in_page.pop(change.name, None)  # the page now has what Python set
            super().notify_change(change)

    def _handle_msg(self, msg: Any) -> None:
        """Take a message of the page; show what is wrong with one that cannot be taken."""
        data, buffers = msg["content"].get("data"), msg.get("buffers", [])
        try:
            match data:
                case {"method": "update", "state": dict(state)}:
                    _put_buffers(state, data.get("buffer_paths", []), buffers)
                    self.set_state(state)
                case {"method": "request_state"}:
                    self.send_state()
                case {"method": "custom", "content": content}:
                    self._handle_custom_msg(content, buffers)
                case _:
                    self._fail(_not_known(data))
        except Exception as failure:  # noqa: BLE001 - the kernel goes on, whatever it was
            self._fail(failure)

    def set_state(self, sync_data: dict[str, Any]) -> None:
        """Take over what the browser changed. Reject invalid values, show the error, resend the state."""
        with self._wire:  # not amid what a run is publishing
            try:
                super().set_state(self._from_page(sync_data))
            except Exception as refused:  # noqa: BLE001 - libraries raise many kinds at what is of another kind
                self._fail(refused)
                self.send_state(key=[name for name in sync_data if name in self.keys])
                return
            if self.state != "failed":  # what was refused before is past; why a run failed is not
                self.error = ""

    def recall(self, chosen: dict[str, Any]) -> None:
        """Set what the page may set as it was at another time, and tell the page; refuse what it may not set.

        Raises
        ------
        ValueError, TraitError
            The value that is not valid here.
        """
        with self.together():
            for name, value in self._from_page(chosen).items():
                setattr(self, name, value)

    def _from_page(self, sync_data: dict[str, Any]) -> dict[str, Any]:
        """Return which of the browser's changes to take over."""
        changed = {name: value for name, value in sync_data.items() if name not in self.linked}
        self._linked_in_page.update(
            {name: value for name, value in sync_data.items() if name in self.linked and name in self.clicked}
        )
        foreign = changed.keys() - self.from_page
        if foreign:
            raise ValueError(f"the page may not set {', '.join(sorted(foreign)):.200}")
        return self._checked(changed)

    def _checked(self, changed: dict[str, Any]) -> dict[str, Any]:
        """Return which of the changes to take over; raise ValueError for a value that is not valid."""
        return changed

    def _steps(self) -> Generator[Update[R], None, None]:
        """Return the engine's steps, which resume what was found so far."""
        raise NotImplementedError

    def _publish(self, partial: R) -> None:
        """Set the traits that show a partial result. Called on the run's thread, within ``together``."""
        raise NotImplementedError

    def _judge(self, result: ExplainerResult) -> None:
        """Set the traits that say how far to trust a result."""
        self.trust, self.caveats = trust_rows(result.trust()), list(result.caveats)

    def _answer(self, question: Any) -> None:
        """Answer what was asked last. Called on the thread that answers."""
        raise NotImplementedError

    def _release(self) -> None:
        """Let go of what was found. Called when the view is closed."""
        self._result = None

    @contextmanager
    def together(self) -> Iterator[None]:
        """Send the traits that are set within as one message."""
        with self._wire, self.hold_sync():
            yield

    def _report(self, run: Run[Any], turn: int) -> None:
        with self.together():
            if turn != self._turn:
                return
            if run.partial is not None:
                self._result = run.partial
                try:
                    self._publish(run.partial)
                except Exception:
                    if run.state != "failed":  # the run fails by it, and reports that
                        raise
            self.progress, self.activity = run.progress, run.activity
            running = run.state == "running"
            self.time_left = self._estimate.after(time.monotonic(), run.progress) if running else ""
            failure = run.exception()
            if failure is not None:
                self._fail(failure)
            self.state = run.state  # last: whoever waits for a state finds all the rest

    def _answer_safely(self, question: Any) -> None:
        try:
            self._answer(question)
        except AbsentError:
            pass  # the page says that there is no model
        except Exception as failure:  # noqa: BLE001 - a thread has nobody above it: the view shows the error
            self._fail(failure)

    def _fail(self, failure: BaseException) -> None:
        with self._wire:
            if not self._open:  # what it worked on is gone, and the error would keep the view alive
                return
            self.last_error = failure
            self.error = in_words(failure)

    def _handle_custom_msg(self, content: Any, buffers: Any) -> None:
        super()._handle_custom_msg(content, buffers)
        self._on_message(self, content, buffers)

    def _on_message(self, _widget: Any, content: Any, _buffers: Any) -> None:
        kind = content.get("kind") if isinstance(content, dict) else None
        if kind == "stop":
            self.stop()
        elif kind == "resume":
            self.resume()
        elif kind == "shown":
            self._catch_up(content.get("progress"))
        else:
            self._fail(_not_known(content))

    def _catch_up(self, progress: Any) -> None:
        """Send a page all that is shown where it is behind: it missed what came before it made the view."""
        with self._wire:
            if self._open and (self.state != "running" or progress != self.progress):
                # Not what the page knows better: nobody tells it here, or Python has not set it since.
                own = (self.linked - set(self.clicked)) | self._linked_in_page.keys()
                self.send_state(key=[name for name in self.keys if name not in own])
                if self.send_beside is not None:
                    self.send_beside()
