"""A small answer: superpixels are dropped from a selection while it keeps most of what it has."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torch import Tensor

    from cfwidgets.search.memo import Score

_AT_ONCE = 4  # superpixels tried for each one that is dropped


def smaller(merit: Score, mask: Tensor, least: float) -> Iterator[tuple[Tensor, float]]:
    """Drop superpixels from a selection, one after another, the one that costs least first.

    Each round tries to drop the few that cost least when they were tried last, and drops the best of them. It
    ends where no single one can go.

    Parameters
    ----------
    merit
        From selections ``(m, n)`` bool to numbers ``(m,)``, higher is better.
    mask
        ``(n,)`` bool: the selection to begin with.
    least
        The merit that the selection must keep.

    Yields
    ------
    tuple of Tensor and float
        The selection so far ``(n,)``, and its merit; the first is ``mask`` itself.
    """
    current, now = mask, float(_numbers(merit, mask[None])[0])
    yield current, now
    selected = mask.nonzero().flatten().tolist()
    merits = _numbers(merit, _without(current, selected)) if selected else torch.empty(0)
    # of each one that is selected, what the selection is worth without it, when that was tried last
    left = dict(zip(selected, merits.tolist(), strict=True))
    tried: set[int] = set()
    while untried := [one for one in left if one not in tried]:
        some = sorted(untried, key=lambda one: -left[one])[:_AT_ONCE]
        masks = _without(current, some)
        found = _numbers(merit, masks)
        left.update(zip(some, found.tolist(), strict=True))
        best = int(found.argmax())
        if float(found[best]) < least:
            tried.update(some)
            continue
        tried.clear()
        current, now = masks[best], left.pop(some[best])
        yield current, now


def _without(mask: Tensor, dropped: list[int]) -> Tensor:
    masks = mask.repeat(len(dropped), 1)
    masks[torch.arange(len(dropped)), dropped] = False
    return masks


def _numbers(merit: Score, masks: Tensor) -> Tensor:
    return torch.as_tensor(merit(masks), dtype=torch.float64)
