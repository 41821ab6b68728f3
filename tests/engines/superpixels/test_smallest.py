"""A small answer: superpixels are dropped while enough is left."""

from __future__ import annotations

import pytest
import torch

from cfwidgets.engines.superpixels.smallest import smaller

WEIGHTS = torch.tensor([0.05, 0.4, 0.1, 0.3, 0.15])


def merit(masks):
    return masks.double() @ WEIGHTS.double()


@pytest.mark.parametrize(("least", "left"), [(0.9, [1, 2, 3, 4]), (0.8, [1, 3, 4]), (0.3, [1]), (0.0, [])])
def test_the_cheapest_go_first_while_enough_is_left(least, left):
    *steps, (mask, kept) = smaller(merit, torch.ones(5, dtype=torch.bool), least)
    assert mask.nonzero().flatten().tolist() == left
    assert kept == pytest.approx(float(merit(mask[None])[0]))
    sizes = [int(step.sum()) for step, _ in (*steps, (mask, kept))]
    assert sizes == list(range(5, len(left) - 1, -1))


def test_none_of_what_is_left_could_go_alone():
    generator = torch.Generator().manual_seed(0)
    pairs = torch.randn(12, 12, generator=generator, dtype=torch.float64)

    def tangled(masks):
        shown = masks.double()
        return torch.sigmoid(((shown @ pairs) * shown).sum(1) / 4)

    start = torch.ones(12, dtype=torch.bool)
    least = 0.9 * float(tangled(start[None])[0])
    *_, (mask, kept) = smaller(tangled, start, least)
    assert kept >= least
    for one in mask.nonzero().flatten():
        without = mask.clone()
        without[one] = False
        assert float(tangled(without[None])[0]) < least


def test_only_what_was_selected_is_kept():
    start = torch.tensor([True, False, True, True, False])
    *_, (mask, _) = smaller(merit, start, 0.3)
    assert mask.nonzero().flatten().tolist() == [3]
    assert not (mask & ~start).any()


def test_nothing_selected_is_as_small_as_can_be():
    ((mask, kept),) = smaller(merit, torch.zeros(5, dtype=torch.bool), 0.0)
    assert not mask.any()
    assert kept == 0
