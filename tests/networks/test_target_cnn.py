"""The audited classifier of the paper."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from cfwidgets import Classifier
from cfwidgets.networks import TargetCNN


@pytest.mark.parametrize("size", [17, 64, 100, 128])
def test_its_layers(size):
    network = TargetCNN(size).eval()
    kinds = [type(part) for part in network]
    assert kinds == [nn.Conv2d, nn.BatchNorm2d, nn.LeakyReLU] * 5 + [
        nn.Flatten,
        nn.Linear,
        nn.ReLU,
        nn.Linear,
    ]
    assert all(part.negative_slope == 0.1 for part in network if isinstance(part, nn.LeakyReLU))
    images = torch.rand(3, 3, size, size)
    clf = Classifier(network, labels=["not Male", "Male"], activation="sigmoid")
    torch.testing.assert_close(clf.probabilities(images)[:, 1], network(images)[:, 0].sigmoid().detach())


def test_images_too_small():
    with pytest.raises(ValueError, match="size"):
        TargetCNN(16)
