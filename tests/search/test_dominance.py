from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from cfwidgets.search.dominance import (
    best,
    crowding_distance,
    front_members,
    no_worse,
    orders,
    ranks,
    without_invalid,
)

INF = float("inf")

# Few values, so that there are ties, equal rows and rows that dominate.
points = st.integers(1, 4).flatmap(
    lambda m: st.lists(st.lists(st.integers(0, 4), min_size=m, max_size=m), min_size=1, max_size=14)
)


def rows(values: list[list[int]]) -> Tensor:
    return torch.tensor(values, dtype=torch.float64)


def dominates(one: Tensor, other: Tensor) -> bool:
    return bool((one <= other).all() and (one < other).any())


def peeled(values: Tensor) -> list[int]:
    rank, left, level = [0] * len(values), set(range(len(values))), 0
    while left:
        front = {i for i in left if not any(dominates(values[j], values[i]) for j in left)}
        for i in front:
            rank[i] = level
        left, level = left - front, level + 1
    return rank


def crowded(values: Tensor) -> list[float]:
    """One front, as the papers write it, sorted on by each objective."""
    order, crowding = list(range(len(values))), [0.0] * len(values)
    for column in values.T.tolist():
        order.sort(key=column.__getitem__)
        extent = column[order[-1]] - column[order[0]]
        for place, row in enumerate(order):
            if place in {0, len(order) - 1}:
                crowding[row] = INF
            elif extent:
                crowding[row] += (column[order[place + 1]] - column[order[place - 1]]) / extent
    return crowding


@given(points)
def test_ranks_are_those_of_peeling(values: list[list[int]]) -> None:
    assert ranks(rows(values)).tolist() == peeled(rows(values))


@given(points, st.integers(1, 14))
def test_sorting_may_stop_when_enough_are_sorted(values: list[list[int]], enough: int) -> None:
    whole, found = ranks(rows(values)), ranks(rows(values), min(enough, len(values)))
    last = int(found.max())
    sorted_so_far = whole < last if int(whole.max()) > last or last else whole <= last
    assert torch.equal(found[sorted_so_far], whole[sorted_so_far])
    assert bool((whole[found == last] >= last).all())
    assert int((whole <= last).sum()) >= min(enough, len(values))


@given(points)
def test_crowding_is_that_of_each_rank_alone(values: list[list[int]]) -> None:
    objectives, rank = rows(values), ranks(rows(values))
    crowding = crowding_distance(objectives, rank)
    for level in rank.unique():
        assert crowding[rank == level].tolist() == pytest.approx(crowded(objectives[rank == level]))


@given(points)
def test_the_front_holds_the_first_of_what_nothing_dominates(values: list[list[int]]) -> None:
    objectives = rows(values)
    expected = [
        not any(dominates(other, one) for other in objectives) and values.index(values[place]) == place
        for place, one in enumerate(objectives)
    ]
    assert front_members(objectives).tolist() == expected


@given(points, st.data())
def test_the_best_are_chosen_by_rank_then_crowding_distance(
    values: list[list[int]], data: st.DataObject
) -> None:
    objectives = rows(values)
    count = data.draw(st.integers(1, len(values)))
    index, rank, crowding = best(objectives, count)
    whole = ranks(objectives)
    by_crowding = crowding_distance(objectives, whole)
    expected = sorted(range(len(values)), key=lambda row: (int(whole[row]), -float(by_crowding[row])))[:count]
    assert index.tolist() == expected
    assert torch.equal(rank, whole[index])
    assert torch.equal(crowding, by_crowding[index])


@given(points)
def test_problems_side_by_side_do_not_mix(values: list[list[int]]) -> None:
    one = rows(values)
    both = torch.stack([one, one.flip(-1) * 3])
    for function in (ranks, front_members, lambda f: crowding_distance(f, ranks(f)), lambda f: orders(f.mT)):
        assert torch.equal(function(both)[0], function(both[0]))
        assert torch.equal(function(both)[1], function(both[1]))


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([(0, 4, 1), (1, 3, 2), (2, 1, 3), (4, 0, 0)], [INF, 1.916667, INF, INF]),
        ([(0, 5), (1, 3), (2, 2), (4, 1), (5, 0)], [INF, 1, 1, 1, INF]),
        ([(0, 1), (1, 0)], [INF, INF]),
        ([(1, 1), (1, 1), (1, 1)], [INF, 0, INF]),
    ],
)
def test_crowding_of_known_fronts(values: list[tuple[int, ...]], expected: list[float]) -> None:
    front = torch.tensor(values, dtype=torch.float64)
    found = crowding_distance(front, torch.zeros(len(values), dtype=torch.long))
    assert found.tolist() == pytest.approx(expected, abs=1e-6)


def test_of_rows_alike_in_an_objective_the_objective_before_it_says_which_is_first() -> None:
    assert orders(torch.tensor([[3.0, 1.0, 2.0], [0.0, 0.0, 0.0]])).tolist() == [[1, 2, 0], [1, 2, 0]]


@pytest.mark.parametrize("bad", [float("nan"), INF, -INF])
def test_an_invalid_row_is_worse_than_all_finite_ones(bad: float) -> None:
    objectives, invalid = without_invalid(torch.tensor([[-9.0, bad], [1e30, 1e30], [bad, 0.0]]))
    assert invalid.tolist() == [True, False, True]
    assert ranks(objectives).tolist() == [1, 0, 1]
    assert front_members(objectives).tolist() == [False, True, False]
    assert not front_members(objectives[:1]).any()


def test_what_is_out_is_chosen_after_what_is_invalid() -> None:
    objectives = torch.tensor([[0.0, 0.0], [INF, INF], [1.0, 1.0]])
    index, _, _ = best(objectives, 2, torch.tensor([True, False, False]))
    assert index.tolist() == [2, 1]


def test_the_relation_is_the_same_for_arrays_and_tensors() -> None:
    values = torch.rand(2, 3, 20, generator=torch.Generator().manual_seed(0))
    assert torch.equal(torch.from_numpy(no_worse(values.numpy())), no_worse(values))
