"""The answers of a model to other pictures."""

from __future__ import annotations

import pytest
import torch

from cfwidgets.evaluation.elsewhere import Answers, pictures

IMAGE = torch.rand(3, 20, 28, generator=torch.Generator().manual_seed(0))


def rows(image, nothing, same):
    """Answers of two classes: the probability of the second to the image, to nothing, and to the same."""
    second = torch.tensor([image, *[nothing] * 9, *[same] * 6])
    both = torch.stack([1 - second, second], 1)
    return Answers(both[0], both[1:])


@pytest.mark.parametrize("size", [(3, 5), (16, 16), (20, 28), (33, 64)])
def test_the_pictures_are_pictures_of_the_image_s_size(size):
    made = pictures(torch.rand(3, *size))
    assert made.shape == (15, 3, *size)
    assert made.dtype == torch.float32
    assert 0 <= float(made.min()) <= float(made.max()) <= 1


def test_they_are_the_same_each_time_and_leave_the_random_state_alone():
    state = torch.get_rng_state()
    assert torch.equal(pictures(IMAGE), pictures(IMAGE))
    assert torch.equal(torch.get_rng_state(), state)


def test_what_shows_nothing_does_not_depend_on_the_image_but_for_its_tiles():
    one, other = pictures(IMAGE), pictures(IMAGE.flip(2))
    assert torch.equal(one[:7], other[:7])
    assert not torch.equal(one[7:9], other[7:9])


def test_tiles_hold_the_image_s_pixels_in_other_places():
    image = torch.arange(3 * 8 * 8).view(3, 8, 8) / 192
    tiled = pictures(image)[7]
    assert not torch.equal(tiled, image)
    assert torch.equal(tiled.flatten(1).sort(1).values, image.flatten(1).sort(1).values)


def test_what_shows_the_same_is_near_the_image():
    step = torch.linspace(0, 1, 32).expand(3, 32, 32)
    assert float((pictures(step)[9:] - step).abs().mean((1, 2, 3)).max()) < 0.11
    shifted, back = pictures(step)[9:11]
    assert torch.equal(shifted[:, :, 2:], step[:, :, :-2])
    assert torch.equal(back[:, :, :-2], step[:, :, 2:])


def test_a_model_that_answers_the_same_is_told():
    found = rows(0.7, 0.7, 0.7)
    assert found.difference == pytest.approx(0, abs=1e-9)
    assert (found.differ, found.steady) == (False, True)
    assert [said.startswith("The answer hardly depends on the picture") for said in found.caveats] == [True]


def test_a_model_that_is_sure_that_nothing_is_nothing_is_not():
    assert rows(0.999, 0.99, 0.999).differ is False  # a factor of ten in one answer of ten
    assert rows(0.9, 0.0001, 0.9).caveats == ()


def test_a_model_that_changes_its_mind_over_nothing_is_told():
    found = rows(0.9, 0.0001, 0.1)
    assert found.change == pytest.approx(0.8)
    assert (found.differ, found.steady) == (True, False)
    assert len(found.caveats) == 1
    assert "dimmed a little, 80 % of the answer changes" in found.caveats[0]


def test_independent_classes_are_compared_as_shares():
    independent = Answers(torch.tensor([0.8, 0.8]), torch.full((15, 2), 0.4))
    assert independent.change == pytest.approx(0)
