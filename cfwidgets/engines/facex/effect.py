"""The effect of each region: how far the answer moves when it is hidden."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from cfwidgets.engines.facex.hiding import Fill, each_hidden
from cfwidgets.engines.facex.reading import ReadFace
from cfwidgets.engines.facex.region_sums import regions_of
from cfwidgets.models.backends.base import NotFiniteError
from cfwidgets.models.classifier import Classifier

__all__ = ["effects", "sample"]


def effects(clf: Classifier, face: ReadFace, target: int, regions: int, fill: Fill) -> Tensor:
    """Measure by how much each region of a face raises the target's log-odds.

    All pictures of a face go through the network in one batch, so that the numbers do not depend on how
    many faces are measured at once.

    Parameters
    ----------
    clf
        The classifier.
    face
        The face as the model sees it.
    target
        Index of the class.
    regions
        Number of regions, R.
    fill
        What stands in the place of a region: see `each_hidden`.

    Returns
    -------
    Tensor
        ``(R,)``: log-odds of the target, less those without the region: above 0 where it speaks for the
        class. NaN where the face does not have the region, and everywhere if an answer is not finite.
    """
    found = torch.full((regions,), torch.nan)
    masks = regions_of(face.region_bits, regions).permute(2, 0, 1)
    places, images = each_hidden(face.image, masks, fill)
    try:
        rows = clf.logits(torch.cat([face.image[None], images]))
    except NotFiniteError:
        return found
    others = rows[:, [place for place in range(rows.shape[1]) if place != target]]
    odds = rows[:, target] - others.logsumexp(1)
    found[places] = odds[0] - odds[1:]
    return found


def sample(numbers: Tensor, total: int, count: int, seed: int) -> Sequence[int]:
    """Draw some of the faces, always in the same order.

    Parameters
    ----------
    numbers
        ``(n,)`` int64: indices of the faces that can be used.
    total
        Number of all faces.
    count
        How many to draw; fewer where there are not so many.
    seed
        Of the order, which does not depend on ``count`` nor on the faces that cannot be used.

    Examples
    --------
    >>> first, more = (sample(torch.arange(9), 9, count, seed=0) for count in (2, 4))
    >>> first == more[:2], sorted(sample(torch.tensor([3, 5]), 9, 4, seed=0))
    (True, [3, 5])
    """
    usable = set(numbers.tolist())
    order = torch.randperm(total, generator=torch.Generator().manual_seed(seed)).tolist()
    return [number for number in order if number in usable][:count]
