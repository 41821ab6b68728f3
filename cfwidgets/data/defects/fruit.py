"""Apples, sound or eaten by worms."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from cfwidgets.data.defects.apples import apple, lit
from cfwidgets.data.defects.camera import photographed
from cfwidgets.data.defects.drawn import Bytes, Drawn, Numbers, check, pictures
from cfwidgets.data.defects.worms import eaten

__all__ = ["Fruit", "fruit"]

# Concrete has 0 to 2, one for each split.
_KIND = 3


@dataclass(frozen=True, eq=False, repr=False)
class Fruit(Drawn):
    """Apples with and without worm damage, as `fruit` draws them."""

    def _without_damage(self) -> Self:
        return self._of([0] * len(self), self.size, self.seed, self.first)

    @classmethod
    def _of(cls, labels: Sequence[int], size: int, seed: int, first: int) -> Self:
        numbers = Numbers(seed, first, _KIND)

        def picture(place: int, damaged: bool) -> tuple[Bytes, Bytes]:
            whole = apple(numbers.of(place, "scene"), size)
            skin, coverage = whole.skin, np.zeros((size, size), dtype=np.uint8)
            if damaged:
                skin, share = eaten(numbers.of(place, "damage"), whole)
                # rounded up, so that nothing is changed where it says 0
                coverage = np.ceil(share * 255).astype(np.uint8)
            return photographed(lit(whole, skin), numbers.of(place, "camera")), coverage

        return cls(*pictures(labels, size, picture), seed, first)


def fruit(n: int, size: int = 64, seed: int = 0, *, first: int = 0, damaged: float = 0.5) -> Fruit:
    """Draw apples of which some are damaged by worms, and it is known where.

    Parameters
    ----------
    n
        How many.
    size
        Height and width in pixels, at least 32. The same number at another size is the same apple, but for
        the noise of the camera; below about 60 pixels the smallest holes are larger, so that they are seen.
    seed
        Whose numbers: picture i depends on the seed and ``first + i`` and on nothing else, so that the first
        10 of 100 are the 10 that one gets when asking for 10.
    first
        Number of the first picture: to go on where another set ended, or for test pictures of the same seed.
    damaged
        The share of damaged pictures, 0 to 1; 0.65 is that of the published CASC IFW set of 2010. Each
        picture is drawn for itself, so that it holds within chance. With a larger share those that were
        damaged stay as they are: with 1 all are.

    Returns
    -------
    Fruit
        Pixels, masks and labels.

    Raises
    ------
    ValueError
        A number out of range.

    Notes
    -----
    An apple is a body with two dimples that is turned any way, of six sorts, with a blush, streaks and dots,
    under a lamp on one of six grounds. Stem and calyx, spots of scab, scars and bruises are on sound apples
    as on others. A worm leaves one to three dark holes with a rim, mostly crumbs of frass, and a bruised,
    sunken halo; all of that is damage, and the mask is at least 0.1 % of a damaged picture. The damage is
    drawn last: `Fruit.sound` has the same apples without it, and but for the blur of the camera, which
    reaches one pixel, they differ nowhere else.

    Same version of numpy and Pillow, same pixels. One picture takes about 4 ms of a core at 64 pixels, 10 ms
    at 128 and 30 ms at 224.

    Examples
    --------
    >>> apples = fruit(6, size=64)
    >>> apples
    Fruit(6 of 64 x 64 pixels, 3 damaged, seed 0, from 0)
    >>> (apples.masks.flatten(1).any(1) == apples.labels.bool()).all().item()
    True
    """
    check(n, size, seed, first, damaged)
    return Fruit._of(Numbers(seed, first, _KIND).labels(n, damaged), size, seed, first)  # noqa: SLF001 - ours
