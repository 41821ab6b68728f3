"""Readers of published data sets of faces, in the layouts in which they are published."""

from cfwidgets.data.faces.celeba import CelebA
from cfwidgets.data.faces.celebamask_hq import CelebAMaskHQ
from cfwidgets.data.faces.dataset import Face, FaceDataset, collate_faces
from cfwidgets.data.faces.fairface import FairFace
from cfwidgets.data.faces.farl import FaRL
from cfwidgets.data.faces.masks.region_bits import MaskError
from cfwidgets.data.faces.masks.region_bits import pack as pack_masks
from cfwidgets.data.faces.masks.region_bits import unpack as unpack_masks
from cfwidgets.data.faces.regions import REGIONS
from cfwidgets.data.faces.rfw import RFW

__all__ = [
    "REGIONS",
    "RFW",
    "CelebA",
    "CelebAMaskHQ",
    "FaRL",
    "Face",
    "FaceDataset",
    "FairFace",
    "MaskError",
    "collate_faces",
    "pack_masks",
    "unpack_masks",
]
