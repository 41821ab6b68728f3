"""The contract of every explainer: its engine, the updates that this yields, and its result.

An *engine* is a frozen dataclass of settings. Its ``steps(clf, …)`` yields an `Update` after each piece of
work, so that whoever drives it can show, stop and resume it; ``explain(clf, …)`` drives it to the end. Both
take the classifier first, then the generator or editor where there is one, then the data and the class to
explain; ``resume`` takes an earlier result, ``checkpoint`` a file. An engine knows nothing of threads.

A *result* is a frozen dataclass of CPU tensors and plain values, with a table, a figure, measures of trust,
and a file.
"""

from __future__ import annotations

import base64
import functools
import html
import inspect
import io
import re
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Generator, Iterable, Mapping
from contextlib import closing
from dataclasses import asdict, dataclass, field, fields, replace
from math import inf, nan
from pathlib import Path
from typing import (
    TYPE_CHECKING,
    Any,
    ClassVar,
    Concatenate,
    Generic,
    NamedTuple,
    ParamSpec,
    Protocol,
    Self,
    TypeVar,
    overload,
)

import pandas as pd
import torch
from torch import Tensor

from cfwidgets.attribution import attribute
from cfwidgets.checkpoint import Checkpoint
from cfwidgets.checks import choice, positive_int
from cfwidgets.docstrings import section
from cfwidgets.engines.trust_table import TrustTable
from cfwidgets.evaluation.elsewhere import Answers, pictures
from cfwidgets.evaluation.placed import PlacedMap, resampled
from cfwidgets.models.backends.base import ClassifierError
from cfwidgets.progress import progress_bar
from cfwidgets.results import Result
from cfwidgets.text import LINE, cut, did_you_mean
from cfwidgets.warn import warn_user

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from cfwidgets.models.classifier import Classifier

__all__ = [
    "SURER",
    "Attempt",
    "Engine",
    "ExplainerResult",
    "Measure",
    "Update",
    "apart",
    "require_same",
    "run_to_end",
    "to_the_end",
]

# Of one picture or data set, explanations are alike to a part whatever the model: a digit's map is on its
# strokes (0.4 to 0.7).
_APART, _ALIKE = 0.5, 0.8
_SAVED_EVERY = 30.0  # seconds between two checkpoints
_TWICE = 2.0  # seconds within which a second interrupt is meant for more than the call
_SAME_ANSWER = 1e-3  # how far apart the answers of one model may be, in two batches or on two devices

_DIFFERENCE = (
    "Mean difference of the log-probabilities for two of ten pictures: the image, noise, plain colours, and "
    "the image in pieces. Near 0, the model hardly looks at the picture."
)
_CHANGE = (
    "Mean change of the answer, from 0 to 1, where the image is shifted, resized or dimmed a little. Where "
    "it is large, the model does not go by what the image shows."
)
_CERTAINTY = (
    "Mean probability of the class that the model predicts for noise and plain colours. Where it is as large "
    "as for the image, a high probability does not say that the model knows what it sees."
)

_STAND_IN = "input_x_gradient"

_OFTEN = 0.05  # pictures without a finite answer, as a share
_INVALID = (
    "Share of the {count:,} pictures for which the model predicts NaN or infinity: {invalid:,}. They were "
    "left out."
)

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)
P = ParamSpec("P")


@dataclass(frozen=True)
class Update(Generic[T]):
    """The progress of an engine, and the result as it stands.

    Attributes
    ----------
    fraction
        Work done so far, 0 to 1; exactly 1 in the last update.
    partial
        The result as it stands: complete in every field that has been computed so far.
    activity
        The work that comes next, in words for a person.
    """

    fraction: float
    partial: T
    activity: str = ""

    def __repr__(self) -> str:
        return (
            cut(
                f"<Update {self.fraction:.0%}{self.activity and f', {self.activity}'}: {self.partial!r}",
                LINE - 1,
            )
            + ">"
        )


