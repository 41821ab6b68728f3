from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from cfwidgets.search.real_operators import (
    Draws,
    differential,
    other_than,
    polynomial_mutation,
    power,
    sbx,
    whole,
)

ZERO = torch.zeros(1, dtype=torch.float64)
ONE = torch.ones(1, dtype=torch.float64)
YES = torch.ones(1, dtype=torch.bool)
unit = st.floats(0, 1, exclude_max=True)


def number(value: float) -> Tensor:
    return torch.tensor([value], dtype=torch.float64)


@pytest.mark.parametrize(
    ("value", "drawn", "eta", "expected"),
    [(0.3, 0.2, 20, 0.2573435), (0.3, 0.8, 20, 0.3426947), (0, 0.2, 20, 0), (0.3, 0.2, 0.2, 0.1225930)],
)
def test_known_mutations(value: float, drawn: float, eta: float, expected: float) -> None:
    found = polynomial_mutation(number(value), ZERO, ONE, eta=eta, chosen=YES, numbers=number(drawn))
    assert float(found) == pytest.approx(expected, abs=5e-8)
    scaled = polynomial_mutation(
        number(10 * value - 3), number(-3), number(7), eta=eta, chosen=YES, numbers=number(drawn)
    )
    assert float(scaled) == pytest.approx(10 * expected - 3, abs=5e-7)
    assert float(
        polynomial_mutation(number(value), ZERO, ONE, eta=eta, chosen=~YES, numbers=number(drawn))
    ) == float(number(value))


def by_hand(y1: float, y2: float, u: float, eta: float) -> tuple[float, float]:
    """SBX within [0, 1] as the fact sheet has it."""

    def spread(beta: float) -> float:
        alpha = 2 - beta ** -(eta + 1)
        return ((u * alpha) if u <= 1 / alpha else 1 / (2 - u * alpha)) ** (1 / (eta + 1))

    low = 0.5 * (y1 + y2 - spread(1 + 2 * y1 / (y2 - y1)) * (y2 - y1))
    high = 0.5 * (y1 + y2 + spread(1 + 2 * (1 - y2) / (y2 - y1)) * (y2 - y1))
    return min(max(low, 0), 1), min(max(high, 0), 1)


@given(unit, unit, unit, st.sampled_from([0.5, 2, 20]), st.booleans())
def test_crossover_is_that_of_the_formula(a: float, b: float, u: float, eta: float, swapped: bool) -> None:
    one, other = sbx(
        number(a), number(b), ZERO, ONE, eta=eta, crossed=YES, swapped=YES & swapped, numbers=number(u)
    )
    if abs(a - b) <= 1e-14:
        assert (float(one), float(other)) == (a, b)
        return
    low, high = by_hand(min(a, b), max(a, b), u, eta)
    expected = (high, low) if swapped else (low, high)
    assert (float(one), float(other)) == pytest.approx(expected, abs=1e-9)


def test_what_is_not_crossed_is_copied() -> None:
    one, other = sbx(
        number(0.9), number(0.1), ZERO, ONE, eta=20, crossed=~YES, swapped=YES, numbers=number(0.3)
    )
    assert (float(one), float(other)) == (0.9, 0.1)


@given(unit, unit)
def test_a_variable_with_equal_bounds_stays(drawn: float, bound: float) -> None:
    at = number(bound)
    assert torch.equal(polynomial_mutation(at, at, at, eta=20, chosen=YES, numbers=number(drawn)), at)
    children = sbx(at, at, at, at, eta=20, crossed=YES, swapped=YES, numbers=number(drawn))
    assert torch.equal(torch.stack(children), torch.stack([at, at]))


def test_the_child_of_differential_evolution() -> None:
    child = differential(
        torch.tensor([1.0, 2.0]),
        torch.tensor([10.0, 20.0]),
        torch.tensor([3.0, 3.0]),
        torch.tensor([1.0, 5.0]),
        weight=0.5,
        chosen=torch.tensor([True, False]),
    )
    assert child.tolist() == [11, 2]


@given(unit, st.integers(1, 10_000))
def test_whole_numbers_are_below_the_count(drawn: float, count: int) -> None:
    for dtype in (torch.float32, torch.float64):
        value = torch.tensor([drawn], dtype=dtype)
        if float(value) < 1:
            assert 0 <= int(whole(value, count)) < count


def test_the_largest_number_drawn_does_not_reach_the_count() -> None:
    largest = torch.tensor([1 - 2**-24])
    counts = torch.arange(1, 2**16)
    assert bool((whole(largest, counts) == counts - 1).all())


def test_the_other_is_any_but_the_first() -> None:
    numbers = torch.linspace(0, 0.999, 50)
    for first in range(4):
        found = other_than(torch.tensor(first), numbers, 4)
        assert found.unique().tolist() == [other for other in range(4) if other != first]


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_a_power_does_not_depend_on_the_place(dtype: torch.dtype) -> None:
    values = torch.rand(64, 13, dtype=dtype, generator=torch.Generator().manual_seed(0))
    found = power(values, 1 / 21)
    assert torch.equal(found, torch.stack([power(row, 1 / 21) for row in values]))
    torch.testing.assert_close(found, values.pow(1 / 21))


def test_each_problem_gets_the_numbers_that_it_would_get_alone() -> None:
    like = torch.zeros(0, dtype=torch.float64)
    three, alone = Draws([5, 7, 5], like), Draws([7], like)
    for _ in range(2):
        numbers = three.uniform(2, 3)
        assert torch.equal(numbers[1], alone.uniform(2, 3)[0])
        assert torch.equal(numbers[0], numbers[2])
        assert not torch.equal(numbers[0], numbers[1])


def test_draws_go_on_from_their_state() -> None:
    like = torch.zeros(0)
    draws = Draws([5, 7, 5], like)
    draws.uniform(10)
    state = draws.state()
    assert torch.equal(draws.uniform(4), Draws.resumed(state, like).uniform(4))
