from .defects import CascIfw, Concrete, ConcreteCracks, Fruit, Inspected, concrete, fruit
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
    "CascIfw",
    "CelebA",
    "CelebAMaskHQ",
    "Concrete",
    "ConcreteCracks",
    "Digits",
    "FaRL",
    "Face",
    "FaceDataset",
    "FairFace",
    "FolderError",
    "Fruit",
    "ImageFolders",
    "Inspected",
    "MaskError",
    "Portraits",
    "collate_faces",
    "concrete",
    "digits",
    "fruit",
    "pack_masks",
    "portraits",
    "unpack_masks",
]
