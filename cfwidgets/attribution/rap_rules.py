"""The rules of relative attributing propagation, layer by layer, on plain tensors.

Nam, Gur, Choi, Wolf and Lee, "Relative Attributing Propagation: Interpreting the Comparative Contributions of
Individual Units in Deep Neural Networks", AAAI 2020. In all of them ``x >= 0`` is the input of a layer with
weights ``w``, ``R`` the relevance of its outputs, ``P = x w+`` and ``N = x |w-|`` the evidence for and
against each output, and ``a / b`` is 0 where ``b`` is 0. Biases get no relevance.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, TypeAlias

import torch
import torch.nn.functional as F
from torch import Tensor

__all__ = [
    "Product",
    "Rule",
    "SplitProduct",
    "hidden_linear",
    "hidden_product",
    "image_product",
    "last_linear",
]

Rule: TypeAlias = Literal["reference", "equal"]
"""The treatment of negative relevance in a convolution: see `hidden_product`."""

Product: TypeAlias = Callable[[Tensor, Tensor], Tensor]
"""A layer without its bias: ``product(x, weight)``."""

# Below this a sum of products is mere underflow, and dividing by it overflows.
_NOTHING = 1e-30
# Weights of a fully connected layer that are split into signs at once: copies of a few MB stay in the cache,
# while those of VGG's first such layer would take 800 MB.
_WEIGHTS_AT_ONCE = 1 << 22


def ratio(a: Tensor, b: Tensor) -> Tensor:
    """Compute ``a / b``, and 0 where ``b`` is 0."""
    nothing = b.abs() < _NOTHING
    return (a / b.masked_fill(nothing, 1)).masked_fill_(nothing, 0)


def shifted(contributions: Tensor, relevance: Tensor) -> Tensor:
    """Shift contributions ``(n, ...)``, where not 0, by one number per image, to the sum of relevance."""
    there = contributions != 0
    excess = total(contributions) - total(relevance)
    shift = excess / there.flatten(1).sum(1).clamp(min=1)
    return contributions - there * shift.to(contributions.dtype).view(-1, *[1] * (there.ndim - 1))


def total(relevance: Tensor) -> Tensor:
    """Sum over each image, ``(n,)``, in float64 where the device has it."""
    wide = relevance.dtype if relevance.device.type == "mps" else torch.float64
    return relevance.flatten(1).sum(1, dtype=wide)


class SplitProduct:
    """A layer applied with its positive and with its negative weights; serves forwards and backwards.

    Parameters
    ----------
    x
        The input of the layer.
    weight
        Its weights.
    product
        The layer without bias.

    Notes
    -----
    The published procedure runs a layer four times forwards and eight times backwards for one map: each sign
    of input, weight and relevance apart. But no input is negative, and a backward pass is linear in its
    argument, so that two of each are enough; and ``P - N`` is the output that the network itself needs.

    Examples
    --------
    >>> both = SplitProduct(torch.tensor([[1.0, 2.0]]), torch.tensor([[3.0, -4.0]]), F.linear)
    >>> both.positive.item(), both.negative.item()
    (3.0, 8.0)
    """

    def __init__(self, x: Tensor, weight: Tensor, product: Product) -> None:
        self.x = x.detach().requires_grad_()
        weight = weight.detach()
        with torch.enable_grad():
            self._both = product(self.x, weight.clamp(min=0)), product(self.x, (-weight).clamp_(min=0))
        self.positive, self.negative = (part.detach() for part in self._both)

    def back(self, by_positive: Tensor, by_negative: Tensor) -> Tensor:
        """Compute ``w+' by_positive + |w-|' by_negative``; only once, as it frees its graph."""
        return torch.autograd.grad(self._both, self.x, (by_positive, by_negative))[0]


def hidden_product(split: SplitProduct, relevance: Tensor, rule: Rule = "reference") -> Tensor:
    """Pass relevance through a hidden convolution (step 2' of the published code).

    Parameters
    ----------
    split
        The convolution at its input ``x >= 0``.
    relevance
        Relevance of its outputs.
    rule
        ``"reference"`` as published: ``C = x (w+' (R+ / P) + |w-|' (R- / N + R / (P + N)))``, where negative
        relevance goes only through negative weights, and twice. ``"equal"`` treats it as positive relevance
        is, as the published code does in fully connected layers:
        ``C = x (w+' (R / P) + |w-|' (R / (P + N)))``.

    Returns
    -------
    Tensor
        Shaped as ``x``; ``C`` shifted where it is not 0, so that each image keeps its sum.
    """
    through_both = ratio(relevance, split.positive + split.negative)
    if rule == "equal":
        by_positive, by_negative = ratio(relevance, split.positive), through_both
    else:
        by_positive = ratio(relevance.clamp(min=0), split.positive)
        by_negative = ratio(relevance.clamp(max=0), split.negative).add_(through_both)
    return shifted(split.back(by_positive, by_negative) * split.x.detach(), relevance)


def hidden_linear(x: Tensor, weight: Tensor, relevance: Tensor) -> Tensor:
    """Pass relevance through a hidden fully connected layer (step 2).

    Parameters
    ----------
    x
        ``(n, ..., i)``, at least 0.
    weight
        ``(j, i)``.
    relevance
        ``(n, ..., j)``.

    Returns
    -------
    Tensor
        Shaped as ``x``: ``C = x (w+' (R / P) + |w-|' (R / (P + N)))``, shifted as in `hidden_product`.

    Examples
    --------
    >>> x, weight = torch.tensor([[1.0, 2.0, 3.0]]), torch.tensor([[1.0, -1.0, 2.0], [-1.0, 3.0, 1.0]])
    >>> hidden_linear(x, weight, torch.tensor([[4.0, 2.0]]))
    tensor([[0.4085, 1.8593, 3.7323]])
    """
    back = torch.zeros_like(x)
    rows = max(1, _WEIGHTS_AT_ONCE // weight.shape[1])
    for part, of_part in zip(weight.split(rows), relevance.split(rows, dim=-1), strict=True):
        positive, negative = part.clamp(min=0), (-part).clamp_(min=0)
        for_it, against_it = F.linear(x, positive), F.linear(x, negative)
        back += ratio(of_part, for_it) @ positive
        back += ratio(of_part, for_it + against_it) @ negative
    return shifted(back.mul_(x), relevance)


def last_linear(x: Tensor, weight: Tensor, relevance: Tensor) -> Tensor:
    """Start at the last layer (step 1): the share of each input in all contributions, whatever their sign.

    Parameters
    ----------
    x
        ``(n, i)``.
    weight
        ``(j, i)``.
    relevance
        ``(n, j)``: the logit of the explained class in its place, and 0 elsewhere.

    Returns
    -------
    Tensor
        ``(n, i)``: ``y |x_i w_i| / sum |x w|``, which has the logit's sign and sums to it.

    Examples
    --------
    >>> last_linear(torch.tensor([[2.0, 1.0, 4.0]]), torch.tensor([[1.0, -2.0, 0.5]]), torch.tensor([[2.25]]))
    tensor([[0.7500, 0.7500, 0.7500]])
    """
    x, weight = x.abs(), weight.abs()
    return ratio(relevance, F.linear(x, weight)) @ weight * x


def image_product(x: Tensor, weight: Tensor, product: Product, relevance: Tensor) -> Tensor:
    """Pass relevance through the first layer, whose input is the image: the z-B rule.

    Parameters
    ----------
    x
        ``(n, ...)`` image as the network gets it, of any sign.
    weight, product
        The layer without bias.
    relevance
        Relevance of its outputs.

    Returns
    -------
    Tensor
        Shaped as ``x``: ``R_i = sum_j z_ij / sum_i z_ij R_j`` with ``z = x w - l w+ - h w-``, where l and h
        are the least and the greatest value of each image. All z are at least 0. Nothing is shifted.

    Notes
    -----
    Written as ``z = (x - l) w+ + (x - h) w-``, which is the same without the cancellation. In a picture of a
    single colour all z are 0, so that its map is 0.

    Examples
    --------
    >>> x, weight = torch.tensor([[1.0, 2.0, -3.0]]), torch.tensor([[1.0, -1.0, 2.0], [-1.0, 3.0, 1.0]])
    >>> image_product(x, weight, F.linear, torch.tensor([[4.0, 2.0]]))
    tensor([[4.1250, 1.8750, 0.0000]])
    """
    flat, ones = x.detach().flatten(1), [1] * (x.ndim - 1)
    above = (x.detach() - flat.amin(1).view(-1, *ones)).requires_grad_()
    below = (x.detach() - flat.amax(1).view(-1, *ones)).requires_grad_()
    weight = weight.detach()
    with torch.enable_grad():
        both = product(above, weight.clamp(min=0)), product(below, weight.clamp(max=0))
    shares = ratio(relevance, both[0].detach() + both[1].detach())
    by_above, by_below = torch.autograd.grad(both, (above, below), (shares, shares))
    return by_above * above.detach() + by_below * below.detach()
