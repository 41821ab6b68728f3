"""Sums over overlapping regions, from region bits (one integer a pixel) instead of a float mask a region."""

from __future__ import annotations

import torch
from torch import Tensor

__all__ = ["Regions", "region_sums", "regions_of"]

# Up to so many regions a table of all values is small, and several times faster than sorting the pixels.
_TABLE = 22


def regions_of(region_bits: Tensor, count: int) -> Tensor:
    """Unpack region bits ``(…)`` into masks ``(…, count)`` bool, region r being bit r.

    Examples
    --------
    >>> regions_of(torch.tensor([5]), 3)
    tensor([[ True, False,  True]])
    """
    bits = torch.arange(count, device=region_bits.device)
    return (region_bits[..., None] >> bits & 1).bool()


class Regions:
    """The regions of a batch, ready to sum amounts over.

    Region bits take only some dozens of different values in a data set. Amounts are summed by value, and
    these few sums by region: the work does not grow with the number of regions.

    Parameters
    ----------
    region_bits
        ``(n, H, W)`` int: bit r is set where a pixel belongs to region r.
    count
        Number of regions, R.
    patch
        Side of the square patches in pixels, by which H and W can be divided; None for whole images.

    Examples
    --------
    >>> regions = Regions(torch.tensor([[[1, 1], [2, 3]]]), 2)
    >>> regions.areas()
    tensor([[3., 2.]], dtype=torch.float64)
    """

    def __init__(self, region_bits: Tensor, count: int, patch: int | None = None) -> None:
        n, height, width = region_bits.shape
        known, bins = _numbered(region_bits, count)
        self._parts = 1
        if patch is not None:
            across = width // patch
            self._parts = height // patch * across
            rows = torch.arange(height, device=region_bits.device)[:, None] // patch
            columns = torch.arange(width, device=region_bits.device) // patch
            bins += (rows * across + columns) * len(known)
        bins += torch.arange(n, device=region_bits.device)[:, None, None] * (self._parts * len(known))
        self._bins = bins.flatten()
        self._masks = regions_of(known, count).double()  # (known, R)
        self._shape = (n, count) if patch is None else (n, self._parts, count)
        self._size = n * self._parts * len(known)

    def sums(self, amounts: Tensor) -> Tensor:
        """Sum ``(n, H, W)`` over each region: ``(n, R)``, or ``(n, P, R)`` in patches; float64."""
        return self._by_region(torch.bincount(self._bins, amounts.flatten().double(), self._size))

    def areas(self) -> Tensor:
        """Pixels of each region, as `sums` gives sums."""
        return self._by_region(torch.bincount(self._bins, minlength=self._size).double())

    def _by_region(self, by_value: Tensor) -> Tensor:
        return (by_value.view(-1, len(self._masks)) @ self._masks).view(self._shape)


def _numbered(region_bits: Tensor, count: int) -> tuple[Tensor, Tensor]:
    """Return the different values, and the index of each pixel's among them."""
    if count > _TABLE:
        known, place = torch.unique(region_bits, return_inverse=True)
        return known, place
    there = torch.zeros(2**count, dtype=torch.bool, device=region_bits.device)
    there[region_bits.flatten().long()] = True
    known = there.nonzero()[:, 0]
    places = torch.zeros(2**count, dtype=torch.int64, device=region_bits.device)
    places[known] = torch.arange(len(known), device=region_bits.device)
    return known, places[region_bits.long()]


def region_sums(amounts: Tensor, region_bits: Tensor, count: int, patch: int | None = None) -> Tensor:
    """Sum amounts over the regions of each image, or over the regions within each patch.

    Parameters
    ----------
    amounts
        ``(n, H, W)`` float.
    region_bits, count, patch
        As in `Regions`.

    Returns
    -------
    Tensor
        ``(n, R)``, or ``(n, P, R)`` for P patches, row by row; float64.

    Examples
    --------
    >>> region_bits = torch.tensor([[[1, 1], [2, 3]]])
    >>> region_sums(torch.tensor([[[0.5, 1.0], [2.0, 4.0]]]), region_bits, 2)
    tensor([[5.5000, 6.0000]], dtype=torch.float64)
    """
    return Regions(region_bits, count, patch).sums(amounts)
