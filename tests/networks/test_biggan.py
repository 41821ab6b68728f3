from __future__ import annotations

import copy
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from cfwidgets.models.generator import Generator
from cfwidgets.networks import BigGAN, BigGANDiscriminator
from cfwidgets.networks.biggan import _Down, _spectral, _Up


@pytest.fixture(autouse=True)
def _seed() -> None:
    torch.manual_seed(0)


def small(**settings: Any) -> BigGAN:
    return BigGAN(
        **{"size": 32, "classes": 5, "channels": 3, "latent_size": 12, "shared_size": 6, **settings}
    )


def mixed(n: int, classes: int = 5) -> Tensor:
    return torch.rand(n, classes).softmax(dim=1)


def settled(network: nn.Module, *inputs: Tensor) -> None:
    """Some passes in training mode: statistics and spectral norms come near what they are estimates of."""
    network.train()
    with torch.no_grad():
        for _ in range(30):
            network(*inputs)


def count(network: nn.Module) -> float:
    return sum(weights.numel() for weights in network.parameters()) / 1e6


@pytest.mark.parametrize(("size", "latent_size"), [(32, 8), (64, 10), (128, 12)])
@pytest.mark.parametrize("colours", [1, 3])
def test_images_of_each_size_and_what_the_discriminator_says(
    size: int, latent_size: int, colours: int
) -> None:
    generator = BigGAN(size, 4, channels=2, latent_size=latent_size, shared_size=3, colours=colours).eval()
    assert repr(generator) == f"<BigGAN of {size} x {size}, 4 classes>"
    z, c = generator.sample(2, seed=1), torch.eye(4)[[0, 3]]
    assert generator(z, c).shape == (2, colours, size, size)
    images = generator.generate(z, c)
    assert images.shape == (2, 3, size, size)
    assert torch.equal(images[:, 0], images[:, 1]) == (colours == 1)
    judge = BigGANDiscriminator(size, 4, channels=2, colours=colours)
    assert judge(generator(z, c), c).shape == (2,)


def test_images_are_in_the_unit_range_and_use_it() -> None:
    generator = small().eval()
    nn.init.normal_(generator.paint.weight, std=5)
    images = generator.generate(generator.sample(4), mixed(4))
    assert images.min() >= 0
    assert images.max() <= 1
    assert images.max() - images.min() > 0.9
    z, c = generator.sample(4), mixed(4)
    assert torch.allclose(generator.generate(z, c), generator(z, c) / 2 + 0.5)


@pytest.mark.costly
@pytest.mark.parametrize(
    ("size", "latent_size", "generator_millions", "discriminator_millions"),
    [(64, 120, 31.9, 20.6), (32, 120, 4.5, 4.5)],
)
def test_parameters_are_as_many_as_published(
    size: int, latent_size: int, generator_millions: float, discriminator_millions: float
) -> None:
    with torch.device("meta"):
        generator = BigGAN(size, 1000, channels=64, latent_size=latent_size, shared_size=128)
        judge = BigGANDiscriminator(size, 1000, channels=64)
    assert round(count(generator), 1) == generator_millions
    assert round(count(judge), 1) == discriminator_millions


def test_it_is_a_generator() -> None:
    assert isinstance(small(), Generator)


def test_a_mixed_class_is_the_mixed_embedding() -> None:
    generator = small().double().eval()
    z, weights = generator.sample(3).double(), mixed(3).double()
    each = generator.embedding(torch.eye(5, dtype=torch.float64))  # one row a class
    by_hand = (weights[:, :, None] * each[None]).sum(dim=1)
    expected = generator(z, weights)
    hook = generator.embedding.register_forward_hook(lambda *_: by_hand)
    assert torch.allclose(generator(z, torch.eye(5, dtype=torch.float64)[[0, 0, 0]]), expected)
    hook.remove()
    whole = generator(z, torch.eye(5, dtype=torch.float64)[[0, 0, 0]])
    assert not torch.allclose(whole, expected, atol=1e-3)


