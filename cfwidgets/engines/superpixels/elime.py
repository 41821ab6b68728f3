"""E-LIME: which superpixels carry the prediction? A genetic algorithm over which of them to show."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, ClassVar, Literal, Self

import torch

from cfwidgets.checks import choice, non_negative, positive_int
from cfwidgets.engines.superpixels.base import SuperpixelEngine
from cfwidgets.engines.superpixels.result import Objective, Search, SuperpixelResult
from cfwidgets.search.ga import GeneticAlgorithm

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torch import Tensor

    from cfwidgets.search.memo import Memo

# A search that goes on must not draw again what it drew at first.
_SEED_STRIDE = 1_000_003


@dataclass(frozen=True)
class ELime(SuperpixelEngine):
    """Find the superpixels that carry a prediction, by a genetic algorithm (E-LIME).

    The picture is cut into superpixels by SLIC; a genome says which of them are shown; its fitness is the
    probability that the classifier gives the explained class when it sees only those (Wang et al. 2021,
    section 2; the numbers of its table 1 are the defaults). What the paper leaves open is an option.

    Parameters
    ----------
    segments, compactness, sigma, fill, trust, seed
        See `SuperpixelEngine`.
    population, generations, crossover_rate, mutation_rate
        The genetic algorithm's.
    crossover, mutation, tournament, elitism
        Its operators, which the paper does not name: see `GeneticAlgorithm`.
    objective
        ``sufficient``, as the paper: which superpixels to show to keep the class. ``necessary``: which to
        remove to lose it.
    parsimony
        Weight on the share of superpixels selected: the fitness is reduced by ``parsimony`` times that
        share. None is 0 for ``sufficient``, as the paper, which then keeps about half the picture, and 0.5
        for ``necessary``, since to remove everything would be best otherwise.
    runs
        Searches, with seeds ``seed``, ``seed + 1``, …: importance is their mean, and their agreement is
        reported.

    Raises
    ------
    ValueError
        A setting that is out of range or of the wrong type.

    Notes
    -----
    A run scores up to ``population * (generations + 1)`` pictures, five times as many as LIME does by
    default: what makes it quick is batches on the device, not fewer questions to the model. A mask that was
    scored before is not scored again.

    A search climbs on what the model does with pictures that it was never trained on: a high probability
    alone says little. See `SuperpixelResult.trust`.

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

    method: ClassVar[str] = "E-LIME"
    resumable: ClassVar[bool] = True

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
        """Generations of all runs, and the choice between them."""
        return self.runs * (self.generations + 1) + 1

    def one_run(self) -> Self:
        """With a single search."""
        return replace(self, runs=1)

    def find(self, score: Memo, result: SuperpixelResult) -> Iterator[tuple[SuperpixelResult, str]]:
        """Yield the result after each generation of each search."""
        for run in range(self.runs):
            activity = "searching" if self.runs == 1 else f"search {run + 1} of {self.runs}"
            past = result.searches[run] if run < len(result.searches) else None
            for search in self._run(score, result.count, self.seed + run, past):
                result = self._with(result, run, search)
                yield result, activity
        yield replace(result, watched=self._fittest(result.searches)), ""

    @property
    def _objective(self) -> Objective:
        return self.objective

    def _fitness(self, probability: Tensor, selected: Tensor) -> Tensor:
        """Of masks ``(m, n)`` whose pictures have these probabilities, ``(m,)``."""
        necessary = self.objective == "necessary"
        weight = 0.5 * necessary if self.parsimony is None else self.parsimony
        return (1 - probability if necessary else probability) - weight * selected.double().mean(1)

    def _run(self, score: Memo, count: int, seed: int, past: Search | None) -> Iterator[Search]:
        """One search, or ``past`` continued."""

        def probability(selected: Tensor) -> Tensor:
            return score(selected if self.objective == "sufficient" else ~selected)

        best, mean, masks, initial = [], [], [], None
        if past is not None:
            best, mean, masks = list(past.best), list(past.mean), list(past.masks)
            initial = torch.cat([past.mask[None], past.population[:-1]])
            seed += _SEED_STRIDE * len(best)
        generations = self.search.steps(
            lambda selected: self._fitness(probability(selected), selected), count, seed=seed, initial=initial
        )
        for generation in generations:
            if past is not None and generation.index == 0:
                continue  # the population that it had ended with
            best.append(probability(generation.best[None])[0])
            mean.append(probability(generation.population).mean())
            masks.append(generation.best)
            yield Search(
                seed=seed,
                mask=generation.best,
                probability=float(best[-1]),
                best=torch.stack(best),
                mean=torch.stack(mean),
                masks=torch.stack(masks),
                population=generation.population,
            )

    def _with(self, result: SuperpixelResult, run: int, search: Search) -> SuperpixelResult:
        """The result with ``search`` as its ``run``-th, and what follows from the searches, anew."""
        searches = (*result.searches[:run], search, *result.searches[run + 1 :])
        best = searches[self._fittest(searches)]
        return replace(
            result,
            searches=searches,
            watched=run,
            mask=best.mask,
            probability=best.probability,
            importance=torch.stack([search.importance for search in searches]).mean(0),
        )

    def _fittest(self, searches: tuple[Search, ...]) -> int:
        probabilities = torch.tensor([search.probability for search in searches])
        masks = torch.stack([search.mask for search in searches])
        return int(self._fitness(probabilities, masks).argmax())
