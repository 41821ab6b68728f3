from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from cfwidgets.training.flac import Flac, before_last, flac_loss


def by_hand(found: Tensor, biased: Tensor, labels: Tensor, power: float) -> float:
    """The definition, pair by pair."""

    def similarities(rows: Tensor) -> list[list[float]]:
        unit = [[x / math.sqrt(sum(y * y for y in row)) for x in row] for row in rows.tolist()]
        return [[1 / (1 + math.sqrt(math.dist(a, b) ** 2 + 1e-6) ** power) for b in unit] for a in unit]

    ours, theirs = similarities(found), similarities(biased)
    values = [value for row in theirs for value in row]
    middle = (max(values) + min(values)) / 2
    n, terms = len(labels), []
    for i in range(n):
        telling = [j for j in range(n) if bool(labels[i] == labels[j]) != (theirs[i][j] > middle)]
        wanted = {j: 1 - theirs[i][j] for j in telling}
        for j in telling:
            p = wanted[j] / sum(wanted.values()) + 1e-6
            q = ours[i][j] / sum(ours[i][k] for k in telling) + 1e-6
            terms.append((p - q) * math.log(p / q))
    return sum(terms) / len(terms) if terms else 0.0


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 10_000), st.integers(2, 9), st.sampled_from([0.5, 1.0, 2.0]))
def test_it_is_what_the_definition_says(seed: int, n: int, power: float) -> None:
    generator = torch.Generator().manual_seed(seed)
    found, biased = (torch.randn(n, d, generator=generator, dtype=torch.float64) for d in (3, 2))
    labels = torch.randint(2, (n,), generator=generator)
    loss = float(flac_loss(found, biased, labels, power=power))
    assert loss == pytest.approx(by_hand(found, biased, labels, power), rel=1e-6, abs=1e-9)
    assert loss >= 0
    shuffled = torch.randperm(n, generator=generator)
    assert float(
        flac_loss(7 * found[shuffled], 0.1 * biased[shuffled], labels[shuffled], power=power)
    ) == pytest.approx(loss, rel=1e-6, abs=1e-9)


LABELS = torch.tensor([0, 0, 1, 1])
BIASED = torch.tensor([[1.0, 0], [0, 1], [1, 0], [0, 1]])


def test_following_it_groups_faces_by_class_and_not_by_attribute() -> None:
    found = torch.randn(4, 3, generator=torch.Generator().manual_seed(0)).requires_grad_()
    optimiser = torch.optim.Adam([found], lr=0.1)
    start = float(flac_loss(found.detach(), BIASED, LABELS))
    for _ in range(60):
        optimiser.zero_grad()
        flac_loss(found, BIASED, LABELS).backward()
        optimiser.step()
    assert float(flac_loss(found.detach(), BIASED, LABELS)) < start / 2
    unit = nn.functional.normalize(found.detach(), dim=1)
    alike = unit @ unit.T
    assert min(alike[0, 1], alike[2, 3]) > 0.99  # one class, different attributes
    assert max(alike[0, 2], alike[1, 3]) < -0.5  # two classes, the same attribute


def test_where_the_attribute_says_nothing_new_there_is_nothing_to_learn() -> None:
    found = torch.randn(4, 3).requires_grad_()
    loss = flac_loss(found, BIASED, torch.tensor([0, 1, 0, 1]))
    loss.backward()
    assert float(loss.detach()) == 0
    assert torch.equal(found.grad, torch.zeros(4, 3))


def test_equal_features_have_a_gradient_and_the_attribute_gets_none() -> None:
    found = torch.ones(4, 3).requires_grad_()
    biased = BIASED.clone().requires_grad_()
    flac_loss(found, biased, LABELS).backward()
    assert found.grad.isfinite().all()
    assert biased.grad is None


def test_as_a_penalty_it_looks_before_the_last_layer_of_the_biased_network() -> None:
    biased = nn.Sequential(nn.Flatten(), nn.Linear(12, 5), nn.ReLU(), nn.Linear(5, 2))
    images, known = torch.rand(6, 3, 2, 2), torch.randn(6, 4)
    labels = torch.tensor([0, 1, 0, 1, 0, 1])
    expected = flac_loss(known, before_last(biased, images), labels, power=2)
    assert torch.equal(Flac(biased, weight=30, power=2)(images, known, labels), 30 * expected)
    assert float(expected) > 0


@pytest.mark.parametrize(
    ("shapes", "message"),
    [
        (((4, 3), (3, 2), (4,)), r"got \(4, 3\), \(3, 2\), \(4,\)"),
        (((4, 3), (4, 2), (3,)), r"got \(4, 3\), \(4, 2\), \(3,\)"),
        (((4, 3, 1), (4, 2), (4,)), r"must be \(n, c\) and \(n, d\), and labels \(n,\)"),
    ],
)
def test_what_is_not_of_the_same_faces_is_refused(shapes: tuple[tuple[int, ...], ...], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        flac_loss(*(torch.zeros(shape) for shape in shapes))


def test_a_negative_weight_is_refused() -> None:
    with pytest.raises(ValueError, match="weight must be a number of at least 0, not -1"):
        Flac(nn.Sequential(), weight=-1)