def test_samples_of_a_batch_do_not_see_each_other_in_evaluation_mode() -> None:
    generator = small().double()
    z, c = generator.sample(6).double(), mixed(6).double()
    settled(generator, z, c)
    generator.eval()
    together = generator(z, c)
    assert torch.allclose(torch.cat([generator(z[i : i + 1], c[i : i + 1]) for i in range(6)]), together)
    generator.train()
    assert not torch.allclose(generator(z[:3], c[:3]), generator(z, c)[:3], atol=1e-3)


def test_each_block_has_its_own_part_of_the_latent_vector() -> None:
    generator = small().eval()
    outputs: list[Tensor] = []
    for block in generator.blocks:
        block.register_forward_hook(lambda _, __, out: outputs.append(out))
    z = generator.sample(2).requires_grad_()
    generator(z, mixed(2))
    for place, output in enumerate(outputs):
        (gradient,) = torch.autograd.grad(output.square().sum(), z, retain_graph=True)
        seen = [bool(part.abs().sum() > 0) for part in gradient.chunk(4, dim=1)]
        assert seen == [part <= place + 1 for part in range(4)]


def test_gradients_reach_the_latent_vector_and_not_the_weights() -> None:
    generator = small(spectral=True).eval().requires_grad_(requires_grad=False)
    z = generator.sample(2).requires_grad_()
    c = mixed(2).requires_grad_()
    generator.generate(z, c).square().sum().backward()
    assert (z.grad.abs() > 0).all()
    assert (c.grad.abs() > 0).all()
    assert all(weights.grad is None for weights in generator.parameters())


def test_baked_it_paints_the_same_with_norms_of_one() -> None:
    generator = small(spectral=True)
    with torch.no_grad():
        for name, weights in generator.named_parameters():
            if name.endswith("original"):
                weights.mul_(3)
    z, c = generator.sample(8), mixed(8)
    settled(generator, z, c)
    generator.eval()
    before = generator(z, c)
    assert generator.baked() is generator
    assert torch.allclose(generator(z, c), before, atol=1e-6)
    bounded = [weights for name, weights in generator.named_parameters() if weights.ndim > 1]
    norms = [float(torch.linalg.matrix_norm(weights.detach().flatten(1), 2)) for weights in bounded[1:]]
    assert len(norms) == 23
    assert max(norms) < 1.05
    assert min(norms) > 0.95
    plain = small()
    assert plain.state_dict().keys() == generator.state_dict().keys()
    plain.load_state_dict(generator.state_dict())
    assert torch.equal(plain.eval()(z, c), generator(z, c))


def test_the_embedding_of_classes_is_not_bounded() -> None:
    names = [name for name, _ in small(spectral=True).named_parameters()]
    assert names[0] == "embedding.weight"
    assert not any(name.endswith("weight") for name in names[1:] if name != "norm.weight")


def test_latent_vectors_are_of_the_seed_alone() -> None:
    generator, state = small(), torch.get_rng_state()
    z = generator.sample(4000, seed=3)
    assert torch.equal(generator.sample(4000, seed=3), z)
    assert not torch.equal(generator.sample(4000, seed=4), z)
    assert torch.equal(torch.get_rng_state(), state)
    assert z.shape == (4000, 12)
    assert float(z.mean()) == pytest.approx(0, abs=0.02)
    assert float(z.std()) == pytest.approx(1, abs=0.02)


