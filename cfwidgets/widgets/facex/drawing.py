"""The drawing of the regions as the page needs it: its panels, and the ways of the arrow keys over it."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from matplotlib.path import Path
from matplotlib.transforms import Bbox

from cfwidgets.data.faces.outlines import outlines, owners
from cfwidgets.data.faces.prototype import Prototype

__all__ = ["Place", "drawing", "place_beside", "places_of"]

_CELLS = 120  # along the longer side of a panel
_SMALL = 0.2  # smaller pieces of a region, in parts of its largest one, are no places
_WIDE = 0.9  # of the depth of the widest place
_WAYS = ((-1, 0), (1, 0), (0, -1), (0, 1))  # left, right, up, down


class Place(NamedTuple):
    """The place of a piece of a region: its middle or, where that is not its own, that of its widest place.

    Attributes
    ----------
    region
        The region's place in the drawing.
    x, y
        In units of the drawing.
    """

    region: int
    x: float
    y: float


def drawing(prototype: Prototype) -> dict[str, Any]:
    """Return what the page is sent of a drawing.

    Returns
    -------
    dict
        ``regions`` in drawing order, with name, paths and panel. ``panels``, the figure itself first, each
        with the ``box`` that it takes up. ``order``: the regions' places in ``regions``, in reading order.
        ``places`` that the arrow keys lead to, each with its ``region`` and the places ``beside`` it to the
        left, to the right, above and below: -1 for none.

    Raises
    ------
    PrototypeError
        A region's path cannot be read.
    """
    regions = prototype.regions
    drawn = [outlines(region) for region in regions]
    tops = [_extents(paths).y0 for paths in drawn]
    panels, places = [], []
    for panel in sorted({region.panel for region in regions}):
        own = {place: drawn[place] for place, region in enumerate(regions) if region.panel == panel}
        extents = _extents([path for paths in own.values() for path in paths])
        # Where all regions lie on one line, there is still something to show.
        x, y, width, height = extents.bounds
        box = (float(x), float(y), float(width) or 1.0, float(height) or 1.0)
        panels.append({"panel": panel, "box": list(box)})
        places += places_of(box, own)
    return {
        "regions": [
            {"name": region.name, "paths": list(region.paths), "panel": region.panel} for region in regions
        ],
        "panels": panels,
        "order": sorted(range(len(regions)), key=lambda place: (regions[place].panel, tops[place])),
        "places": [
            {"region": here.region, "beside": [place_beside(places, here, *way) for way in _WAYS]}
            for here in places
        ],
    }


def _extents(paths: list[Path]) -> Bbox:
    return Bbox.union([path.get_extents() for path in paths])


def places_of(box: tuple[float, float, float, float], drawn: dict[int, list[Path]]) -> list[Place]:
    """Find the places of the regions of one panel.

    Parameters
    ----------
    box
        x, y, width and height of the panel.
    drawn
        The outlines of its regions by their place in the drawing, in drawing order.
    """
    from scipy.ndimage import label  # type: ignore[import-untyped]

    owner, centres = owners(box, [path for paths in drawn.values() for path in paths], _CELLS)
    # An owner of -1 finds the last.
    region = np.array([*(place for place, paths in drawn.items() for _ in paths), -1])[owner]
    found = []
    for place in drawn:
        pieces, _ = label(region == place)
        sizes = np.bincount(pieces.ravel())[1:]
        for piece, size in enumerate(sizes, start=1):
            if size >= _SMALL * sizes.max():
                x, y = centres[_middle(pieces == piece)].tolist()
                found.append(Place(place, x, y))
    return sorted(found, key=lambda one: (one.y, one.x))


def _middle(own: npt.NDArray[np.bool_]) -> tuple[int, int]:
    """Return row and column of a piece's middle or, where it does not lie within, of its widest place."""
    from scipy.ndimage import distance_transform_cdt

    rows, columns = np.nonzero(own)
    middle = round(rows.mean()), round(columns.mean())
    if own[middle]:
        return middle
    depth = distance_transform_cdt(np.pad(own, 1), "taxicab")[1:-1, 1:-1][own] - 1  # below the border
    # Of places about as wide, the one that lies least to a side.
    aside = np.where(depth >= _WIDE * depth.max(), abs(columns - columns.mean()), np.inf)
    return int(rows[aside.argmin()]), int(columns[aside.argmin()])


def place_beside(places: list[Place], here: Place, dx: int, dy: int) -> int:
    """Find the place in a direction, of which the direction counts more than the distance.

    Returns
    -------
    int
        The index of the nearest place of another region; -1 for none.
    """
    best, least = -1, math.inf
    for number, (region, x, y) in enumerate(places):
        along = (x - here.x) * dx + (y - here.y) * dy
        across = abs((x - here.x) * dy) + abs((y - here.y) * dx)
        far = along + 2 * across
        if region != here.region and along > 0 and across <= 2.5 * along and far < least:
            best, least = number, far
    return best
