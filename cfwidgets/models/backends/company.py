"""A model whose answer to an image depends on the other images of the batch."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, TypeAlias

from torch import Tensor

__all__ = ["Company", "meet"]

Company: TypeAlias = Literal["independent", "dependent", "random", "unknown"]
"""The answer to an image: the same in any company, dependent on it, different each time, or never alone."""

# The largest accepted difference between two batches, as a share of the largest output: numerical noise of
# float32, and of bfloat16.
_NOISE, _ROUNDED_NOISE = 1e-3, 5e-2


def meet(
    ask: Callable[[Tensor], Tensor], images: Tensor, rows: Tensor, *, exact: bool = True
) -> Company | None:
    """Pass the first image of a batch alone, and compare.

    Parameters
    ----------
    ask
        From images to rows of outputs.
    images
        ``(n, 3, H, W)``, at least two.
    rows
        ``(n, C)``: the outputs for the whole batch.
    exact
        False for a model that computes in half precision.

    Returns
    -------
    str or None
        See `Company`; None where nothing can be told: all images are the same, or outputs are not finite.

    Examples
    --------
    >>> import torch
    >>> images = torch.rand(2, 3, 4, 4)
    >>> meet(lambda x: x.mean((2, 3)), images, images.mean((2, 3)))
    'independent'
    >>> centred = lambda x: x.mean((2, 3)) - x.mean((0, 2, 3))
    >>> meet(centred, images, centred(images))
    'dependent'
    """
    if bool((images == images[:1]).all()) or not bool(rows.isfinite().all()):
        return None
    try:
        alone = ask(images[:1])
    except Exception:  # noqa: BLE001 (whatever a model of a fixed batch size raises)
        return "unknown"
    limit = (_NOISE if exact else _ROUNDED_NOISE) * max(float(rows.abs().max()), 1e-6)

    def differ(a: Tensor, b: Tensor) -> bool:
        return a.shape != b.shape or bool(((a - b).abs() > limit).any())

    if not differ(alone, rows[:1]):
        return "independent"
    return "random" if differ(alone, ask(images[:1])) else "dependent"
