"""Sums over regions that overlap, from one word of bits a pixel and never from a float mask a region."""

from __future__ import annotations

import torch
from torch import Tensor

__all__ = ["Regions", "region_sums", "regions_of"]

# Regions up to which a table of all words is small, and several times faster than sorting the pixels.
_TABLE = 22


def regions_of(words: Tensor, count: int) -> Tensor:
    """Which regions each word names: ``(…, count)`` bool of words ``(…)``, region r being bit r.

    Examples
    --------
    >>> regions_of(torch.tensor([5]), 3)
    tensor([[ True, False,  True]])
    """
    bits = torch.arange(count, device=words.device)
    return (words[..., None] >> bits & 1).bool()


class Regions:
    """The regions of a batch, ready to sum amounts over.

    The regions of a data set name only some dozens of different words. Amounts are added up by word, and
    these few sums by region: the work does not grow with the number of regions.

    Parameters
    ----------
    words
        ``(n, H, W)`` int: bit r says whether a pixel belongs to region r.
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

    def __init__(self, words: Tensor, count: int, patch: int | None = None) -> None:
        n, height, width = words.shape
        known, bins = _numbered(words, count)
        self._parts = 1
        if patch is not None:
            across = width // patch
            self._parts = height // patch * across
            rows = torch.arange(height, device=words.device)[:, None] // patch
            columns = torch.arange(width, device=words.device) // patch
            bins += (rows * across + columns) * len(known)
        bins += torch.arange(n, device=words.device)[:, None, None] * (self._parts * len(known))
        self._bins = bins.flatten()
        self._of_words = regions_of(known, count).double()  # (known, R)
        self._shape = (n, count) if patch is None else (n, self._parts, count)
        self._size = n * self._parts * len(known)

    def sums(self, amounts: Tensor) -> Tensor:
        """Sum ``(n, H, W)`` over each region: ``(n, R)``, or ``(n, P, R)`` in patches; float64."""
        return self._by_region(torch.bincount(self._bins, amounts.flatten().double(), self._size))

    def areas(self) -> Tensor:
        """Pixels of each region, as `sums` gives sums."""
        return self._by_region(torch.bincount(self._bins, minlength=self._size).double())

    def _by_region(self, by_word: Tensor) -> Tensor:
        return (by_word.view(-1, len(self._of_words)) @ self._of_words).view(self._shape)


def _numbered(words: Tensor, count: int) -> tuple[Tensor, Tensor]:
    """The words that there are, and the place of each pixel's among them."""
    if count > _TABLE:
        known, place = torch.unique(words, return_inverse=True)
        return known, place
    there = torch.zeros(2**count, dtype=torch.bool, device=words.device)
    there[words.flatten().long()] = True
    known = there.nonzero()[:, 0]
    places = torch.zeros(2**count, dtype=torch.int64, device=words.device)
    places[known] = torch.arange(len(known), device=words.device)
    return known, places[words.long()]


def region_sums(amounts: Tensor, words: Tensor, count: int, patch: int | None = None) -> Tensor:
    """Sum amounts over the regions of each image, or over the regions within each patch.

    Parameters
    ----------
    amounts
        ``(n, H, W)`` float.
    words, count, patch
        As in `Regions`.

    Returns
    -------
    Tensor
        ``(n, R)``, or ``(n, P, R)`` for P patches, row by row; float64.

    Examples
    --------
    >>> words = torch.tensor([[[1, 1], [2, 3]]])
    >>> region_sums(torch.tensor([[[0.5, 1.0], [2.0, 4.0]]]), words, 2)
    tensor([[5.5000, 6.0000]], dtype=torch.float64)
    """
    return Regions(words, count, patch).sums(amounts)
