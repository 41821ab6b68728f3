from __future__ import annotations

import sys

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from cfwidgets.search import hypervolume

FIVE = [(-0.5, -1, 0.3), (0.2, -4, 1.5), (-0.1, -3.5, 0.8), (0, 0, 0), (-0.4, -3.2, 0)]
coordinates = st.lists(st.floats(-1, 1.2), min_size=3, max_size=3)


@pytest.mark.parametrize(
    ("points", "reference", "expected"),
    [
        ([(0, 0, 0)], (1, 1, 1), 1),
        ([(0, 0.5, 0.5), (0.5, 0, 0)], (1, 1, 1), 0.625),
        (FIVE, (1, 0, 4), 20.346),
    ],
)
def test_known_volumes(
    points: list[tuple[float, ...]], reference: tuple[float, ...], expected: float
) -> None:
    assert hypervolume(points, reference) == pytest.approx(expected)
    assert hypervolume(torch.tensor(points), torch.tensor(reference)) == pytest.approx(expected)


@pytest.mark.parametrize("points", [FIVE, torch.zeros(0, 3), [(0.0, -3.0, 0.0)]])
def test_a_reference_that_nothing_dominates_is_warned_of(points: object) -> None:
    with pytest.warns(UserWarning, match=r"no point is better than the reference \[0.0, -3.0, 0.0\]"):
        assert hypervolume(points, (0, -3, 0)) == 0


@given(st.lists(coordinates, max_size=12), coordinates)
def test_one_more_point_never_takes_volume(points: list[list[float]], one: list[float]) -> None:
    inside = [[-2.0, -2.0, 0.5]]  # so that there is a volume
    before = hypervolume([*points, *inside], (1, 1, 1))
    assert hypervolume([*points, *inside, one], (1, 1, 1)) >= before - 1e-12


def test_what_is_not_finite_counts_for_nothing() -> None:
    bad = [(float("nan"), 0, 0), (-float("inf"), 0, 0)]
    assert hypervolume([*bad, (0, 0, 0)], (1, 1, 1)) == 1


@pytest.mark.parametrize(
    ("points", "reference", "message"),
    [
        ([1, 2], (1, 1), r"objectives must be \(points, objectives\)"),
        ([(1, 2)], (1, 1, 1), "one number for each of 2 objectives"),
        ([(1, 2)], (1, float("nan")), "finite"),
    ],
)
def test_wrong_shapes(points: object, reference: tuple[float, ...], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        hypervolume(points, reference)


def test_without_the_package_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "moocore", None)
    with pytest.raises(ImportError, match=r"cfwidgets\[pareto\]"):
        hypervolume([(0, 0)], (1, 1))
