from __future__ import annotations

import pytest
import torch
from torch import Tensor

from cfwidgets.training.variations import varied

NOTHING = {"turned": None, "light": 0.0, "tint": 0.0, "blur": 0.0}


@pytest.fixture(autouse=True)
def _seed() -> None:
    torch.manual_seed(0)


def ways(image: Tensor) -> list[Tensor]:
    """All eight ways that a square is turned and mirrored."""
    turned = [image.rot90(k, (1, 2)) for k in range(4)]
    return [*turned, *(each.flip(2) for each in turned)]


def test_nothing_is_changed_where_nothing_is_asked_for() -> None:
    images = torch.rand(3, 3, 8, 8)
    assert torch.equal(varied(images, **NOTHING), images)


@pytest.mark.parametrize(("turned", "count"), [(True, 8), (False, 2)])
def test_images_are_turned_in_all_ways_and_in_no_other(turned: bool, count: int) -> None:
    image = torch.rand(3, 6, 6)
    found = varied(image.expand(200, -1, -1, -1), **{**NOTHING, "turned": turned})
    allowed = ways(image) if turned else [image, image.flip(2)]
    which = [[torch.equal(each, way) for way in allowed].index(True) for each in found]
    assert set(which) == set(range(count))


def test_a_mask_in_a_fourth_channel_is_turned_with_its_image() -> None:
    images = torch.rand(20, 3, 6, 6)
    found = varied(torch.cat([images, images[:, :1]], 1), **{**NOTHING, "turned": True})
    assert torch.equal(found[:, 3], found[:, 0])


def test_light_moves_brightness_within_its_share() -> None:
    images = torch.full((300, 3, 4, 4), 0.5)
    found = varied(images, **{**NOTHING, "light": 0.1})
    moved = found.mean((1, 2, 3)) - 0.5
    assert moved.abs().max() <= 0.1 + 1e-6
    assert moved.min() < -0.08
    assert moved.max() > 0.08
    assert found.std((1, 2, 3)).max() < 1e-6


def test_light_stretches_contrast_within_its_share() -> None:
    images = 0.5 + 0.2 * (torch.rand(1, 3, 8, 8) - 0.5).expand(300, -1, -1, -1)
    stretch = varied(images, **{**NOTHING, "light": 0.1}).std((1, 2, 3)) / images.std((1, 2, 3))
    assert 0.9 - 1e-4 <= stretch.min() < 0.92
    assert 1.08 < stretch.max() <= 1.1 + 1e-4


def test_tint_stretches_channels_against_each_other() -> None:
    found = varied(torch.full((300, 3, 4, 4), 0.5), **{**NOTHING, "tint": 0.1})
    share = found.mean((2, 3)) / 0.5
    assert 0.9 - 1e-6 <= share.min() < 0.91
    assert 1.09 < share.max() <= 1.1 + 1e-6
    assert (share[:, 0] - share[:, 1]).abs().max() > 0.1


def test_blur_softens_edges_and_keeps_what_is_even() -> None:
    even = torch.full((2, 3, 8, 8), 0.4)
    torch.testing.assert_close(varied(even, **{**NOTHING, "blur": 1.0}), even)
    edge = torch.zeros(100, 3, 8, 8)
    edge[..., 4:] = 1
    across = varied(edge, **{**NOTHING, "blur": 1.0}).diff(dim=3).amax((1, 2, 3))
    assert 1 / 3 - 1e-6 <= across.min() < 0.4
    assert across.max() <= 1


def test_values_stay_in_range_and_a_seed_repeats_them() -> None:
    images = torch.rand(50, 3, 8, 8)

    def drawn(seed: int) -> Tensor:
        torch.manual_seed(seed)
        return varied(images, turned=True, light=0.9, tint=0.9, blur=0.5)

    assert drawn(0).min() >= 0
    assert drawn(0).max() <= 1
    assert torch.equal(drawn(0), drawn(0))
    assert not torch.equal(drawn(0), drawn(1))
