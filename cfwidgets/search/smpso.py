"""SMPSO: a particle swarm with bounded speed and several objectives, on swarms that lie in tensors.

Source: Nebro et al. 2009, "SMPSO: A new PSO-based metaheuristic for multi-objective optimization"; where its
implementation in jMetalPy differs from the paper, jMetalPy is the default.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Literal, TypeAlias, get_args

import torch
from torch import Tensor

from cfwidgets.checks import choice, names_checked, non_negative, positive_int, share
from cfwidgets.search.archive import Archive
from cfwidgets.search.front_search import Box, FrontSearch, State
from cfwidgets.search.real_operators import other_than, polynomial_mutation, whole

Constriction: TypeAlias = Literal["jmetal", "clerc"]
Insertion: TypeAlias = Literal["one by one", "together"]

_INERTIA = 0.1
_MUTATED = 6  # every sixth particle


@names_checked
@dataclass(frozen=True)
class SMPSO(FrontSearch):
    """Settings of the search; `steps` runs it, `minimize` to the end, `steps_many` for many problems.

    Each particle is drawn to its own best position and to a leader, the less crowded of two random members of
    the archive; at a bound it stops and its speed is reversed. Every sixth particle is mutated. The archive
    holds the non-dominated candidates, and is the front.

    Parameters
    ----------
    population
        Particles.
    archive
        The most members of the archive.
    mutation_probability
        Probability for each variable of every sixth particle.
    eta
        Distribution index of the mutation: the higher, the shorter the moves.
    insertion
        How candidates are added to the archive. ``"one by one"``, on the CPU wherever the search runs: as in
        jMetalPy, each one beyond the capacity removes the most crowded member. ``"together"``, on the device,
        for all problems at once: all are added first, then the most crowded are removed; fronts are a little
        less even. The choice for many problems on an accelerator.
    constriction
        The factor of a speed where c1 + c2 > 4, which holds for nearly half of the moves. ``"jmetal"``: it is
        negative, and these moves lead away from the particle's targets; ``"clerc"``: its absolute value, as
        in Clerc & Kennedy 2002.

    Raises
    ------
    ValueError
        A setting that is out of range or of the wrong type.

    Examples
    --------
    >>> def distances(x):
    ...     return torch.cat([x**2, (x - 2) ** 2], 1)
    >>> front = SMPSO(population=40, archive=40).minimize(distances, [-10.0], [10.0], evaluations=2000)
    >>> bool((front.solutions > -0.1).all() and (front.solutions < 2.1).all())
    True
    """

    population: int = 100
    archive: int = 100
    mutation_probability: float = 0.1
    eta: float = 20
    insertion: Insertion = "one by one"
    constriction: Constriction = "jmetal"

    _names: ClassVar = (
        "speed",
        "best_solutions",
        "best_objectives",
        "archive_solutions",
        "archive_objectives",
        "archive_members",
        "archive_crowding_distance",
    )

    def __post_init__(self) -> None:
        positive_int("population", self.population)
        positive_int("archive", self.archive)
        share("mutation_probability", self.mutation_probability)
        non_negative("eta", self.eta)
        choice("insertion", self.insertion, get_args(Insertion))
        choice("constriction", self.constriction, get_args(Constriction))

    def _begin(self, solutions: Tensor, objectives: Tensor) -> State:
        archive = self._offered(Archive.empty(self.archive, solutions, objectives), solutions, objectives)
        return _state(
            solutions, objectives, torch.zeros_like(solutions), solutions.clone(), objectives.clone(), archive
        )

    def _advance(self, box: Box, state: State) -> tuple[State, Tensor]:
        archive = _archive(state)
        best, best_objectives = state["best_solutions"], state["best_objectives"]
        leaders = _leaders(archive, box.draws.uniform(2, self.population), best)
        speed = velocity(
            state["speed"],
            best - state["solutions"],
            leaders - state["solutions"],
            (box.upper - box.lower) / 2,
            box.draws.uniform(4, self.population, 1).unbind(1),
            self.constriction,
        )
        solutions, speed = moved(state["solutions"], speed, box.lower, box.upper)
        solutions = self._mutated(box, solutions)
        objectives, invalid = box.objectives(solutions)
        archive = self._offered(archive, solutions, objectives)
        worse = (best_objectives <= objectives).all(-1) & (best_objectives < objectives).any(-1)
        best = torch.where(worse[..., None], best, solutions)
        best_objectives = torch.where(worse[..., None], best_objectives, objectives)
        return _state(solutions, objectives, speed, best, best_objectives, archive), invalid

    def _front(self, state: State) -> tuple[Tensor, Tensor]:
        return state["archive_solutions"], state["archive_objectives"]

    def _resumed(self, given: Mapping[str, Tensor], lower: Tensor) -> State:
        state = super()._resumed(given, lower)
        places = state["archive_members"].shape[1]
        if places != self.archive:
            raise ValueError(f"resume must be a state with an archive of {self.archive}, not of {places}")
        return state

    def _offered(self, archive: Archive, solutions: Tensor, objectives: Tensor) -> Archive:
        return archive.offer(solutions, objectives, one_by_one=self.insertion == "one by one")

    def _mutated(self, box: Box, solutions: Tensor) -> Tensor:
        every = slice(None, None, _MUTATED)
        some = solutions[:, every]
        numbers = box.draws.uniform(2, *some.shape[1:])
        mutated = solutions.clone()
        mutated[:, every] = polynomial_mutation(
            some,
            box.lower,
            box.upper,
            eta=self.eta,
            chosen=numbers[:, 0] < self.mutation_probability,
            numbers=numbers[:, 1],
        )
        return mutated


def velocity(
    speed: Tensor,
    to_best: Tensor,
    to_leader: Tensor,
    limit: Tensor,
    numbers: tuple[Tensor, ...],
    constriction: Constriction,
) -> Tensor:
    """Compute the next speeds: χ · (0.1 · speed + c1 · r1 · to_best + c2 · r2 · to_leader), limited.

    Parameters
    ----------
    speed, to_best, to_leader
        ``(..., n, d)``: the last speed, and the vectors to a particle's own best position and to its leader.
    limit
        Highest speed either way, broadcastable.
    numbers
        Four tensors ``(..., n, 1)`` from 0 to 1: they make c1 and c2 of 1.5 to 2.5 and r1 and r2 of 0 to 1,
        all rounded to tenths.
    constriction
        See `SMPSO`.

    Examples
    --------
    >>> still, ahead, one = torch.zeros(1, 1), torch.ones(1, 1), (torch.ones(1, 1),) * 4
    >>> velocity(still, ahead, ahead, 9 * ahead, one, "jmetal")
    tensor([[-1.9098]])
    """
    c1, c2, r1, r2 = numbers
    # In tenths, so that sums of exactly 4 are exact.
    c1, c2 = (15 + 10 * c1).round(), (15 + 10 * c2).round()
    r1, r2 = (10 * r1).round(), (10 * r2).round()
    factor = constriction_factor((c1 + c2) / 10, constriction)
    wanted = factor * (_INERTIA * speed + (c1 * r1 / 100) * to_best + (c2 * r2 / 100) * to_leader)
    return wanted.clamp(-limit, limit)


def constriction_factor(rho: Tensor, kind: Constriction) -> Tensor:
    """Compute the factor for ρ = c1 + c2: 1 up to 4, then 2 / (2 - ρ - √(ρ² - 4ρ)) or its absolute value.

    Examples
    --------
    >>> constriction_factor(torch.tensor([4.0, 4.5]), "jmetal")
    tensor([ 1.0000, -0.5000])
    """
    factor = 2 / (2 - rho - (rho * rho - 4 * rho).clamp(min=0).sqrt())
    return torch.where(rho > 4, factor if kind == "jmetal" else factor.abs(), 1)


def moved(solutions: Tensor, speed: Tensor, lower: Tensor, upper: Tensor) -> tuple[Tensor, Tensor]:
    """Move by the speeds; a particle that would cross a bound stops there, and its speed is reversed.

    Examples
    --------
    >>> one = torch.ones(1)
    >>> moved(0.5 * one, one, -one, one)
    (tensor([1.]), tensor([-1.]))
    """
    wanted = solutions + speed
    arrived = wanted.clamp(lower, upper)
    return arrived, torch.where(arrived == wanted, speed, -speed)


def _leaders(archive: Archive, numbers: Tensor, otherwise: Tensor) -> Tensor:
    """Draw two members for each particle and return the less crowded; `otherwise` while there are none.

    With at most two members the first is the leader.
    """
    size = archive.members.sum(1, keepdim=True)
    count = size.clamp(min=3)
    one = whole(numbers[:, 0], count)
    other = other_than(one, numbers[:, 1], count)
    enough = size > 2
    one, other = torch.where(enough, one, 0), torch.where(enough, other, 0)
    less_crowded = archive.crowding_distance.gather(1, other) > archive.crowding_distance.gather(1, one)
    leaders = archive.solutions.take_along_dim(torch.where(less_crowded, other, one)[..., None], 1)
    return torch.where((size > 0)[..., None], leaders, otherwise)


def _state(
    solutions: Tensor,
    objectives: Tensor,
    speed: Tensor,
    best: Tensor,
    best_objectives: Tensor,
    archive: Archive,
) -> State:
    return {
        "solutions": solutions,
        "objectives": objectives,
        "speed": speed,
        "best_solutions": best,
        "best_objectives": best_objectives,
        "archive_solutions": archive.solutions,
        "archive_objectives": archive.objectives,
        "archive_members": archive.members,
        "archive_crowding_distance": archive.crowding_distance,
    }


def _archive(state: State) -> Archive:
    names = ("archive_solutions", "archive_objectives", "archive_members", "archive_crowding_distance")
    return Archive(*(state[name] for name in names))
