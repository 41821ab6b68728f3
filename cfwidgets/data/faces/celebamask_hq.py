"""CelebAMask-HQ as it is published."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image
from torch import Tensor

from cfwidgets.checks import choice
from cfwidgets.data.faces.attribute_table import read_attributes, read_lines
from cfwidgets.data.faces.celeba import CelebASplit, split_of
from cfwidgets.data.faces.dataset import CacheFolder, FaceDataset, Rows, Size
from cfwidgets.data.faces.layout import Missing, find, some
from cfwidgets.data.faces.masks.region_bits import MaskError
from cfwidgets.data.faces.masks.sources import Parser, stamp
from cfwidgets.data.faces.regions import REGIONS
from cfwidgets.data.folders import FolderError
from cfwidgets.images.files import opened

__all__ = ["CelebAMaskHQ"]

_IMAGES = "CelebA-HQ-img"
_MASKS = "CelebAMask-HQ-mask-anno"
_ATTRIBUTES = "CelebAMask-HQ-attribute-anno.txt"
_MAPPING = "CelebA-HQ-to-CelebA-mapping.txt"
_LAYOUT = (
    f"{_IMAGES}/0.jpg …, {_MASKS}/0/00000_skin.png … (the masks of 2,000 images a folder), {_ATTRIBUTES} and "
    f"{_MAPPING}"
)
_A_FOLDER = 2000
_BACKGROUND = 1 << REGIONS.index("background")
_SKIN = 1 << REGIONS.index("skin")
_PIL_FAILURES = (OSError, ValueError, SyntaxError, EOFError, Image.DecompressionBombError)


class CelebAMaskHQ(FaceDataset):
    r"""CelebAMask-HQ (Lee et al. 2020): 30,000 faces of CelebA in 1024 x 1024, with masks of 19 regions.

    Parameters
    ----------
    root
        The folder ``CelebAMask-HQ``, or the one that it is in.
    split
        Of which part of CelebA the faces are: ``"train"``, ``"valid"``, ``"test"``, by the mapping file, or
        ``"all"``.
    masks
        ``"own"``: those of the data set. None leaves them out; ``"farl"`` or a function: see `CelebA`.
    size
        Height and width, or one number for both, of images and masks. None: as the masks are, 512 x 512; and
        without masks as the images are, 1024 x 1024.
    cache
        The folder where masks are kept; None is the user's cache folder, False keeps none.
    missing
        What to do where images are listed and they or their masks are not there: ``"error"``, or ``"skip"``
        to go without.

    Attributes
    ----------
    celeba_files : tuple of str or None
        What the images are called in CelebA; None where the mapping file is not there. To train on CelebA
        without them: ``celeba.select(~celeba.frame.index.isin(hq.celeba_files))``.

    Raises
    ------
    FolderError
        The folder is not laid out so: what was looked for, and what is there.

    Notes
    -----
    The files hold a mask for each region that is there, non-zero where it is, and none of the background.
    Their skin goes on under eyes, nose and mouth. Here skin is what is left of it by all other masks, and
    background what is in none, as in FaceX; other overlaps (hair over ears, glasses over eyes) stay.

    Faults of the data set that are left as they are: a few pairs of images that are alike, a few masks that
    are wrong or empty, some wrong labels of ``Male``. Masks were drawn by hand, left and right are the
    person's.

    A part is where CelebA's own list puts the image. The data set's script takes the mapping's numbers, which
    begin at 0, for CelebA's file numbers, which begin at 1, so that it may put one image into another part at
    each border.

    Examples
    --------
    >>> import tempfile
    >>> root = Path(tempfile.mkdtemp())
    >>> for folder in ("CelebA-HQ-img", "CelebAMask-HQ-mask-anno/0"):
    ...     (root / folder).mkdir(parents=True)
    >>> Image.new("RGB", (16, 16)).save(root / "CelebA-HQ-img/0.jpg")
    >>> Image.new("L", (8, 8), 255).save(root / "CelebAMask-HQ-mask-anno/0/00000_skin.png")
    >>> Image.new("L", (8, 8), 255).crop((0, 0, 8, 4)).resize((8, 8)).save(
    ...     root / "CelebAMask-HQ-mask-anno/0/00000_hair.png")
    >>> _ = (root / "CelebAMask-HQ-attribute-anno.txt").write_text("1\nMale Smiling\n0.jpg  -1  1\n")
    >>> faces = CelebAMaskHQ(root, cache=False)
    >>> faces[0].image.shape, faces[0].masks.unique().tolist()
    (torch.Size([3, 8, 8]), [8192])
    """

    def __init__(
        self,
        root: str | os.PathLike[str],
        split: CelebASplit = "all",
        *,
        masks: Literal["own", "farl"] | Parser | None = "own",
        size: Size = None,
        cache: CacheFolder = None,
        missing: Missing = "error",
    ) -> None:
        choice("split", split, get_args(CelebASplit))
        choice("missing", missing, get_args(Missing))
        if isinstance(masks, str):
            choice("masks", masks, ("own", "farl"))
        root = Path(root)
        if (root / "CelebAMask-HQ").is_dir():
            root /= "CelebAMask-HQ"
        folder = find(root, (f"{_IMAGES}/",), "the images", _LAYOUT)
        table = read_attributes(find(root, (_ATTRIBUTES,), "the attributes", _LAYOUT))
        ids = _ids(table.files)
        originals = _originals(root, table.files, ids, needed=split != "all")
        self.split = split
        chosen = list(range(len(ids)))
        if split != "all" and originals is not None:
            chosen = [number for number in chosen if split_of(originals[number]) == split]
        source: _OwnMasks | Literal["farl"] | Parser | None
        unmasked = 0
        if isinstance(masks, str) and masks == "own":
            place = find(root, (f"{_MASKS}/",), "the masks", _LAYOUT)
            source = _OwnMasks(folder, place, {table.files[number]: ids[number] for number in chosen})
            there = [number for number in chosen if source.has(table.files[number])]
            without = [table.files[number] for number in chosen if not source.has(table.files[number])]
            if without and (missing == "error" or not there):
                raise FolderError(
                    f"{len(without)} of {len(chosen)} images have no masks in {str(place)!r}: "
                    f"{some(without)}. "
                    'Was all of it unpacked? missing="skip" leaves them out, masks=None goes without masks'
                )
            chosen, unmasked = there, len(without)
        else:
            source = masks
        columns = {} if originals is None else {"celeba_file": [originals[number] for number in chosen]}
        super().__init__(
            root,
            folder,
            table.names,
            Rows([table.files[number] for number in chosen], table.values[chosen], columns),
            listed_in=_ATTRIBUTES,
            missing=missing,
            size=size,
            cache=cache,
            masks=source,
        )
        self.skipped += unmasked

    @property
    def celeba_files(self) -> tuple[str, ...] | None:
        """Names of the images in CelebA; None where the mapping file is not there."""
        return self._columns.get("celeba_file")


class _OwnMasks:
    """The data set's own masks: a PNG a region."""

    key = "own"

    def __init__(self, images: Path, folder: Path, ids: dict[str, int]) -> None:
        self._images = images
        self._folder = folder
        self._ids = ids
        self._bits = _listed(folder, set(ids.values()))

    def has(self, name: str) -> bool:
        return self._ids[name] in self._bits

    def stamp(self, name: str) -> bytes:
        return stamp(path for _, path in self._files(name))

    def region_bits(self, name: str) -> Tensor:
        region_bits: npt.NDArray[np.int32] | None = None
        for bit, path in self._files(name):
            mask = _mask(path)
            if region_bits is None:
                region_bits = np.zeros(mask.shape, np.int32)
            elif mask.shape != region_bits.shape:
                raise MaskError(
                    f"the masks of {name} must be of one size; {path.name} has {_by(mask.shape)}, others "
                    f"{_by(region_bits.shape)}"
                )
            region_bits |= np.where(mask, np.int32(bit), np.int32(0))
        assert region_bits is not None  # noqa: S101 - images without masks are not in the data set
        self._check_shape(name, region_bits.shape)
        region_bits[region_bits & ~_SKIN != 0] &= ~_SKIN
        region_bits[region_bits == 0] = _BACKGROUND
        return torch.from_numpy(region_bits)

    def _files(self, name: str) -> list[tuple[int, Path]]:
        number = self._ids[name]
        folder = self._folder / str(number // _A_FOLDER)
        return [
            (1 << place, folder / f"{number:05d}_{region}.png")
            for place, region in enumerate(REGIONS)
            if self._bits[number] >> place & 1
        ]

    def _check_shape(self, name: str, size: tuple[int, ...]) -> None:
        # Only the header is read. What cannot be read is said when the image is.
        try:
            with opened(self._images / name) as picture:
                width, height = picture.size
        except _PIL_FAILURES:
            return
        if size[0] * width != size[1] * height:
            raise MaskError(
                f"masks and image of {name} must be of one shape; the image has {_by((height, width))}, its "
                f"masks {_by(size)}"
            )


def _mask(path: Path) -> npt.NDArray[np.bool_]:
    try:
        with opened(path) as picture:
            grey = picture.mode in ("1", "L") or picture.mode.startswith("I")
            # A palette's numbers say nothing; its colours do.
            pixels = np.asarray(picture if grey else picture.convert("RGB"))
    except _PIL_FAILURES as error:
        raise MaskError(f"the mask {str(path)!r} cannot be read: {error}") from error
    # Band by band: any(-1) over three values takes ten times as long.
    bands = pixels.reshape(*pixels.shape[:2], -1)
    mask = bands[..., 0] != 0
    for band in range(1, bands.shape[-1]):
        mask |= bands[..., band] != 0
    return mask


def _listed(folder: Path, ids: set[int]) -> dict[int, int]:
    """Return the regions that have a mask, as bits, by the image's number."""
    bits: dict[int, int] = {}
    places = {region: 1 << place for place, region in enumerate(REGIONS) if region != "background"}
    unknown: list[str] = []
    for part in sorted({number // _A_FOLDER for number in ids}):
        inside = folder / str(part)
        for file in os.listdir(inside) if inside.is_dir() else ():  # noqa: PTH208 - 400,000 names
            number, _, region = file.removesuffix(".png").partition("_")
            if not file.endswith(".png") or not number.isdecimal():
                continue
            if region not in places:
                unknown.append(file)
            elif int(number) in ids:
                bits[int(number)] = bits.get(int(number), 0) | places[region]
    if unknown:
        raise FolderError(
            f"{str(folder)!r} holds masks of regions that are not CelebAMask-HQ's: {some(sorted(unknown))}; "
            f"its regions are {', '.join(places)}"
        )
    return bits


def _ids(files: Sequence[str]) -> list[int]:
    strange = [file for file in files if not file.partition(".")[0].isdecimal()]
    if strange:
        raise FolderError(f"images must be called by their numbers in {_ATTRIBUTES}; got {some(strange)}")
    return [int(file.partition(".")[0]) for file in files]


def _originals(root: Path, files: Sequence[str], ids: Sequence[int], *, needed: bool) -> list[str] | None:
    """Return the names of the images in CelebA."""
    if not needed and not (root / _MAPPING).is_file():
        return None
    path = find(root, (_MAPPING,), 'the mapping to CelebA, which split needs unless it is "all",', _LAYOUT)
    lines = read_lines(path)
    if lines and lines[0] and not lines[0][0].isdecimal():
        lines = lines[1:]
    originals: dict[int, str] = {}
    for number, line in enumerate(lines, 1):
        if len(line) != 3 or not all(part.partition(".")[0].isdecimal() for part in line):
            raise FolderError(
                f"row {number} of {str(path)!r} must be an image's number, its number in CelebA and its file "
                f"there; got {' '.join(line)[:80]!r}"
            )
        originals[int(line[0])] = line[2]
    unmapped = [file for file, number in zip(files, ids, strict=True) if number not in originals]
    if unmapped:
        raise FolderError(f"{str(path)!r} says nothing of {len(unmapped)} images: {some(unmapped)}")
    return [originals[number] for number in ids]


def _by(size: Sequence[Any]) -> str:
    return f"{size[0]} x {size[1]}"
