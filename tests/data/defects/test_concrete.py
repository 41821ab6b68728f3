from __future__ import annotations

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from skimage import data as photographs
from torch.utils.data import DataLoader

from cfwidgets.data import Concrete, Inspected, concrete
from cfwidgets.data.defects import textures


def grown(masks: torch.Tensor, reach: int) -> torch.Tensor:
    return F.max_pool2d(masks[:, None].float(), 2 * reach + 1, 1, reach)[:, 0] > 0


@pytest.fixture(scope="module")
def cracked() -> Concrete:
    return concrete(120, seed=3, damaged=1)


def test_shapes_types_and_ranges():
    surfaces = concrete(5, size=40, seed=1, first=2)
    assert surfaces.pixels.shape == (5, 3, 40, 40)
    assert surfaces.pixels.dtype == torch.uint8
    assert surfaces.images.dtype == torch.float32
    assert torch.equal((surfaces.images * 255).round().byte(), surfaces.pixels)
    assert surfaces.labels.shape == (5,)
    assert surfaces.labels.dtype == torch.int64
    assert surfaces.masks.shape == (5, 40, 40)
    assert surfaces.masks.dtype == torch.bool
    assert (len(surfaces), surfaces.size, surfaces.seed, surfaces.first) == (5, 40, 1, 2)
    assert surfaces.split == "train"
    damaged = int(surfaces.labels.sum())
    assert repr(surfaces) == f"Concrete(5 of 40 x 40 pixels, {damaged} damaged, seed 1, from 2)"


def test_a_picture_depends_on_seed_split_and_number_alone():
    one = concrete(8, seed=4)
    assert torch.equal(one.pixels, concrete(8, seed=4).pixels)
    later = concrete(3, seed=4, first=5)
    assert torch.equal(later.pixels, one.pixels[5:])
    assert torch.equal(later.coverage, one.coverage[5:])
    assert torch.equal(later.labels, one.labels[5:])
    others = [one, concrete(8, seed=5), concrete(8, seed=4, split="test")]
    assert len({image.numpy().tobytes() for other in others for image in other.pixels}) == 24


def test_the_share_of_damage_holds_and_a_larger_one_only_adds_damage():
    some, more = concrete(400, size=32), concrete(400, size=32, damaged=0.65)
    assert abs(int(some.labels.sum()) - 200) < 40
    assert abs(int(more.labels.sum()) - 260) < 40
    assert (more.labels >= some.labels).all()
    same = more.labels == some.labels
    assert torch.equal(more.pixels[same], some.pixels[same])
    assert concrete(9, size=32, damaged=0).labels.tolist() == [0] * 9


def test_there_is_a_mask_where_there_is_damage():
    surfaces = concrete(60, seed=6)
    assert torch.equal(surfaces.masks.flatten(1).any(1).long(), surfaces.labels)


@pytest.mark.parametrize("size", [32, 64, 200])
def test_damage_is_never_less_than_a_thousandth(size):
    assert concrete(150, size=size, seed=9, damaged=1).masks.float().mean((1, 2)).min() >= 0.001


@pytest.mark.parametrize("size", [64, 160])
def test_without_the_crack_nothing_else_is_different(size):
    surfaces = concrete(40, size=size, seed=3)
    sound = surfaces.sound
    assert not sound.labels.any()
    assert not sound.coverage.any()
    differs = (surfaces.pixels != sound.pixels).any(1)
    assert torch.equal(differs.flatten(1).any(1), surfaces.labels == 1)
    assert not (differs & ~grown(surfaces.coverage > 0, round(0.03 * size) + 1)).any()
    assert surfaces.sound is sound
    assert torch.equal(sound.sound.pixels, sound.pixels)


def test_the_sound_picture_is_what_is_drawn_when_nothing_is_damaged(cracked):
    assert torch.equal(cracked.sound.pixels, concrete(120, seed=3, damaged=0).pixels)


