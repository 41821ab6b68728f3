"""Places for the names of the regions of a drawing: within a region, or in the free space beside it."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from matplotlib.path import Path
from scipy.ndimage import distance_transform_edt, minimum_filter  # type: ignore[import-untyped]

from cfwidgets.data.faces.outlines import owners

__all__ = ["LabelPlace", "place_labels"]

_GRID = 240  # cells along the longer side of a drawing
_LETTER, _LINE = 0.6, 1.15  # mean width of a letter, and height of a line, in font sizes
_CENTRED = 1.0  # cells of depth that the middle of a region is worth against the drawing's far end
_LEVEL = 1.5  # a place above or below is so much worse than one aside: level lines do not cross

Point = tuple[float, float]


class LabelPlace(NamedTuple):
    """The place of one name, in units of the drawing.

    Attributes
    ----------
    label
        Middle of the name.
    inside
        True where the name is within its region.
    anchor
        The point of the region that lies deepest in it.
    edge
        The point of the name that is nearest to the anchor.
    """

    label: Point
    inside: bool
    anchor: Point
    edge: Point


def place_labels(
    box: tuple[float, float, float, float], outlines: dict[str, Path], texts: dict[str, str], size: float
) -> dict[str, LabelPlace]:
    """Place names within their regions where they fit, and else in the nearest free space.

    Parameters
    ----------
    box
        x, y, width and height of the drawing with its margins.
    outlines
        The regions' outlines by name, in drawing order: a later one hides those below.
    texts
        The name to write on each region.
    size
        Font size, in units of the drawing.

    Returns
    -------
    dict
        By region; without those that are hidden, or for whose name there is no room.
    """
    cell = max(box[2:]) / _GRID
    owner, centres = owners(box, list(outlines.values()), _GRID)
    free = owner == -1
    places: dict[str, LabelPlace] = {}
    for number, anchor, depth in _anchors(owner, centres):
        name = list(outlines)[number]
        if name not in texts:
            continue
        lines, letters = _LINE * size, len(texts[name]) * _LETTER * size
        cells = (math.ceil(lines / cell) + 1, math.ceil(letters / cell) + 2)
        inside, outside = _room(owner == number, cells), _room(free, cells)
        if inside.any():
            middle = np.unravel_index(np.where(inside, depth, -np.inf).argmax(), depth.shape)
        elif outside.any():
            aside, above = np.abs(centres - anchor).transpose(2, 0, 1)
            cost = np.where(outside, aside + _LEVEL * above, np.inf)
            middle = np.unravel_index(cost.argmin(), cost.shape)
            (row, column), (high, wide) = middle, cells
            free[row - high // 2 : row + high // 2 + 1, column - wide // 2 : column + wide // 2 + 1] = False
        else:
            continue
        label = tuple(centres[middle].tolist())
        edge = (_clamped(anchor[0], label[0], letters / 2), _clamped(anchor[1], label[1], lines / 2))
        places[name] = LabelPlace(label, bool(inside.any()), anchor, edge)
    return places


def _anchors(
    owner: npt.NDArray[np.int_], centres: npt.NDArray[np.float64]
) -> list[tuple[int, Point, npt.NDArray[np.float64]]]:
    """Return the visible regions from top to bottom: number, deepest point, and depth of each cell in cells.

    Of cells that lie equally deep, those nearer to the middle of the region count as deeper.
    """
    found = []
    for number in np.unique(owner[owner >= 0]).tolist():
        own = owner == number
        depth = distance_transform_edt(np.pad(own, 1))[1:-1, 1:-1]
        depth -= np.linalg.norm(centres - centres[own].mean(0), axis=-1) * (_CENTRED / np.ptp(centres))
        x, y = centres[np.unravel_index(depth.argmax(), depth.shape)].tolist()
        found.append((number, (x, y), depth))
    return sorted(found, key=lambda one: one[1][1])


def _room(free: npt.NDArray[np.bool_], cells: tuple[int, int]) -> npt.NDArray[np.bool_]:
    """Return True where a box of cells around the place is free."""
    room: npt.NDArray[np.bool_] = minimum_filter(free, size=cells, mode="constant", cval=0)
    return room


def _clamped(value: float, middle: float, reach: float) -> float:
    return min(max(value, middle - reach), middle + reach)
