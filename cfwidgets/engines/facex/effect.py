"""The effect of each region: how far the answer moves when it is hidden.

With it, in the same batch, go the mirrored face and one with a little noise, to measure whether the answers
say anything of the faces: see `cfwidgets.engines.facex.meaning`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from cfwidgets.engines.facex.hiding import Fill, each_hidden
from cfwidgets.engines.facex.reading import ReadFace
from cfwidgets.engines.facex.region_sums import regions_of
from cfwidgets.models.backends.base import NotFiniteError
from cfwidgets.models.backends.outputs import to_logits
from cfwidgets.models.classifier import Classifier

__all__ = ["Effects", "effects", "sample"]

_NOISE = 0.05
_SEED = 0


class Effects(NamedTuple):
    """The answers of a classifier to one face and to changes of it. R is the number of regions.

    Attributes
    ----------
    effect
        ``(R,)``: log-odds of the target, less those without the region: above 0 where it speaks for the
        class. NaN where the face does not have the region, and everywhere if an answer is not finite.
    repainted
        ``(R,)``: by how much the pixels change when the region is hidden, as the length of their difference.
        NaN as in ``effect``.
    odds
        ``(3,)``: log-odds of the target for the face, for the mirrored face, and for the face with a little
        noise. NaN if an answer is not finite.
    colour
        ``(3,)``: mean colour of the face's image.
    """

    effect: Tensor
    repainted: Tensor
    odds: Tensor
    colour: Tensor

    @classmethod
    def none(cls, regions: int) -> Effects:
        """Return those of a face that cannot be used."""
        return cls(*(torch.full((count,), torch.nan) for count in (regions, regions, 3, 3)))


def effects(clf: Classifier, face: ReadFace, target: int, regions: int, fill: Fill) -> Effects:
    """Measure by how much each region of a face raises the target's log-odds.

    All pictures of a face go through the network in one batch, so that the numbers do not depend on how
    many faces are measured at once.

    Parameters
    ----------
    clf
        The classifier.
    face
        The face as the model sees it, checked by the `FaceReader` that it comes from.
    target
        Index of the class.
    regions
        Number of regions, R.
    fill
        What stands in the place of a region: see `each_hidden`.

    """
    found = Effects.none(regions)
    masks = regions_of(face.region_bits, regions).permute(2, 0, 1)
    places, images = each_hidden(face.image, masks, fill)
    noise = torch.randn(face.image.shape, generator=torch.Generator().manual_seed(_SEED))
    whole = torch.stack([face.image, face.image.flip(2), (face.image + _NOISE * noise).clamp(0, 1)])
    try:
        rows = clf.evaluate_checked(torch.cat([whole, images]), to_logits)
    except NotFiniteError:
        return found
    others = rows[:, [place for place in range(rows.shape[1]) if place != target]]
    odds = rows[:, target] - others.logsumexp(1)
    found.effect[places] = odds[0] - odds[len(whole) :]
    found.repainted[places] = (images - face.image).flatten(1).norm(dim=1)
    return found._replace(odds=odds[: len(whole)], colour=face.image.mean((1, 2)))


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
