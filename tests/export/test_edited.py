"""An editor and a classifier in one network: what travels, and what does not."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from cfwidgets import AttGANEditor, Classifier
from cfwidgets.export.edited import edited_network
from cfwidgets.export.refusal import CannotTravelError
from cfwidgets.networks import AttGAN

IMAGE = torch.rand(3, 32, 32, generator=torch.Generator().manual_seed(0))
ROWS = torch.rand(4, 2, generator=torch.Generator().manual_seed(1))


def editor() -> AttGANEditor:
    torch.manual_seed(0)
    return AttGANEditor(AttGAN(size=32, attributes=2, dim=4, layers=3).eval(), ("Bald", "Young"))


def classifier(**settings) -> Classifier:
    torch.manual_seed(1)
    net = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 2))
    return Classifier(net, **settings)


@pytest.mark.slow
@pytest.mark.parametrize("size", [(48, 64), None, 32])
def test_pictures_are_painted_fitted_and_evaluated_as_by_both(size):
    found = edited_network(editor(), classifier(input_size=size, mean=0.4, std=0.3), IMAGE, ROWS, "full")
    assert found.difference <= 1e-4
    half = edited_network(editor(), classifier(input_size=size), IMAGE, ROWS, "half")
    assert half.half
    assert len(half.model) < len(found.model)


def test_what_cannot_travel_says_why():
    class Other:
        attributes = ("Bald", "Young")

    with pytest.raises(CannotTravelError, match="the editor is a Other"):
        edited_network(Other(), classifier(), IMAGE, ROWS, "full")
    black_box = Classifier(lambda images: images.mean((2, 3)).softmax(1))
    with pytest.raises(CannotTravelError, match="a function"):
        edited_network(editor(), black_box, IMAGE, ROWS, "full")
    with pytest.raises(CannotTravelError, match="smaller pictures"):
        edited_network(editor(), classifier(input_size=16), IMAGE, ROWS, "full")


def test_editor_and_classifier_stay_as_they_were():
    made, clf = editor(), classifier()
    before = {name: value.clone() for name, value in clf.require_module().state_dict().items()}
    images = made.decode(made.encode(IMAGE), ROWS)
    edited_network(made, clf, IMAGE, ROWS, "half")
    assert torch.equal(made.decode(made.encode(IMAGE), ROWS), images)
    after = clf.require_module().state_dict()
    assert all(torch.equal(after[name], value) for name, value in before.items())
