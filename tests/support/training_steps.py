"""A training of a small AttGAN that ends within a second, and a gate that lets it on update by update."""

from __future__ import annotations

import threading
from collections.abc import Generator, Iterator
from contextlib import closing
from typing import Any

import torch

from cfwidgets.training.attgan import AttGANTraining

FAST = AttGANTraining(updates=6, batch_size=4, critic_updates=1, dim=4, layers=3, hidden=8, report_every=1)
NAMES = ("Pale_Skin", "<b>")
FACES = torch.rand(12, 3, 16, 16, generator=torch.Generator().manual_seed(0))
HAS = torch.arange(24).view(12, 2) % 3 == 0


def steps(**more: Any) -> Generator[Any, None, None]:
    return FAST.steps(FACES, HAS, NAMES, **more)


class Gate:
    """Lets a training on by as many updates as are asked for."""

    def __init__(self, updates: Generator[Any, None, None]) -> None:
        self._updates, self._places = updates, threading.Semaphore(0)
        self.asked = 0

    def let(self, count: int) -> None:
        self._places.release(count)

    def steps(self) -> Iterator[Any]:
        with closing(self._updates):
            for update in self._updates:
                self.asked += 1
                assert self._places.acquire(timeout=20)
                yield update
