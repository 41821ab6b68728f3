from __future__ import annotations

import pytest
import torch
from torch import Tensor

from cfwidgets.search import GDE3
from cfwidgets.search.dominance import best
from cfwidgets.search.front_search import Box, Evaluate
from cfwidgets.search.gde3 import _three_others
from cfwidgets.search.real_operators import Draws

LOWER, UPPER = torch.zeros(4, dtype=torch.float64), torch.ones(4, dtype=torch.float64)


def objectives(x: Tensor) -> Tensor:
    return torch.stack([x[..., 0], 1 + x[..., 1:].sum(-1) - x[..., 0].sqrt()], -1)


def one_after_the_other(x: Tensor) -> Tensor:
    """Of any two candidates one dominates the other."""
    return x.sum(-1, keepdim=True).expand(-1, 2)


def one_generation(
    search: GDE3, seed: int = 0, objectives: Evaluate = objectives
) -> tuple[Tensor, Tensor, Tensor]:
    seen: list[Tensor] = []
    steps = search.steps(lambda x: (seen.append(x.clone()), objectives(x))[1], LOWER, UPPER, seed=seed)
    next(steps)
    after = next(steps).state["solutions"][0]
    return seen[0], seen[1], after


@pytest.mark.parametrize("count", [4, 5, 30])
def test_three_others_are_drawn_evenly(count: int) -> None:
    bounds = torch.zeros(400, 1)
    box = Box(objectives, bounds, bounds, Draws(range(400), bounds), single=False)
    drawn = torch.stack([*_three_others(box, count), torch.arange(count).expand(400, count)], -1)
    assert bool((drawn.sort(-1).values.diff(dim=-1) > 0).all())
    assert int(drawn.min()) == 0
    assert int(drawn.max()) == count - 1
    for which in range(3):
        distance = (drawn[..., which] - drawn[..., 3]) % count
        found = torch.bincount(distance.flatten(), minlength=count)[1:].double()
        assert bool(((found / found.mean() - 1).abs() < 6 / found.mean().sqrt()).all())


def test_with_rate_0_one_variable_changes_and_with_rate_1_all_do() -> None:
    parents, children, _ = one_generation(GDE3(population=40, crossover_rate=0))
    assert (parents != children).sum(1).tolist() == [1] * 40
    parents, children, _ = one_generation(GDE3(population=40, crossover_rate=1, weight=0))
    # Without a difference each child is another one of the population.
    same = (children[:, None] == parents).all(-1)
    assert bool(same.any(1).all())
    assert not same.diagonal().any()


def test_what_goes_beyond_the_box_stops_at_its_bounds() -> None:
    _, children, _ = one_generation(GDE3(population=60, weight=2))
    assert bool(((children >= 0) & (children <= 1)).all())
    assert bool((children == 0).any())
    assert bool((children == 1).any())


@pytest.mark.parametrize("seed", range(5))
def test_who_stays(seed: int) -> None:
    parents, children, after = one_generation(GDE3(population=30), seed)
    union = torch.cat([parents, children])
    assert torch.equal(after, union[best(objectives(union), 30)[0]])

    parents, children, after = one_generation(GDE3(population=30, replacement="gde3"), seed)
    old, new = objectives(parents), objectives(children)
    child_wins, parent_wins = (new <= old).all(1), (old <= new).all(1)
    left = torch.cat([parents[~child_wins], children[~parent_wins | child_wins]])
    assert torch.equal(after, left[best(objectives(left), 30)[0]])


def test_a_child_dominated_by_its_parent_stays_only_as_jmetal_has_it() -> None:
    def stayed(replacement: str) -> int:
        search = GDE3(population=8, replacement=replacement)
        count = 0
        for seed in range(5):
            parents, children, after = one_generation(search, seed, one_after_the_other)
            dominated = children.sum(1) > parents.sum(1)
            count += int((children[dominated][:, None] == after).all(-1).any(1).sum())
        return count

    assert stayed("gde3") == 0
    assert stayed("jmetal") > 0