SURER = 0.15
"""The least probability beyond chance with which a class counts as predicted."""


class Measure(NamedTuple):
    """One row of ``trust()``: how far to trust a result.

    Attributes
    ----------
    measure
        Its name.
    value
        The value measured.
    against
        The name of what the value is held against, such as ``"chance"``.
    reference
        The value of that; NaN where the words say it all.
    meaning
        One or two plain sentences.
    ok
        True where the value speaks for the result, False where it speaks against it; None where the row
        cannot tell.
    """

    measure: str
    value: float
    against: str
    reference: float
    meaning: str
    ok: bool | None = None


def apart(correlation: float) -> bool | None:
    """Tell if an explanation is another one than that of a randomised model; None where that cannot be told.

    Parameters
    ----------
    correlation
        The rank correlation of both, -1 to 1.

    Examples
    --------
    >>> [apart(correlation) for correlation in (0.1, 0.6, 0.9)]
    [True, None, False]
    """
    return None if _APART <= correlation < _ALIKE else correlation < _APART


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class ExplainerResult(Result, ABC):
    """Base of the results of all explainers.

    Attributes
    ----------
    settings
        The engine's, and the question: the explained class, and whatever else the answer depends on.
    model
        The classifier's name.
    labels
        The names of its C classes.
    prediction
        ``(C,)``: the model's probabilities for the explained image; for the first face of a data set.
    fingerprints
        Sums over the numbers of what the result was computed from, by name, such as ``"model"`` and
        ``"image"``; empty where there are no numbers to read, as in a black box.
    seconds
        Time that the work took.
    missing
        Measures of trust that could not be taken, by name, with the reason in words.
    elsewhere
        ``(15, C)``: the model's probabilities for pictures that show nothing, and for some that show the same
        as the image: see `cfwidgets.evaluation.elsewhere`. None before the end and without ``trust``.
    stopped
        How far ``explain`` came that was interrupted, in words; empty for every other result.
    """

    schema: ClassVar[dict[str, str]] = {
        "labels": "(C)",
        "prediction": "float32 (C) 0 1",
        "elsewhere": "float32 (15, C) 0 1",
        "seconds": "0 inf",
    }

    settings: dict[str, Any]
    model: str
    labels: tuple[str, ...]
    prediction: Tensor
    fingerprints: dict[str, str]
    seconds: float = 0.0
    missing: dict[str, str] = field(default_factory=dict)
    elsewhere: Tensor | None = None
    stopped: str = ""

    question: ClassVar[tuple[str, ...]] = ("target",)
    """Fields with the numbers of the classes in question, whose labels need not differ."""

    def require_sound(self) -> None:
        """Raise ValueError where fields contradict each other."""
        target = getattr(self, "target", 0)  # a survey of many images has none
        if target >= len(self.labels):
            raise ValueError(f"target is class {target}, of {len(self.labels)}")
        if self.elsewhere is not None and self.elsewhere.shape[1:] != self.prediction.shape:
            raise ValueError("elsewhere and prediction are not of the same classes")
        try:
            self.summary(), self.trust(), self.to_frame(), self.caveats
        except Exception as error:  # settings or parts that are missing, in any way
            raise ValueError(f"it cannot be read: {error!r}") from error

    @property
    def fraction(self) -> float:
        """The part of the run that is done, 0 to 1: less than 1 for one that was interrupted."""
        if not self.stopped:
            return 1.0
        found = re.match(r"(\d\d?)%", self.stopped)
        return int(found[1]) / 100 if found else 0.0

    @property
    def predicted(self) -> int:
        """The class that the model predicts."""
        return int(self.prediction.argmax())

    @property
    def explained(self) -> Tensor | None:
        """``(3, H, W)`` in [0, 1]: the picture that is explained; None for a result of many.

        As the model sees it, but for edits and twins (`as_seen`), which are of their editor's size.
        """
        return None

    as_seen: ClassVar[bool] = True
    """True where `explained` has the size that the model gives it."""

    @property
    def about(self) -> tuple[int, ...]:
        """Numbers of the classes that the answer is about, the explained one first; none for a survey."""
        target = getattr(self, "target", None)
        return () if target is None else (target,)

    def placed(self, size: tuple[int, int]) -> dict[str, PlacedMap]:  # noqa: ARG002
        """Place the answer on the picture as the model sees it, for the explained class.

        Superpixels have one map, of their importance; relevance maps one a method; a transition one of where
        the change comes from; counterfactuals and twins one of what differs from the picture.

        Parameters
        ----------
        size
            Height and width of the maps: those of ``clf.view(image)``, or a grid of its proportions, over
            whose cells the mean is taken.

        Returns
        -------
        dict
            From a name to a `PlacedMap` of this size. Empty where the answer has no place in one picture (a
            survey, a face data set, twins of several pictures), and where there is no answer yet.
        """
        return {}

    def randomised_maps(self, copy: Classifier, size: tuple[int, int]) -> dict[str, Tensor]:
        """Give maps of a copy of the model with random weights, to hold those of `placed` against.

        Input times gradient for the explained class, which takes one pass; the same method where the answer
        is relevance already.

        Parameters
        ----------
        copy
            Such as `Classifier.randomised` makes.
        size
            See `placed`.

        Returns
        -------
        dict
            ``(H, W)`` for each name in `placed`; empty where the copy has no relevance maps.
        """
        if self.explained is None:
            return {}
        try:
            found = attribute(copy, self.explained[None], self.about[0], _STAND_IN).maps[0]
        except ClassifierError:
            return {}
        return dict.fromkeys(self.placed(size), resampled(found, size))

    @abstractmethod
    def summary(self) -> str:
        """Say the finding in one sentence of plain text."""

    @abstractmethod
    def to_frame(self) -> pd.DataFrame:
        """Return the finding as a table."""

    @abstractmethod
    def plot(self) -> Figure:
        """Draw the finding, for a paper.

        Raises
        ------
        ValueError
            There is nothing to draw yet.
        """

    @abstractmethod
    def measures(self) -> list[Measure]:
        """Return the rows of `trust` that are the explainer's own; a measure that was not taken has none."""

    def hardly_predicted(self, target: int) -> tuple[str, ...]:
        """Say that a class is hardly predicted for the image, as a caveat; empty where it is predicted."""
        probability = float(self.prediction[target])
        if probability >= 1 / len(self.labels) + SURER:
            return ()
        said = f"For the whole image {self.labels[target]} has a probability of {probability:.3f}"
        if self.predicted == target:
            return (f"{said}: it is predicted, but hardly more than by chance.",)
        surest = float(self.prediction.max())
        return (f"{said}: the model predicts {self.labels[self.predicted]} ({surest:.3f}).",)

    @property
    @abstractmethod
    def own_caveats(self) -> tuple[str, ...]:
        """The `caveats` of the explainer's own, the gravest first."""

    @property
    def caveats(self) -> tuple[str, ...]:
        """Say in plain sentences why this result is worth little; empty where there is nothing to say."""
        answers = self._answers
        unfinished = f"The run was interrupted at {self.stopped}: this is the result so far."
        return (
            *((unfinished,) if self.stopped else ()),
            *(() if answers is None else answers.caveats),
            *self.own_caveats,
        )

    def trust(self) -> pd.DataFrame:
        """Return the measures of trust.

        One row a measure, with the columns of `Measure`: ``measure``, ``value``, what it is held ``against``
        and that ``reference`` (NaN where the words say it all), its ``meaning``, and ``ok``: True, False, or
        None where the row cannot tell. A measure that was not taken has no row; one that could not be taken
        has the value NaN and the reason.
        """
        rows = [*self.measures(), *self._of_answers()]
        rows += [Measure(name, nan, "not measured", nan, why) for name, why in self.missing.items()]
        return TrustTable(rows, columns=list(Measure._fields)).astype({"ok": object})

    def unanswered(self, invalid: int, count: int) -> list[Measure]:
        """Return the row for the pictures, of so many, at which the model has no finite answer, if any."""
        if not invalid:
            return []
        meaning = _INVALID.format(invalid=invalid, count=count)
        return [Measure("predictions not finite", invalid / count, "should be 0", nan, meaning, ok=False)]

    def often_unanswered(self, invalid: int, count: int) -> list[str]:
        """Say as a caveat that the model has no finite answer to many of so many pictures."""
        if invalid <= _OFTEN * count:
            return []
        share = f"{invalid:,} of {count:,} pictures"
        return [f"For {share} the model has no finite answer: the search saw only a part of what there is."]

    @property
    def _answers(self) -> Answers | None:
        return None if self.elsewhere is None else Answers(self.prediction, self.elsewhere)

    def _of_answers(self) -> list[Measure]:
        found = self._answers
        if found is None:
            return []
        own = float(self.prediction.max())
        return [
            Measure(
                "difference of answers",
                found.difference,
                "should not be near 0",
                nan,
                _DIFFERENCE,
                found.differ,
            ),
            Measure("change of the answer", found.change, "should be near 0", nan, _CHANGE, found.steady),
            Measure("certainty on noise", found.certainty, "on the image", own, _CERTAINTY),
        ]

    def without(self, measure: str, error: Exception) -> Self:
        """Return the result with a measure marked as missing, for the reason that an error gives.

        A measure is an extra: whatever goes wrong with it must not cost the answer.
        """
        reason = str(error).strip() or type(error).__name__
        if not isinstance(error, ClassifierError):
            reason = f"{type(error).__name__}: {reason}"
        return replace(self, missing={**self.missing, measure: f"Could not be measured: {reason}"})

    def __repr__(self) -> str:
        return f"{cut(f'<{type(self).__name__}: {self.summary()}', LINE - 1)}>"

    def _repr_html_(self) -> str:
        text = html.escape(self.summary())
        before = "".join(f"<li>{html.escape(caveat)}</li>" for caveat in self.caveats)
        before = f"<ul>{before}</ul>" if before else ""
        try:
            figure = self.plot()
        except ValueError:
            return f"{before}<p>{text}</p>"
        png = io.BytesIO()
        figure.savefig(png, format="png", dpi=80)
        data = base64.b64encode(png.getvalue()).decode()
        return f'{before}<p>{text}</p><img alt="{text}" src="data:image/png;base64,{data}">'


