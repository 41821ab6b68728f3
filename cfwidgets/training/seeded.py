"""Random numbers of a step of training, on the device where they are used."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch

__all__ = ["seeded_step"]


@contextmanager
def seeded_step(device: torch.device, seed: int, step: int) -> Iterator[None]:
    """Draw from torch's own random numbers, seeded by a seed and a step; then they are as they were.

    A training whose numbers are drawn so needs no random state to resume from a step, and dropout has its
    share in what repeats.

    Parameters
    ----------
    device
        Whose numbers are used beside the CPU's.
    seed, step
        Different pairs give different numbers.

    Examples
    --------
    >>> with seeded_step(torch.device("cpu"), 0, 3):
    ...     first = torch.rand(1)
    >>> with seeded_step(torch.device("cpu"), 0, 3):
    ...     print(torch.equal(torch.rand(1), first))
    True
    """
    with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
        torch.manual_seed(seed * 1_000_003 + step)
        yield
