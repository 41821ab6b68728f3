from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from cfwidgets import Classifier
from cfwidgets.attribution import attribute
from cfwidgets.networks import FaceResNet


def test_its_last_maps_are_an_eighth_of_the_image() -> None:
    shapes: dict[str, tuple[int, ...]] = {}
    network = FaceResNet(classes=3, widths=(4, 6, 8, 10))
    for name, layer in network.named_children():
        layer.register_forward_hook(
            lambda _, __, out, name=name: shapes.__setitem__(name, tuple(out.shape[1:]))
        )
    network(torch.rand(2, 3, 128, 128))
    assert shapes == {
        "conv1": (4, 64, 64),
        "norm1": (4, 64, 64),
        "relu1": (4, 64, 64),
        "pool1": (4, 32, 32),
        "stage1": (4, 32, 32),
        "stage2": (6, 16, 16),
        "stage3": (8, 16, 16),
        "stage4": (10, 16, 16),
        "pool": (10, 1, 1),
        "flatten": (10,),
        "head": (3,),
    }


@pytest.mark.parametrize(("blocks", "layers", "reach"), [(1, 10, 113), (2, 18, 225)])
def test_with_two_blocks_it_has_the_layers_of_resnet_18_and_sees_twice_as_far(
    blocks: int, layers: int, reach: int
) -> None:
    network = FaceResNet(widths=(2, 2, 2, 2), blocks=blocks).eval()
    counted = [
        part
        for part in network.modules()
        # A convolution of 1 x 1 brings what is added to a block's width; the paper does not count it either.
        if isinstance(part, nn.Linear) or getattr(part, "kernel_size", None) in ((3, 3), (5, 5))
    ]
    assert len(counted) == layers
    network.pool1 = nn.AvgPool2d(3, stride=2, padding=1)  # the same places, and each gets a gradient
    for weights in network.parameters():
        weights.data.abs_()  # so that no ReLU stops it
    image = torch.ones(1, 3, 512, 512, requires_grad=True)
    features = network[0](image)
    for name, layer in list(network.named_children())[1:]:
        features = layer(features)
        if name == "stage4":
            break
    features[..., 32, 32].sum().backward()
    seen = image.grad.sum((0, 1)) > 0
    assert int(seen.any(0).sum()) == int(seen.any(1).sum()) == reach


def test_a_block_adds_what_it_got() -> None:
    block = FaceResNet().eval().stage1[0]
    nn.init.zeros_(block.conv2.weight)
    maps = torch.rand(1, 16, 5, 5)
    assert torch.allclose(block(maps), maps)
    assert torch.equal(block(-maps), torch.zeros_like(maps))


def test_a_face_is_answered_the_same_in_any_batch() -> None:
    network, images = FaceResNet().double().eval(), torch.rand(3, 3, 40, 56, dtype=torch.float64)
    together = network(images)
    assert torch.allclose(torch.cat([network(image[None]) for image in images]), together)
    assert together.std(dim=0).min() > 0


def test_grad_cam_takes_the_last_stage_and_the_weights_of_the_head() -> None:
    network, images = FaceResNet().eval(), torch.rand(2, 3, 32, 32)
    kept: list[Tensor] = []
    with torch.no_grad(), network.stage4.register_forward_hook(lambda _, __, out: kept.append(out)):
        network(images)
    weighed = torch.einsum("c,nchw->nhw", network.head.weight[1] / 16, kept[0]).relu()
    expected = nn.functional.interpolate(weighed[:, None], size=32, mode="bilinear")[:, 0]
    found = attribute(Classifier(network, device="cpu"), images, 1, "grad_cam")
    assert torch.allclose(found.maps, expected.detach(), atol=1e-6)


def test_four_widths_are_asked_for() -> None:
    with pytest.raises(ValueError, match=r"widths must be 4 numbers, one a stage, not \(8, 8\)"):
        FaceResNet(widths=(8, 8))


def test_a_block_at_least_is_asked_for() -> None:
    with pytest.raises(ValueError, match="blocks must be a whole number of at least 1, not 0"):
        FaceResNet(blocks=0)