R = TypeVar("R", bound=ExplainerResult)


class Explain(Protocol[P, T_co]):
    """A method that drives ``steps`` to the end: its arguments, and ``progress``."""

    @overload
    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> T_co: ...

    @overload
    def __call__(self, *args: Any, progress: bool | None, **kwargs: Any) -> T_co: ...


class _Method(Protocol[P, T_co]):
    def __get__(self, instance: Any, owner: type[Any] | None = None, /) -> Explain[P, T_co]: ...


def run_to_end(steps: Generator[Update[T], None, None], *, progress: bool | None = None, call: str = "") -> T:
    """Drive an engine's ``steps`` to the end and return the last result.

    Parameters
    ----------
    steps
        What an engine's, or a training's, ``steps(…)`` returned.
    progress
        See `cfwidgets.progress.progress_bar`.
    call
        The name of the method that resumes, for the warning; empty where none does.

    Returns
    -------
    object
        The last result. After an interrupt (Ctrl-C, the button of a notebook) the result so far, with a
        warning that says how far it came; a second interrupt within two seconds is raised, so that a loop
        over many calls ends. An interrupt before the first result is raised, too.
    """
    last: Update[T] | None = None
    try:
        with progress_bar(progress) as report, closing(steps):
            for last in steps:
                report(last.fraction, last.activity)
    except KeyboardInterrupt as interrupt:
        if last is None or not _lone(interrupt):
            raise
        return _stopped(last, call)
    if last is None:
        raise RuntimeError("the engine ended without a result")
    return last.partial


