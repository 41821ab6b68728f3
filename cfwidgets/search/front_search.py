"""The base of the searches with several objectives: the box, the evaluations, the loop over generations.

`FrontSearch` is the base of `NSGA2`, `GDE3` and `SMPSO`, which define one generation. All tensors have
a leading dimension B of problems side by side; a single problem is B = 1.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Generator, Mapping, Sequence
from typing import Any, ClassVar, TypeAlias

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from cfwidgets.checks import positive_int
from cfwidgets.search.dominance import without_invalid
from cfwidgets.search.front import Front, Fronts
from cfwidgets.search.real_operators import Draws

Evaluate: TypeAlias = Callable[[Tensor], Tensor | npt.NDArray[Any]]
"""A function from candidates ``(..., n, d)`` to their objectives ``(..., n, m)``, lower is better."""

Numbers: TypeAlias = Tensor | npt.NDArray[Any] | Sequence[Any]

State: TypeAlias = dict[str, Tensor]

# The tensors that every search's state holds besides its own.
_SHARED = ("solutions", "objectives", "generation", "evaluations", "invalid", "generators", "streams")


class Box:
    """Problems: their bounds, their random numbers and the function that evaluates candidates.

    Attributes
    ----------
    lower, upper
        ``(B, 1, d)``.
    draws
        The random numbers of each problem.
    """

    def __init__(
        self, evaluate: Evaluate, lower: Tensor, upper: Tensor, draws: Draws, *, single: bool
    ) -> None:
        self.lower = lower[:, None]
        self.upper = upper[:, None]
        self.draws = draws
        self._evaluate = evaluate
        self._single = single
        self._objectives: int | None = None

    def anywhere(self, count: int) -> Tensor:
        """Draw candidates ``(B, count, d)`` uniformly from the box."""
        spread = self.draws.uniform(count, self.lower.shape[-1]) * (self.upper - self.lower)
        return (self.lower + spread).clamp(self.lower, self.upper)

    def objectives(self, solutions: Tensor) -> tuple[Tensor, Tensor]:
        """Evaluate ``(B, n, d)``: return objectives ``(B, n, m)`` and counts of invalid rows, ``(B,)``."""
        # A copy: the function may write into it.
        given = solutions[0].clone() if self._single else solutions.clone()
        found = torch.as_tensor(self._evaluate(given)).detach()
        if found.ndim != given.ndim or found.shape[:-1] != given.shape[:-1] or found.shape[-1] < 1:
            raise ValueError(
                f"evaluate must give one row of objectives a candidate: of candidates {tuple(given.shape)} "
                f"objectives ({', '.join(map(str, given.shape[:-1]))}, m), not {tuple(found.shape)}"
            )
        if found.is_complex():
            raise ValueError(f"evaluate must give real numbers, not {found.dtype}")
        if self._objectives not in (None, found.shape[-1]):
            raise ValueError(f"evaluate gave {self._objectives} objectives before, and now {found.shape[-1]}")
        self._objectives = found.shape[-1]
        found = found.to(solutions)
        found, invalid = without_invalid(found[None] if self._single else found)
        return found, invalid.sum(-1)


class FrontSearch(ABC):
    """Base of the searches for non-dominated candidates: `NSGA2`, `GDE3` and `SMPSO`."""

    population: int
    _names: ClassVar[tuple[str, ...]] = ()

    @abstractmethod
    def _begin(self, solutions: Tensor, objectives: Tensor) -> State:
        """Make the state of initial candidates ``(B, n, d)`` and their objectives ``(B, n, m)``."""

    @abstractmethod
    def _advance(self, box: Box, state: State) -> tuple[State, Tensor]:
        """Make one more generation: return its state, and counts of invalid candidates, ``(B,)``."""

    @abstractmethod
    def _front(self, state: State) -> tuple[Tensor, Tensor]:
        """Return the solutions and the objectives that contain the front."""

    def minimize(
        self,
        evaluate: Evaluate,
        lower: Numbers,
        upper: Numbers,
        *,
        evaluations: int = 25_000,
        seed: int = 0,
        initial: Numbers | None = None,
        resume: Mapping[str, Tensor] | None = None,
    ) -> Front:
        """Run the search to its end and return the last front; parameters and errors as in `steps`."""
        fronts = self._alone(evaluate, lower, upper, evaluations, seed, initial, resume)
        return deque(fronts, maxlen=1)[0][0]

    def steps(
        self,
        evaluate: Evaluate,
        lower: Numbers,
        upper: Numbers,
        *,
        evaluations: int = 25_000,
        seed: int = 0,
        initial: Numbers | None = None,
        resume: Mapping[str, Tensor] | None = None,
    ) -> Generator[Front, None, None]:
        """Run the search, one generation a step; it may be left or closed after any.

        Parameters
        ----------
        evaluate
            A function from candidates ``(n, d)`` to their objectives ``(n, m)``, lower is better: a whole
            generation in one call, on the device and in the dtype of `lower`. Candidates with an objective
            that is NaN or infinity are worse than all others, never in the front, and counted.
        lower, upper
            ``(d,)``: bounds, float32 or float64; lists and arrays become tensors of torch's default dtype. A
            variable whose bounds are equal has exactly that value.
        evaluations
            The most candidates to evaluate, a whole generation at a time.
        seed
            Same seed and same device, same search. Torch's global random state is neither used nor changed.
        initial
            ``(k, d)`` within the bounds: the first k of the initial population, k at most `population`; the
            others, and without `initial` all, are drawn uniformly from the box.
        resume
            The `Front.state` of a search with these settings, to continue up to `evaluations` in total. The
            first step yields that front again without evaluating a candidate; the following ones equal those
            of a search that was never interrupted. `seed` is ignored.

        Yields
        ------
        Front
            One for the initial population and one for each generation after it.

        Raises
        ------
        ValueError
            At once, for wrong bounds, counts, `initial` or `resume`; in a step, where `evaluate` returns
            another shape. What `evaluate` itself raises passes through.
        """
        fronts = self._alone(evaluate, lower, upper, evaluations, seed, initial, resume)
        return (front[0] for front in fronts)

    def steps_many(
        self,
        evaluate: Evaluate,
        lower: Numbers,
        upper: Numbers,
        *,
        evaluations: int = 25_000,
        seed: int | Sequence[int] = 0,
        initial: Numbers | None = None,
        resume: Mapping[str, Tensor] | None = None,
    ) -> Generator[Fronts, None, None]:
        """Run searches of B problems side by side; each finds what it would find alone with its seed.

        Parameters
        ----------
        evaluate
            A function from candidates ``(B, n, d)`` to their objectives ``(B, n, m)``.
        lower, upper
            ``(B, d)``: the bounds of each problem.
        evaluations
            The most candidates to evaluate in each problem.
        seed
            One for all problems, or a sequence of one for each.
        initial
            ``(B, k, d)``.
        resume
            The `Fronts.state` of a search over the same problems.

        Yields
        ------
        Fronts
            One for the initial populations and one for each generation after them.

        Raises
        ------
        ValueError
            As in `steps`.
        """
        low, high = _bounds(lower, upper, 2)
        seeds = list(seed) if isinstance(seed, Sequence) else [seed] * len(low)
        if len(seeds) != len(low):
            raise ValueError(
                f"seed must be one number, or one for each of {len(low)} problems, not {len(seeds)}"
            )
        first = None if initial is None else _initial(initial, low, high, self.population)
        return self._checked(evaluate, low, high, evaluations, seeds, first, resume, single=False)

    def _alone(
        self,
        evaluate: Evaluate,
        lower: Numbers,
        upper: Numbers,
        evaluations: int,
        seed: int,
        initial: Numbers | None,
        resume: Mapping[str, Tensor] | None,
    ) -> Generator[Fronts, None, None]:
        low, high = _bounds(lower, upper, 1)
        first = None if initial is None else _initial(initial, low, high, self.population)[None]
        return self._checked(evaluate, low[None], high[None], evaluations, [seed], first, resume, single=True)

    def _checked(
        self,
        evaluate: Evaluate,
        lower: Tensor,
        upper: Tensor,
        evaluations: int,
        seeds: Sequence[int],
        initial: Tensor | None,
        resume: Mapping[str, Tensor] | None,
        *,
        single: bool,
    ) -> Generator[Fronts, None, None]:
        positive_int("evaluations", evaluations)
        if evaluations < self.population:
            raise ValueError(
                f"evaluations must be at least the population, {self.population}, not {evaluations}"
            )
        if resume is None:
            box = Box(evaluate, lower, upper, Draws(seeds, lower), single=single)
            return self._run(box, evaluations, initial, None)
        if initial is not None:
            raise ValueError("give initial or resume, not both")
        state = self._resumed(resume, lower)
        box = Box(evaluate, lower, upper, Draws.resumed(state, lower), single=single)
        return self._run(box, evaluations, None, state)

    def _resumed(self, given: Mapping[str, Tensor], lower: Tensor) -> State:
        name = type(self).__name__
        expected = {*_SHARED, *self._names}
        if given.keys() != expected:
            raise ValueError(
                f"resume is no state of {name}: it has {sorted(given)} and should have {sorted(expected)}"
            )
        shape = (len(lower), self.population, lower.shape[-1])
        if given["solutions"].shape != shape:
            raise ValueError(
                f"resume must be a state of {shape[0]} problems, a population of {shape[1]} and {shape[2]} "
                f"variables, not of {tuple(given['solutions'].shape)}"
            )
        return {
            key: value.to(lower) if value.is_floating_point() else value.to(lower.device)
            for key, value in given.items()
        }

    def _run(
        self, box: Box, evaluations: int, initial: Tensor | None, state: State | None
    ) -> Generator[Fronts, None, None]:
        if state is None:
            solutions = box.anywhere(self.population)
            if initial is not None:
                solutions = torch.cat([initial, solutions[:, initial.shape[1] :]], 1)
            objectives, invalid = box.objectives(solutions)
            state = self._begin(solutions, objectives)
            generation, evaluated = 0, self.population
        else:
            generation, evaluated = int(state["generation"]), int(state["evaluations"])
            invalid = state["invalid"]
        while True:
            whole = {
                **state,
                **box.draws.state(),
                "generation": torch.tensor(generation),
                "evaluations": torch.tensor(evaluated),
                "invalid": invalid,
            }
            yield Fronts(*self._front(state), evaluated, generation, invalid, whole)
            if evaluated + self.population > evaluations:
                return
            state, more = self._advance(box, state)
            generation, evaluated, invalid = generation + 1, evaluated + self.population, invalid + more


def _bounds(lower: Numbers, upper: Numbers, dimensions: int) -> tuple[Tensor, Tensor]:
    low = _numbers("lower", lower, None)
    high = _numbers("upper", upper, low)
    wanted = "(variables,)" if dimensions == 1 else "(problems, variables)"
    if low.ndim != dimensions or low.shape != high.shape:
        raise ValueError(
            f"lower and upper must both be {wanted}, not {tuple(low.shape)} and {tuple(high.shape)}"
        )
    if dimensions == 2 and not len(low):
        raise ValueError("lower and upper must hold the bounds of at least one problem")
    # Their difference too: no candidate can be drawn from a box wider than the dtype's largest number.
    if not bool(torch.isfinite(high - low).all()):
        raise ValueError("lower and upper must be finite")
    if bool((low > high).any()):
        *_, variable = (low > high).nonzero()[0].tolist()
        raise ValueError(f"lower must not be above upper, as it is for variable {variable}")
    return low, high


def _initial(given: Numbers, lower: Tensor, upper: Tensor, population: int) -> Tensor:
    initial = _numbers("initial", given, lower)
    wanted = (*lower.shape[:-1], "k", lower.shape[-1])
    if initial.ndim != len(wanted) or (*initial.shape[:-2], "k", initial.shape[-1]) != wanted:
        raise ValueError(f"initial must be ({', '.join(map(str, wanted))}), not {tuple(initial.shape)}")
    if initial.shape[-2] > population:
        raise ValueError(
            f"initial must hold at most population={population} candidates, not {initial.shape[-2]}"
        )
    if not bool(((initial >= lower[..., None, :]) & (initial <= upper[..., None, :])).all()):
        raise ValueError("initial must lie within the bounds")
    return initial


def _numbers(name: str, values: Any, like: Tensor | None) -> Tensor:
    try:
        numbers = torch.as_tensor(
            values if isinstance(values, Tensor | np.ndarray) else list(values)
        ).detach()
    except (TypeError, ValueError, RuntimeError) as error:
        raise ValueError(f"{name} must be numbers, not {type(values).__name__}") from error
    if like is not None:
        return numbers.to(like)
    if not isinstance(values, Tensor) and not numbers.is_floating_point():
        numbers = numbers.to(torch.get_default_dtype())
    if numbers.dtype not in (torch.float32, torch.float64):
        raise ValueError(f"{name} must be float32 or float64, not {numbers.dtype}")
    return numbers
