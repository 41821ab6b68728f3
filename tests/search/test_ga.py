from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from cfwidgets.search.ga import Generation, GeneticAlgorithm
from cfwidgets.search.memo import Score
from cfwidgets.search.operators import Crossover, Mutation

SMALL = GeneticAlgorithm(population=20, generations=12)


def logistic(weights: Tensor) -> Score:
    """A model that adds up what is shown."""
    return lambda masks: torch.sigmoid(masks.double() @ weights)


def weights_of(length: int, seed: int) -> Tensor:
    return torch.randn(length, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def last(steps: Iterator[Generation]) -> Generation:
    *_, generation = steps
    return generation


@pytest.mark.costly
@pytest.mark.parametrize("length", [5, 12])
def test_the_optimum_of_brute_force_is_found(length: int) -> None:
    every = torch.tensor(list(product([False, True], repeat=length)))
    seeds = 60
    found = 0
    for seed in range(seeds):
        weights = weights_of(length, seed)
        fitness = logistic(weights)
        best = every[fitness(every).argmax()]
        assert torch.equal(best, weights > 0)
        found += torch.equal(last(GeneticAlgorithm().steps(fitness, length, seed=seed)).best, best)
    assert found >= 0.95 * seeds


def test_the_optimum_of_twenty_bits_is_found() -> None:
    weights = weights_of(20, 0)
    assert torch.equal(last(GeneticAlgorithm().steps(logistic(weights), 20)).best, weights > 0)


def test_it_is_better_than_as_many_random_masks() -> None:
    weights = weights_of(100, 0)

    def fitness(masks: Tensor) -> Tensor:
        return masks.double() @ weights

    found = last(GeneticAlgorithm().steps(fitness, 100))
    random = torch.rand(5100, 100, generator=torch.Generator().manual_seed(0)) < 0.5
    assert found.best_fitness > fitness(random).max() + 10
    assert found.best_fitness > 0.85 * weights.clamp(min=0).sum()


@pytest.mark.parametrize("kind", ["two-point", "one-point", "uniform"])
@pytest.mark.parametrize("mutation", ["individual", "bit"])
@pytest.mark.parametrize("elitism", [0, 1, 5])
def test_what_every_generation_promises(kind: Crossover, mutation: Mutation, elitism: int) -> None:
    algorithm = GeneticAlgorithm(
        population=31, generations=15, crossover=kind, mutation=mutation, elitism=elitism
    )
    weights = weights_of(10, 3)
    fitness = logistic(weights)
    before = None
    for index, generation in enumerate(algorithm.steps(fitness, 10, seed=5)):
        assert generation.index == index
        assert generation.population.shape == (31, 10)
        assert generation.population.dtype == torch.bool
        assert generation.fitness.dtype == torch.float64
        # Batches of another size are added up in another order.
        torch.testing.assert_close(generation.fitness, fitness(generation.population), rtol=1e-12, atol=0)
        assert generation.mean_fitness == pytest.approx(float(generation.fitness.mean()))
        assert generation.best_fitness == pytest.approx(float(fitness(generation.best[None])), rel=1e-12)
        assert generation.best_fitness >= float(generation.fitness.max())
        if before is not None:
            assert generation.best_fitness >= before.best_fitness
            elite = before.fitness.sort(descending=True).values[:elitism]
            kept = generation.fitness.sort(descending=True).values[:elitism]
            assert (kept >= elite).all()
            if elitism:
                assert float(generation.fitness.max()) == generation.best_fitness
        before = generation
    assert index == 15


def test_without_elitism_the_best_may_leave_the_population_but_is_remembered() -> None:
    algorithm = GeneticAlgorithm(population=6, generations=30, mutation="bit", elitism=0, tournament=1)
    generations = list(algorithm.steps(logistic(weights_of(12, 0)), 12))
    assert any(float(g.fitness.max()) < g.best_fitness for g in generations)


def test_no_mask_is_scored_twice_and_evaluations_are_counted() -> None:
    asked: list[tuple[bool, ...]] = []
    calls: list[int] = []

    def fitness(masks: Tensor) -> Tensor:
        calls.append(len(masks))
        asked.extend(map(tuple, masks.tolist()))
        return masks.double() @ weights_of(7, 0)

    met: list[tuple[bool, ...]] = []
    for generation in GeneticAlgorithm().steps(fitness, 7):
        met.extend(map(tuple, generation.population.tolist()))
        assert generation.evaluations == len(asked) == len(set(met))
        assert len(calls) <= generation.index + 1
    hits = len(met) - len(set(met))
    assert len(met) == 100 * 51
    assert generation.evaluations == 100 * 51 - hits == len(set(asked)) <= 2**7
    assert min(calls) > 0
    assert len(calls) < 51  # 128 masks are soon all known


def test_same_seed_same_search() -> None:
    def run(seed: int) -> list[tuple[Tensor, Tensor]]:
        return [(g.population, g.fitness) for g in SMALL.steps(logistic(weights_of(30, 0)), 30, seed=seed)]

    first, second, other = run(4), run(4), run(5)
    assert all(torch.equal(a[0], b[0]) for a, b in zip(first, second, strict=True))
    assert all(torch.equal(a[1], b[1]) for a, b in zip(first, second, strict=True))
    assert not torch.equal(first[0][0], other[0][0])


def test_the_global_random_states_are_neither_used_nor_changed() -> None:
    def run() -> Tensor:
        return last(SMALL.steps(logistic(weights_of(30, 0)), 30)).population

    torch.manual_seed(1)
    before = torch.get_rng_state(), np.random.get_state()[1].copy()  # noqa: NPY002
    first = run()
    assert torch.equal(torch.get_rng_state(), before[0])
    assert np.array_equal(np.random.get_state()[1], before[1])  # noqa: NPY002
    torch.manual_seed(2)
    assert torch.equal(run(), first)


def test_ties_go_to_fewer_bits() -> None:
    # Only the first bit matters, so of 32 equally fit masks the one with no other bit is best.
    found = last(GeneticAlgorithm().steps(lambda masks: masks[:, 0].double(), 6))
    assert found.best.tolist() == [True, False, False, False, False, False]
    assert found.best_fitness == 1


def test_the_initial_population_is_half_set() -> None:
    population = next(GeneticAlgorithm(population=1000).steps(lambda masks: masks.sum(1), 100)).population
    assert abs(float(population.double().mean()) - 0.5) < 5 * 0.5 / 100_000**0.5


@pytest.mark.parametrize(
    "convert", [torch.Tensor.clone, torch.Tensor.numpy, lambda masks: masks.flip(0).numpy()[::-1]]
)
def test_initial_masks_come_first(convert: Callable[[Tensor], Any]) -> None:
    given = torch.zeros(3, 9, dtype=torch.bool)
    given[1] = True
    before = given.clone()
    steps = SMALL.steps(lambda masks: masks.sum(1), 9, seed=1, initial=convert(given))
    population = next(steps).population
    assert torch.equal(population[:3], before)
    alone = next(SMALL.steps(lambda masks: masks.sum(1), 9, seed=1)).population
    assert torch.equal(population[3:], alone[3:])
    last(steps)
    assert torch.equal(given, before)


def test_a_full_initial_population_is_taken_as_it_is() -> None:
    given = torch.rand(20, 9) < 0.5
    first = next(SMALL.steps(lambda masks: masks.sum(1), 9, initial=given))
    assert torch.equal(first.population, given)


@pytest.mark.parametrize(
    ("initial", "text"),
    [
        (torch.zeros(21, 9, dtype=torch.bool), "at most population=20 masks, not 21"),
        (torch.zeros(2, 8, dtype=torch.bool), r"must be \(masks, 9\), not \(2, 8\)"),
        (torch.zeros(9, dtype=torch.bool), r"not \(9,\)"),
        (torch.zeros(2, 9), "bool tensor or array, not torch.float32"),
        (np.zeros((2, 9), dtype=object), "not object"),
        ([[True] * 9], "not list"),
    ],
)
def test_wrong_initial_masks_are_refused_at_once(initial: Any, text: str) -> None:
    with pytest.raises(ValueError, match=text):
        SMALL.steps(lambda masks: masks.sum(1), 9, initial=initial)


@pytest.mark.parametrize("length", [0, -1, 2.0, None, True, float("nan")])
def test_wrong_lengths_are_refused_at_once(length: int) -> None:
    with pytest.raises(ValueError, match="length must be a whole number of at least 1"):
        SMALL.steps(lambda masks: masks.sum(1), length)


def test_wrong_seeds_are_refused_at_once() -> None:
    with pytest.raises(ValueError, match="seed"):
        SMALL.steps(lambda masks: masks.sum(1), 5, seed=-1)


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("population", [0, -1, 10.0, "10", None, True, float("nan")]),
        ("generations", [0, -1, 10.0, None, float("inf")]),
        ("crossover_rate", [-0.1, 1.1, float("nan"), "0.9", None, True]),
        ("mutation_rate", [-0.1, 1.1, float("nan"), "0.9", None]),
        ("crossover", ["three-point", "", None, 1]),
        ("mutation", ["bits", None]),
        ("tournament", [0, -1, 2.5]),
        ("elitism", [-1, 1.0, None, 101]),
    ],
)
def test_wrong_settings_are_refused(name: str, values: Any) -> None:
    for value in values:
        with pytest.raises(ValueError, match=f"^{name} must be"):
            GeneticAlgorithm(**{name: value})


