"""NSGA-II: non-dominated sorting, then crowding, on populations that lie in tensors.

Source: Deb et al. 2002, "A fast and elitist multiobjective genetic algorithm: NSGA-II"; operators and their
settings as in jMetalPy's examples.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from cfwidgets.checks import names_checked, non_negative, positive_int, share
from cfwidgets.search.dominance import best
from cfwidgets.search.front_search import Box, FrontSearch, State
from cfwidgets.search.real_operators import other_than, polynomial_mutation, sbx, whole


@names_checked
@dataclass(frozen=True)
class NSGA2(FrontSearch):
    """Settings of the search; `steps` runs it, `minimize` to the end, `steps_many` for many problems.

    Each generation makes as many children as there are parents: two parents, each the better one of two drawn
    (by rank, then by crowding distance), make two children by simulated binary crossover, which mutate. From
    parents and children together the best by rank, and from the last rank those with the largest crowding
    distances, are the next parents.

    Parameters
    ----------
    population
        Candidates in a generation, at least 2.
    crossover_probability
        Probability that a pair is crossed; each of its variables then is with probability ½.
    crossover_eta
        The higher, the closer children are to their parents.
    mutation_probability
        Probability for each variable. None: one over the number of variables that can change.
    mutation_eta
        The higher, the shorter the moves.

    Raises
    ------
    ValueError
        A setting that is out of range or of the wrong type.

    Examples
    --------
    Close to 0 and close to 2, as far as one can be both:

    >>> def distances(x):
    ...     return torch.cat([x**2, (x - 2) ** 2], 1)
    >>> front = NSGA2(population=40).minimize(distances, [-10.0], [10.0], evaluations=2000)
    >>> bool((front.solutions > -0.1).all() and (front.solutions < 2.1).all())
    True
    """

    population: int = 100
    crossover_probability: float = 1.0
    crossover_eta: float = 20
    mutation_probability: float | None = None
    mutation_eta: float = 20

    _names: ClassVar = ("rank", "crowding_distance")

    def __post_init__(self) -> None:
        positive_int("population", self.population, minimum=2)
        share("crossover_probability", self.crossover_probability)
        non_negative("crossover_eta", self.crossover_eta)
        if self.mutation_probability is not None:
            share("mutation_probability", self.mutation_probability)
        non_negative("mutation_eta", self.mutation_eta)

    def _begin(self, solutions: Tensor, objectives: Tensor) -> State:
        return self._survivors(solutions, objectives)

    def _advance(self, box: Box, state: State) -> tuple[State, Tensor]:
        parents = state["solutions"]
        children = self._mutated(box, self._crossed(box, parents, self._selected(box, state)))
        objectives, invalid = box.objectives(children)
        survivors = self._survivors(
            torch.cat([parents, children], 1), torch.cat([state["objectives"], objectives], 1)
        )
        return survivors, invalid

    def _front(self, state: State) -> tuple[Tensor, Tensor]:
        return state["solutions"], state["objectives"]

    def _survivors(self, solutions: Tensor, objectives: Tensor) -> State:
        index, rank, crowding = best(objectives, self.population)
        return {
            "solutions": solutions.take_along_dim(index[..., None], 1),
            "objectives": objectives.take_along_dim(index[..., None], 1),
            "rank": rank,
            "crowding_distance": crowding,
        }

    def _selected(self, box: Box, state: State) -> Tensor:
        """Draw the parents' indices ``(B, 2 · pairs)``: all first parents, then all second ones."""
        numbers = box.draws.uniform(2, 2 * self._pairs)
        one = whole(numbers[:, 0], self.population)
        other = other_than(one, numbers[:, 1], self.population)
        rank, crowding = state["rank"], state["crowding_distance"]
        rank_one, rank_other = rank.gather(1, one), rank.gather(1, other)
        less_crowded = (rank_one == rank_other) & (crowding.gather(1, other) > crowding.gather(1, one))
        # Of equals the first drawn, and the order of drawing is random.
        return torch.where((rank_other < rank_one) | less_crowded, other, one)

    @property
    def _pairs(self) -> int:
        return (self.population + 1) // 2

    def _crossed(self, box: Box, parents: Tensor, selected: Tensor) -> Tensor:
        pairs, variables = self._pairs, parents.shape[-1]
        numbers = box.draws.uniform(3, pairs, variables)
        crossed = numbers[:, 0] < 0.5
        if self.crossover_probability < 1:
            crossed = crossed & (box.draws.uniform(pairs, 1) < self.crossover_probability)
        chosen = parents.take_along_dim(selected[..., None], 1)
        children = sbx(
            chosen[:, :pairs],
            chosen[:, pairs:],
            box.lower,
            box.upper,
            eta=self.crossover_eta,
            crossed=crossed,
            swapped=numbers[:, 1] < 0.5,
            numbers=numbers[:, 2],
        )
        # Of an odd number of children the second child of the last pair is left out.
        return torch.cat(children, 1)[:, : self.population]

    def _mutated(self, box: Box, children: Tensor) -> Tensor:
        numbers = box.draws.uniform(2, *children.shape[1:])
        probability: Tensor | float
        if self.mutation_probability is None:
            probability = 1 / (box.upper > box.lower).sum(-1, keepdim=True).clamp(min=1)
        else:
            probability = self.mutation_probability
        return polynomial_mutation(
            children,
            box.lower,
            box.upper,
            eta=self.mutation_eta,
            chosen=numbers[:, 0] < probability,
            numbers=numbers[:, 1],
        )
