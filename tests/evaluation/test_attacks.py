"""Attacks: what is known for a linear network, and the Adversarial Robustness Toolbox's own images."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from cfwidgets.evaluation import noisy, pgd
from cfwidgets.networks import discriminator


def images(n: int = 4, size: int = 8) -> Tensor:
    return torch.rand(n, 3, size, size, generator=torch.Generator().manual_seed(0))


def linear(weights: Tensor) -> Any:
    """Logits 0 and the sum of the weighted pixels."""
    return lambda some: torch.stack([torch.zeros(len(some)), (some * weights).flatten(1).sum(1)], dim=1)


@pytest.mark.parametrize(("step", "iterations", "bound"), [(0.01, 3, 0.1), (0.05, 10, 0.1), (0.02, 10, 0.04)])
def test_a_linear_network_is_left_in_a_straight_line(step: float, iterations: int, bound: float) -> None:
    inside = 0.3 + 0.4 * images()
    weights = torch.randn(3, 8, 8, generator=torch.Generator().manual_seed(1))
    weights[0, 0, 0] = 0
    targets = torch.tensor([0, 1, 0, 1])
    found = pgd(linear(weights), inside, targets, step=step, iterations=iterations, bound=bound)
    towards = (2.0 * targets - 1).view(4, 1, 1, 1) * weights.sign()
    torch.testing.assert_close(found, inside + min(step * iterations, bound) * towards)


def test_it_stays_within_its_bound_and_the_range_of_pixels() -> None:
    network = discriminator("resnet3", 3, 8).eval()
    some = images(6, 16)
    some[0], some[1] = 0, 1
    found = pgd(network, some, torch.arange(6) % 2, step=0.07, bound=0.1)
    assert float((found - some).abs().max()) <= 0.1 + 1e-6
    assert 0 <= float(found.min()) <= float(found.max()) <= 1
    assert not torch.equal(found, some)


def test_steps_of_nought_change_nothing() -> None:
    assert torch.equal(pgd(linear(torch.ones(3, 8, 8)), images(), torch.ones(4).long(), step=0.0), images())


def test_each_image_is_attacked_by_itself_and_the_network_is_left_alone() -> None:
    network = discriminator("resnet3", 3, 8).eval().requires_grad_(requires_grad=False)
    targets = torch.tensor([0, 1, 0, 1])
    with torch.inference_mode():  # as a view may ask for it
        together = pgd(network, images(4, 16), targets)
        alone = torch.cat([pgd(network, images(4, 16)[[place]], targets[[place]]) for place in range(4)])
    # Where a gradient is nearly 0, the order of its sums decides on the sign.
    assert float(((together - alone).abs() > 1e-6).float().mean()) < 0.02
    assert not together.requires_grad
    assert all(weights.grad is None for weights in network.parameters())


def test_a_seed_starts_it_somewhere_in_the_bound() -> None:
    network = linear(torch.ones(3, 8, 8))
    inside, targets = 0.3 + 0.4 * images(), torch.zeros(4).long()
    starts = [pgd(network, inside, targets, step=0.0, seed=seed) for seed in (0, 0, 1)]
    assert torch.equal(starts[0], starts[1])
    assert not torch.equal(starts[0], starts[2])
    away = starts[0] - inside
    assert float(away.abs().max()) <= 0.1 + 1e-6
    assert float(away.std()) == pytest.approx(0.1 / 3**0.5, rel=0.1)  # of a uniform distribution


@pytest.mark.slow
@pytest.mark.parametrize("step", [0.004, 0.03, 0.1])
def test_it_gives_the_images_of_the_adversarial_robustness_toolbox(step: float) -> None:
    from art.attacks.evasion import ProjectedGradientDescentPyTorch
    from art.estimators.classification import PyTorchClassifier

    torch.manual_seed(0)
    network = discriminator("resnet3", 3, 8).eval()
    some, targets = images(4, 32), torch.tensor([1, 0, 1, 0])
    theirs = PyTorchClassifier(
        network, nn.CrossEntropyLoss(), (3, 32, 32), 3, clip_values=(0.0, 1.0), device_type="cpu"
    )
    attack = ProjectedGradientDescentPyTorch(
        theirs, np.inf, eps=0.1, eps_step=step, max_iter=10, targeted=True, verbose=False
    )
    expected = torch.from_numpy(attack.generate(some.numpy(), np.eye(3)[targets]))
    found = pgd(network, some, targets, step=step)
    assert torch.equal(found, expected)
    assert float((expected - some).abs().mean()) > step / 2


@pytest.mark.parametrize(
    ("settings", "word"),
    [({"step": -1.0}, "step"), ({"bound": float("nan")}, "bound"), ({"iterations": 0}, "iterations")],
)
def test_wrong_settings_are_refused(settings: dict[str, Any], word: str) -> None:
    with pytest.raises(ValueError, match=word):
        pgd(linear(torch.ones(3, 8, 8)), images(), torch.zeros(4).long(), **settings)


@pytest.mark.parametrize("targets", [torch.zeros(3).long(), torch.zeros(4)])
def test_targets_are_one_an_image(targets: Tensor) -> None:
    with pytest.raises(ValueError, match=r"targets are \(4,\) int64"):
        pgd(linear(torch.ones(3, 8, 8)), images(), targets)


def test_noise_has_its_deviation_and_a_seed() -> None:
    grey = torch.full((2, 3, 64, 64), 0.5)
    found = noisy(grey, 0.05, seed=3)
    assert float((found - grey).std()) == pytest.approx(0.05, rel=0.02)
    assert torch.equal(noisy(grey, 0.05, seed=3), found)
    assert not torch.equal(noisy(grey, 0.05, seed=4), found)
    torch.testing.assert_close(noisy(grey, 0.1, seed=3) - grey, 2 * (found - grey))  # the same, larger
    assert not torch.equal(found[0], found[1])


def test_noise_of_nought_changes_nothing_and_more_stays_in_range() -> None:
    assert torch.equal(noisy(images(), 0.0), images())
    assert {0.0, 1.0} <= set(noisy(images(), 5.0).flatten().tolist())
    assert 0 <= float(noisy(images(), 5.0).min()) <= float(noisy(images(), 5.0).max()) <= 1
    with pytest.raises(ValueError, match="deviation"):
        noisy(images(), -0.1)
