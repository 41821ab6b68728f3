"""Operators of a genetic algorithm on masks: selection, crossover and mutation of a whole population.

Genomes are bool tensors on the CPU, one a row. All randomness comes from the generator that is passed, never
from torch's global one.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

import numpy as np
import torch
from torch import Tensor

from cfwidgets.checks import positive_int

Crossover: TypeAlias = Literal["two-point", "one-point", "uniform"]
Mutation: TypeAlias = Literal["individual", "bit"]


def seeded(seed: int) -> torch.Generator:
    """Make a random generator on the CPU, apart from torch's global one.

    Raises
    ------
    ValueError
        Where `seed` is not a whole number from 0 to 2**64 - 1.

    Examples
    --------
    >>> torch.equal(torch.rand(3, generator=seeded(7)), torch.rand(3, generator=seeded(7)))
    True
    """
    positive_int("seed", seed, minimum=0)
    if seed >= 2**64:
        raise ValueError(f"seed must be below 2**64, not {seed}")
    return torch.Generator().manual_seed(int(seed))


def ranking(fitness: Tensor, population: Tensor) -> Tensor:
    """Order genomes from best to worst: higher fitness first, then fewer bits, then the earlier row.

    Parameters
    ----------
    fitness
        ``(P,)``, finite.
    population
        ``(P, n)`` bool.

    Returns
    -------
    Tensor
        ``(P,)`` indices of rows.

    Examples
    --------
    >>> ranking(torch.tensor([0.5, 0.9, 0.9]), torch.tensor([[0, 0], [1, 1], [0, 1]], dtype=torch.bool))
    tensor([2, 1, 0])
    """
    bits = population.sum(1)
    return torch.from_numpy(np.lexsort((bits.numpy(), -fitness.numpy())))


def tournament(best_first: Tensor, count: int, size: int, generator: torch.Generator) -> Tensor:
    """Select parents: each is the best of `size` genomes drawn with replacement.

    Parameters
    ----------
    best_first
        ``(P,)``: a `ranking`.
    count
        Parents to select.
    size
        Genomes in a tournament; 1 draws at random.
    generator
        Source of randomness.

    Returns
    -------
    Tensor
        ``(count,)`` indices of rows.
    """
    # Places in the ranking are drawn instead of rows, so the winner is simply the smallest.
    places = torch.randint(len(best_first), (count, size), generator=generator)
    return best_first[places.amin(1)]


def crossover(
    first: Tensor, second: Tensor, kind: Crossover, rate: float, generator: torch.Generator
) -> tuple[Tensor, Tensor]:
    """Exchange bits between the parents of each pair; each bit that one child gains the other loses.

    Parameters
    ----------
    first, second
        ``(k, n)`` bool: the two parents of each of k pairs.
    kind
        ``"two-point"``: the bits between two different places are exchanged, drawn uniformly from the n + 1
        gaps around the bits, the ends included. ``"one-point"``: the bits from one inner gap to the end are.
        ``"uniform"``: each bit with probability 1/2.
    rate
        Probability that a pair exchanges anything.
    generator
        Source of randomness.

    Returns
    -------
    tuple of Tensor
        The two children of each pair, ``(k, n)`` bool each.
    """
    pairs, length = first.shape
    places = torch.arange(length)
    if kind == "uniform":
        exchanged = torch.rand(pairs, length, generator=generator) < 0.5
    elif kind == "one-point":
        # A genome of one bit has no inner gap: the cut at 1 then lies behind it and exchanges nothing.
        cut = torch.randint(1, max(length, 2), (pairs, 1), generator=generator)
        exchanged = places >= cut
    else:
        start = torch.randint(length + 1, (pairs, 1), generator=generator)
        end = (start + torch.randint(1, length + 1, (pairs, 1), generator=generator)) % (length + 1)
        exchanged = (places >= torch.minimum(start, end)) & (places < torch.maximum(start, end))
    crossed = torch.rand(pairs, 1, generator=generator) < rate
    difference = (first ^ second) & exchanged & crossed
    return first ^ difference, second ^ difference


def mutate(genomes: Tensor, kind: Mutation, rate: float, generator: torch.Generator) -> Tensor:
    """Flip bits at random.

    Parameters
    ----------
    genomes
        ``(k, n)`` bool.
    kind
        ``"individual"``: a genome mutates with probability `rate`, and then each of its bits flips with
        probability 1/n: `rate` flips a genome are expected. ``"bit"``: each bit flips with probability
        `rate`: ``n * rate`` flips a genome are expected.
    rate
        See `kind`.
    generator
        Source of randomness.

    Returns
    -------
    Tensor
        ``(k, n)`` bool; `genomes` is left as it is.
    """
    count, length = genomes.shape
    draws = torch.rand(count, length, generator=generator)
    if kind == "bit":
        return genomes ^ (draws < rate)
    chosen = torch.rand(count, 1, generator=generator) < rate
    return genomes ^ ((draws < 1 / length) & chosen)
