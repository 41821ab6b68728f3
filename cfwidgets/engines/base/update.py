"""An engine's progress, and its result as it stands."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

from cfwidgets.text import LINE, cut

__all__ = ["Update"]

T = TypeVar("T")


@dataclass(frozen=True)
class Update(Generic[T]):
    """The progress of an engine, and the result as it stands.

    Attributes
    ----------
    fraction
        Work done so far, 0 to 1; exactly 1 in the last update.
    partial
        The result as it stands: complete in every field that has been computed so far.
    activity
        The work that comes next, in words for a person.
    """

    fraction: float
    partial: T
    activity: str = ""

    def __repr__(self) -> str:
        return (
            cut(
                f"<Update {self.fraction:.0%}{self.activity and f', {self.activity}'}: {self.partial!r}",
                LINE - 1,
            )
            + ">"
        )
