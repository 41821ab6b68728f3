from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
import torchvision
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn
from torchvision.models.resnet import Bottleneck, ResNet

from cfwidgets.attribution import attribute
from cfwidgets.attribution.rap_rules import (
    SplitProduct,
    hidden_linear,
    hidden_product,
    image_product,
    last_linear,
)
from cfwidgets.models.classifier import Classifier, ClassifierError
from cfwidgets.networks import DigitCNN

X = torch.tensor([[1.0, 2.0, 3.0]], dtype=torch.float64)
WEIGHT = torch.tensor([[1.0, -1.0, 2.0], [-1.0, 3.0, 1.0]], dtype=torch.float64)


def near(found: Tensor, expected: list[float]) -> bool:
    return torch.allclose(found.double().flatten(), torch.tensor(expected).double(), rtol=0, atol=1e-6)


# The oracles, worked out with the published code


@pytest.mark.parametrize(
    ("bias", "expected"),
    [(0.25, [0.75] * 3), (0.0, [2 / 3] * 3), (-9.0, [-7 / 3] * 3)],
)
def test_the_last_layer_shares_the_logit_by_absolute_influence(bias: float, expected: list[float]) -> None:
    network = nn.Sequential(nn.Conv2d(3, 3, 1, bias=False), nn.ReLU(), nn.Flatten(), nn.Linear(3, 2)).double()
    x = torch.tensor([[2.0, 1.0, 4.0]], dtype=torch.float64)
    with torch.no_grad():
        network[3].weight[1] = torch.tensor([1, -2, 0.5])
        network[3].bias[1] = bias
        logit = network[3](x)[:, 1:]
    assert near(last_linear(x, network[3].weight[1:].detach(), logit), expected)


@pytest.mark.parametrize(
    ("relevance", "expected"),
    [([4.0, 2.0], [0.408466, 1.859259, 3.732275]), ([4.0, -2.0], [0.141799, -0.674074, 2.532275])],
)
def test_a_hidden_linear_layer(relevance: list[float], expected: list[float]) -> None:
    found = hidden_linear(X, WEIGHT, torch.tensor([relevance]).double())
    assert near(found, expected)


@pytest.mark.parametrize(
    ("relevance", "expected"),
    [([4.0, 2.0], [0.408466, 1.859259, 3.732275, 0]), ([4.0, -2.0], [-1.858201, 0.659259, 3.198942, 0])],
)
def test_a_hidden_convolution(relevance: list[float], expected: list[float]) -> None:
    x = F.pad(X, (0, 1), value=5)[..., None, None]
    weight = F.pad(WEIGHT, (0, 1))[..., None, None]
    found = hidden_product(
        SplitProduct(x, weight, F.conv2d), torch.tensor([relevance])[..., None, None].double()
    )
    assert near(found, expected)


def test_equal_treatment_makes_a_convolution_a_linear_layer() -> None:
    relevance = torch.tensor([[4.0, -2.0]]).double()
    split = SplitProduct(X[..., None, None], WEIGHT[..., None, None], F.conv2d)
    found = hidden_product(split, relevance[..., None, None], "equal")
    assert near(found, [0.141799, -0.674074, 2.532275])


def test_the_first_layer_by_the_z_b_rule() -> None:
    x = torch.tensor([[1.0, 2.0, -3.0]]).double()
    relevance = torch.tensor([[4.0, 2.0]]).double()
    assert near(image_product(x, WEIGHT, F.linear, relevance), [4.125, 1.875, 0])
    as_image = image_product(
        x[..., None, None], WEIGHT[..., None, None], F.conv2d, relevance[..., None, None]
    )
    assert near(as_image, [4.125, 1.875, 0])


def test_blocks_of_weights_do_not_show(monkeypatch: pytest.MonkeyPatch) -> None:
    torch.manual_seed(0)
    x, weight, relevance = torch.rand(3, 7), torch.randn(11, 7), torch.randn(3, 11)
    whole = hidden_linear(x, weight, relevance)
    monkeypatch.setattr("cfwidgets.attribution.rap_rules._WEIGHTS_AT_ONCE", 14)
    assert torch.allclose(hidden_linear(x, weight, relevance), whole, rtol=1e-5, atol=1e-6)


# Whole networks


def vgg(seed: int = 0, *, inplace: bool = True, classes: int = 5) -> nn.Sequential:
    torch.manual_seed(seed)
    return nn.Sequential(
        nn.Conv2d(3, 8, 3, padding=1),
        nn.ReLU(inplace),
        nn.Conv2d(8, 8, 3, padding=1),
        nn.ReLU(inplace),
        nn.MaxPool2d(2),
        nn.Conv2d(8, 12, 3, padding=1),
        nn.BatchNorm2d(12),
        nn.ReLU(inplace),
        nn.AvgPool2d(2),
        nn.AdaptiveAvgPool2d(3),
        nn.Flatten(),
        nn.Linear(108, 16),
        nn.ReLU(inplace),
        nn.Dropout(),
        nn.Linear(16, classes),
    )


