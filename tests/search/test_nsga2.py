from __future__ import annotations

import pytest
import torch
from torch import Tensor

from cfwidgets.search import NSGA2
from cfwidgets.search.dominance import best
from cfwidgets.search.front_search import Evaluate

LOWER, UPPER = torch.zeros(5, dtype=torch.float64), torch.ones(5, dtype=torch.float64)


def objectives(x: Tensor) -> Tensor:
    return torch.stack([x[..., 0], 1 + x[..., 1:].sum(-1) - x[..., 0].sqrt()], -1)


def test_two_identical_populations_survive_as_the_same_multiset() -> None:
    values = torch.rand(40, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    shuffled = torch.randperm(40, generator=torch.Generator().manual_seed(1))
    one, other = values[best(values, 20)[0]], values[shuffled][best(values[shuffled], 20)[0]]
    assert sorted(one.tolist()) == sorted(other.tolist())


def all_on_the_front(x: Tensor) -> Tensor:
    return torch.stack([x[..., 0], -x[..., 0]], -1)


def test_without_crossover_and_mutation_children_are_copies_of_parents() -> None:
    search = NSGA2(population=31, crossover_probability=0, mutation_probability=0)
    seen: list[Tensor] = []
    steps = search.steps(lambda x: (seen.append(x.clone()), objectives(x))[1], LOWER, UPPER)
    parents = next(steps).state["solutions"][0]
    next(steps)
    assert bool((seen[1][:, None] == parents).all(-1).any(1).all())


@pytest.mark.parametrize("function", [objectives, all_on_the_front])
def test_parents_are_the_better_of_two_by_rank_and_then_by_crowding_distance(function: Evaluate) -> None:
    search = NSGA2(population=1000, crossover_probability=0, mutation_probability=0)
    seen: list[Tensor] = []
    steps = search.steps(lambda x: (seen.append(x.clone()), function(x))[1], LOWER, UPPER)
    parents = next(steps).state["solutions"][0]
    next(steps)
    # Parents lie in that order: the better one of two is in the first half in three of four cases.
    places = (seen[1][:, :1] == parents[:, 0]).long().argmax(1)
    assert abs(float((places < 500).double().mean()) - 0.75) < 0.04


def test_half_of_the_variables_are_crossed() -> None:
    search = NSGA2(population=2000, mutation_probability=0)
    seen: list[Tensor] = []
    steps = search.steps(lambda x: (seen.append(x.clone()), objectives(x))[1], LOWER, UPPER)
    next(steps)
    next(steps)
    copied = torch.isin(seen[1], seen[0])
    # A variable of two equal parents is copied too, which is rare.
    assert abs(float(copied.double().mean()) - 0.5) < 0.02


def test_one_variable_a_child_is_mutated_of_those_that_can_change() -> None:
    upper = UPPER.clone()
    upper[3:] = 0
    search = NSGA2(population=3000, crossover_probability=0)
    seen: list[Tensor] = []
    steps = search.steps(lambda x: (seen.append(x.clone()), objectives(x))[1], LOWER, upper)
    next(steps)
    next(steps)
    changed = ~torch.isin(seen[1], seen[0])
    assert abs(float(changed.double().sum(1).mean()) - 1) < 0.06
    assert not changed[:, 3:].any()


def test_the_best_of_parents_and_children_go_on() -> None:
    seen: list[Tensor] = []
    search = NSGA2(population=20)
    steps = search.steps(lambda x: (seen.append(x.clone()), objectives(x))[1], LOWER, UPPER)
    before = next(steps).state["solutions"][0]
    after = next(steps).state["solutions"][0]
    union = torch.cat([before, seen[1]])
    assert torch.equal(after, union[best(objectives(union), 20)[0]])
