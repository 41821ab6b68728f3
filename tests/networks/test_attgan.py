"""AttGAN: the published shapes, the published names, and the folded decoder."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import save_file
from torch import nn

from cfwidgets.networks import AttGAN, AttGANDiscriminator

SMALL = {"size": 32, "attributes": 5, "dim": 4, "layers": 4}


def lived_in(network, seed=0):
    """Batch normalisations that have seen something, in evaluation mode."""
    generator = torch.Generator().manual_seed(seed)
    for part in network.modules():
        if isinstance(part, nn.BatchNorm2d):
            part.running_mean.normal_(generator=generator)
            part.running_var.uniform_(0.5, 2, generator=generator)
    return network.eval()


def count(network):
    return sum(weights.numel() for weights in network.parameters())


def test_the_published_numbers_of_parameters():
    with torch.device("meta"):
        assert count(AttGAN(128, inject_layers=1)) == count(AttGAN(64)) == count(AttGAN(384)) == 43_459_203
        assert count(AttGAN(128, inject_layers=0)) == 43_352_707
        sizes = {size: round(count(AttGANDiscriminator(size)) / 1e6, 1) for size in (64, 128, 256, 384)}
    assert sizes == {64: 19.6, 128: 44.7, 256: 145.4, 384: 313.2}


@pytest.mark.parametrize("size", [64, 128, 256, 384])
def test_the_published_shapes(size):
    with torch.device("meta"):
        network, images = AttGAN(size), torch.rand(1, 3, size, size)
        features = network.encode(images)
        assert [tuple(one.shape[1:]) for one in features] == [
            (64 << place, size >> place + 1, size >> place + 1) for place in range(5)
        ]
        inputs = [layer.layers[0].in_channels for layer in network.dec_layers]
        assert inputs == [1037, 1549, 512, 256, 128]
        assert network.decode(features, torch.zeros(1, 13)).shape == (1, 3, size, size)


def test_the_published_names():
    """Those of the PyTorch port, by which its checkpoints are read."""
    with torch.device("meta"):
        names = AttGAN(128).state_dict()
        judge = AttGANDiscriminator(128).state_dict()
    assert names["enc_layers.0.layers.0.weight"].shape == (64, 3, 4, 4)
    assert names["enc_layers.4.layers.1.running_var"].shape == (1024,)
    assert names["dec_layers.1.layers.0.weight"].shape == (1549, 512, 4, 4)
    assert names["dec_layers.4.layers.0.bias"].shape == (3,)
    assert "dec_layers.0.layers.0.bias" not in names
    assert judge["conv.4.layers.1.weight"].shape == (1024,)
    assert judge["fc_adv.1.layers.0.weight"].shape == (1, 1024)
    assert judge["fc_cls.0.layers.0.weight"].shape == (1024, 16384)
    assert judge["fc_cls.1.layers.0.bias"].shape == (13,)


def test_values_and_what_the_attributes_are_scaled_by():
    network = lived_in(AttGAN(**SMALL))
    images = torch.rand(3, 3, 32, 32)
    with torch.no_grad():
        painted = network(images, torch.tensor([[0.0, 1, 0, 1, 0.5]]).expand(3, 5))
        assert painted.min() >= 0
        assert painted.max() <= 1
        # (0, 1, 0.5) is (-.5, .5, 0) for the network: what it is given beside the features
        seen = []
        network.dec_layers[0].register_forward_pre_hook(lambda _, given: seen.append(given[0]))
        network(images[:1], torch.tensor([[0.0, 1, 0, 1, 0.5]]))
        assert seen[0][0, -5:, 0, 0].tolist() == [-0.5, 0.5, -0.5, 0.5, 0]
        first = []
        network.enc_layers[0].register_forward_pre_hook(lambda _, given: first.append(given[0]))
        network.encode(images)
        assert torch.equal(first[0], images * 2 - 1)


@settings(max_examples=12, deadline=None)
@given(st.integers(0, 3), st.integers(0, 3), st.integers(0, 99))
def test_folded_is_the_same(shortcut, inject, seed):
    torch.manual_seed(seed)
    network = lived_in(AttGAN(**SMALL, shortcut_layers=shortcut, inject_layers=inject), seed)
    image, attributes = torch.rand(3, 32, 32), torch.rand(7, 5) * 3 - 1
    with torch.no_grad():
        folded = network.folded(image)
        whole = network(image.expand(7, 3, 32, 32), attributes)
        assert torch.allclose(folded(attributes), whole, atol=2e-6)
        assert (whole - network(image.expand(7, 3, 32, 32), attributes.flip(0))).abs().max() > 1e-4


def test_folded_has_weights_of_its_own():
    network = lived_in(AttGAN(**SMALL), 0)
    attributes = torch.rand(3, 5)
    with torch.no_grad():
        folded = network.folded(torch.rand(3, 32, 32))
        before = folded(attributes)
        for weights in network.parameters():
            weights.add_(1)
        assert torch.equal(folded(attributes), before)


def test_folding_needs_evaluation_mode():
    with pytest.raises(ValueError, match=r"call eval\(\) first"):
        AttGAN(**SMALL).folded(torch.rand(3, 32, 32))


@pytest.mark.parametrize(("shortcut", "inject"), [(0, 0), (1, 1), (1, 0), (2, 3), (3, 1)])
def test_checkpoints_are_read(tmp_path, shortcut, inject):
    network = lived_in(AttGAN(**SMALL, shortcut_layers=shortcut, inject_layers=inject))
    image, attributes = torch.rand(1, 3, 32, 32), torch.rand(1, 5)
    with torch.no_grad():
        expected = network(image, attributes)
    weights = network.state_dict()
    torch.save({"G": weights}, tmp_path / "port.pth")
    torch.save({"G": {f"module.{name}": value for name, value in weights.items()}}, tmp_path / "parallel.pth")
    save_file({name: value.contiguous() for name, value in weights.items()}, tmp_path / "own.safetensors")
    for name in ("port.pth", "parallel.pth", "own.safetensors"):
        again = AttGAN.from_checkpoint(tmp_path / name, size=32)
        assert not again.training
        with torch.no_grad():
            assert torch.equal(again(image, attributes), expected)


class Harmful:
    def __reduce__(self):
        return (print, ("code ran",))


def test_files_that_are_something_else(tmp_path, capsys):
    path = tmp_path / "weights.pth"
    weights = AttGAN(**SMALL).state_dict()
    torch.save(
        {"G": {name: value for name, value in weights.items() if "enc_layers.1.layers.1" not in name}}, path
    )
    with pytest.raises(ValueError, match=r"another architecture: no enc_layers.1.layers.1.weight; .* more|;"):
        AttGAN.from_checkpoint(path, size=32)
    torch.save({"G": {**weights, "more": torch.zeros(1)}}, path)
    with pytest.raises(ValueError, match=r"another architecture: more, unknown$"):
        AttGAN.from_checkpoint(path, size=32)
    torch.save({"G": {**weights, "enc_layers.0.layers.1.weight": torch.zeros(9)}}, path)
    with pytest.raises(ValueError, match=r"enc_layers.0.layers.1.weight \(9,\) instead of \(4,\)"):
        AttGAN.from_checkpoint(path, size=32)
    torch.save(nn.Linear(2, 2).state_dict(), path)
    with pytest.raises(ValueError, match=r"holds no generator of AttGAN.*it begins with weight, bias"):
        AttGAN.from_checkpoint(path)
    torch.save([1, 2], path)
    with pytest.raises(ValueError, match="holds no weights by name"):
        AttGAN.from_checkpoint(path)
    torch.save({"G": Harmful()}, path)
    with pytest.raises(Exception, match=r"(?i)weights.only"):
        AttGAN.from_checkpoint(path)
    assert "code ran" not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"size": 40}, "multiple of 2"),
        ({"size": 0}, "size"),
        ({"layers": 0}, "layers"),
        ({"attributes": 0}, "attributes"),
        ({"shortcut_layers": 4}, "less than layers"),
        ({"inject_layers": -1}, "inject_layers"),
    ],
)
def test_shapes_that_cannot_be(wrong, message):
    with pytest.raises(ValueError, match=message):
        AttGAN(**{**SMALL, **wrong})


def test_the_discriminator_judges_each_image_by_itself():
    judge = AttGANDiscriminator(**SMALL, hidden=8)
    images = torch.rand(4, 3, 32, 32)
    critic, logits = judge(images)
    assert critic.shape == (4,)
    assert logits.shape == (4, 5)
    alone = [judge(image[None]) for image in images]
    assert torch.allclose(torch.cat([one[0] for one in alone]), critic, atol=1e-6)
    assert torch.allclose(torch.cat([one[1] for one in alone]), logits, atol=1e-6)


def port_checkpoint(path, size=32, prefix="", **changes):
    """Write a checkpoint as the PyTorch port does: both networks, with the states of their optimisers."""
    torch.manual_seed(1)
    networks = (
        lived_in(AttGAN(**{**SMALL, "size": size})),
        AttGANDiscriminator(**{**SMALL, "size": size}, hidden=8).eval(),
    )
    optimisers = [torch.optim.Adam(network.parameters(), betas=(0.5, 0.999)) for network in networks]
    for network, adam in zip(networks, optimisers, strict=True):
        sum(weights.sum() for weights in network.parameters()).backward()
        adam.step()
    states = [{f"{prefix}{name}": one for name, one in part.state_dict().items()} for part in networks]
    names = ("G", "D", "optim_G", "optim_D")
    torch.save(dict(zip(names, (*states, *(adam.state_dict() for adam in optimisers)), strict=True)), path)
    return networks


@pytest.mark.parametrize("size", [32, 48])
@pytest.mark.parametrize("prefix", ["", "module."])
def test_the_discriminator_of_a_checkpoint_is_read_with_its_size(tmp_path, size, prefix):
    generator, discriminator = port_checkpoint(tmp_path / "weights.0.pth", size, prefix)
    again = AttGANDiscriminator.from_checkpoint(tmp_path / "weights.0.pth")
    assert (again.size, again.attributes, again.training) == (size, 5, False)
    images, attributes = torch.rand(2, 3, size, size), torch.rand(2, 5)
    with torch.no_grad():
        for found, expected in zip(again(images), discriminator(images), strict=True):
            assert torch.equal(found, expected)
        whole = AttGAN.from_checkpoint(tmp_path / "weights.0.pth", size=size)
        assert torch.equal(whole(images, attributes), generator(images, attributes))


def test_a_checkpoint_without_a_discriminator_has_none(tmp_path):
    torch.save({"G": AttGAN(**SMALL).state_dict()}, tmp_path / "g.pth")
    with pytest.raises(ValueError, match=r"D in .*g\.pth holds no discriminator of AttGAN"):
        AttGANDiscriminator.from_checkpoint(tmp_path / "g.pth")
    torch.save({"G": AttGAN(**SMALL).state_dict(), "D": [1]}, tmp_path / "odd.pth")
    with pytest.raises(ValueError, match="holds no weights by name: list"):
        AttGANDiscriminator.from_checkpoint(tmp_path / "odd.pth")
