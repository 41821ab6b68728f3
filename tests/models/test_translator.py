from __future__ import annotations

import pytest
import small
import torch
from torch import nn

import cfwidgets as cf
from cfwidgets.models.translator import TranslatorError, require_translator
from cfwidgets.networks.unet import UNet

IMAGES = torch.rand(2, 3, 16, 16, generator=torch.Generator().manual_seed(0))


def test_a_function_will_do():
    translator = cf.Translator(lambda images: images / 2)
    twins, logits = translator.translate(IMAGES)
    assert torch.equal(twins, IMAGES / 2)
    assert logits is None
    assert translator.fingerprint() == ""
    assert not translator.has_module


def test_the_network_is_left_as_it_was_found():
    network = small.Blotter().train()
    network.paint.weight.grad = torch.ones_like(network.paint.weight)
    network.see.register_forward_hook(lambda *_: None)
    before = {name: value.clone() for name, value in network.state_dict().items()}
    translator = cf.Translator(network, noise=3)
    twins, logits = translator.translate(IMAGES)
    assert twins.shape == IMAGES.shape
    assert logits is not None
    assert logits.shape == (2, 2)
    assert not twins.requires_grad
    assert all(part.training for part in network.modules())
    assert len(network.see._forward_hooks) == 1
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())
    assert torch.equal(network.paint.weight.grad, torch.ones_like(network.paint.weight))
    assert torch.equal(translator.translate(IMAGES).twins, twins)  # no dropout


def test_noise_gives_other_twins():
    translator = cf.Translator(small.Blotter(), noise=3)
    twins = translator.translate(IMAGES, torch.randn(2, 3)).twins
    assert not torch.equal(twins, translator.translate(IMAGES).twins)


def test_with_random_weights_it_paints_something_else():
    translator = cf.Translator(small.Blotter(), noise=3, size=16, threshold=0.25, painted="painted")
    random = translator.randomised(1)
    assert (random.size, random.noise, random.threshold, random.painted) == ((16, 16), 3, 0.25, "painted")
    assert random.name == "Blotter, random weights"
    assert not torch.equal(random.translate(IMAGES).twins, translator.translate(IMAGES).twins)
    assert torch.equal(random.translate(IMAGES).twins, translator.randomised(1).translate(IMAGES).twins)
    assert random.fingerprint() != translator.fingerprint() != ""
    with pytest.raises(TranslatorError, match=r"needs a torch module; .*lambda.* is a function"):
        cf.Translator(lambda images: images).randomised()


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (None, "got NoneType"),
        (nn.Linear, "got <class .*Linear"),
        ("net.pt", "got str"),
    ],
)
def test_what_is_no_network_is_refused(wrong, message):
    with pytest.raises(TranslatorError, match=message):
        cf.Translator(wrong)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"size": (16, 16, 3)}, r"size must be \(height, width\)"),
        ({"size": "16"}, "size must be"),
        ({"size": 1}, "at least 2 pixels"),
        ({"size": 18}, "multiples of 4; got 18 x 18"),
        ({"noise": -1}, "noise must be"),
        ({"threshold": 2}, "threshold must be"),
        ({"painted": 2}, "painted must be the label of a class"),
    ],
)
def test_settings_that_cannot_be_right_are_named(settings, message):
    with pytest.raises(ValueError, match=message):
        cf.Translator(UNet(8, 4, 2, noise=2), **settings)


def test_sides_that_are_no_multiples_of_the_stride_are_refused():
    with pytest.raises(TranslatorError, match="multiples of 4; got 18 x 16: give the size"):
        cf.Translator(UNet(8, 4, 2, noise=2)).translate(torch.rand(1, 3, 18, 16))


@pytest.mark.parametrize(
    ("network", "message"),
    [
        (lambda images: images[:, :, 1:], r"shape \(2, 3, 16, 16\); got \(2, 3, 15, 16\)"),
        (lambda _images: None, "got NoneType"),
        (lambda images: images / 0 * 0, "NaN or infinite"),
        (lambda images: images * 2 - 1, r"return \(image \+ 1\) / 2"),
    ],
)
def test_what_are_no_twins_is_refused(network, message):
    with pytest.raises(TranslatorError, match=message):
        cf.Translator(network).translate(IMAGES)


def test_what_is_no_translator_is_refused():
    translator = cf.Translator(lambda images: images)
    assert require_translator(translator) is translator
    with pytest.raises(TypeError, match=r"must be a Translator, not Blotter: wrap it"):
        require_translator(small.Blotter())
