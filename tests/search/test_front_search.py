"""What NSGA-II, GDE3 and SMPSO have in common."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import islice
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from cfwidgets.search import GDE3, NSGA2, SMPSO, Front, hypervolume
from cfwidgets.search.dominance import front_members
from cfwidgets.search.front_search import FrontSearch

SMALL: list[FrontSearch] = [
    SMPSO(population=12, archive=10),
    SMPSO(population=12, archive=10, insertion="together", constriction="clerc"),
    NSGA2(population=13, crossover_probability=0.9),
    GDE3(population=12),
    GDE3(population=12, replacement="gde3"),
]
searches = pytest.mark.parametrize("search", SMALL, ids=str)
ZERO, ONE = torch.zeros(6, dtype=torch.float64), torch.ones(6, dtype=torch.float64)


def zdt1(x: Tensor) -> Tensor:
    first, g = x[..., 0], 1 + 9 * x[..., 1:].mean(-1)
    return torch.stack([first, g * (1 - (first / g).sqrt())], -1)


def dtlz2(x: Tensor) -> Tensor:
    g = 1 + ((x[..., 2:] - 0.5) ** 2).sum(-1)
    one, two = x[..., 0] * math.pi / 2, x[..., 1] * math.pi / 2
    return torch.stack([g * one.cos() * two.cos(), g * one.cos() * two.sin(), g * one.sin()], -1)


def same(one: Front, other: Front) -> bool:
    return (
        torch.equal(one.solutions, other.solutions)
        and torch.equal(one.objectives, other.objectives)
        and (one.evaluations, one.generation, one.invalid)
        == (other.evaluations, other.generation, other.invalid)
        and one.state.keys() == other.state.keys()
        and all(torch.equal(one.state[name], other.state[name]) for name in one.state)
    )


@pytest.mark.slow
@pytest.mark.parametrize("search", [SMPSO(), SMPSO(insertion="together"), NSGA2(), GDE3()], ids=str)
def test_it_converges(search: FrontSearch) -> None:
    # The whole fronts have 0.8767 and 0.8074; a random search has 0 and 0.1.
    lower = torch.zeros(10, dtype=torch.float64)
    found = search.minimize(zdt1, lower, lower + 1, evaluations=10_000)
    assert hypervolume(found.objectives, (1.1, 1.1)) > 0.86
    lower = torch.zeros(7, dtype=torch.float64)
    found = search.minimize(dtlz2, lower, lower + 1, evaluations=6_000)
    assert hypervolume(found.objectives, (1.1, 1.1, 1.1)) > 0.62


@searches
def test_each_step_gives_a_front_of_what_was_evaluated(search: FrontSearch) -> None:
    seen: list[Tensor] = []

    def evaluate(x: Tensor) -> Tensor:
        assert x.shape == (search.population, 6)
        assert x.dtype == torch.float64
        assert bool(((x >= ZERO) & (x <= ONE)).all())
        seen.append(x.clone())
        x -= 7  # its own
        return dtlz2(seen[-1])

    evaluations = 8 * search.population + 3
    fronts = list(search.steps(evaluate, ZERO, ONE, evaluations=evaluations))
    assert [front.generation for front in fronts] == list(range(8))
    assert [front.evaluations for front in fronts] == [search.population * (i + 1) for i in range(8)]
    known = torch.cat(seen)
    for front in fronts:
        assert bool(front_members(front.objectives).all())
        torch.testing.assert_close(dtlz2(front.solutions), front.objectives, rtol=0, atol=1e-15)
        assert bool((front.solutions[:, None] == known).all(-1).any(-1).all())
    assert same(fronts[-1], search.minimize(evaluate, ZERO, ONE, evaluations=evaluations))


@searches
def test_evaluations_happen_when_a_step_is_asked_for_and_it_may_be_left(search: FrontSearch) -> None:
    calls: list[int] = []

    def evaluate(x: Tensor) -> Tensor:
        calls.append(len(x))
        return zdt1(x)

    steps = search.steps(evaluate, ZERO, ONE)
    assert calls == []
    next(steps)
    next(steps)
    assert len(calls) == 2
    steps.close()
    assert len(calls) == 2


@searches
def test_a_seed_says_all_and_torch_has_its_own(search: FrontSearch) -> None:
    state = torch.get_rng_state()
    one = search.minimize(zdt1, ZERO, ONE, evaluations=60, seed=3)
    assert torch.equal(state, torch.get_rng_state())
    torch.rand(5)
    assert same(one, search.minimize(zdt1, ZERO, ONE, evaluations=60, seed=3))
    assert not torch.equal(
        one.state["solutions"], search.minimize(zdt1, ZERO, ONE, evaluations=60, seed=4).state["solutions"]
    )


@searches
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_a_problem_alone_finds_what_it_finds_among_others(search: FrontSearch, dtype: torch.dtype) -> None:
    lower = torch.tensor([[0.0] * 5, [-1, 0, 0.5, 0, 0], [0, 0.25, 0, 0, 0]], dtype=dtype)
    upper = lower + torch.tensor([1, 1, 0.5, 0, 1], dtype=dtype)
    seeds = [4, 9, 4]
    # One after the other, for a batch is summed up in another order than a single problem.
    together = search.steps_many(
        lambda x: torch.stack([dtlz2(one) for one in x]), lower, upper, evaluations=120, seed=seeds
    )
    alone = [
        search.steps(dtlz2, low, high, evaluations=120, seed=seed)
        for low, high, seed in zip(lower, upper, seeds, strict=True)
    ]
    for fronts, *singles in zip(together, *alone, strict=True):
        assert len(fronts) == 3
        for front, single in zip(fronts, singles, strict=True):
            assert torch.equal(front.solutions, single.solutions)
            assert torch.equal(front.objectives, single.objectives)
            assert (front.evaluations, front.generation) == (single.evaluations, single.generation)


@searches
def test_it_resumes_as_if_it_had_not_been_interrupted(search: FrontSearch, tmp_path: Path) -> None:
    whole = list(search.steps(dtlz2, ZERO, ONE, evaluations=10 * search.population, seed=2))
    save_file(dict(whole[0].state), tmp_path / "state")  # refuses tensors that share memory, or have gaps
    save_file(dict(whole[4].state), tmp_path / "state")
    # The seed of what is resumed counts for nothing.
    resumed = list(
        search.steps(
            dtlz2,
            ZERO,
            ONE,
            evaluations=10 * search.population,
            seed=77,
            resume=load_file(tmp_path / "state"),
        )
    )
    assert len(resumed) == 6
    assert all(same(one, other) for one, other in zip(whole[4:], resumed, strict=True))
    done = search.minimize(dtlz2, ZERO, ONE, evaluations=search.population, resume=whole[-1].state)
    assert same(done, whole[-1])


def test_many_problems_resume_together() -> None:
    lower = torch.zeros(3, 4)
    settings = {"evaluations": 96, "seed": [1, 2, 1]}
    *_, early, late = SMALL[0].steps_many(dtlz2, lower, lower + 1, **settings)
    *_, again = SMALL[0].steps_many(dtlz2, lower, lower + 1, resume=early.state, **settings)
    assert all(same(one, other) for one, other in zip(late, again, strict=True))


@searches
def test_invalid_candidates_never_reach_the_front_and_are_counted(search: FrontSearch) -> None:
    wrong = [0]

    def evaluate(x: Tensor) -> Tensor:
        values = dtlz2(x)
        values[x[:, 3] > 0.7, 0] = float("nan")
        values[x[:, 4] > 0.7, 1] = -float("inf")
        wrong[0] += int((~torch.isfinite(values)).any(1).sum())
        return values

    for front in search.steps(evaluate, ZERO, ONE, evaluations=120):
        assert bool(torch.isfinite(front.objectives).all())
        assert bool((front.solutions[:, 3:5] <= 0.7).all())
        assert front.invalid == wrong[0]
    assert front.invalid > 0
    assert len(front.objectives) > 0


@searches
def test_where_nothing_is_valid_the_front_is_empty(search: FrontSearch) -> None:
    valid = [False]

    def evaluate(x: Tensor) -> Tensor:
        return zdt1(x) if valid[0] else torch.full((len(x), 2), float("nan"))

    steps = search.steps(evaluate, ZERO, ONE)
    for front in islice(steps, 3):
        assert front.solutions.shape == (0, 6)
        assert front.objectives.shape == (0, 2)
        assert front.invalid == front.evaluations
    valid[0] = True
    assert len(next(steps).objectives) > 0


@searches
def test_frozen_variables_stay_exactly(search: FrontSearch) -> None:
    upper = ONE.clone()
    lower = ZERO.clone()
    lower[2] = upper[2] = 1 / 3
    for front in search.steps(zdt1, lower, upper, evaluations=100):
        assert bool((front.state["solutions"][..., 2] == 1 / 3).all())
    assert len(front.solutions[:, 0].unique()) > 1
    frozen = search.minimize(zdt1, lower, lower, evaluations=50)
    assert torch.equal(frozen.solutions, lower[None])


@searches
def test_there_may_be_no_variables(search: FrontSearch) -> None:
    front = search.minimize(lambda x: torch.ones(len(x), 2), [], [], evaluations=50)
    assert front.solutions.shape == (1, 0)
    assert front.objectives.tolist() == [[1, 1]]


@searches
def test_it_may_begin_with_given_candidates(search: FrontSearch) -> None:
    given = torch.rand(4, 6, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    seen: list[Tensor] = []
    next(search.steps(lambda x: (seen.append(x), zdt1(x))[1], ZERO, ONE, initial=given))
    assert torch.equal(seen[0][:4], given)
    next(search.steps(lambda x: (seen.append(x), zdt1(x))[1], ZERO, ONE))
    assert torch.equal(seen[0][4:], seen[1][4:])


def test_lists_and_arrays_will_do() -> None:
    front = SMALL[3].minimize(lambda x: zdt1(x).numpy(), [0, 0], ONE[:2].numpy(), evaluations=24)
    assert front.solutions.dtype == torch.float32


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"lower": ZERO[:5]}, r"must both be \(variables,\), not \(5,\) and \(6,\)"),
        ({"lower": ZERO[None], "upper": ONE[None]}, r"must both be \(variables,\), not \(1, 6\)"),
        ({"lower": ONE * math.nan}, "must be finite"),
        ({"upper": ONE * math.inf}, "must be finite"),
        ({"upper": -ONE}, "lower must not be above upper, as it is for variable 0"),
        ({"lower": ZERO.half(), "upper": ONE.half()}, "lower must be float32 or float64, not torch.float16"),
        ({"lower": "box"}, "lower must be numbers, not str"),
        ({"evaluations": 11}, "evaluations must be at least the population, 12, not 11"),
        ({"evaluations": 2.5}, "evaluations must be a whole number"),
        ({"seed": -1}, "seed must be a whole number of at least 0"),
        ({"initial": ZERO}, r"initial must be \(k, 6\), not \(6,\)"),
        ({"initial": ZERO[None, :5]}, r"initial must be \(k, 6\), not \(1, 5\)"),
        ({"initial": ZERO.expand(13, 6)}, "initial must hold at most population=12 candidates, not 13"),
        ({"initial": ONE[None] * 2}, "initial must lie within the bounds"),
        ({"resume": {"solutions": ZERO}}, "resume is no state of GDE3: it has"),
    ],
)
def test_bad_input_is_named_at_once(settings: dict[str, object], message: str) -> None:
    given = {"lower": ZERO, "upper": ONE, "evaluations": 24, **settings}
    with pytest.raises(ValueError, match=message):
        GDE3(population=12).steps(zdt1, **given)


def test_the_state_of_another_search_is_refused() -> None:
    state = GDE3(population=12).minimize(zdt1, ZERO, ONE, evaluations=12).state
    with pytest.raises(ValueError, match="resume is no state of NSGA2"):
        NSGA2(population=12).steps(zdt1, ZERO, ONE, resume=state)
    with pytest.raises(ValueError, match="a population of 14 and 6 variables"):
        GDE3(population=14).steps(zdt1, ZERO, ONE, resume=state)
    with pytest.raises(ValueError, match="give initial or resume, not both"):
        GDE3(population=12).steps(zdt1, ZERO, ONE, resume=state, initial=ZERO[None])
    swarm = SMPSO(population=12, archive=10)
    state = swarm.minimize(zdt1, ZERO, ONE, evaluations=12).state
    with pytest.raises(ValueError, match="an archive of 9, not of 10"):
        replace(swarm, archive=9).steps(zdt1, ZERO, ONE, resume=state)


@pytest.mark.parametrize(
    ("evaluate", "message"),
    [
        (lambda x: zdt1(x)[:-1], r"of candidates \(12, 6\) objectives \(12, m\), not \(11, 2\)"),
        (lambda x: zdt1(x)[:, 0], r"objectives \(12, m\), not \(12,\)"),
        (lambda x: x[:, :0], r"objectives \(12, m\), not \(12, 0\)"),
        (lambda x: zdt1(x) + 1j, "real numbers"),
    ],
)
def test_objectives_of_another_shape_are_refused(evaluate: object, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        next(GDE3(population=12).steps(evaluate, ZERO, ONE))


def test_the_number_of_objectives_may_not_change() -> None:
    function = [zdt1]
    steps = GDE3(population=12).steps(lambda x: function[0](x) + 0, ZERO, ONE)
    next(steps)
    function[0] = dtlz2
    with pytest.raises(ValueError, match="evaluate gave 2 objectives before, and now 3"):
        next(steps)


def test_many_problems_need_as_many_seeds() -> None:
    box = torch.zeros(3, 2), torch.ones(3, 2)
    with pytest.raises(ValueError, match="one for each of 3 problems, not 2"):
        SMALL[0].steps_many(zdt1, *box, seed=[1, 2])
    with pytest.raises(ValueError, match="at least one problem"):
        SMALL[0].steps_many(zdt1, torch.zeros(0, 2), torch.zeros(0, 2))


@pytest.mark.parametrize(
    ("kind", "settings"),
    [
        (SMPSO, {"population": 0}),
        (SMPSO, {"archive": 0}),
        (SMPSO, {"mutation_probability": 1.1}),
        (SMPSO, {"eta": -1}),
        (SMPSO, {"constriction": "none"}),
        (SMPSO, {"insertion": "none"}),
        (NSGA2, {"population": 1}),
        (NSGA2, {"crossover_probability": -0.1}),
        (NSGA2, {"crossover_eta": math.nan}),
        (NSGA2, {"mutation_probability": 2}),
        (NSGA2, {"mutation_eta": -1}),
        (GDE3, {"population": 3}),
        (GDE3, {"crossover_rate": 2}),
        (GDE3, {"weight": -1}),
        (GDE3, {"replacement": "none"}),
    ],
)
def test_bad_settings_are_named(kind: type[FrontSearch], settings: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=f"{next(iter(settings))} must be"):
        kind(**settings)


@pytest.mark.cuda
@searches
def test_it_stays_on_the_device(search: FrontSearch) -> None:
    lower = torch.zeros(2, 6, device="cuda")

    def evaluate(x: Tensor) -> Tensor:
        assert x.is_cuda
        return dtlz2(x)

    *_, early, late = search.steps_many(evaluate, lower, lower + 1, evaluations=100)
    assert late[0].solutions.is_cuda
    *_, again = search.steps_many(evaluate, lower, lower + 1, evaluations=100, resume=early.state)
    assert torch.equal(again[1].objectives, late[1].objectives)
