from __future__ import annotations

import pytest
import torch
from torch import Tensor

from cfwidgets.training.augment import augmented


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def shift_of(moved: Tensor, image: Tensor, far: int) -> tuple[int, int]:
    """By how much an image was moved, its edges repeated; there must be one answer."""
    size = image.shape[-1]
    found = []
    for down in range(-far, far + 1):
        for right in range(-far, far + 1):
            rows = (torch.arange(size) + down).clamp(0, size - 1)
            columns = (torch.arange(size) + right).clamp(0, size - 1)
            if torch.equal(image[:, rows][:, :, columns], moved):
                found.append((down, right))
    assert len(found) == 1
    return found[0]


def test_nothing_is_changed_where_nothing_is_asked_for() -> None:
    images = torch.rand(3, 2, 8, 8)
    assert torch.equal(augmented(images, seeded(), shift=0, cutout=0), images)


def test_images_are_shifted_by_whole_pixels_each_by_its_own() -> None:
    images = torch.rand(400, 2, 8, 8)
    before = images.clone()
    moved = augmented(images, seeded(), shift=1 / 4, cutout=0)
    assert torch.equal(images, before)
    shifts = [shift_of(*pair, far=3) for pair in zip(moved, images, strict=True)]
    assert {down for down, _ in shifts} == {right for _, right in shifts} == {-2, -1, 0, 1, 2}
    assert len(set(shifts)) == 25


@pytest.mark.parametrize("cutout", [1 / 4, 1 / 2])
def test_a_square_is_greyed_out_in_all_channels(cutout: float) -> None:
    size = 16
    images = torch.full((500, 2, size, size), 0.7)
    changed = augmented(images, seeded(), shift=0, cutout=cutout)
    gone = changed == 0
    assert torch.equal(gone[:, 0], gone[:, 1])
    assert torch.equal(changed[~gone], images[~gone])
    rows, columns = gone[:, 0].any(dim=2), gone[:, 0].any(dim=1)
    assert torch.equal(gone[:, 0], rows[:, :, None] & columns[:, None, :]), "rectangles"
    side = round(size * cutout)
    for along in (rows, columns):
        assert along.sum(dim=1).max() == side
        assert along.sum(dim=1).min() >= side // 2 - 1
        steps = along.int().diff(dim=1).abs().sum(dim=1)
        assert steps.max() <= 2, "one piece"
        inside = ~along[:, 0] & ~along[:, -1]
        assert (along.sum(dim=1)[inside] == side).all()
        assert along.any(dim=0).all(), "everywhere"


def test_gradients_go_where_the_pixels_came_from() -> None:
    images = torch.rand(3, 1, 5, 5, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda x: augmented(x, seeded(1), shift=0.3, cutout=0.4), images)
    cut = augmented(images, seeded(), shift=0, cutout=0.5)
    (gradient,) = torch.autograd.grad(cut.sum(), images)
    assert torch.equal(gradient, (cut != 0).double())


def test_chance_comes_from_the_generator_alone() -> None:
    images, state = torch.rand(6, 1, 8, 8), torch.get_rng_state()
    first = augmented(images, seeded(3))
    assert torch.equal(augmented(images, seeded(3)), first)
    assert not torch.equal(augmented(images, seeded(4)), first)
    assert torch.equal(torch.get_rng_state(), state)
