"""The Concrete Crack Segmentation data set as it is published."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image
from torch import Tensor
from torch.utils.data import Dataset

from cfwidgets.checks import one_place, positive_int
from cfwidgets.data.defects.drawn import Inspected
from cfwidgets.data.defects.sources import (
    Faults,
    Faulty,
    Part,
    UnusableError,
    in_part,
    pictures_in,
    pixels_of,
    size_of,
)
from cfwidgets.data.faces.layout import find
from cfwidgets.data.folders import FolderError
from cfwidgets.images import ImageError

__all__ = ["ConcreteCracks"]

_LAYOUT = "rgb/001.jpg … and BW/001.jpg …, the same numbers in both"
_CRACK = 128
_LEAST_SHARE = 0.001
_MOST_THREADS = 8


class _Pair(NamedTuple):
    """A photograph and its mask."""

    photo: Path
    mask: Path


class _Tile(NamedTuple):
    """A square of a photograph: which one, its row and its column in the grid."""

    pair: _Pair
    row: int
    column: int


class ConcreteCracks(Dataset[Inspected]):
    """Concrete Crack Segmentation (Özgenel 2019): tiles of 458 photographs of concrete, and where cracks are.

    Parameters
    ----------
    folder
        The folder ``concreteCrackSegmentationDataset``, which holds ``rgb`` and ``BW``, or the one it is in.
    tile
        Side in pixels of the squares that photographs are cut into, from the upper left corner on; what is
        left over at the right and below is dropped. 448 gives 54 tiles of a photograph of 4032 x 3024.
    size
        Side in pixels that tiles are scaled to.
    split
        ``"train"``, ``"validation"``, ``"test"`` or ``"all"``. 70, 10 and 20 % of the photographs, so that no
        two parts show the same wall at the same moment.
    seed
        Another one splits differently.
    faulty
        What to do about files that cannot be used (a photograph without a mask or the reverse, one that is
        not readable, two sizes, smaller than a tile): ``"error"``, or ``"skip"`` to go without.

    Attributes
    ----------
    labels : Tensor
        ``(N,)`` int64: 0 sound, 1 damaged.
    names : tuple of str
        ``"001.jpg, row 2, column 5"``, counted from 0.
    skipped : tuple of str
        Files that were not used, with the reasons.
    dropped : int
        How many tiles were left out because less than a thousandth of them is crack, but not nothing.

    Raises
    ------
    FolderError
        The folder is not laid out so, files cannot be used, or there is nothing to split.
    ValueError
        A setting out of range.

    Notes
    -----
    A pixel is crack where the mask is at least 128: masks are JPEGs, whose noise is not zero anywhere near a
    crack. A tile is damaged where any pixel is crack. Of a scaled mask, those pixels are in that are at least
    half crack.

    Opening reads all masks of the part, each in about 0.02 s of a core. With ``faulty="skip"`` it reads the
    photographs as well, and takes six times as long; otherwise one that is cut short is named when it is
    asked for. A tile is read by decoding all of its photograph, in 0.2 s; the last one is kept, so going
    through in order decodes each once. To train on tiles in any order, `load` them first.

    Examples
    --------
    >>> import tempfile
    >>> root = Path(tempfile.mkdtemp())
    >>> for number in ("001", "002", "005"):
    ...     for place, grey in (("rgb", 120), ("BW", 0)):
    ...         (root / place).mkdir(exist_ok=True)
    ...         Image.new("L", (96, 64), grey).save(root / place / f"{number}.jpg")
    >>> tiles = ConcreteCracks(root, tile=32, size=16, split="all")
    >>> tiles
    <ConcreteCracks: 18 tiles of 3 photographs, 0 damaged>
    >>> tiles[4].image.shape, tiles.names[4]
    (torch.Size([3, 16, 16]), '001.jpg, row 1, column 1')
    """

    def __init__(
        self,
        folder: str | os.PathLike[str],
        tile: int = 448,
        size: int = 224,
        *,
        split: Part = "train",
        seed: int = 0,
        faulty: Faulty = "error",
    ) -> None:
        positive_int("tile", tile, minimum=2)
        positive_int("size", size, minimum=2)
        self.root, self.tile, self.size = Path(folder), tile, size
        faults = Faults(self.root, faulty)
        pairs = _pairs(self.root, faults)
        chosen = in_part(pairs, split, seed, "photographs")
        self._tiles: list[_Tile] = []
        self.dropped = 0
        labels = []
        wanted = [pair for number, pair in pairs.items() if number in chosen]
        for pair, shares in zip(wanted, self._all_shares(wanted, whole=faulty == "skip"), strict=True):
            if isinstance(shares, UnusableError):
                faults.add(pair.photo, shares)
                continue
            for row, column in np.ndindex(shares.shape):
                share = shares[row, column]
                if 0 < share < _LEAST_SHARE:
                    self.dropped += 1
                else:
                    self._tiles.append(_Tile(pair, row, column))
                    labels.append(int(share > 0))
        self.skipped = faults.settle()
        if not self._tiles:
            raise FolderError(f"there are no tiles for split={split!r} in {str(self.root)!r}")
        self.labels = torch.tensor(labels)
        self.names = tuple(f"{at.pair.photo.name}, row {at.row}, column {at.column}" for at in self._tiles)

    def __len__(self) -> int:
        """Count the tiles."""
        return len(self._tiles)

    def __getitem__(self, index: int) -> Inspected:
        """Read one tile: image, label and mask.

        Raises
        ------
        ImageError
            The photograph or its mask is no longer readable.
        """
        one_place(index)
        pixels, mask = self._read(self._tiles[index])
        return Inspected(torch.from_numpy(pixels).float() / 255, self.labels[index], torch.from_numpy(mask))

    def __repr__(self) -> str:
        photographs = len({tile.pair for tile in self._tiles})
        damaged = int(self.labels.sum())
        return f"<ConcreteCracks: {len(self)} tiles of {photographs} photographs, {damaged} damaged>"

    def load(self, progress: Callable[[int, int], None] | None = None) -> tuple[Tensor, Tensor, Tensor]:
        """Read all tiles into memory, 200 kB each at 224 pixels.

        Parameters
        ----------
        progress
            Called with how many tiles are read, and of how many.

        Returns
        -------
        Tensor, Tensor, Tensor
            ``(N, 3, size, size)`` uint8, ``(N,)`` int64 labels, and ``(N, size, size)`` bool masks.

        Raises
        ------
        ImageError
            A photograph or a mask is no longer readable.
        """
        pixels = torch.empty(len(self), 3, self.size, self.size, dtype=torch.uint8)
        masks = torch.empty(len(self), self.size, self.size, dtype=torch.bool)
        for index, tile in enumerate(self._tiles):
            one, mask = self._read(tile)
            pixels[index], masks[index] = torch.from_numpy(one), torch.from_numpy(mask)
            if progress is not None:
                progress(index + 1, len(self))
        return pixels, self.labels, masks

    def _read(self, tile: _Tile) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.bool_]]:
        """Pixels ``(3, size, size)`` and mask ``(size, size)``."""
        top, left = tile.row * self.tile, tile.column * self.tile
        box = (left, top, left + self.tile, top + self.tile)
        to = (self.size, self.size)
        photo, crack = _decoded(tile.pair)
        scaled = photo.resize(to, Image.Resampling.BILINEAR, box=box)
        mask = np.asarray(crack.resize(to, Image.Resampling.BOX, box=box)) >= _CRACK
        return np.array(np.asarray(scaled).transpose(2, 0, 1), order="C"), mask

    def _all_shares(
        self, pairs: list[_Pair], *, whole: bool
    ) -> list[npt.NDArray[np.float64] | UnusableError]:
        """The share of crack in each tile, ``(rows, columns)`` a photograph, or why it is unknown."""

        def shares(pair: _Pair) -> npt.NDArray[np.float64] | UnusableError:
            try:
                return _shares(pair, self.tile, whole=whole)
            except UnusableError as error:
                return error

        with ThreadPoolExecutor(min(os.cpu_count() or 1, _MOST_THREADS)) as pool:
            return list(pool.map(shares, pairs))


def _pairs(root: Path, faults: Faults) -> dict[str, _Pair]:
    """Photographs and masks by their number."""
    inner = root / "concreteCrackSegmentationDataset"
    inner = inner if inner.is_dir() else root
    photos = _numbered(find(inner, ("rgb/",), "the photographs", _LAYOUT), faults)
    masks = _numbered(find(inner, ("BW/", "bw/"), "the masks", _LAYOUT), faults)
    for number in sorted(photos.keys() ^ masks.keys()):
        if number in photos:
            faults.add(photos[number], "it has no mask")
        else:
            faults.add(masks[number], "it has no photograph")
    return {number: _Pair(photos[number], masks[number]) for number in photos if number in masks}


def _numbered(folder: Path, faults: Faults) -> dict[str, Path]:
    found: dict[str, Path] = {}
    for path in pictures_in(folder):
        if path.stem in found:
            faults.add(path, f"{found[path.stem].name} has the same number")
        else:
            found[path.stem] = path
    return found


def _shares(pair: _Pair, tile: int, *, whole: bool) -> npt.NDArray[np.float64]:
    width, height = size_of(pair.photo)
    if whole:
        pixels_of(pair.photo, "RGB")
    try:
        crack = pixels_of(pair.mask, "L") >= _CRACK
    except UnusableError as error:
        raise UnusableError(f"its mask is {error}") from error
    if crack.shape != (height, width):
        raise UnusableError(
            f"it has {width} x {height} pixels, and its mask {crack.shape[1]} x {crack.shape[0]}"
        )
    rows, columns = height // tile, width // tile
    if not rows or not columns:
        raise UnusableError(f"it has {width} x {height} pixels, and a tile {tile} x {tile}")
    tiles = crack[: rows * tile, : columns * tile].reshape(rows, tile, columns, tile)
    shares: npt.NDArray[np.float64] = tiles.mean((1, 3))
    return shares


@lru_cache(maxsize=1)
def _decoded(pair: _Pair) -> tuple[Image.Image, Image.Image]:
    """A photograph, and its mask with 255 where there is a crack."""
    photo, mask = _stored(pair.photo, "RGB"), _stored(pair.mask, "L") >= _CRACK
    return Image.fromarray(photo), Image.fromarray(mask.astype(np.uint8) * 255)


def _stored(path: Path, mode: Literal["L", "RGB"]) -> npt.NDArray[np.uint8]:
    try:
        return pixels_of(path, mode)
    except UnusableError as error:
        raise ImageError(f"{str(path)!r} is {error}") from error