_interrupted = [-inf]  # `time.monotonic` of the last interrupt


def _lone(interrupt: KeyboardInterrupt) -> bool:
    """Tell if an interrupt is a single one, which ends a call, and not one of two, which end the program."""
    before, _interrupted[0] = _interrupted[0], time.monotonic()
    saving = isinstance(interrupt.__context__, KeyboardInterrupt)  # it came while the first was dealt with
    return not saving and _interrupted[0] - before > _TWICE


def _stopped(update: Update[T], call: str) -> T:
    """Return a partial result that says that it is one, with a warning."""
    partial = update.partial
    if update.fraction >= 1:  # while the last checkpoint was written, for instance
        warn_user("interrupted at the very end: the result is whole")
        return partial
    far = f"{update.fraction:.0%}" + (f" ({update.activity})" if update.activity else "")
    if isinstance(partial, ExplainerResult):
        partial = replace(partial, stopped=far)
    more = f"; {call}(…, resume=…) continues from it" if call else ""
    warn_user(f"interrupted at {far}: this is the result so far{more}")
    return partial


def to_the_end(
    steps: Callable[Concatenate[Any, P], Generator[Update[T], None, None]], name: str = ""
) -> _Method[P, T]:
    """Make ``explain`` from ``steps``: the same arguments and ``progress``, and the last result.

    Parameters
    ----------
    steps
        The method that yields updates.
    name
        The name of the one that is made; empty for that of ``steps``, with "explain" in the place of "steps".
    """
    called = name or steps.__name__.replace("steps", "explain")

    accepted = inspect.signature(steps)

    def explain(self: Any, /, *args: Any, progress: bool | None = None, **kwargs: Any) -> T:
        _require_arguments(called, accepted, (self, *args), kwargs)
        return run_to_end(steps(self, *args, **kwargs), progress=progress, call=called)

    method: Any = functools.update_wrapper(explain, steps)
    method.__name__ = called
    method.__qualname__ = f"{steps.__qualname__.rpartition('.')[0]}.{called}"
    method.__doc__ = _documented(steps, called)
    method.__signature__ = _with_progress(accepted)
    made: _Method[P, T] = method
    return made


