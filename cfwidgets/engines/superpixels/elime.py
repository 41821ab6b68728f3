"""E-LIME: a genetic algorithm finds the superpixels that carry a prediction."""

from __future__ import annotations

import time
from dataclasses import dataclass, fields, replace
from functools import partial
from typing import TYPE_CHECKING, Literal, Self

import torch

from cfwidgets.checks import choice, names_checked, non_negative, positive_int
from cfwidgets.engines.superpixels.base import REMEMBERED, SuperpixelEngine
from cfwidgets.engines.superpixels.importance import Answers, alone, graded, inert, on_average, scaled
from cfwidgets.engines.superpixels.result import Objective, Search, SuperpixelResult
from cfwidgets.engines.superpixels.smallest import smaller
from cfwidgets.models.backends.base import NotFiniteError
from cfwidgets.search.climb import Climb
from cfwidgets.search.ga import GeneticAlgorithm
from cfwidgets.search.memo import Memo
from cfwidgets.search.operators import seeded

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torch import Tensor

_CHUNK = 100
_GRADING = 5  # the cost of the importance, in generations: for the progress, nothing else
_SHRINKING = 2  # likewise of the smallest answer
_KEPT = 0.9  # share of the best that the smallest answer keeps
_OTHER_STREAM = 2**63  # the random masks are not those that a search begins with


