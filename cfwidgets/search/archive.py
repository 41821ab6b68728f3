"""An archive of bounded size: the non-dominated candidates so far, where too many the least crowded.

Source: the crowding-distance archive of Nebro et al. 2009, "SMPSO", after the one of jMetalPy. There
candidates come in one after the other, and each one too many costs the most crowded member its place. That
is a loop on the CPU, `cfwidgets.search.in_turn`. The other way, on any device, lets all candidates of a
generation in together: what is dominated leaves, and then the most crowded member is dropped, and the
crowding distances are measured again, until the rest fits. Its fronts are a little less even.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
import torch
from torch import Tensor

from cfwidgets.search.dominance import added, front_members, no_worse, orders
from cfwidgets.search.in_turn import in_turn


@dataclass(frozen=True, eq=False)
class Archive:
    """Archives of B problems side by side, of A places each; the members of each come first.

    They are finite, do not dominate each other, and no two have equal objectives.

    Attributes
    ----------
    solutions
        ``(B, A, d)``; arbitrary where no member is.
    objectives
        ``(B, A, m)``; +inf where no member is.
    members
        ``(B, A)`` bool.
    crowding_distance
        ``(B, A)``: the members' `cfwidgets.search.dominance.crowding_distance`; 0 where no member is.

    Examples
    --------
    >>> points = torch.tensor([[[0.0, 5.0], [1.0, 3.0], [2.0, 2.0], [4.0, 1.0], [5.0, 0.0], [5.0, 5.0]]])
    >>> Archive.empty(4, points, points).offer(points, points, one_by_one=True).objectives[0].tolist()
    [[0.0, 5.0], [2.0, 2.0], [4.0, 1.0], [5.0, 0.0]]
    """

    solutions: Tensor
    objectives: Tensor
    members: Tensor
    crowding_distance: Tensor

    @classmethod
    def empty(cls, capacity: int, solutions: Tensor, objectives: Tensor) -> Self:
        """Make archives without members for candidates like these, ``(B, n, d)`` and ``(B, n, m)``."""
        places = (len(solutions), capacity)
        return cls(
            solutions.new_zeros(*places, solutions.shape[-1]),
            objectives.new_full((*places, objectives.shape[-1]), torch.inf),
            torch.zeros(places, dtype=torch.bool, device=solutions.device),
            objectives.new_zeros(places),
        )

    def offer(self, solutions: Tensor, objectives: Tensor, *, one_by_one: bool) -> Archive:
        """Add the non-dominated ones of the candidates ``(B, n, d)`` with objectives ``(B, n, m)``.

        With `one_by_one` they are added one after the other, and each one beyond the capacity removes the
        most crowded member; without, all are added first, and then the most crowded are removed. Of equal
        objectives a member has precedence over a candidate, and an earlier candidate over a later. Rows of
        +inf are refused.
        """
        capacity = self.members.shape[-1]
        solutions = torch.cat([self.solutions, solutions], -2)
        objectives = torch.cat([self.objectives, objectives], -2)
        crowding: Tensor | None = None
        if one_by_one:
            chosen, crowding = _in_turn(objectives, self.members)
        else:
            chosen = least_crowded(objectives, front_members(objectives), capacity)
        order = (~chosen).to(torch.uint8).argsort(dim=-1, stable=True)[..., :capacity]
        members = chosen.gather(-1, order)
        solutions = solutions.take_along_dim(order[..., None], -2)
        objectives = objectives.take_along_dim(order[..., None], -2).masked_fill(
            ~members[..., None], torch.inf
        )
        crowding = (
            _crowding_distances(objectives, members) if crowding is None else crowding.gather(-1, order)
        )
        return Archive(solutions, objectives, members, crowding)


def _in_turn(objectives: Tensor, members: Tensor) -> tuple[Tensor, Tensor]:
    values, held = objectives.mT.contiguous().cpu().numpy(), members.cpu().numpy()
    relation = no_worse(values)
    done = [in_turn(*problem, held.shape[1]) for problem in zip(values, held, relation, strict=True)]
    kept, crowding = (torch.from_numpy(np.stack(each)) for each in zip(*done, strict=True))
    return kept.to(objectives.device), crowding.to(objectives.device)


def least_crowded(objectives: Tensor, members: Tensor, capacity: int) -> Tensor:
    """Remove the member with the smallest crowding distance, the first of several, until the rest fits.

    Removing a member raises the crowding distances of its neighbours, so a member with a smaller distance
    than all of its neighbours is removed before them whatever happens elsewhere. All such members are taken
    out in one round; rounds are repeated until it is certain which of them the one-by-one rule would have
    removed first.

    A member that is extreme in an objective has an infinite crowding distance. Where not even these fit, the
    first are removed.

    Parameters
    ----------
    objectives
        ``(B, n, m)``, finite where `members`.
    members
        ``(B, n)`` bool.
    capacity
        How many members may stay.

    Returns
    -------
    Tensor
        ``(B, n)`` bool: the members that stay.

    Examples
    --------
    >>> points = torch.tensor([[[0.0, 9.0], [1.0, 8.0], [2.0, 7.0], [9.0, 0.0]]])
    >>> least_crowded(points, torch.tensor([[True, True, True, True]]), 3)
    tensor([[ True, False,  True,  True]])
    """
    excess = members.sum(-1, keepdim=True) - capacity
    if not bool((excess > 0).any()):
        return members
    values = objectives.mT.contiguous().masked_fill(~members[..., None, :], torch.inf)
    before, after, extent = _neighbours(values, members)
    places = torch.arange(values.shape[-1], device=values.device)
    extreme = ((before == places) | (after == places)).any(-2)
    left = members & ~extreme
    # Each member's crowding distance when it was removed. Sorted: the removed, the other members, the others.
    dropped_at = torch.where(members, torch.inf, torch.nan).to(values.dtype)
    while True:
        side = (values.gather(-1, after) - values.gather(-1, before)) / extent
        crowding = added(side).masked_fill(~left, torch.inf)
        place = torch.empty_like(before[..., 0, :]).scatter(
            -1, crowding.argsort(dim=-1, stable=True), places.expand_as(crowding)
        )[..., None, :]
        wide = place.expand_as(before)
        least = (place < wide.gather(-1, before)) & (place < wide.gather(-1, after))
        taken = left & least.all(-2)
        dropped_at = torch.where(taken, crowding, dropped_at)
        left = left & ~taken
        least_left = crowding.masked_fill(~left, torch.inf).amin(-1, keepdim=True)
        sure = (dropped_at < least_left).sum(-1, keepdim=True) >= excess
        if bool((sure | ~left.any(-1, keepdim=True)).all()):
            break
        before, after = _unlinked(before, after, taken[..., None, :])
    order = dropped_at.argsort(dim=-1, stable=True)
    return members & (torch.empty_like(order).scatter(-1, order, places.expand_as(order)) >= excess)


def _crowding_distances(objectives: Tensor, members: Tensor) -> Tensor:
    """Compute the members' crowding distances; 0 for the others, whose objectives are +inf."""
    values = objectives.mT.contiguous()
    before, after, extent = _neighbours(values, members)
    places = torch.arange(values.shape[-1], device=values.device)
    side = (values.gather(-1, after) - values.gather(-1, before)) / extent
    side = side.masked_fill((before == places) | (after == places), torch.inf)
    return added(side).masked_fill(~members, 0)


