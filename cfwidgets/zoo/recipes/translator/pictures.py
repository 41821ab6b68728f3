"""The sheet of pictures that shows how good a translator is."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from cfwidgets.evaluation.segmentation import saliency
from cfwidgets.models.translator_pair import TranslatorPair
from cfwidgets.zoo.recipes.translator.data import Examples

__all__ = ["sheet"]


@torch.no_grad()
def sheet(pair: TranslatorPair, test: Examples, threshold: float, *, rows: int = 8) -> Tensor:
    """Image, twin, difference, thresholded, truth: of damaged images, and beside them of sound ones.

    Parameters
    ----------
    pair
        The translator.
    test
        Examples; the first of each class are shown.
    threshold
        Of the difference.
    rows
        Images of each class.

    Returns
    -------
    Tensor
        ``(3, rows * h, 10 * h)`` in [0, 1]; without masks the truth is black.
    """
    generator: Any = pair.generator.cpu()
    halves = []
    for label in (1, 0):
        places = (test.labels == label).nonzero()[:rows, 0]
        images = test.images[places].float() / 255
        twins = generator(images).twins
        difference = saliency(images, twins)
        truth = torch.zeros_like(difference) if test.masks is None else test.masks[places].float()
        columns = [images, twins]
        columns += [each[:, None].expand_as(images) for each in (difference, difference >= threshold, truth)]
        grid = torch.stack([column.float() for column in columns], dim=1)
        count, wide, channels, height, width = grid.shape
        halves.append(grid.permute(2, 0, 3, 1, 4).reshape(channels, count * height, wide * width))
    high = min(half.shape[1] for half in halves)
    return torch.cat([half[:, :high] for half in halves], dim=2)
