"""Base of the data sets of faces: images with named attributes and, where there are, masks."""

from __future__ import annotations

import copy
import hashlib
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal, NamedTuple, Self, TypeAlias

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset, default_collate

from cfwidgets.brief import brief
from cfwidgets.checks import one_place, positive_int
from cfwidgets.data.faces.farl import FaRL
from cfwidgets.data.faces.layout import Missing, present
from cfwidgets.data.faces.masks.cache import MaskCache
from cfwidgets.data.faces.masks.sources import Masks, MaskSource, ParsedMasks, Parser, cache_folder
from cfwidgets.data.faces.pictures import read_picture
from cfwidgets.data.faces.regions import REGIONS
from cfwidgets.data.folders import FolderError
from cfwidgets.images import as_bytes
from cfwidgets.text import did_you_mean

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["CacheFolder", "Face", "FaceDataset", "Rows", "Size", "collate_faces"]

Size: TypeAlias = int | tuple[int, int] | None
"""Height and width, or both in one number; None leaves sizes as they are."""
CacheFolder: TypeAlias = str | os.PathLike[str] | Literal[False] | None
"""Where masks are kept: None is the user's cache folder, False keeps none."""

# Raise it when the same files give other region bits.
_READER = 1


class Face(NamedTuple):
    """One face, or by `collate_faces` several.

    Parameters
    ----------
    image
        ``(3, h, w)`` float32 in [0, 1].
    attributes
        ``(A,)`` bool, in the order of the data set's ``names``.
    masks
        ``(h, w)`` int32: region bits, bit r for region r (`cfwidgets.data.unpack_masks`); None where the
        data set was opened without masks.
    name
        The image's file name.
    """

    image: Tensor
    attributes: Tensor
    masks: Tensor | None
    name: str

    def __repr__(self) -> str:
        return brief(self)


class Rows(NamedTuple):
    """Files and labels of the images of a data set, as a reader finds them before opening any image.

    Parameters
    ----------
    names
        Their files, within the folder of the images.
    attributes
        ``(N, A)`` bool.
    columns
        Further labels as the data set has them.
    """

    names: Sequence[str]
    attributes: Tensor
    columns: Mapping[str, Sequence[Any]]


