"""What every engine shares: the update that it yields after each piece of work."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterable

R = TypeVar("R")


@dataclass(frozen=True)
class Update(Generic[R]):
    """How far an engine has come.

    Attributes
    ----------
    fraction
        Work done so far, 0 to 1; exactly 1 in the last update.
    partial
        The result as it stands: complete in every field that has been computed so far.
    activity
        What the engine is doing next, in words for a person.
    """

    fraction: float
    partial: R
    activity: str = ""


def run_to_end(steps: Iterable[Update[R]]) -> R:
    """Drive an engine's ``steps`` to the end and return the last result."""
    return deque(steps, maxlen=1)[0].partial
