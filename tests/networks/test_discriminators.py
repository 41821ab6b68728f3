"""The discriminators of the translator: their sizes, and that they answer alike alone and in a batch."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn
from torchvision import models
from torchvision.models.resnet import BasicBlock

from cfwidgets.networks import Hybrid, ResNet, discriminator
from cfwidgets.networks.discriminators import KINDS, centre_, resnet3, resnet18, resnet50, swin

NARROW = {"resnet3": 8, "resnet18": 8, "resnet50": 4, "swin-small": 6, "hybrid": 16}


@pytest.fixture(autouse=True)
def _seed() -> None:
    torch.manual_seed(0)


def count(network: nn.Module) -> int:
    return sum(weights.numel() for weights in network.parameters())


@pytest.mark.costly
@pytest.mark.parametrize(
    ("kind", "size"),
    [
        ("resnet3", 1_227_907),
        ("resnet18", 11_178_051),
        ("resnet50", 23_514_179),
        ("swin-small", 48_839_565),
        ("hybrid", 28_749_565),
    ],
)
def test_in_the_papers_size(kind: str, size: int) -> None:
    with torch.device("meta"):
        network = discriminator(kind, 3)
        assert count(network) == size
        assert network(torch.rand(2, 3, 64, 64)).shape == (2, 3)


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (lambda: discriminator("resnet18", 1000), models.resnet18),
        (lambda: discriminator("resnet50", 1000), models.resnet50),
        (lambda: discriminator("swin-small", 1000), models.swin_s),
    ],
)
def test_it_has_as_many_weights_as_torchvisions(ours: Any, theirs: Any) -> None:
    with torch.device("meta"):
        assert count(ours()) == count(theirs())


@pytest.mark.costly
@pytest.mark.parametrize("make", [resnet18, resnet50])
def test_torchvisions_weights_fit_and_give_the_same(make: Any) -> None:
    name = make.__name__
    theirs = getattr(models, name)(num_classes=5).eval()
    ours = make(5, norm="batch").eval()
    ours.load_state_dict(theirs.state_dict())
    images = torch.rand(1, 3, 64, 64)
    with torch.inference_mode():
        torch.testing.assert_close(ours(images), theirs(images * 2 - 1))


@pytest.mark.costly
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("classes", [2, 4])
def test_one_output_more_than_classes_at_any_size(kind: str, classes: int) -> None:
    network = discriminator(kind, classes + 1, NARROW[kind]).eval()
    for height, width in ((32, 32), (64, 48)):
        images = torch.rand(3, 3, height, width)
        with torch.inference_mode():
            logits = network(images)
            assert logits.shape == (3, classes + 1)
            torch.testing.assert_close(network(images[1:2])[0], logits[1], atol=1e-5, rtol=1e-4)
            assert not torch.allclose(logits[0], logits[1])


@pytest.mark.parametrize("kind", KINDS)
def test_the_last_layer_reads_what_is_pooled(kind: str) -> None:
    network: Any = discriminator(kind, 3, NARROW[kind]).eval()
    images = torch.rand(2, 3, 32, 32)
    with torch.inference_mode():
        if isinstance(network, Hybrid):
            pooled = torch.cat([network.resnet.pooled(images), network.swin.pooled(images)], dim=1)
            last = network.fc
        else:
            pooled, last = network.pooled(images), getattr(network, "fc", None) or network.head
        torch.testing.assert_close(network(images), last(pooled))


def test_mean_and_maximum_are_side_by_side() -> None:
    both, mean = (resnet3(3, 8, pool).eval() for pool in ("mean and max", "mean"))
    mean.load_state_dict({k: v for k, v in both.state_dict().items() if not k.startswith("fc")}, strict=False)
    images = torch.rand(2, 3, 32, 32)
    with torch.inference_mode():
        pooled, means = both.pooled(images), mean.pooled(images)
    assert both.features == 2 * mean.features == pooled.shape[1]
    torch.testing.assert_close(pooled[:, : mean.features], means)
    assert bool((pooled[:, mean.features :] >= means).all())


def test_a_small_stem_keeps_half_the_resolution() -> None:
    sizes = {}
    for stem in ("small", "large"):
        network = ResNet(BasicBlock, (1,), outputs=3, width=8, stem=stem)
        network.layer1.register_forward_hook(  # type: ignore[union-attr, operator]
            lambda _module, _given, found, stem=stem: sizes.update({stem: found.shape[2:]})
        )
        network(torch.rand(1, 3, 32, 32))
    assert sizes == {"small": (16, 16), "large": (8, 8)}


@pytest.mark.parametrize("kind", KINDS)
def test_centred_it_is_undecided_about_what_is_painted(kind: str) -> None:
    network = discriminator(kind, 3, NARROW[kind]).eval()
    images = torch.rand(4, 3, 32, 32)
    with torch.inference_mode():
        before = network(images)
        centre_(network)
        after = network(images)
    assert not after[:, 2].any()
    torch.testing.assert_close(after[:, 0], -after[:, 1])
    torch.testing.assert_close(after[:, 0] - after[:, 1], before[:, 0] - before[:, 1], atol=1e-5, rtol=1e-4)


def test_a_swin_transformer_skips_blocks_in_training_only() -> None:
    network = swin(3, 6, (1, 1), (1, 2), dropped=0.9)
    images = torch.rand(8, 3, 32, 32)
    assert not torch.equal(network(images), network(images))
    network.eval()
    assert torch.equal(network(images), network(images))


@pytest.mark.parametrize(
    ("settings", "word"),
    [
        ({"kind": "vgg"}, "kind"),
        ({"kind": "resnet3", "outputs": 1}, "outputs"),
        ({"kind": "resnet18", "width": 0}, "width"),
    ],
)
def test_what_cannot_be_made_is_named(settings: Any, word: str) -> None:
    with pytest.raises(ValueError, match=word):
        discriminator(**{"outputs": 3, **settings})
