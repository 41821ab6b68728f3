"""The account of a page that was written."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

__all__ = ["Exported"]

_MB = 1_000_000


@dataclass(frozen=True, repr=False)
class Exported:
    """A page that was written.

    Attributes
    ----------
    path
        The file.
    live
        True where a network travels in it and answers.
    bytes
        The length of the file.
    reason
        Why it is live or still, and what limits it, in a sentence.
    beside
        The file that must lie beside it for it to answer; None where the page needs no other.
    """

    path: Path
    live: bool
    bytes: int
    reason: str
    beside: Path | None = None

    def __repr__(self) -> str:
        kind = "live" if self.live else "still"
        return f"<{kind} page {self.path}, {self.bytes / _MB:.1f} MB: {self.reason}>"
