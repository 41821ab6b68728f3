"""Region bits of what is drawn: one bit a region, one integer a pixel."""

from __future__ import annotations

from cfwidgets.data.faces.regions import REGIONS

__all__ = ["bits_of"]


def bits_of(*regions: str) -> int:
    """Return the region bits of a pixel that belongs to these regions.

    >>> bits_of("background"), bits_of("skin", "nose")
    (1, 6)
    """
    return sum(1 << REGIONS.index(region) for region in regions)
