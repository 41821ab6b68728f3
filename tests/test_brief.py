"""What a person types and looks at is written in a line."""

from __future__ import annotations

import pytest
import small
import torch

import cfwidgets as cf
from cfwidgets.brief import brief
from cfwidgets.data import concrete, digits, fruit, portraits
from cfwidgets.engines.base import Update

THINGS = {
    "classifier": small.classifier,
    "translator": lambda: cf.Translator(small.Blotter(), size=16),
    "pair": lambda: cf.zoo.translator("concrete", device="cpu"),
    "editor": lambda: cf.zoo.attribute_editor("portraits", device="cpu"),
    "maps": lambda: cf.attribute(small.classifier(), small.picture()[None], 0, "grad_cam"),
    "digits": lambda: digits("test"),
    "portraits": lambda: portraits(2, size=32),
    "face": lambda: portraits(2, size=32)[0],
    "concrete": lambda: concrete(2, size=64),
    "part": lambda: fruit(2, size=64)[0],
    "prototype": cf.Prototype.face,
    "update": lambda: Update(0.5, torch.zeros(300, 3), "searching"),
    "front": lambda: cf.search.SMPSO(population=4, archive=4).minimize(
        lambda x: torch.stack([x.sum(1), 1 - x.sum(1)], 1), torch.zeros(2), torch.ones(2), evaluations=8
    ),
}


@pytest.mark.parametrize("name", THINGS)
def test_it_is_a_line(name):
    written = repr(THINGS[name]())
    assert len(written) <= 200
    assert "\n" not in written
    assert " object at " not in written


def test_a_long_name_is_cut():
    clf = small.classifier()
    clf.name = "two\nlines " + 300 * "n"
    assert len(repr(clf)) <= 200
    assert repr(clf).startswith("<Classifier two lines nnn")
    assert repr(clf).endswith("…: 2 classes, cpu>")


def test_tensors_are_said_by_type_and_shape():
    assert (
        brief(digits("test"))
        == "Digits(images=float32 (1000, 3, 32, 32), labels=int64 (1000,), rows=int64 (1000,))"
    )
