"""Counterfactuals of one image, none better than another in all that is wanted of them."""

from __future__ import annotations

import html
from dataclasses import dataclass
from typing import Any

import pandas as pd
from torch import Tensor

from cfwidgets.results import Result

__all__ = ["ParetoResult", "crossing"]


def crossing(probability: Tensor, plausibility: Tensor) -> int | None:
    """The place where the falling probability of the original class meets the growing loss of plausibility.

    Parameters
    ----------
    probability
        ``(k,)`` of the original class, falling.
    plausibility
        ``(k,)``: the first objective, lower is more plausible; scaled to [0, 1] here.

    Returns
    -------
    int or None
        Of the two members around the first change of sign of their difference the one with the smaller gap;
        None where there is none.

    Examples
    --------
    >>> import torch
    >>> crossing(torch.tensor([0.9, 0.7, 0.4, 0.1]), torch.tensor([0.0, 0.3, 0.6, 1.0]))
    2
    """
    if len(probability) < 2:
        return None
    low, high = plausibility.aminmax()
    gap = probability - (plausibility - low) / (high - low).clamp_min(1e-12)
    changes = (gap[:-1] * gap[1:] <= 0).nonzero()[:, 0]
    if not len(changes):
        return None
    at = int(changes[0])
    return at if abs(float(gap[at])) <= abs(float(gap[at + 1])) else at + 1


@dataclass(frozen=True, eq=False)
class ParetoResult(Result):
    """Believable edits of an image that change a classifier's mind, by the probability that is left.

    Attributes
    ----------
    settings
        Those of the engine.
    model
        The classifier's name.
    labels
        Of its C classes.
    original
        The class that it gives the image: the one to be left.
    image
        ``(3, H, W)`` uint8, as the editor sees it.
    names
        Of the A attributes.
    attributes
        ``(A,)`` of 0 and 1: what the image has.
    before
        ``(C,)``: the model's answer to the image.
    repainted, repainted_answer
        The image as the editor paints it without any change, and the model's answer to that.
    objective_names
        Of the m objectives, all of which are to be low.
    deltas
        ``(k, A)``: the changes of attributes of each counterfactual; the front, in the order of the
        probability of the original class, from the highest to the lowest.
    objectives
        ``(k, m)``.
    images
        ``(k, 3, H, W)`` uint8.
    answers
        ``(k, C)``: the model's.
    second_answers
        ``(k, C)``: those of a second model that had no part in the search; None where none was given.
    undone
        ``(k, A)``: how much of the success is lost if one change is taken back; NaN where nothing was
        changed; None before the end.
    evaluations, invalid
        Candidates asked about so far, and how many of them had an answer that is not finite.
    state
        What going on needs.
    seconds
        Wall time.
    """

    settings: dict[str, Any]
    model: str
    labels: tuple[str, ...]
    original: int
    image: Tensor
    names: tuple[str, ...]
    attributes: Tensor
    before: Tensor
    repainted: Tensor
    repainted_answer: Tensor
    objective_names: tuple[str, ...]
    deltas: Tensor
    objectives: Tensor
    images: Tensor
    answers: Tensor
    second_answers: Tensor | None
    undone: Tensor | None
    evaluations: int
    invalid: int
    state: dict[str, Tensor]
    seconds: float = 0.0

    @property
    def kept(self) -> Tensor:
        """``(k,)``: the probability of the original class in each."""
        return self.answers[:, self.original]

    @property
    def flips(self) -> Tensor:
        """``(k,)`` bool: whether the model's answer is another class than the original one."""
        return self.answers.argmax(1) != self.original

    @property
    def flipped(self) -> bool:
        """Whether any does."""
        return bool(self.flips.any())

    @property
    def distance(self) -> float:
        """How far the closest is from another answer: the lead of the original class; 0 where one flips."""
        if not len(self.answers):
            return 1.0
        others = self.answers.clone()
        others[:, self.original] = -1
        return max(0.0, float((self.kept - others.amax(1)).min()))

    @property
    def crossing(self) -> int | None:
        """The member where probability and plausibility cross; None without a crossing, or a critic."""
        if "plausibility" not in self.objective_names:
            return None
        return crossing(self.kept, self.objectives[:, self.objective_names.index("plausibility")])

    @property
    def disagrees_with_itself(self) -> bool:
        """Whether merely painting the image anew, with nothing changed, changes the model's answer."""
        return int(self.repainted_answer.argmax()) != self.original

    def to_frame(self) -> pd.DataFrame:
        """One row a counterfactual: ``probability`` (of the original class), ``answer``, ``flips``.

        Then ``second answer`` where a second model was given, the objectives, and a column an attribute with
        its change.
        """
        frame = pd.DataFrame(
            {
                "probability": self.kept.numpy(),
                "answer": [self.labels[place] for place in self.answers.argmax(1).tolist()],
                "flips": self.flips.numpy(),
            }
        )
        if self.second_answers is not None:
            frame["second answer"] = [self.labels[place] for place in self.second_answers.argmax(1).tolist()]
        objectives = pd.DataFrame(self.objectives.numpy(), columns=list(self.objective_names))
        return pd.concat(
            [frame, objectives, pd.DataFrame(self.deltas.numpy(), columns=list(self.names))], axis=1
        )

    def importance(self) -> pd.DataFrame:
        """Which changes buy the most success: one row an attribute, the most important first.

        Columns: ``attribute``; ``success`` (mean loss of success, in the units of the log-probability, where
        its change is taken back, over the flips); ``per unit`` (of change); ``change`` (its mean). Empty
        before the end of a run, and where nothing flips.
        """
        columns = ["attribute", "success", "per unit", "change"]
        if self.undone is None or not self.flipped:
            return pd.DataFrame(columns=columns)
        lost, deltas = self.undone[self.flips].nan_to_num(0), self.deltas[self.flips]
        success = lost.mean(0)
        per_unit = success / deltas.abs().mean(0).clamp_min(1e-6)
        frame = pd.DataFrame(
            zip(self.names, success.tolist(), per_unit.tolist(), deltas.mean(0).tolist(), strict=True),
            columns=columns,
        )
        return frame.sort_values("success", ascending=False, ignore_index=True)

    def _repr_html_(self) -> str:
        flips = int(self.flips.sum())
        found = f"{flips} of {len(self.deltas)} counterfactuals flip {self.model}"
        if not flips:
            found = f"nothing flips {self.model}: the closest still leads by {self.distance:.2f}"
        text = f"{self.labels[self.original]}: {found} ({self.evaluations:,} asked)"
        return f"<p>{html.escape(text)}</p>"
