"""Sheets of thumbnails: sizes, what cannot be read, and their order."""

from __future__ import annotations

import io

import numpy as np
import pytest
import torch
from PIL import Image

from cfwidgets.data.reading import Skipped
from cfwidgets.engines.survey.source import Pictures
from cfwidgets.widgets.survey.sheets import COLUMNS, FULL, sheet_of, shrunk
from cfwidgets.widgets.survey.thumbnails import Thumbnails


def flat(number: int, size: tuple[int, int] = (28, 28)) -> torch.Tensor:
    """A picture of one colour, by which it is known again."""
    return torch.tensor([number % 16 / 15, number // 16 % 16 / 15, 0.5])[:, None, None].expand(3, *size)


def is_of(cell, number):
    return np.abs(cell.mean((0, 1)) / 255 - flat(number).mean((1, 2)).numpy()).max() < 0.03


class Source:
    """Pictures of one colour each; those of some numbers cannot be read."""

    def __init__(self, broken=()):
        self.broken, self.read = set(broken), []

    def jobs(self, numbers):
        return [numbers[:2], numbers[2:]]

    def __call__(self, numbers):
        self.read += numbers
        return [
            Skipped(number, "it is damaged")
            if number in self.broken
            else Pictures([number], flat(number)[None], None)
            for number in numbers
        ]


def made(count):
    sheets = []
    return Thumbnails(count, sheets.append), sheets


def test_pictures_are_shrunk_but_never_enlarged():
    assert shrunk(torch.rand(2, 3, 90, 45), 64).shape == (2, 64, 32, 3)
    assert shrunk(torch.rand(2, 3, 300, 2), 64).shape == (2, 64, 1, 3)
    assert shrunk(torch.rand(2, 3, 8, 5), 64).shape == (2, 8, 5, 3)
    assert np.abs(shrunk(flat(7, (224, 224))[None], 32)[0] / 255 - flat(7)[:, 0, 0].numpy()).max() < 0.01


def test_a_sheet_has_each_thumbnail_in_its_cell():
    numbers = list(range(100, 120))
    pictures = [shrunk(flat(number, (20 + number % 5, 32))[None], 32)[0] for number in numbers]
    pictures[3] = None
    sheet = sheet_of(numbers, pictures, 32, 95)
    assert Image.open(io.BytesIO(sheet.picture)).size == (32 * COLUMNS, 64)
    assert sheet.sizes.tolist()[2:5] == [[32, 22], [0, 0], [32, 24]]
    for number, cell, (width, height) in zip(numbers, sheet.cells(32), sheet.sizes, strict=True):
        assert number == 103 or is_of(cell[:height, :width], number)
    sent = sheet.blobs()
    assert np.frombuffer(sent[0], "<u4").tolist() == numbers


def test_sheets_are_made_when_they_are_full_and_of_the_rest_when_flushed():
    thumbnails, sheets = made(600)
    for first in range(0, 600, 100):
        numbers = list(range(first, first + 100))
        thumbnails.add(Pictures(numbers, torch.stack([flat(number) for number in numbers]), None))
    thumbnails.flush()
    assert sorted(number for sheet in sheets for number in sheet.numbers.tolist()) == list(range(600))
    assert max(len(sheet.numbers) for sheet in sheets) <= FULL
    assert thumbnails.missing(range(600)) == []
    before = len(sheets)
    thumbnails.add(Pictures([5], flat(5)[None], None))  # it is there
    thumbnails.flush()
    assert len(sheets) == before
    (sheet,) = thumbnails.sheets_with([5, 5])
    assert 5 in sheet.numbers


@pytest.mark.parametrize(
    ("count", "size", "side", "exact"),
    [(600, 28, 32, True), (600, 48, 64, True), (600, 224, 64, False), (5000, 224, 32, False)],
)
def test_the_size_follows_the_pictures_and_their_number(count, size, side, exact):
    thumbnails, sheets = made(count)
    thumbnails.add(Pictures([0], torch.rand(1, 3, size, size), None))
    thumbnails.flush()
    assert (thumbnails.side, thumbnails.exact) == (side, exact)
    assert sheets[0].sizes.tolist() == [[min(side, size)] * 2]


def test_what_cannot_be_read_is_asked_for_only_once():
    thumbnails, sheets = made(9)
    source = Source(broken={4})
    thumbnails.read(source, [3, 4, 5])
    assert thumbnails.missing([3, 4, 5, 6]) == [6]
    assert dict(zip(sheets[0].numbers.tolist(), sheets[0].sizes.tolist(), strict=True))[4] == [0, 0]
    assert source.read == [3, 4, 5]


def test_they_are_arranged_in_another_order_and_are_still_the_same():
    thumbnails, sheets = made(300)
    for number in range(300):
        thumbnails.add(Pictures([number], flat(number % 256)[None], None))
    thumbnails.flush()
    order = np.random.default_rng(0).permutation(300)
    again = list(thumbnails.rearranged(order))
    assert [number for sheet in again for number in sheet.numbers.tolist()] == order.tolist()
    assert len(sheets) >= 2
    assert len(again) == 2
    for sheet in again:
        for number, cell in zip(sheet.numbers.tolist(), sheet.cells(32), strict=True):
            assert is_of(cell[4:24, 4:24], number % 256)
    assert thumbnails.sheets_with(order[:20].tolist()) == [again[0]]
    assert thumbnails.sheets_with(range(20)) == [sheets[0]]
    (few,) = thumbnails.repacked(order[:7])
    assert few.numbers.tolist() == order[:7].tolist()
