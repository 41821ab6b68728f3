from __future__ import annotations

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from skimage import data as photographs

from cfwidgets.data import Concrete, concrete
from cfwidgets.data.defects import textures

pytestmark = pytest.mark.slow


def grown(masks: torch.Tensor, reach: int) -> torch.Tensor:
    return F.max_pool2d(masks[:, None].float(), 2 * reach + 1, 1, reach)[:, 0] > 0


@pytest.fixture(scope="module")
def cracked() -> Concrete:
    return concrete(120, seed=3, damaged=1)


def test_its_split_is_kept():
    surfaces = concrete(2, size=32, split="test")
    assert surfaces.split == surfaces.sound.split == "test"


def test_splits_have_different_surfaces_and_cracks():
    train, test = concrete(6, damaged=1), concrete(6, damaged=1, split="test")
    assert not (train.pixels == test.pixels).flatten(1).all(1).any()
    assert not (train.coverage == test.coverage).flatten(1).all(1).any()


@pytest.mark.parametrize("size", [64, 160])
def test_without_the_crack_nothing_else_is_different(size):
    surfaces = concrete(40, size=size, seed=3)
    differs = (surfaces.pixels != surfaces.sound.pixels).any(1)
    assert not (differs & ~grown(surfaces.coverage > 0, round(0.03 * size) + 1)).any()


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


def test_another_split_is_refused():
    with pytest.raises(ValueError, match="split must be one of 'train', 'validation', 'test', not 'valid'"):
        concrete(1, split="valid")  # type: ignore[arg-type]