class FaceDataset(Dataset[Face]):
    """Images of faces with named attributes and masks: what the readers of published data sets give.

    Attributes
    ----------
    root : Path
        The folder of the data set.
    folder : Path
        The folder of its images.
    files : tuple of str
        The images' names, within that folder.
    names : tuple of str
        What the attributes are called.
    attributes : Tensor
        ``(N, A)`` bool: the attributes of all images; none is read for it.
    regions : tuple of str
        Names of the regions, in the order of the bits.
    has_masks : bool
        Whether items have masks.
    skipped : int
        How many images are listed and not there, with ``missing="skip"``.
    """

    noun: ClassVar[str] = "face"
    regions: ClassVar[tuple[str, ...]] = REGIONS
    # Said when an attribute is asked for that the data set does not have.
    _lacks: ClassVar[str] = ""

    def __init__(
        self,
        root: Path,
        folder: Path,
        names: tuple[str, ...],
        rows: Rows,
        *,
        listed_in: str,
        missing: Missing,
        size: Size,
        cache: CacheFolder,
        masks: MaskSource | Literal["farl"] | Parser | None,
    ) -> None:
        if not rows.names:
            raise FolderError(f"{listed_in} in {str(root)!r} lists no images of what was asked for")
        self.root = root
        self.folder = folder
        self.names = names
        self._size = _checked_size(size)
        self.files = tuple(rows.names)
        self.attributes = rows.attributes
        self._columns = {name: tuple(values) for name, values in rows.columns.items()}
        self.skipped = 0
        there = torch.tensor(present(folder, self.files, listed_in, missing))
        if not there.all():
            self._keep(there.nonzero().flatten().tolist())
            self.skipped = int((~there).sum())
        self._masks = self._masks_from(masks, cache)

    @property
    def has_masks(self) -> bool:
        """True where items have masks."""
        return self._masks is not None

    @property
    def cache_path(self) -> Path | None:
        """The file in which masks are kept; it may be deleted at any time. None where none are kept."""
        cache = None if self._masks is None else self._masks.cache
        return None if cache is None else cache.path

    @property
    def frame(self) -> pd.DataFrame:
        """All labels, a row an image: first as the data set has them, then the named attributes (bool)."""
        import pandas as pd

        table: dict[str, Any] = dict(self._columns)
        table.update(zip(self.names, self.attributes.numpy().T, strict=True))
        return pd.DataFrame(table, index=pd.Index(self.files, name="file"))

    def __len__(self) -> int:
        """Count the images."""
        return len(self.files)

    def __getitem__(self, index: int) -> Face:
        """Read a face. Its image and its masks have one size.

        Raises
        ------
        ImageError
            The image is missing or not an image.
        MaskError
            Masks are not as they must be.
        """
        one_place(index)
        name = self.files[index]
        masks = None if self._masks is None else self._masks(name)
        size = self._size if masks is None else (masks.shape[0], masks.shape[1])
        return Face(read_picture(self.folder / name, size), self.attributes[index], masks, name)

    def __repr__(self) -> str:
        parts = [f"{len(self)} images", f"{len(self.names)} attributes"]
        parts += ["masks"] * self.has_masks
        parts += [f"{self.skipped} missing"] * bool(self.skipped)
        return f"<{type(self).__name__} {str(self.root)!r}: {', '.join(parts)}>"

    def column(self, name: str) -> Tensor:
        """One attribute of all images, ``(N,)`` bool.

        Raises
        ------
        ValueError
            The data set does not have it; the message names those that it has.
        """
        if name not in self.names:
            raise ValueError(
                f"{type(self).__name__} has no attribute {name!r}{self._lacks}; it has "
                + ", ".join(self.names)
                + did_you_mean(name, self.names)
            )
        return self.attributes[:, self.names.index(name)]

    def select(self, rows: Tensor | npt.NDArray[Any] | Sequence[int] | Sequence[bool]) -> Self:
        """Take some of the images.

        Parameters
        ----------
        rows
            Numbers of images, in the order wanted, or a bool for each image: ``faces.column("Male")``,
            ``faces.frame["Smiling"]``.

        Returns
        -------
        FaceDataset
            With the same names and masks, which are not packed again.

        Raises
        ------
        ValueError
            Bools that are not one for each image, numbers that no image has, or other things.
        """
        chosen = np.asarray(rows)
        if chosen.dtype == bool and chosen.shape == (len(self),):
            numbers = np.flatnonzero(chosen)
        elif chosen.ndim == 1 and (chosen.dtype.kind in "iu" or chosen.size == 0):
            numbers = chosen.astype(np.int64)
        else:
            raise ValueError(
                f"select takes image numbers or {len(self)} bools; got {chosen.dtype} {chosen.shape}"
            )
        if numbers.size and not -len(self) <= numbers.min() <= numbers.max() < len(self):
            raise ValueError(
                f"images are numbered 0 to {len(self) - 1}; asked for {numbers.min()} to {numbers.max()}"
            )
        part = copy.copy(self)
        part.skipped = 0
        part._keep(numbers.tolist())  # noqa: SLF001 - one of ours
        return part

    def pack(self, *, workers: int = 0, progress: Callable[[int, int], None] | None = None) -> int:
        """Pack the masks that are not kept yet, so that reading takes none of the time for it.

        Reading packs as well, one image at a time. What is packed stays packed when this is interrupted.

        Parameters
        ----------
        workers
            How many processes help; 0 for none. Leave it 0 where a network on a GPU finds the regions.
        progress
            Called with how many images are done, and of how many.

        Returns
        -------
        int
            How many images were packed.

        Raises
        ------
        ValueError
            There are no masks, or they are not kept.
        ImageError, MaskError
            An image cannot be read; its masks are not as they must be.
        """
        positive_int("workers", workers, minimum=0)
        if self._masks is None or self._masks.cache is None:
            why = (
                "no masks" if self._masks is None else "masks that are not kept (cache=False or no cache_key)"
            )
            raise ValueError(f"there is nothing to pack: the data set was opened with {why}")
        missing = [name for name in dict.fromkeys(self.files) if not self._masks.holds(name)]
        jobs = DataLoader(_Packing(self._masks, missing), batch_size=None, num_workers=workers)
        for done, _ in enumerate(jobs, 1):
            if progress is not None:
                progress(done, len(missing))
        return len(missing)

    def load(
        self,
        names: Sequence[str],
        *,
        workers: int = 0,
        progress: Callable[[int, int], None] | None = None,
    ) -> tuple[Tensor, Tensor]:
        """Read all images into memory, to train on: 12 kB each at 64 pixels, 49 kB at 128.

        Parameters
        ----------
        names
            The attributes that are wanted.
        workers
            How many processes help; 0 for none.
        progress
            Called with how many images are read, and of how many.

        Returns
        -------
        Tensor, Tensor
            ``(N, 3, h, w)`` uint8 and ``(N, len(names))`` bool, as `cfwidgets.training.attgan` takes them.

        Raises
        ------
        ValueError
            An attribute that there is not, or a data set that was opened without a size.
        ImageError
            An image cannot be read.
        """
        positive_int("workers", workers, minimum=0)
        if self._size is None:
            raise ValueError(
                f"images are loaded in one size: open the data set with it, {type(self).__name__}(…, size=64)"
            )
        has = torch.stack([self.column(name) for name in names], dim=1)
        pixels = torch.empty(len(self), 3, *self._size, dtype=torch.uint8)
        loader = DataLoader(
            _Pixels(self.folder, self.files, self._size), batch_size=None, num_workers=workers
        )
        for number, image in enumerate(loader):
            pixels[number] = image
            if progress is not None:
                progress(number + 1, len(self))
        return pixels, has

    def _keep(self, numbers: list[int]) -> None:
        self.files = tuple(self.files[number] for number in numbers)
        self.attributes = self.attributes[numbers]
        self._columns = {
            name: tuple(values[number] for number in numbers) for name, values in self._columns.items()
        }

    def _masks_from(
        self, masks: MaskSource | Literal["farl"] | Parser | None, cache: CacheFolder
    ) -> Masks | None:
        if masks is None:
            return None
        farl = None
        if isinstance(masks, str):
            if masks != "farl":
                raise ValueError(f"masks must be None, 'farl' or a function of an image, not {masks!r}")
            masks = farl = FaRL()
        if callable(masks):
            masks = ParsedMasks(self.folder, masks)
        elif not hasattr(masks, "region_bits"):
            raise ValueError(
                f"masks must be None, 'farl' or a function of an image, not {type(masks).__name__}"
            )
        found = Masks(masks, self._size, self._opened(masks, cache))
        if farl is not None and not all(found.holds(name) for name in self.files):
            farl.load()
        return found

    def _opened(self, source: MaskSource, cache: CacheFolder) -> MaskCache | None:
        if cache is False or source.key is None:
            return None
        kind = type(self).__name__
        digest = hashlib.blake2b(digest_size=16)
        for part in (_READER, kind, self.folder.resolve(), source.key, self._size):
            digest.update(f"{part}\0".encode())
        key = digest.digest()
        place = cache_folder() if cache is None else Path(cache)
        return MaskCache(place / f"{kind.lower()}-{key.hex()[:16]}.masks", key)