def _documented(steps: Callable[..., Any], called: str) -> str:
    """Write the docstring of what `to_the_end` makes."""
    parameters = (
        section(steps, "Parameters") or f"Parameters\n----------\nothers\n    See `{steps.__name__}`.\n"
    )
    return f"""Run to the end and return the result.

{parameters}{_PROGRESS}
Returns
-------
object
    The last result of `{steps.__name__}`. After an interrupt (Ctrl-C, the button of a notebook) the result
    so far, with a warning: ``{called}(…, resume=…)`` continues from it. A second one within two seconds is
    raised.

{section(steps, "Raises")}"""


_PROGRESS = """progress
    True for a progress bar with the time that is left; False for none; None for one in a notebook, and
    where the standard error is a terminal.
"""


def _require_arguments(
    called: str, signature: inspect.Signature, args: tuple[Any, ...], kwargs: Mapping[str, Any]
) -> None:
    """Refuse arguments that ``steps`` does not take, in the name of the method that was called."""
    names = [name for name in signature.parameters if name != "self"]
    by_any_name = any(one.kind is one.VAR_KEYWORD for one in signature.parameters.values())
    unknown = next((name for name in kwargs if name not in names), None)
    if unknown is not None and not by_any_name:
        hint = did_you_mean(unknown, [*names, "progress"])
        raise TypeError(f"{called}() has no argument {unknown!r}{hint}")
    try:
        signature.bind(*args, **kwargs)
    except TypeError as error:
        raise TypeError(f"{called}(): {error}") from None


