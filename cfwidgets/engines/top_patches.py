"""The patches that moved a model most, kept while the data goes by."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

__all__ = ["Patches", "merged", "no_patches"]


@dataclass(frozen=True, eq=False)
class Patches:
    """The best patches of each region, the best first; places that are not taken have value 0.

    Attributes
    ----------
    values
        ``(R, k)``: the attention in the patch that falls on the region.
    images
        ``(R, k)`` int64: the number of the image; -1 where the place is free.
    places
        ``(R, k, 2)`` int64: row and column of its upper left pixel in what the model sees.
    pixels
        ``(R, k, 3, Z, Z)`` uint8.
    """

    values: Tensor
    images: Tensor
    places: Tensor
    pixels: Tensor


def no_patches(regions: int, k: int, side: int) -> Patches:
    """Room for ``k`` patches of each region."""
    return Patches(
        values=torch.zeros(regions, k),
        images=torch.full((regions, k), -1),
        places=torch.zeros(regions, k, 2, dtype=torch.int64),
        pixels=torch.zeros(regions, k, 3, side, side, dtype=torch.uint8),
    )


def merged(patches: Patches, values: Tensor, images: Tensor, first: int, each: int | None) -> Patches:
    """Take the patches of a batch in where they are better (equations 6 and 7).

    Parameters
    ----------
    patches
        The best so far.
    values
        ``(n, P, R)``: of each patch, row by row, for each region.
    images
        ``(n, 3, H, W)`` in [0, 1].
    first
        Number of the first of these images.
    each
        Patches that one image may give to a region; None for any number.

    Returns
    -------
    Patches
        Of equal values the earlier image comes first, then the earlier patch; those of value 0 are left out.
    """
    n, parts, regions = values.shape
    k, side = patches.values.shape[1], patches.pixels.shape[-1]
    across = images.shape[3] // side
    best, part = values.permute(2, 0, 1).sort(dim=2, descending=True, stable=True)  # (R, n, P)
    room = min(parts, k if each is None else each)
    new, part = best[..., :room].flatten(1), part[..., :room].flatten(1)
    image = torch.arange(n).repeat_interleave(room).expand(regions, -1)
    # The sort is stable: earlier images stand first, and free places before new zeros, which are never taken.
    order = torch.cat([patches.values, new], dim=1).sort(dim=1, descending=True, stable=True).indices[:, :k]
    kept, old, from_new = order < k, order.clamp_max(k - 1), (order - k).clamp_min(0)
    here, where = image.gather(1, from_new), part.gather(1, from_new)
    rows, columns = where // across, where % across
    tiles = images.unfold(2, side, side).unfold(3, side, side)  # (n, 3, rows, columns, Z, Z)
    pixels = (tiles[here, :, rows, columns] * 255).round().to(torch.uint8)
    places = torch.stack([rows, columns], dim=-1) * side
    lines = torch.arange(regions)[:, None]
    return Patches(
        values=torch.where(kept, patches.values[lines, old], new.gather(1, from_new)),
        images=torch.where(kept, patches.images[lines, old], here + first),
        places=torch.where(kept[..., None], patches.places[lines, old], places),
        pixels=torch.where(kept[..., None, None, None], patches.pixels[lines, old], pixels),
    )