class _Packing(Dataset[int]):
    def __init__(self, masks: Masks, names: list[str]) -> None:
        self._masks = masks
        self._names = names

    def __len__(self) -> int:
        return len(self._names)

    def __getitem__(self, index: int) -> int:
        self._masks(self._names[index])
        return index


class _Pixels(Dataset[Tensor]):
    def __init__(self, folder: Path, files: Sequence[str], size: tuple[int, int]) -> None:
        self._folder, self._files, self._size = folder, files, size

    def __len__(self) -> int:
        return len(self._files)

    def __getitem__(self, index: int) -> Tensor:
        image = read_picture(self._folder / self._files[index], self._size)
        return as_bytes(image)


def collate_faces(faces: Sequence[Face]) -> Face:
    """Put faces into a batch, for a `torch.utils.data.DataLoader`'s ``collate_fn``.

    The one of torch's own does for faces with masks. This one also takes those without, and says what to do
    where sizes differ.

    Parameters
    ----------
    faces
        At least one, all of one data set.

    Returns
    -------
    Face
        ``image`` ``(N, 3, h, w)``, ``attributes`` ``(N, A)``, ``masks`` ``(N, h, w)`` or None, and ``name`` a
        tuple.

    Raises
    ------
    ValueError
        Images of different sizes.

    Examples
    --------
    >>> face = Face(torch.rand(3, 8, 8), torch.ones(2, dtype=torch.bool), None, "1.jpg")
    >>> batch = collate_faces([face, face])
    >>> batch.image.shape, batch.masks, batch.name
    (torch.Size([2, 3, 8, 8]), None, ('1.jpg', '1.jpg'))
    """
    sizes = sorted({tuple(face.image.shape[-2:]) for face in faces})
    if len(sizes) > 1:
        raise ValueError(
            "images of a batch must be of one size; got "
            + ", ".join(f"{height} x {width}" for height, width in sizes[:5])
            + ": open the data set with size="
        )
    if any(face.masks is None for face in faces):
        images, attributes, names = default_collate(
            [(face.image, face.attributes, face.name) for face in faces]
        )
        return Face(images, attributes, None, names)
    return default_collate(list(faces))


def _checked_size(size: Size) -> tuple[int, int] | None:
    if size is None:
        return None
    sides = tuple(size) if isinstance(size, tuple | list) else (size, size)
    if len(sides) != 2:
        raise ValueError(f"size must be None, a number of pixels or (height, width), not {size!r}")
    for side in sides:
        positive_int("size", side, minimum=2)
    return int(sides[0]), int(sides[1])
