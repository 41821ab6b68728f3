"""The engine of a survey: one pass of a classifier, or of two, over a whole data set."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from cfwidgets.checks import names_checked, positive_int
from cfwidgets.data.reading import Skipped, read_ahead
from cfwidgets.engines.base import Engine, Update, to_the_end
from cfwidgets.engines.survey.answers import Judges
from cfwidgets.engines.survey.marks import Marks
from cfwidgets.engines.survey.result import SurveyResult
from cfwidgets.engines.survey.source import Pictures, Source, Watched, paths_of, source_of
from cfwidgets.engines.survey.table import no_answers
from cfwidgets.engines.survey.truth import UNKNOWN, Truth
from cfwidgets.models.backends.base import ClassifierError, NotFiniteError, cpu_batch_size
from cfwidgets.models.classifier import Classifier, require_classifier
from cfwidgets.models.columns import columns_of

__all__ = ["Survey"]

_TRIED = 100  # pictures of which one must be usable
_LARGEST_BATCH = 256
_ACTIVITY = "predicting all pictures"


@names_checked
@dataclass(frozen=True)
class Survey(Engine[SurveyResult]):
    """Predict a whole data set, to see how good a classifier is and where it goes wrong.

    One pass, in which pictures are read by threads ahead of the model. Memory does not grow with the data
    set, but for a few numbers a picture.

    Parameters
    ----------
    batch_size
        Pictures evaluated at once, and read ahead twice. None for as many as suit their size and the device.
    readers
        Threads that read the data set while the model is at work; 1 where only one thread may read it.
    trust
        True to evaluate the model on pictures that show nothing, and on some that show the same.
    seed
        Changes nothing: a survey has no chance in it.

    Examples
    --------
    >>> import cfwidgets as cf
    >>> clf, digits = cf.zoo.classifier("digits", device="cpu"), cf.data.digits("test")
    >>> result = Survey().explain(clf, digits)
    >>> result.accuracy.share > 0.97, result.to_frame().shape
    (True, (1000, 8))
    """

    result_type = SurveyResult
    harmless = frozenset({"batch_size", "readers", "trust", "seed"})

    batch_size: int | None = None
    readers: int = 4
    trust: bool = True
    seed: int = 0

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.batch_size is not None:
            positive_int("batch_size", self.batch_size)
        positive_int("readers", self.readers)

    def steps(
        self,
        clf: Classifier,
        data: Any,
        labels: Sequence[int | str | None] | Tensor | None = None,
        *,
        second: Classifier | None = None,
        resume: SurveyResult | None = None,
        checkpoint: str | Path | None = None,
    ) -> Generator[Update[SurveyResult], None, None]:
        """Yield the result as it stands after each batch.

        A picture that cannot be used (a damaged file, an answer that is not finite, a picture that the model
        fails on) is skipped and named in the result.

        Parameters
        ----------
        clf
            The classifier; a black box will do.
        data
            A data set: a sequence of ``(image, label)``, such as `cfwidgets.data.ImageFolders` or those of
            torch, or of objects with an ``image``, such as `cfwidgets.data.portraits`; an object with
            ``images`` and maybe ``labels``, such as `cfwidgets.data.digits`; an array ``(N, C, H, W)`` or
            ``(N, H, W, C)``; or a list of paths, arrays, tensors or PIL images, of any sizes and modes. A
            model without an `input_size` gets the sizes of a batch one after the other.
        labels
            The true class of each picture, by the classifier's number or label; None for one that is not
            known. None for those of the data set, which may have none. A data set that names its classes is
            matched by these names, and else by number. Of faces with attributes, a classifier of "not Male"
            and "Male" takes that attribute.
        second
            Another classifier of the same classes, in any order, to compare.
        resume
            An earlier result of the same models, data and settings to resume. Skipped pictures are tried
            again.
        checkpoint
            A file that the result is written to, twice a minute and at the end, whatever ends it. Where it
            exists at the beginning, and no ``resume`` is given, it is resumed.

        Raises
        ------
        ClassifierError, ImageError, ResultError, TypeError, ValueError
            The argument that is refused, and what is accepted: a label that the classifier does not have;
            labels of another number than pictures; an empty data set; classes of the second model that are
            not those of the first.
        RuntimeError
            None of the first 100 pictures can be used.
        """
        yield from self.watched(None, clf, data, labels, second=second, resume=resume, checkpoint=checkpoint)

    explain = to_the_end(steps)

    def watched(
        self,
        watch: Callable[[Pictures], None] | None,
        clf: Classifier,
        data: Any,
        labels: Sequence[int | str | None] | Tensor | None = None,
        *,
        second: Classifier | None = None,
        resume: SurveyResult | None = None,
        checkpoint: str | Path | None = None,
    ) -> Generator[Update[SurveyResult], None, None]:
        """Do as `steps` does, and hand over the pictures as they are read, so that none is read twice.

        Parameters
        ----------
        watch
            Called on the reading threads with pictures as the model sees them. What it takes of their time
            the survey may have to wait for. None to hand over none.
        clf, data, labels, second, resume, checkpoint
            See `steps`.
        """
        began = time.perf_counter()
        require_classifier("clf", clf)
        if second is not None:
            require_classifier("second", second)
        source = source_of(clf, data)
        paths = paths_of(data, len(source))
        image, prediction, of_second = _first(clf, second, source)
        names = tuple(clf.label(index) for index in range(len(prediction)))
        truth = Truth(clf, data)
        known = truth.all(labels, len(source))
        columns = list(range(len(names)))
        if second is not None:
            columns = _columns(second, names, of_second)
        marks = Marks(source, paths)
        fresh = SurveyResult(
            settings=self.settings_with(pictures=len(source), second=None if second is None else second.name),
            model=clf.name,
            labels=names,
            prediction=prediction,
            fingerprints={
                "model": clf.fingerprint(),
                "second": "" if second is None else second.fingerprint(),
                **marks.fingerprints(known),
            },
            paths=paths,
            truth=torch.full((len(source),), UNKNOWN) if known is None else known,
            answers=no_answers(len(source)),
            second="" if second is None else second.name,
            second_answers=None if second is None else no_answers(len(source)),
        )
        judges = Judges(clf, second, columns, image)
        size = self.batch_size or _batch_size(clf, image)
        read = source if watch is None else Watched(source, watch)
        work = partial(self._work, read, judges, truth if known is None else None, marks, size)
        yield from self.driven(
            fresh, work, clf=clf, image=image, began=began, resume=resume, checkpoint=checkpoint
        )

    def resumed(self, earlier: SurveyResult, fresh: SurveyResult) -> SurveyResult:
        """Give the earlier result without its skipped pictures, which are tried again."""
        marks = earlier.fingerprints | {name: mark for name, mark in fresh.fingerprints.items() if mark}
        now = super().resumed(earlier, fresh)
        now = replace(now, skipped=(), changed=(), paths=fresh.paths, fingerprints=marks)
        if not fresh.fingerprints["labels"] or torch.equal(now.truth, fresh.truth):
            return now
        # Labels are given that were not known before: without a loss these pictures are predicted again.
        stale = now.answered & (now.truth != fresh.truth)
        second = None if now.second_answers is None else now.second_answers.without(stale)
        return replace(now, truth=fresh.truth, answers=now.answers.without(stale), second_answers=second)

    def _work(
        self,
        source: Source,
        judges: Judges,
        truth: Truth | None,
        marks: Marks,
        size: int,
        result: SurveyResult,
    ) -> Generator[Update[SurveyResult], None, None]:
        batches = _batches(result, size)
        if batches:
            yield Update(result.seen / result.total, result, _ACTIVITY)
        with closing(read_ahead(source, [source.jobs(batch) for batch in batches], self.readers)) as read:
            for parts in read:
                result = _joined(result, list(chain.from_iterable(parts)), judges, truth)
                if result.seen < result.total:
                    yield Update(result.seen / result.total, result, _ACTIVITY)
        yield Update(1.0, replace(result, changed=marks.changes()))


def _batches(result: SurveyResult, size: int) -> list[list[int]]:
    """Return the pictures without an answer, in the same batches as if no picture had one."""
    done = result.answered.tolist()
    batches = [
        [number for number in range(first, min(first + size, result.total)) if not done[number]]
        for first in range(0, result.total, size)
    ]
    return [batch for batch in batches if batch]


def _batch_size(clf: Classifier, image: Tensor) -> int:
    """Choose a batch that suits the device, and is not so large that progress is seldom seen."""
    height, width = image.shape[1:]
    size = cpu_batch_size(height, width)
    return min(_LARGEST_BATCH, size if clf.device.type == "cpu" else 8 * size)


def _first(clf: Classifier, second: Classifier | None, source: Source) -> tuple[Tensor, Tensor, Tensor]:
    """Return the first usable picture ``(3, H, W)``, and the answer of each model; of one alone twice its."""
    why, failed = "", None
    tried = min(len(source), _TRIED)
    for number in range(tried):
        (part,) = source([number])
        if not isinstance(part, Pictures):
            why = why or part.why
            continue
        try:
            first = clf.probabilities(part.images)[0]
            return part.images[0], first, first if second is None else second.probabilities(part.images)[0]
        except Exception as error:
            if isinstance(error, ClassifierError) and not isinstance(error, NotFiniteError):
                raise  # it fits no picture
            failed = failed or error
    if failed is not None and not isinstance(failed, NotFiniteError):
        raise failed
    which = "the pictures" if tried == len(source) else f"the first {tried} pictures"
    kind = RuntimeError if failed is None else NotFiniteError
    raise kind(f"none of {which} can be used; the first error: {why or failed}") from failed


def _columns(second: Classifier, names: tuple[str, ...], answer: Tensor) -> list[int]:
    classes = len(answer)
    if classes != len(names):
        raise ValueError(f"second must tell the same {len(names):,} classes; {second.name} tells {classes:,}")
    return columns_of(second, names, classes)


def _joined(
    result: SurveyResult, parts: list[Pictures | Skipped], judges: Judges, truth: Truth | None
) -> SurveyResult:
    """Add the answers to a batch, in which pictures of different sizes are evaluated one after the other."""
    skipped = [part for part in parts if isinstance(part, Skipped)]
    groups: dict[tuple[int, ...], list[Pictures]] = {}
    for part in parts:
        if isinstance(part, Pictures):
            groups.setdefault(tuple(part.images.shape[1:]), []).append(part)
    for group in groups.values():
        pictures = _together(group)
        if truth is not None and pictures.labels is not None:
            result = replace(result, truth=_with_labels(result.truth, pictures, truth))
        places, first, second, failed = judges(pictures)
        skipped += failed
        numbers = torch.tensor([pictures.numbers[place] for place in places], dtype=torch.int64)
        rows = result.truth[numbers]
        result = replace(result, answers=result.answers.filled(numbers, first, rows))
        if second is not None and result.second_answers is not None:
            result = replace(result, second_answers=result.second_answers.filled(numbers, second, rows))
    return replace(result, skipped=tuple(sorted((*result.skipped, *skipped))))


def _together(parts: list[Pictures]) -> Pictures:
    if len(parts) == 1:
        return parts[0]
    labels = None
    if any(part.labels is not None for part in parts):
        labels = [label for part in parts for label in part.labels or [None] * len(part.numbers)]
    numbers = [number for part in parts for number in part.numbers]
    return Pictures(numbers, torch.cat([part.images for part in parts]), labels)


def _with_labels(before: Tensor, pictures: Pictures, truth: Truth) -> Tensor:
    pairs = zip(pictures.labels or (), pictures.numbers, strict=True)
    classes = [truth.one(label, number) for label, number in pairs]
    return before.index_copy(0, torch.tensor(pictures.numbers), torch.tensor(classes, dtype=torch.int64))
