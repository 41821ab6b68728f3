"""CelebA for the tables of two papers: pictures that are read when they are asked for, and ResNet-18."""

from __future__ import annotations

from collections import OrderedDict
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import numpy as np
import torch
import torchvision
from PIL import Image
from torch import nn

from cfwidgets.data import CelebA
from cfwidgets.data.portraits import Portraits
from cfwidgets.data.portraits.attributes import ATTRIBUTES
from cfwidgets.images import as_bytes

READERS = 4  # threads
CROPPED = 170  # pixels of 178 x 218 that AttGAN sees, cut from the middle
PARTS = {"train": 182_000, "valid": 182_637, "test": 202_599}
"""The last number of each part, as AttGAN's authors and the paper on counterfactuals have them."""


class Pictures:
    """Pixels by their places, ``(n, 3, h, w)`` uint8, of which no more are read than are asked for."""

    def __init__(self, read, places):
        self._read, self._places = read, torch.as_tensor(places)

    def __len__(self):
        return len(self._places)

    def __getitem__(self, places):
        with ThreadPoolExecutor(READERS) as readers:
            return torch.stack(list(readers.map(self._read, self._places[places].tolist())))

    def only(self, places):
        """Some of them, none of which is read."""
        return Pictures(self._read, self._places[places])


def pictures(faces):
    """The pictures of a data set, in its size."""
    return Pictures(lambda place: as_bytes(faces[place].image), range(len(faces)))


def columns(faces):
    """The attributes in the order of the portraits'; those that the data set does not have are False."""
    none = torch.zeros(len(faces), dtype=torch.bool)
    return torch.stack([faces.column(a) if a in faces.names else none for a in ATTRIBUTES], dim=1)


def examples(pixels, attributes, seed, region_bits=None):
    """Photographs in the place of portraits."""
    if region_bits is None:
        region_bits = torch.zeros(len(pixels), 0, 0, dtype=torch.int32)
    return Portraits(pixels=pixels, attributes=attributes, region_bits=region_bits, seed=seed, first=0)


def part(root, name, size, seed):
    """A part of CelebA as AttGAN has it, cut to 170 pixels and scaled by bicubic interpolation."""
    faces = CelebA(root)
    numbers = torch.tensor([int(file.partition(".")[0]) for file in faces.files])
    before = dict(zip(PARTS, (0, *PARTS.values()), strict=False))[name]
    faces = faces.select((numbers > before) & (numbers <= PARTS[name]))
    if not len(faces):
        raise ValueError(f"{root} has no pictures {before + 1:06d} to {PARTS[name]:06d}: the part {name!r}")
    read = partial(_bicubic, faces, size)
    return examples(Pictures(read, range(len(faces))), columns(faces), seed)


def _bicubic(faces, size, place):
    with Image.open(faces.folder / faces.files[place]) as picture:
        left, top = (picture.width - CROPPED) // 2, (picture.height - CROPPED) // 2
        cut = picture.convert("RGB").crop((left, top, left + CROPPED, top + CROPPED))
        scaled = cut.resize((size, size), Image.Resampling.BICUBIC)
    return torch.from_numpy(np.array(scaled)).permute(2, 0, 1)


def resnet18():
    """ResNet-18 without weights, as layers one after the other, the last of them linear."""
    *stages, head = torchvision.models.resnet18(num_classes=2).named_children()
    return nn.Sequential(OrderedDict([*stages, ("flatten", nn.Flatten()), head]))
