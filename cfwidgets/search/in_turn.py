"""The archive's rule for candidates that come in one after the other, as in jMetalPy, on the host."""

from __future__ import annotations

import math
from heapq import heappop, heappush
from typing import Any

import numpy as np
import numpy.typing as npt


def in_turn(
    objectives: npt.NDArray[Any],
    members: npt.NDArray[np.bool_],
    no_worse: npt.NDArray[np.bool_],
    capacity: int,
) -> tuple[npt.NDArray[np.bool_], npt.NDArray[Any]]:
    """Offer candidates to an archive one by one; return the members afterwards and their crowding distances.

    A candidate that a member dominates or equals is refused. Otherwise the members that it dominates are
    removed and it is added; if there are too many then, the member with the smallest crowding distance is
    removed, the first of several.

    Parameters
    ----------
    objectives
        ``(m, n)``: the objectives of the members, in the order in which they were added, then of the
        candidates.
    members
        ``(capacity,)`` bool: True for the first rows that are members. The later rows are the candidates;
        those of +inf are refused.
    no_worse
        ``(n, n)`` bool: True where row i is nowhere worse than row j.
    capacity
        The most members.

    Returns
    -------
    tuple of numpy.ndarray
        ``(n,)`` bool: the members afterwards; ``(n,)``: their crowding distances, 0 for the others.
    """
    held = len(members)
    present = np.flatnonzero(members).tolist()
    # Sets of rows as the bits of whole numbers: to see whether two meet takes no time.
    there = _bits(members)
    rivals = _packed(no_worse[:, held:].T)
    distances: _CrowdingDistances | None = None
    for row in (held + np.flatnonzero(objectives[0, held:] < np.inf)).tolist():
        if int.from_bytes(rivals[row - held], "little") & there:
            continue
        beaten = _bits(no_worse[row]) & there
        there ^= beaten
        while beaten:
            other = beaten.bit_length() - 1
            beaten ^= 1 << other
            present.remove(other)
            if distances is not None:
                distances.remove(other)
        present.append(row)
        there |= 1 << row
        if distances is not None:
            distances.insert(row)
        if len(present) > capacity:
            if distances is None:
                distances = _CrowdingDistances(objectives, present)
            least = distances.least()
            present.remove(least)
            there ^= 1 << least
            distances.remove(least)
    stays, crowding = np.zeros(objectives.shape[1], dtype=np.bool_), np.zeros_like(objectives[0])
    if present:
        stays[present] = True
        distances = distances or _CrowdingDistances(objectives, present)
        crowding[present] = distances.of(present)
    return stays, crowding


def _packed(sets: npt.NDArray[np.bool_]) -> list[bytes]:
    """Pack each row of ``(k, n)`` into the bytes of a whole number whose bit i is element i."""
    packed = np.packbits(sets, axis=1, bitorder="little")
    width = packed.shape[1]
    raw = packed.tobytes()
    return [raw[at : at + width] for at in range(0, len(raw), width)]


def _bits(rows: npt.NDArray[np.bool_]) -> int:
    """Pack ``(n,)`` into a whole number whose bit i is element i."""
    return int.from_bytes(np.packbits(rows, bitorder="little").tobytes(), "little")


class _CrowdingDistances:
    """Crowding distances of rows, updated as rows are added and removed: only neighbours change."""

    def __init__(self, objectives: npt.NDArray[Any], rows: list[int]) -> None:
        there = np.zeros(objectives.shape[1], dtype=np.bool_)
        there[rows] = True
        # The orders of `cfwidgets.search.dominance.orders`.
        self._lists = [
            _Sides(values, np.lexsort(objectives[: number + 1]), there)
            for number, values in enumerate(objectives)
        ]
        self._crowding = [math.nan] * objectives.shape[1]
        # (crowding distance, row), the smallest first; an outdated entry is skipped when it comes up.
        self._heap: list[tuple[float, int]] = []

    def insert(self, row: int) -> None:
        for one in self._lists:
            one.insert(row)

    def remove(self, row: int) -> None:
        self._crowding[row] = math.nan
        for one in self._lists:
            one.remove(row)

    def least(self) -> int:
        """Return the row with the smallest crowding distance, the first of several."""
        self._measure()
        heap, distances = self._heap, self._crowding
        while distances[heap[0][1]] != heap[0][0]:
            heappop(heap)
        return heap[0][1]

    def of(self, rows: list[int]) -> list[float]:
        """Return the crowding distances of these rows."""
        self._measure()
        return [self._crowding[row] for row in rows]

    def _measure(self) -> None:
        changed: set[int] = set()
        for one in self._lists:
            changed |= one.measure()
        sides = [one.sides for one in self._lists]
        for row in changed:
            crowding = 0.0
            for side in sides:
                crowding += side[row]
            self._crowding[row] = crowding
            heappush(self._heap, (crowding, row))


class _Sides:
    """Rows in the order of one objective, and the difference of each one's neighbours over the range."""

    def __init__(
        self, values: npt.NDArray[Any], order: npt.NDArray[np.intp], there: npt.NDArray[np.bool_]
    ) -> None:
        place = np.empty_like(order)
        place[order] = np.arange(len(order))
        self._values = values.tolist()
        self._order = order.tolist()
        self._place = place.tolist()
        is_inside = there[order]
        self._there = _bits(is_inside)
        inside = order[is_inside]
        # -1 is the end on either side.
        before, after = np.full((2, len(order)), -1)
        before[inside[1:]], after[inside[:-1]] = inside[:-1], inside[1:]
        self._before, self._after = before.tolist(), after.tolist()
        self._first, self._last = int(inside[0]), int(inside[-1])
        self._extent = math.nan
        self._changed: set[int] = set()
        self.sides = [math.inf] * len(order)

    def insert(self, row: int) -> None:
        place = self._place[row]
        lower = (self._there & ((1 << place) - 1)).bit_length() - 1
        self._there |= 1 << place
        if lower < 0:
            before, after = -1, self._first
            self._first = row
        else:
            before = self._order[lower]
            after = self._after[before]
            self._after[before] = row
            self._changed.add(before)
        if after < 0:
            self._last = row
        else:
            self._before[after] = row
            self._changed.add(after)
        self._before[row], self._after[row] = before, after
        self._changed.add(row)

    def remove(self, row: int) -> None:
        self._there ^= 1 << self._place[row]
        before, after = self._before[row], self._after[row]
        self._changed.discard(row)
        if before < 0:
            self._first = after
        else:
            self._after[before] = after
            self._changed.add(before)
        if after < 0:
            self._last = before
        else:
            self._before[after] = before
            self._changed.add(after)

    def measure(self) -> set[int]:
        """Update `sides`; return the rows whose side may have changed."""
        values, before, after, sides = self._values, self._before, self._after, self.sides
        # All rows alike: no differences, whatever they are divided by.
        extent = values[self._last] - values[self._first] or 1.0
        changed, self._changed = self._changed, set()
        if extent != self._extent:
            self._extent = extent
            row = self._first
            while row >= 0:
                changed.add(row)
                row = after[row]
        for row in changed:
            lower, upper = before[row], after[row]
            sides[row] = math.inf if lower < 0 or upper < 0 else (values[upper] - values[lower]) / extent
        return changed
