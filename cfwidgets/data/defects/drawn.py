"""Sets of drawn pictures, some damaged, of which everything is known."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, NamedTuple, Self, TypeAlias, get_args

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from cfwidgets.brief import brief
from cfwidgets.checks import one_place, positive_int, share

__all__ = ["Bytes", "Drawn", "Inspected", "Numbers", "Thing", "check", "pictures"]

Bytes: TypeAlias = npt.NDArray[np.uint8]

Thing: TypeAlias = Literal["label", "scene", "damage", "camera"]
"""Use of random numbers."""

_IN_MASK = 85


class Inspected(NamedTuple):
    """One picture that was inspected, or several of them.

    Parameters
    ----------
    image
        ``(3, h, w)`` float32 in [0, 1].
    label
        int64: 0 sound, 1 damaged.
    mask
        ``(h, w)`` bool: where the damage is.
    """

    image: Tensor
    label: Tensor
    mask: Tensor

    def __repr__(self) -> str:
        return brief(self)


@dataclass(frozen=True, eq=False, repr=False)
class Drawn(ABC):
    """Drawn pictures, sound or damaged: a ``torch.utils.data.Dataset`` by its methods.

    Pixels are kept as bytes. ``images`` and ``masks`` convert all of them each time that they are asked for;
    an index, and so a ``DataLoader``, converts one.

    Parameters
    ----------
    pixels
        ``(n, 3, size, size)`` uint8.
    coverage
        ``(n, size, size)`` uint8: how much of each pixel is damage, in 255ths; the anti-aliased mask.
    labels
        ``(n,)`` int64: 0 sound, 1 damaged.
    seed, first
        What the pictures were made from: picture i is number ``first + i`` of this seed.
    """

    pixels: Tensor
    coverage: Tensor
    labels: Tensor
    seed: int
    first: int

    @property
    def images(self) -> Tensor:
        """All images, ``(n, 3, size, size)`` float32 in [0, 1]; made again each time."""
        return self.pixels.float() / 255

    @property
    def masks(self) -> Tensor:
        """Where the damage is, ``(n, size, size)`` bool: the pixels of which it covers at least a third."""
        return self.coverage >= _IN_MASK

    @property
    def size(self) -> int:
        """Height and width in pixels."""
        return self.pixels.shape[-1]

    @cached_property
    def sound(self) -> Self:
        """The same pictures without the damage: what a counterfactual of a damaged one should be.

        Drawn when first asked for, and kept.
        """
        return self._without_damage()

    @abstractmethod
    def _without_damage(self) -> Self: ...

    def __len__(self) -> int:
        return len(self.pixels)

    def __getitem__(self, index: int) -> Inspected:
        one_place(index)
        return Inspected(
            image=self.pixels[index].float() / 255,
            label=self.labels[index],
            mask=self.coverage[index] >= _IN_MASK,
        )

    def __iter__(self) -> Iterator[Inspected]:
        return (self[index] for index in range(len(self)))

    def __repr__(self) -> str:
        damaged = int(torch.count_nonzero(self.labels))
        return (
            f"{type(self).__name__}({len(self)} of {self.size} x {self.size} pixels, {damaged} damaged, "
            f"seed {self.seed}, from {self.first})"
        )


class Numbers(NamedTuple):
    """Random numbers of a set's pictures.

    Parameters
    ----------
    seed, first
        As in `Drawn`.
    kind
        Another one has other pictures.
    """

    seed: int
    first: int
    kind: int

    def of(self, place: int, thing: Thing) -> np.random.Generator:
        """Those for one thing in one picture: what is left out moves nothing else."""
        return np.random.default_rng([self.seed, self.first + place, self.kind, get_args(Thing).index(thing)])

    def labels(self, n: int, damaged: float) -> list[int]:
        """Say of each picture whether it is damaged, 1, or not; a larger share only adds damage."""
        return [int(self.of(place, "label").random() < damaged) for place in range(n)]


def check(n: int, size: int, seed: int, first: int, damaged: float) -> None:
    """Refuse what no set can be made of."""
    positive_int("n", n)
    positive_int("size", size, minimum=32)
    positive_int("seed", seed, minimum=0)
    positive_int("first", first, minimum=0)
    share("damaged", damaged)


def pictures(
    labels: Sequence[int], size: int, picture: Callable[[int, bool], tuple[Bytes, Bytes]]
) -> tuple[Tensor, Tensor, Tensor]:
    """Draw a set.

    Parameters
    ----------
    labels
        Which pictures are damaged.
    size
        Height and width in pixels.
    picture
        Called with the place of a picture and whether it is damaged; gives its pixels ``(3, size, size)`` and
        how much of each is damage ``(size, size)``.

    Returns
    -------
    Tensor, Tensor, Tensor
        ``pixels``, ``coverage`` and ``labels`` as `Drawn` has them.
    """
    pixels = np.empty((len(labels), 3, size, size), dtype=np.uint8)
    coverage = np.empty((len(labels), size, size), dtype=np.uint8)
    for place, label in enumerate(labels):
        pixels[place], coverage[place] = picture(place, bool(label))
    return torch.from_numpy(pixels), torch.from_numpy(coverage), torch.tensor(labels)
