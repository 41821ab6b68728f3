"""The U-Net of the translator: its size, its parts one by one, and the ONNX file that it becomes."""

from __future__ import annotations

from typing import Any

import pytest
import torch
import torch.nn.functional as F
from onnx_twins import assert_onnx_gives_the_same
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from cfwidgets.networks import UNet
from cfwidgets.networks.unet import ClassBranch, Noise, WeightedPool, residual_twin

SMALL = {"width": 8, "full_width": 4, "levels": 2, "noise": 4, "noise_channels": 2, "dropout": 0.0}


@pytest.fixture(autouse=True)
def _seed() -> None:
    torch.manual_seed(0)


def small(**settings: Any) -> UNet:
    return UNet(**{**SMALL, "up": "nearest", **settings}).eval()


def count(*networks: nn.Module) -> int:
    return sum(weights.numel() for network in networks for weights in network.parameters())


def multiplications(network: nn.Module, *inputs: Tensor) -> float:
    with FlopCounterMode(display=False) as counted:
        network(*inputs)
    return counted.get_total_flops() / 2


def test_the_default_has_the_papers_size() -> None:
    # Without noise and branch; torch counts the multiplications of convolutions and matrices.
    with torch.device("meta"):
        net = UNet()
        images, noise = torch.rand(1, 3, 224, 224), torch.rand(1, 64)
        assert count(net) - count(net.noises, net.branch) == 31_037_507
        whole = multiplications(net, images, noise)
        net.noises = nn.ModuleList(_First() for _ in net.noises)
        net.branch = _First()  # type: ignore[assignment]
        core = multiplications(net, images, noise)
    assert core == pytest.approx(36.9e9, rel=1e-3)
    assert whole == pytest.approx(39.6e9, rel=1e-3)


class _First(nn.Module):
    def forward(self, first: Tensor, *_: Any) -> Tensor:
        return first


@pytest.mark.parametrize("up", ["transposed", "nearest"])
@pytest.mark.parametrize("levels", [1, 2, 3])
def test_any_size_that_its_stride_divides(up: str, levels: int) -> None:
    net = small(up=up, levels=levels)
    assert net.stride == 2**levels
    for height, width in ((net.stride, 2 * net.stride), (24, 40)):
        twins, logits = net(torch.rand(2, 3, height, width), torch.randn(2, 4))
        assert twins.shape == (2, 3, height, width)
        assert logits.shape == (2, 2)
        assert 0 <= twins.min() <= twins.max() <= 1


def test_other_sizes_and_settings_are_refused() -> None:
    with pytest.raises(RuntimeError):
        small()(torch.rand(1, 3, 18, 18))
    for wrong in ({"width": 0}, {"levels": 0}, {"classes": 1}, {"up": "bilinear"}, {"dropout": 2.0}):
        with pytest.raises(ValueError, match=next(iter(wrong))):
            UNet(**wrong)  # type: ignore[arg-type]


def test_channels_double_to_the_widest() -> None:
    net = small(width=8, full_width=4, levels=3, widest=20, classes=5)
    assert [block[0].out_channels for block in net.down] == [4, 16, 20, 20]  # type: ignore[index]
    assert [layer.project.out_channels for layer in net.noises] == [20, 16, 4]
    assert net(torch.rand(1, 3, 8, 8)).logits.shape == (1, 5)


def test_each_image_is_by_itself() -> None:
    net, images, noise = small(), torch.rand(3, 3, 16, 16), torch.randn(3, 4)
    together = net(images, noise)
    for place in range(3):
        alone = net(images[place : place + 1], noise[place : place + 1])
        torch.testing.assert_close(alone.twins[0], together.twins[place], atol=1e-5, rtol=0)
        torch.testing.assert_close(alone.logits[0], together.logits[place], atol=1e-5, rtol=0)


def test_at_first_it_hardly_changes_images() -> None:
    images = torch.rand(4, 3, 32, 32)
    for net in (small(), small(up="transposed"), small(levels=3, width=24, full_width=16)):
        change = (net(images).twins - images).abs()
        assert 0 < change.mean() < 0.12
        nn.init.zeros_(net.last.weight)
        assert torch.equal(net(images).twins, images)


def test_noise_changes_the_twin_and_none_is_noise_of_zeros() -> None:
    net, images = small(), torch.rand(2, 3, 16, 16)
    still = net(images)
    zeros = net(images, torch.zeros(2, 4))
    torch.testing.assert_close(still.twins, zeros.twins, atol=1e-6, rtol=0)
    torch.testing.assert_close(still.logits, zeros.logits, atol=1e-6, rtol=0)
    assert not torch.allclose(net(images, torch.randn(2, 4)).twins, still.twins)
    torch.testing.assert_close(net.told(images), still.logits)


