from __future__ import annotations

import pytest
import torch
from torch import Tensor

from cfwidgets.search import SMPSO
from cfwidgets.search.archive import Archive
from cfwidgets.search.smpso import _leaders, constriction_factor, moved, velocity

INF = float("inf")
ONE = torch.ones(1, 1, dtype=torch.float64)


def objectives(x: Tensor) -> Tensor:
    return torch.stack([x[..., 0], 1 + x[..., 1:].sum(-1) - x[..., 0].sqrt()], -1)


@pytest.mark.parametrize(("rho", "factor"), [(3, 1), (4, 1), (4.1, -0.729844), (4.5, -0.5), (5, -0.381966)])
def test_known_factors(rho: float, factor: float) -> None:
    given = torch.tensor([rho], dtype=torch.float64)
    assert float(constriction_factor(given, "jmetal")) == pytest.approx(factor, abs=1e-6)
    assert float(constriction_factor(given, "clerc")) == pytest.approx(abs(factor), abs=1e-6)


@pytest.mark.parametrize(("kind", "sign"), [("jmetal", -1), ("clerc", 1)])
def test_the_known_move(kind: str, sign: int) -> None:
    at_start, numbers = 0 * ONE, (ONE,) * 4
    raw = velocity(at_start, ONE, ONE, 9 * ONE, numbers, kind)
    assert float(raw) == pytest.approx(sign * 1.909830, abs=1e-6)
    speed = velocity(at_start, ONE, ONE, ONE, numbers, kind)
    assert float(speed) == sign
    arrived, speed = moved(at_start, speed, -ONE, ONE)
    # At the bound, not beyond it: the speed does not turn round.
    assert (float(arrived), float(speed)) == (sign, sign)


def test_the_velocity_is_that_of_the_formula() -> None:
    # c1 = 1.7, c2 = 2.2, r1 = 0.3, r2 = 0.8: the sum is below 4
    numbers = tuple(ONE * value for value in (0.21, 0.69, 0.33, 0.76))
    found = velocity(ONE * 2, ONE * 3, ONE * 5, 99 * ONE, numbers, "jmetal")
    assert float(found) == pytest.approx(0.1 * 2 + 1.7 * 0.3 * 3 + 2.2 * 0.8 * 5)


def test_beyond_a_bound_it_stops_and_turns_round() -> None:
    arrived, speed = moved(torch.tensor([0.5, -0.5, 0.0]), torch.tensor([1.0, -1.0, 0.5]), -ONE[0], ONE[0])
    assert arrived.tolist() == [1, -1, 0.5]
    assert speed.tolist() == [-1, 1, 0.5]


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_how_often_the_coefficients_sum_to_more_than_four(dtype: torch.dtype) -> None:
    # A velocity towards a best place alone, with r1 = 1 and no leader, is c1 or the factor times it.
    numbers = torch.rand(2, 200_000, 1, dtype=dtype, generator=torch.Generator().manual_seed(0))
    one = torch.ones(200_000, 1, dtype=dtype)
    found = velocity(0 * one, one, 0 * one, 9 * one, (*numbers, one, one), "jmetal")
    assert float((found < 0).double().mean()) == pytest.approx(0.4525, abs=0.005)


@pytest.mark.parametrize("population", [1, 6, 7, 100])
def test_every_sixth_particle_is_mutated_and_no_other(population: int) -> None:
    lower = torch.zeros(8, dtype=torch.float64)

    def swarm(probability: float) -> Tensor:
        search = SMPSO(population=population, mutation_probability=probability)
        steps = search.steps(objectives, lower, lower + 1)
        next(steps)
        return next(steps).state["solutions"][0]

    still, mutated = swarm(0), swarm(1)
    changed = (still != mutated).any(1).nonzero()[:, 0]
    assert changed.tolist() == list(range(0, population, 6))


def test_the_swarm_begins_at_rest_and_remembers_what_is_not_dominated() -> None:
    lower = torch.zeros(4, dtype=torch.float64)
    before, *later = list(SMPSO(population=20).steps(objectives, lower, lower + 1, evaluations=120))
    assert not before.state["speed"].any()
    for front in later:
        old, new = before.state["best_objectives"][0], front.state["objectives"][0]
        for row in range(20):
            dominated = bool((old[row] <= new[row]).all() and (old[row] < new[row]).any())
            expected = old[row] if dominated else new[row]
            assert torch.equal(front.state["best_objectives"][0, row], expected)
        assert bool((front.state["speed"].abs() <= 0.5).all())
        before = front


def test_leaders_are_the_roomier_of_two_members() -> None:
    places = torch.arange(5.0)[None, :, None]
    archive = Archive(
        places, places, torch.tensor([[True] * 4 + [False]]), torch.tensor([[1, INF, 3, 2, 9.0]])
    )
    numbers = torch.rand(1, 2, 4000, generator=torch.Generator().manual_seed(0))
    leaders = _leaders(archive, numbers, torch.full((1, 4000, 1), -1.0))[0, :, 0].long()
    # Of the six pairs each leads where it is the less crowded one; the most crowded one never does.
    share = torch.bincount(leaders, minlength=5) / 4000
    torch.testing.assert_close(share, torch.tensor([0, 3, 2, 1, 0]) / 6, atol=0.03, rtol=0)


@pytest.mark.parametrize(("size", "leader"), [(0, -1), (1, 0), (2, 0)])
def test_with_few_members_the_first_leads_and_without_any_none(size: int, leader: int) -> None:
    places = torch.arange(2.0)[None, :, None]
    archive = Archive(places, places, torch.arange(2)[None] < size, torch.full((1, 2), INF))
    found = _leaders(archive, torch.full((1, 2, 9), 0.99), torch.full((1, 9, 1), -1.0))
    assert found[0, :, 0].tolist() == [leader] * 9


def test_particles_go_to_their_leader() -> None:
    lower = torch.zeros(1, dtype=torch.float64)

    def evaluate(x: Tensor) -> Tensor:
        return (x - 1).abs().expand(-1, 2)

    start = torch.cat([torch.ones(1, 1), torch.full((19, 1), 0.25)]).double()
    search = SMPSO(population=20, mutation_probability=0, constriction="clerc")
    steps = search.steps(evaluate, lower, lower + 1, initial=start)
    assert next(steps).solutions.tolist() == [[1]]
    after = next(steps).state["solutions"][0, 1:, 0]
    assert bool((after >= 0.25).all())
    assert float(after.mean()) > 0.5
