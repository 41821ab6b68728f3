"""The simplest counterfactual: a flip without the changes that it does not need."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

__all__ = ["Simplest", "simplified"]


@dataclass(frozen=True, eq=False, kw_only=True)
class Simplest:
    """A flip of the front of which changes were taken back one after another.

    Attributes
    ----------
    place
        Place in the front of the flip that it was made of.
    deltas
        ``(A,)``: the changes of attributes that are left; each is that of the flip, or 0.
    objectives
        ``(m,)``.
    image
        ``(3, H, W)`` uint8.
    prediction
        ``(C,)``: the model's probabilities.
    second_prediction
        ``(D,)``: those of a second model; None where none was given.
    rounded_flips
        True where it flips the model once it is rounded to 8 bits; None without ``trust``.
    """

    schema: ClassVar[dict[str, str]] = {
        "place": "0 inf",
        "deltas": "float (A)",
        "objectives": "float (m)",
        "image": "uint8 (3, H, W)",
        "prediction": "float (C) 0 1",
        "second_prediction": "float (D) 0 1",
    }

    place: int
    deltas: Tensor
    objectives: Tensor
    image: Tensor
    prediction: Tensor
    second_prediction: Tensor | None = None
    rounded_flips: bool | None = None


def simplified(
    flip: Tensor,
    worst: Tensor,
    span: Tensor,
    evaluate: Callable[[Tensor], tuple[Tensor, Tensor]],
    fewer: Callable[[Tensor], Tensor],
) -> Tensor:
    """Take changes of a flip back one after another, while it still flips and stays good enough.

    Each time, all edits with fewer changes that `fewer` gives are evaluated in one batch; of those that still
    flip and have no objective above ``worst``, the one that stays furthest below is kept.

    Parameters
    ----------
    flip
        ``(A,)``: the changes of the flip.
    worst
        ``(m,)``: the highest value of each objective.
    span
        ``(m,)``: what distances from ``worst`` are divided by.
    evaluate
        From changes ``(n, A)`` to the objectives ``(n, m)`` and to ``(n,)`` bool, True for a flip.
    fewer
        From changes ``(A,)`` to edits ``(n, A)`` with fewer of them: see `Coherence.fewer`.

    Returns
    -------
    Tensor
        ``(A,)``: each change is that of the flip, or 0.

    Examples
    --------
    >>> def evaluate(deltas):
    ...     return deltas.norm(dim=1)[:, None], deltas[:, 0] > 0.5
    >>> from cfwidgets.engines.pareto.coherence import Coherence
    >>> any_ = Coherence(("a", "b", "c"), (), torch.zeros(3), -torch.ones(3))
    >>> simplified(torch.tensor([0.8, -0.3, 0.2]), torch.ones(1), torch.ones(1), evaluate, any_.fewer)
    tensor([0.8000, 0.0000, 0.0000])
    """
    now = flip
    while len(tried := fewer(now)):
        objectives, flips = evaluate(tried)
        above = ((objectives - worst) / span).nan_to_num(torch.inf).amax(1)
        above = torch.where(flips, above, torch.inf)
        place = int(above.argmin())
        if above[place] > 0:
            break
        now = tried[place]
    return now