def test_a_block_of_the_generator_is_that_of_the_paper() -> None:
    """In the order of the paper, which doubles the image before the convolution of the skip."""
    block = _Up(4, 6, 5, _spectral).eval()
    x, condition = torch.randn(2, 4, 3, 3), torch.randn(2, 5)

    def normed(part: Any, x: Tensor) -> Tensor:
        mean, var = part.norm.running_mean, part.norm.running_var
        plain = (x - mean[:, None, None]) / (var[:, None, None] + 1e-4).sqrt()
        gain, bias = condition @ part.gain.weight.T, condition @ part.bias.weight.T
        return plain * (1 + gain)[:, :, None, None] + bias[:, :, None, None]

    for part in (block.norm1, block.norm2):
        part.norm.running_mean.normal_()
        part.norm.running_var.uniform_(0.5, 2)
    doubled = nn.UpsamplingNearest2d(scale_factor=2)
    h = block.conv1(doubled(F.relu(normed(block.norm1, x))))
    h = block.conv2(F.relu(normed(block.norm2, h)))
    assert torch.allclose(block(x, condition), h + block.skip(doubled(x)), atol=1e-5)


@pytest.mark.parametrize("first", [True, False])
@pytest.mark.parametrize("halve", [True, False])
def test_a_block_of_the_discriminator_is_that_of_the_paper(first: bool, halve: bool) -> None:
    block = _Down(3, 5, first=first, halve=halve).eval()
    x = torch.randn(2, 3, 8, 8)
    h = block.conv2(F.relu(block.conv1(x if first else F.relu(x))))
    expected = h + block.skip(x)
    if halve:
        expected = F.avg_pool2d(expected, 2)
    assert torch.allclose(block(x), expected, atol=1e-5)


def test_a_block_that_changes_nothing_skips_with_what_it_got() -> None:
    assert isinstance(_Down(3, 3, first=False, halve=False).skip, nn.Identity)
    assert isinstance(_Down(3, 3, first=False, halve=True).skip, nn.Module)


def test_the_discriminator_is_linear_in_the_class() -> None:
    judge = BigGANDiscriminator(32, 5, channels=2).double().eval()
    images = torch.rand(3, 3, 32, 32, dtype=torch.float64) * 2 - 1
    each = torch.stack([judge(images, torch.eye(5).double()[[k] * 3]) for k in range(5)], dim=1)
    weights = mixed(3).double()
    assert torch.allclose(judge(images, weights), (each * weights).sum(dim=1))
    assert each.std(dim=1).min() > 1e-3


def test_the_discriminator_sees_what_is_darker_than_grey() -> None:
    judge = BigGANDiscriminator(32, 2, channels=4).eval()
    c = torch.eye(2)[[0]]
    dark, darker = judge(torch.full((1, 3, 32, 32), -0.5), c), judge(torch.full((1, 3, 32, 32), -1.0), c)
    assert not torch.allclose(dark, darker, atol=1e-3)


def test_the_discriminator_is_bounded() -> None:
    judge = BigGANDiscriminator(32, 5, channels=3)
    settled(judge, torch.randn(2, 3, 32, 32), torch.eye(5)[:2])
    judge = copy.deepcopy(judge).eval()
    bounded = [part.weight.detach() for part in judge.modules() if isinstance(part, nn.Conv2d | nn.Linear)]
    assert len(bounded) == 12
    assert all(abs(float(torch.linalg.matrix_norm(w.flatten(1), 2)) - 1) < 0.05 for w in bounded)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"size": 48}, "size must be one of 32, 64, 128, not 48"),
        ({"colours": 2}, "colours must be one of 1, 3, not 2"),
        ({"classes": 0}, "classes must be a whole number of at least 1, not 0"),
        ({"channels": 0}, "channels must be"),
    ],
)
@pytest.mark.parametrize("network", [BigGAN, BigGANDiscriminator])
def test_what_cannot_be_built_is_named(network: Any, settings: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        network(**settings)


@pytest.mark.parametrize(("size", "latent_size", "parts"), [(32, 10, 4), (64, 8, 5), (128, 0, 6), (32, 2, 4)])
def test_a_latent_vector_that_cannot_be_cut_is_refused(size: int, latent_size: int, parts: int) -> None:
    with pytest.raises(
        ValueError, match=f"latent_size must be a multiple of {parts} for {size} px; got {latent_size}"
    ):
        BigGAN(size, latent_size=latent_size)
