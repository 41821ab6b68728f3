"""RAP equals the published procedure, transcribed here layer by layer without merging any pass."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
import torch.nn.functional as F
from hypothesis import example, given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from cfwidgets.attribution import attribute
from cfwidgets.models.classifier import Classifier

ELEMENTWISE = (nn.ReLU, nn.Dropout, nn.BatchNorm2d, nn.Identity)
Product = Callable[[Tensor, Tensor], Tensor]


def ratio(a: Tensor, b: Tensor) -> Tensor:
    return torch.where(b == 0, torch.zeros_like(a), a / torch.where(b == 0, torch.ones_like(b), b))


def totals(values: Tensor) -> Tensor:
    return values.sum(dim=tuple(range(1, values.ndim)), keepdim=True)


def shifted(contributions: Tensor, relevance: Tensor) -> Tensor:
    there = (contributions != 0).to(contributions.dtype)
    return contributions - there * (totals(contributions) - totals(relevance)) / totals(there).clamp(min=1)


def pulled(product: Product, x: Tensor, weight: Tensor, by: Tensor) -> Tensor:
    """One pass backwards of a layer with some of its weights."""
    x = x.detach().requires_grad_()
    return torch.autograd.grad(product(x, weight), x, by)[0]


def of_one_input_sign(
    x: Tensor,
    weights: tuple[Tensor, Tensor],
    products: tuple[Tensor, Tensor],
    relevance: Tensor,
    product: Product,
    *,
    convolution: bool,
) -> Tensor:
    """Four passes backwards: positive and negative relevance, each by what is for and by what is against."""
    for_it, against = products
    both = for_it + against
    plus, minus = relevance.clamp(min=0), relevance.clamp(max=0)
    of_minus = [(1, ratio(minus, against)), (1, ratio(minus, both))]
    if not convolution:
        of_minus = [(0, ratio(minus, for_it)), (1, ratio(minus, both))]
    passes = [(0, ratio(plus, for_it)), (1, ratio(plus, both)), *of_minus]
    return shifted(sum(x * pulled(product, x, weights[sign], by) for sign, by in passes), relevance)


def hidden(x: Tensor, weight: Tensor, relevance: Tensor, product: Product, *, convolution: bool) -> Tensor:
    """Four passes forwards, eight backwards: all signs apart, although no input is negative."""
    weights = weight.clamp(min=0), -weight.clamp(max=0)
    parts = []
    for signed in (x.clamp(min=0), x.clamp(max=0)):
        products = product(signed, weights[0]), product(signed, weights[1])
        parts.append(
            of_one_input_sign(signed, weights, products, relevance, product, convolution=convolution)
        )
    return parts[0] + parts[1]


def first(x: Tensor, weight: Tensor, relevance: Tensor, product: Product) -> Tensor:
    low, high = (
        torch.ones_like(x) * pick(x, dim=(1, 2, 3), keepdim=True) for pick in (torch.amin, torch.amax)
    )
    plus, minus = weight.clamp(min=0), weight.clamp(max=0)
    shares = ratio(relevance, product(x, weight) - product(low, plus) - product(high, minus))
    return (
        x * pulled(product, x, weight, shares)
        - low * pulled(product, low, plus, shares)
        - high * pulled(product, high, minus, shares)
    )


def last(x: Tensor, layer: nn.Linear, targets: Tensor) -> Tensor:
    logits = layer(x).gather(1, targets[:, None])
    bias = 0 if layer.bias is None else layer.bias[targets][:, None]
    contributions = x * layer.weight[targets] * logits / (logits - bias)
    return logits * contributions.abs() / contributions.abs().sum(1, keepdim=True)


def convolution(layer: nn.Conv2d) -> Product:
    return lambda x, weight: F.conv2d(
        x, weight, None, layer.stride, layer.padding, layer.dilation, layer.groups
    )


def published(network: nn.Sequential, images: Tensor, targets: Tensor) -> Tensor:
    """Relevance of the inputs of a chain of layers, from the last backwards."""
    layers = [part for part in network.modules() if next(part.children(), None) is None]
    with torch.no_grad():
        values = [images]
        for layer in layers:
            if isinstance(layer, nn.Linear) and values[-1].ndim > 2:
                values[-1] = values[-1].flatten(1)
            values.append(F.relu(values[-1]) if isinstance(layer, nn.ReLU) else layer(values[-1]))
    relevance = last(values[-2], layers[-1], targets).detach()
    for index in reversed(range(len(layers) - 1)):
        layer, x = layers[index], values[index]
        if isinstance(layer, nn.Conv2d):
            if index == 0:
                relevance = first(x, layer.weight.detach(), relevance, convolution(layer))
            else:
                relevance = hidden(x, layer.weight.detach(), relevance, convolution(layer), convolution=True)
        elif isinstance(layer, nn.Linear):
            relevance = hidden(x, layer.weight.detach(), relevance, F.linear, convolution=False)
        elif isinstance(layer, nn.AdaptiveAvgPool2d):
            x = x.detach().requires_grad_()
            pooled = layer(x)
            shares = ratio(relevance.view_as(pooled), pooled.detach())
            relevance = x.detach() * torch.autograd.grad(pooled, x, shares)[0]
        elif not isinstance(layer, ELEMENTWISE):
            x = x.detach().requires_grad_()
            moved = layer(x)
            relevance = torch.autograd.grad(moved, x, relevance.view_as(moved))[0]
    return relevance


def chain(
    seed: int, depth: int = 2, *, bias: bool = True, norm: bool = False, stride: int = 1
) -> nn.Sequential:
    torch.manual_seed(seed)
    layers: list[nn.Module] = []
    channels = 3
    for _ in range(depth):
        layers += [nn.Conv2d(channels, 6, 3, stride=stride, padding=1, bias=bias)]
        layers += [nn.BatchNorm2d(6)] if norm else []
        layers += [nn.ReLU(inplace=True)]
        channels = 6
    layers += [nn.MaxPool2d(2), nn.AdaptiveAvgPool2d(2), nn.Flatten()]
    layers += [nn.Linear(24, 10, bias=bias), nn.ReLU(), nn.Dropout(), nn.Linear(10, 5, bias=bias)]
    network = nn.Sequential(*layers).double().eval()
    for part in network.modules():
        if isinstance(part, nn.BatchNorm2d):
            nn.init.normal_(part.running_mean, std=0.1)
            nn.init.normal_(part.weight)
            nn.init.normal_(part.bias)
    return network


@settings(max_examples=15, deadline=None)
@example(seed=170, depth=3, bias=True, norm=True, stride=1, count=1)
@given(
    st.integers(0, 10**6),
    st.integers(1, 3),
    st.booleans(),
    st.booleans(),
    st.integers(1, 2),
    st.integers(1, 3),
)
def test_random_networks_get_the_published_maps(
    seed: int, depth: int, bias: bool, norm: bool, stride: int, count: int
) -> None:
    network = chain(seed, depth, bias=bias, norm=norm, stride=stride)
    images = torch.rand(count, 3, 16, 13, generator=torch.Generator().manual_seed(seed))
    targets = torch.arange(count)
    clf = Classifier(network, mean=[0.4, 0.5, 0.6], std=0.25)
    found = attribute(clf, images, targets.tolist())
    # The normalisation is done in float32, as the classifier does it.
    normalised = ((images - torch.tensor([0.4, 0.5, 0.6]).view(3, 1, 1)) / 0.25).double()
    expected = published(network, normalised, targets).sum(1)
    # Where no unit is on, and only biases speak, the published code divides zero by zero.
    silent = expected.isnan().flatten(1).all(1)
    assert not found.maps[silent].any()
    expected = expected[~silent]
    scale = expected.abs().amax() if len(expected) else 0
    assert torch.allclose(found.maps[~silent].double(), expected, rtol=1e-4, atol=1e-5 * scale)


class Residual(nn.Module):
    """A block with a sum done in place, as torchvision's, between a first convolution and a linear layer."""

    def __init__(self, *, inplace: bool) -> None:
        super().__init__()
        self.first = nn.Conv2d(3, 4, 3)
        self.second = nn.Conv2d(4, 4, 3, padding=1)
        self.norm = nn.BatchNorm2d(4)
        self.relu = nn.ReLU(inplace)
        self.last = nn.Linear(4, 3)

    def forward(self, images: Tensor) -> Tensor:
        x = self.relu(self.first(images))
        out = self.norm(self.second(x))
        out += x
        return self.last(self.relu(out).mean((2, 3)))


@pytest.mark.parametrize("inplace", [False, True])
def test_a_residual_sum_shares_relevance_in_proportion(inplace: bool) -> None:
    torch.manual_seed(3)
    net = Residual(inplace=inplace).double().eval()
    images = torch.rand(2, 3, 6, 6)
    targets = torch.tensor([2, 0])
    with torch.no_grad():
        x = net.first(images.double()).relu()
        branch = net.norm(net.second(x))
        summed = (branch + x).relu()
        pooled = summed.mean((2, 3))
        of_pooled = last(pooled, net.last, targets)[..., None, None]
        of_sum = summed * ratio(of_pooled, pooled[..., None, None]) / 16
        of_branch, of_x = (part * ratio(of_sum, branch + x) for part in (branch, x))
    weight = net.second.weight.detach()
    of_x = of_x + hidden(x, weight, of_branch, convolution(net.second), convolution=True)
    expected = first(images.double(), net.first.weight.detach(), of_x, convolution(net.first)).sum(1)
    found = attribute(Classifier(net), images, targets)
    assert torch.allclose(found.maps.double(), expected, rtol=1e-5, atol=1e-6 * expected.abs().max())
    assert found.convergence_delta.abs().max() < 1e-9