def test_each_crack_is_darker_than_what_it_is_in(cracked):
    darker = cracked.sound.images.mean(1) - cracked.images.mean(1)
    inside = (darker * cracked.masks).sum((1, 2))
    outside = (darker.abs() * ~grown(cracked.masks, 2)).sum((1, 2))
    assert (inside / cracked.masks.sum((1, 2))).min() > 0.03
    assert (outside / inside).max() < 0.2


def test_cracks_are_of_many_widths_and_lengths(cracked):
    area = cracked.masks.float().mean((1, 2))
    assert area.quantile(0.9) > 3 * area.quantile(0.1)
    # what is left when a pixel is taken off at each side
    core = (~grown(~cracked.masks, 1)).flatten(1).sum(1)
    assert 0.1 < (core == 0).float().mean() < 0.9


def test_a_larger_picture_is_the_same_surface_with_the_same_crack():
    small, large = concrete(12, size=96, seed=2, damaged=1), concrete(12, size=288, seed=2, damaged=1)
    assert (F.avg_pool2d(large.images, 3) - small.images).abs().mean() < 0.025
    covered = F.avg_pool2d(large.coverage.float() / 255, 3)
    assert (covered - small.coverage.float() / 255).abs().mean() < 0.006
    assert (covered.mean((1, 2)) / (small.coverage.float() / 255).mean((1, 2)) - 1).abs().max() < 0.12


@pytest.mark.parametrize("split", textures.REGIONS)
def test_nothing_of_a_photograph_is_seen_but_the_splits_own_region(split, monkeypatch):
    before = concrete(30, size=32, split=split, seed=1)

    def blackened(whole):
        other = np.zeros_like(whole)
        other[textures.REGIONS[split]] = whole[textures.REGIONS[split]]
        return lambda: other

    for name in ("gravel", "brick", "grass"):
        monkeypatch.setattr(photographs, name, blackened(getattr(photographs, name)()))
    textures._levels.cache_clear()
    try:
        assert torch.equal(concrete(30, size=32, split=split, seed=1).pixels, before.pixels)
    finally:
        textures._levels.cache_clear()


def test_the_regions_share_no_pixel():
    seen = np.zeros((512, 512), dtype=int)
    for region in textures.REGIONS.values():
        seen[region] += 1
    assert seen.max() == 1
    assert (seen > 0).mean() > 0.95


@pytest.mark.parametrize("size", [32, 560])
@pytest.mark.parametrize("split", textures.REGIONS)
def test_a_patch_is_filled_wherever_it_is_cut_out(split, size):
    rng = np.random.default_rng(0)
    for _ in range(40):
        patch = textures.patch("gravel", split, rng, side=560, size=size)
        # beyond what is mirrored everything would be 0
        assert (patch[[0, 0, -1, -1], [0, -1, 0, -1]] != 0).all()
        assert np.abs(patch).max() <= 2.5


def test_a_loader_takes_them():
    surfaces = concrete(7, size=32)
    batch = next(iter(DataLoader(surfaces, batch_size=4)))  # type: ignore[arg-type]
    assert isinstance(batch, Inspected)
    assert torch.equal(batch.image, surfaces.images[:4])
    assert torch.equal(batch.label, surfaces.labels[:4])
    assert torch.equal(batch.mask, surfaces.masks[:4])
    assert [int(one.label) for one in surfaces] == surfaces.labels.tolist()
    with pytest.raises(IndexError):
        surfaces[7]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"n": 0}, "n must be a whole number of at least 1, not 0"),
        ({"size": 31}, "size must be a whole number of at least 32, not 31"),
        ({"seed": -1}, "seed must be a whole number of at least 0, not -1"),
        ({"first": 1.5}, "first must be a whole number of at least 0, not 1.5"),
        ({"damaged": 1.2}, "damaged must be a number from 0 to 1, not 1.2"),
        ({"split": "valid"}, "split must be one of 'train', 'validation', 'test', not 'valid'"),
    ],
)
def test_bad_arguments_are_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        concrete(**{"n": 1, **arguments})
