"""The coordinates that all views over one picture share."""

from __future__ import annotations

from typing import Any

import traitlets as t

from cfwidgets.regions import checked

__all__ = ["LINKED", "Linked"]

LINKED = frozenset({"point", "region"})
"""Traits that `ipywidgets.jslink` links between views over one picture: for ``View.linked``."""


class Linked(t.HasTraits):
    """A view over one picture, with a crosshair and a region that other views can share.

    Both are in parts of the width and height of the picture as the model sees it, from its upper left
    corner: views at different sizes agree. The page sets them, shares them with the views that are linked to
    this one, and draws them; Python may set them too, but is not told of what the page sets.

    Attributes
    ----------
    point
        ``[x, y]``, each in [0, 1]: the crosshair; empty for none.
    region
        Closed rings, outlined: see `regions.checked`; empty for none.

    Raises
    ------
    TraitError
        A point or a region that leaves the picture, or is none.
    """

    # No echo: a late one would move the crosshair back.
    point = t.List(t.Float()).tag(sync=True, echo_update=False)
    region: t.List[Any] = t.List().tag(sync=True, echo_update=False)

    @t.validate("point")
    def _in_the_picture(self, proposal: Any) -> list[float]:
        point: list[float] = proposal.value
        if point and (len(point) != 2 or not all(0 <= value <= 1 for value in point)):
            raise t.TraitError(f"point must be empty or [x, y], each from 0 to 1, not {point!r:.60}")
        return point

    @t.validate("region")
    def _a_region(self, proposal: Any) -> list[list[float]]:
        try:
            return checked(proposal.value)
        except ValueError as error:
            raise t.TraitError(str(error)) from None
