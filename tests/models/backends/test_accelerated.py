from __future__ import annotations

import logging
import sys
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from skimage import data as photographs
from torch import Tensor, nn

from cfwidgets import zoo
from cfwidgets.models.backends import cache
from cfwidgets.models.backends.base import Interface
from cfwidgets.models.classifier import Classifier, ClassifierError

pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache folder of this test's own."""
    monkeypatch.setenv("CFWIDGETS_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache" / "onnx"


def network(seed: int = 0) -> nn.Sequential:
    torch.manual_seed(seed)
    return nn.Sequential(
        nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU(inplace=True), nn.Flatten(), nn.Linear(144, 5)
    )


def small(seed: int = 0, classes: int = 5) -> nn.Sequential:
    """A network that is exported in half the time."""
    torch.manual_seed(seed)
    return nn.Sequential(nn.Flatten(), nn.Linear(192, classes))


def images(count: int = 3, side: int = 8) -> Tensor:
    return torch.rand(count, 3, side, side, generator=torch.Generator().manual_seed(count))


def no_export(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise AssertionError("exported again")

    monkeypatch.setattr(torch.onnx, "export", refuse)


@pytest.fixture
def strict() -> Any:
    """No warning passes."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


@pytest.fixture
def logged() -> Iterator[list[logging.LogRecord]]:
    """What anyone logs: by the root logger, and by those that pass nothing on to it."""
    records: list[logging.LogRecord] = []
    handler = logging.Handler(logging.INFO)
    handler.emit = records.append  # type: ignore[method-assign]
    root = logging.getLogger()
    known = [one for one in root.manager.loggerDict.values() if isinstance(one, logging.Logger)]
    heard = [root, *(logger for logger in known if not logger.propagate)]
    level = root.level
    root.setLevel(logging.INFO)
    for logger in heard:
        logger.addHandler(handler)
    yield records
    for logger in heard:
        logger.removeHandler(handler)
    root.setLevel(level)


def test_it_answers_as_the_network_itself_and_quietly(
    strict: None, capfd: pytest.CaptureFixture[str], logged: list[logging.LogRecord]
) -> None:
    net = network().train()
    net[1].eval()
    calls: list[int] = []
    net[3].register_forward_hook(lambda *_: calls.append(1))
    before = ([part.training for part in net.modules()], [p.requires_grad for p in net.parameters()])
    state = torch.get_rng_state()
    clf = Classifier(net, list("abcde"), input_size=8, mean=(0.5, 0.4, 0.3), std=(0.2, 0.3, 0.4))
    fast = clf.accelerated()
    for count in (1, 2, 7, 64):
        assert torch.allclose(fast.logits(images(count)), clf.logits(images(count)), atol=1e-5)
    assert torch.allclose(fast.probabilities(images(4, 20)), clf.probabilities(images(4, 20)), atol=1e-6)
    assert ([part.training for part in net.modules()], [p.requires_grad for p in net.parameters()]) == before
    assert len(net[3]._forward_hooks) == 1
    assert torch.equal(torch.get_rng_state(), state)
    assert capfd.readouterr() == ("", "")
    assert not logged
    assert fast.require_module() is net
    assert fast.labels == clf.labels
    assert repr(fast) == "<Classifier Sequential (ONNX Runtime): 5 classes, 8 x 8, cpu>"
    assert fast.accelerated() is fast
    for one in (clf, fast):
        with pytest.raises(ValueError, match="progress must be one of None, True, False, not 'x'"):
            one.accelerated(progress="x")
    del calls[:]
    fast.probabilities(images())
    assert not calls  # the network itself is asked for the first batch only


def test_the_file_is_kept_for_the_same_network_and_no_other(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clf = Classifier(small(), input_size=8)
    expected = clf.accelerated().logits(images())
    assert len(list(folder.iterdir())) == 1
    other = Classifier(small(seed=1), input_size=8).accelerated()
    assert torch.allclose(other.logits(images()), Classifier(small(seed=1)).logits(images()), atol=1e-5)
    assert len(list(folder.iterdir())) == 2
    no_export(monkeypatch)
    assert torch.equal(Classifier(small(), input_size=8).accelerated().logits(images()), expected)


def test_the_key_tells_apart_all_that_the_graph_depends_on() -> None:
    half = network()
    half[1].running_mean += 1e-3
    keys = {
        cache.key(network(), (8, 8), Interface()),
        cache.key(network(), (8, 9), Interface()),
        cache.key(network(), (8, 8), Interface(((0.5,) * 3, (1.0,) * 3))),
        cache.key(network(), (8, 8), Interface(((0.5,) * 3, (0.5,) * 3))),
        cache.key(network(seed=1), (8, 8), Interface()),
        cache.key(network().double(), (8, 8), Interface()),
        cache.key(network().bfloat16(), (8, 8), Interface()),
        cache.key(nn.Sequential(*network(), nn.Identity()), (8, 8), Interface()),
        cache.key(half, (8, 8), Interface()),
    }
    assert len(keys) == 9
    assert cache.key(network(), (8, 8), Interface()) in keys


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-100])


def _flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(bytes(content))


def _empty(path: Path) -> None:
    path.write_bytes(b"")


def _rubbish(path: Path) -> None:
    """Whole, by its digest, but no model."""
    key = path.name.partition("-")[0]
    path.unlink()
    cache.write(key, b"rubbish")


@pytest.mark.parametrize("damage", [_cut, _flip, _empty, _rubbish])
def test_a_damaged_file_is_made_again(
    damage: Any, folder: Path, strict: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    clf = Classifier(small(), input_size=8)
    clf.accelerated()
    (path,) = folder.iterdir()
    damage(path)
    assert torch.allclose(clf.accelerated().logits(images()), clf.logits(images()), atol=1e-5)
    assert len(list(folder.iterdir())) == 1
    no_export(monkeypatch)
    clf.accelerated()


def _other_forward() -> Classifier:
    return Classifier(small(seed=1), input_size=8)


def _other_classes() -> Classifier:
    return Classifier(small(classes=6), input_size=8)


def _other_size() -> Classifier:
    return Classifier(nn.Sequential(nn.AdaptiveAvgPool2d(8), *small()), input_size=9)


@pytest.mark.parametrize("make", [_other_forward, _other_classes, _other_size])
def test_a_sound_file_of_another_network_is_made_again(
    make: Callable[[], Classifier], folder: Path, strict: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    make().accelerated()
    (path,) = folder.iterdir()
    # As when one changes forward() and no weight: the key is the same, and the file is wrong.
    cache.write(cache.key(small(), (8, 8), Interface()), path.read_bytes())
    clf = Classifier(small(), input_size=8)
    assert torch.allclose(clf.accelerated().logits(images()), clf.logits(images()), atol=1e-5)
    no_export(monkeypatch)
    assert torch.allclose(clf.accelerated().logits(images()), clf.logits(images()), atol=1e-5)


class Scaled(nn.Module):
    """A number that is no parameter is a constant of the exported graph."""

    def __init__(self) -> None:
        super().__init__()
        self.factor = 1.0

    def forward(self, images: Tensor) -> Tensor:
        return images.mean(dim=(2, 3)) * self.factor


def test_where_the_two_disagree_the_network_itself_answers(folder: Path) -> None:
    net = Scaled()
    clf = Classifier(net, input_size=8)
    fast = clf.accelerated()
    net.factor = 5.0
    with pytest.warns(RuntimeWarning, match=r"differ by up to 0\.\d+, and 0\.001 is accepted") as caught:
        assert torch.equal(fast.logits(images()), clf.logits(images()))
    assert caught[0].filename == __file__
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert torch.equal(fast.logits(images(9)), clf.logits(images(9)))
    assert not list(folder.iterdir())


def test_a_folder_that_cannot_be_written_is_no_obstacle(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("CFWIDGETS_CACHE", str(tmp_path / "file"))
    clf = Classifier(small(), input_size=8)
    with pytest.warns(RuntimeWarning, match="CFWIDGETS_CACHE names another folder") as caught:
        fast = clf.accelerated()
    assert caught[0].filename == __file__
    assert torch.allclose(fast.logits(images()), clf.logits(images()), atol=1e-5)


def test_nothing_is_left_of_a_write_that_failed(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any) -> None:
        raise OSError("no space left")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.warns(RuntimeWarning, match="no space left"):
        cache.write("key", b"content")
    assert not list(folder.iterdir())
    assert cache.read("key") is None


def test_one_sigmoid_unit_and_other_floats_are_accelerated_too() -> None:
    torch.manual_seed(0)
    net = nn.Sequential(nn.Flatten(), nn.Linear(192, 1)).double()
    clf = Classifier(net, activation="sigmoid", labels=["cat"], input_size=8)
    fast = clf.accelerated()
    assert torch.allclose(fast.probabilities(images()), clf.probabilities(images()), atol=1e-6)
    assert fast.logits(images()).shape == (3, 2)


def test_random_weights_of_an_accelerated_classifier_are_accelerated(folder: Path) -> None:
    clf = Classifier(small(), input_size=8)
    fast = clf.accelerated().randomised(3)
    assert torch.allclose(fast.logits(images()), clf.randomised(3).logits(images()), atol=1e-4)
    assert fast.accelerated() is fast
    assert "random weights" in fast.name
    assert "ONNX Runtime" in fast.name
    assert len(list(folder.iterdir())) == 2


def test_a_bar_says_that_it_exports(capsys: pytest.CaptureFixture[str]) -> None:
    clf = Classifier(small(), input_size=(8, 8), device="cpu")
    clf.accelerated()
    assert capsys.readouterr().err == ""  # nobody watches
    other = Classifier(small(1), input_size=(8, 8), device="cpu")
    other.accelerated(progress=True)
    said = capsys.readouterr().err
    assert "exporting Sequential to ONNX, some seconds:   0%" in said
    assert "exported: 100%" in said
    other.accelerated(progress=True)  # the file is there
    assert capsys.readouterr().err == ""


def test_what_cannot_be_accelerated_says_why() -> None:
    class Deciding(nn.Module):
        def forward(self, images: Tensor) -> Tensor:
            return images.mean(dim=(2, 3)) if images.sum() > 3 else images.amax(dim=(2, 3))

    with pytest.raises(ClassifierError, match=r"pass input_size=\(height, width\)"):
        Classifier(small()).accelerated()
    with pytest.raises(
        ClassifierError, match="only a torch module can be accelerated; <lambda> is a function"
    ):
        Classifier(lambda given: given.mean(dim=(1, 2, 3)), input_size=8).accelerated()
    net = Deciding()
    with pytest.raises(
        ClassifierError, match=r"Deciding cannot be exported to ONNX .*use the classifier as it is"
    ):
        Classifier(net, input_size=8).accelerated()
    assert net.training


@pytest.mark.parametrize("missing", ["onnx", "onnxscript", "onnxruntime"])
def test_missing_packages_are_named(missing: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, missing, None)
    with pytest.raises(ImportError, match=r'pip install "cfwidgets\[onnx\]"'):
        Classifier(Scaled(), input_size=8).accelerated()


def test_efficientnet_lite0_is_the_same_network(strict: None) -> None:
    clf = zoo.classifier("efficientnet-lite0", device="cpu")
    fast = clf.accelerated()
    pictures = torch.stack([clf.view(picture) for picture in (photographs.cat(), photographs.coffee())])
    assert torch.allclose(fast.probabilities(pictures), clf.probabilities(pictures), atol=1e-5)
    assert fast.top(photographs.cat(), k=1)["label"].tolist() == ["Egyptian cat"]
