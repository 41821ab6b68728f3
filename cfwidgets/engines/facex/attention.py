"""How much a model attends to each pixel of an image, 0 to 1, and what that makes of its regions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor

from cfwidgets.engines.facex.region_sums import Regions, regions_of
from cfwidgets.models.backends.base import NotFiniteError

__all__ = ["Looked", "Mode", "look"]

Mode = Literal["paper", "reference"]

_SMALL = 64  # pixels a side at which the published tool compares
_LEAST = 1e-7  # its guard against a division by zero


@dataclass(frozen=True, eq=False)
class Looked:
    """What was seen of a batch, on the device of its maps.

    Attributes
    ----------
    attention
        ``(n, H, W)`` in [0, 1].
    ior
        ``(n, R)``: importance of each region; NaN where an image does not have it.
    values
        ``(n, P, R)``: the attention within each patch that falls on each region.
    """

    attention: Tensor
    ior: Tensor
    values: Tensor


def look(
    maps: Tensor, words: Tensor, count: int, patch: int, mode: Mode, extremes: Tensor | None = None
) -> Looked:
    """Summarise maps of relevance by region and patch (Sarridis et al. 2024, equations 3, 4 and 6).

    Parameters
    ----------
    maps
        ``(n, H, W)``: what speaks for the class; negative values count as 0.
    words
        ``(n, H, W)`` int: bit r says whether a pixel belongs to region r.
    count
        Number of regions, R.
    patch
        Side of a patch in pixels, by which H and W can be divided.
    mode
        ``"paper"``: the mean attention of the region. ``"reference"``: what the published tool computes, the
        share of the region (at 64 x 64, grown by the resizing) whose attention is above the mean of what is
        above 0; and patch values from the mean of the raw and the scaled map, which ranks images by how
        steep the model's answer is.
    extremes
        ``(n, 2)``: lowest and highest of each map before it was enlarged, by which the published tool scales
        the maps of its patch values; None: those of the maps.

    Returns
    -------
    Looked

    Raises
    ------
    NotFiniteError
        A map with NaN or infinite values.
    """
    if not bool(maps.isfinite().all()):
        raise NotFiniteError("a map of relevance holds NaN or infinite values: has the model overflowed?")
    raw = maps.clamp_min(0)
    low, high = raw.amin(dim=(1, 2), keepdim=True), raw.amax(dim=(1, 2), keepdim=True)
    attention = torch.where(high > low, (raw - low) / (high - low).clamp_min(1e-30), torch.zeros_like(raw))
    regions = Regions(words, count, patch)
    if mode == "paper":
        values = regions.sums(attention)
        ior = values.sum(1) / regions.areas().sum(1)  # 0 / 0: NaN, it is not there
    else:
        if extremes is not None:
            low, high = extremes[:, :, None, None].clamp_min(0).unbind(1)
        values = regions.sums((raw + (raw - low) / (high - low + _LEAST)) / 2)
        ior = _share_above_mean(attention, words, count)
    return Looked(attention, ior.float(), values.float())


def _share_above_mean(attention: Tensor, words: Tensor, count: int) -> Tensor:
    shares = []
    for one, word in zip(attention.cpu(), _grown(words.cpu()), strict=True):
        levels = (one / (one.max() + _LEAST) * 255).to(torch.uint8)
        small = Image.fromarray(levels.numpy()).resize((_SMALL, _SMALL), Image.Resampling.BICUBIC)
        seen = torch.from_numpy(np.array(small)).float() / 255
        lit = seen > (seen[seen > 0].mean() if bool((seen > 0).any()) else torch.inf)
        regions = regions_of(word, count)
        shares.append((lit[..., None] & regions).sum(dim=(0, 1)) / regions.sum(dim=(0, 1)))
    return torch.stack(shares)


def _grown(words: Tensor) -> Tensor:
    """Words ``(n, 64, 64)`` of what is above 0 when each mask is resized, bilinear and antialiased.

    A cell then has every region of the pixels that its filter reaches, so that bits say it without masks.
    """
    for dim in (1, 2):
        side = words.shape[dim]
        weights = F.interpolate(torch.eye(side)[None, None], (_SMALL, side), mode="bilinear", antialias=True)
        reached = (weights[0, 0] > 0).int()  # (64, side): one run of pixels in each row
        first, last = reached.argmax(1), side - 1 - reached.flip(1).argmax(1)
        grown = words.index_select(dim, first)
        for step in range(1, int((last - first).max()) + 1):
            grown = grown | words.index_select(dim, (first + step).minimum(last))
        words = grown
    return words