def test_noise_is_projected_by_one_matrix_for_all_places() -> None:
    noisy, maps, noise = Noise(3, 5, 2), torch.rand(2, 3, 8, 8), torch.randn(2, 5)
    assert noisy.project.weight.shape == (3, 5, 1, 1)
    laid = (noise @ noisy.lay.weight.T).view(2, 2, 8, 8)  # a grid of 8 x 8, as large as the maps
    joined = torch.cat([maps, laid], dim=1)
    expected = torch.einsum("oc,nchw->nohw", noisy.project.weight[:, :, 0, 0], joined)
    expected = expected + noisy.project.bias[:, None, None]  # type: ignore[index]
    torch.testing.assert_close(noisy(maps, noise), expected)
    larger = noisy(torch.rand(2, 3, 24, 40), noise)
    assert larger.shape == (2, 3, 24, 40)


def test_at_first_maps_pass_the_noise_as_they_are() -> None:
    noisy, maps = Noise(6, 4, 2), torch.randn(2, 6, 5, 7)
    assert torch.equal(noisy(maps, None), maps)
    torch.testing.assert_close(noisy(maps, torch.zeros(2, 4)), maps)
    assert not torch.allclose(noisy(maps, torch.randn(2, 4)), maps)


@pytest.mark.parametrize("weight", [-3.0, 0.0, 4.0])
def test_constant_weights_pool_to_the_mean(weight: float) -> None:
    pool = WeightedPool(4, features=3).eval()
    nn.init.zeros_(pool.weights[-1].weight)  # type: ignore[arg-type]
    nn.init.constant_(pool.weights[-1].bias, weight)  # type: ignore[arg-type]
    maps = torch.randn(2, 4, 6, 5)
    torch.testing.assert_close(pool(maps), pool.features(maps).mean((2, 3)))


def test_a_place_of_all_weight_is_what_is_pooled() -> None:
    pool, maps = WeightedPool(2, features=3).eval(), torch.zeros(1, 2, 4, 4)
    maps[0, 0, 1, 2] = 1
    for layer in (pool.weights[0], pool.weights[-1]):
        nn.init.zeros_(layer.weight)  # type: ignore[arg-type]
        nn.init.zeros_(layer.bias)  # type: ignore[arg-type]
    with torch.no_grad():
        pool.weights[0].weight[0, 0] = 1  # type: ignore[index]
        pool.weights[-1].weight[:, 0] = 80  # type: ignore[index]
        pool.weights[-1].bias.fill_(-40)  # type: ignore[operator]
    torch.testing.assert_close(pool(maps), pool.features(maps)[:, :, 1, 2])


def test_the_branch_sees_every_block() -> None:
    branch = ClassBranch([4, 3], classes=3).eval()
    blocks = [torch.randn(2, 4, 4, 4, requires_grad=True), torch.randn(2, 3, 8, 8, requires_grad=True)]
    logits = branch(blocks)
    assert logits.shape == (2, 3)
    logits.pow(2).sum().backward()
    assert all(block.grad is not None and bool(block.grad.any()) for block in blocks)
    with pytest.raises(ValueError, match="zip"):
        branch(blocks[:1])


def test_the_gradient_passes_the_clip() -> None:
    images = torch.tensor([0.0, 0.5, 1.0])
    change = torch.tensor([-1.0, 0.2, 1.0], requires_grad=True)
    twins = residual_twin(images, change)
    torch.testing.assert_close(twins.detach(), (images + change.detach().tanh()).clamp(0, 1))
    twins.sum().backward()
    torch.testing.assert_close(change.grad, 1 - change.detach().tanh() ** 2)
    with torch.no_grad():
        assert torch.equal(residual_twin(images, change), twins)


def test_dropout_is_in_the_three_deepest_blocks_of_the_decoder() -> None:
    net = UNet(**{**SMALL, "levels": 4, "dropout": 0.5})
    assert [isinstance(block[-1], nn.Dropout) for block in net.joined] == [True, True, True, False]  # type: ignore[index]
    images = torch.rand(1, 3, 16, 16)
    net.train()
    assert not torch.equal(net(images).twins, net(images).twins)
    net.eval()
    assert torch.equal(net(images).twins, net(images).twins)


@pytest.mark.slow
@pytest.mark.parametrize("noise", [None, 16])
def test_an_onnx_file_gives_the_same(noise: int | None) -> None:
    assert_onnx_gives_the_same(small(levels=3, width=24, full_width=16, noise=16, widest=128), noise)


@pytest.mark.slow
def test_it_learns_its_classes_through_the_branch() -> None:
    net = small().train()
    images = torch.rand(16, 3, 16, 16) * 0.4
    labels = torch.arange(16) % 2
    images[labels == 1, :, 4:8, 4:8] += 0.5
    adam = torch.optim.Adam(net.parameters(), lr=5e-3)
    for _ in range(60):
        loss = F.cross_entropy(net.told(images), labels)
        adam.zero_grad()
        loss.backward()
        adam.step()
    assert torch.equal(net.eval().told(images).argmax(1), labels)
