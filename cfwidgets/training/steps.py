"""A training as steps: what it yields, what it keeps, and what it may go on from."""

from __future__ import annotations

from collections.abc import Callable, Collection, Generator, Mapping
from pathlib import Path
from typing import Any, Protocol, TypeVar

from cfwidgets.engines.base import Update
from cfwidgets.results import Result

__all__ = ["Work", "require_same", "training_steps"]

Trained_co = TypeVar("Trained_co", bound=Result, covariant=True)
Trained = TypeVar("Trained", bound=Result)


class Work(Protocol[Trained_co]):
    """The networks in training and all that changes with them."""

    step: int
    """Updates so far."""

    def update(self) -> None:
        """Make one more."""
        ...

    def trained(self) -> Trained_co:
        """Give the networks as they stand, and what going on needs."""
        ...


def training_steps(
    work: Work[Trained],
    updates: int,
    *,
    report_every: int,
    save_every: int,
    checkpoint: str | Path | None,
    remark: Callable[[Trained], str] | None = None,
) -> Generator[Update[Trained], None, None]:
    """Train, and yield the networks as they stand.

    Parameters
    ----------
    work
        As far as it is.
    updates
        How many there are to be.
    report_every, save_every
        Updates after which the networks are yielded, and saved.
    checkpoint
        The file to save to; also at the end, and when this is closed or fails: then what was yielded last.
    remark
        Gives words about the networks, such as that they fail, to add to an update's activity; or none.
    """
    if work.step >= updates:
        yield Update(1.0, work.trained())
        return
    trained: Trained | None = None
    saved: Trained | None = None
    try:
        while work.step < updates:
            work.update()
            due = work.step == updates or work.step % save_every == 0
            if due or work.step % report_every == 0:
                trained = work.trained()
                if checkpoint is not None and due:
                    saved = trained
                    trained.save(checkpoint)
                activity = f"update {work.step:,} of {updates:,}"
                if remark is not None and (words := remark(trained)):
                    activity = f"{activity}; {words}"
                yield Update(work.step / updates, trained, activity)
    finally:
        # Closed, interrupted or failed, maybe in the middle of an update: what was yielded last is whole.
        if checkpoint is not None and trained is not None and trained is not saved:
            trained.save(checkpoint)


def require_same(here: Mapping[str, Any], there: Mapping[str, Any], *, free: Collection[str]) -> None:
    """Refuse to go on from a checkpoint of another training.

    Parameters
    ----------
    here, there
        The settings of this training and of the checkpoint, and what their data are.
    free
        Settings that may differ.

    Raises
    ------
    ValueError
        Another one differs.

    Examples
    --------
    >>> require_same({"size": 64, "device": "cuda"}, {"size": 64, "device": "cpu"}, free=("device",))
    """
    for name, value in here.items():
        if name not in free and value != there.get(name):
            raise ValueError(
                f"resume: that checkpoint was trained with {name}={there.get(name)!r}; here it is {value!r}"
            )
