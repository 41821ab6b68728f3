from __future__ import annotations

import hashlib
from dataclasses import asdict, fields
from importlib.resources import files
from typing import Any

import pytest
import torch
from torch import Tensor

from cfwidgets import zoo
from cfwidgets.evaluation.segmentation import saliency, segmentation_curve
from cfwidgets.models.classifier import ClassifierError
from cfwidgets.models.translator import TranslatorError
from cfwidgets.models.translator_pair import TranslatorPair
from cfwidgets.zoo.recipes.translator import DATA_SETS, Examples, examples, training

pytestmark = pytest.mark.slow

COUNT = 40
THRESHOLD = 0.242  # of the card, chosen on validation data
NAMES = tuple(DATA_SETS)


@pytest.fixture(scope="module", params=NAMES)
def named(request: pytest.FixtureRequest) -> tuple[str, TranslatorPair]:
    return request.param, zoo.translator(request.param, device="cpu")


@pytest.fixture(scope="module")
def concrete() -> tuple[TranslatorPair, Examples, Tensor]:
    """The pair, test pictures, and their twins."""
    pair, some = zoo.translator("concrete", device="cpu"), examples("concrete", {"test": COUNT}, 128)["test"]
    with torch.inference_mode():
        return pair, some, pair.generator(some.images.float() / 255).twins


def right(logits: Tensor, labels: Tensor) -> float:
    return float((logits[:, :2].argmax(1) == labels).float().mean())


def test_both_networks_tell_sound_from_cracked(concrete: Any) -> None:
    pair, some, _ = concrete
    images = some.images.float() / 255
    with torch.inference_mode():
        assert right(pair.discriminator(images), some.labels) > 0.85
        assert right(pair.generator.told(images), some.labels) > 0.85


def test_twins_are_close_to_their_pictures_and_of_the_other_class(concrete: Any) -> None:
    pair, some, twins = concrete
    change = (twins - some.images.float() / 255).abs().mean((1, 2, 3))
    assert change.min() > 1e-3
    assert change.mean() < 0.03
    with torch.inference_mode():
        after = pair.discriminator(twins)
    assert right(after, 1 - some.labels) > 0.85
    for label in (0, 1):
        assert right(after[some.labels == label], torch.full((COUNT,), 1 - label)[some.labels == label]) > 0.8


def test_an_ordinary_network_is_convinced_too(concrete: Any) -> None:
    # It had no part in the training, so that it cannot be fooled by what only the discriminator falls for.
    _, some, twins = concrete
    clf = zoo.classifier("concrete/ordinary", device="cpu")
    assert float((clf.probabilities(some.images).argmax(1) == some.labels).float().mean()) > 0.9
    assert float((clf.probabilities(twins).argmax(1) != some.labels).float().mean()) > 0.8


def test_the_difference_finds_the_crack(concrete: Any) -> None:
    _, some, twins = concrete
    assert some.masks is not None
    marked = some.masks.flatten(1).any(1)
    maps = saliency(some.images.float() / 255, twins)[marked]
    curve = segmentation_curve(maps, some.masks[marked])
    assert float(curve.iou[curve.place(THRESHOLD)]) > 0.5


def test_noise_varies_the_twin_and_a_seed_repeats_it(concrete: Any) -> None:
    pair, some, still = concrete
    images = some.images[:2].float() / 255

    def painted(seed: int) -> Tensor:
        noise = torch.randn(2, pair.generator.noise, generator=torch.Generator().manual_seed(seed))
        with torch.inference_mode():
            twins: Tensor = pair.generator(images, noise).twins
        return twins

    assert torch.equal(painted(0), painted(0))
    assert not torch.equal(painted(0), painted(1))
    with torch.inference_mode():
        assert torch.equal(pair.generator(images).twins, pair.generator(images).twins)
    assert torch.allclose(pair.generator(images).twins, still[:2], atol=1e-5)


def test_each_pair_is_as_the_recipe_trains_it(named: Any) -> None:
    name, pair = named
    assert pair.labels == DATA_SETS[name].labels
    assert pair.size == 128
    recipe = training(name, device="cuda")
    assert pair.made.items() <= asdict(recipe).items()
    # A setting that is younger than the file stands at its default in the recipe, too.
    younger = asdict(recipe).keys() - pair.made.keys()
    assert younger <= {"generator", "codes", "encoder"}
    assert {name: getattr(recipe, name) for name in younger} == {
        field.name: field.default for field in fields(recipe) if field.name in younger
    }
    for network in (pair.generator, pair.discriminator):
        assert not any(part.training for part in network.modules())
        assert not any(weights.requires_grad for weights in network.parameters())


def test_each_pair_translates_its_own_pictures(named: Any) -> None:
    name, pair = named
    some = examples(name, {"test": 16}, 128)["test"]
    images = some.images.float() / 255
    with torch.inference_mode():
        twins, told = pair.generator(images)
        after = pair.discriminator(twins)
    assert float(twins.min()) >= 0
    assert float(twins.max()) <= 1
    assert right(told, some.labels) > 0.8
    assert right(after, 1 - some.labels) > 0.7
    clf = zoo.classifier(f"{name}/ordinary", device="cpu")
    assert tuple(clf.labels or ()) == pair.labels
    assert clf.input_size == (128, 128)
    assert float((clf.probabilities(images).argmax(1) == some.labels).float().mean()) > 0.8


def test_the_cards_are_of_these_weights(named: Any) -> None:
    name, pair = named
    weights = files("cfwidgets.zoo") / "weights"
    for kind in ("translator", "ordinary"):
        card = (weights / f"{name}_{kind}.md").read_text(encoding="utf-8")
        assert hashlib.sha256((weights / f"{name}_{kind}.safetensors").read_bytes()).hexdigest() in card
        networks = [pair.generator, pair.discriminator]
        if kind == "ordinary":
            networks = [zoo.classifier(f"{name}/ordinary", device="cpu").require_module()]
        for network in networks:
            assert f"{sum(values.numel() for values in network.parameters()):,}" in card


def test_what_cannot_be_made_is_named() -> None:
    with pytest.raises(TranslatorError, match="'portrait': there are 'concrete', 'fruit', 'portraits'; did"):
        zoo.translator("portrait")
    with pytest.raises(TranslatorError, match=r"'horses': there are 'concrete', 'fruit', 'portraits'$"):
        zoo.translator("horses")
    with pytest.raises(ClassifierError, match="got 'tpu'"):
        zoo.translator("fruit", device="tpu")
    with pytest.raises(ClassifierError, match="concrete/ordinary"):
        zoo.classifier("concrete/ordinry")


def test_an_ordinary_network_can_be_had_untrained() -> None:
    trained, fresh = (
        zoo.classifier("fruit/ordinary", pretrained=pretrained, device="cpu") for pretrained in (True, False)
    )
    assert fresh.labels == trained.labels
    assert not torch.equal(
        next(fresh.require_module().parameters()), next(trained.require_module().parameters())
    )
