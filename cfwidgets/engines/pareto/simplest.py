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
    """A flip of the front of which changes were taken back one after another, while it still flipped.

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
    flips: Tensor,
    objectives: Tensor,
    limit: Tensor,
    evaluate: Callable[[Tensor], tuple[Tensor, Tensor]],
    fewer: Callable[[Tensor], Tensor],
) -> tuple[int, Tensor]:
    """Take changes of flips back one after another, while they still flip and stay good enough.

    Of each flip all edits with fewer changes that `fewer` gives are evaluated, those of all flips in one
    batch. Of those that still flip, the one that stays furthest below the limit takes the flip's place, and
    so on while there is one below it. (A flip that is above the limit at first may come below it, and may not
    rise.) The simplest has the fewest changes; of as few, it is the furthest below the limit.

    Parameters
    ----------
    flips
        ``(f, A)``: the changes of each flip.
    objectives
        ``(f, m)``, all to be minimised; those of one flip at least are within the limit.
    limit
        ``(m,)``: the highest value of each objective.
    evaluate
        From changes ``(n, A)`` to the objectives ``(n, m)`` and to ``(n,)`` bool, True for a flip.
    fewer
        From changes ``(A,)`` to edits ``(n, A)`` with fewer of them: see `Coherence.fewer`.

    Returns
    -------
    tuple
        Which of the flips the simplest is made of, and its changes ``(A,)``: each is that of the flip, or 0.

    Examples
    --------
    >>> def evaluate(deltas):
    ...     return deltas.norm(dim=1)[:, None], deltas[:, 0] > 0.5
    >>> from cfwidgets.engines.pareto.coherence import Coherence
    >>> any_ = Coherence(("a", "b", "c"), (), torch.zeros(3), -torch.ones(3))
    >>> flips = torch.tensor([[0.8, -0.3, 0.2]])
    >>> simplified(flips, evaluate(flips)[0], torch.ones(1), evaluate, any_.fewer)
    (0, tensor([0.8000, 0.0000, 0.0000]))
    """
    now, above = list(flips), _above(objectives, limit).tolist()
    moving = list(range(len(flips)))
    while moving:
        tried = {place: fewer(now[place]) for place in moving}
        found, still = evaluate(torch.cat(list(tried.values())))
        losses = torch.where(still, _above(found, limit), torch.inf)
        moving = []
        for (place, edits), loss in zip(
            tried.items(), losses.split([len(edits) for edits in tried.values()]), strict=True
        ):
            if len(loss) and loss.min() <= max(0.0, above[place]):
                now[place], above[place] = edits[loss.argmin()], float(loss.min())
                moving.append(place)
    within = [place for place in range(len(flips)) if above[place] <= 0]
    simplest = min(within, key=lambda place: (int((now[place] != 0).sum()), above[place]))
    return simplest, now[simplest]


def _above(objectives: Tensor, limit: Tensor) -> Tensor:
    """Compute by how much each row is above the limit in the objective that is the most, ``(n,)``."""
    return (objectives - limit).nan_to_num(torch.inf).amax(1)
