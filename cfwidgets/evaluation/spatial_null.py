"""Chance for two maps over one picture: maps are smooth, lie in its middle, and follow what it shows.

To deal out the cells of a map at random is too weak a null: any two smooth maps are more alike than that.
Here the map is moved as a whole. It is shifted, what leaves at one side coming in at the other, and mirrored
(Lotwick and Silverman 1982, "Methods for analysing spatial processes of several types of points"), which
keeps how smooth it is; or it is turned about the middle of the picture along square rings, and mirrored,
which keeps how much of it lies in the middle, too. What the picture alone explains is not moved: the ranks
are first regressed on it, and only the rest moves (Freedman and Lane 1983, "A nonstochastic interpretation of
reported significance levels").
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
from torch import Tensor

from cfwidgets.evaluation.placed import resampled

__all__ = ["SpatialNull", "features", "ranked", "standardised"]

Array: TypeAlias = npt.NDArray[np.float64]

_SHIFTS = 999  # at most
_TURNS = 48
_ALIKE = 1 / 8  # of a whole turn: a smooth map that is turned by less is much the same
_TINY = 1e-9


def ranked(values: npt.NDArray[np.floating]) -> Array:
    """Give the ranks of ``(n,)`` values; equal ones share the mean of theirs."""
    from scipy.stats import rankdata  # type: ignore[import-untyped]

    return np.asarray(rankdata(values), dtype=np.float64)


def standardised(rows: Array) -> Array:
    """Centre rows ``(m, n)`` and give them length 1, so that a product is a correlation; 0 if constant."""
    rows = rows - rows.mean(-1, keepdims=True)
    length = np.linalg.norm(rows, axis=-1, keepdims=True)
    return rows / np.where(length > _TINY, length, np.inf)


def features(picture: Tensor, size: tuple[int, int]) -> Array:
    """Describe the cells of a grid by what maps may owe to the picture and not to the model.

    Parameters
    ----------
    picture
        ``(3, H, W)`` in [0, 1].
    size
        Rows and columns of the grid.

    Returns
    -------
    numpy.ndarray
        ``(3, rows * columns)``: ranks of the brightness, of the strength of edges, and of the distance from
        the middle.
    """
    grey = picture.float().mean(0)
    edges = grey.new_zeros(grey.shape)
    edges[1:] += grey.diff(dim=0).abs()
    edges[:, 1:] += grey.diff(dim=1).abs()
    rows, columns = _places(size)
    found = (resampled(grey, size), resampled(edges, size), np.hypot(rows, columns))
    return np.stack([ranked(np.asarray(one).ravel()) for one in found])


@dataclass(frozen=True, eq=False)
class SpatialNull:
    """Moves maps over a grid.

    Parameters
    ----------
    size
        Rows and columns of the grid.
    explained
        ``(f, n)``: what the picture is like in each of the n cells; see `features`.
    seed
        Of the shifts, where there are more than 999.
    """

    size: tuple[int, int]
    explained: Array
    seed: int = 0

    def moved(self, ranks: Array) -> tuple[Array, Array]:
        """Give maps ``(m, n)`` that owe as much to the picture as one, while the rest of it has moved.

        Parameters
        ----------
        ranks
            ``(n,)``: the ranks of the map's values.

        Returns
        -------
        tuple of numpy.ndarray
            Those shifted, and those turned.
        """
        base = np.vstack([standardised(self.explained), np.ones(self.explained.shape[1])])
        known = base.T @ np.linalg.lstsq(base.T, ranks, rcond=None)[0]
        rest = ranks - known
        shifts, turns = _shifts(self.size, self.seed), _turns(self.size)
        return known + rest[shifts], known + rest[turns]


def _places(size: tuple[int, int]) -> tuple[Array, Array]:
    """Give the middles of the cells, each axis from -1 to 1."""
    down, across = ((2 * np.arange(side) + 1) / side - 1 for side in size)
    rows, columns = np.meshgrid(down, across, indexing="ij")
    return rows, columns


@lru_cache(maxsize=8)
def _shifts(size: tuple[int, int], seed: int) -> npt.NDArray[np.int64]:
    """Give the cell that each cell's value comes from, ``(m, n)``, for shifts and mirrors."""
    every = np.array(
        [
            (up, left, down, across)
            for up in (1, -1)
            for left in (1, -1)
            for down in range(size[0])
            for across in range(size[1])
        ][1:]
    )
    if len(every) > _SHIFTS:
        chosen = np.random.default_rng(seed).choice(len(every), _SHIFTS, replace=False)
        every = every[chosen]
    cells = np.arange(size[0] * size[1]).reshape(size)
    return np.stack(
        [np.roll(cells[::up, ::left], (down, across), (0, 1)).ravel() for up, left, down, across in every]
    )


@lru_cache(maxsize=8)
def _turns(size: tuple[int, int]) -> npt.NDArray[np.int64]:
    """Give the cell that each cell's value comes from, ``(m, n)``, for turns and mirrors."""
    rows, columns = _places(size)
    radius = np.maximum(np.abs(rows), np.abs(columns))
    found = []
    for mirrored in (False, True):
        along = _around(rows, -columns if mirrored else columns, radius)
        for turn in np.arange(_TURNS) / _TURNS:
            if not mirrored and min(turn, 1 - turn) < _ALIKE:
                continue
            found.append(_cell(*_on_ring((along + 8 * turn) % 8, radius), size))
    return np.stack(found)


def _around(rows: Array, columns: Array, radius: Array) -> Array:
    """Give the place on a square ring, from 0 to 8, clockwise from the upper left corner."""
    r = np.maximum(radius, _TINY)
    y, x = rows / r, columns / r
    side = [y <= -1 + _TINY, x >= 1 - _TINY, y >= 1 - _TINY]
    return np.select(side, [x + 1, 2 + (y + 1), 4 + (1 - x)], 6 + (1 - y)) % 8


def _on_ring(along: Array, radius: Array) -> tuple[Array, Array]:
    part = along % 2 - 1
    side = [along < 2, along < 4, along < 6]
    rows = np.select(side, [-np.ones_like(part), part, np.ones_like(part)], -part)
    columns = np.select(side, [part, np.ones_like(part), -part], -np.ones_like(part))
    return rows * radius, columns * radius


def _cell(rows: Array, columns: Array, size: tuple[int, int]) -> npt.NDArray[np.int64]:
    """Give the number of the cell that holds each place."""
    down, across = (
        np.clip(((place + 1) / 2 * side).astype(np.int64), 0, side - 1)
        for place, side in ((rows, size[0]), (columns, size[1]))
    )
    return (down * size[1] + across).ravel()
