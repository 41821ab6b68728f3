"""A genetic algorithm over masks, as E-LIME uses it over superpixels.

Source: Wang et al. 2021, "E-LIME", table 1 (population 100, 50 generations, crossover 0.9, mutation 0.2). The
paper names no operators and no kind of selection; the readings taken here are options of `GeneticAlgorithm`,
and the operators themselves are in `cfwidgets.search.operators`.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import dataclass
from typing import Any, get_args

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from cfwidgets.brief import brief
from cfwidgets.checks import choice, names_checked, positive_int, share
from cfwidgets.search.memo import Memo, Score
from cfwidgets.search.operators import Crossover, Mutation, crossover, mutate, ranking, seeded, tournament

_STATE = ("population", "fitness", "best", "best_fitness", "index", "generator")


@dataclass(frozen=True, eq=False)
class Generation:
    """The state of a search after one generation. Its tensors belong to the search: read, do not write.

    Attributes
    ----------
    index
        0 for the initial population, then 1, 2, ...
    population
        ``(P, n)`` bool, on the CPU.
    fitness
        ``(P,)`` float64, of the rows of `population`.
    best
        ``(n,)`` bool: the best mask found so far, of two equally fit the one with fewer bits.
    best_fitness
        Its fitness; never lower than a generation before.
    mean_fitness
        Mean over the population.
    evaluations
        Distinct masks scored so far in this run.
    generator
        State of the random numbers that the next generation is made with.
    """

    __repr__ = brief

    index: int
    population: Tensor
    fitness: Tensor
    best: Tensor
    best_fitness: float
    mean_fitness: float
    evaluations: int
    generator: Tensor

    @property
    def state(self) -> dict[str, Tensor]:
        """All that it takes to resume the search from here, as named tensors."""
        return {
            "population": self.population,
            "fitness": self.fitness,
            "best": self.best,
            "best_fitness": torch.tensor(self.best_fitness, dtype=torch.float64),
            "index": torch.tensor(self.index),
            "generator": self.generator,
        }


@names_checked
@dataclass(frozen=True)
class GeneticAlgorithm:
    """Settings of the search; `steps` runs it.

    Each generation keeps the `elitism` best masks and fills up with offspring: parents are chosen by
    tournament, two parents make two children by crossover, and children mutate.

    Parameters
    ----------
    population
        Masks in a generation.
    generations
        Generations after the initial population.
    crossover_rate
        Probability that a pair of parents exchanges bits; otherwise the children are copies.
    mutation_rate
        0 to 1; `mutation` defines its meaning.
    crossover
        ``"two-point"`` (neighbouring superpixels have neighbouring numbers, and so stay together),
        ``"one-point"`` or ``"uniform"``.
    mutation
        ``"individual"``: a child mutates with probability `mutation_rate`, and then each bit flips with
        probability 1/n. ``"bit"``: each bit of each child flips with probability `mutation_rate`; at the
        paper's 0.2 that is a fifth of the mask every time, and hardly converges.
    tournament
        Masks drawn, with replacement, for each parent; the best of them becomes it.
    elitism
        How many of the best masks pass into the next generation unchanged; 0 to `population`. With 0 the
        population may lose the best mask; `Generation.best` keeps it nevertheless.

    Raises
    ------
    ValueError
        A setting that is out of range or of the wrong type.

    Examples
    --------
    Find the mask that shows what helps and hides what hurts:

    >>> helps = torch.tensor([2.0, -1.0, 0.5, -3.0])
    >>> def probability(masks):
    ...     return torch.sigmoid(masks.float() @ helps)
    >>> for generation in GeneticAlgorithm(population=20, generations=10).steps(probability, 4):
    ...     pass
    >>> generation.best.tolist()
    [True, False, True, False]
    """

    population: int = 100
    generations: int = 50
    crossover_rate: float = 0.9
    mutation_rate: float = 0.2
    crossover: Crossover = "two-point"
    mutation: Mutation = "individual"
    tournament: int = 3
    elitism: int = 1

    def __post_init__(self) -> None:
        positive_int("population", self.population)
        positive_int("generations", self.generations)
        share("crossover_rate", self.crossover_rate)
        share("mutation_rate", self.mutation_rate)
        choice("crossover", self.crossover, get_args(Crossover))
        choice("mutation", self.mutation, get_args(Mutation))
        positive_int("tournament", self.tournament)
        positive_int("elitism", self.elitism, minimum=0)
        if self.elitism > self.population:
            raise ValueError(f"elitism must be at most the population, {self.population}, not {self.elitism}")

    def steps(
        self,
        evaluate: Score,
        length: int,
        *,
        seed: int = 0,
        initial: Tensor | npt.NDArray[np.bool_] | None = None,
        resume: Mapping[str, Tensor] | None = None,
    ) -> Generator[Generation, None, None]:
        """Run the search, one generation a step; it may be left or closed after any.

        Parameters
        ----------
        evaluate
            From masks ``(m, length)`` bool, on the CPU, to their fitness, ``(m,)`` finite numbers, higher is
            better. Called at most once a generation, and only with distinct masks that were not scored before
            in this run.
        length
            Bits of a mask, n.
        seed
            Same seed, same search. Torch's global random state is neither used nor changed.
        initial
            ``(m, length)`` bool: the first m masks of the initial population, m at most `population`; the
            others, and without `initial` all, have each bit set with probability 1/2.
        resume
            The `Generation.state` of a search with these settings: continue it up to `generations` in all.
            The first step gives that generation again, without evaluating anything; the next ones are those
            that the search would have had uninterrupted. `seed` is not used.

        Yields
        ------
        Generation
            `generations` + 1 of them, the first for the initial population; fewer where resumed.

        Raises
        ------
        ValueError
            At once, for a wrong `length`, `seed`, `initial` or `resume`; in a step, where `evaluate` does not
            return one finite number a mask. What `evaluate` itself raises passes through.
        """
        positive_int("length", length)
        generator = seeded(seed)
        if resume is not None:
            if initial is not None:
                raise ValueError("give initial or resume, not both")
            return self._resumed(evaluate, length, resume, generator)
        population = torch.rand(self.population, length, generator=generator) < 0.5
        if initial is not None:
            given = self._initial(initial, length)
            population[: len(given)] = given
        return self._run(Memo(evaluate), population, generator)

    def _initial(self, initial: Any, length: int) -> Tensor:
        if not isinstance(initial, Tensor | np.ndarray) or initial.dtype not in (torch.bool, np.bool_):
            kind = getattr(initial, "dtype", type(initial).__name__)
            raise ValueError(f"initial must be a bool tensor or array, not {kind}")
        given = torch.from_numpy(initial.copy()) if isinstance(initial, np.ndarray) else initial
        if given.ndim != 2 or given.shape[1] != length:
            raise ValueError(f"initial must be (masks, {length}), not {tuple(given.shape)}")
        if len(given) > self.population:
            raise ValueError(
                f"initial must hold at most population={self.population} masks, not {len(given)}"
            )
        return given

    def _resumed(
        self, evaluate: Score, length: int, state: Mapping[str, Tensor], generator: torch.Generator
    ) -> Generator[Generation, None, None]:
        if state.keys() != set(_STATE):
            raise ValueError(
                f"resume is no state of a genetic algorithm: it has {sorted(state)} and should have "
                f"{sorted(_STATE)}"
            )
        population = state["population"]
        if population.shape != (self.population, length):
            raise ValueError(
                f"resume must be a state of {self.population} masks of {length} bits, not of "
                f"{tuple(population.shape)}"
            )
        generator.set_state(state["generator"].clone())  # torch reads a view of a larger tensor wrongly
        packed = torch.from_numpy(np.packbits(population.numpy(), axis=1))
        score = Memo(evaluate, resume={"masks": packed, "scores": state["fitness"]})
        fitness = float(state["best_fitness"])
        return self._run(score, population, generator, int(state["index"]), (state["best"], fitness))

    def _run(
        self,
        score: Memo,
        population: Tensor,
        generator: torch.Generator,
        first: int = 0,
        leader: tuple[Tensor, float] | None = None,
    ) -> Generator[Generation, None, None]:
        best, best_fitness = leader or (population[0], -float("inf"))
        best_key = (best_fitness, -int(best.sum()))
        for index in range(first, max(first, self.generations) + 1):
            fitness = score(population)
            best_first = ranking(fitness, population)
            fittest = population[best_first[0]]
            key = (float(fitness[best_first[0]]), -int(fittest.sum()))
            if key > best_key:
                best, best_key = fittest.clone(), key
            mean, state = float(fitness.mean()), generator.get_state()
            yield Generation(index, population, fitness, best, best_key[0], mean, score.evaluations, state)
            if index < self.generations:
                population = self._next(population, best_first, generator)

    def _next(self, population: Tensor, best_first: Tensor, generator: torch.Generator) -> Tensor:
        children = self.population - self.elitism
        pairs = (children + 1) // 2
        parents = population[tournament(best_first, 2 * pairs, self.tournament, generator)]
        families = crossover(parents[:pairs], parents[pairs:], self.crossover, self.crossover_rate, generator)
        # Of an odd number of children the last one's twin is left out.
        offspring = mutate(torch.cat(families)[:children], self.mutation, self.mutation_rate, generator)
        return torch.cat([population[best_first[: self.elitism]], offspring])
