"""Cells of a grid over an image, and maps averaged over them."""

from __future__ import annotations

import torch
from torch import Tensor

__all__ = ["cell_means", "grid"]


def grid(height: int, width: int, cells: int) -> Tensor:
    """Number the cells of a grid, row by row.

    Parameters
    ----------
    height, width
        The image's, in pixels.
    cells
        Cells a side; at most one a pixel.

    Returns
    -------
    Tensor
        ``(H, W)`` int32 labels, 0 to n - 1. Sides of cells differ by a pixel where they do not divide.

    Examples
    --------
    >>> grid(2, 4, 2)
    tensor([[0, 0, 1, 1],
            [2, 2, 3, 3]], dtype=torch.int32)
    """
    rows, columns = min(cells, height), min(cells, width)
    down = torch.arange(height) * rows // height
    across = torch.arange(width) * columns // width
    return (down[:, None] * columns + across).int()


def cell_means(values: Tensor, labels: Tensor) -> Tensor:
    """Average a map over labelled parts.

    Parameters
    ----------
    values, labels
        ``(H, W)``; labels are 0 to n - 1, each of them used.

    Returns
    -------
    Tensor
        ``(n,)`` float64.

    Examples
    --------
    >>> cell_means(torch.tensor([[1.0, 3.0, 5.0]]), torch.tensor([[0, 0, 1]]))
    tensor([2., 5.], dtype=torch.float64)
    """
    flat = labels.flatten().long()
    counts = torch.bincount(flat)
    return (
        torch.zeros(len(counts), dtype=torch.float64).index_add_(0, flat, values.flatten().double()) / counts
    )
