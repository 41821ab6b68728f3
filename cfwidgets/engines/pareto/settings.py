"""Settings of a search for edits, of one image or of many."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass, field
from numbers import Real
from typing import Any, ClassVar, Generic, Literal, Self, TypeVar

from cfwidgets.checks import choice, names_checked, non_negative, positive, positive_int
from cfwidgets.engines.base import Engine, ExplainerResult
from cfwidgets.models.editor import Editor, groups_of
from cfwidgets.search import GDE3, NSGA2, SMPSO

__all__ = ["SEARCHED", "EditSearch", "is_shown"]

SEARCHED = 0.95  # share of the work that the search takes, for the progress

_FIRST, _EVERY = 5, 10  # the first generations are all shown, then every tenth

R = TypeVar("R", bound=ExplainerResult)


@names_checked
@dataclass(frozen=True)
class EditSearch(Engine[R], Generic[R]):
    """Base of the searches for edits: see `PlausibleCounterfactuals` for the settings."""

    # Which groups were kept, and the tolerance, a result from before there were any does not say in its
    # settings: `resumed` compares the one, and the other changes the simplest alone.
    harmless: ClassVar[frozenset[str]] = frozenset({"evaluations", "trust", "keep_groups", "tolerance"})

    search: SMPSO | NSGA2 | GDE3 = field(default_factory=SMPSO)
    evaluations: int = 25_000
    frozen: tuple[str, ...] = ()
    reach: float = 1.0
    limits: tuple[float, float] | None = None
    baseline: Literal["image", "reconstruction"] = "image"
    keep_groups: bool = True
    tolerance: float = 0.1
    trust: bool = True
    seed: int = 0

    def __post_init__(self) -> None:
        super().__post_init__()
        if not isinstance(self.search, SMPSO | NSGA2 | GDE3):
            raise ValueError(f"search must be SMPSO(…), NSGA2(…) or GDE3(…), not {self.search!r:.60}")  # noqa: TRY004
        positive_int("evaluations", self.evaluations, minimum=self.search.population)
        choice("baseline", self.baseline, ("image", "reconstruction"))
        choice("keep_groups", self.keep_groups, (True, False))
        non_negative("tolerance", self.tolerance)
        if not isinstance(self.frozen, list | tuple):
            raise ValueError(f"frozen must be a tuple of names, such as ('Male',), not {self.frozen!r:.60}")  # noqa: TRY004
        positive("reach", self.reach)
        if self.limits is not None and not _is_range(self.limits):
            raise ValueError(f"limits must be the lowest and the highest value, not {self.limits!r:.60}")

    def settings_with(self, **question: Any) -> dict[str, Any]:
        """Give the settings, and the question, as a result keeps them."""
        # The fields of a search do not say which search it is; its repr does.
        return {**super().settings_with(**question), "search": repr(self.search)}

    @classmethod
    def _of_settings(cls, settings: Mapping[str, Any]) -> Self:
        return super()._of_settings({**settings, "search": _search(settings["search"])})

    def groups(self, editor: Editor) -> tuple[tuple[str, ...], ...]:
        """Return the groups of attributes that the search keeps."""
        return groups_of(editor) if self.keep_groups else ()

    def require_groups(self, earlier: tuple[tuple[str, ...], ...], now: tuple[tuple[str, ...], ...]) -> None:
        """Refuse to resume a search in which other groups were kept.

        Raises
        ------
        ValueError
            The groups of both.
        """
        if earlier != now:
            there, here = (
                ", ".join(" or ".join(group) for group in groups) or "none" for groups in (earlier, now)
            )
            raise ValueError(
                f"resume: in the result given these attributes exclude each other: {there}; in this run: "
                f"{here} (keep_groups=False keeps none)"
            )

    def is_searched(self, evaluations: int) -> bool:
        """Return True where a search with so many evaluations has ended."""
        return evaluations + self.search.population > self.evaluations


def _search(said: str) -> SMPSO | NSGA2 | GDE3:
    """Read a search from its repr: a name and plain values, nothing is run."""
    call = ast.parse(said, mode="eval").body
    kinds: dict[str, type[SMPSO | NSGA2 | GDE3]] = {kind.__name__: kind for kind in (SMPSO, NSGA2, GDE3)}
    if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Name) or call.args:
        raise ValueError(f"search must be the repr of one, not {said!r:.60}")
    settings = {str(one.arg): ast.literal_eval(one.value) for one in call.keywords}
    return kinds[call.func.id](**settings)


def _is_range(limits: Any) -> bool:
    pair = isinstance(limits, list | tuple) and len(limits) == 2
    return pair and all(isinstance(value, Real) for value in limits) and limits[0] < limits[1]


def is_shown(generation: int) -> bool:
    """Return True for the generations after which a result is yielded: painting its front takes time."""
    return generation < _FIRST or generation % _EVERY == 0
