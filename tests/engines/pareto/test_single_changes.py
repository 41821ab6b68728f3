"""The effect of each attribute by itself, on an editor and models whose answers are known."""

from __future__ import annotations

import math

import pytest
import torch

from cfwidgets import Classifier
from cfwidgets.engines.pareto.edit_task import EditTask, edit_box, log_odds
from cfwidgets.engines.pareto.single_changes import SingleChanges, measure_single_changes, standing_out

NAN = float("nan")
COLUMNS = 9


class Stripes:
    """An editor with an attribute for each column of an image of 4 x 9 pixels: how bright it is."""

    attributes = tuple("abcdefghi")

    def encode(self, image):
        return image

    def decode(self, image, attributes):
        return (image + 0.2 * attributes[:, None, None, :]).clamp(0, 1)


def weighing(weights):
    """A model whose log-odds are a sum over the columns."""

    def answer(images):
        odds = (images.mean((1, 2)) * weights).sum(1)
        return torch.stack([torch.sigmoid(-odds), torch.sigmoid(odds)], 1)

    return Classifier(answer, labels=["dark", "bright"])


def measured(weights, **changed):
    image = torch.full((3, 4, COLUMNS), 0.5)
    clf = weighing(torch.tensor(weights))
    task = EditTask(clf, Stripes(), image, [0.0] * COLUMNS)
    keywords = {"frozen": (), "reach": 1.0, "limits": None, **changed}
    box = edit_box(Stripes.attributes, task.has, **keywords)
    return measure_single_changes(clf, task, box), task


def test_each_attribute_is_changed_by_itself_either_way_and_in_the_mirror():
    weights = [1.0, 2, 3, 4, 5, 6, 7, 8, 9]
    found, task = measured(weights, frozen=("c",))
    sign = 1 if task.target == 1 else -1
    expected = 0.2 * sign * torch.tensor(weights)
    expected[2] = NAN
    torch.testing.assert_close(found.effect[1], expected, equal_nan=True, atol=1e-4, rtol=0)
    torch.testing.assert_close(found.effect[0], -expected, equal_nan=True, atol=1e-4, rtol=0)
    mirrored = 0.2 * sign * torch.tensor(weights).flip(0)
    mirrored[2] = NAN
    torch.testing.assert_close(found.mirrored[1], mirrored, equal_nan=True, atol=1e-4, rtol=0)
    length = 0.2 * math.sqrt(12)
    assert found.repainted[0].tolist() == pytest.approx([length] * 2 + [NAN] + [length] * 6, nan_ok=True)


def test_limits_leave_one_side():
    found, _ = measured([1.0] * COLUMNS, limits=(0.0, 1.0))
    assert found.effect[0].isnan().all()  # all attributes are 0, their lowest
    assert found.effect[1].isfinite().all()


def test_log_odds_tell_answers_near_1_apart():
    rows = torch.tensor([[1e-9, 1.0], [1e-6, 1.0], [0.2, 0.8]])
    assert log_odds(rows, 1).tolist() == pytest.approx([20.72, 13.82, 1.386], abs=0.01)
    assert torch.equal(log_odds(rows, 0), -log_odds(rows, 1))
    assert log_odds(torch.tensor([0.0, 1.0]), 1).isfinite()


def changes(effect, mirror=0.5, repainted=1.0):
    effect = torch.tensor([effect, effect])
    return SingleChanges(effect, (1 - mirror) * effect, torch.full_like(effect, repainted))


def test_one_that_stands_out_does_so_by_its_share_over_the_change_in_the_mirror():
    effect = [1.0, -1, 1, -1, 1, -1, 1, 10]
    assert standing_out(changes(effect)) == pytest.approx(20)
    assert standing_out(changes(effect, mirror=1.0)) == pytest.approx(10)
    assert standing_out(changes([-3.0] * 8, mirror=1.5)) == pytest.approx(1 / 1.5)
    assert standing_out(changes(effect, mirror=0.0)) == math.inf


def test_effects_are_those_per_pixel_that_changes():
    found = changes([1.0, 1, 1, 1, 1, 1, 1, 10])
    larger = found.repainted.clone()
    larger[:, -1] = 10
    assert standing_out(found._replace(repainted=larger)) == pytest.approx(2)


def test_of_few_attributes_or_none_with_an_effect_nothing_is_said():
    assert math.isnan(standing_out(changes([1.0] * 6 + [9.0])))
    assert math.isnan(standing_out(changes([0.0] * 7 + [9.0])))
    still = changes([1.0] * 7 + [9.0])
    assert math.isnan(standing_out(still._replace(repainted=torch.zeros(2, 8))))


def test_a_prediction_that_is_not_finite_counts_for_nothing():
    found = changes([1.0] * 8 + [9.0])
    broken = found.effect.clone()
    broken[0, 2] = NAN
    assert standing_out(found._replace(effect=broken)) == pytest.approx(18)
