"""Fronts: the non-dominated candidates that a search has found."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from torch import Tensor

from cfwidgets.brief import brief
from cfwidgets.search.dominance import front_members


@dataclass(frozen=True, eq=False)
class Front:
    """The non-dominated candidates after one generation. Do not write into its tensors.

    Attributes
    ----------
    solutions
        ``(k, d)``, on the device of the bounds. k is 0 while no candidate had finite objectives.
    objectives
        ``(k, m)``: finite, none dominates another, no two are equal.
    evaluations
        Candidates evaluated so far.
    generation
        0 for the initial population, then 1, 2, ...
    invalid
        Candidates evaluated so far that had an objective of NaN or infinity.
    state
        Named tensors from which `resume` continues the search.
    """

    __repr__ = brief

    solutions: Tensor
    objectives: Tensor
    evaluations: int
    generation: int
    invalid: int
    state: Mapping[str, Tensor]


@dataclass(frozen=True, eq=False)
class Fronts:
    """The fronts of B problems side by side after one generation; ``fronts[b]`` is that of problem b.

    Attributes
    ----------
    solutions, objectives
        ``(B, k, d)`` and ``(B, k, m)``: the rows where `members` is True are the front of each problem.
    evaluations
        Candidates evaluated so far, in each problem.
    generation
        0 for the initial populations, then 1, 2, ...
    invalid
        ``(B,)`` int64: candidates that had an objective of NaN or infinity.
    state
        Named tensors from which ``resume`` continues the search of all problems.
    """

    __repr__ = brief

    solutions: Tensor
    objectives: Tensor
    evaluations: int
    generation: int
    invalid: Tensor
    state: Mapping[str, Tensor]

    @cached_property
    def members(self) -> Tensor:
        """``(B, k)`` bool: True for the rows that belong to the front of their problem."""
        return front_members(self.objectives)

    def __len__(self) -> int:
        return len(self.solutions)

    def __getitem__(self, problem: int) -> Front:
        members = self.members[problem]
        return Front(
            self.solutions[problem][members],
            self.objectives[problem][members],
            self.evaluations,
            self.generation,
            int(self.invalid[problem]),
            self.state,
        )

    def __iter__(self) -> Iterator[Front]:
        return (self[problem] for problem in range(len(self)))
