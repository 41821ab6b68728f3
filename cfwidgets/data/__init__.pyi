from .digits import Digits, digits
from .faces import (
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
from .folders import FolderError, ImageFolders
from .portraits import Portraits, portraits

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
