"""The importance: graded, signed, with an interval, and 0 where nothing depends on what is hidden."""

from __future__ import annotations

import pytest
import torch

from cfwidgets.engines.superpixels.importance import Answers, alone, flat, graded, inert, on_average

COUNT = 10
WEIGHTS = torch.tensor([2.0, -1, 0.5, -1.5, 1, 0.7, -0.2, 3, 0, 0.4], dtype=torch.float64)
NONE = torch.zeros(COUNT, dtype=torch.bool)


def answers(masks, noise=0.0, seed=0):
    drawn = torch.randn(len(masks), generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    return Answers(masks, torch.sigmoid(masks.double() @ WEIGHTS - 1 + noise * drawn))


def random(rows, seed):
    return torch.rand(rows, COUNT, generator=torch.Generator().manual_seed(seed)) < 0.5


def around(best):
    return answers(torch.cat([best[None], best ^ alone(COUNT)]))


def test_what_adds_to_the_log_odds_is_found_with_its_sign_and_size():
    value, interval = graded([answers(random(300, 1))], around(WEIGHTS > 0), NONE, seed=0)
    torch.testing.assert_close(value.double(), WEIGHTS / 3, atol=0.02, rtol=0)
    assert (interval[:, 0] <= value).all()
    assert (interval[:, 1] >= value).all()


def test_the_interval_covers_the_truth_and_narrows_with_more_masks():
    covered, widths = 0, {}
    for rows in (100, 1600):
        for seed in range(20):
            found, interval = graded(
                [answers(random(rows, seed), noise=1.0, seed=seed)], around(WEIGHTS > 0), NONE, seed
            )
            truth = WEIGHTS / WEIGHTS.max() * found[7]  # the scale is the largest found
            covered += int(((interval[:, 0] < truth) & (truth < interval[:, 1])).sum())
            widths.setdefault(rows, []).append(float((interval[:, 1] - interval[:, 0]).mean()))
    assert covered >= 0.8 * 2 * 20 * COUNT
    assert sum(widths[1600]) < 0.5 * sum(widths[100])


def test_groups_weigh_alike_however_many_masks_they_have():
    few = answers(random(200, 1))
    opposite = Answers(few.masks.repeat(10, 1), (1 - few.probabilities).repeat(10))
    assert on_average([few, opposite], NONE).abs().max() < 1e-9
    assert on_average([few], NONE).abs().max() > 2


def test_answers_that_do_not_differ_give_nothing():
    masks = random(50, 0)
    constant = 0.3 + 1e-8 * torch.arange(50, dtype=torch.float64)
    near = torch.full((COUNT + 1,), 0.3, dtype=torch.float64)
    best = Answers(torch.cat([NONE[None], alone(COUNT)]), near)
    value, interval = graded([Answers(masks, constant)], best, NONE, seed=0)
    assert not value.any()
    assert not interval.any()
    assert flat(constant)
    assert not flat(near, near + 1e-3)


def test_what_looks_the_same_hidden_is_exactly_0():
    still = NONE.clone()
    still[[2, 5]] = True
    value, interval = graded([answers(random(300, 1), noise=0.1)], around(WEIGHTS > 0), still, seed=0)
    assert value[still].tolist() == [0, 0]
    assert not interval[still].any()
    assert (value[~still] != 0).all()


def test_superpixels_that_are_filled_with_themselves_are_inert():
    segments = torch.tensor([[0, 0, 1, 2]])
    image = torch.tensor([0.0, 0.0, 0.0, 0.5]).expand(3, 1, 4)
    assert inert(image, torch.zeros(3, 1, 4), segments).tolist() == [True, True, False]


@pytest.mark.parametrize("seed", [0, 1])
def test_the_same_seed_gives_the_same_interval(seed):
    given = [answers(random(100, 1), noise=1.0)], around(WEIGHTS > 0), NONE
    assert torch.equal(graded(*given, seed)[1], graded(*given, seed)[1])
    assert not torch.equal(graded(*given, seed)[1], graded(*given, seed + 1)[1])
