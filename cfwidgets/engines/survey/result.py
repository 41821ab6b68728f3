"""The result of a survey: a classifier's answers to a whole data set."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from cfwidgets.engines.base import Measure
from cfwidgets.engines.survey.figure import drawn
from cfwidgets.engines.survey.findings import CHANGES, Findings
from cfwidgets.engines.survey.trust import caveats, measures
from cfwidgets.text import cut

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["SurveyResult"]

_LONGEST = 40  # characters of a label in a sentence


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class SurveyResult(Findings):
    """A classifier's answers to N pictures, and where they are wrong; its fields are those of `Findings`."""

    def to_frame(self) -> pd.DataFrame:
        """Return one row a picture that there is an answer to.

        Columns: ``index`` (in the data set), ``path`` (empty where it is not known), ``truth`` (a label, or
        None) and ``prediction`` (a label); ``confidence``, ``loss``, ``margin`` and ``entropy``, see
        `cfwidgets.engines.survey.table.Answers`. With a second classifier also ``second`` (its prediction),
        ``second confidence``, and ``disagreement``: one of `CHANGES`, or empty.
        """
        numbers = self.answered.nonzero()[:, 0]
        columns: dict[str, Any] = {
            "index": numbers.numpy(),
            "path": [self.paths[number] for number in numbers.tolist()],
            "truth": self.named(self.truth[numbers]),
            "prediction": self.named(self.answers.predictions[numbers]),
        }
        for name in ("confidence", "loss", "margin", "entropy"):
            columns[name] = getattr(self.answers, name)[numbers].numpy()
        if self.second_answers is not None:
            ways = (*CHANGES, "")
            columns["second"] = self.named(self.second_answers.predictions[numbers])
            columns["second confidence"] = self.second_answers.confidence[numbers].numpy()
            columns["disagreement"] = [ways[change] for change in self.changes[numbers].tolist()]
        return pd.DataFrame(columns)

    def summary(self) -> str:
        """Say how many pictures are classified rightly, or without labels what is predicted most."""
        done = int(self.answered.sum())
        if not done:
            return f"No answer yet of {cut(self.model, _LONGEST)} to {self.total:,} pictures."
        said = f"{self._finding(done)}{self._difference()}"
        if self.skipped:
            said += f"; {_pictures(len(self.skipped))} could not be used"
        if self.seen < self.total:
            said += f" ({self.seen:,} of {_pictures(self.total)} so far)"
        return f"{said}."

    def plot(self) -> Figure:
        """Draw the confusion matrix (of many classes the worst pairs), and accuracy by confidence.

        Without labels: how often each class is predicted, and how surely.

        Raises
        ------
        ValueError
            There is no answer yet.
        """
        return drawn(self)

    def measures(self) -> list[Measure]:
        """See `ExplainerResult.measures`."""
        return measures(self)

    @property
    def own_caveats(self) -> tuple[str, ...]:
        """See `ExplainerResult.own_caveats`."""
        return caveats(self)

    def _finding(self, done: int) -> str:
        model, judged = cut(self.model, _LONGEST), int(self.judged.sum())
        if judged:
            share, low, high = (100 * value for value in self.accuracy)
            return (
                f"{model} predicts the true class of {int(self.right.sum()):,} of {_pictures(judged)}: "
                f"{share:.1f} % (95 % interval: {low:.1f} to {high:.1f} %)"
            )
        often = self.answers.predictions[self.answered].bincount()
        name = cut(self.labels[int(often.argmax())], _LONGEST)
        most = f"{int(often.max()):,} of {_pictures(done)}"
        return f"{model} predicts {name} for {most}, whose labels are not known"

    def _difference(self) -> str:
        if self.second_answers is None:
            return ""
        ways = [(change, self.count_of(change)) for change in CHANGES]
        said = ", ".join(f"{count:,} {change}" for change, count in ways if count) or "no other prediction"
        return f"; with {cut(self.second, _LONGEST)}: {said}"


def _pictures(count: int) -> str:
    return f"{count:,} picture{'' if count == 1 else 's'}"
