"""The translator's losses: values and slopes that are known by hand."""

from __future__ import annotations

import math

import pytest
import torch
from torch import nn

from cfwidgets.training.translation_losses import (
    adversarial_loss,
    against_the_rest,
    applications,
    class_loss,
    class_means,
    discriminator_loss,
)

LABELS = torch.tensor([0, 1, 0, 1])
ZERO = torch.zeros(4, 3)


def test_losses_of_zero_logits():
    three, two = math.log(3), math.log(2)
    assert float(discriminator_loss(ZERO, LABELS, ZERO)) == pytest.approx(3 * three)
    assert float(adversarial_loss([ZERO], LABELS)) == pytest.approx(2 * three)
    assert float(class_loss(ZERO[:, :2], LABELS)) == pytest.approx(2 * two)
    assert float(adversarial_loss([ZERO, ZERO], LABELS)) == pytest.approx(4 * three)
    assert float(adversarial_loss([ZERO], LABELS, form="printed")) == pytest.approx(-3 * three)
    assert float(adversarial_loss([ZERO, ZERO], LABELS, form="printed")) == pytest.approx(0, abs=1e-6)
    assert float(adversarial_loss([ZERO], LABELS, form="bounded")) == pytest.approx(3 * math.log(1.5))


def test_classes_count_alike_and_an_absent_one_not_at_all():
    labels = torch.tensor([0, 0, 0, 1])
    logits = torch.randn(4, 3, generator=torch.Generator().manual_seed(0))
    nll = nn.functional.cross_entropy(logits, labels, reduction="none")
    assert float(class_loss(logits, labels)) == pytest.approx(float(nll[:3].mean() + nll[3]))
    assert float(class_means(torch.tensor([2.0, 4.0]), torch.tensor([1, 1]))) == 3


@pytest.mark.parametrize("weight", [1.0, 0.5])
def test_looking_painted_costs_at_every_application(weight):
    """Zhang's sign in the printed form rewards it at the second."""
    second = torch.randn(4, 3, generator=torch.Generator().manual_seed(1), requires_grad=True)
    painted = second.softmax(1)[:, 2]
    slope = torch.autograd.grad(
        adversarial_loss([ZERO, second], LABELS, cycle_weight=weight), second, retain_graph=True
    )[0]
    # Each class has two of the four images.
    assert torch.allclose(slope[:, 2], weight * painted / 2, atol=1e-6)
    assert bool((slope[:, 2] > 0).all())
    printed = torch.autograd.grad(
        adversarial_loss([ZERO, second], LABELS, form="printed", cycle_weight=weight), second
    )[0]
    by_hand = -weight * ((1 - painted) / 4 - painted / 2)
    assert torch.allclose(printed[:, 2], by_hand, atol=1e-6)


def test_twins_are_to_be_of_the_other_class_and_twins_of_twins_of_the_first():
    for place, wanted in ((0, 1 - LABELS), (1, LABELS)):
        logits = [torch.zeros(4, 3, requires_grad=True) for _ in range(2)]
        adversarial_loss(logits, LABELS).backward()
        slope = logits[place].grad
        assert slope is not None
        assert slope.argmin(1).tolist() == wanted.tolist()


def test_the_repaired_loss_has_a_least_value_and_the_printed_none_but_its_clamp():
    sure = torch.tensor([[-50.0, 50.0, -50.0], [50.0, -50.0, -50.0]])
    labels = torch.tensor([0, 1])
    assert float(adversarial_loss([sure], labels)) == pytest.approx(0, abs=1e-6)
    assert float(adversarial_loss([sure], labels, form="bounded")) == pytest.approx(0, abs=1e-4)
    assert float(adversarial_loss([sure], labels, form="printed")) == pytest.approx(-3 * 16)


def test_a_cycle_applies_the_generator_twice():
    assert [applications(cycles) for cycles in range(4)] == [1, 2, 4, 6]
    with pytest.raises(ValueError, match="cycles"):
        applications(-1)


def test_one_class_against_the_rest():
    assert against_the_rest(torch.tensor([3, 0, 3, 2]), 3).tolist() == [1, 0, 1, 0]


def test_another_form_is_refused():
    with pytest.raises(ValueError, match="form"):
        adversarial_loss([ZERO], LABELS, form="other")
