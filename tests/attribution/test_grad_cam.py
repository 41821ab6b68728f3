from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torchvision.models.resnet import BasicBlock, ResNet

from cfwidgets.attribution import Attributor, attribute
from cfwidgets.attribution.grad_cam import _linear_head
from cfwidgets.attribution.layers import last_maps
from cfwidgets.attribution.network import network_of
from cfwidgets.models.classifier import Classifier, ClassifierError


def pictures(count: int = 3, size: int = 16) -> Tensor:
    return torch.rand(count, 3, size, size, generator=torch.Generator().manual_seed(count))


def pooled(*, inplace: bool = False) -> nn.Sequential:
    """Global average pooling and one linear layer behind the maps."""
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(3, 6, 3, stride=2),
        nn.ReLU(inplace),
        nn.Conv2d(6, 8, 3),
        nn.ReLU(inplace),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Dropout(),
        nn.Linear(8, 4),
    )


def by_hand(features: nn.Module, rest: nn.Module, images: Tensor, targets: list[int]) -> Tensor:
    """Equations 1 and 2 of the paper."""
    rest.eval()
    maps = features(images).detach().requires_grad_()
    rows = rest(maps.clone())
    gradient = torch.autograd.grad(sum(rows[i, t] for i, t in enumerate(targets)), maps)[0]
    weights = gradient.mean((2, 3), keepdim=True)
    cam = (weights * maps.detach()).sum(1, keepdim=True).relu()
    return F.interpolate(cam, size=images.shape[2:], mode="bilinear", align_corners=False)[:, 0]


@pytest.mark.parametrize(("layer", "cut", "closed"), [("3", 4, True), ("2", 3, False), ("1", 2, False)])
def test_it_is_the_equations_of_the_paper(layer: str, cut: int, closed: bool) -> None:
    net, images, targets = pooled(inplace=True), pictures(), [0, 3, 1]
    expected = by_hand(pooled()[:cut], pooled()[cut:], images, targets)
    found = attribute(Classifier(net), images, targets, "grad_cam", layer=layer)
    assert expected.abs().max() > 0
    assert torch.allclose(found.maps, expected, atol=1e-6)
    network = network_of(Classifier(net.eval()), "grad_cam")
    assert (_linear_head(network, net.get_submodule(layer), images[:1]) is not None) == closed


def test_the_closed_form_needs_no_backward_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_: object, **__: object) -> None:
        raise AssertionError

    expected = by_hand(pooled()[:4], pooled()[4:], pictures(), [1, 1, 1])
    monkeypatch.setattr(torch.autograd, "grad", never)
    assert torch.allclose(
        attribute(Classifier(pooled()), pictures(), 1, "grad_cam").maps, expected, atol=1e-6
    )


class Tail(nn.Module):
    """Something behind the maps that is not quite an average and a linear layer."""

    def __init__(self, tail) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.conv = nn.Conv2d(3, 4, 3)
        self.head = nn.Linear(4, 3)
        self.tail = tail

    def forward(self, images: Tensor) -> Tensor:
        return self.tail(self, self.conv(images))


@pytest.mark.parametrize(
    ("tail", "closed"),
    [
        (lambda s, x: s.head(x.mean((2, 3))), True),
        (lambda s, x: s.head(x.mean(dim=[-1, -2])), True),
        (lambda s, x: s.head(x.mean((2, 3), keepdim=True).flatten(1)), True),
        (lambda s, x: s.head(F.adaptive_avg_pool2d(x, 1)[:, :, 0, 0]), False),
        (lambda s, x: s.head(F.adaptive_max_pool2d(x, 1).flatten(1)), False),
        (lambda s, x: s.head(x.relu_().mean((2, 3))), False),
        (lambda s, x: s.head(x.mean((2, 3))) * 2, False),
        (lambda s, x: s.head(x.flatten(2).mean(2)), False),
        (lambda s, x: s.head(x.permute(0, 2, 3, 1)).mean((1, 2)), False),
    ],
)
def test_the_closed_form_is_taken_where_it_holds_and_gives_the_same(tail, closed: bool) -> None:
    net, images = Tail(tail), pictures()
    network = network_of(Classifier(net), "grad_cam")
    assert (_linear_head(network, net.conv, images[:1]) is not None) == closed
    maps = net.conv(images).detach().requires_grad_()
    gradient = torch.autograd.grad(tail(net, maps.clone())[:, 1].sum(), maps)[0].mean((2, 3), keepdim=True)
    cam = (gradient * maps.detach()).sum(1, keepdim=True).relu()
    expected = F.interpolate(cam, size=(16, 16), mode="bilinear", align_corners=False)[:, 0]
    found = attribute(Classifier(net), images, 1, "grad_cam")
    assert torch.allclose(found.maps, expected, atol=1e-6)


