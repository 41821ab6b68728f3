"""Which layer of a network is meant: by its name, or the last with feature maps."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from cfwidgets.attribution.layers import last_maps, named_layer
from cfwidgets.attribution.network import network_of
from cfwidgets.models.classifier import Classifier, ClassifierError

IMAGE = torch.rand(1, 3, 8, 8)


def found(net):
    return last_maps(network_of(Classifier(net, device="cpu"), "saliency"), IMAGE, "this")


def test_the_last_with_maps_pooling_not_counted():
    parts = [nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Dropout2d(), nn.MaxPool2d(2), nn.Flatten()]
    net = nn.Sequential(*parts, nn.Linear(36, 2)).eval()
    assert found(net) == "2"


@pytest.mark.parametrize("pad", [nn.ZeroPad2d, nn.ReflectionPad2d, nn.ReplicationPad2d, nn.CircularPad2d])
def test_padding_is_no_layer_of_its_own(pad):
    net = nn.Sequential(nn.Conv2d(3, 4, 3), pad(1), nn.Flatten(), nn.Linear(256, 2))
    assert found(net) == "0"


def test_maps_of_one_place_are_none():
    net = nn.Sequential(nn.Conv2d(3, 4, 3), nn.Conv2d(4, 5, 6), nn.Flatten())
    assert found(net) == "0"


def test_order_is_that_of_the_pass_and_not_that_of_the_names():
    class Crossed(nn.Module):
        def __init__(self):
            super().__init__()
            self.second, self.first = nn.Conv2d(4, 2, 3), nn.Conv2d(3, 4, 3)

        def forward(self, x):
            return self.second(self.first(x)).mean(dim=(2, 3))

    assert found(Crossed()) == "second"


class Residual(nn.Module):
    """Adds its input to what its parts make of it, in one of the usual ways."""

    def __init__(self, way):
        super().__init__()
        self.conv, self.norm, self.relu = (
            nn.Conv2d(3, 3, 3, padding=1),
            nn.BatchNorm2d(3),
            nn.ReLU(inplace=True),
        )
        self.way = way

    def forward(self, x):
        out = self.norm(self.conv(x))
        match self.way:
            case "functional":
                return torch.relu(out + x)
            case "in place":
                out += x
                return out
            case "module":
                return self.relu(out + x)
            case _:
                return out


@pytest.mark.parametrize(
    ("way", "name"),
    [("functional", "block"), ("in place", "block"), ("module", "block.relu"), ("passed on", "block.norm")],
)
def test_what_a_block_does_after_its_parts_counts(way, name):
    net = nn.Sequential()
    net.add_module("block", Residual(way))
    net.add_module("pool", nn.Sequential(nn.MaxPool2d(2)))
    net.add_module("flat", nn.Flatten())
    assert found(net.eval()) == name


def test_a_network_without_maps_is_refused_and_left_without_hooks():
    net = nn.Sequential(nn.Flatten(), nn.Linear(192, 2))
    with pytest.raises(ClassifierError, match="this finds no layer that gives maps"):
        found(net)
    assert not any(part._forward_hooks for part in net.modules())


def test_no_hooks_are_left_after_an_error():
    net = nn.Sequential(nn.Conv2d(3, 4, 3), nn.Conv2d(3, 4, 3))
    with pytest.raises(RuntimeError):
        found(net)
    assert not any(part._forward_hooks for part in net.modules())


def test_a_layer_by_its_name():
    net = nn.Sequential(nn.Sequential(nn.Conv2d(3, 4, 3)), nn.ReLU())
    assert named_layer(net, "0.0", "this") is net[0][0]
    assert named_layer(net, "0", "this") is net[0]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("features.9", r"^this: the network has no layer 'features.9'; did you mean 'features.0'"),
        ("nothing", r"^this: the network has no layer 'nothing'$"),
        ("", r"^this: the network has no layer ''$"),
    ],
)
def test_an_unknown_name_is_refused_and_close_ones_are_named(name, message):
    net = nn.Module()
    net.features = nn.Sequential(nn.Conv2d(3, 4, 3))
    with pytest.raises(ClassifierError, match=message):
        named_layer(net, name, "this")
