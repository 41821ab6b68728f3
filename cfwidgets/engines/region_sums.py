"""Sums over regions that overlap, from one word of bits a pixel and never from a float mask a region."""

from __future__ import annotations

import torch
from torch import Tensor

__all__ = ["region_sums", "regions_of"]


def regions_of(words: Tensor, count: int) -> Tensor:
    """Which regions each word names: ``(…, count)`` bool of words ``(…)``, region r being bit r.

    Examples
    --------
    >>> regions_of(torch.tensor([5]), 3)
    tensor([[ True, False,  True]])
    """
    bits = torch.arange(count, device=words.device)
    return (words[..., None] >> bits & 1).bool()


def region_sums(amounts: Tensor, words: Tensor, count: int, patch: int | None = None) -> Tensor:
    """Sum amounts over the regions of each image, or over the regions within each patch.

    The regions of a data set name only some dozens of different words. The amounts are added up by word, and
    these few sums by region: the work does not grow with the number of regions.

    Parameters
    ----------
    amounts
        ``(n, H, W)`` float.
    words
        ``(n, H, W)`` int: bit r says whether a pixel belongs to region r.
    count
        Number of regions, R.
    patch
        Side of the square patches in pixels, by which H and W can be divided; None for whole images.

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
    n, height, width = words.shape
    known, place = torch.unique(words, return_inverse=True)
    parts = 1
    where = torch.arange(n, device=words.device)[:, None, None]
    if patch is not None:
        rows = torch.arange(height, device=words.device)[:, None] // patch
        columns = torch.arange(width, device=words.device)[None] // patch
        across = width // patch
        parts = height // patch * across
        where = where * parts + rows * across + columns
    by_word = torch.zeros(n * parts * len(known), dtype=torch.float64, device=words.device)
    by_word.index_add_(0, (where * len(known) + place).flatten(), amounts.flatten().double())
    sums = by_word.view(n * parts, len(known)) @ regions_of(known, count).double()
    return sums.view(n, count) if patch is None else sums.view(n, parts, count)
