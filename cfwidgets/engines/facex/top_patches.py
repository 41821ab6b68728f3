"""The patches with the most attention: of a batch, and merged batch by batch, in any order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from cfwidgets.brief import brief
from cfwidgets.images import as_bytes

__all__ = ["Patches", "best_patches", "merged", "no_patches"]


@dataclass(frozen=True, eq=False)
class Patches:
    """The best patches of each region, the best first; free places have value 0.

    Attributes
    ----------
    values
        ``(R, k)``: the attention in the patch that falls on the region.
    images
        ``(R, k)`` int64: index of the image in the data set; -1 where the place is free.
    places
        ``(R, k, 2)`` int64: row and column of the patch's upper left pixel in the model's input.
    pixels
        ``(R, k, 3, Z, Z)`` uint8.
    """

    schema: ClassVar[dict[str, str]] = {
        "values": "float32 (R, k) 0 inf",
        "images": "int64 (R, k) -1 inf",
        "places": "int64 (R, k, 2) 0 inf",
        "pixels": "uint8 (R, k, 3, Z, Z)",
    }

    __repr__ = brief

    values: Tensor
    images: Tensor
    places: Tensor
    pixels: Tensor


def no_patches(regions: int, k: int, side: int) -> Patches:
    """Return ``k`` free places for each region."""
    return Patches(
        values=torch.zeros(regions, k),
        images=torch.full((regions, k), -1),
        places=torch.zeros(regions, k, 2, dtype=torch.int64),
        pixels=torch.zeros(regions, k, 3, side, side, dtype=torch.uint8),
    )


def best_patches(
    values: Tensor, images: Tensor, numbers: Sequence[int], side: int, k: int, each: int | None
) -> Patches:
    """Pick the best patches of a batch (equations 6 and 7).

    Parameters
    ----------
    values
        ``(n, P, R)``: attention of each patch, row by row, on each region; on any device.
    images
        ``(n, 3, H, W)`` in [0, 1].
    numbers
        Indices of these images in the data set, ascending.
    side
        Side of a patch, in pixels.
    k
        Patches to keep for each region.
    each
        Patches that one image may give to a region; None for any number.

    Returns
    -------
    Patches
        On the CPU. Among equal values the earlier image comes first, then the earlier patch; those of value
        0 are left out.
    """
    n, parts, regions = values.shape
    across = images.shape[3] // side
    by_region = values.permute(2, 0, 1)  # (R, n, P)
    if each == 1:
        part = by_region.argmax(2, keepdim=True)  # the first of equals
        best = by_region.gather(2, part)
    else:
        room = min(parts, k if each is None else each)
        ranked = by_region.sort(dim=2, descending=True, stable=True)
        best, part = ranked.values[..., :room], ranked.indices[..., :room]
    best, part = best.flatten(1).cpu(), part.flatten(1).cpu()
    image = torch.arange(n).repeat_interleave(best.shape[1] // n).expand(regions, -1)
    order = best.sort(dim=1, descending=True, stable=True).indices[:, :k]
    best, part, image = best.gather(1, order), part.gather(1, order), image.gather(1, order)
    there = best > 0
    rows, columns = part // across, part % across
    tiles = images.unfold(2, side, side).unfold(3, side, side)  # (n, 3, rows, columns, Z, Z)
    found = no_patches(regions, k, side)
    taken = torch.zeros_like(found.images, dtype=torch.bool)
    taken[:, : best.shape[1]] = there
    found.values[taken] = best[there].float()
    found.images[taken] = torch.tensor(numbers)[image[there]]
    found.places[taken] = torch.stack([rows, columns], dim=-1)[there] * side
    picked = tiles[image[there], :, rows[there], columns[there]].cpu()
    found.pixels[taken] = as_bytes(picked)
    return found


def merged(one: Patches, other: Patches) -> Patches:
    """Keep the best of both: the order in which batches are merged makes no difference.

    Parameters
    ----------
    one, other
        Patches of the same regions and number, of different images.

    Returns
    -------
    Patches
        As `best_patches` gives it for all their images at once.
    """
    k = one.values.shape[1]
    values, images, places, pixels = (
        torch.cat([getattr(one, name), getattr(other, name)], dim=1)
        for name in ("values", "images", "places", "pixels")
    )
    # Both are sorted already, and sorting is stable, so that patches of one image stay in order; only free
    # places have value 0.
    order = images.argsort(dim=1, stable=True)
    order = order.gather(1, values.gather(1, order).argsort(dim=1, descending=True, stable=True))[:, :k]
    lines = torch.arange(len(order))[:, None]
    return Patches(values[lines, order], images[lines, order], places[lines, order], pixels[lines, order])
