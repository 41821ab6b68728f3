"""Steps that may fail without costing the answer."""

from __future__ import annotations

from collections.abc import Generator, Iterable
from typing import Generic, TypeVar

__all__ = ["Attempt"]

T = TypeVar("T")


class Attempt(Generic[T]):
    """Iterates over the steps of a measure of trust until an error ends it, which it keeps.

    Parameters
    ----------
    steps
        The steps.

    Attributes
    ----------
    error
        The error; None where all went well.

    Examples
    --------
    >>> attempt = Attempt(1 / number for number in (2, 1, 0))
    >>> list(attempt), attempt.error
    ([0.5, 1.0], ZeroDivisionError('division by zero'))
    """

    def __init__(self, steps: Iterable[T]) -> None:
        self._steps = steps
        self.error: Exception | None = None

    def __iter__(self) -> Generator[T, None, None]:
        try:
            yield from self._steps
        except Exception as error:  # noqa: BLE001 - whatever a network with random weights raises
            self.error = error
