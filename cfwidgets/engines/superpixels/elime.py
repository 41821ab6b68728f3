"""E-LIME: a genetic algorithm finds the superpixels that carry a prediction."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Literal, Self

import torch

from cfwidgets.checks import choice, non_negative, positive_int
from cfwidgets.engines.superpixels.base import SuperpixelEngine
from cfwidgets.engines.superpixels.result import Objective, Search, SuperpixelResult
from cfwidgets.search.ga import GeneticAlgorithm

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torch import Tensor

    from cfwidgets.search.memo import Memo


@dataclass(frozen=True)
class ELime(SuperpixelEngine):
    """Find the superpixels that carry a prediction, by a genetic algorithm (E-LIME).

    SLIC cuts the image into superpixels; a genome selects some of them; its fitness is the probability of the
    explained class for the image that shows only those (Wang et al. 2021, section 2; the numbers of its
    table 1 are the defaults). Choices that the paper leaves open are options here.

    Parameters
    ----------
    segments, compactness, sigma, fill, trust, seed
        See `SuperpixelEngine`.
    population, crossover_rate, mutation_rate
        Settings of the genetic algorithm.
    generations
        Generations after the initial population, in all: a resumed search continues up to this number.
    crossover, mutation, tournament, elitism
        Its operators, which the paper does not name: see `GeneticAlgorithm`.
    objective
        ``sufficient``, as the paper: find the superpixels to show to keep the class. ``necessary``: find
        those to remove to lose it.
    parsimony
        Weight on the share of superpixels selected: the fitness is reduced by ``parsimony`` times that
        share. None is 0 for ``sufficient``, as the paper, which then selects about half the image, and 0.5
        for ``necessary``, where removing everything would otherwise be best.
    runs
        Searches in all, with seeds ``seed``, ``seed + 1``, …: importance is their mean, and their agreement
        is reported.

    Raises
    ------
    ValueError
        A setting that is out of range or of the wrong type.

    Notes
    -----
    A search evaluates up to ``population * (generations + 1)`` images, five times as many as LIME does by
    default; batches on the device make it fast. No mask is evaluated twice.

    A search optimises the model's answers to images unlike its training data: a high probability alone is
    weak evidence. See `SuperpixelResult.trust`.

    Examples
    --------
    >>> from cfwidgets import Classifier
    >>> def left_is_bright(images):
    ...     p = images[..., : images.shape[-1] // 2].mean((1, 2, 3))
    ...     return torch.stack([1 - p, p], 1)
    >>> clf = Classifier(left_is_bright, labels=["dark", "bright"])
    >>> picture = torch.linspace(0.2, 1, 32).repeat(3, 32, 1)
    >>> engine = ELime(segments=16, generations=10, parsimony=0.01, trust=False)
    >>> result = engine.explain(clf, picture, "bright")
    >>> bool(result.mask[result.segments[16, 12]]), bool(result.mask[result.segments[16, 30]])
    (True, False)
    """

    population: int = 100
    generations: int = 50
    crossover_rate: float = 0.9
    mutation_rate: float = 0.2
    crossover: Literal["two-point", "one-point", "uniform"] = "two-point"
    mutation: Literal["individual", "bit"] = "individual"
    tournament: int = 3
    elitism: int = 1
    objective: Objective = "sufficient"
    parsimony: float | None = None
    runs: int = 1

    method, activity = "E-LIME", "searching"
    harmless = frozenset({"generations", "runs", "trust"})

    def __post_init__(self) -> None:
        super().__post_init__()
        choice("objective", self.objective, ("sufficient", "necessary"))
        if self.parsimony is not None:
            non_negative("parsimony", self.parsimony)
        positive_int("runs", self.runs)
        _ = self.search  # checks the settings that it is made of

    @property
    def search(self) -> GeneticAlgorithm:
        """The genetic algorithm with these settings."""
        return GeneticAlgorithm(**{f.name: getattr(self, f.name) for f in fields(GeneticAlgorithm)})

    @property
    def work(self) -> int:
        """Generations of all runs, the initial ones included."""
        return self.runs * (self.generations + 1)

    def done(self, result: SuperpixelResult) -> int:
        """Count the generations that a result holds."""
        return sum(len(search.best) for search in result.searches)

    def reaching(self, result: SuperpixelResult) -> Self:
        """Give the same engine, with at least the generations and runs of a result."""
        generations = max([self.generations, *(search.generation for search in result.searches)])
        return replace(self, generations=generations, runs=max(self.runs, len(result.searches)))

    def longer(self, result: SuperpixelResult) -> Self:
        """Give the engine that searches for as many generations again as this one was to search."""
        return replace(self, generations=self.reaching(result).generations + self.generations)

    def one_run(self) -> Self:
        """Give the same engine with a single search."""
        return replace(self, runs=1)

    def find(
        self, score: Memo, exact: Memo, result: SuperpixelResult
    ) -> Iterator[tuple[SuperpixelResult, str]]:
        """Yield the result after each further generation of each search."""
        for run in range(self.runs):
            activity = self.activity if self.runs == 1 else f"search {run + 1} of {self.runs}"
            past = result.searches[run] if run < len(result.searches) else None
            for search in self._run(score, exact, result.count, self.seed + run, past):
                result = self._with(result, run, search)
                yield result, activity

    def _fitness(self, probability: Tensor, selected: Tensor) -> Tensor:
        """Give the fitness ``(m,)`` of masks ``(m, n)`` whose images have these probabilities."""
        necessary = self.objective == "necessary"
        weight = 0.5 * necessary if self.parsimony is None else self.parsimony
        return (1 - probability if necessary else probability) - weight * selected.double().mean(1)

    def _run(self, score: Memo, exact: Memo, count: int, seed: int, past: Search | None) -> Iterator[Search]:
        """Yield one search after each further generation, from ``past`` on where there is one."""

        def probability(selected: Tensor, by: Memo = score) -> Tensor:
            return by(selected if self.objective == "sufficient" else ~selected)

        best, mean, masks, state = [], [], [], None
        if past is not None:
            best, mean, masks, state = list(past.best), list(past.mean), list(past.masks), past.state
        generations = self.search.steps(
            lambda selected: self._fitness(probability(selected), selected), count, seed=seed, resume=state
        )
        if past is not None:
            next(generations)  # the generation that it ended with
        for generation in generations:
            best.append(probability(generation.best[None])[0])
            mean.append(probability(generation.population).mean())
            masks.append(generation.best)
            yield Search(
                seed=seed,
                probability=float(probability(generation.best[None], exact)[0]),
                best=torch.stack(best),
                mean=torch.stack(mean),
                masks=torch.stack(masks),
                state=generation.state,
            )

    def _with(self, result: SuperpixelResult, run: int, search: Search) -> SuperpixelResult:
        """Give the result with ``search`` as its ``run``-th, and the answer that follows from all of them."""
        searches = (*result.searches[:run], search, *result.searches[run + 1 :])
        fittest = max(range(len(searches)), key=lambda i: float(searches[i].state["best_fitness"]))
        ended = run + 1 == self.runs and search.generation == self.generations
        return replace(
            result,
            searches=searches,
            watched=fittest if ended else run,
            mask=searches[fittest].mask,
            probability=searches[fittest].probability,
            importance=torch.stack([search.importance for search in searches]).mean(0),
        )
