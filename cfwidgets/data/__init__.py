"""Data sets: those that come with a package, and readers for those of users.

>>> from cfwidgets import data
>>> data.digits("test").images.shape
torch.Size([1000, 3, 32, 32])
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from cfwidgets.data.digits import Digits, digits
from cfwidgets.data.folders import FolderError, ImageFolders
from cfwidgets.data.portraits import Portraits, portraits

if TYPE_CHECKING:
    from cfwidgets.data.faces import (
        REGIONS,
        RFW,
        CelebA,
        CelebAMaskHQ,
        Face,
        FaceDataset,
        FairFace,
        FaRL,
        MaskError,
        collate_faces,
        pack_masks,
        unpack_masks,
    )

_HOME = {
    "REGIONS": "faces",
    "RFW": "faces",
    "CelebA": "faces",
    "CelebAMaskHQ": "faces",
    "FaRL": "faces",
    "Face": "faces",
    "FaceDataset": "faces",
    "FairFace": "faces",
    "MaskError": "faces",
    "collate_faces": "faces",
    "pack_masks": "faces",
    "unpack_masks": "faces",
}

__all__ = [
    "REGIONS",
    "RFW",
    "CelebA",
    "CelebAMaskHQ",
    "Digits",
    "FaRL",
    "Face",
    "FaceDataset",
    "FairFace",
    "FolderError",
    "ImageFolders",
    "MaskError",
    "Portraits",
    "collate_faces",
    "digits",
    "pack_masks",
    "portraits",
    "unpack_masks",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'cfwidgets.data' has no attribute {name!r}")
    value = getattr(import_module(f"cfwidgets.data.{_HOME[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