def test_numpy_settings_are_settings() -> None:
    algorithm = GeneticAlgorithm(
        population=np.int64(7),
        generations=np.int32(3),
        crossover_rate=np.float32(0.5),
        mutation_rate=1,
        tournament=np.uint8(2),
        elitism=np.int64(0),
    )
    assert last(algorithm.steps(lambda masks: masks.sum(1), np.int64(5), seed=np.int64(3))).index == 3


@pytest.mark.parametrize("population", [1, 2, 3, 5])
@pytest.mark.parametrize("elitism", [0, 1])
@pytest.mark.parametrize("length", [1, 2])
def test_the_smallest_searches(population: int, elitism: int, length: int) -> None:
    algorithm = GeneticAlgorithm(population=population, generations=30, elitism=elitism, mutation="bit")
    found = last(algorithm.steps(lambda masks: -masks.sum(1).double(), length))
    assert found.population.shape == (population, length)
    assert found.evaluations <= 2**length
    if population > elitism:
        assert not found.best.any()


def test_it_can_be_closed_after_any_step() -> None:
    calls = []

    def fitness(masks: Tensor) -> Tensor:
        calls.append(len(masks))
        return masks.sum(1)

    for stop in range(4):
        calls.clear()
        steps = SMALL.steps(fitness, 30)
        for _ in range(stop):
            next(steps)
        steps.close()
        assert len(calls) == stop
        assert next(steps, None) is None


