"""The base of the results of all explainers: a finding with its table, figure, trust and caveats."""

from __future__ import annotations

import base64
import html
import io
import re
from abc import ABC, abstractmethod
from dataclasses import dataclass, field, replace
from math import nan
from typing import TYPE_CHECKING, Any, ClassVar, Self

import pandas as pd
from torch import Tensor

from cfwidgets.attribution import attribute
from cfwidgets.engines.base.measure import Measure, measures_of_answers
from cfwidgets.engines.base.trust_table import TrustTable
from cfwidgets.evaluation.elsewhere import Answers
from cfwidgets.evaluation.placed import PlacedMap, resampled
from cfwidgets.models.backends.base import ClassifierError
from cfwidgets.results import Result
from cfwidgets.text import LINE, cut

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from cfwidgets.models.classifier import Classifier

__all__ = ["SURER", "ExplainerResult"]

SURER = 0.15
"""The least probability beyond chance with which a class counts as predicted."""

_STAND_IN = "input_x_gradient"

_OFTEN = 0.05  # pictures without a finite answer, as a share
_INVALID = (
    "Share of the {count:,} pictures for which the model predicts NaN or infinity: {invalid:,}. They were "
    "left out."
)


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
        return [] if found is None else measures_of_answers(found, float(self.prediction.max()))

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