def _with_progress(signature: inspect.Signature) -> inspect.Signature:
    """Give the signature of ``steps`` with ``progress`` added, and with the result in place of updates."""
    progress = inspect.Parameter(
        "progress", inspect.Parameter.KEYWORD_ONLY, default=None, annotation="bool | None"
    )
    result = re.search(r"Update\[(\w+)\]", str(signature.return_annotation))
    return signature.replace(
        parameters=[*signature.parameters.values(), progress],
        return_annotation=result[1] if result else inspect.Signature.empty,
    )


class Attempt(Generic[T]):
    """Iterates over the steps of a measure of trust until an error ends it, which it keeps.

    Parameters
    ----------
    steps
        The steps.

    Attributes
    ----------
    error
        The error; None where all went well.

    Examples
    --------
    >>> attempt = Attempt(1 / number for number in (2, 1, 0))
    >>> list(attempt), attempt.error
    ([0.5, 1.0], ZeroDivisionError('division by zero'))
    """

    def __init__(self, steps: Iterable[T]) -> None:
        self._steps = steps
        self.error: Exception | None = None

    def __iter__(self) -> Generator[T, None, None]:
        try:
            yield from self._steps
        except Exception as error:  # noqa: BLE001 - whatever a network with random weights raises
            self.error = error


class Engine(ABC, Generic[R]):
    """Base of the engines, which are frozen dataclasses.

    Attributes
    ----------
    result_type
        The class of its results.
    harmless
        Settings that may differ between a result and the run that resumes it: how long to run, batch sizes.
    trust
        True to measure how far the answer can be trusted.
    seed
        Same seed, same device, same answer.
    """

    result_type: ClassVar[type[ExplainerResult]]
    harmless: ClassVar[frozenset[str]] = frozenset()

    trust: bool
    seed: int

    def __post_init__(self) -> None:
        """Check the settings that every engine has; a subclass checks its own after these."""
        choice("trust", self.trust, (True, False))
        positive_int("seed", self.seed, minimum=0)

    @abstractmethod
    def steps(self, *args: Any, **kwargs: Any) -> Generator[Update[R], None, None]:
        """Yield the result as it stands after each piece of work, and at last the whole."""

    @abstractmethod
    def explain(self, *args: Any, **kwargs: Any) -> R:
        """Run to the end and return the result: `to_the_end` makes it from ``steps``."""

    def settings_with(self, **question: Any) -> dict[str, Any]:
        """Return the settings and the question, as a result holds them."""
        return {**asdict(self), **question}  # type: ignore[call-overload]  # every engine is a dataclass

    @classmethod
    def of(cls, result: ExplainerResult) -> Self:
        """Make the engine that made a result, from the settings that this has.

        Raises
        ------
        TypeError, ValueError
            Another kind of result, or a setting that is none of such an engine.
        """
        if not isinstance(result, cls.result_type):
            raise TypeError(f"result must be a {cls.result_type.__name__}, not {type(result).__name__}")
        return cls._of_settings(result.settings)

    @classmethod
    def _of_settings(cls, settings: Mapping[str, Any]) -> Self:
        known = (one.name for one in fields(cls))  # type: ignore[arg-type]  # every engine is a dataclass
        return cls(**{name: settings[name] for name in known if name in settings})

    def driven(
        self,
        fresh: R,
        work: Callable[[R], Generator[Update[R], None, None]],
        *,
        clf: Classifier,
        image: Tensor,
        began: float,
        resume: R | None,
        checkpoint: str | Path | None,
    ) -> Generator[Update[R], None, None]:
        """Yield the updates of ``work`` with the time they took, and write them to the checkpoint.

        Parameters
        ----------
        fresh
            The result with nothing found yet.
        work
            Called with the result to begin with: ``fresh``, or an earlier one to resume.
        clf, image
            The classifier, and the image ``(3, H, W)`` that ``prediction`` is of: at the end, with ``trust``,
            the model evaluates other pictures of its size.
        began
            `time.perf_counter` when the engine began.
        resume
            An earlier result to begin with.
        checkpoint
            A file that the result is written to, twice a minute and at the end, whatever ends it. Where it
            is there at the beginning, and no ``resume`` is given, it is resumed.

        Raises
        ------
        ValueError
            The earlier result is of something else.
        ResultError
            The checkpoint is damaged, or no result of this kind.
        """
        kept = None if checkpoint is None else Checkpoint(type(fresh), checkpoint, _SAVED_EVERY)
        earlier, which = resume, "resume: the result given"
        if earlier is None and kept is not None:
            earlier, which = kept.load(), f"checkpoint: the result in {kept.path}"
        now = fresh
        if earlier is not None:
            require_same(earlier, fresh, self.harmless, which)
            now = self.resumed(earlier, fresh)
        spent = now.seconds
        try:
            with closing(work(now)) as updates:
                for update in updates:
                    now = update.partial
                    if update.fraction >= 1 and self.trust and now.elsewhere is None:
                        now = _asked_elsewhere(now, clf, image)
                    spent += time.perf_counter() - began
                    now = replace(now, seconds=spent)
                    if kept is not None:
                        kept.offer(now)
                    yield replace(update, partial=now)
                    began = time.perf_counter()  # the work is not as long as whoever drives it rests
        finally:
            if kept is not None:
                kept.save(now)

    def resumed(self, earlier: R, fresh: R) -> R:
        """Give the result to begin with: an earlier one, with what this run asks for.

        What could not be measured is tried again.
        """
        return replace(earlier, settings=fresh.settings, missing={}, stopped="")


