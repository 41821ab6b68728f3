"""Random edits, as large as those that were found: a control of what the search found."""

from __future__ import annotations

import torch
from torch import Tensor

__all__ = ["random_edits"]


def random_edits(deltas: Tensor, lower: Tensor, upper: Tensor, count: int, seed: int) -> Tensor:
    """Deal the changes of given edits to other attributes, at random and with random signs.

    The edits drawn have as many changes as the given ones and are as large, or smaller where a bound cuts
    them.

    Parameters
    ----------
    deltas
        ``(n, A)``: edits to draw from, one after the other.
    lower, upper
        ``(A,)``: bounds of the changes; where both are 0, an attribute is frozen.
    count
        Number of random edits; none where there are no edits to draw from.
    seed
        Same seed, same edits.

    Returns
    -------
    Tensor
        ``(count, A)``.

    Examples
    --------
    >>> box = torch.tensor([-1.0, -1.0, 0.0]), torch.tensor([1.0, 1.0, 0.0])
    >>> random_edits(torch.tensor([[0.5, 0.0, 0.0]]), *box, count=4, seed=0).abs().sum(1)
    tensor([0.5000, 0.5000, 0.5000, 0.5000])
    """
    if not len(deltas):
        return deltas[:0]
    generator = torch.Generator().manual_seed(seed)
    rows = deltas[torch.arange(count) % len(deltas)]
    free = (upper > lower).nonzero()[:, 0]
    order = torch.rand(count, len(free), generator=generator).argsort(1)
    signs = 1.0 - 2 * torch.randint(0, 2, (count, len(free)), generator=generator)
    drawn = torch.zeros_like(rows)
    drawn[:, free] = rows[:, free].gather(1, order) * signs
    return drawn.clamp(lower, upper)
