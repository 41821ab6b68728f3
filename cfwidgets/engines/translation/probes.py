"""Changed images and twins, and what the classifier predicts for them: from these, trust is measured."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F
from torch import Tensor

from cfwidgets.brief import brief
from cfwidgets.evaluation.doubt import pearson
from cfwidgets.evaluation.segmentation import saliency

if TYPE_CHECKING:
    from cfwidgets.models.classifier import Classifier
    from cfwidgets.models.translator import Translator

__all__ = ["DISTURBANCES", "KEPT", "Probes", "correlations", "no_probes", "places", "probed"]

KEPT = 0.1
"""Share of the pixels inside the strongest part of a mask."""

_ANGLE = 5.0  # degrees


def _mirrored(images: Tensor) -> Tensor:
    return images.flip(-1)


def _coarser(images: Tensor) -> Tensor:
    """Halve the resolution, and scale back."""
    size = images.shape[-2:]
    half = [max(1, side // 2) for side in size]
    small = F.interpolate(images, size=half, mode="bilinear", antialias=True)
    return F.interpolate(small, size=size, mode="bilinear").clamp(0, 1)


def _nearer(images: Tensor) -> Tensor:
    """Cut the thirty-second part off each side, and scale up."""
    height, width = images.shape[-2:]
    rows, columns = (max(1, side // 32) for side in (height, width))
    inner = images[..., rows : height - rows, columns : width - columns]
    return _coarser(F.interpolate(inner, size=(height, width), mode="bilinear").clamp(0, 1))


def _turned(images: Tensor) -> Tensor:
    """Turn by five degrees."""
    height, width = images.shape[-2:]
    cos, sin = math.cos(math.radians(_ANGLE)), math.sin(math.radians(_ANGLE))
    matrix = torch.tensor([[cos, -sin * height / width, 0.0], [sin * width / height, cos, 0.0]])
    grid = F.affine_grid(matrix.expand(len(images), 2, 3), list(images.shape), align_corners=False)
    return _coarser(F.grid_sample(images, grid, padding_mode="reflection", align_corners=False).clamp(0, 1))


DISTURBANCES: dict[str, Callable[[Tensor], Tensor]] = {
    "mirrored": _mirrored,
    "slightly enlarged, at half the resolution": _nearer,
    "slightly turned, at half the resolution": _turned,
}
"""Changes of a picture that leave its class as it is, and adversarial noise hardly outlives."""


@dataclass(frozen=True, eq=False)
class Probes:
    """Predictions for changed images and twins, of k of the images.

    Attributes
    ----------
    places
        ``(k,)`` int64: the images.
    inside
        ``(k, C)``: for the image with only that part of the change that is in the strongest tenth of its
        mask.
    elsewhere
        ``(k, C)``: the same, with the mask moved by half the image in both directions.
    dealt
        ``(k, C)``: for the image with the change of another image of the same side of the decision; NaN where
        there is no other.
    disturbed, disturbed_twins
        ``(k, 3, C)``: for the image and its twin disturbed: mirrored; enlarged, and turned, at half the
        resolution.
    variants, others, randomised
        ``(k,)``: Pearson's correlation of the mask with those of the variants (their mean), with the mask of
        another image, and with the mask of the translator with random weights; NaN where there is none.
    """

    __repr__ = brief

    places: Tensor
    inside: Tensor
    elsewhere: Tensor
    dealt: Tensor
    disturbed: Tensor
    disturbed_twins: Tensor
    variants: Tensor
    others: Tensor
    randomised: Tensor

    def __len__(self) -> int:
        return len(self.places)

    def and_more(self, more: Probes) -> Probes:
        """Append those of further images."""
        return Probes(
            *(torch.cat([getattr(self, one.name), getattr(more, one.name)]) for one in fields(Probes))
        )


def no_probes(classes: int) -> Probes:
    """Make those of no image."""
    none, predictions = torch.zeros(0), torch.zeros(0, classes)
    disturbed = torch.zeros(0, len(DISTURBANCES), classes)
    return Probes(
        places=torch.zeros(0, dtype=torch.int64),
        inside=predictions,
        elsewhere=predictions,
        dealt=predictions,
        disturbed=disturbed,
        disturbed_twins=disturbed,
        variants=none,
        others=none,
        randomised=none,
    )


def places(count: int, most: int) -> Tensor:
    """Choose at most so many of ``count`` images, evenly spread, since images may lie class by class.

    Examples
    --------
    >>> places(3, 5).tolist(), places(9, 3).tolist()
    ([0, 1, 2], [0, 4, 8])
    """
    if count <= most:
        return torch.arange(count)
    return torch.linspace(0, count - 1, most, dtype=torch.float64).round().long()


def probed(
    clf: Classifier,
    randomised: Translator | None,
    images: Tensor,
    twins: Tensor,
    variants: Tensor,
    on_target: Tensor,
    which: Tensor,
    some: slice,
) -> Probes:
    """Change some images and twins, and predict.

    Parameters
    ----------
    clf
        The classifier.
    randomised
        The translator with random weights; None where it has none.
    images, twins, variants
        All images that are probed, ``(k, 3, H, W)``, their twins, and ``(k, v, 3, H, W)`` uint8.
    on_target
        ``(k,)`` bool: the side of each image.
    which
        ``(k,)`` int64: their places.
    some
        The rows to do now.
    """
    here, changed = images[some], twins[some]
    mask = saliency(here, changed)
    strongest = _strongest(mask)
    height, width = mask.shape[1:]
    moved = strongest.roll((height // 2, width // 2), (1, 2))
    partners = [_partner(on_target, place) for place in range(len(images))[some]]
    given = [place for place in partners if place is not None]
    has = torch.tensor([place is not None for place in partners])
    dealt = (here[has] + twins[given] - images[given]).clamp(0, 1)
    asked = [
        torch.where(strongest[:, None], changed, here),
        torch.where(moved[:, None], changed, here),
        *(change(pictures) for pictures in (here, changed) for change in DISTURBANCES.values()),
        dealt,
    ]
    n, t = len(here), len(DISTURBANCES)
    answers = clf.probabilities(torch.cat(asked)).split([n] * (2 + 2 * t) + [len(dealt)])
    of_dealt = answers[0].new_full(answers[0].shape, torch.nan)
    of_dealt[has] = answers[-1]
    unknown = torch.full((n,), torch.nan)
    others = unknown.clone()
    others[has] = correlations(mask[has], saliency(images[given], twins[given]))
    return Probes(
        places=which[some],
        inside=answers[0],
        elsewhere=answers[1],
        dealt=of_dealt,
        disturbed=torch.stack(answers[2 : 2 + t], 1),
        disturbed_twins=torch.stack(answers[2 + t : 2 + 2 * t], 1),
        variants=_with_variants(mask, here, variants[some]),
        others=others,
        randomised=unknown
        if randomised is None
        else correlations(mask, saliency(here, randomised.translate(here).twins)),
    )


def correlations(a: Tensor, b: Tensor) -> Tensor:
    """Correlate maps ``(n, H, W)`` pair by pair, Pearson's; 0 where either is constant."""
    values = [pearson(x.flatten(), y.flatten()) for x, y in zip(a, b, strict=True)]
    return torch.tensor(values, dtype=torch.float32).nan_to_num(0)


def _with_variants(masks: Tensor, images: Tensor, variants: Tensor) -> Tensor:
    n, v = variants.shape[:2]
    if not v:
        return torch.full((n,), torch.nan)
    each = [correlations(masks, saliency(images, variants[:, place].float() / 255)) for place in range(v)]
    return torch.stack(each).mean(0)


def _strongest(masks: Tensor) -> Tensor:
    """Mark the strongest tenth of each mask, without what did not change."""
    flat = masks.flatten(1)
    least = flat.topk(max(1, round(KEPT * flat.shape[1])), dim=1).values[:, -1]
    return (masks >= least[:, None, None]) & (masks > 0)


def _partner(on_target: Tensor, place: int) -> int | None:
    """The next image of the same side, in a circle; None where there is no other."""
    same = (on_target == on_target[place]).nonzero()[:, 0].tolist()
    return same[(same.index(place) + 1) % len(same)] if len(same) > 1 else None
