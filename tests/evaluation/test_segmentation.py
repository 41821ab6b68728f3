"""Overlap of maps with masks: the histogram equals brute force."""

from __future__ import annotations

import math

import pytest
import torch

from cfwidgets.evaluation.overlap import jaccard
from cfwidgets.evaluation.segmentation import BINS, saliency, segmentation_curve, stretched


def made(n=5, size=12, seed=0):
    generator = torch.Generator().manual_seed(seed)
    maps = torch.rand(n, size, size, generator=generator)
    # On the edges of bins too.
    maps[:2] = (maps[:2] * BINS).round() / BINS
    return maps, torch.rand(n, size, size, generator=generator) < maps * 0.5


def test_it_equals_brute_force_at_every_threshold():
    maps, masks = made()
    curve = segmentation_curve(maps, masks)
    for place in range(BINS):
        found = maps >= place / BINS
        both, either = found & masks, found | masks
        assert float(curve.iou[place]) == jaccard(found, masks) == int(both.sum()) / int(either.sum())
        precision = int(both.sum()) / int(found.sum()) if found.any() else 1.0
        recall = int(both.sum()) / int(masks.sum())
        assert float(curve.precision[place]) == precision
        assert float(curve.recall[place]) == recall
        assert float(curve.f1[place]) == pytest.approx(
            2 * int(both.sum()) / (int(found.sum()) + int(masks.sum()))
        )
        assert float(curve.accuracy[place]) == pytest.approx(float((found == masks).double().mean()))
        each = [jaccard(f, m) for f, m in zip(found, masks, strict=True)]
        assert float(curve.iou_of_images[place]) == pytest.approx(sum(each) / len(each))


def test_average_precision_is_the_sum_of_steps():
    maps, masks = made(1, 6, seed=3)
    curve = segmentation_curve(maps, masks)
    order = ((maps * BINS).long() / BINS).flatten()
    total, before = 0.0, 0.0
    for threshold in order.unique().flip(0):
        found = order >= threshold
        recall = float((found & masks.flatten()).sum() / masks.sum())
        total += (recall - before) * float((found & masks.flatten()).sum() / found.sum())
        before = recall
    assert curve.average_precision == pytest.approx(total)


def test_a_perfect_map_and_an_empty_mask():
    masks = made()[1]
    perfect = segmentation_curve(masks.float(), masks)
    assert float(perfect.iou[1:].min()) == 1
    assert perfect.average_precision == 1
    assert perfect.best_threshold() > 0
    empty = segmentation_curve(torch.zeros(1, 3, 3), torch.zeros(1, 3, 3, dtype=torch.bool))
    assert math.isnan(empty.average_precision)
    assert float(empty.iou[0]) == 0
    assert float(empty.iou[1]) == 1


def test_the_best_over_quantiles_is_of_thresholds_that_are_percentiles():
    maps, masks = made(3, 20, seed=4)
    binned = (maps * BINS).floor().clamp(max=BINS - 1) / BINS
    best = max(
        jaccard(binned >= threshold, masks)
        for threshold in torch.quantile(binned.flatten(), torch.arange(100) / 100, interpolation="higher")
    )
    curve = segmentation_curve(maps, masks)
    assert curve.best_over_quantiles() == pytest.approx(best, abs=0.02)
    assert curve.best_over_quantiles() <= float(curve.iou.max())


def test_a_constant_difference_is_no_map():
    images = torch.rand(2, 3, 4, 4) * 0.5
    assert not saliency(images, images).any()
    assert not stretched(torch.full((1, 3, 3), 0.3)).any()
    maps = stretched(torch.rand(4, 5, 5))
    assert maps.amin((1, 2)).tolist() == [0] * 4
    assert maps.amax((1, 2)).tolist() == [1] * 4


def test_saliency_is_the_mean_over_channels():
    twin = torch.zeros(1, 3, 1, 3)
    twin[0, :, 0, 1] = torch.tensor([0.3, 0.0, 0.3])
    twin[0, :, 0, 2] = torch.tensor([0.4, 0.4, -0.4])
    found = saliency(torch.zeros(1, 3, 1, 3), twin)[0, 0]
    assert torch.allclose(found, torch.tensor([0.0, 0.5, 1.0]))


@pytest.mark.parametrize(
    ("maps", "masks"),
    [
        (torch.rand(1, 3, 3), torch.zeros(1, 3, 4, dtype=torch.bool)),
        (torch.rand(1, 3, 3), torch.zeros(1, 3, 3)),
        (torch.rand(1, 3, 3) + 1, torch.zeros(1, 3, 3, dtype=torch.bool)),
        (torch.rand(1, 3, 3) * torch.nan, torch.zeros(1, 3, 3, dtype=torch.bool)),
        (torch.rand(0, 3, 3), torch.zeros(0, 3, 3, dtype=torch.bool)),
    ],
)
def test_what_does_not_fit_is_refused(maps, masks):
    with pytest.raises(ValueError, match="maps"):
        segmentation_curve(maps, masks)


def test_thresholds_outside_the_curve_are_refused():
    curve = segmentation_curve(*made())
    assert curve.place(0.5) == BINS // 2
    assert curve.place(0.501) == BINS // 2 + 1
    for wrong in (-0.1, 1.0):
        with pytest.raises(ValueError, match="threshold"):
            curve.place(wrong)
    with pytest.raises(ValueError, match="alike"):
        saliency(torch.rand(1, 3, 4, 4), torch.rand(1, 3, 4, 5))
