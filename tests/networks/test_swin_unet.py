"""The Swin U-Net of the translator: its size, what its parts do, its ImageNet weights, and its ONNX file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from onnx_twins import assert_onnx_gives_the_same
from torch import nn
from torch.utils.flop_counter import FlopCounterMode
from torchvision import models
from torchvision.models.swin_transformer import SwinTransformer, SwinTransformerBlock

from cfwidgets.networks import SwinUNet
from cfwidgets.networks.swin_unet import Expansion
from cfwidgets.networks.unet import Translation

SMALL = {"width": 6, "full_width": 4, "levels": 4, "codes": 8, "noise": 4, "noise_channels": 2}


@pytest.fixture(autouse=True)
def _seed() -> None:
    torch.manual_seed(0)


def small(**settings: Any) -> SwinUNet:
    return SwinUNet(**{**SMALL, "dropout": 0.0, **settings}).eval()


def count(*networks: nn.Module) -> int:
    return sum(weights.numel() for network in networks for weights in network.parameters())


def test_the_default_has_the_size_of_the_published_swin_unet() -> None:
    # Cao et al. 2022: 27.17 million for nine classes. Instead of the paper's last block, theirs expands
    # 96 channels to 16 times as many, with norms of 96 before and after, and has no bias in the last layer.
    with torch.device("meta"):
        net = SwinUNet()
    core = count(net) - count(net.noises, net.branch, net.quantiser, net.sharpened, net.last)
    theirs = (96 * 16 * 96) + 2 * (2 * 96) + 9 * 96
    assert (core + theirs) / 1e6 == pytest.approx(27.17, abs=0.005)
    assert count(net) == 28_602_441


@pytest.mark.slow
def test_its_multiplications_at_224() -> None:
    net = SwinUNet(codes=64).eval()
    with torch.inference_mode(), FlopCounterMode(display=False) as counted:
        net(torch.rand(1, 3, 224, 224), torch.rand(1, 64))
    assert counted.get_total_flops() / 2 == pytest.approx(8.13e9, rel=1e-3)


def test_the_encoder_is_torchvisions_whole_or_less_four_blocks() -> None:
    """Cao et al. have two blocks a stage; what was trained on ImageNet has six in the third."""
    with torch.device("meta"):
        whole = SwinTransformer([4, 4], 96, [2, 2, 6, 2], [3, 6, 12, 24], [7, 7])
        less = SwinTransformer([4, 4], 96, [2, 2, 2, 2], [3, 6, 12, 24], [7, 7])
        assert count(SwinUNet().encoder) == count(less) - count(less.head)
        assert count(SwinUNet(encoder="imagenet").encoder) == count(whole) - count(whole.head)


def test_a_stage_of_the_decoder_is_as_that_of_the_encoder() -> None:
    net = small()
    assert all(isinstance(part, SwinTransformerBlock) for block in net.joined for part in block.blocks)  # type: ignore[union-attr]
    counts = [count(stage.blocks) for stage in net.joined]  # type: ignore[arg-type]
    assert counts == [count(net.encoder.features[place]) for place in (3, 1)]  # type: ignore[arg-type]
    shifts = [part.attn.shift_size for part in net.joined[0].blocks]  # type: ignore[union-attr]
    assert shifts == [[0, 0], [3, 3]]


@pytest.mark.parametrize("levels", [3, 4, 5])
def test_any_size_that_its_stride_divides(levels: int) -> None:
    net = small(levels=levels)
    assert net.stride == 2**levels
    assert len(net.noises) == len(net.branch.pools) == levels  # each upsampling
    for height, width in ((net.stride, 2 * net.stride), (64, 96)):
        twins, logits = net(torch.rand(2, 3, height, width), torch.randn(2, 4))
        assert twins.shape == (2, 3, height, width)
        assert logits.shape == (2, 2)
        assert 0 <= twins.min() <= twins.max() <= 1


def test_other_sizes_and_settings_are_refused() -> None:
    with pytest.raises(RuntimeError):
        small()(torch.rand(1, 3, 18, 18))
    for wrong in (
        {"width": 0}, {"width": 8}, {"levels": 2}, {"classes": 1}, {"dropout": 2.0}, {"codes": 1},
        {"encoder": "x"}, {"encoder": "imagenet", "width": 48},
    ):  # fmt: skip
        with pytest.raises(ValueError, match=list(wrong)[-1]):
            SwinUNet(**{**SMALL, **wrong})


def test_each_image_is_by_itself() -> None:
    net, images, noise = small(), torch.rand(3, 3, 16, 16), torch.randn(3, 4)
    together = net(images, noise)
    for place in range(3):
        alone = net(images[place : place + 1], noise[place : place + 1])
        torch.testing.assert_close(alone.twins[0], together.twins[place], atol=1e-5, rtol=0)
        torch.testing.assert_close(alone.logits[0], together.logits[place], atol=1e-5, rtol=0)


def test_at_first_it_hardly_changes_images() -> None:
    images = torch.rand(4, 3, 32, 32)
    net = small(width=24, full_width=16, codes=64)
    assert 0 < (net(images).twins - images).abs().mean() < 0.12
    nn.init.zeros_(net.last.weight)
    assert torch.equal(net(images).twins, images)


def test_noise_changes_the_twin_and_none_is_noise_of_zeros() -> None:
    net, images = small(), torch.rand(2, 3, 16, 16)
    still, zeros = net(images), net(images, torch.zeros(2, 4))
    torch.testing.assert_close(still.twins, zeros.twins, atol=1e-6, rtol=0)
    torch.testing.assert_close(still.logits, zeros.logits, atol=1e-6, rtol=0)
    assert not torch.allclose(net(images, torch.randn(2, 4)).twins, still.twins)
    torch.testing.assert_close(net.told(images), still.logits)


def test_an_expansion_lays_out_the_channels_of_a_place() -> None:
    """Four times the channels at a place become two by two places, as in Cao et al."""
    expansion = Expansion(4)
    nn.init.eye_(expansion.expand.weight)  # what goes in is the first half of what comes out
    maps = torch.arange(4.0).view(1, 1, 1, 4).expand(1, 2, 3, 4)
    found = expansion(maps)
    assert found.shape == (1, 4, 6, 2)
    raw = expansion.expand(maps)[0, 0, 0]
    two_by_two = torch.stack([raw[place::4] for place in range(4)]).view(2, 2, 2)
    torch.testing.assert_close(found[0, :2, :2], F.layer_norm(two_by_two, (2,)))


def test_the_bottleneck_is_made_of_codes() -> None:
    net = small()
    seen = []
    net.quantiser.register_forward_hook(lambda _, given, found: seen.append((given[0], found[0])))
    net(torch.rand(2, 3, 32, 32))
    given, found = seen[0]
    assert found.shape == (2, 2, 2, 24)
    codes = net.quantiser.codes.detach()
    nearest = torch.cdist(given.detach().flatten(0, 2), codes).argmin(1)
    torch.testing.assert_close(found.detach().flatten(0, 2), codes[nearest])
    assert len(nearest.unique()) > 1


def test_in_training_it_gives_the_loss_of_its_codes_too() -> None:
    net, images = small(dropped=0.0), torch.rand(2, 3, 16, 16)
    still = net(images)
    assert type(still) is Translation
    learning = net.train()(images)
    torch.testing.assert_close(learning.twins, still.twins)
    assert learning.commitment.item() > 0
    learning.commitment.backward()
    assert net.quantiser.codes.grad is not None
    assert net.encoder.features[0][0].weight.grad.any()  # type: ignore[index, union-attr, operator]
    assert net.last.weight.grad is None


def test_the_gradient_reaches_the_encoder_through_the_codes() -> None:
    net = small()
    for joined in net.joined:
        nn.init.zeros_(joined.join.weight[:, joined.join.out_features :])  # type: ignore[union-attr, index, misc, arg-type]
    net(torch.rand(1, 3, 16, 16)).twins.sum().backward()
    deepest = net.encoder.features[-1][0].mlp[0].weight  # type: ignore[index, union-attr]
    assert deepest.grad is not None
    assert bool(deepest.grad.any())


def test_the_branch_and_the_twin_read_every_upsampling() -> None:
    net = small()
    net.told(torch.rand(1, 3, 16, 16)).sum().backward()
    assert all(pool.features[0].weight.grad.any() for pool in net.branch.pools)  # type: ignore[union-attr, index, operator]


def test_dropout_is_in_the_three_deepest_blocks_of_the_decoder() -> None:
    net = small(levels=6, dropout=0.5, dropped=0.0)
    assert [float(block.drop.p) for block in net.joined] == [0.5, 0.5, 0.5, 0.0]  # type: ignore[union-attr, arg-type]
    images = torch.rand(1, 3, 64, 64)
    net.train()
    assert not torch.equal(net(images).twins, net(images).twins)


@pytest.mark.slow
def test_imagenet_weights_are_read_where_torchvision_keeps_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path))
    monkeypatch.setattr(torch.hub, "load_state_dict_from_url", lambda *_, **__: pytest.fail("a download"))
    with pytest.raises(FileNotFoundError, match=r"swin_t-.*\.pth.*get_state_dict"):
        SwinUNet(encoder="imagenet")
    with torch.device("meta"):  # the place of weights that are loaded afterwards
        SwinUNet(encoder="imagenet")
    theirs = models.swin_t().eval()
    (tmp_path / "checkpoints").mkdir()
    path = tmp_path / "checkpoints" / models.Swin_T_Weights.DEFAULT.url.rsplit("/", 1)[-1]
    torch.save(theirs.state_dict(), path)
    net = SwinUNet(encoder="imagenet").eval()
    images = torch.rand(1, 3, 64, 64)
    seen = []
    net.quantiser.register_forward_hook(lambda _, given, __: seen.append(given[0]))
    with torch.inference_mode():
        net(images)
        mean, deviation = torch.tensor([[0.485, 0.456, 0.406], [0.229, 0.224, 0.225]]).view(2, 3, 1, 1)
        expected = theirs.norm(theirs.features((images - mean) / deviation))
    torch.testing.assert_close(seen[0], expected)


@pytest.mark.slow
@pytest.mark.parametrize("noise", [None, 4])
def test_an_onnx_file_gives_the_same(noise: int | None) -> None:
    assert_onnx_gives_the_same(small(width=12, full_width=8, levels=3, codes=32), noise)


@pytest.mark.slow
def test_it_learns_its_classes_through_the_branch() -> None:
    net = small(width=12).train()
    images = torch.rand(16, 3, 16, 16) * 0.4
    labels = torch.arange(16) % 2
    images[labels == 1, :, 4:8, 4:8] += 0.5
    adam = torch.optim.Adam(net.parameters(), lr=3e-3)
    for _ in range(60):
        made = net(images)
        loss = F.cross_entropy(made.logits, labels) + made.commitment
        adam.zero_grad()
        loss.backward()
        adam.step()
    assert torch.equal(net.eval().told(images).argmax(1), labels)
