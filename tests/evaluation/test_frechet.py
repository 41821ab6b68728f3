from __future__ import annotations

import re
from typing import Any

import hypothesis.extra.numpy as hnp
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.linalg import sqrtm
from torch import Tensor

from cfwidgets.evaluation import frechet_distance, nearest_distances

relaxed = settings(deadline=None, max_examples=60)
numbers = st.floats(-100, 100, width=32)


def features(rows: st.SearchStrategy[int], columns: int = 3) -> st.SearchStrategy[Tensor]:
    shapes = st.tuples(rows, st.just(columns))
    return hnp.arrays(np.float64, shapes, elements=numbers).map(torch.from_numpy)


some = features(st.integers(2, 8))


def normal(n: int, d: int, seed: int = 0) -> Tensor:
    return torch.randn(n, d, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def whitened(n: int, d: int) -> Tensor:
    """Features with mean 0 and covariance exactly 1."""
    centred = normal(n, d) - normal(n, d).mean(dim=0)
    return torch.linalg.qr(centred).Q * (n - 1) ** 0.5


def test_a_shift_costs_its_square() -> None:
    a = normal(50, 4)
    assert frechet_distance(a, a + torch.tensor([1.0, 2.0, 0.0, -2.0])) == pytest.approx(9, rel=1e-12)


def test_a_scale_costs_the_difference_of_the_deviations() -> None:
    a = whitened(40, 3)
    deviations, others = torch.tensor([1.0, 2.0, 0.0]), torch.tensor([4.0, 2.0, 3.0])
    assert frechet_distance(a * deviations, a * others) == pytest.approx(9 + 0 + 9, rel=1e-12)


def test_covariances_that_do_not_commute() -> None:
    """In two dimensions the trace of a root is known from trace and determinant."""
    a = whitened(30, 2) @ torch.tensor([[2.0, 1.0], [0.0, 0.5]]).double()
    b = whitened(20, 2) @ torch.tensor([[1.0, -1.0], [0.5, 3.0]]).double()
    product = torch.cov(a.T) @ torch.cov(b.T)
    root = (product.trace() + 2 * product.det().sqrt()).sqrt()
    expected = torch.cov(a.T).trace() + torch.cov(b.T).trace() - 2 * root
    assert frechet_distance(a, b) == pytest.approx(float(expected), rel=1e-10)


def test_it_is_what_the_root_of_a_matrix_gives() -> None:
    a, b = normal(200, 8, 1) @ normal(8, 8, 2), normal(300, 8, 3) @ normal(8, 8, 4) + 1
    covariances = np.cov(a.T.numpy()), np.cov(b.T.numpy())
    trace = np.trace(sqrtm(covariances[0] @ covariances[1])).real
    between = float((a.mean(0) - b.mean(0)).square().sum())
    expected = between + np.trace(covariances[0]) + np.trace(covariances[1]) - 2 * trace
    assert frechet_distance(a, b) == pytest.approx(expected, rel=1e-9)


def test_singular_covariances_keep_their_digits() -> None:
    a = normal(5, 60, 5)  # rank 4 of 60
    assert frechet_distance(a, a) < 1e-12
    assert frechet_distance(a, a + 1e-3) == pytest.approx(60e-6, rel=1e-6)


def test_samples_of_one_distribution_come_near() -> None:
    distances = [frechet_distance(normal(n, 4, 6), normal(n, 4, 7)) for n in (50, 500, 50_000)]
    assert distances == sorted(distances, reverse=True)
    assert distances[-1] < 2e-3


def test_single_precision_is_enough() -> None:
    a, b = normal(100, 5, 8), normal(100, 5, 9) * 2
    assert frechet_distance(a.float(), b.float()) == pytest.approx(frechet_distance(a, b), rel=1e-5)


@relaxed
@given(some, some)
def test_it_is_a_squared_distance(a: Tensor, b: Tensor) -> None:
    scale = 1 + float(a.square().sum() + b.square().sum())
    distance = frechet_distance(a, b)
    assert distance >= 0
    assert frechet_distance(b, a) == pytest.approx(distance, abs=1e-10 * scale)
    assert frechet_distance(a, a.flip(0)) == pytest.approx(0, abs=1e-10 * scale)
    turned = torch.linalg.qr(normal(3, 3)).Q
    assert frechet_distance(a @ turned + 1, b @ turned + 1) == pytest.approx(distance, abs=1e-9 * scale)
    assert frechet_distance(2 * a, 2 * b) == pytest.approx(4 * distance, abs=1e-9 * scale)


@pytest.mark.parametrize(
    ("a", "b", "message"),
    [
        (torch.zeros(5), torch.zeros(5, 1), "a must be features (N, d), N at least 2, not (5,)"),
        (torch.zeros(5, 2), torch.zeros(1, 2), "b must be features (N, d), N at least 2, not (1, 2)"),
        (torch.zeros(5, 2), torch.zeros(5, 3), "as many features, not 2 and 3"),
        (torch.tensor([[0.0], [torch.nan]]), torch.zeros(2, 1), "a must be finite; 1 values are not"),
    ],
)
def test_what_are_no_features_is_refused(a: Any, b: Any, message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        frechet_distance(a, b)


@relaxed
@given(features(st.integers(1, 6)), features(st.integers(1, 6)), st.integers(1, 7))
def test_the_nearest_is_the_nearest_of_all(samples: Tensor, examples: Tensor, batch_size: int) -> None:
    found = nearest_distances(samples, examples, batch_size=batch_size)
    expected = (samples[:, None] - examples[None]).norm(dim=2).amin(dim=1)
    assert torch.allclose(found, expected, atol=1e-5, rtol=1e-9)


def test_copies_are_found_exactly_among_images() -> None:
    images = torch.rand(40, 3, 8, 8)
    samples = torch.cat([images[[7, 3]], images[[5]] + 1e-6])
    found = nearest_distances(samples, images, batch_size=2)
    assert found[:2].tolist() == [0, 0]
    assert float(found[2]) == pytest.approx(float((samples[2].double() - images[5].double()).norm()))


@pytest.mark.parametrize(
    ("samples", "examples"), [((2, 3), (0, 3)), ((2, 3), (2, 4)), ((2,), (2,)), ((2, 3, 1), (2, 3))]
)
def test_what_cannot_be_compared_is_refused(samples: Any, examples: Any) -> None:
    with pytest.raises(ValueError, match=re.escape(f"got {samples} and {examples}")):
        nearest_distances(torch.zeros(samples), torch.zeros(examples))


def test_no_batch_is_refused() -> None:
    with pytest.raises(ValueError, match="batch_size must be"):
        nearest_distances(torch.zeros(1, 1), torch.zeros(1, 1), batch_size=0)
