"""Data sets that the zoo has translators for, and the examples drawn from them."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from cfwidgets import data

__all__ = ["DATA_SETS", "DataSet", "Examples", "examples"]

_SPLITS = ("train", "validation", "test")


@dataclass(frozen=True)
class Examples:
    """Images of two classes, and where they differ if that is known.

    Attributes
    ----------
    images
        ``(n, 3, h, h)`` uint8.
    labels
        ``(n,)`` int64, 0 or 1.
    masks
        ``(n, h, h)`` bool, or None.
    """

    images: Tensor
    labels: Tensor
    masks: Tensor | None = None

    def first(self, n: int) -> Examples:
        """Return the first ``n``, or all if there are fewer."""
        return Examples(self.images[:n], self.labels[:n], None if self.masks is None else self.masks[:n])


def _concrete(n: int, first: int, size: int, split: str) -> Examples:
    drawn = data.concrete(n, size, first=first, split=split)  # type: ignore[arg-type]
    return Examples(drawn.pixels, drawn.labels, drawn.masks)


def _fruit(n: int, first: int, size: int, split: str) -> Examples:
    drawn = data.fruit(n, size, first=first + 1_000_000 * _SPLITS.index(split))
    return Examples(drawn.pixels, drawn.labels, drawn.masks)


def _portraits(n: int, first: int, size: int, split: str) -> Examples:
    from cfwidgets.data.portraits.shortcuts import SETS

    # Other numbers are other people: none of them is in two splits, nor in what the zoo's classifiers know.
    place = first + 4_000_000 + 1_000_000 * _SPLITS.index(split)
    drawn = replace(SETS["biased"], size=size).draw(n, first=place)
    return Examples(drawn.pixels, drawn.attribute("Male").long())


@dataclass(frozen=True)
class DataSet:
    """A data set that the zoo has a translator for.

    Attributes
    ----------
    draw
        Gives n examples from a number on, of a size and a split.
    labels
        Names of the classes.
    images
        How many to learn from.
    about
        A sentence for the model card.
    settings
        Of `TranslationTraining`, where they differ from those of `training`.
    """

    draw: Callable[[int, int, int, str], Examples]
    labels: tuple[str, str]
    images: int
    about: str
    settings: dict[str, Any]


DATA_SETS = {
    "concrete": DataSet(
        _concrete,
        ("sound", "cracked"),
        16000,
        "Data: `cfwidgets.data.concrete`, surfaces with and without cracks over photographed textures; no "
        "two splits share a pixel of these.",
        {"turned": True},
    ),
    "fruit": DataSet(
        _fruit,
        ("sound", "damaged"),
        8000,
        "Data: `cfwidgets.data.fruit`, drawn apples with and without worm damage.",
        {"turned": True},
    ),
    "portraits": DataSet(
        _portraits,
        ("not Male", "Male"),
        6000,
        "Data: `cfwidgets.data.portraits` in which 99 % of the faces with Male have no lipstick and 99 % of "
        "the others do, as for the biased classifier of the zoo.",
        {"turned": False, "levels": 4, "sparsity": 5.0, "sparsity_moved": 20.0},
    ),
}
"""By name."""


def examples(name: str, counts: dict[str, int], size: int, *, processes: int = 1) -> dict[str, Examples]:
    """Draw examples, in several processes if so wished: they are the same.

    Parameters
    ----------
    name
        Of `DATA_SETS`.
    counts
        How many of each split: ``"train"``, ``"validation"``, ``"test"``.
    size
        In pixels.
    processes
        That draw.
    """
    draw = DATA_SETS[name].draw
    if processes == 1:
        return {split: draw(n, 0, size, split) for split, n in counts.items()}
    each = -(-sum(counts.values()) // (4 * processes))
    drawn: dict[str, list[Future[Examples]]] = {split: [] for split in counts}
    with ProcessPoolExecutor(processes, multiprocessing.get_context("spawn"), _alone) as pool:
        for split, n in counts.items():
            for start in range(0, n, each):
                drawn[split].append(pool.submit(draw, min(each, n - start), start, size, split))
        return {split: _joined([part.result() for part in parts]) for split, parts in drawn.items()}


def _joined(parts: list[Examples]) -> Examples:
    masks = [part.masks for part in parts if part.masks is not None]
    return Examples(
        torch.cat([part.images for part in parts]),
        torch.cat([part.labels for part in parts]),
        torch.cat(masks) if masks else None,
    )


def _alone() -> None:
    torch.set_num_threads(1)
