from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from cfwidgets.search.operators import Crossover, crossover, mutate, ranking, seeded, tournament


def random_bits(rows: int, length: int, seed: int = 0) -> Tensor:
    return torch.rand(rows, length, generator=seeded(seed)) < 0.5


def within(observed: float, expected: float, deviation: float) -> bool:
    """Five standard deviations: a right operator fails once in a million seeds, and the seed is fixed."""
    return abs(observed - expected) < 5 * deviation


def test_ranking_is_by_fitness_then_fewer_bits_then_row() -> None:
    population = torch.tensor([[1, 1, 1], [1, 1, 0], [0, 0, 1], [1, 1, 0], [0, 0, 0]], dtype=torch.bool)
    fitness = torch.tensor([0.5, 0.5, 0.5, 0.5, -1.0], dtype=torch.float64)
    assert ranking(fitness, population).tolist() == [2, 1, 3, 0, 4]


@pytest.mark.parametrize("size", [1, 2, 3, 7])
def test_a_tournament_is_won_as_often_as_theory_says(size: int) -> None:
    # The one of rank r (from 0) among p wins with probability ((p - r)^s - (p - r - 1)^s) / p^s.
    best_first, draws = torch.tensor([3, 0, 4, 1, 2]), 20_000
    winners = tournament(best_first, draws, size, seeded(1))
    for rank, row in enumerate(best_first.tolist()):
        share = ((5 - rank) ** size - (4 - rank) ** size) / 5**size
        assert within(int((winners == row).sum()), draws * share, math.sqrt(draws * share * (1 - share)) + 1)


@pytest.mark.parametrize("kind", ["two-point", "one-point", "uniform"])
@pytest.mark.parametrize("length", [1, 2, 3, 50])
def test_crossover_keeps_the_bits_of_each_place(kind: Crossover, length: int) -> None:
    first, second = random_bits(200, length, 1), random_bits(200, length, 2)
    before = first.clone(), second.clone()
    one, other = crossover(first, second, kind, 0.9, seeded(3))
    assert torch.equal(one.int() + other.int(), first.int() + second.int())
    assert one.dtype == other.dtype == torch.bool
    assert torch.equal(first, before[0])
    assert torch.equal(second, before[1])


def exchanged(kind: Crossover, length: int, pairs: int, rate: float = 1.0, seed: int = 0) -> Tensor:
    """Which places were exchanged, seen by parents that differ everywhere."""
    first = torch.zeros(pairs, length, dtype=torch.bool)
    return crossover(first, ~first, kind, rate, seeded(seed))[0]


@pytest.mark.parametrize(("kind", "most"), [("two-point", 2), ("one-point", 1)])
def test_point_crossover_exchanges_one_contiguous_piece(kind: Crossover, most: int) -> None:
    changes = exchanged(kind, 12, 2000).int().diff(dim=1).ne(0).sum(1)
    assert changes.max() == most
    pieces = exchanged(kind, 12, 2000)
    assert pieces.any(1).all()
    if kind == "one-point":
        assert not pieces[:, 0].any()
        assert pieces[:, -1].all()


def test_two_points_are_drawn_evenly() -> None:
    # 5 bits have 6 gaps: 15 pairs of them, each a different piece.
    pieces, draws = exchanged("two-point", 5, 15_000), 15_000
    counts = torch.unique(pieces, dim=0, return_counts=True)[1]
    assert len(counts) == 15
    assert all(within(count, draws / 15, math.sqrt(draws / 15)) for count in counts.tolist())


def test_one_point_is_drawn_evenly_between_the_bits() -> None:
    cuts = exchanged("one-point", 6, 10_000).sum(1)
    counts = torch.bincount(cuts, minlength=7).tolist()
    assert counts[0] == counts[6] == 0
    assert all(within(count, 2000, 40) for count in counts[1:6])


def test_uniform_crossover_exchanges_half() -> None:
    places = exchanged("uniform", 100, 500)
    assert within(int(places.sum()), 25_000, math.sqrt(50_000 / 4))
    assert places.sum(0).min() > 180


@pytest.mark.parametrize("kind", ["two-point", "one-point", "uniform"])
def test_the_crossover_rate_is_that_of_pairs(kind: Crossover) -> None:
    crossed = exchanged(kind, 64, 10_000, rate=0.9).any(1)
    assert within(int(crossed.sum()), 9000, 30)
    assert not exchanged(kind, 64, 100, rate=0.0).any()


def test_mutation_of_individuals_flips_a_fifth_of_a_bit() -> None:
    genomes = random_bits(20_000, 100)
    flips = (mutate(genomes, "individual", 0.2, seeded(1)) ^ genomes).sum(1)
    # Chosen with 0.2, then 100 bits with 1/100 each: mean 0.2, variance 0.2 * (0.99 + 1) - 0.04.
    assert within(float(flips.float().mean()), 0.2, math.sqrt(0.358 / 20_000))
    untouched = 0.8 + 0.2 * 0.99**100
    deviation = math.sqrt(untouched * (1 - untouched) / 20_000)
    assert within(float((flips == 0).float().mean()), untouched, deviation)


def test_mutation_of_bits_flips_a_fifth_of_the_mask() -> None:
    genomes = random_bits(2000, 100)
    before = genomes.clone()
    flips = (mutate(genomes, "bit", 0.2, seeded(1)) ^ genomes).sum(1).float()
    assert within(float(flips.mean()), 20, math.sqrt(16 / 2000))
    assert 15 < float(flips.var()) < 17.5
    assert torch.equal(genomes, before)


def test_the_ends_of_the_mutation_rate() -> None:
    genomes = random_bits(100, 10)
    for kind in ("individual", "bit"):
        assert torch.equal(mutate(genomes, kind, 0.0, seeded(0)), genomes)
    assert torch.equal(mutate(genomes, "bit", 1.0, seeded(0)), ~genomes)
    # One bit, always chosen: flipped with probability 1/1.
    assert torch.equal(mutate(genomes[:, :1], "individual", 1.0, seeded(0)), ~genomes[:, :1])


@pytest.mark.parametrize("seed", [-1, 1.0, "1", None, True, 2**64])
def test_wrong_seeds_are_refused(seed: int) -> None:
    with pytest.raises(ValueError, match="seed"):
        seeded(seed)


def test_a_large_seed_is_a_seed() -> None:
    assert seeded(2**64 - 1).initial_seed() % 2**64 == 2**64 - 1