def pictures(count: int, height: int = 20, width: int = 18) -> Tensor:
    return torch.rand(count, 3, height, width, generator=torch.Generator().manual_seed(count))


def sums_to_the_logit(clf: Classifier, images: Tensor, target: int) -> bool:
    found = attribute(clf, images, target)
    expected = clf.logits(images)[:, target]
    assert torch.allclose(found.logits, expected, rtol=1e-4, atol=1e-5)
    assert found.maps.shape == (len(images), *images.shape[2:])
    sums = found.maps.sum(dim=(1, 2), dtype=torch.float64)
    assert torch.allclose(found.convergence_delta.double(), sums - found.logits, atol=1e-4)
    return bool(((sums - found.logits).abs() <= 1e-4 * found.logits.abs()).all())


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10**6), st.integers(0, 4))
def test_relevance_sums_to_the_logit_on_random_networks(seed: int, target: int) -> None:
    assert sums_to_the_logit(Classifier(vgg(seed), mean=0.5, std=0.25), pictures(2), target)


@pytest.mark.parametrize("make", [torchvision.models.resnet18, lambda: ResNet(Bottleneck, [1, 2, 1, 1])])
def test_relevance_sums_to_the_logit_on_residual_networks(make) -> None:
    torch.manual_seed(0)
    assert sums_to_the_logit(Classifier(make(), mean=0.45, std=0.22), pictures(2, 64, 64), 7)


def test_relevance_sums_to_the_logit_on_strokes_before_black() -> None:
    torch.manual_seed(0)
    strokes = torch.zeros(2, 3, 32, 32)
    strokes[0, :, 6:26, 14:17] = 1
    strokes[1, :, 10:13, 4:28] = 0.7
    assert sums_to_the_logit(Classifier(DigitCNN()), strokes, 4)


@pytest.mark.slow
def test_relevance_sums_to_the_logit_on_vgg19() -> None:
    torch.manual_seed(0)
    clf = Classifier(torchvision.models.vgg19(), mean=0.45, std=0.22)
    assert sums_to_the_logit(clf, pictures(1, 64, 64), 7)


def test_relevance_is_not_a_copy_of_the_picture_and_has_both_signs() -> None:
    maps = attribute(Classifier(vgg()), pictures(1), 1).maps
    other = attribute(Classifier(vgg()), pictures(1), 2).maps
    assert maps.min() < 0 < maps.max()
    assert not torch.allclose(maps / maps.abs().max(), other / other.abs().max(), atol=0.05)


def test_a_picture_of_one_colour_has_no_relevance_and_says_so() -> None:
    network = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(144, 2))
    found = attribute(Classifier(network), torch.full((1, 3, 8, 8), 0.3), 0)
    assert torch.equal(found.maps, torch.zeros(1, 8, 8))
    assert torch.allclose(found.convergence_delta, -found.logits)


class Own(nn.Module):
    """A network whose forward is given."""

    def __init__(self, forward, **parts: nn.Module) -> None:
        super().__init__()
        for name, part in parts.items():
            self.add_module(name, part)
        self._forward = forward

    def forward(self, images: Tensor) -> Tensor:
        return self._forward(self, images)


def conv(inputs: int = 3, outputs: int = 4) -> nn.Conv2d:
    torch.manual_seed(1)
    return nn.Conv2d(inputs, outputs, 3, padding=1)


def head(inputs: int = 4) -> nn.Linear:
    torch.manual_seed(2)
    return nn.Linear(inputs, 3)


def grey_first(self: Own, x: Tensor) -> Tensor:
    x = self.grey((x.mean(dim=1, keepdim=True) - 0.1) / 0.3)
    return self.head(F.relu_(x).mean((2, 3)))


def functional(self: Own, x: Tensor) -> Tensor:
    x = F.max_pool2d(F.relu(self.conv(x), inplace=True), 2)
    x = 2 * self.conv2(x).relu() + 0.5
    x = F.dropout(torch.flatten(F.adaptive_avg_pool2d(x, 1), 1), training=self.training)
    return self.head(x)


def no_grad_inside(self: Own, x: Tensor) -> Tensor:
    with torch.no_grad():
        x = self.conv(x).relu()
    return self.head(x.amax((2, 3)) if x.ndim == 3 else F.adaptive_max_pool2d(x, 1).squeeze(-1).squeeze(-1))


