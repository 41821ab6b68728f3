from __future__ import annotations

from itertools import islice, product

import pytest
import torch
from torch import Tensor

from cfwidgets.search.climb import Climb
from cfwidgets.search.memo import Score


def logistic(weights: Tensor) -> Score:
    # a sum a row: a product of matrices depends in its last bits on how many masks come at a time
    return lambda masks: torch.sigmoid((masks.double() * weights).sum(1))


def weights_of(length: int, seed: int) -> Tensor:
    return torch.randn(length, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


@pytest.mark.parametrize("length", [5, 60])
def test_what_adds_up_is_found(length: int) -> None:
    for seed in range(10):
        weights = weights_of(length, seed)
        *_, last = Climb().steps(logistic(weights / 4), length, seed=seed)
        assert torch.equal(last.best, weights > 0)


def test_two_bits_that_help_only_together_are_found() -> None:
    def fitness(masks: Tensor) -> Tensor:
        return (masks[:, 0] & masks[:, 1]).double() - 0.1 * masks.double().sum(1)

    *_, last = Climb(population=6, generations=200).steps(fitness, 8, seed=0)
    every = torch.tensor(list(product([False, True], repeat=8)))
    assert last.best_fitness == float(fitness(every).max())


def test_each_mask_is_asked_about_once_and_some_at_a_time() -> None:
    asked: list[tuple[bool, ...]] = []

    def fitness(masks: Tensor) -> Tensor:
        asked.extend(map(tuple, masks.tolist()))
        return logistic(weights_of(40, 3))(masks)  # type: ignore[return-value]

    rounds = list(Climb().steps(fitness, 40, seed=1))
    assert len(asked) == len(set(asked)) == rounds[-1].evaluations
    assert len(rounds) == 51
    assert [one.index for one in rounds] == list(range(51))
    fitnesses = [one.best_fitness for one in rounds]
    assert fitnesses == sorted(fitnesses)
    assert len(asked) <= 100 + 9 + 49 * 10


@pytest.mark.parametrize("stop", [1, 2, 9, 40])
def test_a_climb_that_was_stopped_goes_on_as_if_it_had_not_been(stop: int) -> None:
    fitness = logistic(weights_of(30, 5) / 3)
    whole = list(Climb().steps(fitness, 30, seed=2))
    state = list(islice(Climb().steps(fitness, 30, seed=2), stop))[-1].state
    again = list(Climb().steps(fitness, 30, resume=state))
    for before, now in zip(whole[stop - 1 :], again, strict=True):
        assert before.state.keys() == now.state.keys()
        assert all(torch.equal(value, now.state[name]) for name, value in before.state.items())


def test_the_same_seed_gives_the_same_climb() -> None:
    fitness = logistic(weights_of(30, 5))
    first, same, other = (list(Climb().steps(fitness, 30, seed=seed)) for seed in (1, 1, 2))
    assert all(torch.equal(a.population, b.population) for a, b in zip(first, same, strict=True))
    assert not torch.equal(first[0].population, other[0].population)


def test_what_is_no_state_is_refused() -> None:
    with pytest.raises(ValueError, match="no state of a climb over 5 bits"):
        Climb().steps(logistic(weights_of(5, 0)), 5, resume={})
    with pytest.raises(ValueError, match="population"):
        Climb(population=0)
