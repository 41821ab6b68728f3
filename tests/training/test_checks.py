"""What a training refuses before it begins, in words that name what was given."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image

from cfwidgets.training.checks import labels_for, masks_for, square_images


def test_images_become_bytes():
    images = torch.tensor([0.0, 0.5, 1.0])[:, None, None, None].expand(-1, 3, 4, 4)
    assert square_images(images, 4)[:, 0, 0, 0].tolist() == [0, 128, 255]
    given = torch.zeros(1, 3, 4, 4, dtype=torch.uint8)
    assert square_images(given) is given


@pytest.mark.parametrize(
    ("images", "words"),
    [
        ([], "images must be one tensor .*, not a list$"),
        (
            [torch.rand(3, 16, 16), torch.rand(3, 16, 16), torch.rand(3, 24, 16)],
            r"they differ: image 0 is \(3, 16, 16\) torch.float32, image 2 is \(3, 24, 16\) torch.float32",
        ),
        (
            [torch.rand(3, 16, 16), torch.rand(1, 16, 16)],
            r"they differ: image 0 is \(3, 16, 16\) .*, image 1 is \(1, 16, 16\)",
        ),
        (
            [Image.new("RGB", (16, 16)), Image.new("RGBA", (16, 16))],
            "they differ: image 0 is 16 x 16 RGB, image 1 is 16 x 16 RGBA",
        ),
        ([Image.new("RGB", (16, 16)), "a.png"], "image 0 is 16 x 16 RGB, image 1 is a str"),
        ([torch.rand(3, 16, 16)] * 2, r"torch.stack makes one"),
        (np.zeros((4, 3, 16, 16)), "not a ndarray"),
        (torch.rand(0, 3, 16, 16), "images are none"),
        (torch.rand(2, 4, 16, 16), r"got \(2, 4, 16, 16\)"),
        (torch.rand(2, 3, 16, 20), r"got \(2, 3, 16, 20\)"),
    ],
)
def test_images_of_mixed_sizes_and_modes_are_named(images, words):
    with pytest.raises(ValueError, match=words):
        square_images(images, 4)


@pytest.mark.parametrize(
    ("labels", "words"),
    [
        ([0, 1], r"must be a tensor \(2,\) int64, not a list"),
        (np.array([0, 1]), "not a ndarray"),
        (torch.tensor([0, 1, 0]), r"got \(3,\)"),
        (torch.tensor([0, -1]), r"must be 0 and 1; got \[-1, 0\]"),
        (torch.tensor([1, 2]), r"must be 0 and 1; got \[1, 2\]"),
    ],
)
def test_labels_are_nought_and_one(labels, words):
    with pytest.raises(ValueError, match=words):
        labels_for(2, labels)


def test_masks_are_of_the_size_of_the_images():
    images = torch.zeros(2, 3, 8, 8)
    masks = torch.zeros(2, 8, 8).bool()
    assert masks_for(images, masks) is masks
    for wrong in (masks[:1], masks[:, :4], masks.float(), masks[:, None]):
        with pytest.raises(ValueError, match=r"\(2, 8, 8\) bool, of the size of the images; got"):
            masks_for(images, wrong)
    with pytest.raises(ValueError, match="not a ndarray"):
        masks_for(images, masks.numpy())
