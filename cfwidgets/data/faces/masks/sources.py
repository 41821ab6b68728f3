"""Sources of the masks of a data set's images, and their cache."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Protocol, TypeAlias

import numpy.typing as npt
import torch
from platformdirs import user_cache_path
from torch import Tensor

from cfwidgets.data.faces.masks.cache import MaskCache
from cfwidgets.data.faces.masks.region_bits import as_region_bits, resize
from cfwidgets.data.folders import FolderError
from cfwidgets.images import as_image

__all__ = ["MaskSource", "Masks", "ParsedMasks", "Parser", "cache_folder", "stamp"]

Parser: TypeAlias = Callable[[Tensor], Tensor | npt.NDArray[Any]]
"""Finds the regions of a face: takes an image ``(3, h, w)`` and gives masks ``(19, h, w)`` bool or region
bits ``(h, w)``. Where it has an attribute ``cache_key``, a text that changes whenever its masks would, they
are kept."""


class MaskSource(Protocol):
    """A source of masks, which gives them by the images' names."""

    @property
    def key(self) -> str | None:
        """A text for all that the masks depend on beside the files; None where they must not be cached."""
        ...

    def stamp(self, name: str) -> bytes:
        """16 bytes that stand for the files from which the masks of an image are made."""
        ...

    def region_bits(self, name: str) -> Tensor:
        """Region bits ``(h, w)`` int32 of an image."""
        ...


class ParsedMasks:
    """Masks that a function finds in the images."""

    def __init__(self, folder: Path, parser: Parser) -> None:
        self._folder = folder
        self._parser = parser
        key = getattr(parser, "cache_key", None)
        self.key = None if key is None else f"{type(parser).__module__}.{type(parser).__qualname__} {key}"

    def stamp(self, name: str) -> bytes:
        """Stand for the image's file."""
        return stamp([self._folder / name])

    def region_bits(self, name: str) -> Tensor:
        """Find the regions in the image, in its own size."""
        image = as_image(self._folder / name, largest=None)
        height, width = image.shape[-2:]
        return as_region_bits(self._parser(image), (height, width), name)


class Masks:
    """The region bits of a data set's images, in one size: packed once, and cached.

    Parameters
    ----------
    source
        The source.
    size
        Height and width; None leaves them as they come.
    cache
        The cache; None for no cache.
    """

    def __init__(self, source: MaskSource, size: tuple[int, int] | None, cache: MaskCache | None) -> None:
        self._source = source
        self._size = size
        self._cache = cache

    @property
    def cache(self) -> MaskCache | None:
        """The cache; None where masks are not cached."""
        return self._cache

    def __call__(self, name: str) -> Tensor:
        """Region bits ``(h, w)`` int32 of an image."""
        if self._cache is None:
            return self._made(name)
        found = self._stamped(self._cache, name)
        return self._made(name) if found is None else torch.from_numpy(found)

    def holds(self, name: str) -> bool:
        """Return True where the masks are cached, and made from the files that are there now."""
        return self._cache is not None and self._cache.holds(name, self._source.stamp(name))

    def _stamped(self, cache: MaskCache, name: str) -> npt.NDArray[Any] | None:
        # Before they are made: where a file changes meanwhile, what is kept is of the older one, and noticed.
        files = self._source.stamp(name)
        found = cache.get(name, files)
        if found is None:
            found = self._made(name).numpy()
            cache.put(name, files, found)
        return found

    def _made(self, name: str) -> Tensor:
        region_bits = self._source.region_bits(name)
        return region_bits if self._size is None else resize(region_bits, self._size)


def stamp(paths: Iterable[Path]) -> bytes:
    """16 bytes that stand for files by their names, sizes and times of change.

    Raises
    ------
    FolderError
        One of them is gone.
    """
    digest = hashlib.blake2b(digest_size=16)
    for path in paths:
        try:
            status = os.stat(path)  # noqa: PTH116 - a third of the time, 18 times an image
        except FileNotFoundError as error:
            raise FolderError(f"{str(path)!r} is gone since the data set was opened") from error
        digest.update(f"{path.name}\0{status.st_size}\0{status.st_mtime_ns}\0".encode())
    return digest.digest()


def cache_folder() -> Path:
    """Return the default folder of cached masks: within CFWIDGETS_CACHE, or the user's cache folder."""
    return Path(os.environ.get("CFWIDGETS_CACHE") or user_cache_path("cfwidgets")) / "masks"
