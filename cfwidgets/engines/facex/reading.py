"""Faces read from a data set as an engine needs them; what cannot be used is named, and the rest goes on."""

from __future__ import annotations

from collections import deque
from collections.abc import Generator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

import torch
from torch import Tensor

from cfwidgets.images import fit_labels
from cfwidgets.models.classifier import Classifier

__all__ = ["Face", "FaceReader", "Faces", "ReadFace", "Skipped", "masks_of", "read_ahead"]

_AHEAD = 2  # batches that are read before they are asked for


class Face(Protocol):
    """One face: its picture and its regions.

    It may also have a ``name``, and ``attributes``: ``(A,)`` bool in the order of the data set's ``names``.
    """

    image: Tensor
    """``(3, h, w)`` in [0, 1]."""
    masks: Tensor
    """``(h, w)`` int: bit r says whether a pixel belongs to region r."""


class Faces(Protocol):
    """A data set of faces: those of `cfwidgets.data`, or anything with a length and items."""

    def __len__(self) -> int:
        """How many."""
        ...

    def __getitem__(self, index: int, /) -> Any:
        """One `Face`."""
        ...


class ReadFace(NamedTuple):
    """A face as the model sees it.

    Attributes
    ----------
    number
        In the data set.
    name
        Its own, or the number.
    image
        ``(3, H, W)`` in [0, 1].
    words
        ``(H, W)`` int.
    has
        Whether it has the attribute that was asked for; None where none was.
    """

    number: int
    name: str
    image: Tensor
    words: Tensor
    has: bool | None


@dataclass(frozen=True, order=True)
class Skipped:
    """A face that cannot be used: its number, and why, in words."""

    number: int
    why: str


@dataclass(frozen=True)
class FaceReader:
    """Reads faces of a data set by their number, as a classifier sees them.

    Parameters
    ----------
    clf
        Says what the model sees of a picture.
    faces
        The data set.
    regions
        How many there are.
    size
        Height and width that the model sees.
    attribute
        The name of one of the data set's attributes, or None.
    """

    clf: Classifier
    faces: Faces | Sequence[Face]
    regions: int
    size: tuple[int, int]
    attribute: str | None = None

    def __call__(self, number: int) -> ReadFace | Skipped:
        """One face; where it cannot be read, or is none, that is what comes back.

        Raises
        ------
        ValueError
            It has another size than the first, and the classifier does not scale.
        """
        # A file may be damaged in any way, and a data set is the user's own: all that is sure is that this
        # face is missing. Who drives this must notice when all are.
        try:
            face = self.faces[number]
            words = masks_of(face, self.regions, number)
            image = self.clf.view(face.image).cpu()
            has = None if self.attribute is None else _has(self.faces, face, self.attribute)
            name = str(getattr(face, "name", number))
        except Exception as error:  # noqa: BLE001
            return Skipped(number, f"{type(error).__name__}: {error}")
        height, width = image.shape[1:]
        if (height, width) != self.size:
            raise ValueError(
                f"face {number} is {height} x {width} and the first {self.size[0]} x {self.size[1]}: give "
                "the classifier an input_size, to which all are scaled"
            )
        return ReadFace(number, name, image, fit_labels(words, self.size), has)


def masks_of(face: Any, regions: int, number: int) -> Tensor:
    """The words of bits of a face.

    Raises
    ------
    ValueError
        It is no face, or its words are none.
    """
    if not hasattr(face, "image") or not hasattr(face, "masks"):
        raise ValueError(
            "faces must give items with .image (3, h, w) and .masks (h, w), a word of bits a pixel; got "
            f"{type(face).__name__}"
        )
    words: Any = face.masks
    if not isinstance(words, Tensor) or words.ndim != 2 or words.is_floating_point():
        got = tuple(words.shape) if isinstance(words, Tensor) else type(words).__name__
        raise ValueError(
            f"the masks of face {number} must be (h, w) whole numbers, a bit a region; got {got}"
        )
    if words.shape != face.image.shape[1:]:
        raise ValueError(
            f"face {number}: its masks are {tuple(words.shape)} and its image {tuple(face.image.shape[1:])}"
        )
    words = words.to(torch.int64 if regions > 31 else torch.int32)
    if int(words.min()) < 0 or int(words.max()) >= 2**regions:
        raise ValueError(f"the masks of face {number} name a region beyond the {regions} given")
    return words


def _has(faces: Any, face: Any, attribute: str) -> bool:
    return bool(face.attributes[tuple(faces.names).index(attribute)])


def read_ahead(
    reader: FaceReader, batches: Sequence[Sequence[int]], threads: int
) -> Generator[list[ReadFace | Skipped], None, None]:
    """Read batches of faces in their order, a little ahead of who uses them.

    Parameters
    ----------
    reader
        Reads one face.
    batches
        Their numbers.
    threads
        That read at the same time.
    """
    waiting: deque[list[Any]] = deque()
    pool = ThreadPoolExecutor(threads, thread_name_prefix="cfwidgets-faces")
    try:
        for numbers in batches:
            waiting.append([pool.submit(reader, number) for number in numbers])
            if len(waiting) > _AHEAD:
                yield [future.result() for future in waiting.popleft()]
        while waiting:
            yield [future.result() for future in waiting.popleft()]
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
