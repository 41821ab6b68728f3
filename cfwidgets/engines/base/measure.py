"""Measures of trust: a row of the table, and those rows that all explainers share."""

from __future__ import annotations

from math import nan
from typing import NamedTuple

from cfwidgets.evaluation.elsewhere import Answers

__all__ = ["Measure", "apart", "measures_of_answers"]

# Of one picture or data set, explanations are alike to a part whatever the model: a digit's map is on its
# strokes (0.4 to 0.7).
_APART, _ALIKE = 0.5, 0.8
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


def measures_of_answers(answers: Answers, own: float) -> list[Measure]:
    """Return the rows for the model's answers to other pictures.

    Parameters
    ----------
    answers
        The answers.
    own
        The model's largest probability for the explained image, 0 to 1.
    """
    return [
        Measure(
            "difference of answers",
            answers.difference,
            "should not be near 0",
            nan,
            _DIFFERENCE,
            answers.differ,
        ),
        Measure("change of the answer", answers.change, "should be near 0", nan, _CHANGE, answers.steady),
        Measure("certainty on noise", answers.certainty, "on the image", own, _CERTAINTY),
    ]
