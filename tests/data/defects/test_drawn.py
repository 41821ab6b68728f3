"""What holds for every set of drawn pictures."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from torch.utils.data import DataLoader

from cfwidgets.data import Inspected, concrete, fruit

pytestmark = [pytest.mark.slow, pytest.mark.parametrize("draw", [concrete, fruit])]


def test_shapes_types_and_ranges(draw):
    drawn = draw(5, size=40, seed=1, first=2)
    assert drawn.pixels.shape == (5, 3, 40, 40)
    assert drawn.pixels.dtype == torch.uint8
    assert drawn.images.dtype == torch.float32
    assert torch.equal((drawn.images * 255).round().byte(), drawn.pixels)
    assert drawn.labels.shape == (5,)
    assert drawn.labels.dtype == torch.int64
    assert drawn.masks.shape == (5, 40, 40)
    assert drawn.masks.dtype == torch.bool
    assert (len(drawn), drawn.size, drawn.seed, drawn.first) == (5, 40, 1, 2)
    kind, damaged = type(drawn).__name__, int(drawn.labels.sum())
    assert repr(drawn) == f"{kind}(5 of 40 x 40 pixels, {damaged} damaged, seed 1, from 2)"


def test_a_picture_depends_on_seed_and_number_alone(draw):
    one = draw(8, seed=4)
    assert torch.equal(one.pixels, draw(8, seed=4).pixels)
    later = draw(3, seed=4, first=5)
    assert torch.equal(later.pixels, one.pixels[5:])
    assert torch.equal(later.coverage, one.coverage[5:])
    assert torch.equal(later.labels, one.labels[5:])
    assert len({image.numpy().tobytes() for drawn in (one, draw(8, seed=5)) for image in drawn.pixels}) == 16


def test_the_share_of_damage_holds_and_a_larger_one_only_adds_damage(draw):
    some, more = draw(200, size=32), draw(200, size=32, damaged=0.65)
    assert abs(int(some.labels.sum()) - 100) < 28
    assert abs(int(more.labels.sum()) - 130) < 28
    assert int(more.labels.sum()) > int(some.labels.sum())
    assert (more.labels >= some.labels).all()
    same = more.labels == some.labels
    assert torch.equal(more.pixels[same], some.pixels[same])
    assert torch.equal(more.coverage[same], some.coverage[same])
    assert draw(9, size=32, damaged=0).labels.tolist() == [0] * 9


def test_there_is_a_mask_where_there_is_damage(draw):
    drawn = draw(60, seed=6)
    assert torch.equal(drawn.masks.flatten(1).any(1).long(), drawn.labels)


@pytest.mark.parametrize("size", [32, 64, 200])
def test_damage_is_never_less_than_a_thousandth(draw, size):
    assert draw(100, size=size, seed=9, damaged=1).masks.float().mean((1, 2)).min() >= 0.001


def test_without_the_damage_a_picture_is_what_is_drawn_when_none_is(draw):
    damaged = draw(40, seed=3, damaged=1)
    sound = damaged.sound
    assert torch.equal(sound.pixels, draw(40, seed=3, damaged=0).pixels)
    assert not sound.labels.any()
    assert not sound.coverage.any()
    assert (damaged.pixels != sound.pixels).flatten(1).any(1).all()
    assert damaged.sound is sound
    assert torch.equal(sound.sound.pixels, sound.pixels)


def test_sound_pictures_stay_as_they_are(draw):
    drawn = draw(20, size=32, seed=3)
    changed = (drawn.pixels != drawn.sound.pixels).flatten(1).any(1)
    assert torch.equal(changed, drawn.labels == 1)


def test_a_larger_picture_is_the_same_drawing(draw):
    small, large = draw(12, size=96, seed=2, damaged=1), draw(12, size=288, seed=2, damaged=1)
    assert (F.avg_pool2d(large.images, 3) - small.images).abs().mean() < 0.025
    covered, other = F.avg_pool2d(large.coverage.float() / 255, 3), small.coverage.float() / 255
    assert (covered - other).abs().mean() < 0.006
    assert (covered.mean((1, 2)) / other.mean((1, 2)) - 1).abs().max() < 0.12


def test_a_loader_takes_them(draw):
    drawn = draw(7, size=32)
    batch = next(iter(DataLoader(drawn, batch_size=4)))
    assert isinstance(batch, Inspected)
    assert torch.equal(batch.image, drawn.images[:4])
    assert torch.equal(batch.label, drawn.labels[:4])
    assert torch.equal(batch.mask, drawn.masks[:4])
    assert [int(one.label) for one in drawn] == drawn.labels.tolist()
    with pytest.raises(IndexError):
        drawn[7]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"n": 0}, "n must be a whole number of at least 1, not 0"),
        ({"size": 31}, "size must be a whole number of at least 32, not 31"),
        ({"seed": -1}, "seed must be a whole number of at least 0, not -1"),
        ({"first": 1.5}, "first must be a whole number of at least 0, not 1.5"),
        ({"damaged": 1.2}, "damaged must be a number from 0 to 1, not 1.2"),
    ],
)
def test_bad_arguments_are_named(draw, arguments, message):
    with pytest.raises(ValueError, match=message):
        draw(**{"n": 1, **arguments})
