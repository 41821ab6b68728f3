"""Asking leaves buffers as they were, and takes no memory for those that it does not change."""

from __future__ import annotations

import warnings

import pytest
import torch
from torch import Tensor, nn
from torch.ao import quantization
from torchvision.models.quantization import resnet18

from cfwidgets.attribution import attribute
from cfwidgets.models.classifier import Classifier
from cfwidgets.models.guard import untouched

pytestmark = pytest.mark.filterwarnings(
    "ignore::DeprecationWarning", "ignore:Please use quant_min", "ignore:the answer of"
)


def images(count: int = 2, size: int = 32) -> Tensor:
    return torch.rand(count, 3, size, size, generator=torch.Generator().manual_seed(count))


def state(net: nn.Module) -> dict[str, tuple[int, Tensor]]:
    return {name: (id(buffer), buffer.clone()) for name, buffer in net.named_buffers()}


def assert_same(net: nn.Module, before: dict[str, tuple[int, Tensor]]) -> None:
    now = dict(net.named_buffers())
    assert list(now) == list(before)
    for name, (number, values) in before.items():
        assert id(now[name]) == number, name
        assert torch.equal(now[name], values), name


@pytest.mark.costly
@pytest.mark.parametrize("engine", ["x86", "fbgemm"])
@pytest.mark.parametrize("prepare", [quantization.prepare, quantization.prepare_qat])
def test_observers_of_a_network_in_calibration(prepare, engine):
    torch.manual_seed(0)
    net = resnet18(num_classes=4)
    training = prepare is quantization.prepare_qat
    net.train(training)
    net.fuse_model(is_qat=training)
    config = quantization.get_default_qat_qconfig if training else quantization.get_default_qconfig
    net.qconfig = config(engine)
    prepare(net, inplace=True)
    net.eval()
    net(images() * 0.5 + 0.25)
    before = state(net)
    clf = Classifier(net, input_size=32)
    clf.probabilities(torch.stack([torch.zeros(3, 32, 32), torch.ones(3, 32, 32)]))
    attribute(clf, images(1), 1, method="saliency")
    assert_same(net, before)


class Moving(nn.Module):
    """Keeps a moving average of its input in one of several ways."""

    def __init__(self, way: str, size: int = 3) -> None:
        super().__init__()
        self.way, self.head = way, nn.Linear(3, 4)
        self.register_buffer("average", torch.zeros(size))

    def forward(self, x: Tensor) -> Tensor:
        mean = x.mean(dim=(0, 2, 3)).detach()
        match self.way:
            case "in place":
                self.average[:3].mul_(0.9).add_(0.1 * mean)
            case "without a trace":
                self.average.data[:3] += mean
            case "bound anew":
                self.average = 0.9 * self.average + 0.1 * mean.mean()
            case "resized":
                self.average.resize_(2).fill_(1)
            case "one more":
                self.register_buffer("more", mean)
        return self.head(x.mean(dim=(2, 3)))


@pytest.mark.parametrize("size", [3, 2_000_000])
@pytest.mark.parametrize("way", ["in place", "without a trace", "bound anew", "resized", "one more"])
def test_moving_averages(way, size):
    net = Moving(way, size).eval()
    before = state(net)
    clf = Classifier(net)
    for _ in range(3):
        clf.probabilities(images())
        assert_same(net, before)
    net.register_forward_hook(lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError), untouched(net):
        net(images())
    assert_same(net, before)


def test_what_a_plain_list_holds_is_put_back_too():
    class Hidden(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layers = [nn.Conv2d(3, 4, 3), {"norm": nn.BatchNorm2d(4)}]

        def forward(self, x: Tensor) -> Tensor:
            return self.layers[1]["norm"](self.layers[0](x)).mean(dim=(2, 3))

    net = Hidden().eval()
    norm = net.layers[1]["norm"]
    assert norm.training  # eval() does not reach it
    before = {name: values.clone() for name, values in norm.state_dict().items()}
    clf = Classifier(net)
    rows = clf.logits(images(3))
    assert torch.allclose(rows[:1], clf.logits(images(3)[:1]), atol=1e-5)  # not by the batch's statistics
    assert norm.training
    for name, values in norm.state_dict().items():
        assert torch.equal(values, before[name]), name


def test_large_buffers_are_not_copied(monkeypatch):
    """Weights in buffers: asking must not double the memory of the model."""
    net = nn.Sequential(nn.Flatten(), nn.Linear(48, 4))
    net.register_buffer("weights", torch.ones(4_000_000))
    copied = []
    clone = Tensor.clone

    def noting(self, *args, **kwargs):
        copied.append(self.numel())
        return clone(self, *args, **kwargs)

    clf = Classifier(net.eval())
    monkeypatch.setattr(Tensor, "clone", noting)
    for _ in range(3):
        clf.probabilities(images(2, 4))
    assert max(copied, default=0) < 1_000_000


def test_a_large_buffer_that_changes_late_is_named():
    net = Moving("never", 2_000_000).eval()
    clf = Classifier(net)
    clf.probabilities(images())
    net.way = "in place"
    with pytest.warns(RuntimeWarning, match="wrote into its buffer 'average'"):
        clf.probabilities(images())
    before = state(net)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        clf.probabilities(images())
    assert_same(net, before)
