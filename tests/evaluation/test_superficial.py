"""Signs that answers go by the surface of pictures."""

from __future__ import annotations

import math

import pytest
import torch

from cfwidgets.evaluation.superficial import colour_share, unsteadiness

GENERATOR = torch.Generator().manual_seed(0)
COLOURS = torch.rand(40, 3, generator=GENERATOR)
NOISE = torch.randn(40, generator=GENERATOR)


def test_answers_by_colour_are_known_by_it():
    by_colour = COLOURS @ torch.tensor([3.0, -1.0, 0.5])
    assert colour_share(COLOURS, by_colour + 7) == pytest.approx(1)
    half = by_colour / by_colour.std() + NOISE / NOISE.std()
    assert 0.3 < colour_share(COLOURS, half) < 0.7


def test_of_other_answers_colour_knows_nothing():
    shares = [
        colour_share(torch.rand(n, 3, generator=GENERATOR), torch.randn(n, generator=GENERATOR))
        for n in (12, 16, 32) * 50
    ]
    assert sum(share > 0.3 for share in shares) <= 3


def test_colours_that_are_all_the_same_tell_nothing():
    assert colour_share(torch.full((12, 3), 0.5), torch.arange(12.0)) <= 0
    assert math.isnan(colour_share(COLOURS, torch.ones(40)))
    assert math.isnan(colour_share(COLOURS[:11], NOISE[:11]))


def test_change_is_a_part_of_the_spread_and_sums_over_the_ways():
    answers = torch.tensor([-2.0, 0.0, 2.0])
    changed = torch.stack([answers + 1, answers + torch.tensor([2.0, -2.0, 2.0]), answers], 1)
    assert unsteadiness(answers, changed) == pytest.approx(0.5 + 1)
    assert unsteadiness(10 * answers, 10 * changed) == pytest.approx(1.5)
    assert unsteadiness(answers + 5, changed + 5) == pytest.approx(1.5)


def test_without_a_spread_change_has_no_measure():
    assert math.isnan(unsteadiness(torch.ones(3), torch.zeros(3, 2)))
    assert math.isnan(unsteadiness(torch.ones(1), torch.zeros(1, 2)))
