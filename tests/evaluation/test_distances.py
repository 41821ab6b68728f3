"""Distances of twins: values that are known for extractors that are linear."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

from cfwidgets.evaluation import Extractor, frechet_distance, l1_distance, perceptual_distance, twin_distances


def images(n: int = 3, seed: int = 0) -> Tensor:
    return torch.rand(n, 3, 4, 4, generator=torch.Generator().manual_seed(seed))


def turned(some: Tensor) -> list[Tensor]:
    """Two layers: the pixels, and sums and differences of their channels at half the resolution."""
    half = some[:, :, ::2, ::2]
    return [some, torch.stack([half[:, 0] + half[:, 1], half[:, 0] - half[:, 1]], dim=1)]


LINEAR = Extractor("linear", turned)
PIXELS = Extractor("pixels", lambda some: [some])


def test_equal_images_have_no_distance() -> None:
    assert not l1_distance(images(), images()).any()
    assert not perceptual_distance(images(), images(), LINEAR).any()
    found = twin_distances(images(6), images(6), torch.tensor([0, 1] * 3), LINEAR)
    assert not found.l1.any()
    assert not found.perceptual.any()
    assert found.frechet["full"] < 1e-12


def test_l1_is_the_mean_over_values() -> None:
    a = torch.zeros(2, 3, 2, 2)
    b = a.clone()
    b[0, 0, 0, 0], b[1] = -0.6, 0.25
    assert l1_distance(a, b).tolist() == pytest.approx([0.05, 0.25])


def test_features_are_compared_by_their_direction_at_each_place() -> None:
    a, b = torch.zeros(1, 3, 1, 2), torch.zeros(1, 3, 1, 2)
    a[0, :, 0, 0] = torch.tensor([3.0, 4.0, 0.0])  # (.6, .8) and (.8, .6): .04 + .04
    b[0, :, 0, 0] = torch.tensor([8.0, 6.0, 0.0])
    a[0, 0, 0, 1], b[0, 1, 0, 1] = 5.0, 0.1  # at a right angle: 2
    assert perceptual_distance(a, b, PIXELS).tolist() == pytest.approx([(0.08 + 2) / 2], rel=1e-6)
    assert perceptual_distance(a, 7 * a, PIXELS).tolist() == pytest.approx([0.0], abs=1e-12)


def test_layers_are_summed() -> None:
    a, b = images(), images(seed=1)
    each = [
        perceptual_distance(a, b, Extractor("one", lambda some, at=at: [turned(some)[at]])) for at in (0, 1)
    ]
    torch.testing.assert_close(perceptual_distance(a, b, LINEAR), each[0] + each[1])
    assert bool((each[0] > 0).all())


def test_places_without_features_have_no_distance() -> None:
    assert perceptual_distance(torch.zeros(2, 3, 4, 4), torch.zeros(2, 3, 4, 4), LINEAR).tolist() == [0, 0]


def test_batches_change_nothing() -> None:
    a, b, labels = images(7), images(7, 1), torch.tensor([0, 1, 0, 1, 0, 1, 1])
    whole, parts = (twin_distances(a, b, labels, LINEAR, batch_size=size) for size in (7, 2))
    torch.testing.assert_close(whole.perceptual, parts.perceptual)
    assert whole.frechet == pytest.approx(parts.frechet)


def test_the_subsets_are_those_of_the_paper() -> None:
    """Real images of a class are compared with the twins of the other."""
    labels = torch.tensor([0] * 5 + [1] * 5)
    real = images(10)
    shift = torch.tensor([0.1, 0.0, 0.2]).view(3, 1, 1)
    twins = torch.cat([real[5:] + shift, real[:5]])  # of sound images damaged ones, and the reverse
    found = twin_distances(real, twins, labels, PIXELS)
    assert found.frechet["class 0"] < 1e-12
    assert found.frechet["class 1"] == pytest.approx(0.1**2 + 0.2**2, rel=1e-4)
    means = real.mean((2, 3)), twins.mean((2, 3))
    assert found.frechet["full"] == pytest.approx(frechet_distance(*means), rel=1e-6)
    assert found.extractor == "pixels"
    assert list(found.frechet) == ["full", "class 0", "class 1"]


def test_a_subset_of_fewer_than_two_has_no_distance() -> None:
    found = twin_distances(images(4), images(4, 1), torch.tensor([0, 0, 0, 1]), PIXELS)
    assert found.frechet["full"] > 0
    assert found.frechet["class 0"] != found.frechet["class 0"]  # one twin of class 1


@pytest.mark.parametrize("wrong", [torch.zeros(3, 3, 4, 5), torch.zeros(2, 3, 4, 4)])
def test_images_of_other_shapes_are_refused(wrong: Tensor) -> None:
    for distance in (l1_distance, lambda a, b: perceptual_distance(a, b, LINEAR)):
        with pytest.raises(ValueError, match="alike"):
            distance(images(), wrong)


@pytest.mark.parametrize("labels", [torch.zeros(2).long(), torch.tensor([0, 1, 2])])
def test_labels_that_do_not_fit_are_refused(labels: Any) -> None:
    with pytest.raises(ValueError, match="labels"):
        twin_distances(images(), images(), labels, PIXELS)
