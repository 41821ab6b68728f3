"""Training as steps that yield networks, save checkpoints and resume from them."""

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
    """The networks in training, with their optimisers and random state."""

    step: int
    """Updates so far."""

    def update(self) -> None:
        """Make one more update."""
        ...

    def trained(self) -> Trained_co:
        """Return the networks as they stand, and the state to resume from."""
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
        The networks in training.
    updates
        Updates in total.
    report_every, save_every
        Updates between two yields of the networks, and between two saves.
    checkpoint
        The file that the networks last yielded are saved to; also at the end, and when this is closed or
        fails.
    remark
        Return words about the networks, such as that they fail, to add to an update's activity; or none.
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
        # Closed, interrupted or failed, maybe amid an update: the networks last yielded are consistent.
        if checkpoint is not None and trained is not None and trained is not saved:
            trained.save(checkpoint)


def require_same(here: Mapping[str, Any], there: Mapping[str, Any], *, free: Collection[str]) -> None:
    """Refuse to resume a checkpoint of another training.

    Parameters
    ----------
    here, there
        Settings and data of this training and of the checkpoint, by name.
    free
        Settings that may differ.

    Raises
    ------
    ValueError
        Any other setting differs.

    Examples
    --------
    >>> require_same({"size": 64, "device": "cuda"}, {"size": 64, "device": "cpu"}, free=("device",))
    """
    for name, value in here.items():
        if name not in free and value != there.get(name):
            raise ValueError(
                f"resume: that checkpoint was trained with {name}={there.get(name)!r}; here it is {value!r}"
            )
