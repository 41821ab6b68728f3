"""Random weights are random whatever holds the weights, or it is said that they cannot be."""

from __future__ import annotations

import threading

import pytest
import torch
from torch import Tensor, nn
from torch.ao import quantization
from torchvision.models.quantization import resnet18

from cfwidgets.models.classifier import Classifier, ClassifierError

pytestmark = pytest.mark.filterwarnings(
    "ignore::DeprecationWarning", "ignore:Please use quant_min", "ignore:torch.quantize_per"
)


def images(count: int = 2, size: int = 32) -> Tensor:
    generator = torch.Generator().manual_seed(count)
    coarse = torch.rand(count, 3, 5, 5, generator=generator)
    return nn.functional.interpolate(coarse, size=size, mode="bilinear")


def dynamic(dtype: torch.dtype) -> nn.Module:
    torch.manual_seed(0)
    net = nn.Sequential(nn.Flatten(), nn.Linear(3072, 16), nn.ReLU(), nn.Linear(16, 4)).eval()
    return quantization.quantize_dynamic(net, {nn.Linear}, dtype=dtype)


def static() -> nn.Module:
    torch.manual_seed(0)
    net = resnet18(num_classes=4).eval()
    net.fuse_model()
    net.qconfig = quantization.get_default_qconfig("x86")
    quantization.prepare(net, inplace=True)
    net(images(4))
    return quantization.convert(net)


class InBuffers(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("weight", torch.randn(4, 3))

    def forward(self, x: Tensor) -> Tensor:
        return x.mean((2, 3)) @ self.weight.T


class Loose(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.weight = torch.randn(4, 3)

    def forward(self, x: Tensor) -> Tensor:
        return x.mean((2, 3)) @ self.weight.T


class InLists(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layers = [nn.Conv2d(3, 4, 3), (nn.BatchNorm2d(4), {"act": nn.ReLU()})]

    def forward(self, x: Tensor) -> Tensor:
        norm, rest = self.layers[1]
        return rest["act"](norm(self.layers[0](x))).mean((2, 3))


class OfBytes(nn.Module):
    """Weights of 8 bits with a scale, as many packages for quantisation have them."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("weight", torch.randint(-127, 127, (4, 3), dtype=torch.int8))

    def forward(self, x: Tensor) -> Tensor:
        return x.mean((2, 3)) @ (self.weight.float() / 64).T


@pytest.mark.costly
@pytest.mark.parametrize(
    "make",
    [
        lambda: dynamic(torch.qint8),
        lambda: dynamic(torch.float16),
        static,
        InBuffers,
        Loose,
        InLists,
        OfBytes,
    ],
)
def test_whatever_holds_the_weights(make):
    torch.manual_seed(0)
    net = make()
    clf = Classifier(net.eval(), input_size=32)
    before = clf.logits(images())
    first, again, other = (clf.randomised(seed).logits(images()) for seed in (1, 1, 2))
    assert torch.equal(first, again)
    assert not torch.allclose(first, other)
    assert not torch.allclose(first, before)
    assert torch.equal(clf.logits(images()), before)  # the network itself is as it was


def test_all_layers_of_a_quantised_network_change():
    net = static()
    twin = Classifier(net, input_size=32).randomised(1).require_module()
    pairs = [
        (mine.weight().int_repr(), its.weight().int_repr())
        for mine, its in zip(net.modules(), twin.modules(), strict=True)
        if hasattr(mine, "set_weight_bias") and hasattr(mine, "weight")
    ]
    assert len(pairs) == 21
    assert all((mine != its).float().mean() > 0.5 for mine, its in pairs)


class Constant(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x.mean((2, 3))


class Packed(nn.Module):
    """Weights packed into an object of torch's own, outside a layer."""

    def __init__(self) -> None:
        super().__init__()
        weight = torch.quantize_per_tensor(torch.randn(4, 3), 0.1, 0, torch.qint8)
        self.packed = torch.ops.quantized.linear_prepack(weight, None)

    def forward(self, x: Tensor) -> Tensor:
        return torch.ops.quantized.linear_dynamic(x.mean((2, 3)), self.packed)


def zero_head() -> nn.Module:
    net = nn.Sequential(nn.Flatten(), nn.Linear(3072, 4))
    nn.init.zeros_(net[1].weight)
    nn.init.zeros_(net[1].bias)
    return net


def overflowing() -> nn.Module:
    net = nn.Sequential(nn.Flatten(), nn.Linear(3072, 4))
    nn.init.constant_(net[1].weight, torch.inf)
    return net


@pytest.mark.parametrize(
    ("net", "words"),
    [
        (
            Constant(),
            "Constant cannot be randomised: its answer does not depend on weights that can be found",
        ),
        (zero_head(), "does not depend on weights"),
        (Packed(), "Packed holds weights that are packed"),
        (overflowing(), "with random weights it returns NaN"),
    ],
)
def test_what_cannot_be_randomised_is_said(net, words):
    with pytest.raises(ClassifierError, match=words):
        Classifier(net.eval(), input_size=32).randomised(1)


class Keeps(nn.Module):
    """Keeps its last feature map, as many networks do for class activation maps, and perhaps a lock."""

    def __init__(self, *, lock: bool) -> None:
        super().__init__()
        self.conv, self.head = nn.Conv2d(3, 8, 3), nn.Linear(8, 4)
        self.kept: object = None
        self.lock = threading.Lock() if lock else None

    def forward(self, x: Tensor) -> Tensor:
        feature = self.conv(x).relu()
        self.kept = [{"last": feature}]
        return self.head(feature.mean((2, 3)))


def test_a_kept_feature_map_and_weight_normalisation_are_copied():
    for net in (
        Keeps(lock=False),
        nn.Sequential(nn.Flatten(), nn.utils.weight_norm(nn.Linear(3072, 4))),
        nn.Sequential(nn.Flatten(), nn.utils.parametrizations.weight_norm(nn.Linear(3072, 4))),
        nn.Sequential(nn.Flatten(), nn.utils.spectral_norm(nn.Linear(3072, 4))),
    ):
        net.train()
        net(images()).sum().backward()
        clf = Classifier(net.eval(), input_size=32)
        assert not torch.allclose(clf.randomised(1).logits(images()), clf.logits(images()))


def test_a_kept_error_is_not_copied():
    """Once Dask is imported, a traceback is copied with its error, frame by frame."""
    pytest.importorskip("dask.multiprocessing")
    net = Keeps(lock=False).eval()
    try:
        net(images().flatten())
    except RuntimeError as error:
        net.failure = error
    clf = Classifier(net, input_size=32)
    copy = clf.randomised(1)
    assert copy.require_module().failure is net.failure
    assert not torch.allclose(copy.logits(images()), clf.logits(images()))


def test_a_lock_cannot_be_copied():
    with pytest.raises(ClassifierError, match=r"Keeps cannot be copied: cannot pickle '_thread.lock' object"):
        Classifier(Keeps(lock=True).eval(), input_size=32).randomised(1)