@names_checked
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
    optimiser
        ``genetic``, as the paper. ``climb``: a hill climb from a fitted guess, with some 11 masks a
        generation instead of some 30: see `Climb`, which uses ``population`` and ``generations``.
    patience
        End a search after so many generations without a better selection; None to search to the end.
    samples
        Random masks evaluated after the search, for the importance: each shows another share of the
        superpixels, drawn from 0 to 1. 0 leaves them out.
    objective
        ``sufficient``, as the paper: find the superpixels to show to keep the class. ``necessary``: find
        those to remove to lose it.
    parsimony
        Weight on the share of superpixels selected: the fitness is reduced by ``parsimony`` times that
        share. None is 0 for ``sufficient``, as the paper, which then selects about half the image, and 0.5
        for ``necessary``, where removing everything would otherwise be best.
    runs
        Searches in all, with seeds ``seed``, ``seed + 1``, …: the best selection of all is the answer, the
        importance is fitted to the masks of all, and their agreement is reported.

    Raises
    ------
    ValueError
        A setting that is out of range or of the wrong type.

    Notes
    -----
    A search evaluates up to ``population * (generations + 1)`` images, five times as many as LIME does by
    default; batches on the device make it fast. No mask is evaluated twice.

    The importance is not the paper's, which has none but the selection itself; the share of the last
    population that shows each superpixel is `SuperpixelResult.population_share`. Once a search has converged
    that share is 0 or 1 for most. Instead a linear model of the log-odds is fitted to all masks that the
    searches evaluated and to the random ones, and a quarter of the log-odds that each superpixel makes for
    the best selection is added (n questions). It is signed, and 0 throughout where no answer differs.

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
    optimiser: Literal["genetic", "climb"] = "genetic"
    patience: int | None = None
    samples: int = 500
    objective: Objective = "sufficient"
    parsimony: float | None = None
    runs: int = 1

    method, activity = "E-LIME", "searching"
    harmless = frozenset({"generations", "patience", "runs", "trust"})

    def __post_init__(self) -> None:
        super().__post_init__()
        choice("objective", self.objective, ("sufficient", "necessary"))
        if self.parsimony is not None:
            non_negative("parsimony", self.parsimony)
        choice("optimiser", self.optimiser, ("genetic", "climb"))
        if self.patience is not None:
            positive_int("patience", self.patience)
        positive_int("samples", self.samples, minimum=0)
        positive_int("runs", self.runs)
        _ = self.search  # checks the settings that it is made of

    @property
    def search(self) -> GeneticAlgorithm | Climb:
        """The search with these settings."""
        genetic = GeneticAlgorithm(**{f.name: getattr(self, f.name) for f in fields(GeneticAlgorithm)})
        return genetic if self.optimiser == "genetic" else Climb(self.population, self.generations)

    @property
    def work(self) -> int:
        """Generations of all runs, the initial ones included, and what follows as if it were some."""
        return self.runs * (self.generations + 1) + _GRADING + _SHRINKING

    def done(self, result: SuperpixelResult) -> int:
        """Count the generations that a result holds, and what follows."""
        graded = _GRADING * (result.interval is not None) + _SHRINKING * (result.smallest is not None)
        return sum(len(search.best) for search in result.searches) + graded

    def reaching(self, result: SuperpixelResult) -> Self:
        """Give the same engine, with at least the generations and runs of a result."""
        generations = max([self.generations, *(search.generation for search in result.searches)])
        return replace(self, generations=generations, runs=max(self.runs, len(result.searches)))

    def longer(self, result: SuperpixelResult) -> Self:
        """Give the engine that searches for as many generations again as this one was to search."""
        return replace(self, generations=self.reaching(result).generations + self.generations, patience=None)

    def one_run(self) -> Self:
        """Give the same engine with a single search."""
        return replace(self, runs=1)

    def find(
        self, score: Memo, exact: Memo, result: SuperpixelResult
    ) -> Iterator[tuple[SuperpixelResult, str]]:
        """Yield the result after each further generation of each search, and then with its importance."""
        still = inert(result.image, result.hidden, result.segments)
        for run in range(self.runs):
            activity = self.activity if self.runs == 1 else f"search {run + 1} of {self.runs}"
            past = result.searches[run] if run < len(result.searches) else None
            for search in self._run(score, exact, result.count, self.seed + run, past):
                result = self._with(result, run, search, still)
                yield result, activity
        if result.interval is None:
            yield from self._graded(score, result, still)

    def shrink(self, score: Memo, result: SuperpixelResult) -> Iterator[SuperpixelResult]:
        """Yield the result with ever smaller selections; the last keeps nine tenths of what the best has."""
        if result.smallest is not None:
            return
        sufficient = self.objective == "sufficient"
        merit = partial(self._merit, score, result.whole)
        best = result.probability if sufficient else result.whole - result.probability
        for mask, kept in smaller(merit, result.mask, _KEPT * best):  # noqa: B007
            yield result
        probability = kept if sufficient else result.whole - kept
        yield replace(result, smallest=mask, smallest_probability=probability)

    def _merit(self, score: Memo, whole: float, selected: Tensor) -> Tensor:
        """Give what selections ``(m, n)`` are good for: the probability that they keep, or take away."""
        kept = score(selected) if self.objective == "sufficient" else whole - score(~selected)
        return kept.nan_to_num(nan=-torch.inf)  # nothing is worth less than what has no answer

    def _graded(
        self, score: Memo, result: SuperpixelResult, still: Tensor
    ) -> Iterator[tuple[SuperpixelResult, str]]:
        """Yield while the masks for the importance are evaluated, and at last the result with it."""
        generator = seeded(self.seed ^ _OTHER_STREAM)
        share = torch.rand(self.samples, 1, generator=generator)  # from nearly nothing to nearly all
        random = torch.rand(self.samples, result.count, generator=generator) < share
        around = torch.cat([result.shown[None], result.shown ^ alone(result.count)])
        answers: list[Tensor] = []
        for masks in (*random.split(_CHUNK), around):
            answers.append(score(masks))
            yield result, "importance"
        groups = _asked(result)
        drawn = Answers.finite(random, torch.cat(answers[:-1])) if self.samples else None
        if drawn is not None and len(drawn.masks):
            groups.append(drawn)
        importance, interval = graded(groups, Answers(around, answers[-1]), still, self.seed)
        yield replace(result, importance=importance, interval=interval), "importance"

    def _fitness(self, probability: Tensor, selected: Tensor) -> Tensor:
        """Give the fitness ``(m,)`` of masks ``(m, n)`` by their probabilities; that of NaN is the worst."""
        necessary = self.objective == "necessary"
        weight = 0.5 * necessary if self.parsimony is None else self.parsimony
        fitness = (1 - probability if necessary else probability) - weight * selected.double().mean(1)
        return fitness.nan_to_num(nan=-1 - weight)

    def _run(self, score: Memo, exact: Memo, count: int, seed: int, past: Search | None) -> Iterator[Search]:
        """Yield one search after each further generation, from ``past`` on where there is one."""

        def probability(selected: Tensor, by: Memo | None = None) -> Tensor:
            return (known if by is None else by)(selected if self.objective == "sufficient" else ~selected)

        best, mean, masks, state, asked, spent = [], [], [], None, None, 0.0
        began = time.perf_counter()
        if past is not None:
            best, mean, masks, state = list(past.best), list(past.mean), list(past.masks), past.state
            asked, spent = past.asked, past.seconds
            if self._at_rest(past):
                return
        known = Memo(score, resume=asked, limit=REMEMBERED, gaps=True)
        generations = self.search.steps(
            lambda selected: self._fitness(probability(selected), selected), count, seed=seed, resume=state
        )
        if past is not None:
            next(generations)  # the generation that it ended with
        for generation in generations:
            best.append(probability(generation.best[None])[0])
            if not bool(best[-1].isfinite()):
                raise NotFiniteError(
                    "the model returned NaN or infinite values for every picture that the search began with"
                )
            mean.append(probability(generation.population).nanmean())
            masks.append(generation.best)
            exactly = float(probability(generation.best[None], exact)[0])
            spent += time.perf_counter() - began
            search = Search(
                seed=seed,
                probability=exactly,
                best=torch.stack(best),
                mean=torch.stack(mean),
                masks=torch.stack(masks),
                asked=known.state(),
                state=generation.state,
                seconds=spent,
            )
            yield search
            began = time.perf_counter()  # a search is not as long as whoever watches it rests
            if self._at_rest(search):
                return

    def _at_rest(self, search: Search) -> bool:
        """Tell whether a search has found nothing better for as long as it may."""
        if self.patience is None or search.generation < self.patience:
            return False
        return bool((search.masks[-1 - self.patience :] == search.masks[-1]).all())

    def _with(self, result: SuperpixelResult, run: int, search: Search, still: Tensor) -> SuperpixelResult:
        """Give the result with ``search`` as its ``run``-th, and the answer that follows from all of them."""
        searches = (*result.searches[:run], search, *result.searches[run + 1 :])
        fittest = max(range(len(searches)), key=lambda i: float(searches[i].state["best_fitness"]))
        ended = run + 1 == self.runs and (search.generation == self.generations or self._at_rest(search))
        found = replace(
            result,
            searches=searches,
            watched=fittest if ended else run,
            mask=searches[fittest].mask,
            probability=searches[fittest].probability,
            interval=None,
            smallest=None,
            smallest_probability=None,
        )
        return replace(found, importance=scaled(on_average(_asked(found), still)))


def _asked(result: SuperpixelResult) -> list[Answers]:
    """Give what all searches of a result have evaluated, as one group."""
    each = [Answers.of(search.asked, result.count) for search in result.searches]
    masks = torch.cat([answers.masks for answers in each])
    return [Answers(masks, torch.cat([answers.probabilities for answers in each]))]
