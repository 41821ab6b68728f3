"""Counterfactuals of one image, none of which is better than another in all objectives."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from cfwidgets.engines.base import ExplainerResult, Measure
from cfwidgets.engines.pareto.edit_task import log_odds
from cfwidgets.engines.pareto.simplest import Simplest
from cfwidgets.engines.pareto.single_changes import SingleChanges, standing_out
from cfwidgets.engines.pareto.words import changes_in_words
from cfwidgets.evaluation.placed import PlacedMap, covered
from cfwidgets.images import as_bytes
from cfwidgets.text import cut

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["ParetoResult", "crossing", "scaled"]

_PICTURES = 10  # about as many counterfactuals are drawn: of the paper's front of 100 every tenth
_CHANGES = 3

# See tests/benchmarks/null_zoo.py for the networks that these were chosen on.
_MOST = 0.5
_MANY = 0.5  # of random edits that flip
_FLAT = 0.5  # of the log-odds
_STANDING_OUT = 4.5

_RECONSTRUCTION = (
    "Probability of {label} where the editor paints the image without any change. It should hardly differ "
    "from that for the image itself."
)
_SECOND = (
    "Share of the {flips} flips that also flip a model which had no part in the search. Where it is small, "
    "the edits exploit the first model, or show a bias that the second does not have."
)
_ROUNDED = (
    "Share of the {flips} flips that still flip the model once their pixels are rounded to 256 levels, as "
    "in any image file. A flip that rounding undoes is adversarial noise."
)
_RANDOM = (
    "Share of {count} random edits that flip the model: the changes of the flips, dealt to other attributes "
    "with random signs. Where it is large, nearly any edit of this size flips, and the attributes that were "
    "found mean little."
)
_FEWER = (
    "Changes that are left in the simplest counterfactual, beside those of the best pick. Others were taken "
    "back one after another while it still flipped; no objective is much worse than the best pick's."
)
_SIMPLEST_SECOND = (
    "1 where the simplest counterfactual also flips a model which had no part in the search, else 0."
)
_SIMPLEST_ROUNDED = (
    "1 where the simplest counterfactual still flips the model once its pixels are rounded to 256 levels, "
    "else 0."
)
_STANDS_OUT = (
    "How far the attribute with the most effect stands out: its effect per pixel that changes, over that of "
    "the median attribute, divided by how much the effects change where the image is mirrored. Where it is "
    "small, the model answers how much is repainted, and not what."
)
_LEAD = (
    "Nothing flips. In the counterfactual that is closest to a flip, the probability of {label} exceeds that "
    "of the next class by so much."
)


def crossing(probability: Tensor, plausibility: Tensor) -> int | None:
    """Find where the falling probability of the target class meets the growing loss of plausibility.

    Parameters
    ----------
    probability
        ``(k,)`` of the target class, falling.
    plausibility
        ``(k,)``: the first objective, lower is more plausible; scaled to [0, 1] here.

    Returns
    -------
    int or None
        Of the two members around the first change of sign of their difference the one with the smaller gap;
        None where the two do not cross.

    Examples
    --------
    >>> import torch
    >>> crossing(torch.tensor([0.9, 0.7, 0.4, 0.1]), torch.tensor([0.0, 0.3, 0.6, 1.0]))
    2
    """
    if len(probability) < 2:
        return None
    gap = probability - scaled(plausibility)
    changes = (gap[:-1] * gap[1:] <= 0).nonzero()[:, 0]
    if not len(changes):
        return None
    at = int(changes[0])
    return at if abs(float(gap[at])) <= abs(float(gap[at + 1])) else at + 1


def scaled(values: Tensor) -> Tensor:
    """Scale ``(k,)`` values to [0, 1]; all are 0 where they are the same."""
    low, high = values.aminmax()
    return (values - low) / (high - low).clamp_min(1e-12)


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class ParetoResult(ExplainerResult):
    """Plausible edits of an image that change a classifier's prediction, by the probability that is left.

    Attributes
    ----------
    settings, model, labels, prediction, fingerprints, seconds
        See `ExplainerResult`.
    target
        Index of the class that the edits are to leave: the one that the model predicts for the image.
    image
        ``(3, H, W)`` in [0, 1], at the editor's size.
    names
        Names of the A attributes.
    groups
        Names of attributes that exclude each other, a tuple for each group that the search has kept.
    attributes
        ``(A,)`` from 0 to 1: the attributes of the image.
    reconstruction, reconstruction_prediction
        ``(3, H, W)`` in [0, 1] and ``(C,)``: the image as the editor paints it without any change, and the
        model's probabilities for that.
    objective_names
        Names of the m objectives, all of which are minimised: ``plausibility``, which an edit loses by the
        critic (absent without a critic); ``log-probability`` of the target class; ``intensity``, the
        length of the change.
    deltas
        ``(k, A)``: the changes of attributes of each counterfactual. The front is in the order of the
        probability of the target class, from the highest to the lowest.
    objectives
        ``(k, m)``.
    images
        ``(k, 3, H, W)`` uint8.
    predictions
        ``(k, C)``: the model's probabilities.
    second_prediction, second_predictions
        ``(C,)`` and ``(k, C)``: probabilities of a second model, which had no part in the search, for the
        image and for the counterfactuals; None where no second model was given.
    ablation
        ``(k, A)``: how much the log-probability rises again where one change is taken back; NaN where
        nothing was changed, or where it made room for another attribute of its group; None before the end.
    simplest
        A flip without the changes that it does not need, nearly as good as the `best` in each objective: see
        `Simplest`. None before the end, and where nothing flips.
    rounded_flips
        ``(k,)`` bool: True where a counterfactual flips the model once it is rounded to 8 bits; None before
        the end and without ``trust``.
    random_flips
        ``(n,)`` bool: True where a random edit, as large as the flips, flips the model; none where nothing
        flips; None before the end and without ``trust``.
    single, single_mirrored, repainted
        ``(2, A)`` each: what each attribute does by itself, at its lowest and its highest, in the image and
        in the mirrored image, and how much of the pixels that changes: see
        `cfwidgets.engines.pareto.single_changes.SingleChanges`. None before the end and without ``trust``.
    evaluations, invalid
        Candidates evaluated so far, and how many of them had a prediction that is not finite.
    state
        State of the search, as named tensors, to resume it.
    """

    parts: ClassVar[tuple[type, ...]] = (Simplest,)
    schema: ClassVar[dict[str, str]] = {
        "target": "0 inf",
        "image": "float32 (3, H, W) 0 1",
        "names": "(A)",
        "attributes": "float (A)",
        "reconstruction": "float32 (3, H, W) 0 1",
        "reconstruction_prediction": "float32 (C) 0 1",
        "objective_names": "(m)",
        "deltas": "float (k, A)",
        "objectives": "float (k, m)",
        "images": "uint8 (k, 3, H, W)",
        "predictions": "float (k, C) 0 1",
        "second_prediction": "float (D) 0 1",
        "second_predictions": "float (k, D) 0 1",
        "ablation": "float (k, A) nan",
        "rounded_flips": "bool (k)",
        "random_flips": "bool (r)",
        "single": "float (2, A) nan",
        "single_mirrored": "float (2, A) nan",
        "repainted": "float (2, A) 0 inf nan",
        "evaluations": "0 inf",
        "invalid": "0 inf",
        "state": "nan",
    }

    target: int
    image: Tensor
    names: tuple[str, ...]
    attributes: Tensor
    reconstruction: Tensor
    reconstruction_prediction: Tensor
    objective_names: tuple[str, ...]
    deltas: Tensor
    objectives: Tensor
    images: Tensor
    predictions: Tensor
    groups: tuple[tuple[str, ...], ...] = ()
    second_prediction: Tensor | None = None
    second_predictions: Tensor | None = None
    ablation: Tensor | None = None
    simplest: Simplest | None = None
    rounded_flips: Tensor | None = None
    random_flips: Tensor | None = None
    single: Tensor | None = None
    single_mirrored: Tensor | None = None
    repainted: Tensor | None = None
    evaluations: int = 0
    invalid: int = 0
    state: dict[str, Tensor] = field(default_factory=dict)

    def require_sound(self) -> None:
        """Raise ValueError where fields contradict each other."""
        unknown = [name for group in self.groups for name in group if name not in self.names]
        if unknown:
            raise ValueError(f"groups has {unknown[0]!r}, which is no attribute")
        if self.simplest is not None:
            self._require_of_this(self.simplest)
        super().require_sound()

    def _require_of_this(self, simplest: Simplest) -> None:
        if simplest.place >= len(self.deltas):
            raise ValueError(f"simplest is of counterfactual {simplest.place}, of {len(self.deltas)}")
        for name, rows in (
            ("deltas", self.deltas),
            ("objectives", self.objectives),
            ("prediction", self.predictions),
            ("image", self.images),
        ):
            if getattr(simplest, name).shape != rows.shape[1:]:
                raise ValueError(f"simplest.{name} is of another shape than the front's")

    @property
    def label(self) -> str:
        """Name of the target class."""
        return self.labels[self.target]

    @property
    def probability(self) -> Tensor:
        """``(k,)``: probability of the target class for each counterfactual."""
        return self.predictions[:, self.target]

    @property
    def flips(self) -> Tensor:
        """``(k,)`` bool: True where the model predicts another class than the target."""
        return self.predictions.argmax(1) != self.target

    @property
    def flipped(self) -> bool:
        """True where any counterfactual flips the model."""
        return bool(self.flips.any())

    @property
    def distance(self) -> float:
        """Lead of the target class in the counterfactual closest to a flip, 0 to 1; 0 where one flips."""
        if not len(self.predictions):
            return 1.0
        others = self.predictions.clone()
        others[:, self.target] = -1
        return max(0.0, float((self.probability - others.amax(1)).min()))

    @property
    def crossing(self) -> int | None:
        """The member where probability and plausibility cross; None without a crossing, or a critic."""
        if not self._has_critic:
            return None
        return crossing(self.probability, self._objective("plausibility"))

    @property
    def best(self) -> int | None:
        """The paper's pick: the member at the `crossing`, where that flips the model.

        Else the most plausible flip, without a critic the smallest; None where nothing flips.
        """
        flips = self.flips
        if self.crossing is not None and bool(flips[self.crossing]):
            return self.crossing
        if not self.flipped:
            return None
        cost = self._objective(self.objective_names[0] if self._has_critic else "intensity")
        return int(cost.masked_fill(~flips, float("inf")).argmin())

    @property
    def _has_critic(self) -> bool:
        return "plausibility" in self.objective_names

    @property
    def reconstruction_flips(self) -> bool:
        """True where the reconstruction alone, without any change, flips the model."""
        return int(self.reconstruction_prediction.argmax()) != self.target

    as_seen: ClassVar[bool] = False

    @property
    def explained(self) -> Tensor:
        """See `ExplainerResult.explained`; at the editor's size."""
        return self.image

    @property
    def about(self) -> tuple[int, ...]:
        """See `ExplainerResult.about`: the class that is left, and the one that is predicted then."""
        shown = self._shown
        return (self.target,) if shown is None else (self.target, int(shown[1].argmax()))

    def placed(self, size: tuple[int, int]) -> dict[str, PlacedMap]:
        """See `ExplainerResult.placed`: what the simplest counterfactual, else the best, repaints.

        The mean absolute difference of the colours from the image as the editor paints it without a change,
        in the 256 levels of the pictures that are kept. Empty where nothing flips.
        """
        shown = self._shown
        if shown is None:
            return {}
        before = as_bytes(self.reconstruction).float()
        differs = (shown[0].float() - before).abs().mean(0) / 255
        return {"counterfactual": PlacedMap(covered(differs, size), signed=False)}

    @property
    def _shown(self) -> tuple[Tensor, Tensor] | None:
        """The counterfactual to show, ``(3, H, W)`` uint8, and the prediction; None where nothing flips."""
        if self.simplest is not None:
            return self.simplest.image, self.simplest.prediction
        best = self.best
        return None if best is None else (self.images[best], self.predictions[best])

    def summary(self) -> str:
        """Say how many counterfactuals flip the model, and what the simplest changes, in one sentence."""
        count, flips = len(self.deltas), int(self.flips.sum())
        searched = f"{self.evaluations:,} edits evaluated"
        if flips:
            text = f"{flips} of {count} counterfactuals of this {self.label} flip {self.model} ({searched})"
            if self.simplest is not None:
                text += f"; the simplest: {changes_in_words(self.names, self.simplest.deltas)}"
            return text
        if not count:
            return f"no counterfactual of this {self.label} was found for {self.model} yet ({searched})"
        return (
            f"nothing flips {self.model}: in the closest of {count} counterfactuals, {self.label} still "
            f"leads by {self.distance:.2f} ({searched})"
        )

    def to_frame(self) -> pd.DataFrame:
        """Return one row a counterfactual, in the order of the front, and at last the simplest.

        Columns: ``pick`` (``"simplest"``, ``"best"`` or empty), ``probability`` of the target class,
        ``predicted`` (the label), ``flips``, ``second model`` (the label that it predicts; only where one was
        given), the objectives, and a column an attribute with its change.
        """
        picks = ["best" if place == self.best else "" for place in range(len(self.deltas))]
        deltas, objectives, predictions, second = (
            self.deltas,
            self.objectives,
            self.predictions,
            self.second_predictions,
        )
        if self.simplest is not None:
            one = self.simplest
            picks.append("simplest")
            deltas = torch.cat([deltas, one.deltas[None]])
            objectives = torch.cat([objectives, one.objectives[None]])
            predictions = torch.cat([predictions, one.prediction[None]])
            if second is not None and one.second_prediction is not None:
                second = torch.cat([second, one.second_prediction[None]])
        predicted = predictions.argmax(1)
        frame = pd.DataFrame(
            {
                "pick": picks,
                "probability": predictions[:, self.target].numpy(),
                "predicted": [self.labels[place] for place in predicted.tolist()],
                "flips": (predicted != self.target).numpy(),
            }
        )
        if second is not None:
            frame["second model"] = pd.Series([self.labels[place] for place in second.argmax(1).tolist()])
        return pd.concat(
            [
                frame,
                pd.DataFrame(objectives.numpy(), columns=list(self.objective_names)),
                pd.DataFrame(deltas.numpy(), columns=list(self.names)),
            ],
            axis=1,
        )

    def importance(self) -> pd.DataFrame:
        """Return how much each change lowers the log-probability of the target class, the most first.

        One row an attribute. Columns: ``attribute``; ``log-probability``, by which it rises again where the
        change is taken back, as a mean over the flips; ``per unit`` of change; ``change``, its mean. Empty
        before the end of a run, and where nothing flips.
        """
        columns = ["attribute", "log-probability", "per unit", "change"]
        if self.ablation is None or not self.flipped:
            return pd.DataFrame(columns=columns)
        gained, deltas = self.ablation[self.flips].nan_to_num(0), self.deltas[self.flips]
        mean = gained.mean(0)
        per_unit = mean / deltas.abs().mean(0).clamp_min(1e-6)
        frame = pd.DataFrame(
            zip(self.names, mean.tolist(), per_unit.tolist(), deltas.mean(0).tolist(), strict=True),
            columns=columns,
        )
        return frame.sort_values("log-probability", ascending=False, ignore_index=True)

    def measures(self) -> list[Measure]:
        """Return the rows of `trust`."""
        label, flips = self.label, self.flips
        before = float(self.prediction[self.target])
        again = float(self.reconstruction_prediction[self.target])
        meaning = _RECONSTRUCTION.format(label=label)
        ok = not self.reconstruction_flips
        rows = [Measure("reconstruction", again, "the image itself", before, meaning, ok)]
        if len(flips) and not self.flipped:
            rows.append(
                Measure(
                    "lead left", self.distance, "0 is a flip", np.nan, _LEAD.format(label=label), ok=False
                )
            )
        if self.flipped:
            count = int(flips.sum())
            if self.second_predictions is not None:
                too = (self.second_predictions[flips].argmax(1) != self.target).float().mean()
                meaning = _SECOND.format(flips=count)
                name, ok = "second model flips too", float(too) >= _MOST
                rows.append(Measure(name, float(too), "should be near 1", np.nan, meaning, ok))
            if self.rounded_flips is not None:
                rounded = float(self.rounded_flips[flips].float().mean())
                meaning = _ROUNDED.format(flips=count)
                ok = rounded >= _MOST
                rows.append(Measure("flips left in 8 bits", rounded, "should be 1", np.nan, meaning, ok))
        rows += self._of_simplest()
        if self.random_flips is not None and len(self.random_flips):
            random = float(self.random_flips.float().mean())
            meaning, ok = _RANDOM.format(count=len(self.random_flips)), random < _MANY
            rows.append(Measure("random edits flip", random, "should be near 0", np.nan, meaning, ok))
        if self._stands_out is not None:
            ok = self._stands_out >= _STANDING_OUT
            rows.append(
                Measure("an attribute stands out", self._stands_out, "from 4.5 on", np.nan, _STANDS_OUT, ok)
            )
        return rows + self.unanswered(self.invalid, self.evaluations)

    def _of_simplest(self) -> list[Measure]:
        if self.simplest is None or self.best is None:
            return []
        left, before = (int((some != 0).sum()) for some in (self.simplest.deltas, self.deltas[self.best]))
        rows = [Measure("changes of the simplest", left, "of the best pick", before, _FEWER)]
        if self.simplest.second_prediction is not None:
            too = int(self.simplest.second_prediction.argmax()) != self.target
            name = "simplest flips second model"
            rows.append(Measure(name, float(too), "should be 1", np.nan, _SIMPLEST_SECOND, too))
        if self.simplest.rounded_flips is not None:
            still = self.simplest.rounded_flips
            name = "simplest flips in 8 bits"
            rows.append(Measure(name, float(still), "should be 1", np.nan, _SIMPLEST_ROUNDED, still))
        return rows

    @property
    def own_caveats(self) -> tuple[str, ...]:
        """See `ExplainerResult.own_caveats`."""
        rows = [
            *self.hardly_predicted(self.target),
            *self.often_unanswered(self.invalid, self.evaluations),
        ]
        if self.reconstruction_flips:
            rows.append(
                "The image as the editor paints it, without any change, flips the model already: the editor "
                "and not an attribute is the reason."
            )
        if self._moved is not None and self._moved < _FLAT:
            rows.append("Whatever is edited, the answer hardly changes.")
        elif len(self.predictions) and self.ablation is not None and not self.flipped:
            rows.append("Nothing flips: the changes lower the probability, and explain no other prediction.")
        if self._stands_out is not None and self._stands_out < _STANDING_OUT:
            rows.append(
                "No attribute stands out: the model answers how much of the picture an edit repaints, and "
                "not what it changes."
            )
        if self.random_flips is not None and len(self.random_flips):
            random = float(self.random_flips.float().mean())
            if random >= _MANY:
                rows.append(
                    f"{100 * random:.0f} % of random edits as large flip the model too: the attributes that "
                    "were found mean little."
                )
        rounded = None if self.rounded_flips is None else self.rounded_flips[self.flips].float()
        if rounded is not None and float(rounded.mean()) < _MOST:  # of nothing it is NaN, and not less
            rows.append("Rounding the pixels to 8 bits undoes many of the flips: they are noise.")
        if self.flipped and self.second_predictions is not None:
            too = self.second_predictions[self.flips].argmax(1) != self.target
            if float(too.float().mean()) < _MOST:
                rows.append(
                    "Many of the flips do not flip the second model, which had no part in the search: they "
                    "exploit the first."
                )
        return tuple(rows)

    @property
    def _moved(self) -> float | None:
        """The change of the target's log-odds from image to front; None before the end."""
        if self.ablation is None or not len(self.predictions):
            return None
        before, after = (log_odds(rows.double(), self.target) for rows in (self.prediction, self.predictions))
        return float((after - before).abs().max())

    @property
    def _stands_out(self) -> float | None:
        """Measure of how far one attribute stands out; None where it was not, or cannot be, taken."""
        if self.single is None or self.single_mirrored is None or self.repainted is None:
            return None
        value = standing_out(SingleChanges(self.single, self.single_mirrored, self.repainted))
        return value if np.isfinite(value) else None

    def plot(self) -> Figure:
        """Draw the front by each pair of objectives, along its order, and about ten of its images.

        As figures 2 and 3 of Barredo-Arrieta and Del Ser (2020): the planes show flips as triangles, others
        as circles; along the front, plausibility and intensity are scaled to [0, 1] beside the probability of
        the target class; of a front of 100 every tenth counterfactual is drawn, with its probability and its
        largest changes. A star is at the simplest counterfactual, which is drawn first, and an empty star at
        the crossing.

        Raises
        ------
        ValueError
            There are no counterfactuals yet.
        """
        from cfwidgets.engines.pareto import figure as draw

        if not len(self.deltas):
            raise ValueError("there is no counterfactual to draw yet")
        label, flips, at, simplest = cut(self.label, 18), self.flips, self.crossing, self.simplest
        words = {
            "plausibility": "plausibility lost",
            "log-probability": f"log-probability of {label}",
            "intensity": "intensity of the change",
        }
        pairs, places = list(draw.pairs(self.objective_names)), self._drawn()
        changes = [draw.largest_changes(self.names, self.deltas[place], _CHANGES) for place in places]
        first = [] if simplest is None else [draw.largest_changes(self.names, simplest.deltas, _CHANGES)]
        figure, planes, course, axes = draw.front_figure(
            len(pairs),
            1 + len(first) + len(places),
            max(map(len, [*first, *changes]), default=0),
            f"probability of {label}, and the largest changes of attributes",
        )
        for axis, names in zip(planes, pairs, strict=True):
            across, up = ((words[name], self._objective(name)) for name in names)
            draw.plane(axis, across, up, flips)
            if at is not None:
                draw.star(axis, float(across[1][at]), float(up[1][at]), full=False)
            if simplest is not None:
                x, y = (float(simplest.objectives[self.objective_names.index(name)]) for name in names)
                draw.star(axis, x, y)
        draw.legend(figure, f"{label} is still predicted", crossing=at is not None, simplest=bool(first))
        lines = [(f"probability of {label}", self.probability)]
        lines += [
            (f"{words[name]}, scaled", scaled(self._objective(name)))
            for name in self.objective_names
            if name != "log-probability"
        ]
        draw.course(course, lines, flips)
        if at is not None:
            draw.star(course, at + 1, float(self.probability[at]), full=False)
        draw.picture(axes[0], self.image, f"image: {float(self.prediction[self.target]):.2f}", [])
        if simplest is not None:
            title = f"★ simplest: {float(simplest.prediction[self.target]):.2f}"
            draw.picture(axes[1], simplest.image, title, first[0] or ["nothing is changed"])
        for axis, place, some in zip(axes[1 + len(first) :], places, changes, strict=True):
            mark = "☆ " * (place == at) + ("▲" if flips[place] else "●")
            title = f"{mark} no. {place + 1}: {float(self.probability[place]):.2f}"
            draw.picture(axis, self.images[place], title, some)
        return figure

    def _objective(self, name: str) -> Tensor:
        return self.objectives[:, self.objective_names.index(name)]

    def _drawn(self) -> list[int]:
        """Places of the counterfactuals to draw: evenly along the front, and the crossing."""
        count = len(self.deltas)
        every = -(-count // _PICTURES)
        places = {*range(every - 1, count, every), count - 1}
        return sorted(places if self.crossing is None else places | {self.crossing})
