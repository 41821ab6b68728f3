"""GDE3: differential evolution with several objectives, on populations that lie in tensors.

Source: Kukkonen & Lampinen 2005, "GDE3: the third evolution step of generalized differential evolution"; the
default way of replacement is that of jMetalPy.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

import torch
from torch import Tensor

from cfwidgets.checks import choice, names_checked, non_negative, positive_int, share
from cfwidgets.search.dominance import best
from cfwidgets.search.front_search import Box, FrontSearch, State
from cfwidgets.search.real_operators import differential, whole

Replacement: TypeAlias = Literal["jmetal", "gde3"]


@names_checked
@dataclass(frozen=True)
class GDE3(FrontSearch):
    """Settings of the search; `steps` runs it, `minimize` to the end, `steps_many` for many problems.

    Each candidate x makes a child from three others drawn, a, b and c: each variable is that of
    c + weight · (a - b) with probability `crossover_rate`, at least one always, the rest are those of x;
    values beyond a bound are set to the bound.

    Parameters
    ----------
    population
        Candidates in a generation, at least 4.
    crossover_rate
        CR, 0 to 1.
    weight
        F, 0 or more.
    replacement
        Selection of the next population. ``"jmetal"``: from parents and children together the best by rank,
        and from the last rank those with the largest crowding distances, as in NSGA-II. ``"gde3"``, as in the
        paper: each child is first compared with its parent; the dominated one is dropped (the parent where
        they are equal), else both stay; then as many as fit are selected as above.

    Raises
    ------
    ValueError
        A setting that is out of range or of the wrong type.

    Examples
    --------
    >>> def distances(x):
    ...     return torch.cat([x**2, (x - 2) ** 2], 1)
    >>> front = GDE3(population=40).minimize(distances, [-10.0], [10.0], evaluations=2000)
    >>> bool((front.solutions > -0.1).all() and (front.solutions < 2.1).all())
    True
    """

    population: int = 100
    crossover_rate: float = 0.5
    weight: float = 0.5
    replacement: Replacement = "jmetal"

    def __post_init__(self) -> None:
        positive_int("population", self.population, minimum=4)
        share("crossover_rate", self.crossover_rate)
        non_negative("weight", self.weight)
        choice("replacement", self.replacement, get_args(Replacement))

    def _begin(self, solutions: Tensor, objectives: Tensor) -> State:
        return {"solutions": solutions, "objectives": objectives}

    def _advance(self, box: Box, state: State) -> tuple[State, Tensor]:
        parents, before = state["solutions"], state["objectives"]
        children = self._children(box, parents)
        after, invalid = box.objectives(children)
        out = _replaced(before, after) if self.replacement == "gde3" else None
        objectives = torch.cat([before, after], 1)
        index, _, _ = best(objectives, self.population, out)
        survivors = {
            "solutions": torch.cat([parents, children], 1).take_along_dim(index[..., None], 1),
            "objectives": objectives.take_along_dim(index[..., None], 1),
        }
        return survivors, invalid

    def _front(self, state: State) -> tuple[Tensor, Tensor]:
        return state["solutions"], state["objectives"]

    def _children(self, box: Box, parents: Tensor) -> Tensor:
        count, variables = parents.shape[1:]
        plus, minus, base = (
            parents.take_along_dim(index[..., None], 1) for index in _three_others(box, count)
        )
        chosen = box.draws.uniform(count, variables) < self.crossover_rate
        always = whole(box.draws.uniform(count, 1), variables)
        chosen = chosen | (torch.arange(variables, device=parents.device) == always)
        children = differential(parents, base, plus, minus, weight=self.weight, chosen=chosen)
        return children.clamp(box.lower, box.upper)


def _three_others(box: Box, count: int) -> tuple[Tensor, Tensor, Tensor]:
    """Draw three other rows, all different, for each of ``count`` rows: ``(B, count)`` indices each."""
    numbers = box.draws.uniform(3, count)
    rows = torch.arange(count, device=numbers.device)
    # Distances from the row: 1 to count - 1, each drawn from those that are left.
    first = 1 + whole(numbers[:, 0], count - 1)
    second = 1 + whole(numbers[:, 1], count - 2)
    second = second + (second >= first)
    third = 1 + whole(numbers[:, 2], count - 3)
    third = third + (third >= torch.minimum(first, second))
    third = third + (third >= torch.maximum(first, second))
    return (rows + first) % count, (rows + second) % count, (rows + third) % count


def _replaced(parents: Tensor, children: Tensor) -> Tensor:
    """Mark the parents and children that lose to their counterpart, ``(B, 2n)`` bool."""
    child_no_worse = (children <= parents).all(-1)
    return torch.cat([child_no_worse, (parents <= children).all(-1) & ~child_no_worse], 1)
