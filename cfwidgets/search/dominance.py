"""Compare candidates by several objectives: dominance, non-dominated sorting, crowding distance.

Everything is minimised. A row of objectives dominates another if it is nowhere worse and somewhere better.
Rows of +inf mark rows without a candidate: every finite row dominates them, and they do not dominate each
other.
All functions take any number of leading dimensions (problems side by side) and work on any device.

Source: Deb et al. 2002, "A fast and elitist multiobjective genetic algorithm: NSGA-II", III A and B.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor


def without_invalid(objectives: Tensor) -> tuple[Tensor, Tensor]:
    """Replace each row that holds a NaN or an infinity by +inf, so that every finite row dominates it.

    Parameters
    ----------
    objectives
        ``(..., n, m)``.

    Returns
    -------
    tuple of Tensor
        The objectives, and ``(..., n)`` bool, True for each row that was replaced.

    Examples
    --------
    >>> without_invalid(torch.tensor([[1.0, 2.0], [float("nan"), 0.0]]))
    (tensor([[1., 2.],
            [inf, inf]]), tensor([False,  True]))
    """
    invalid = ~torch.isfinite(objectives).all(-1)
    return objectives.masked_fill(invalid[..., None], torch.inf), invalid


def front_members(objectives: Tensor) -> Tensor:
    """Find the rows of the front: finite, dominated by no other, and of equal rows only the first.

    Parameters
    ----------
    objectives
        ``(..., n, m)``, finite or rows of +inf.

    Returns
    -------
    Tensor
        ``(..., n)`` bool.

    Examples
    --------
    >>> front_members(torch.tensor([[0.0, 1.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]]))
    tensor([ True,  True, False, False])
    """
    values = _fast(objectives.mT.contiguous())
    relation = no_worse(values)
    # A row dominates neither itself nor an equal one before it.
    places = _fast(torch.arange(objectives.shape[-2], device=objectives.device))
    spared = relation.swapaxes(-1, -2) & (places[:, None] >= places)
    beaten = (relation & ~spared).any(-2)
    return torch.as_tensor(~beaten & (values[..., 0, :] < torch.inf))


def ranks(objectives: Tensor, enough: int | None = None) -> Tensor:
    """Sort by non-domination: rank 0 is dominated by no row, rank 1 only by rows of rank 0, and so on.

    Parameters
    ----------
    objectives
        ``(..., n, m)``, finite or rows of +inf.
    enough
        Stop when at least this many rows are sorted; the others share the rank after the last. None: sort
        all.

    Returns
    -------
    Tensor
        ``(..., n)`` int64.

    Examples
    --------
    >>> ranks(torch.tensor([[0.0, 1.0], [1.0, 0.0], [1.0, 1.0], [2.0, 2.0]]))
    tensor([0, 0, 1, 2])
    """
    wanted = objectives.shape[-2] if enough is None else enough
    relation = no_worse(_fast(objectives.mT.contiguous()))
    better = relation & ~relation.swapaxes(-1, -2)
    left = better.any(-2)
    rank = left * 1
    while (~left).sum(-1).min() < wanted:
        left = (better & left[..., :, None]).any(-2)
        rank = rank + left
    return torch.as_tensor(rank)


def crowding_distance(objectives: Tensor, rank: Tensor) -> Tensor:
    """Compute each row's crowding distance among those of its rank.

    It is the sum of the sides of the box between its neighbours, so a larger distance means less crowded. In
    each objective the neighbours' difference is divided by the rank's range, unless that is 0; the first and
    the last row of a rank in any objective have an infinite distance.

    Parameters
    ----------
    objectives
        ``(..., n, m)``.
    rank
        ``(..., n)`` int.

    Returns
    -------
    Tensor
        ``(..., n)``: the sums over the objectives.

    Examples
    --------
    >>> five = torch.tensor([[0.0, 5.0], [1.0, 3.0], [2.0, 2.0], [4.0, 1.0], [5.0, 0.0]])
    >>> crowding_distance(five, torch.zeros(5, dtype=torch.long))
    tensor([inf, 1., 1., 1., inf])
    """
    values = objectives.mT.contiguous()
    ranked = rank[..., None, :].expand_as(values)
    by_value = orders(values)
    order = by_value.gather(-1, ranked.gather(-1, by_value).argsort(dim=-1, stable=True))
    values, ranked = values.gather(-1, order), ranked.gather(-1, order)
    changes = ranked[..., 1:] != ranked[..., :-1]
    edge = changes.new_ones((*changes.shape[:-1], 1))
    first, last = torch.cat([edge, changes], -1), torch.cat([changes, edge], -1)
    places = torch.arange(values.shape[-1], device=values.device)
    start = torch.where(first, places, 0).cummax(-1).values
    end = torch.where(last, places, len(places)).flip(-1).cummin(-1).values.flip(-1)
    extent = values.gather(-1, end) - values.gather(-1, start)
    gap = torch.zeros_like(values)
    gap[..., 1:-1] = values[..., 2:] - values[..., :-2]
    side = torch.where(extent > 0, gap / extent, 0).masked_fill(first | last, torch.inf)
    return added(torch.empty_like(side).scatter(-1, order, side))


def best(objectives: Tensor, count: int, out: Tensor | None = None) -> tuple[Tensor, Tensor, Tensor]:
    """Choose the best rows by rank, and within the last rank chosen by the largest crowding distance.

    Parameters
    ----------
    objectives
        ``(..., n, m)``, finite or rows of +inf.
    count
        Rows to choose, at most n.
    out
        ``(..., n)`` bool: rows that are chosen last, and that dominate no other. None: no such rows.

    Returns
    -------
    tuple of Tensor
        ``(..., count)`` each: the indices of the rows, best first, their ranks and their crowding
        distances, which are measured among all rows of a rank, chosen or not.

    Examples
    --------
    >>> index, rank, crowding = best(torch.tensor([[1.0, 1.0], [0.0, 1.0], [2.0, 2.0], [1.0, 0.0]]), 3)
    >>> index, rank, crowding
    (tensor([1, 3, 0]), tensor([0, 0, 1]), tensor([inf, inf, inf]))
    """
    if out is not None:
        objectives = objectives.masked_fill(out[..., None], torch.inf)
    rank = ranks(objectives, count)
    if out is not None:
        rank = rank + out * objectives.shape[-2]
    crowding = crowding_distance(objectives, rank)
    by_crowding = crowding.argsort(dim=-1, descending=True, stable=True)
    order = by_crowding.gather(-1, rank.gather(-1, by_crowding).argsort(dim=-1, stable=True))[..., :count]
    return order, rank.gather(-1, order), crowding.gather(-1, order)


def orders(values: Tensor) -> Tensor:
    """Sort the rows by each objective; equal rows by the objective before it, and so on, then by position.

    Among rows that are all at the edge in one objective, as many are where variables meet their bounds, this
    makes a corner the first, and not whichever row comes first.

    Parameters
    ----------
    values
        ``(..., m, n)``.

    Returns
    -------
    Tensor
        ``(..., m, n)``: the indices of the rows in the order of each objective.
    """
    first, *others = values.unbind(-2)
    found = [first.argsort(dim=-1, stable=True)]
    for value in others:
        order = value.gather(-1, found[-1]).argsort(dim=-1, stable=True)
        found.append(found[-1].gather(-1, order))
    return torch.stack(found, -2)


def added(sides: Tensor) -> Tensor:
    """Sum ``(..., m, n)`` over m, one after the other: a reduction's order may depend on the batch."""
    total, *others = sides.unbind(-2)
    for side in others:
        total = total + side
    return total


def _fast(values: Tensor) -> Any:
    """Return an array where the tensor is on a CPU, of the same memory, else the tensor itself.

    On a CPU torch shares out what has more than 32,768 elements, as (200, 200) has, among its threads, which
    takes it longer than all the work; numpy does not.
    """
    return values.numpy() if values.device.type == "cpu" else values


def no_worse(values: Any) -> Any:
    """Compare all pairs of rows: ``(..., n, n)`` bool, True where row i is nowhere worse than row j.

    Parameters
    ----------
    values
        ``(..., m, n)``, an array or a tensor.
    """
    relation = values[..., 0, :, None] <= values[..., 0, None, :]
    for objective in range(1, values.shape[-2]):
        relation &= values[..., objective, :, None] <= values[..., objective, None, :]
    return relation
