"""Images changed so that a network errs: projected gradient descent, and noise."""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

from cfwidgets.checks import non_negative, positive, positive_int

__all__ = ["noisy", "pgd"]


def pgd(
    logits: Callable[[Tensor], Tensor],
    images: Tensor,
    targets: Tensor,
    *,
    step: float = 0.01,
    bound: float = 0.1,
    iterations: int = 10,
    seed: int | None = None,
) -> Tensor:
    """Lead images towards classes by projected gradient descent (Madry et al. 2018, targeted, L∞).

    In each iteration every value of a pixel moves by ``step`` to where the cross-entropy of the target falls,
    and back into [0, 1] and into the bound. Once ``step`` times ``iterations`` is ``bound``, larger steps
    lead no further away. It takes about 120 ms of one core for a picture of 128 x 128 and the translators'
    discriminators.

    Parameters
    ----------
    logits
        Gives ``(N, K)`` for images, and can be differentiated. Best in evaluation mode, so that images count
        one by one.
    images
        ``(N, C, H, W)`` in [0, 1].
    targets
        ``(N,)`` int64: the class that each is led to.
    step
        In terms of the range of pixels, as ``bound``. The paper varies it.
    bound
        The largest difference of a value.
    iterations
        How many.
    seed
        None starts at the images, as in the paper; a number at a place in the bound that it chooses.

    Returns
    -------
    Tensor
        As ``images``, without a gradient.

    Raises
    ------
    ValueError
        Settings out of range, or targets that do not fit.

    Examples
    --------
    >>> images = torch.full((1, 1, 1, 2), 0.5)
    >>> pgd(lambda some: some.flatten(1), images, torch.tensor([1]), step=0.02, bound=0.1)
    tensor([[[[0.4000, 0.6000]]]])
    """
    non_negative("step", step)
    positive("bound", bound)
    positive_int("iterations", iterations)
    if targets.shape != images.shape[:1] or targets.dtype != torch.int64:
        raise ValueError(
            f"targets are ({len(images)},) int64, one an image; got {tuple(targets.shape)} {targets.dtype}"
        )
    first = images.detach()
    found = first if seed is None else (first + bound * (2 * _drawn(torch.rand, first, seed) - 1)).clamp(0, 1)
    with torch.inference_mode(mode=False), torch.enable_grad():
        first, found, targets = first.clone(), found.clone(), targets.clone()  # of no inference mode
        for _ in range(iterations):
            at = found.requires_grad_()
            loss = F.cross_entropy(logits(at), targets, reduction="sum")
            (slope,) = torch.autograd.grad(loss, at)
            moved = (at.detach() - step * slope.sign()).clamp(0, 1)
            found = first + (moved - first).clamp(-bound, bound)
    return found.detach()


def noisy(images: Tensor, deviation: float, seed: int = 0) -> Tensor:
    """Add Gaussian noise, and clip to [0, 1].

    Parameters
    ----------
    images
        ``(N, C, H, W)`` in [0, 1].
    deviation
        Of the noise before the clip, in terms of the range of pixels.
    seed
        The same seed gives the same noise, larger or smaller with the deviation.

    Examples
    --------
    >>> noisy(torch.full((1, 1, 1, 3), 0.5), 0.1)
    tensor([[[[0.6541, 0.4707, 0.2821]]]])
    """
    non_negative("deviation", deviation)
    return (images + deviation * _drawn(torch.randn, images, seed)).clamp(0, 1)


def _drawn(draw: Callable[..., Tensor], like: Tensor, seed: int) -> Tensor:
    """Numbers of a shape, on the CPU first, so that they are the same on every device."""
    return draw(like.shape, generator=torch.Generator().manual_seed(seed)).to(like)
