"""Reading a data set in threads, a little ahead of its use; what cannot be read is named and skipped."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeVar

__all__ = ["Skipped", "read_ahead"]

_AHEAD = 2  # batches that are read before they are needed

Job = TypeVar("Job")
T = TypeVar("T")


@dataclass(frozen=True, order=True)
class Skipped:
    """A picture that cannot be used: its index in the data set, and the reason in words."""

    number: int
    why: str


def read_ahead(
    read: Callable[[Job], T], batches: Sequence[Sequence[Job]], threads: int
) -> Generator[list[T], None, None]:
    """Read batches in their order, a little ahead of their use.

    Parameters
    ----------
    read
        Called on a thread with each job of a batch, such as the index of a picture.
    batches
        The jobs, batch by batch.
    threads
        Jobs that are done at the same time.

    Examples
    --------
    >>> list(read_ahead(abs, [[-1, 2], [-3]], threads=2))
    [[1, 2], [3]]
    """
    waiting: deque[list[Any]] = deque()
    pool = ThreadPoolExecutor(threads, thread_name_prefix="cfwidgets-reader")
    try:
        for jobs in batches:
            waiting.append([pool.submit(read, job) for job in jobs])
            if len(waiting) > _AHEAD:
                yield [future.result() for future in waiting.popleft()]
        while waiting:
            yield [future.result() for future in waiting.popleft()]
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
