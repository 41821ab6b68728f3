"""The CASC IFW database of apples as it is published."""

from __future__ import annotations

import os
import re
from collections import Counter
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.utils.data import Dataset

from cfwidgets.checks import one_place, positive_int
from cfwidgets.data.defects.sources import (
    Faults,
    Faulty,
    Part,
    UnusableError,
    in_part,
    pictures_in,
    pixels_of,
)
from cfwidgets.data.folders import FolderError
from cfwidgets.images import fit

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["CascIfw"]

_CELL = 120
# Cells touch, and the colours of a JPEG reach over into the next block of 16 pixels.
_RIM = 16
_EMPTY = 4.0
_CONDITIONS = {"healthy": 0, "damaged": 1, "injured": 1}
_NAME = re.compile(r"(\d{8}|\d{6})[_ -]([a-z]+)[_ -]([a-z]+)", re.IGNORECASE)


class _Mosaic(NamedTuple):
    """The parts of a mosaic's name."""

    day: date
    cultivar: str
    label: int


class CascIfw(Dataset[tuple[Tensor, Tensor]]):
    """CASC IFW (Li et al. 2009): apples with and without damage by internal feeding worms.

    Parameters
    ----------
    folder
        A folder that holds the mosaics, in itself or in folders within.
    size
        Side in pixels that apples are scaled to; they are 120.
    split
        ``"train"``, ``"validation"``, ``"test"`` or ``"all"``: 70, 10 and 20 % of the days, since apples of
        one day were photographed in one light.
    seed
        Another one splits differently.
    faulty
        What to do about pictures that cannot be used (not readable, not made of whole cells, a name that says
        nothing): ``"error"``, or ``"skip"`` to go without.

    Attributes
    ----------
    pixels : Tensor
        ``(N, 3, 120, 120)`` uint8: all apples, mosaic by mosaic.
    labels : Tensor
        ``(N,)`` int64: 0 healthy, 1 damaged.
    cultivars : tuple of str
        Of each apple, in small letters.
    days : tuple of datetime.date
        When each was photographed.
    skipped : tuple of str
        Files that were not used, with the reasons.

    Raises
    ------
    FolderError
        No such folder, no mosaics in it, pictures that cannot be used, or fewer days than parts.
    ValueError
        A setting out of range.

    Notes
    -----
    The apples of one day, cultivar and condition are cells of 120 x 120 pixels of one large picture, whose
    name says which: ``20090701_fuji_damaged.jpg``. Names are read in any case, with the date as YYYYMMDD or
    MMDDYY, the condition as healthy, damaged or injured, and anything after it; so are apples that somebody
    has cut out already, one a picture. Cells of one colour are empty, and dropped.

    About two thirds of the apples of 2010 are damaged (3,800 of 5,858), not half as is sometimes written;
    `table` has the numbers to compare. There are no masks.

    Examples
    --------
    >>> import tempfile
    >>> from PIL import Image
    >>> root = Path(tempfile.mkdtemp())
    >>> apples = np.random.default_rng(0).integers(0, 255, (120, 240, 3), dtype=np.uint8)
    >>> Image.fromarray(apples).save(root / "20100714_york_healthy.png")
    >>> CascIfw(root, split="all").table()
      cultivar  healthy  damaged
    0     york        2        0
    """

    def __init__(
        self,
        folder: str | os.PathLike[str],
        size: int = _CELL,
        *,
        split: Part = "train",
        seed: int = 0,
        faulty: Faulty = "error",
    ) -> None:
        positive_int("size", size, minimum=2)
        self.root, self.size = Path(folder), size
        faults = Faults(self.root, faulty)
        mosaics = _mosaics(self.root, faults)
        chosen = in_part((said.day.isoformat() for said in mosaics.values()), split, seed, "days")
        cells: list[npt.NDArray[np.uint8]] = []
        says: list[_Mosaic] = []
        for path, said in mosaics.items():
            if said.day.isoformat() not in chosen:
                continue
            try:
                apples = _apples(path)
            except UnusableError as error:
                faults.add(path, error)
                continue
            cells.extend(apples)
            says.extend([said] * len(apples))
        self.skipped = faults.settle()
        if not cells:
            raise FolderError(f"there are no apples for split={split!r} in {str(self.root)!r}")
        self.pixels = torch.from_numpy(np.stack(cells))
        self.labels = torch.tensor([said.label for said in says])
        self.cultivars = tuple(said.cultivar for said in says)
        self.days = tuple(said.day for said in says)

    def __len__(self) -> int:
        """Count the apples."""
        return len(self.pixels)

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor]:
        """Give one apple: ``(3, size, size)`` float32 in [0, 1], and its label, int64."""
        one_place(index)
        image = self.pixels[index].float() / 255
        return fit(image[None], (self.size, self.size))[0], self.labels[index]

    def __repr__(self) -> str:
        damaged = int(self.labels.sum())
        return f"<CascIfw: {len(self)} apples of {len(set(self.days))} days, {damaged} damaged>"

    def table(self) -> pd.DataFrame:
        """Count apples.

        Returns
        -------
        pandas.DataFrame
            Columns ``cultivar``, ``healthy`` and ``damaged``.
        """
        import pandas as pd

        counts = Counter(zip(self.cultivars, self.labels.tolist(), strict=True))
        cultivars = sorted(set(self.cultivars))
        return pd.DataFrame(
            {
                "cultivar": cultivars,
                "healthy": [counts[cultivar, 0] for cultivar in cultivars],
                "damaged": [counts[cultivar, 1] for cultivar in cultivars],
            }
        )


def _mosaics(root: Path, faults: Faults) -> dict[Path, _Mosaic]:
    """Pictures and what their names say."""
    if not root.is_dir():
        what = "is a file" if root.exists() else "does not exist"
        raise FolderError(f"{str(root)!r} {what}; give the folder that holds the mosaics")
    found = {}
    for path in pictures_in(root):
        try:
            found[path] = _said(path.stem)
        except UnusableError as error:
            faults.add(path, error)
    if not found:
        faults.settle()
        raise FolderError(f"there are no mosaics in {str(root)!r}: 20090701_fuji_damaged.jpg …")
    return found


def _said(name: str) -> _Mosaic:
    parts = _NAME.match(name)
    if not parts:
        raise UnusableError("its name should be a date, a cultivar and a condition: 20090701_fuji_damaged")
    digits, cultivar, condition = parts.groups()
    if condition.lower() not in _CONDITIONS:
        raise UnusableError(f"its condition is {condition!r}, which is none of {', '.join(_CONDITIONS)}")
    try:
        day = datetime.strptime(digits, "%Y%m%d" if len(digits) == 8 else "%m%d%y").date()  # noqa: DTZ007 - a day
    except ValueError as error:
        raise UnusableError(f"{digits} is no day") from error
    return _Mosaic(day, cultivar.lower(), _CONDITIONS[condition.lower()])


def _apples(path: Path) -> list[npt.NDArray[np.uint8]]:
    """The cells that are not empty, each ``(3, 120, 120)``, row by row."""
    pixels = pixels_of(path, "RGB")
    height, width, _ = pixels.shape
    if height % _CELL or width % _CELL:
        raise UnusableError(f"it has {width} x {height} pixels, which is not in cells of {_CELL} x {_CELL}")
    cells = pixels.reshape(height // _CELL, _CELL, width // _CELL, _CELL, 3)
    rows = cells.transpose(0, 2, 4, 1, 3).reshape(-1, 3, _CELL, _CELL)
    filled = rows[..., _RIM:-_RIM, _RIM:-_RIM].std((2, 3)).max(1) > _EMPTY
    return list(rows[filled])
