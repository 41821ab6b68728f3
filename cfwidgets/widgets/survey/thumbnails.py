"""Thumbnails of a data set, as sheets, made while a survey reads it or when they are asked for."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from cfwidgets.engines.survey.source import Pictures
from cfwidgets.forks import renew_in_children
from cfwidgets.widgets.survey.sheets import FULL, Sheet, sheet_of, shrunk

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from cfwidgets.engines.survey.source import Source
    from cfwidgets.widgets.survey.sheets import Pixels

__all__ = ["Thumbnails"]

_SMALL, LARGEST = 32, 64  # pixels a side
_FEW = 4096  # pictures at most whose thumbnails are large
_TOGETHER = 8192  # thumbnails that are in memory as pixels, at most
_EVERY = 0.5  # seconds after which a sheet is sent though it is not full
_QUALITY, _EXACT_QUALITY, _SAVED_QUALITY = 88, 95, 75  # of JPEG: around drawn lines one sees what it adds


class Thumbnails:
    """Thumbnails of N pictures.

    Parameters
    ----------
    count
        N.
    ready
        Called with each sheet that is made, on the thread that made it.

    Attributes
    ----------
    side
        Pixels of a cell's side; 0 before the first picture.
    exact
        True where the pictures themselves are small, and their pixels are to be seen.
    """

    def __init__(self, count: int, ready: Callable[[Sheet], None]) -> None:
        self._count, self._ready = count, ready
        self._sheets: list[Sheet] = []
        self._sheet_of = np.full(count, -1, np.int32)
        self._arranged: list[Sheet] = []
        self._arranged_of = np.full(count, -1, np.int32)
        self._waiting: dict[int, Pixels | None] = {}
        self._since = time.monotonic()
        self.side, self.exact = 0, False
        self.renew()
        renew_in_children(self)

    def renew(self) -> None:
        """Make a lock that is free. Called in a forked child, too."""
        self._lock = threading.Lock()

    def add(self, pictures: Pictures) -> None:
        """Add pictures that were read; those that are there already are left alone."""
        new = np.flatnonzero(self._sheet_of[pictures.numbers] < 0).tolist()
        if not new:
            return
        self._measure(max(pictures.images.shape[2:]))
        images = pictures.images if len(new) == len(pictures.numbers) else pictures.images[new]
        found = zip([pictures.numbers[place] for place in new], shrunk(images, self.side), strict=True)
        with self._lock:
            self._waiting.update(found)
            due = len(self._waiting) >= FULL or time.monotonic() > self._since + _EVERY
        if due:
            self.flush()

    def flush(self) -> None:
        """Make sheets of all that waits."""
        while True:
            with self._lock:
                numbers = sorted(self._waiting)[:FULL]
                pixels = [self._waiting.pop(number) for number in numbers]
                self._since = time.monotonic()
            if not numbers:
                return
            sheet = sheet_of(numbers, pixels, self.side, _EXACT_QUALITY if self.exact else _QUALITY)
            with self._lock:
                self._sheet_of[numbers] = len(self._sheets)
                self._sheets.append(sheet)
            self._ready(sheet)

    def read(self, source: Source, numbers: list[int]) -> None:
        """Make a sheet of pictures that are not there yet; it has no picture of those that cannot be read."""
        parts = [part for job in source.jobs(numbers) for part in source(job)]
        for part in parts:
            if isinstance(part, Pictures):
                self.add(part)
        lost = self.missing(numbers)
        with self._lock:
            for number in lost:
                self._waiting.setdefault(number, None)
        self._measure(_SMALL)
        self.flush()

    def missing(self, numbers: Iterable[int]) -> list[int]:
        """Return those of some pictures that there is no sheet with."""
        return [int(number) for number in numbers if self._sheet_of[number] < 0]

    def sheets_with(self, numbers: Sequence[int]) -> list[Sheet]:
        """Return as few sheets as have some pictures: those that were made first, or those rearranged."""
        asked = list(numbers)
        made = [self._sheets[place] for place in dict.fromkeys(self._sheet_of[asked].tolist()) if place >= 0]
        places = dict.fromkeys(self._arranged_of[asked].tolist())
        return made if -1 in places else min(made, [self._arranged[place] for place in places], key=len)

    def rearranged(self, order: npt.NDArray[np.int64]) -> Iterator[Sheet]:
        """Make new sheets of all pictures in an order, a few at a time, beside those that were made first.

        A page that shows them in this order, or in one like it, then needs few sheets at a time; one that
        shows them in that of the data set needs few of those that were made as it was read.
        """
        arranged: list[Sheet] = []
        for first in range(0, len(order), _TOGETHER):
            for sheet in self.repacked(order[first : first + _TOGETHER], saved=False):
                arranged.append(sheet)
                yield sheet
        with self._lock:
            self._arranged = arranged
            self._arranged_of[:] = -1
            for place, sheet in enumerate(arranged):
                self._arranged_of[sheet.numbers] = place

    def repacked(self, numbers: npt.NDArray[np.int64], *, saved: bool = True) -> list[Sheet]:
        """Make new sheets of some pictures, smaller files where they are to be ``saved``.

        Pictures without a thumbnail are left out.
        """
        there = [number for number in numbers.tolist() if self._sheet_of[number] >= 0]
        places = self._sheet_of[there]
        found: dict[int, Pixels] = {}
        for place in np.unique(places).tolist():
            sheet, wanted = self._sheets[place], {there[i] for i in np.flatnonzero(places == place)}
            cells = sheet.cells(self.side)
            for number, (width, height), cell in zip(sheet.numbers.tolist(), sheet.sizes, cells, strict=True):
                if number in wanted and width:
                    found[number] = cell[:height, :width].copy()
        kept = [number for number in there if number in found]
        quality = _EXACT_QUALITY if self.exact else _SAVED_QUALITY if saved else _QUALITY
        return [
            sheet_of(some, [found[number] for number in some], self.side, quality)
            for some in (kept[first : first + FULL] for first in range(0, len(kept), FULL))
        ]

    def _measure(self, longest: int) -> None:
        """Choose the size by the first picture."""
        with self._lock:
            if not self.side:
                self.side = LARGEST if longest > _SMALL and self._count <= _FEW else _SMALL
                self.exact = longest <= self.side
