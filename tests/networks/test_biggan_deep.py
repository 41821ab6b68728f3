from __future__ import annotations

import sys
from collections import OrderedDict
from typing import Any

import pytest
import torch
from pytorch_pretrained_biggan.config import BigGANConfig
from pytorch_pretrained_biggan.model import BigGAN as Published
from torch import Tensor, nn

from cfwidgets.models.generator import Generator
from cfwidgets.models.guard import untouched
from cfwidgets.networks import BigGANDeep

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def published() -> Published:
    """The package's own network, narrow, with weights and statistics of no special kind."""
    torch.manual_seed(0)
    network = Published(BigGANConfig(channel_width=8))
    for name, buffer in network.named_buffers():
        if name.endswith("running_means"):
            buffer.normal_()
        elif name.endswith("running_vars"):
            buffer.uniform_(0.5, 2)
    nn.init.normal_(network.generator.bn.weight)
    nn.init.normal_(network.generator.bn.bias)
    for part in network.modules():
        if hasattr(part, "gamma"):
            nn.init.constant_(part.gamma, 0.7)  # 0 would hide the attention
    with torch.no_grad():
        for _ in range(10):  # in training mode: power iterations, without which the norms are anything
            network(torch.randn(1, 128), torch.eye(1000)[[0]], 1.0)
    return network.eval()


@pytest.fixture(scope="module")
def deep(published: Published) -> BigGANDeep:
    return BigGANDeep(128, channels=8, weights=published.state_dict())


def inputs(n: int = 2) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(1)
    return torch.randn(n, 128, generator=generator), torch.rand(n, 1000, generator=generator).softmax(dim=1)


@pytest.mark.parametrize(("size", "millions"), [(128, 50.39), (256, 55.88), (512, 56.16)])
def test_parameters_are_as_many_as_published(size: int, millions: float) -> None:
    with torch.device("meta"):
        network = BigGANDeep(size)
    assert round(sum(weights.numel() for weights in network.parameters()) / 1e6, 2) == millions


@pytest.mark.parametrize("size", [128, 256, 512])
def test_images_have_their_size(size: int) -> None:
    network = BigGANDeep(size, channels=8)
    with torch.no_grad():
        images = network.generate(network.sample(1), torch.eye(1000)[[285]])
    assert images.shape == (1, 3, size, size)
    assert 0 <= images.min() <= images.max() <= 1
    assert images.std() > 0
    assert isinstance(network, Generator)
    assert (network.classes, network.latent_size, network.size) == (1000, 128, size)
    assert not any(part.training for part in network.modules())


def test_random_weights_have_norms_near_one() -> None:
    network = BigGANDeep(128, channels=16)
    parts = [part for part in network.network.generator.modules() if isinstance(part, nn.Conv2d | nn.Linear)]
    norms = [float(torch.linalg.matrix_norm(part.weight.detach().flatten(1), 2)) for part in parts]
    assert len(norms) == 126
    assert 0.7 < min(norms) <= max(norms) < 1.3


@pytest.mark.parametrize("size", [128, 256, 512])
def test_attention_sits_where_the_image_is_64_pixels(size: int) -> None:
    network = BigGANDeep(size, channels=8)
    seen = []
    attention = [part for part in network.modules() if type(part).__name__ == "SelfAttn"]
    assert len(attention) == 1
    attention[0].register_forward_hook(lambda _, given, __: seen.append(given[0].shape[1:]))
    with torch.no_grad():
        network.generate(network.sample(1), torch.eye(1000)[[0]])
    assert seen == [(16 if size == 128 else 32, 64, 64)]


def test_it_paints_what_the_package_paints(published: Published, deep: BigGANDeep) -> None:
    z, c = inputs()
    with torch.no_grad():
        expected = (published(z, c, 1.0) + 1) / 2
        assert torch.allclose(deep.generate(z, c), expected, atol=1e-5)
    assert expected.std() > 0.1
    assert not any(hasattr(part, "weight_orig") for part in deep.modules())
    assert not any(part._forward_pre_hooks for part in deep.modules())
    assert hasattr(published.generator.gen_z, "weight_orig"), "what was given is left alone"


@pytest.mark.parametrize("truncation", [0.02, 0.3, 0.4, 1.0])
def test_at_a_table_of_statistics_it_is_the_package_too(published: Published, truncation: float) -> None:
    network = BigGANDeep(128, channels=8, truncation=truncation, weights=published.state_dict())
    z, c = inputs()
    with torch.no_grad():
        expected = (published(z, c, truncation) + 1) / 2
        assert torch.allclose(network.generate(z, c), expected, atol=1e-5)


