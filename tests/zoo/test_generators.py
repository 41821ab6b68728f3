from __future__ import annotations

import functools
import hashlib
import importlib
import sys
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
import torch

from cfwidgets import zoo
from cfwidgets.data.portraits import portraits as drawn_portraits
from cfwidgets.engines.transitions.engine import Transitions
from cfwidgets.models.classifier import ClassifierError
from cfwidgets.models.generator import Generator, GeneratorError, require_generator
from cfwidgets.networks import BigGAN, BigGANDeep
from cfwidgets.training.biggan import BigGANTraining
from cfwidgets.zoo import generators
from cfwidgets.zoo.recipes import digit_generator, portrait_generator

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def digits() -> Any:
    return zoo.generator("digits", device="cpu")


@pytest.fixture(scope="module")
def portraits() -> Any:
    return zoo.generator("portraits", device="cpu")


def painted(generator: Generator, each: int, seed: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    labels = torch.arange(generator.classes).repeat_interleave(each)
    c = torch.eye(generator.classes)[labels]
    with torch.no_grad():
        return generator.generate(generator.sample(len(labels), seed), c), labels


def test_digits_are_read_as_what_they_were_painted_as(digits: Any) -> None:
    images, labels = painted(digits, 30, seed=7)
    clf = zoo.classifier("digits", device="cpu")
    assert images.shape == (300, 3, 32, 32)
    assert (clf.probabilities(images).argmax(dim=1) == labels).float().mean() > 0.97
    assert require_generator(digits, len(clf.labels or ())) is digits
    assert not any(part.training for part in digits.modules())


def test_digits_of_a_class_differ(digits: Any) -> None:
    images, labels = painted(digits, 20)
    for digit in range(10):
        assert torch.pdist(images[labels == digit][:, 0].flatten(1)).min() > 0.5


def test_portraits_are_read_as_what_they_were_painted_as(portraits: Any) -> None:
    images, labels = painted(portraits, 100, seed=7)
    clf = zoo.classifier("portraits/male-any-hair", device="cpu")
    assert images.shape == (200, 3, 64, 64)
    assert (clf.probabilities(images).argmax(dim=1) == labels).float().mean() > 0.8  # the card: 87 %
    assert clf.labels == portrait_generator.CLASSES
    assert require_generator(portraits, len(clf.labels or ())) is portraits
    assert not any(part.training for part in portraits.modules())


def test_portraits_of_a_class_differ(portraits: Any) -> None:
    images, labels = painted(portraits, 20)
    for k in range(2):
        assert torch.pdist(images[labels == k].flatten(1)).min() > 5


def test_a_transition_explains_a_misread_portrait(portraits: Any) -> None:
    clf = zoo.classifier("portraits/male-blond", device="cpu")
    given = {"Male": True, "Blond_Hair": True, "Wearing_Hat": False}
    men = drawn_portraits(8, 64, attributes=given, first=3_000_000).images
    misread = clf.probabilities(men).argmax(dim=1) == 0  # blond hair is its shortcut
    assert misread.any()
    man = men[misread][0]
    # The classifier's last features say little but whether hair is blond; earlier ones say where things are.
    engine = Transitions(
        starts=10, updates=100, phases=20, rate=0.03, layer="relu2", method=None, trust=False
    )
    result = engine.explain(clf, portraits, man, target="Male")
    assert (result.wrong_label, result.label) == ("not Male", "Male")
    assert result.row(0)
    assert result.row(1)
    assert result.flip_phase is not None
    assert result.candidates.cosine[result.best_ends[0]] > result.first.max()
    nearest = result.candidates.images[result.row(0)[0]].float() / 255
    others, _ = painted(portraits, 50, seed=9)
    chance = (others - man).square().flatten(1).mean(dim=1).sqrt()
    assert (nearest - man).square().mean().sqrt() < chance.min()


@pytest.mark.parametrize(
    ("name", "command"),
    [
        ("digits", "digit_generator --seed 0 --updates 12000"),
        ("portraits", "portrait_generator --seed 0 --updates 5500"),
    ],
)
def test_the_card_is_of_these_weights(name: str, command: str) -> None:
    folder = files("cfwidgets.zoo") / "weights"
    card = (folder / f"{name}_generator.md").read_text(encoding="utf-8")
    generator = zoo.generator(name, device="cpu")
    parameters = sum(weights.numel() for weights in generator.parameters())
    assert f"A `cfwidgets.networks.BigGAN` ({parameters:,} parameters)" in card
    assert f'`cfwidgets.zoo.generator("{name}")`' in card
    weights = (folder / f"{name}_generator.safetensors").read_bytes()
    assert hashlib.sha256(weights).hexdigest() in card
    assert f"python -m cfwidgets.zoo.recipes.{command}`" in card


@pytest.mark.parametrize(
    ("name", "settings", "updates"),
    [("digits", digit_generator.training(), 12_000), ("portraits", portrait_generator.training(), 5_500)],
)
def test_the_generator_has_the_shape_that_is_trained(
    name: str, settings: BigGANTraining, updates: int
) -> None:
    made = zoo.generator(name, device="cpu")
    shape = {"channels": settings.channels, "latent_size": settings.latent_size}
    trained = BigGAN(made.size, made.classes, **shape, shared_size=settings.shared_size, colours=made.colours)
    trained.load_state_dict(made.state_dict())
    assert settings.updates == updates


@pytest.mark.parametrize("name", ["digits", "portraits"])
def test_weights_are_float32_and_can_be_left_out(name: str) -> None:
    made, untrained = (zoo.generator(name, pretrained=known, device="cpu") for known in (True, False))
    assert untrained.state_dict().keys() == made.state_dict().keys()
    assert {weights.dtype for weights in made.parameters()} == {torch.float32}
    assert not torch.equal(painted(untrained, 1)[0], painted(made, 1)[0])
    assert not any(part.training for part in untrained.modules())


def test_the_digits_need_no_package(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("mlxtend", "pytorch_pretrained_biggan", "pytorch_pretrained_biggan.model"):
        monkeypatch.setitem(sys.modules, name, None)
    assert zoo.generator("digits", device="cpu").classes == 10


@pytest.fixture
def package() -> Any:
    """The package with the published BigGAN-deep: the other tests run without it."""
    return importlib.import_module("pytorch_pretrained_biggan.model")


@pytest.fixture
def narrow(package: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> dict[str, torch.Tensor]:
    """Weights of a narrow BigGAN-deep in a file, in place of the published ones of 200 MB."""
    torch.manual_seed(0)
    network = package.BigGAN(package.BigGANConfig(channel_width=8))
    torch.nn.init.ones_(network.generator.bn.weight)
    torch.nn.init.zeros_(network.generator.bn.bias)
    with torch.no_grad():
        for _ in range(10):  # power iterations, without which the spectral norms are anything
            network(torch.randn(1, 128), torch.eye(1000)[[0]], 1.0)
    state = network.state_dict()
    torch.save(state, tmp_path / "biggan-deep-128-pytorch_model.bin")
    monkeypatch.setattr(generators, "BigGANDeep", functools.partial(BigGANDeep, channels=8))
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "cache"))
    return state


def same_images(a: Any, b: BigGANDeep) -> bool:
    z, c = b.sample(1), torch.eye(1000)[[285]]
    with torch.no_grad():
        return torch.equal(a.generate(z, c), b.generate(z, c))


def test_weights_are_taken_from_a_file_or_its_folder(narrow: Any, tmp_path: Path) -> None:
    expected = BigGANDeep(128, channels=8, weights=narrow)
    file = tmp_path / "biggan-deep-128-pytorch_model.bin"
    for place in (tmp_path, file, str(tmp_path)):
        assert same_images(zoo.generator("biggan-deep-128", weights=place, device="cpu"), expected)
    file.rename(tmp_path / "pytorch_model.bin")
    made = zoo.generator("biggan-deep-128", weights=tmp_path, truncation=0.4, device="cpu")
    assert same_images(made, BigGANDeep(128, channels=8, truncation=0.4, weights=narrow))


def test_weights_are_downloaded_once(
    narrow: Any, package: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = tmp_path / "biggan-deep-128-pytorch_model.bin"
    monkeypatch.setitem(package.PRETRAINED_MODEL_ARCHIVE_MAP, "biggan-deep-128", file.as_uri())
    expected = BigGANDeep(128, channels=8, weights=narrow)
    assert same_images(zoo.generator("biggan-deep-128", device="cpu"), expected)
    file.unlink()
    assert same_images(zoo.generator("biggan-deep-128", device="cpu"), expected)


def test_without_a_network_it_says_what_to_do(
    narrow: Any, package: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = "http://127.0.0.1:9/biggan-deep-128-pytorch_model.bin"
    monkeypatch.setitem(package.PRETRAINED_MODEL_ARCHIVE_MAP, "biggan-deep-128", source)
    with pytest.raises(ConnectionError, match="have to be downloaded once") as caught:
        zoo.generator("biggan-deep-128", device="cpu")
    message = str(caught.value)
    assert source in message
    assert "download biggan-deep-128-pytorch_model.bin; put it into a folder" in message
    assert 'zoo.generator("biggan-deep-128", weights=FOLDER)' in message
    assert "'digits' and 'portraits' work" in message


def test_untrained_it_needs_no_weights(narrow: Any) -> None:
    made = zoo.generator("biggan-deep-128", pretrained=False, truncation=0.5, device="cpu")
    assert isinstance(made, BigGANDeep)
    assert (made.size, made.truncation) == (128, 0.5)


@pytest.mark.parametrize("size", [128, 256, 512])
def test_each_size_has_its_name(size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(generators, "BigGANDeep", functools.partial(BigGANDeep, channels=8))
    made = zoo.generator(f"biggan-deep-{size}", pretrained=False, device="cpu")
    assert made.size == size


def test_weights_that_are_none_are_named(narrow: Any, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"biggan-deep-256-pytorch_model\.bin"):
        zoo.generator("biggan-deep-256", weights=tmp_path)
    with pytest.raises(FileNotFoundError, match="nowhere"):
        zoo.generator("biggan-deep-128", weights=tmp_path / "nowhere")
    bad = tmp_path / "bad.bin"
    bad.write_bytes(b"<html>not found</html>")
    with pytest.raises(GeneratorError, match=r"bad\.bin is not a file of weights, or is damaged"):
        zoo.generator("biggan-deep-128", weights=bad)
    with pytest.raises(ValueError, match="weights of another network"):
        zoo.generator("biggan-deep-256", weights=tmp_path / "biggan-deep-128-pytorch_model.bin")


def test_a_file_that_runs_code_is_not_read(narrow: Any, tmp_path: Path) -> None:
    class Harmful:
        def __reduce__(self) -> Any:
            return Path.touch, (tmp_path / "harm",)

    torch.save({"embeddings.weight": Harmful()}, tmp_path / "harmful.bin")
    with pytest.raises(GeneratorError, match="is not a file of weights"):
        zoo.generator("biggan-deep-128", weights=tmp_path / "harmful.bin")
    assert not (tmp_path / "harm").exists()


@pytest.mark.parametrize(
    ("name", "settings", "message"),
    [
        ("digit", {}, "'biggan-deep-512'; got 'digit'; did you mean 'digits'"),
        ("biggan-deep-1024", {}, "did you mean 'biggan-deep-512' or 'biggan-deep-128'"),
        ("stylegan", {}, "got 'stylegan'$"),
        (None, {}, "got None$"),
        ("digits", {"truncation": 0.5}, "'digits' takes neither weights nor truncation"),
        ("portraits", {"weights": "x"}, "'portraits' takes neither weights nor truncation"),
        ("biggan-deep-128", {"weights": "x", "pretrained": False}, "together with pretrained=False"),
    ],
)
def test_what_cannot_be_made_is_named(name: Any, settings: Any, message: str) -> None:
    with pytest.raises(GeneratorError, match=message):
        zoo.generator(name, device="cpu", **settings)


def test_a_device_that_is_not_there_is_named() -> None:
    with pytest.raises(ClassifierError, match="got 'tpu'"):
        zoo.generator("digits", device="tpu")


def test_the_package_that_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pytorch_pretrained_biggan.model", None)
    for pretrained in (True, False):
        with pytest.raises(ImportError, match=r'pip install "cfwidgets\[biggan\]"'):
            zoo.generator("biggan-deep-128", pretrained=pretrained)


@pytest.mark.cuda
def test_the_zoo_uses_cuda_where_there_is_one() -> None:
    assert next(zoo.generator("digits").parameters()).device.type == "cuda"
