"""Pictures of a face in each of which one region is hidden."""

from __future__ import annotations

from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor

__all__ = ["FILLS", "Fill", "each_hidden"]

Fill = Literal["blur", "mean", "around"]

FILLS: tuple[Fill, ...] = ("blur", "mean", "around")

_CELLS = 8  # a side, of a blurred picture
_RIM = 128  # pixels of the picture's side for each pixel of a rim


def each_hidden(image: Tensor, masks: Tensor, fill: Fill) -> tuple[Tensor, Tensor]:
    """Hide the regions of an image, one at a time.

    A pixel in several regions is hidden with the smallest of them: the skin of CelebAMask-HQ goes on under
    the mouth, and hiding it would hide the mouth, too. A thin rim is hidden as well, since its pixels are
    mixed from both sides, but none that belongs to a smaller region.

    Parameters
    ----------
    image
        ``(3, H, W)`` in [0, 1].
    masks
        ``(R, H, W)`` bool: the regions.
    fill
        ``"blur"``: the picture as 8 x 8 cells show it, so that shapes go and broad colours stay; ``"mean"``:
        the picture's mean colour; ``"around"``: what borders on the region is carried on into it. The last
        paints the head over a hidden background.

    Returns
    -------
    places
        ``(k,)`` int64: the regions that the image has, ascending; one without a pixel of its own is left out.
    images
        ``(k, 3, H, W)`` in [0, 1]: each without one of these. Where nothing is around, the mean colour.

    Examples
    --------
    >>> image = torch.zeros(3, 8, 8)
    >>> image[:, 2:4, 2:4] = 1
    >>> places, images = each_hidden(image, torch.stack([image[0] > 0, image[0] > 1]), "around")
    >>> places.tolist(), float(images.max())
    ([0], 0.0)
    """
    areas = masks.sum(dim=(1, 2))[:, None, None]
    least = torch.where(masks, areas, masks[0].numel() + 1).amin(0)  # of the regions of a pixel
    own = masks & (areas <= least)
    places = own.flatten(1).any(1).nonzero()[:, 0]
    rim = max(1, min(image.shape[1:]) // _RIM)
    wider = F.max_pool2d(own[places].float()[:, None], 2 * rim + 1, 1, rim) > 0  # (k, 1, H, W)
    holes = wider & (areas[places] <= least)[:, None]
    return places, torch.where(holes, _filled(image, holes, fill), image)


def _filled(image: Tensor, holes: Tensor, fill: Fill) -> Tensor:
    """Return what stands in the holes, ``(k or 1, 3, H, W)`` in [0, 1]; means may round to more than 1."""
    mean = image.mean(dim=(1, 2))[None, :, None, None].clamp(0, 1)
    if fill == "mean":
        return mean
    if fill == "blur":
        cells = F.adaptive_avg_pool2d(image[None], _CELLS)
        return F.interpolate(cells, image.shape[1:], mode="bilinear", align_corners=False).clamp(0, 1)
    return _carried_on(image, holes, mean)


def _carried_on(image: Tensor, holes: Tensor, otherwise: Tensor) -> Tensor:
    """Fill holes ``(k, 1, H, W)`` from around: with means of what is known, from coarse cells to pixels."""
    known = (~holes).float()
    colours = image * known
    levels = [(colours, known)]
    while max(known.shape[2:]) > 1:
        colours, known = (F.avg_pool2d(part, 2, ceil_mode=True) for part in (colours, known))
        levels.append((colours, known))
    filled = otherwise.expand(len(holes), -1, 1, 1)
    for colours, known in reversed(levels):
        coarse = F.interpolate(filled, known.shape[2:], mode="bilinear", align_corners=False)
        filled = torch.where(known > 0, colours / known.clamp_min(1e-6), coarse)
    return filled.clamp(0, 1)
