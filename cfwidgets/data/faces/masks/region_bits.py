"""Region bits: the masks of 19 regions in one integer a pixel, with one bit a region.

Masks may overlap (hair over an ear), so that a map with one label a pixel would lose some; 19 masks of their
own take 19 bytes a pixel. An int32 takes four and keeps all.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from cfwidgets.data.faces.regions import REGIONS
from cfwidgets.images import fit

__all__ = ["MaskError", "as_region_bits", "pack", "resize", "unpack"]

# Rounding of a scaled mask, so that exactly one half is not taken for more.
_NOISE = 1e-5


class MaskError(ValueError):
    """Masks are refused, or cannot be read: what was given, and what is accepted."""


def pack(masks: Tensor) -> Tensor:
    """Put the masks of the regions into region bits.

    Parameters
    ----------
    masks
        ``(..., 19, h, w)`` bool, in the order of `REGIONS`.

    Returns
    -------
    Tensor
        ``(..., h, w)`` int32; bit r is set where the pixel belongs to region r.

    Examples
    --------
    >>> masks = torch.zeros(19, 1, 2, dtype=torch.bool)
    >>> masks[1] = True
    >>> masks[REGIONS.index("hair"), 0, 1] = True
    >>> pack(masks).tolist()
    [[2, 8194]]
    """
    bits = torch.arange(len(REGIONS), device=masks.device, dtype=torch.int32)
    return (masks.to(torch.int32) << bits[:, None, None]).sum(-3, dtype=torch.int32)


def unpack(region_bits: Tensor) -> Tensor:
    """Take the masks of the regions out of region bits.

    Parameters
    ----------
    region_bits
        ``(..., h, w)`` int32.

    Returns
    -------
    Tensor
        ``(..., 19, h, w)`` bool, in the order of `REGIONS`.

    Examples
    --------
    >>> unpack(torch.tensor([[2, 8194]], dtype=torch.int32))[[1, 13], 0].tolist()
    [[True, True], [False, True]]
    """
    bits = torch.arange(len(REGIONS), device=region_bits.device, dtype=region_bits.dtype)
    return (region_bits.unsqueeze(-3) >> bits[:, None, None]) & 1 == 1


def resize(region_bits: Tensor, size: tuple[int, int]) -> Tensor:
    """Bring region bits to another size, exactly as `cfwidgets.images.fit` brings an image there.

    Parameters
    ----------
    region_bits
        ``(h, w)`` int32.
    size
        Height and width. The regions are scaled until they just cover it, and the centre is cut out.

    Returns
    -------
    Tensor
        ``(height, width)`` int32. A pixel belongs to the regions that cover more than half of it (weighted
        as the image's own antialiasing weights it). Where none does, it gets the region that covers most, or
        none where most of it belongs to none. So masks that exclude each other still do, masks that leave no
        gap still leave none, and overlaps stay; a region smaller than half a new pixel is lost.

    Examples
    --------
    >>> halves = torch.tensor([[2, 2, 4, 4]] * 4, dtype=torch.int32)
    >>> resize(halves, (2, 2)).tolist()
    [[2, 4], [2, 4]]
    """
    if tuple(region_bits.shape) == size:
        return region_bits
    found = int(np.bitwise_or.reduce(region_bits.cpu().numpy(), axis=None))
    present = [bit for bit in range(len(REGIONS)) if found >> bit & 1]
    layers = torch.stack([(region_bits >> bit) & 1 for bit in present] + [(region_bits == 0).int()])
    coverage = fit(layers.float()[None], size)[0]
    chosen = coverage > 0.5 + _NOISE
    gaps = ~chosen.any(0)
    most = coverage.argmax(0)
    chosen[most[gaps], gaps.nonzero()[:, 0], gaps.nonzero()[:, 1]] = True
    weights = torch.tensor([1 << bit for bit in present] + [0], dtype=torch.int32, device=region_bits.device)
    return (chosen * weights[:, None, None]).sum(0, dtype=torch.int32)


def as_region_bits(value: Tensor | npt.NDArray[Any], size: tuple[int, int], of: str) -> Tensor:
    """Read masks or region bits that a user's function returned for an image.

    Parameters
    ----------
    value
        ``(19, h, w)`` bool, or region bits ``(h, w)`` of any integer type.
    size
        Height and width that it must have.
    of
        What the masks are of, for the error message.

    Returns
    -------
    Tensor
        ``(h, w)`` int32 on the CPU.

    Raises
    ------
    MaskError
        Another type, shape or size; bits beyond the 19 regions.
    """
    if isinstance(value, np.ndarray):
        # A copy: torch takes no negative strides, and no arrays that are read-only without a warning.
        value = torch.from_numpy(np.array(value))
    if not isinstance(value, Tensor):
        raise MaskError(_refusal(of, type(value).__name__, size))
    found = f"{tuple(value.shape)} of {str(value.dtype).removeprefix('torch.')}"
    value = value.detach().cpu()
    if value.dtype == torch.bool and tuple(value.shape) == (len(REGIONS), *size):
        return pack(value)
    if value.dtype == torch.bool or value.is_floating_point() or tuple(value.shape) != size:
        raise MaskError(_refusal(of, found, size))
    low, high = (int(end) for end in torch.aminmax(value))
    if low < 0 or high >= 1 << len(REGIONS):
        raise MaskError(
            f"the region bits of {of} go from {low} to {high}; 19 bits, one a region, end at "
            f"{(1 << len(REGIONS)) - 1}: a map with one region's number a pixel becomes region bits by "
            "1 << numbers"
        )
    return value.to(torch.int32)


def _refusal(of: str, found: str, size: tuple[int, int]) -> str:
    height, width = size
    return (
        f"the masks of {of} must be bool (19, {height}, {width}) in the order of REGIONS, or region bits "
        f"({height}, {width}) of whole numbers; got {found}"
    )
