"""The columns of a survey: a row a picture, filled batch by batch."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import ClassVar

import torch
from torch import Tensor

from cfwidgets.brief import brief
from cfwidgets.engines.survey.truth import UNKNOWN
from cfwidgets.evaluation.doubt import class_nll

__all__ = ["Answers", "no_answers"]


@dataclass(frozen=True, eq=False)
class Answers:
    """A classifier's answers to N pictures, without the probabilities of all classes.

    Attributes
    ----------
    predictions
        ``(N,)`` int64: the predicted class; -1 where there is no answer, and NaN in the other columns.
    confidence
        ``(N,)``: the probability of that class.
    loss
        ``(N,)``: the negative log-likelihood of the true class, in nats; NaN where that is not known.
    margin
        ``(N,)``: the probability of the predicted class less that of the next.
    entropy
        ``(N,)``: the entropy of the probabilities, in nats.
    """

    __repr__ = brief

    schema: ClassVar[dict[str, str]] = {
        "predictions": "int64 (n) -1 inf",
        "confidence": "float32 (n) 0 1 nan",
        "loss": "float32 (n) 0 inf nan",
        "margin": "float32 (n) 0 1 nan",
        "entropy": "float32 (n) 0 inf nan",
    }

    predictions: Tensor
    confidence: Tensor
    loss: Tensor
    margin: Tensor
    entropy: Tensor

    def filled(self, numbers: Tensor, probabilities: Tensor, truth: Tensor) -> Answers:
        """Return the answers with more rows.

        Parameters
        ----------
        numbers
            ``(n,)`` int64: the rows.
        probabilities
            ``(n, C)``. Of independent classes, which do not sum to 1, loss and entropy are those of their
            shares in the sum.
        truth
            ``(n,)`` int64: the true classes, -1 where not known.
        """
        two = probabilities.topk(2, dim=1).values
        shares = probabilities.double()
        shares = shares / shares.sum(1, keepdim=True).clamp_min(1e-12)
        loss = class_nll(probabilities, truth.clamp_min(0)).clamp_min(0)
        rows = {
            "predictions": probabilities.argmax(1),
            "confidence": two[:, 0],
            "loss": torch.where(truth == UNKNOWN, torch.nan, loss),
            "margin": two[:, 0] - two[:, 1],
            "entropy": -torch.xlogy(shares, shares).sum(1).clamp_max(0).float(),
        }
        # Columns are copied, since results that were given away must not change.
        return replace(
            self, **{name: getattr(self, name).index_copy(0, numbers, row) for name, row in rows.items()}
        )

    def without(self, which: Tensor) -> Answers:
        """Return the answers without those to some pictures, ``(N,)`` bool."""
        none = no_answers(len(which))
        return Answers(
            **{
                one.name: torch.where(which, getattr(none, one.name), getattr(self, one.name))
                for one in fields(self)
            }
        )


def no_answers(count: int) -> Answers:
    """Return the columns before the first answer."""
    none = torch.full((count,), torch.nan)
    return Answers(torch.full((count,), UNKNOWN), none, none, none, none)
