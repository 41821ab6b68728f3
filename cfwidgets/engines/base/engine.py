"""The base of all engines: settings, and work that is timed, saved and resumed."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Generator, Mapping
from contextlib import closing
from dataclasses import asdict, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Self, TypeVar

from torch import Tensor

from cfwidgets.checkpoint import Checkpoint
from cfwidgets.checks import choice, positive_int
from cfwidgets.engines.base.result import ExplainerResult
from cfwidgets.engines.base.resuming import require_same
from cfwidgets.engines.base.update import Update
from cfwidgets.evaluation.elsewhere import pictures

if TYPE_CHECKING:
    from cfwidgets.models.classifier import Classifier

__all__ = ["Engine"]

_SAVED_EVERY = 30.0  # seconds between two checkpoints

R = TypeVar("R", bound=ExplainerResult)


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
