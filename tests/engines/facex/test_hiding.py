"""Pictures of a face in which a region is hidden."""

from __future__ import annotations

import pytest
import torch

from cfwidgets.engines.facex.hiding import FILLS, each_hidden

SIDE = 16


def square(first, last):
    mask = torch.zeros(SIDE, SIDE, dtype=torch.bool)
    mask[first:last, first:last] = True
    return mask


@pytest.mark.parametrize("fill", FILLS)
def test_only_the_region_and_its_rim_change(fill):
    image = torch.rand(3, SIDE, SIDE, generator=torch.Generator().manual_seed(0))
    places, images = each_hidden(image, square(5, 9)[None], fill)
    assert places.tolist() == [0]
    changed = (images[0] != image).any(0)
    assert not changed[~square(4, 10)].any()
    assert changed[square(4, 10)].float().mean() > 0.9
    assert images.min() >= 0
    assert images.max() <= 1


@pytest.mark.parametrize("fill", FILLS)
def test_white_is_filled_with_no_more_than_white(fill):
    white = torch.ones(3, 26, 69)  # of such sides the mean of cells rounds to more than 1
    _, images = each_hidden(white, (torch.arange(69) < 40).expand(1, 26, 69), fill)
    torch.testing.assert_close(images, white[None])
    assert images.max() <= 1


def test_the_fills_are_what_they_say():
    image = torch.zeros(3, SIDE, SIDE)
    image[0] = 0.5
    image[1, 6:8, 6:8] = 1
    mask = square(6, 8)[None]
    around, mean, blurred = (each_hidden(image, mask, fill)[1][0] for fill in ("around", "mean", "blur"))
    assert torch.equal(around[0], image[0])
    assert around[1].max() == 0
    assert mean[1, 6, 6] == pytest.approx(4 / SIDE**2)
    assert 0 < blurred[1, 6, 6] <= 1


def test_a_pixel_is_hidden_with_the_smallest_of_its_regions():
    image = torch.rand(3, SIDE, SIDE, generator=torch.Generator().manual_seed(0))
    skin, mouth = square(2, 14), square(6, 9)
    places, images = each_hidden(image, torch.stack([skin, mouth, torch.zeros_like(skin)]), "mean")
    assert places.tolist() == [0, 1]
    assert torch.equal(images[0][:, mouth], image[:, mouth])
    assert not torch.equal(images[1][:, mouth], image[:, mouth])
    only_skin = skin & ~square(5, 10)
    assert torch.equal(images[1][:, only_skin], image[:, only_skin])


def test_regions_of_the_same_pixels_are_each_hidden():
    places, images = each_hidden(torch.rand(3, SIDE, SIDE), square(6, 9).expand(2, -1, -1), "mean")
    assert places.tolist() == [0, 1]
    assert torch.equal(images[0], images[1])


def test_a_region_that_covers_the_picture_is_filled_with_its_mean():
    image = torch.rand(3, SIDE, SIDE)
    _, images = each_hidden(image, torch.ones(1, SIDE, SIDE, dtype=torch.bool), "around")
    torch.testing.assert_close(images[0].flatten(1).std(1), torch.zeros(3), atol=1e-6, rtol=0)
    torch.testing.assert_close(images[0].mean((1, 2)), image.mean((1, 2)))


def test_a_face_without_regions_has_no_pictures():
    places, images = each_hidden(
        torch.rand(3, SIDE, SIDE), torch.zeros(4, SIDE, SIDE, dtype=torch.bool), "blur"
    )
    assert places.tolist() == []
    assert images.shape == (0, 3, SIDE, SIDE)
