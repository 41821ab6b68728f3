from __future__ import annotations

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from cfwidgets.data import Fruit, fruit
from cfwidgets.data.defects.body import Form, leaning, seen
from cfwidgets.data.defects.fields import grid


def grown(masks: torch.Tensor, reach: int) -> torch.Tensor:
    return F.max_pool2d(masks[:, None].float(), 2 * reach + 1, 1, reach)[:, 0] > 0


@pytest.fixture(scope="module")
def wormy() -> Fruit:
    return fruit(60, size=96, seed=3, damaged=1)


def test_without_the_worm_nothing_else_is_different(wormy):
    differs = (wormy.pixels != wormy.sound.pixels).any(1)
    assert not (differs & ~grown(wormy.coverage > 0, 1)).any()


def test_most_of_what_the_worm_changed_is_in_the_mask(wormy):
    change = (wormy.images - wormy.sound.images).abs().mean(1)
    inside = (change * wormy.masks).sum((1, 2)) / change.sum((1, 2))
    assert inside.min() > 0.5
    assert inside.mean() > 0.85


def test_in_each_damage_there_is_something_darker_than_before(wormy):
    darker = (wormy.sound.images - wormy.images).mean(1) * wormy.masks
    assert (darker.flatten(1).amax(1) > 0.05).all()
    assert (darker.flatten(1).amax(1) > 0.2).float().mean() > 0.75


def test_the_damage_is_on_the_apple(wormy):
    # the middle of the picture is apple, its corners are not
    assert not wormy.masks[:, :4, :4].any()
    assert wormy.masks[:, 12:-12, 12:-12].flatten(1).sum(1).sum() > 0.95 * wormy.masks.sum()


def test_apples_are_of_many_colours(wormy):
    middle = wormy.sound.images[:, :, 40:56, 40:56].mean((2, 3))
    reddish = middle[:, 0] > 1.6 * middle[:, 1]
    greenish = middle[:, 1] > 1.05 * middle[:, 0]
    assert 0.2 < reddish.float().mean() < 0.8
    assert 0.05 < greenish.float().mean() < 0.6


def test_a_body_is_seen_where_its_surface_is():
    rng = np.random.default_rng(0)
    across, down = grid(64)
    x, y, pixel = (across - 0.5) / 0.4, (down - 0.5) / 0.4, 1 / (0.4 * 64)
    for _ in range(10):
        form, axis = Form(rng), leaning(rng)
        alpha, point = seen(form, axis, x, y, pixel)
        distance = np.linalg.norm(point, axis=0)
        height = (point * axis[:, None, None]).sum(0) / distance
        off = np.abs(form.radius(height) - distance)
        assert off[alpha == 1].max() < 0.03
        assert off[alpha == 1].mean() < 0.003
        assert alpha[32, 32] == 1
        assert alpha[0, 0] == 0
        assert ((alpha > 0) & (alpha < 1)).any()
