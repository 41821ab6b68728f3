"""Faces read from a data set as the model sees them; one that cannot be used is named and skipped."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

import torch
from torch import Tensor

from cfwidgets.brief import brief
from cfwidgets.data.reading import Skipped
from cfwidgets.images import fit_labels
from cfwidgets.models.classifier import Classifier

__all__ = ["FaceLike", "FaceReader", "Faces", "ReadFace", "region_bits_of", "require_faces"]


class FaceLike(Protocol):
    """One face: its image and its regions.

    It may also have a ``name``, and ``attributes``: ``(A,)`` bool in the order of the data set's ``names``.
    """

    image: Tensor
    """``(3, h, w)`` in [0, 1]."""
    masks: Tensor
    """``(h, w)`` int region bits: bit r is set where a pixel belongs to region r."""


class Faces(Protocol):
    """A data set of faces: those of `cfwidgets.data`, or anything with a length and items."""

    def __len__(self) -> int:
        """Count the faces."""
        ...

    def __getitem__(self, index: int, /) -> Any:
        """Return one `FaceLike`."""
        ...


class ReadFace(NamedTuple):
    """A face as the model sees it.

    Attributes
    ----------
    number
        Index in the data set.
    name
        The face's own name, or its number.
    image
        ``(3, H, W)`` in [0, 1].
    region_bits
        ``(H, W)`` int.
    has_attribute
        True where the face has the attribute that the faces are grouped by; None without such an attribute.
    """

    number: int
    name: str
    image: Tensor
    region_bits: Tensor
    has_attribute: bool | None

    def __repr__(self) -> str:
        return brief(self)


@dataclass(frozen=True)
class FaceReader:
    """Reads faces of a data set by their index, as a classifier sees them.

    Parameters
    ----------
    clf
        Scales and crops each image to the model's input.
    faces
        The data set.
    regions
        Number of regions.
    size
        Height and width of the model's input.
    attribute
        The attribute that the faces are grouped by, or None.
    """

    clf: Classifier
    faces: Faces | Sequence[FaceLike]
    regions: int
    size: tuple[int, int]
    attribute: str | None = None

    def __call__(self, number: int) -> ReadFace | Skipped:
        """Read one face; one that cannot be used comes back as `Skipped`.

        Raises
        ------
        ValueError
            It has another size than the first, and the classifier does not scale.
        """
        # A file may be damaged in any way, and a data set is the user's own: it is only certain that this
        # face is missing. The engine notices when all are.
        try:
            face = self.faces[number]
            region_bits = region_bits_of(face, self.regions, number)
            image = self.clf.view(face.image).cpu()
            has_attribute = None if self.attribute is None else _has(self.faces, face, self.attribute)
            name = str(getattr(face, "name", number))
        except Exception as error:  # noqa: BLE001
            return Skipped(number, f"{type(error).__name__}: {error}")
        height, width = image.shape[1:]
        if (height, width) != self.size:
            raise ValueError(
                f"face {number} is {height} x {width} and the first {self.size[0]} x {self.size[1]}: give "
                "the classifier an input_size, to which all are scaled"
            )
        return ReadFace(number, name, image, fit_labels(region_bits, self.size), has_attribute)


def require_faces(faces: object) -> None:
    """Refuse what is no data set of faces.

    Raises
    ------
    TypeError
        With what reads a folder, where it is the path of one.
    """
    if isinstance(faces, str | os.PathLike):
        raise TypeError(
            f"faces must be a data set, not a path; got {type(faces).__name__} {str(faces)!r:.80}: "
            "cfwidgets.data.CelebAMaskHQ(…) reads the folder of that data set with its masks, and CelebA(…), "
            "FairFace(…) and RFW(…) read theirs, with masks='farl' where FaRL is to find the regions"
        )
    if not hasattr(faces, "__len__") or not hasattr(faces, "__getitem__"):
        raise TypeError(f"faces must be a data set, with a length and items; got {type(faces).__name__}")


def region_bits_of(face: Any, regions: int, number: int) -> Tensor:
    """Return the region bits of a face, ``(h, w)`` int32, or int64 for more than 31 regions.

    Raises
    ------
    ValueError
        The face has no image or no masks, or the masks are no region bits.
    """
    if not hasattr(face, "image") or not hasattr(face, "masks"):
        raise ValueError(
            "faces must give items with .image (3, h, w) and .masks (h, w), whole numbers with a bit a "
            f"region; got {type(face).__name__}"
        )
    region_bits: Any = face.masks
    if not isinstance(region_bits, Tensor) or region_bits.ndim != 2 or region_bits.is_floating_point():
        got = tuple(region_bits.shape) if isinstance(region_bits, Tensor) else type(region_bits).__name__
        hint = ": the readers of cfwidgets.data find them with masks='farl'" if region_bits is None else ""
        raise ValueError(
            f"the masks of face {number} must be (h, w) whole numbers, a bit a region; got {got}{hint}"
        )
    if region_bits.shape != face.image.shape[1:]:
        raise ValueError(
            f"face {number}: its masks are {tuple(region_bits.shape)} and its image "
            f"{tuple(face.image.shape[1:])}"
        )
    region_bits = region_bits.to(torch.int64 if regions > 31 else torch.int32)
    if int(region_bits.min()) < 0 or int(region_bits.max()) >= 2**regions:
        raise ValueError(f"the masks of face {number} have a region beyond the {regions} given")
    return region_bits


def _has(faces: Any, face: Any, attribute: str) -> bool:
    return bool(face.attributes[tuple(faces.names).index(attribute)])