def test_it_finds_the_last_layer_with_maps() -> None:
    torch.manual_seed(0)
    clf = Classifier(ResNet(BasicBlock, [1, 1, 1, 1]).eval())
    assert last_maps(network_of(clf, "grad_cam"), pictures(1, 64), "grad_cam") == "layer4.0.relu"
    found = attribute(clf, pictures(1, 64), 3, "grad_cam")
    # The ReLU is called twice in its block, and the block's output is what its last call gave.
    block = attribute(clf, pictures(1, 64), 3, "grad_cam", layer="layer4")
    assert found.maps.max() > 0
    assert torch.allclose(found.maps, block.maps, atol=1e-7)


def test_layers_that_cannot_be_are_refused() -> None:
    clf = Classifier(ResNet(BasicBlock, [1, 1, 1, 1]))
    with pytest.raises(ClassifierError, match=r"'layer5'; did you mean 'layer4' .*\? These would do: "):
        attribute(clf, pictures(1, 32), 0, "grad_cam", layer="layer5")
    with pytest.raises(ClassifierError, match=r"'fc' \(Linear\) gives \(1, 1000\)"):
        attribute(clf, pictures(1, 32), 0, "grad_cam", layer="fc")
    flat = nn.Sequential(nn.Flatten(), nn.Linear(768, 2))
    with pytest.raises(ClassifierError, match="finds no layer that gives maps"):
        attribute(Classifier(flat), pictures(1), 0, "grad_cam")
    unused = pooled()
    unused.add_module("spare", nn.Identity())
    first = unused[:8]
    unused.forward = first.forward
    with pytest.raises(ClassifierError, match="does not call the layer 'spare'"):
        attribute(Classifier(unused), pictures(1), 0, "grad_cam", layer="spare")
    cut = Tail(lambda s, x: s.head(x.detach().relu().mean((2, 3))))
    with pytest.raises(ClassifierError, match="does not depend on the output of 'conv'"):
        attribute(Classifier(cut), pictures(1), 0, "grad_cam")


@pytest.mark.parametrize("layer", [None, "1"])
def test_the_model_s_answer_comes_along_from_the_same_pass(layer: str | None) -> None:
    clf, images = Classifier(pooled()), pictures()
    found = attribute(clf, images, 2, "grad_cam", layer=layer)
    assert found.outputs is not None
    assert torch.allclose(clf.read(found.outputs, 3), clf.probabilities(images), atol=1e-6)
    assert found.extremes is not None
    assert found.extremes.shape == (3, 2)
    assert bool((found.maps.amax((1, 2)) <= found.extremes[:, 1] + 1e-6).all())
    plain = attribute(clf, images, 2, "saliency")
    assert plain.outputs is None
    assert plain.extremes is None


def test_the_layout_that_the_classifier_has_found_is_used() -> None:
    net, seen = pooled().eval(), []
    net[0].register_forward_pre_hook(
        lambda _, given: seen.append(given[0].is_contiguous(memory_format=torch.channels_last))
    )
    clf, images = Classifier(net), pictures()
    before = attribute(clf, images, 2, "grad_cam").maps
    assert seen == [False] * 5
    clf.probabilities(images)
    after = attribute(clf, images, 2, "grad_cam").maps
    assert seen[-1]
    assert torch.allclose(before, after, atol=1e-6)


def test_a_network_that_views_its_maps_gets_the_common_layout() -> None:
    class Viewing(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.maps = pooled()[:4]
            self.head = nn.Linear(8, 4)

        def forward(self, images: Tensor) -> Tensor:
            maps = self.maps(images)
            return self.head(maps.view(len(maps), -1).view(len(maps), 8, -1).mean(2))

    clf, images = Classifier(Viewing().eval()), pictures()
    clf.probabilities(images)
    found = attribute(clf, images, 2, "grad_cam")
    assert torch.allclose(found.logits, clf.logits(images)[:, 2], atol=1e-6)


def test_batch_after_batch_the_layer_is_found_once() -> None:
    net, asked = pooled().eval(), []
    net.register_forward_hook(lambda _, given, __: asked.append(len(given[0])))
    images = pictures(7)
    grad_cam = Attributor(Classifier(net), "grad_cam")
    parts = [grad_cam(batch, 1) for batch in images.split(3)]
    # two and one: does an answer depend on company? once for the layer, once for what follows it, the batches
    assert asked == [2, 1, 1, 1, 3, 3, 1]
    assert torch.allclose(
        torch.cat([part.maps for part in parts]),
        attribute(Classifier(net), images, 1, "grad_cam").maps,
        atol=1e-6,
    )
