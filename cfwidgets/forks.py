"""Locks that a forked child finds free: their holders are threads that it does not have."""

from __future__ import annotations

import os
import weakref
from typing import Protocol

__all__ = ["Forked", "renew_in_children"]


class Forked(Protocol):
    """An object with locks."""

    def renew(self) -> None:
        """Free the locks of all other threads. Called in a forked child, in which there are none."""
        ...


_known: weakref.WeakSet[Forked] = weakref.WeakSet()


def renew_in_children(one: Forked) -> None:
    """Have ``one.renew()`` called in each child that is forked while it lives."""
    _known.add(one)


def _renew_all() -> None:
    for one in list(_known):
        one.renew()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_renew_all)