@pytest.mark.parametrize(
    "network",
    [
        Own(grey_first, grey=conv(1), head=head()),
        Own(functional, conv=conv(), conv2=conv(4), head=head()),
        Own(no_grad_inside, conv=conv(), head=head()),
        nn.Sequential(nn.Flatten(), nn.Linear(3 * 8 * 8, 6), nn.ReLU(), nn.Linear(6, 3)),
        nn.Sequential(nn.Flatten(), nn.Linear(3 * 8 * 8, 3)),
    ],
)
def test_plain_networks_of_all_kinds_sum_to_the_logit(network: nn.Module) -> None:
    assert sums_to_the_logit(Classifier(network), pictures(3, 8, 8), 1)


def test_writing_in_place_means_what_it_means_in_torch() -> None:
    def forward(self: Own, x: Tensor) -> Tensor:
        x = self.conv(x)
        F.relu_(x)  # the result is not used: x itself has changed
        return self.head(x.mean((2, 3)))

    def plain(self: Own, x: Tensor) -> Tensor:
        return self.head(self.conv(x).relu().mean((2, 3)))

    maps = [
        attribute(Classifier(Own(f, conv=conv(), head=head())), pictures(2), 1).maps for f in (forward, plain)
    ]
    assert torch.equal(*maps)


# What it refuses


def bias_in_place(self: Own, x: Tensor) -> Tensor:
    rows = self.head(x.mean((2, 3)))
    rows += 1
    rows.add_(1)
    return rows


def old_view(self: Own, x: Tensor) -> Tensor:
    x = self.conv(x)
    view = x.flatten(2)
    x.relu_()
    return self.head(view.mean(2))


@pytest.mark.parametrize(
    ("network", "words"),
    [
        (nn.Sequential(conv(), nn.SiLU(), nn.Flatten(), nn.Linear(256, 2)), r"silu in '1' \(SiLU\).*ReLU"),
        (
            nn.Sequential(conv(), conv(4), nn.Flatten(), nn.Linear(256, 2)),
            r"'1' \(Conv2d\) has negative inputs",
        ),
        (
            nn.Sequential(nn.Flatten(), nn.Linear(192, 4), nn.Linear(4, 4), nn.ReLU(), nn.Linear(4, 2)),
            r"'2' \(Linear\) has negative inputs",
        ),
        (
            nn.Sequential(conv(), nn.AvgPool2d(2), nn.Flatten(), nn.Linear(64, 2)),
            r"'1' \(AvgPool2d\).*negative",
        ),
        (nn.Sequential(nn.Flatten(), nn.Linear(192, 2), nn.Softmax(1)), "before the softmax"),
        (nn.Sequential(nn.Flatten(), nn.Linear(192, 2), nn.ReLU()), "ends with a ReLU"),
        (Own(bias_in_place, head=head(3)), "ends with a sum"),
        (
            nn.Sequential(conv(), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten()),
            "ends with average pooling",
        ),
        (
            Own(
                lambda s, x: s.head((s.conv(x).relu() * s.conv(x).relu()).mean((2, 3))),
                conv=conv(),
                head=head(),
            ),
            r"mul in the network itself \(Own\).*product of two activations",
        ),
        (
            Own(
                lambda s, x: s.head(torch.cat([s.conv(x)] * 2, 1).relu().mean((2, 3))),
                conv=conv(),
                head=head(8),
            ),
            "cat.*joined channels",
        ),
        (
            Own(lambda s, x: s.head(F.pad(x, (1, 1, 1, 1)).mean((2, 3))), head=head(3)),
            "pad in the network itself",
        ),
        (Own(lambda s, x: s.head(F.dropout(x, 0.5).mean((2, 3))), head=head(3)), "drops out at random"),
        (Own(lambda s, x: s.head(x.mean((2, 3)).detach()), head=head(3)), "detach"),
        (Own(old_view, conv=conv(), head=head()), "view of a tensor that was changed in place"),
        (
            Own(
                lambda s, x: s.head((s.conv(x) + s.conv(x)[:, :1]).relu().mean((2, 3))),
                conv=conv(),
                head=head(),
            ),
            r"adds \(1, 4, 8, 8\) and",
        ),
        (Own(lambda s, x: s.head(torch.ones(len(x), 3)), head=head(3)), "cannot follow the image"),
        (Own(lambda s, x: s.head(x.mean((0, 2, 3))[None]), head=head(3)), "averages over the images"),
    ],
)
def test_what_it_cannot_conserve_is_refused_by_name(network: nn.Module, words: str) -> None:
    with pytest.raises(ClassifierError, match=words):
        attribute(Classifier(network), pictures(1, 8, 8), 0)


def test_networks_with_gates_are_refused() -> None:
    with pytest.raises(ClassifierError, match=r"silu in 'features.0.2' \(SiLU\)"):
        attribute(Classifier(torchvision.models.efficientnet_b0()), pictures(1, 32, 32), 0)


def test_an_unknown_rule_is_refused() -> None:
    with pytest.raises(ValueError, match="rule must be one of 'reference', 'equal'"):
        attribute(Classifier(vgg()), pictures(1), 0, rule="best")