def _neighbours(values: Tensor, members: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Find the members before and after each in every objective ``(B, m, n)``, and the objectives' ranges.

    At an end a member is its own neighbour.
    """
    order = orders(values)
    places = torch.arange(values.shape[-1], device=values.device)
    last = (members.sum(-1)[:, None, None] - 1).clamp(min=0).expand(-1, values.shape[1], 1)
    lower = order.gather(-1, (places - 1).clamp(min=0).expand_as(order))
    upper = order.gather(-1, torch.minimum(places + 1, last))
    before = torch.empty_like(order).scatter(-1, order, lower)
    after = torch.empty_like(order).scatter(-1, order, upper)
    extent = values.gather(-1, order.gather(-1, last)) - values.gather(-1, order[..., :1])
    # All members alike in an objective: no differences, whatever they are divided by.
    return before, after, torch.where(extent > 0, extent, 1)


def _unlinked(before: Tensor, after: Tensor, taken: Tensor) -> tuple[Tensor, Tensor]:
    """Join the neighbours of removed members, no two of which are neighbours themselves."""
    # What is not to be joined is written into one more place, which is cut off.
    nowhere = before.shape[-1]
    more = torch.nn.functional.pad
    joined_before = more(before, (0, 1)).scatter(-1, torch.where(taken, after, nowhere), before)
    joined_after = more(after, (0, 1)).scatter(-1, torch.where(taken, before, nowhere), after)
    return joined_before[..., :-1], joined_after[..., :-1]
