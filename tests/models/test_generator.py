"""The protocol of generators, and what is refused."""

from __future__ import annotations

from contextlib import nullcontext

import numpy as np
import pytest
import torch
from torch import nn

from cfwidgets.models.generator import (
    Generator,
    GeneratorError,
    device_of,
    generated,
    guarded,
    require_generator,
)
from cfwidgets.models.guard import lock_of
from cfwidgets.networks import BigGAN


class Plain:
    """Paints what it is told to, and is no module."""

    classes, latent_size = 2, 3

    def __init__(self, images=None):
        self.images = images

    def generate(self, z, c):
        return z.sigmoid()[:, :, None, None].expand(-1, -1, 4, 4) if self.images is None else self.images

    def sample(self, n, seed=0):
        return torch.randn(n, 3, generator=torch.Generator().manual_seed(seed))


def tiny():
    return BigGAN(size=32, classes=2, channels=2, latent_size=8)


Z, C = torch.randn(2, 3, generator=torch.Generator().manual_seed(0)), torch.eye(2)


@pytest.mark.parametrize("make", [Plain, tiny])
def test_whoever_has_the_four_names_is_a_generator(make):
    generator = make()
    assert isinstance(generator, Generator)
    assert require_generator(generator, 2) is generator
    assert require_generator(generator, None) is generator


def test_what_is_missing_is_named():
    with pytest.raises(GeneratorError, match=r"got Linear without classes, latent_size, generate, sample$"):
        require_generator(nn.Linear(2, 2), 2)

    class Half:
        classes, latent_size = 2, 3

        def generate(self, z, c): ...

    with pytest.raises(GeneratorError, match=r"got Half without sample$"):
        require_generator(Half(), 2)


def test_a_class_is_not_one_of_it():
    with pytest.raises(GeneratorError, match=r"got Plain itself, not one of it$"):
        require_generator(Plain, 2)
    with pytest.raises(GeneratorError, match=r"got BigGAN without classes, latent_size$"):
        require_generator(BigGAN, 10)


def test_the_classes_are_those_of_the_classifier():
    with pytest.raises(GeneratorError, match="the generator has 2 classes and the classifier 10"):
        require_generator(Plain(), 10)


def test_images_come_as_they_were_painted():
    images = generated(Plain(), Z, C)
    assert images.shape == (2, 3, 4, 4)
    assert torch.equal(images[:, :, 0, 0], Z.sigmoid())


@pytest.mark.parametrize(
    ("images", "got"),
    [
        (torch.rand(2, 1, 4, 4), r"\(2, 1, 4, 4\)"),
        (torch.rand(1, 3, 4, 4), r"\(1, 3, 4, 4\)"),
        (torch.rand(3, 4, 4), r"\(3, 4, 4\)"),
        (np.zeros((2, 3, 4, 4)), "ndarray"),
        (None, "NoneType"),
    ],
)
def test_another_shape_is_refused(images, got):
    generator = Plain()
    generator.generate = lambda z, c: images
    with pytest.raises(GeneratorError, match=rf"images \(2, 3, H, W\); got {got}"):
        generated(generator, Z, C)


@pytest.mark.parametrize("bad", [torch.nan, torch.inf, -torch.inf])
def test_nan_and_infinite_values_are_refused(bad):
    images = torch.full((2, 3, 4, 4), 0.5)
    images[1, 2, 3, 3] = bad
    with pytest.raises(GeneratorError, match="NaN or infinite"):
        generated(Plain(images), Z, C)


@pytest.mark.parametrize(("low", "high"), [(-1.0, 1.0), (0.0, 255.0), (0.0, 1.01), (-0.01, 1.0)])
def test_values_out_of_range_are_refused_with_their_range(low, high):
    images = torch.full((2, 3, 4, 4), 0.5)
    images[0, 0, 0, 0], images[1, 0, 0, 0] = low, high
    with pytest.raises(GeneratorError, match=rf"returned {low:.3g} to {high:.3g}: for a tanh"):
        generated(Plain(images), Z, C)


def test_rounding_at_the_border_is_cut_off():
    images = torch.full((2, 3, 4, 4), 0.5, dtype=torch.bfloat16)
    images[0, 0, 0, 0], images[0, 0, 0, 1] = -0.0005, 1.0
    found = generated(Plain(images), Z, C)
    assert found.dtype == torch.float32
    assert (float(found.min()), float(found.max())) == (0.0, 1.0)


def test_the_gradient_leads_back_to_the_latent_vectors():
    z = Z.clone().requires_grad_()
    generated(Plain(), z, C).sum().backward()
    expected = 16 * Z.sigmoid() * (1 - Z.sigmoid())
    assert torch.allclose(z.grad, expected)


def test_a_module_is_left_as_it_was_found():
    generator = tiny()
    generator.blocks[0].eval()
    generator.paint.weight.requires_grad = False
    generator.start.weight.grad = torch.ones_like(generator.start.weight)
    flags = [part.training for part in generator.modules()]
    state = {name: value.clone() for name, value in generator.state_dict().items()}
    with guarded(generator):
        assert not any(part.training for part in generator.modules())
        z = generator.sample(2).requires_grad_()
        generated(generator, z, C).sum().backward()
    assert [part.training for part in generator.modules()] == flags
    assert not generator.paint.weight.requires_grad
    assert generator.paint.bias.grad is None
    assert torch.equal(generator.start.weight.grad, torch.ones_like(generator.start.weight))
    assert all(torch.equal(value, state[name]) for name, value in generator.state_dict().items())


def test_a_module_is_left_as_it_was_found_after_an_error():
    generator = tiny().train()
    generator.generate = lambda z, c: torch.full((2, 3, 4, 4), 7.0)
    with pytest.raises(GeneratorError), guarded(generator):
        generated(generator, generator.sample(2), C)
    assert all(part.training for part in generator.modules())
    assert lock_of(generator)._owner is None


def test_what_is_no_module_is_not_guarded():
    assert isinstance(guarded(Plain()), nullcontext)


def test_the_device_is_that_of_the_weights():
    assert device_of(Plain()) == torch.device("cpu")
    assert device_of(tiny()) == torch.device("cpu")
    assert device_of(tiny().to("meta")) == torch.device("meta")
    only_buffers = nn.BatchNorm2d(2, affine=False).to("meta")
    assert device_of(only_buffers) == torch.device("meta")


def test_vectors_are_brought_to_the_device_of_the_weights():
    generator = tiny().eval().to("meta")
    seen = []
    generator.generate = lambda z, c: seen.extend([z.device.type, c.device.type])
    with pytest.raises(GeneratorError, match="NoneType"):
        generated(generator, torch.zeros(2, 8), C)
    assert seen == ["meta", "meta"]
