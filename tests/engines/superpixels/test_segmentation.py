"""Superpixels: SLIC's and one's own."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from cfwidgets.engines.superpixels.segmentation import own_superpixels, slic_superpixels


def test_a_two_tone_picture_gives_four_parts_of_known_size():
    two_tone = torch.zeros(3, 32, 32)
    two_tone[:, 16:] = 1
    labels = slic_superpixels(two_tone, 4).labels
    assert torch.bincount(labels.flatten()).tolist() == [272, 240, 272, 240]
    assert labels.dtype == torch.int32


def test_the_real_number_is_not_the_one_asked_for():
    from skimage.data import cat

    picture = torch.from_numpy(cat()[:224, :224].copy()).permute(2, 0, 1) / 255
    cut = slic_superpixels(picture, 100)
    assert (cut.compactness, cut.sigma) == (10, 0)
    found = int(cut.labels.max()) + 1
    assert found != 100
    assert set(cut.labels.unique().tolist()) == set(range(found))
    assert int(slic_superpixels(picture, 100, compactness=30).labels.max()) + 1 > found


@pytest.mark.costly
@pytest.mark.parametrize("asked", [50, 100, 200])
def test_noisy_pictures_are_cut_into_about_as_many_as_were_asked_for(asked):
    from skimage.data import grass, gravel

    generator = torch.Generator().manual_seed(0)
    noise = torch.randn(3, 160, 160, generator=generator)
    ramp = torch.linspace(0.2, 0.8, 160).expand(3, 160, 160)
    pictures = [ramp + deviation * noise for deviation in (0.05, 0.1, 0.2, 0.4)]
    pictures += [
        torch.from_numpy(each()[:160, :160] / 255).float().expand(3, -1, -1) for each in (grass, gravel)
    ]
    pictures.append(torch.rand(3, 160, 160, generator=generator))
    smoothed: list[float] = []
    for picture in pictures:
        cut = slic_superpixels(picture.clamp(0, 1), asked)
        assert 0.75 * asked <= int(cut.labels.max()) + 1 <= 1.25 * asked
        smoothed.append(cut.sigma)
    assert max(smoothed) > 0
    assert slic_superpixels(pictures[1].clamp(0, 1), asked, sigma=3.0).sigma == 3


def test_a_picture_smaller_than_what_is_asked_for():
    with pytest.raises(
        ValueError, match=r"100 superpixels were asked for, but the picture has 8 x 9 = 72 pixels"
    ):
        slic_superpixels(torch.rand(3, 8, 9), 100)


def test_a_picture_in_which_there_is_nothing_to_choose():
    with pytest.raises(ValueError, match=r"SLIC found a single superpixel of 1 asked for.*Pass `segments`"):
        slic_superpixels(torch.full((3, 8, 8), 0.5), 1)


def test_one_s_own_map_is_numbered_anew():
    own = own_superpixels(np.array([[7, 7], [-3, 900]]), torch.zeros(3, 2, 2))
    assert own.tolist() == [[1, 1], [0, 2]]
    assert torch.equal(own_superpixels(own, torch.zeros(3, 2, 2)), own)


@pytest.mark.parametrize(
    ("given", "text"),
    [
        (np.zeros((2, 3), int), r"shape \(2, 2\).*given was int64 of shape \(2, 3\)"),
        (np.zeros((2, 2)), r"whole numbers.*given was float64"),
        (np.zeros((2, 2), bool), r"whole numbers.*given was bool"),
        (np.full((2, 2), 4), r"segments has a single label"),
    ],
)
def test_what_is_not_a_map_of_the_picture(given, text):
    with pytest.raises(ValueError, match=text):
        own_superpixels(given, torch.zeros(3, 2, 2))


def test_more_superpixels_than_the_browser_can_number():
    with pytest.raises(ValueError, match="65536 superpixels are more than the 65535"):
        own_superpixels(np.arange(2**16).reshape(256, 256), torch.zeros(3, 256, 256))
