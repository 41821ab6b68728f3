"""A hill climb over masks: from a fitted guess, single changes tried a few at a time, all helpful ones kept.

It evaluates a third of the masks that the genetic algorithm does; what that costs in fitness is printed by
``tests/benchmarks/importance.py``.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from cfwidgets.brief import brief
from cfwidgets.checks import positive_int
from cfwidgets.search.ga import Generation
from cfwidgets.search.memo import Memo, Score
from cfwidgets.search.operators import ranking, seeded

_PROPOSALS = 9
_PENALTY = 10.0  # of the fit to the random masks, in masks
_CHEAP = 16  # bits that are turned together where none helps alone

_OWN = {"current", "current_fitness", "gains", "queue", "tried"}
_STATE = _OWN | {"population", "fitness", "best", "best_fitness", "index", "generator"}


@dataclass(frozen=True, eq=False)
class ClimbRound(Generation):
    """The state of a climb after one round: a `Generation` whose population are the masks evaluated.

    Attributes
    ----------
    current, current_fitness
        ``(n,)`` bool and a float: the mask whose single changes are tried.
    gains
        ``(n,)`` float64: what turning each bit gained when it was tried last, or promises.
    queue
        ``(q,)`` int64: the bits still to turn in this sweep.
    tried
        ``(n,)`` bool: the bits that did not help when they were turned in the current mask.
    """

    __repr__ = brief

    current: Tensor
    current_fitness: float
    gains: Tensor
    queue: Tensor
    tried: Tensor

    @property
    def state(self) -> dict[str, Tensor]:
        """All that it takes to resume the climb from here, as named tensors."""
        own = {
            "current": self.current,
            "current_fitness": torch.tensor(self.current_fitness, dtype=torch.float64),
            "gains": self.gains,
            "queue": self.queue,
            "tried": self.tried,
        }
        return {**super().state, **own}


@dataclass(frozen=True, eq=False)
class Climb:
    """Settings of the climb; `steps` runs it.

    The first round evaluates random masks. The second evaluates proposals: a linear model is fitted to the
    first answers, and the masks of its largest weights are tried. From then on each round turns a few bits of
    the current mask, each alone, and then those that helped together; the best becomes the current mask. The
    bits take turns, those that gained most, or lost least, when they were turned last come first. Where none
    helps alone, a few of those that cost least are turned together, at random.

    Parameters
    ----------
    population
        Random masks in the first round; a twelfth of it is the number of bits tried in each later one.
    generations
        Rounds after the first.

    Raises
    ------
    ValueError
        A setting that is out of range or of the wrong type.

    Examples
    --------
    >>> helps = torch.tensor([2.0, -1.0, 0.5, -3.0])
    >>> def probability(masks):
    ...     return torch.sigmoid(masks.float() @ helps)
    >>> for generation in Climb(population=20, generations=10).steps(probability, 4):
    ...     pass
    >>> generation.best.tolist()
    [True, False, True, False]
    """

    population: int = 100
    generations: int = 50

    def __post_init__(self) -> None:
        positive_int("population", self.population)
        positive_int("generations", self.generations)

    def steps(
        self, evaluate: Score, length: int, *, seed: int = 0, resume: Mapping[str, Tensor] | None = None
    ) -> Generator[ClimbRound, None, None]:
        """Run the climb, one round a step; it may be left or closed after any.

        Parameters
        ----------
        evaluate, length, seed
            As in `GeneticAlgorithm.steps`; ``evaluate`` is called at most three times a round.
        resume
            The `ClimbRound.state` of a climb with these settings: continue it up to `generations` in all. The
            first step gives that round again, without evaluating anything.

        Yields
        ------
        ClimbRound
            `generations` + 1 of them, the first for the random masks; fewer where resumed.

        Raises
        ------
        ValueError
            At once, for a wrong `length`, `seed` or `resume`; in a step, where `evaluate` does not return one
            finite number a mask.
        """
        positive_int("length", length)
        generator = seeded(seed)
        if resume is None:
            return self._run(Memo(evaluate), length, generator, None)
        if set(resume) != _STATE or resume["current"].shape != (length,):
            raise ValueError(f"resume is no state of a climb over {length} bits")
        generator.set_state(resume["generator"].clone())
        return self._run(Memo(evaluate), length, generator, _restored(resume))

    def _run(
        self, score: Memo, length: int, generator: torch.Generator, past: ClimbRound | None
    ) -> Generator[ClimbRound, None, None]:
        if past is None:
            past = self._first(score, length, generator)
        yield past
        while past.index < self.generations:
            past = (self._proposed if past.index == 0 else self._turned)(score, past, generator)
            yield past

    def _first(self, score: Memo, length: int, generator: torch.Generator) -> ClimbRound:
        masks = torch.rand(self.population, length, generator=generator) < 0.5
        fitness = score(masks)
        fittest = int(ranking(fitness, masks)[0])
        best, best_fitness = masks[fittest].clone(), float(fitness[fittest])
        return ClimbRound(
            index=0,
            population=masks,
            fitness=fitness,
            best=best,
            best_fitness=best_fitness,
            mean_fitness=float(fitness.mean()),
            evaluations=score.evaluations,
            generator=generator.get_state(),
            current=best,
            current_fitness=best_fitness,
            gains=torch.zeros(length, dtype=torch.float64),
            queue=torch.empty(0, dtype=torch.int64),
            tried=torch.zeros(length, dtype=torch.bool),
        )

    def _proposed(self, score: Memo, past: ClimbRound, generator: torch.Generator) -> ClimbRound:
        """Try the masks of the largest weights of a linear model, of several sizes."""
        weights = _weights(past.population, past.fitness)
        length = len(weights)
        place = torch.empty(length, dtype=torch.int64)
        place[weights.argsort(descending=True, stable=True)] = torch.arange(length)
        sizes = (torch.linspace(0.1, 0.9, _PROPOSALS, dtype=torch.float64) * length).round()
        masks = (place < sizes[:, None]).unique(dim=0)
        return self._next(score, past, generator, [masks], gains=weights)

    def _turned(self, score: Memo, past: ClimbRound, generator: torch.Generator) -> ClimbRound:
        """Turn the next bits, each alone, and then those that helped together."""
        turned = past.queue[: self._block]
        if not len(turned):
            return self._next(score, past, generator, [self._joint(past, generator)], gains=past.gains)
        masks = past.current.repeat(len(turned), 1)
        masks[torch.arange(len(turned)), turned] ^= True
        gained = score(masks) - past.current_fitness
        gains = past.gains.clone()
        gains[turned] = gained
        asked = [masks]
        helped = turned[gained.argsort(descending=True, stable=True)][: int((gained > 0).sum())]
        together = sorted({len(helped), (len(helped) + 1) // 2} - {0, 1})
        if together:
            joint = past.current.repeat(len(together), 1)
            for row, count in zip(joint, together, strict=True):
                row[helped[:count]] ^= True
            asked.append(joint)
        return self._next(score, past, generator, asked, gains=gains, turned=turned)

    def _joint(self, past: ClimbRound, generator: torch.Generator) -> Tensor:
        """Turn two to four at a time of the bits that cost least alone."""
        cheap = past.gains.argsort(descending=True, stable=True)[:_CHEAP]
        masks = past.current.repeat(self._block, 1)
        for row in masks:
            count = int(torch.randint(2, 5, (1,), generator=generator))
            row[cheap[torch.randperm(len(cheap), generator=generator)[:count]]] ^= True
        return masks

    @property
    def _block(self) -> int:
        return max(1, self.population // 12)

    def _next(
        self,
        score: Memo,
        past: ClimbRound,
        generator: torch.Generator,
        asked: list[Tensor],
        *,
        gains: Tensor,
        turned: Tensor | None = None,
    ) -> ClimbRound:
        population = torch.cat(asked)
        fitness = score(population)
        fittest = int(ranking(fitness, population)[0])
        current, current_fitness, tried = past.current, past.current_fitness, past.tried.clone()
        if turned is not None:
            tried[turned] = True
        if float(fitness[fittest]) > current_fitness:
            current, current_fitness = population[fittest].clone(), float(fitness[fittest])
            tried[:] = False
            if past.index:  # to turn a bit back loses what it gained
                gains = torch.where(current ^ past.current, -gains, gains)
        best, best_fitness = past.best, past.best_fitness
        if (current_fitness, -int(current.sum())) > (best_fitness, -int(best.sum())):
            best, best_fitness = current, current_fitness
        if not past.index:  # the proposals: a weight says what showing a superpixel promises
            gains = torch.where(current, -gains, gains)
        queue = past.queue[0 if turned is None else len(turned) :]
        queue = queue[~tried[queue]]
        if not len(queue):  # a sweep begins; there is none while no single change helps
            queue = gains.argsort(descending=True, stable=True)
            queue = queue[~tried[queue]]
        return ClimbRound(
            index=past.index + 1,
            population=population,
            fitness=fitness,
            best=best,
            best_fitness=best_fitness,
            mean_fitness=float(fitness.mean()),
            evaluations=score.evaluations,
            generator=generator.get_state(),
            current=current,
            current_fitness=current_fitness,
            gains=gains,
            queue=queue,
            tried=tried,
        )


def _weights(masks: Tensor, fitness: Tensor) -> Tensor:
    """Fit a linear model to the normal scores of the fitness: it may be as skewed as it likes."""
    ranks = fitness.argsort(stable=True).argsort(stable=True).double()
    scores = torch.special.ndtri((ranks + 0.5) / len(ranks))
    shown = masks.double() - masks.double().mean(0)
    gram = shown.T @ shown + _PENALTY * torch.eye(masks.shape[1], dtype=torch.float64)
    return torch.linalg.solve(gram, shown.T @ scores)


def _restored(state: Mapping[str, Tensor]) -> ClimbRound:
    """Make the round of a state."""
    return ClimbRound(
        index=int(state["index"]),
        population=state["population"],
        fitness=state["fitness"],
        best=state["best"],
        best_fitness=float(state["best_fitness"]),
        mean_fitness=float(state["fitness"].mean()),
        evaluations=0,
        generator=state["generator"],
        current=state["current"],
        current_fitness=float(state["current_fitness"]),
        gains=state["gains"],
        queue=state["queue"],
        tried=state["tried"],
    )
