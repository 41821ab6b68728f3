"""Faces are read a little ahead, in their order; what cannot be used is named."""

from __future__ import annotations

import threading
import time
from types import SimpleNamespace

import pytest
import torch
from torch import nn

from cfwidgets import Classifier
from cfwidgets.data.reading import Skipped, read_ahead
from cfwidgets.engines.facex.reading import FaceReader, ReadFace

CLF = Classifier(nn.Sequential(nn.Flatten(), nn.Linear(48, 2)), input_size=4)


class Noted:
    """A data set that notes what was asked for, and by which threads."""

    names = ("smiles",)

    def __init__(self, n):
        self.n, self.asked, self.threads = n, [], set()

    def __len__(self):
        return self.n

    def __getitem__(self, number):
        self.asked.append(number)
        self.threads.add(threading.current_thread().name)
        if number == 3:
            raise KeyError("no such file")
        image = torch.full((3, 4, 4), number / 100)
        masks = torch.ones(4, 4, dtype=torch.uint8)
        return SimpleNamespace(image=image, masks=masks, attributes=torch.tensor([number % 2 == 0]))


@pytest.mark.parametrize("threads", [1, 3])
def test_order_is_kept_and_little_is_read_ahead(threads):
    faces = Noted(60)
    batches = torch.arange(60).split(5)
    read = read_ahead(FaceReader(CLF, faces, 2, (4, 4)), [batch.tolist() for batch in batches], threads)
    first = next(read)
    assert [face.number for face in first] == [0, 1, 2, 3, 4]
    assert first[3] == Skipped(3, "KeyError: 'no such file'")
    deadline = time.monotonic() + 10
    while len(faces.asked) < 15 and time.monotonic() < deadline:
        time.sleep(0.01)
    assert sorted(faces.asked) == list(range(15))  # two batches more than were asked for
    assert [face.number for batch in read for face in batch] == list(range(5, 60))
    assert len(faces.threads) <= threads
    assert threading.current_thread().name not in faces.threads


def test_closing_ends_the_reading():
    faces = Noted(60)
    read = read_ahead(FaceReader(CLF, faces, 2, (4, 4)), [[number] for number in range(60)], 2)
    next(read)
    read.close()
    asked = len(faces.asked)
    assert asked <= 4
    time.sleep(0.05)
    assert len(faces.asked) <= asked + 2  # those that had begun


def test_a_face_as_the_model_sees_it():
    faces = [
        SimpleNamespace(
            image=torch.linspace(0, 1, 64).view(1, 8, 8).expand(3, 8, 8),
            masks=torch.arange(64, dtype=torch.int16).view(8, 8) % 4,
            name="<b>",
        )
    ]
    read = FaceReader(CLF, faces, 2, (4, 4))(0)
    assert isinstance(read, ReadFace)
    assert (read.number, read.name, read.has_attribute) == (0, "<b>", None)
    assert torch.equal(read.image, CLF.view(faces[0].image))
    assert read.region_bits.shape == (4, 4)
    assert read.region_bits.dtype == torch.int32


def test_the_attribute_that_was_asked_for():
    read = FaceReader(CLF, Noted(5), 2, (4, 4), "smiles")
    assert [read(number).has_attribute for number in (0, 1, 2)] == [True, False, True]
    missing = FaceReader(CLF, [Noted(5)[0]], 2, (4, 4), "smiles")(0)  # a list has no names
    assert isinstance(missing, Skipped)


def test_many_regions_keep_their_bits():
    region_bits = torch.zeros(4, 4, dtype=torch.int64)
    region_bits[0, 0] = 1 << 39
    faces = [SimpleNamespace(image=torch.rand(3, 4, 4), masks=region_bits)]
    assert int(FaceReader(CLF, faces, 40, (4, 4))(0).region_bits.max()) == 1 << 39
    assert "beyond the 39" in FaceReader(CLF, faces, 39, (4, 4))(0).why
