"""Operators of searches over real variables: crossover, mutation and differences, all rows at once.

The operators draw nothing: they take numbers from 0 to 1, so that each is a function that can be tested.
`Draws` makes the numbers. Candidates, bounds and numbers broadcast against each other; a variable whose
bounds are equal keeps its value.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from cfwidgets.search.operators import seeded


class Draws:
    """Random numbers for problems side by side; each problem gets the numbers that it would get by itself.

    They come from the CPU whatever the device, so a seed means the same numbers everywhere.

    Parameters
    ----------
    seeds
        One for each problem. Problems with one seed share their numbers.
    like
        The dtype and device of the numbers.

    Examples
    --------
    >>> both = Draws([3, 4], torch.zeros(0)).uniform(2)
    >>> torch.equal(both[1], Draws([4], torch.zeros(0)).uniform(2)[0])
    True
    """

    def __init__(self, seeds: Sequence[int], like: Tensor) -> None:
        distinct = list(dict.fromkeys(seeds))
        self._generators = [seeded(seed) for seed in distinct]
        self._streams = torch.tensor([distinct.index(seed) for seed in seeds], device=like.device)
        self._like = like

    def uniform(self, *shape: int) -> Tensor:
        """Draw ``(B, *shape)`` numbers from 0 up to and not including 1."""
        drawn = [torch.rand(shape, generator=each, dtype=self._like.dtype) for each in self._generators]
        if len(drawn) == 1:
            return drawn[0].to(self._like.device).expand(len(self._streams), *shape)
        return torch.stack(drawn).to(self._like.device)[self._streams]

    def state(self) -> dict[str, Tensor]:
        """Named tensors from which `resumed` continues the same sequence."""
        return {
            "generators": torch.stack([each.get_state() for each in self._generators]),
            "streams": self._streams,
        }

    @classmethod
    def resumed(cls, state: Mapping[str, Tensor], like: Tensor) -> Draws:
        """Continue the sequence of a `state`."""
        draws = cls(state["streams"].tolist(), like)
        for generator, saved in zip(draws._generators, state["generators"].cpu(), strict=True):
            # A copy: given a row of a larger tensor, torch 2.15 reads other memory, or crashes.
            generator.set_state(saved.clone())
        return draws


def whole(numbers: Tensor, count: Tensor | int) -> Tensor:
    """Make whole numbers from 0 to ``count - 1`` of numbers from 0 up to and not including 1."""
    return (numbers * count).long()


def other_than(first: Tensor, numbers: Tensor, count: Tensor | int) -> Tensor:
    """Make whole numbers from 0 to ``count - 1``, uniform over those other than ``first``; count at least 2.

    Examples
    --------
    >>> other_than(torch.tensor([0, 2]), torch.tensor([0.0, 0.9]), 3)
    tensor([1, 1])
    """
    return (first + 1 + whole(numbers, count - 1)) % count


def sbx(
    first: Tensor,
    second: Tensor,
    lower: Tensor,
    upper: Tensor,
    *,
    eta: float,
    crossed: Tensor,
    swapped: Tensor,
    numbers: Tensor,
) -> tuple[Tensor, Tensor]:
    """Cross by simulated binary crossover within bounds: children about as far apart as their parents.

    Source: Deb & Agrawal 1995, with the bounds of Deb's NSGA-II code.

    Parameters
    ----------
    first, second
        ``(..., k, d)``: the two parents of each pair.
    lower, upper
        Bounds, broadcastable.
    eta
        How closely the children lie around their parents; 0 or more.
    crossed
        ``(..., k, d)`` bool: True for variables that are crossed. The others, and those in which the parents
        are within 1e-14 of each other, are copied.
    swapped
        ``(..., k, d)`` bool: True where, of the crossed ones, the first child gets the upper of the two
        values.
    numbers
        ``(..., k, d)`` from 0 to 1, the spread: 0 pulls the children together, ½ leaves about the parents'
        distance.

    Returns
    -------
    tuple of Tensor
        ``(..., k, d)`` each: the first and the second child.
    """
    low, high = torch.minimum(first, second), torch.maximum(first, second)
    distance = high - low
    crossed = crossed & (distance > 1e-14)
    distance = torch.where(crossed, distance, 1)
    beta = 1 + 2 * torch.stack([low - lower, upper - high]) / distance
    alpha = 2 - power(beta, -(eta + 1))
    share = numbers * alpha
    spread = power(torch.where(share <= 1, share, 1 / (2 - share)), 1 / (eta + 1))
    middle = low + high
    below = (0.5 * (middle - spread[0] * distance)).clamp(lower, upper)
    above = (0.5 * (middle + spread[1] * distance)).clamp(lower, upper)
    one, other = torch.where(swapped, above, below), torch.where(swapped, below, above)
    return torch.where(crossed, one, first), torch.where(crossed, other, second)


def polynomial_mutation(
    values: Tensor, lower: Tensor, upper: Tensor, *, eta: float, chosen: Tensor, numbers: Tensor
) -> Tensor:
    """Move variables by a distance of the polynomial distribution, within bounds.

    Source: Deb & Goyal 1996, with the bounds of Deb's NSGA-II code.

    Parameters
    ----------
    values
        ``(..., d)``.
    lower, upper
        Bounds, broadcastable.
    eta
        The higher, the shorter the moves; 0 or more.
    chosen
        Bool, broadcastable: True for variables that move.
    numbers
        From 0 to 1, broadcastable: below ½ down, above up, farther towards the ends.

    Returns
    -------
    Tensor
        ``(..., d)``; `values` is left as it is.

    Examples
    --------
    >>> zero, one = torch.zeros(1), torch.ones(1)
    >>> polynomial_mutation(
    ...     torch.tensor([0.3]), zero, one, eta=20, chosen=one > 0, numbers=torch.tensor([0.2])
    ... )
    tensor([0.2573])
    """
    extent = upper - lower
    scale = torch.where(extent > 0, extent, 1)
    down = numbers <= 0.5
    # Upwards is downwards seen from the other bound.
    numbers = torch.where(down, numbers, 1 - numbers)
    room = 1 - torch.where(down, values - lower, upper - values) / scale
    step = power(2 * numbers + (1 - 2 * numbers) * power(room, eta + 1), 1 / (eta + 1)) - 1
    moved = (values + torch.where(down, step, -step) * extent).clamp(lower, upper)
    return torch.where(chosen, moved, values)


def differential(
    values: Tensor, base: Tensor, plus: Tensor, minus: Tensor, *, weight: float, chosen: Tensor
) -> Tensor:
    """Make differential evolution's child: ``base + weight · (plus - minus)`` where `chosen`, else `values`.

    Source: Storn & Price 1997, "rand/1/bin". The caller enforces the bounds.

    Examples
    --------
    >>> zero, one = torch.zeros(2), torch.ones(2)
    >>> differential(zero, one, one, zero, weight=0.5, chosen=torch.tensor([True, False]))
    tensor([1.5000, 0.0000])
    """
    return torch.where(chosen, base + weight * (plus - minus), values)


def power(base: Tensor, exponent: float) -> Tensor:
    """Raise to a power such that an element's result does not depend on its place in the tensor.

    On a CPU torch's vectorised power and the scalar one that finishes what is left over differ in the last
    bit, and where something is left over depends on how many problems are side by side. A tensor
    with gaps between its elements takes the scalar one throughout.
    """
    if base.device.type == "cpu":
        base = torch.empty((*base.shape, 2), dtype=base.dtype)[..., 0].copy_(base)
    return torch.pow(base, exponent).contiguous()
