"""Masking: shown superpixels are the picture, bit by bit; hidden ones are the fill."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torchvision.transforms.functional import gaussian_blur

from cfwidgets import Classifier
from cfwidgets.evaluation.masking import FILLS, MaskedPicture, filled
from cfwidgets.images import ImageError


def brightness(images):
    p = images.mean((1, 2, 3))
    return torch.stack([1 - p, p], 1)


CLF = Classifier(brightness, labels=["dark", "bright"])


def test_two_rows_of_a_two_by_two_picture():
    picture = torch.tensor([[0.2, 0.4], [0.6, 0.8]]).expand(3, 2, 2)
    rows = torch.tensor([[0, 0], [1, 1]])
    masked = MaskedPicture(CLF, picture, torch.zeros(3, 2, 2), rows)
    (upper,) = masked.compose(torch.tensor([[True, False]]))
    assert torch.equal(upper[:, 0], picture[:, 0])
    assert torch.equal(upper[:, 1], torch.zeros(3, 2))


@given(seed=st.integers(0, 2**31), fill=st.sampled_from(FILLS))
def test_every_pixel_is_the_picture_or_the_fill_bit_by_bit(seed, fill):
    generator = torch.Generator().manual_seed(seed)
    image = torch.rand(3, 12, 9, generator=generator)
    segments = torch.arange(12 * 9).reshape(12, 9) % 5
    masks = torch.rand(7, 5, generator=generator) < 0.5
    hidden = filled(image, segments, fill)
    composed = MaskedPicture(CLF, image, hidden, segments).compose(masks)
    for mask, picture in zip(masks, composed, strict=True):
        shown = mask[segments]
        assert torch.equal(picture[:, shown], image[:, shown])
        assert torch.equal(picture[:, ~shown], hidden[:, ~shown])


def test_what_is_asked_in_a_batch_is_what_is_asked_one_at_a_time():
    generator = torch.Generator().manual_seed(0)
    image = torch.rand(3, 16, 16, generator=generator)
    segments = torch.arange(256).reshape(16, 16) // 8
    masks = torch.rand(70, 32, generator=generator) < 0.5  # more than are composed at a time
    masked = MaskedPicture(CLF, image, torch.zeros_like(image), segments)
    together = masked.probabilities(masks)
    apart = torch.cat([masked.probabilities(mask[None]) for mask in masks])
    assert together.shape == (70, 2)
    torch.testing.assert_close(together, apart, atol=1e-6, rtol=0)


ROWS = torch.tensor([[0, 0], [1, 1]])
ALL_MASKS = torch.tensor([[False, False], [False, True], [True, False], [True, True]])


@pytest.mark.parametrize("wrong", [float("nan"), float("inf"), -0.01, 1.01])
@pytest.mark.parametrize("which", ["image", "hidden"])
def test_what_is_composed_of_is_checked_since_what_is_composed_is_not(which, wrong):
    pictures = {"image": torch.rand(3, 2, 2), "hidden": torch.zeros(3, 2, 2)}
    pictures[which][1, 0, 1] = wrong
    with pytest.raises(ImageError):
        MaskedPicture(CLF, **pictures, segments=ROWS)


def test_means_that_round_to_more_than_white_are_shown_as_white():
    above = torch.full((3, 2, 2), 1 + 1e-6)
    composed = MaskedPicture(CLF, torch.zeros(3, 2, 2), above, ROWS).compose(ALL_MASKS)
    assert composed.amax((1, 2, 3)).tolist() == [1, 1, 1, 0]


def test_composed_pictures_are_answered_as_if_they_were_given():
    image = torch.rand(3, 2, 2, generator=torch.Generator().manual_seed(3))
    masked = MaskedPicture(CLF, image, torch.full((3, 2, 2), 0.5), ROWS)
    given = CLF.probabilities(masked.compose(ALL_MASKS))
    assert torch.equal(masked.probabilities(ALL_MASKS), given)
    assert torch.equal(masked.finite_or_nan(ALL_MASKS), given)


def test_the_fills_are_what_they_are_called():
    image = torch.rand(3, 20, 30, generator=torch.Generator().manual_seed(1))
    segments = (torch.arange(20)[:, None] // 10).expand(20, 30).contiguous()
    assert filled(image, segments, "black").count_nonzero() == 0
    assert (filled(image, segments, "grey") == 0.5).all()
    mean = filled(image, segments, "mean")
    torch.testing.assert_close(mean[:, :10], image[:, :10].mean((1, 2))[:, None, None].expand(3, 10, 30))
    torch.testing.assert_close(mean[:, 10:], image[:, 10:].mean((1, 2))[:, None, None].expand(3, 10, 30))
    blur = filled(image, segments, "blur")
    assert blur.std() < image.std() / 3
    torch.testing.assert_close(blur.mean(), image.mean(), atol=0.02, rtol=0)


@pytest.mark.parametrize("side", [2, 9, 40])
def test_the_blur_is_a_gaussian(side):
    image = torch.rand(3, side, 40, generator=torch.Generator().manual_seed(2))
    sigma = side / 10
    size = 2 * min(int(3 * sigma), side - 1) + 1
    blurred = filled(image, torch.zeros(side, 40, dtype=torch.int32), "blur")
    torch.testing.assert_close(blurred, gaussian_blur(image, [size] * 2, [sigma] * 2), atol=1e-6, rtol=0)


@pytest.mark.parametrize("side", [2, 3, 8])
def test_even_a_tiny_picture_can_be_blurred(side):
    image = torch.rand(3, side, 40, generator=torch.Generator().manual_seed(2))
    assert filled(image, torch.zeros(side, 40, dtype=torch.int32), "blur").shape == image.shape
