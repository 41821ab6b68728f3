"""The outlines of drawn regions, and what they cover."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from fontTools.pens.basePen import BasePen
from fontTools.svgLib.path import parse_path
from matplotlib.path import Path
from matplotlib.transforms import Affine2D

from cfwidgets.data.faces.prototype import PrototypeError, Region

__all__ = ["outlines", "owners"]

_FINE = 8  # parts of a cell to which a curve is followed


class _PathPen(BasePen):
    """Collects an outline as a Matplotlib path."""

    def __init__(self) -> None:
        super().__init__(None)
        self.points: list[tuple[float, float]] = []
        self.codes: list[Any] = []

    def _add(self, code: Any, *points: tuple[float, float]) -> None:
        self.points += points
        self.codes += [code] * len(points)

    def _moveTo(self, pt: tuple[float, float]) -> None:  # noqa: N802 - fontTools calls these
        self._add(Path.MOVETO, pt)

    def _lineTo(self, pt: tuple[float, float]) -> None:  # noqa: N802
        self._add(Path.LINETO, pt)

    def _curveToOne(  # noqa: N802
        self, pt1: tuple[float, float], pt2: tuple[float, float], pt3: tuple[float, float]
    ) -> None:
        self._add(Path.CURVE4, pt1, pt2, pt3)

    def _closePath(self) -> None:  # noqa: N802
        self._add(Path.CLOSEPOLY, self.points[-1])


def outlines(region: Region) -> list[Path]:
    """Return the outline that each path of a region draws, in the units of the drawing.

    Raises
    ------
    PrototypeError
        The region has no path, or one that cannot be read.
    """
    found = []
    for data in region.paths:
        pen = _PathPen()
        try:
            parse_path(data, pen)
        except ValueError:
            pen.points.clear()
        if not pen.points or not np.isfinite(pen.points).all():
            raise PrototypeError(f"the region {region.name!r} has a path that cannot be read: {data!r:.60}")
        found.append(Path(np.array(pen.points), pen.codes))
    if not found:
        raise PrototypeError(f"the region {region.name!r} has no path")
    return found


def owners(
    box: tuple[float, float, float, float], drawn: Sequence[Path], cells: int
) -> tuple[npt.NDArray[np.int_], npt.NDArray[np.float64]]:
    """Lay a grid over a drawing, and find what is seen in each cell.

    Parameters
    ----------
    box
        x, y, width and height of what the grid covers, in units of the drawing.
    drawn
        Outlines in drawing order: a later one hides those below.
    cells
        Number of cells along the longer side.

    Returns
    -------
    tuple
        For each cell the place in ``drawn`` of the outline that its middle lies in, -1 for none: ``(h, w)``.
        And the middles of the cells: x and y, ``(h, w, 2)``.
    """
    x, y, width, height = box
    cell = max(width, height) / cells
    across, down = np.arange(x + cell / 2, x + width, cell), np.arange(y + cell / 2, y + height, cell)
    to_cells = Affine2D().translate(-across[0], -down[0]).scale(_FINE / cell)
    owner = np.full((len(down), len(across)), -1)
    for place, outline in enumerate(drawn):
        rings = [np.asarray(ring) / _FINE for ring in outline.to_polygons(to_cells)]
        owner[_inside(rings, *owner.shape)] = place
    return owner, np.stack(np.meshgrid(across, down), axis=-1)


def _inside(rings: list[npt.NDArray[np.float64]], rows: int, columns: int) -> npt.NDArray[np.bool_]:
    """Tell which points of a grid are inside of closed rings, by the rule of non-zero winding."""
    turns = np.zeros((rows, columns + 1), dtype=int)
    for ring in rings:
        (x0, y0), (x1, y1) = ring[:-1].T, ring[1:].T
        levels = np.arange(rows)[:, None]
        row, edge = np.nonzero((y0 <= levels) != (y1 <= levels))
        x = x0[edge] + (row - y0[edge]) / (y1 - y0)[edge] * (x1 - x0)[edge]
        column = np.ceil(x).astype(int).clip(0, columns)
        np.add.at(turns, (row, column), np.where(y1 > y0, 1, -1)[edge])
    inside: npt.NDArray[np.bool_] = turns.cumsum(axis=1)[:, :-1] != 0
    return inside
