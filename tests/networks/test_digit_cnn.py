from __future__ import annotations

import torch
from torch import nn

from cfwidgets.networks import DigitCNN


def test_images_become_ten_logits() -> None:
    assert DigitCNN()(torch.rand(5, 3, 32, 32)).shape == (5, 10)


def test_each_layer_is_named_and_gives_what_the_table_says() -> None:
    shapes: dict[str, tuple[int, ...]] = {}
    network = DigitCNN()
    for name, layer in network.named_children():
        layer.register_forward_hook(
            lambda _, __, out, name=name: shapes.__setitem__(name, tuple(out.shape[1:]))
        )
    network(torch.rand(1, 3, 32, 32))
    expected = {
        "conv1": (16, 32, 32),
        "relu1": (16, 32, 32),
        "pool1": (16, 16, 16),
        "conv2": (32, 16, 16),
        "relu2": (32, 16, 16),
        "pool2": (32, 8, 8),
        "conv3": (64, 8, 8),
        "relu3": (64, 8, 8),
        "pool3": (64, 4, 4),
        "flatten": (1024,),
        "fc1": (64,),
        "relu4": (64,),
        "fc2": (10,),
    }
    assert shapes == expected
    assert list(shapes) == list(expected)


def test_there_is_only_what_every_attribution_method_can_follow() -> None:
    layers = list(DigitCNN().children())
    assert {type(layer) for layer in layers} == {nn.Conv2d, nn.ReLU, nn.MaxPool2d, nn.Flatten, nn.Linear}
    assert not any(layer.inplace for layer in layers if isinstance(layer, nn.ReLU))


def test_an_image_is_answered_the_same_in_any_batch_and_mode() -> None:
    network, images = DigitCNN().double(), torch.rand(4, 3, 32, 32, dtype=torch.float64)
    together = network(images)
    assert torch.allclose(torch.cat([network.eval()(image[None]) for image in images]), together)
    assert together.std(dim=0).min() > 0