def test_a_wrong_fitness_is_named() -> None:
    for wrong, text in (
        (lambda masks: masks.sum(1)[:-1], "20 numbers, one a mask"),
        (lambda masks: masks.sum(1) * float("nan"), "finite"),
    ):
        with pytest.raises(ValueError, match=text):
            next(SMALL.steps(wrong, 30))


def test_what_the_fitness_raises_passes_through() -> None:
    def fail(_: Tensor) -> Tensor:
        raise RuntimeError("out of memory")

    with pytest.raises(RuntimeError, match="out of memory"):
        next(SMALL.steps(fail, 30))


@pytest.mark.parametrize("elitism", [0, 2])
@pytest.mark.parametrize("stopped", [0, 1, 7, 12])
def test_it_resumes_as_if_it_had_not_been_interrupted(stopped: int, elitism: int, tmp_path: Path) -> None:
    algorithm = replace(SMALL, elitism=elitism, mutation="bit")
    fitness = logistic(weights_of(30, 0))
    whole = list(algorithm.steps(fitness, 30, seed=4))
    calls: list[int] = []

    def counted(masks: Tensor) -> Tensor:
        calls.append(len(masks))
        return fitness(masks)

    save_file({name: part.clone() for name, part in whole[stopped].state.items()}, tmp_path / "state")
    # The seed of what is resumed counts for nothing.
    steps = algorithm.steps(counted, 30, seed=9, resume=load_file(tmp_path / "state"))
    first = next(steps)
    assert calls == []
    resumed = [first, *steps]
    assert [generation.index for generation in resumed] == list(range(stopped, 13))
    for one, other in zip(whole[stopped:], resumed, strict=True):
        assert torch.equal(one.population, other.population)
        assert torch.equal(one.best, other.best)
        assert one.best_fitness == pytest.approx(other.best_fitness, rel=1e-12)


def test_a_search_resumes_up_to_more_generations_and_not_down_to_fewer() -> None:
    fitness = logistic(weights_of(30, 0))
    longer = list(replace(SMALL, generations=20).steps(fitness, 30))
    end = last(SMALL.steps(fitness, 30)).state
    more = list(replace(SMALL, generations=20).steps(fitness, 30, resume=end))
    assert [g.index for g in more] == list(range(12, 21))
    assert torch.equal(more[-1].population, longer[-1].population)
    assert [g.index for g in replace(SMALL, generations=5).steps(fitness, 30, resume=end)] == [12]


def test_a_state_of_something_else_is_refused_at_once() -> None:
    state = last(SMALL.steps(lambda masks: masks.sum(1), 9)).state
    with pytest.raises(ValueError, match="resume is no state of a genetic algorithm: it has"):
        SMALL.steps(lambda masks: masks.sum(1), 9, resume={"population": state["population"]})
    with pytest.raises(ValueError, match=r"a state of 20 masks of 8 bits, not of \(20, 9\)"):
        SMALL.steps(lambda masks: masks.sum(1), 8, resume=state)
    with pytest.raises(ValueError, match="give initial or resume, not both"):
        SMALL.steps(lambda masks: masks.sum(1), 9, resume=state, initial=state["population"])


def test_what_was_yielded_is_not_changed_later() -> None:
    generations = list(SMALL.steps(logistic(weights_of(30, 0)), 30))
    fitness = logistic(weights_of(30, 0))
    for generation in generations:
        torch.testing.assert_close(generation.fitness, fitness(generation.population), rtol=1e-12, atol=0)
        assert generation.best_fitness == pytest.approx(float(fitness(generation.best[None])), rel=1e-12)
