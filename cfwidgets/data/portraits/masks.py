"""Label words of what is drawn: one bit a region, one word a pixel."""

from __future__ import annotations

from cfwidgets.data.faces.regions import REGIONS

__all__ = ["word"]


def word(*regions: str) -> int:
    """The word of a pixel that belongs to these regions.

    >>> word("background"), word("skin", "nose")
    (1, 6)
    """
    return sum(1 << REGIONS.index(region) for region in regions)
