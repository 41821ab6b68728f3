"""A classifier's answers to a data set, and what follows from them: accuracy, confusion, calibration."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import pandas as pd
import torch
from torch import Tensor

from cfwidgets.data.reading import Skipped
from cfwidgets.engines.base import ExplainerResult
from cfwidgets.engines.survey.table import Answers
from cfwidgets.engines.survey.truth import UNKNOWN
from cfwidgets.evaluation.calibration import Reliability, reliability
from cfwidgets.evaluation.intervals import Share, wilson

__all__ = ["CHANGES", "Findings"]

CHANGES = ("fixed", "broken", "both wrong, differently", "differs")
"""Ways in which a second classifier differs: it corrects an error of the first, makes one, makes another one
on the same picture; or predicts another class where the true one is not known."""


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class Findings(ExplainerResult):
    """A classifier's answers to N pictures, and what follows from them; `SurveyResult` puts it into words.

    Attributes
    ----------
    prediction
        ``(C,)``: the model's probabilities for the first picture that can be used.
    paths
        The file of each picture; empty where it comes from none that is known.
    truth
        ``(N,)`` int64: the true class; -1 where it is not known, or not read yet.
    answers
        The classifier's answers: see `cfwidgets.engines.survey.table.Answers`.
    second
        The second classifier's name; empty without one.
    second_answers
        Its answers, or None.
    skipped
        Pictures that cannot be used, each with the reason.
    changed
        Sentences about what changed in the data set during the survey; none before the end.
    """

    question: ClassVar[tuple[str, ...]] = ()
    parts: ClassVar[tuple[type, ...]] = (Answers, Skipped)
    schema: ClassVar[dict[str, str]] = {"paths": "(n)", "truth": "int64 (n) -1 inf"}

    paths: tuple[str, ...]
    truth: Tensor
    answers: Answers
    second: str = ""
    second_answers: Answers | None = None
    skipped: tuple[Skipped, ...] = ()
    changed: tuple[str, ...] = ()

    def require_sound(self) -> None:
        """See `ExplainerResult.require_sound`."""
        tables = [self.answers] + ([] if self.second_answers is None else [self.second_answers])
        for classes in (self.truth, *(table.predictions for table in tables)):
            if not 0 < len(classes) == len(self.truth) or int(classes.max()) >= len(self.labels):
                raise ValueError("truth and answers must be of the same pictures, and of the classes named")
        if any(not 0 <= one.number < len(self.truth) for one in self.skipped):
            raise ValueError("skipped names a picture that there is not")
        super().require_sound()

    @property
    def total(self) -> int:
        """N: the pictures of the data set."""
        return len(self.truth)

    @cached_property
    def answered(self) -> Tensor:
        """``(N,)`` bool: the pictures that there is an answer to."""
        return self.answers.predictions != UNKNOWN

    @property
    def seen(self) -> int:
        """Pictures that were answered or skipped so far."""
        return int(self.answered.sum()) + len(self.skipped)

    @cached_property
    def judged(self) -> Tensor:
        """``(N,)`` bool: the pictures with an answer whose true class is known."""
        return self.answered & (self.truth != UNKNOWN)

    @cached_property
    def right(self) -> Tensor:
        """``(N,)`` bool: the pictures whose true class is predicted."""
        return self.judged & (self.answers.predictions == self.truth)

    @property
    def accuracy(self) -> Share:
        """The share of pictures whose true class is predicted, with its 95 % interval (Wilson 1927)."""
        return wilson(int(self.right.sum()), int(self.judged.sum()))

    @property
    def second_accuracy(self) -> Share:
        """The same of the second classifier; NaN without one."""
        if self.second_answers is None:
            return wilson(0, 0)
        right = self.second_answers.predictions == self.truth
        return wilson(int((self.judged & right).sum()), int(self.judged.sum()))

    @cached_property
    def confusion(self) -> Tensor:
        """``(C, C)`` int64: pictures of each true class (row) by the predicted class (column)."""
        classes = len(self.labels)
        cells = (self.truth * classes + self.answers.predictions)[self.judged]
        return cells.bincount(minlength=classes**2).view(classes, classes)

    @cached_property
    def reliability(self) -> Reliability:
        """Accuracy by confidence in 15 bins, and the calibration error."""
        return reliability(self.answers.confidence[self.judged], self.right[self.judged])

    @cached_property
    def changes(self) -> Tensor:
        """``(N,)`` int64: the place in `CHANGES` where a second classifier differs; -1 where it does not."""
        found = torch.full_like(self.truth, UNKNOWN)
        if self.second_answers is None:
            return found
        first, second = self.answers.predictions, self.second_answers.predictions
        known = self.truth != UNKNOWN
        found = torch.where(known & (second == self.truth), 0, torch.where(known & self.right, 1, 2))
        found = torch.where(known, found, 3)
        return torch.where(self.answered & (first != second), found, UNKNOWN)

    def count_of(self, change: str) -> int:
        """Count the pictures on which the second classifier differs in one of the ways of `CHANGES`."""
        return int((self.changes == CHANGES.index(change)).sum())

    def worst_pairs(self, most: int = 20) -> pd.DataFrame:
        """Return the pairs of classes that are confused most often, the most frequent first.

        Columns: ``truth`` and ``prediction`` (labels), ``count``, and ``share``: of the pictures of the true
        class that there is an answer to.

        Parameters
        ----------
        most
            Number of pairs at most.
        """
        # Without the confusion matrix, which for 20,000 classes would fill the memory.
        wrong = self.judged & ~self.right
        classes = len(self.labels)
        pairs, counts = (self.truth * classes + self.answers.predictions)[wrong].unique(return_counts=True)
        order = counts.argsort(descending=True, stable=True)[:most]
        rows, columns, counts = pairs[order] // classes, pairs[order] % classes, counts[order]
        totals = self.truth[self.judged].bincount(minlength=classes)
        return pd.DataFrame(
            {
                "truth": [self.labels[index] for index in rows.tolist()],
                "prediction": [self.labels[index] for index in columns.tolist()],
                "count": counts.numpy(),
                "share": (counts / totals[rows]).numpy(),
            }
        )

    def calibration(self) -> pd.DataFrame:
        """Return one row a bin of the reliability diagram that is not empty.

        Columns: ``above`` and ``up to`` (the ends of the bin), ``count``, ``confidence`` (its mean),
        ``accuracy`` with ``low`` and ``high`` (95 %, Wilson 1927).
        """
        found = self.reliability
        bins = len(found.count)
        rows = [
            (place / bins, (place + 1) / bins, count, sure, *wilson(right, count))
            for place, (count, sure, right) in enumerate(
                zip(found.count.tolist(), found.confidence.tolist(), found.right.tolist(), strict=True)
            )
            if count
        ]
        columns = ["above", "up to", "count", "confidence", "accuracy", "low", "high"]
        return pd.DataFrame(rows, columns=columns)

    def skipped_frame(self) -> pd.DataFrame:
        """Return one row a picture that cannot be used: ``index``, ``path`` and ``why``."""
        rows = [(one.number, self.paths[one.number], one.why) for one in self.skipped]
        return pd.DataFrame(rows, columns=["index", "path", "why"])

    def named(self, classes: Tensor) -> list[str | None]:
        """Return the label of each class ``(n,)``; None for -1."""
        names = (*self.labels, None)  # -1 is the last
        return [names[index] for index in classes.tolist()]
