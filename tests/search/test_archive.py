from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from cfwidgets.search.archive import Archive, least_crowded
from cfwidgets.search.dominance import crowding_distance, front_members

INF = float("inf")

points = st.integers(2, 3).flatmap(
    lambda m: st.lists(st.lists(st.integers(0, 6), min_size=m, max_size=m), min_size=1, max_size=25)
)
ways = pytest.mark.parametrize("one_by_one", [True, False], ids=["one by one", "together"])


def rows(values: list[list[int]]) -> Tensor:
    return torch.tensor([values], dtype=torch.float64)


def empty(capacity: int, like: Tensor) -> Archive:
    return Archive.empty(capacity, like, like)


def listed(archive: Archive, problem: int = 0) -> list[list[float]]:
    return archive.objectives[problem][archive.members[problem]].tolist()


def offered_one_by_one(values: list[list[int]], capacity: int) -> list[list[float]]:
    """The rule of jMetalPy's archive, in so many words."""
    held: list[list[float]] = []
    for one in values:
        if any(all(a <= b for a, b in zip(other, one, strict=True)) for other in held):
            continue
        held = [other for other in held if not all(a <= b for a, b in zip(one, other, strict=True))]
        held.append([float(value) for value in one])
        if len(held) > capacity:
            crowding = crowding_distance(
                torch.tensor(held, dtype=torch.float64), torch.zeros(len(held), dtype=torch.long)
            )
            held.pop(int(crowding.argmin()))
    return held


def spread(count: int, seed: int, m: int = 3) -> Tensor:
    """Points of which none dominates another."""
    values = torch.rand(1, count, m, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))
    return values / values.sum(-1, keepdim=True)


@given(points, st.integers(1, 8))
def test_one_by_one_is_the_rule_in_so_many_words(values: list[list[int]], capacity: int) -> None:
    found = empty(capacity, rows(values)).offer(rows(values), rows(values), one_by_one=True)
    assert listed(found) == offered_one_by_one(values, capacity)


@pytest.mark.parametrize("m", [2, 3, 5])
def test_a_full_archive_goes_on_by_the_rule(m: int) -> None:
    values = spread(120, 1, m)
    archive = empty(30, values)
    for some in values.split(40, 1):
        archive = archive.offer(some, some, one_by_one=True)
    assert listed(archive) == offered_one_by_one(values[0].tolist(), 30)


@ways
def test_the_known_archive(one_by_one: bool) -> None:
    archive = empty(4, rows([[0, 5]]))
    for one in ([0, 5], [1, 3], [2, 2], [4, 1], [5, 0]):
        archive = archive.offer(rows([one]), rows([one]), one_by_one=one_by_one)
    assert listed(archive) == [[0, 5], [2, 2], [4, 1], [5, 0]]
    again = archive.offer(rows([[0, 5]]) + 9, rows([[0, 5]]), one_by_one=one_by_one)
    assert torch.equal(again.solutions, archive.solutions)


@pytest.mark.costly
@ways
@given(points=points, capacity=st.integers(1, 8))
def test_what_an_archive_is(one_by_one: bool, points: list[list[int]], capacity: int) -> None:
    values = rows(points)
    archive = empty(capacity, values)
    for some in values.split(6, 1):
        archive = archive.offer(some * 2, some, one_by_one=one_by_one)
        members = archive.members[0]
        assert members.tolist() == sorted(members.tolist(), reverse=True)
        assert bool(front_members(archive.objectives)[0][members].all())
        assert torch.equal(archive.solutions[0][members], 2 * archive.objectives[0][members])
        assert bool(torch.isinf(archive.objectives[0][~members]).all())
        expected = crowding_distance(
            archive.objectives[0][members], torch.zeros(int(members.sum()), dtype=torch.long)
        )
        assert torch.equal(archive.crowding_distance[0][members], expected)
        assert not archive.crowding_distance[0][~members].any()


@ways
@given(points=points)
def test_while_there_is_room_it_holds_the_front_of_all_that_was_offered(
    one_by_one: bool, points: list[list[int]]
) -> None:
    values = rows(points)
    archive = empty(len(points), values)
    for some in values.split(4, 1):
        archive = archive.offer(some, some, one_by_one=one_by_one)
    assert listed(archive) == values[0][front_members(values)[0]].tolist()


@pytest.mark.parametrize("capacity", [99, 60, 20, 7])
@pytest.mark.parametrize("m", [2, 3])
def test_the_most_crowded_leave_one_after_the_other(capacity: int, m: int) -> None:
    values = spread(100, capacity, m)
    left = list(range(100))
    while len(left) > capacity:
        crowding = crowding_distance(values[0, left], torch.zeros(len(left), dtype=torch.long))
        left.pop(int(crowding.argmin()))
    kept = least_crowded(values, torch.ones(1, 100, dtype=torch.bool), capacity)
    assert kept[0].nonzero()[:, 0].tolist() == left


@given(points, st.integers(6, 10))
def test_also_among_rows_that_are_alike(values: list[list[int]], capacity: int) -> None:
    objectives = rows(values)
    members = front_members(objectives)
    left = members[0].nonzero()[:, 0].tolist()
    while len(left) > capacity:
        left.pop(
            int(crowding_distance(objectives[0, left], torch.zeros(len(left), dtype=torch.long)).argmin())
        )
    assert least_crowded(objectives, members, capacity)[0].nonzero()[:, 0].tolist() == left


@ways
def test_archives_side_by_side_do_not_mix(one_by_one: bool) -> None:
    values = torch.cat([spread(60, seed) for seed in range(3)])
    values[1, 5:] = INF  # another number of members
    together = empty(20, values).offer(values, values, one_by_one=one_by_one)
    for problem in range(3):
        alone = empty(20, values[:1]).offer(
            values[problem : problem + 1], values[problem : problem + 1], one_by_one=one_by_one
        )
        assert listed(alone) == listed(together, problem)
        assert torch.equal(alone.crowding_distance[0], together.crowding_distance[problem])


@ways
def test_what_is_not_finite_does_not_come_in(one_by_one: bool) -> None:
    values = torch.tensor([[[INF, INF], [1.0, 1.0], [INF, INF]]])
    assert listed(empty(2, values).offer(values, values, one_by_one=one_by_one)) == [[1, 1]]
    assert listed(empty(2, values).offer(values[:, :1], values[:, :1], one_by_one=one_by_one)) == []