@pytest.mark.parametrize(
    ("truncation", "low", "share"), [(0.505, 25, 0.25), (0.515, 25, 0.75), (0.58, 29, 0.0)]
)
def test_between_tables_the_nearer_weighs_more(
    published: Published, truncation: float, low: int, share: float
) -> None:
    network = BigGANDeep(128, channels=8, truncation=truncation, weights=published.state_dict())
    for name in ("running_means", "running_vars"):
        table = getattr(published.generator.bn, name)
        expected = (1 - share) * table[low] + share * table[low + 1]
        assert torch.allclose(getattr(network.network.generator.bn, name), expected, atol=1e-6)


def test_a_file_of_an_older_torch_will_do(published: Published, deep: BigGANDeep) -> None:
    """Until 1.1 torch kept the normed weight and not the second vector."""
    older: OrderedDict[str, Tensor] = OrderedDict()
    for name, value in published.state_dict().items():
        if name.endswith("weight_v"):
            continue
        older[name] = value.clone()
        if name.endswith("weight_orig"):
            part = published.get_submodule(name.removesuffix(".weight_orig"))
            mat = value.flatten(1)
            sigma = part.weight_u @ mat @ part.weight_v
            older[name.removesuffix("_orig")] = value / sigma
    network = BigGANDeep(128, channels=8, weights=older)
    z, c = inputs()
    with torch.no_grad():
        assert torch.allclose(network.generate(z, c), deep.generate(z, c), atol=1e-4)


def test_gradients_reach_latent_vectors_and_classes(deep: BigGANDeep) -> None:
    z, c = (value.requires_grad_() for value in inputs())
    before = [weights.requires_grad for weights in deep.parameters()]
    with untouched(deep):
        deep.generate(z, c).square().sum().backward()
    assert (z.grad.abs() > 0).all()
    assert (c.grad.abs() > 0).all()
    assert [weights.requires_grad for weights in deep.parameters()] == before
    assert all(weights.grad is None for weights in deep.parameters())


def test_samples_of_a_batch_do_not_see_each_other(deep: BigGANDeep) -> None:
    z, c = inputs(3)
    with torch.no_grad():
        alone = torch.cat([deep.generate(z[i : i + 1], c[i : i + 1]) for i in range(3)])
        assert torch.allclose(alone, deep.generate(z, c), atol=1e-5)


def test_latent_vectors_are_normal_cut_at_two() -> None:
    state = torch.get_rng_state()
    with torch.device("meta"):
        whole, half = BigGANDeep(), BigGANDeep(truncation=0.5)
    z = whole.sample(400, seed=2)
    assert z.shape == (400, 128)
    assert z.device.type == "cpu"
    assert 1.99 < z.abs().max() <= 2
    assert float(z.std()) == pytest.approx(0.8796, abs=0.01)  # of the normal distribution cut at 2
    assert torch.equal(half.sample(400, seed=2), z / 2)
    assert torch.equal(whole.sample(400, seed=2), z)
    assert not torch.equal(whole.sample(400, seed=3), z)
    assert torch.equal(torch.get_rng_state(), state)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"size": 64}, "size must be one of 128, 256, 512, not 64"),
        ({"channels": 0}, "channels must be"),
        ({"truncation": 0}, "truncation must be over 0 and at most 1, not 0"),
        ({"truncation": 1.5}, "not 1.5"),
        ({"truncation": float("nan")}, "not nan"),
    ],
)
def test_settings_out_of_range_are_named(settings: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        BigGANDeep(**settings)


def test_weights_of_another_network_are_refused(published: Published) -> None:
    state = published.state_dict()
    with pytest.raises(ValueError, match=r"(?s)weights of another network: .*size mismatch"):
        BigGANDeep(128, channels=16, weights=state)
    with pytest.raises(ValueError, match=r"(?s)weights of another network: .*generator\.layers\.5"):
        BigGANDeep(256, channels=8, weights=state)
    partly = {name: value for name, value in state.items() if not name.startswith("generator.bn.")}
    with pytest.raises(ValueError, match=r"network: 4 are missing, the first 'generator\.bn"):
        BigGANDeep(128, channels=8, weights=partly)
    with pytest.raises(ValueError, match=r"are missing, the first 'embeddings\.weight'"):
        BigGANDeep(128, channels=8, weights={"fc.weight": torch.zeros(2, 2)})


def test_the_package_that_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pytorch_pretrained_biggan.config", None)
    with pytest.raises(ImportError, match=r'pip install "cfwidgets\[biggan\]"'):
        BigGANDeep()