def _asked_elsewhere(result: R, clf: Classifier, image: Tensor) -> R:
    try:
        answers = clf.probabilities(pictures(image.cpu()))
    except Exception as error:  # noqa: BLE001 - whatever a network raises at a picture unlike its data
        return result.without("answers to other pictures", error)
    return replace(result, elsewhere=answers)


def require_same(
    earlier: ExplainerResult, fresh: ExplainerResult, harmless: Iterable[str] = (), which: str = "resume"
) -> None:
    """Refuse to resume the result of something else.

    The model and its weights, the data and the settings must be the same; of the settings, the harmless ones
    may differ. A black box is known by its answer to the data.

    Parameters
    ----------
    earlier, fresh
        The result to resume, and one of the run that would resume it.
    harmless
        Names of settings that may differ.
    which
        The earlier result, as an error names it.

    Raises
    ------
    ValueError
        The first difference.
    """
    if type(earlier) is not type(fresh):
        raise ValueError(f"{which} is a {type(earlier).__name__}, not a {type(fresh).__name__}")
    there, here = _plain(earlier.settings), _plain(fresh.settings)
    free = set(harmless)
    for name, wanted in here.items():
        if name not in free and there.get(name) != wanted:
            raise ValueError(f"{which} has {name}={there.get(name)!r}, this run {wanted!r}")
    for name in fresh.question:
        before, now = getattr(earlier, name), getattr(fresh, name)
        if before != now:
            raise ValueError(f"{which} has class {before} as its {name}, this run class {now}")
    for name, mark in fresh.fingerprints.items():
        before = earlier.fingerprints.get(name, "")
        if before and mark and before != mark:
            weights = ", or of other weights" if name == "model" else ""
            raise ValueError(f"{which} is of another {name}{weights}")
    same = earlier.prediction.shape == fresh.prediction.shape
    if not same or not torch.allclose(earlier.prediction, fresh.prediction, rtol=0, atol=_SAME_ANSWER):
        raise ValueError(f"{which} is of another model ({earlier.model}), whose answer to the data differs")


def _plain(value: Any) -> Any:
    """Settings as a file gives them back: what was a tuple in one of two may be a list in the other."""
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value
