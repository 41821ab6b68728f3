"""Attention to each pixel of an image, 0 to 1, summarised by region and by patch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor

from cfwidgets.brief import brief
from cfwidgets.engines.facex.region_sums import Regions, regions_of
from cfwidgets.models.backends.base import NotFiniteError
from cfwidgets.models.finite import all_finite

__all__ = ["Mode", "RegionAttention", "region_attention"]

Mode = Literal["paper", "reference"]

_SMALL = 64  # pixels a side at which the published tool compares
_LEAST = 1e-7  # its guard against a division by zero


@dataclass(frozen=True, eq=False)
class RegionAttention:
    """Attention of a batch by region, on the device of its maps.

    Attributes
    ----------
    attention
        ``(n, H, W)`` in [0, 1].
    ior
        ``(n, R)``: importance of each region; NaN where an image does not have it.
    values
        ``(n, P, R)``: the attention within each patch that falls on each region.
    """

    __repr__ = brief

    attention: Tensor
    ior: Tensor
    values: Tensor


def region_attention(
    maps: Tensor, region_bits: Tensor, count: int, patch: int, mode: Mode, extremes: Tensor | None = None
) -> RegionAttention:
    """Summarise maps of relevance by region and patch (Sarridis et al. 2024, equations 3, 4 and 6).

    Parameters
    ----------
    maps
        ``(n, H, W)``: relevance for the class; negative values count as 0.
    region_bits
        ``(n, H, W)`` int: bit r is set where a pixel belongs to region r.
    count
        Number of regions, R.
    patch
        Side of a patch in pixels; it divides H and W.
    mode
        ``"paper"``: the mean attention of the region. ``"reference"``: what the published tool computes, the
        share of the region (at 64 x 64, grown by the resizing) whose attention is above the mean of what is
        above 0; and patch values from the mean of the raw and the scaled map, which ranks images by the
        size of the model's gradients.
    extremes
        ``(n, 2)``: lowest and highest of each map before it was enlarged, by which the published tool scales
        the maps of its patch values; None: those of the maps.

    Returns
    -------
    RegionAttention

    Raises
    ------
    NotFiniteError
        A map has NaN or infinite values.
    """
    if not all_finite(maps):
        raise NotFiniteError("a relevance map has NaN or infinite values: has the model overflowed?")
    raw = maps.clamp_min(0)
    low, high = raw.amin(dim=(1, 2), keepdim=True), raw.amax(dim=(1, 2), keepdim=True)
    attention = torch.where(high > low, (raw - low) / (high - low).clamp_min(1e-30), torch.zeros_like(raw))
    regions = Regions(region_bits, count, patch)
    if mode == "paper":
        values = regions.sums(attention)
        ior = values.sum(1) / regions.areas().sum(1)  # 0 / 0: NaN, it is not there
    else:
        if extremes is not None:
            low, high = extremes[:, :, None, None].clamp_min(0).unbind(1)
        values = regions.sums((raw + (raw - low) / (high - low + _LEAST)) / 2)
        ior = _share_above_mean(attention, region_bits, count)
    return RegionAttention(attention, ior.float(), values.float())


def _share_above_mean(attention: Tensor, region_bits: Tensor, count: int) -> Tensor:
    shares = []
    for one, bits in zip(attention.cpu(), _grown(region_bits.cpu()), strict=True):
        levels = (one / (one.max() + _LEAST) * 255).to(torch.uint8)
        small = Image.fromarray(levels.numpy()).resize((_SMALL, _SMALL), Image.Resampling.BICUBIC)
        level = torch.from_numpy(np.array(small)).float() / 255
        lit = level > (level[level > 0].mean() if bool((level > 0).any()) else torch.inf)
        regions = regions_of(bits, count)
        shares.append((lit[..., None] & regions).sum(dim=(0, 1)) / regions.sum(dim=(0, 1)))
    return torch.stack(shares)


def _grown(region_bits: Tensor) -> Tensor:
    """Return the pixels above 0 when each mask is resized, bilinear, antialiased: ``(n, 64, 64)``.

    A cell then has every region of the pixels that its filter reaches, so that no masks are needed.
    """
    for dim in (1, 2):
        side = region_bits.shape[dim]
        weights = F.interpolate(torch.eye(side)[None, None], (_SMALL, side), mode="bilinear", antialias=True)
        reached = (weights[0, 0] > 0).int()  # (64, side): one run of pixels in each row
        first, last = reached.argmax(1), side - 1 - reached.flip(1).argmax(1)
        grown = region_bits.index_select(dim, first)
        for step in range(1, int((last - first).max()) + 1):
            grown = grown | region_bits.index_select(dim, (first + step).minimum(last))
        region_bits = grown
    return region_bits
