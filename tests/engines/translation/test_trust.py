"""Translators that know nothing are told from those that do."""

from __future__ import annotations

import pytest
import square
import torch
import torch.nn.functional as F
from torch import Tensor, nn

import cfwidgets as cf
from cfwidgets.engines.translation.engine import CounterfactualTranslator
from cfwidgets.networks.unet import UNet
from cfwidgets.training.translation import TranslationTraining
from cfwidgets.zoo.recipes.translator import DATA_SETS

NO_DOUBT = "There is no measure of doubt"
ENGINE = CounterfactualTranslator(variants=1)


def knows(images: Tensor) -> Tensor:
    """The classifier of the square, with a class for painted images."""
    return torch.cat([0.9 * square.looks(images), torch.full((len(images), 1), 0.1)], 1)


def caveats(translate, *, classifier=knows, count=16, **more):
    clf = cf.Classifier(classifier, labels=(*square.LABELS, "painted"))
    translator = cf.Translator(translate, painted="painted")
    return ENGINE.explain(clf, translator, square.pictures(count), **more).caveats


def test_what_knows_the_square_has_none():
    right = {"truth": square.truth(16), "masks": square.masks(16)}
    assert caveats(square.inverts, **right) == ()
    assert caveats(square.inverts, count=2) == ()


def test_without_a_class_for_painted_images_there_is_no_doubt():
    result = ENGINE.explain(square.classifier(), square.translator(), square.pictures())
    assert [caveat.startswith(NO_DOUBT) for caveat in result.caveats] == [True]


def test_nothing_changes_and_nothing_flips():
    said = caveats(lambda images: images)
    assert any("hardly differ" in one for one in said)
    assert any("No twin flips" in one for one in said)


def brightens(images: Tensor) -> Tensor:
    twins = images.clone()
    twins[:, :, *square.PLACE] = 0.9
    return twins


def test_one_side_only():
    assert any("Only 0 of 8 twins of bright flip" in one for one in caveats(brightens))


def everywhere(images: Tensor) -> Tensor:
    return 1 - images + 0.01 * torch.linspace(-1, 1, 16)


def test_a_mask_that_shows_no_place():
    def looks_everywhere(images: Tensor) -> Tensor:
        bright = (images.mean((1, 2, 3)) > 0.5).float()
        return torch.stack([0.9 * (1 - bright), 0.9 * bright, torch.full_like(bright, 0.1)], 1)

    assert any("does not show where" in one for one in caveats(everywhere, classifier=looks_everywhere))


def test_true_masks_elsewhere():
    elsewhere = square.masks(16).roll(8, 2)
    assert any("lie on the true masks" in one for one in caveats(square.inverts, masks=elsewhere))


def test_truth_at_random():
    truth = (torch.arange(16) // 2) % 2
    assert any("right hardly more often" in one for one in caveats(square.inverts, truth=truth))


def test_a_second_classifier_that_sees_nothing():
    blind = cf.Classifier(lambda images: torch.full((len(images), 2), 0.5), labels=square.LABELS)
    blind.name = "blind"
    assert any("do not flip blind" in one for one in caveats(square.inverts, second=blind))


def test_a_classifier_that_is_never_sure():
    def unsure(images: Tensor) -> Tensor:
        return 0.5 + 0.1 * (knows(images) - 0.5)

    assert any("hardly ever sure" in one for one in caveats(square.inverts, classifier=unsure))


def test_a_class_branch_of_mixed_up_labels():
    def branched(images: Tensor) -> tuple[Tensor, Tensor]:
        guess = (torch.arange(len(images)) // 2) % 2
        return square.inverts(images), F.one_hot(guess, 2).float()

    assert any("agree hardly more than by chance" in one for one in caveats(branched))


def test_a_network_that_does_the_same_with_any_weights():
    class Inverts(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.unused = nn.Linear(2, 2)

        def forward(self, images: Tensor) -> Tensor:
            return square.inverts(images)

    assert any("random weights gives much the same" in one for one in caveats(Inverts()))


class Adversary(nn.Module):
    """A translator that paints an adversarial pattern of its classifier: it flips and shows nothing."""

    def __init__(self, network: nn.Module, bound: float = 0.03, iterations: int = 4) -> None:
        super().__init__()
        self.network, self.bound, self.iterations = network, bound, iterations

    def forward(self, images: Tensor) -> Tensor:
        goals = 1 - self.network(images)[:, :2].argmax(1)
        found = images
        with torch.enable_grad():
            for _ in range(self.iterations):
                at = found.detach().requires_grad_()
                (slope,) = torch.autograd.grad(F.cross_entropy(self.network(at), goals, reduction="sum"), at)
                found = images + (at - self.bound / 4 * slope.sign() - images).clamp(-self.bound, self.bound)
                found = found.clamp(0, 1).detach()
        return found


def blots(images: Tensor) -> Tensor:
    """Random differences, which have nothing to do with the picture."""
    drawn = torch.Generator().manual_seed(5)
    coarse = torch.randn(len(images), 3, 12, 12, generator=drawn)
    fine = F.interpolate(coarse, size=images.shape[2:], mode="bicubic")
    return (images + 0.2 * fine * (fine.abs().mean(1, keepdim=True) > 1)).clamp(0, 1)


@pytest.fixture(scope="module", params=DATA_SETS)
def shipped(request):
    """A shipped pair, and pictures that neither the training nor the choice of the thresholds has seen."""
    drawn = DATA_SETS[request.param].draw(24, 20_000, 128, "test")
    pair = cf.zoo.translator(request.param, device="cpu")
    return request.param, pair, drawn


def of(pair, translator, drawn, **more):
    result = CounterfactualTranslator(variants=1).explain(pair.clf, translator, drawn.images, **more)
    return [one for one in result.caveats if not one.startswith(NO_DOUBT)]


@pytest.mark.slow
def test_the_shipped_pairs_know_what_they_do(shipped):
    name, pair, drawn = shipped
    second = cf.zoo.classifier(f"{name}/ordinary", device="cpu")
    assert of(pair, pair.translator, drawn, truth=drawn.labels, masks=drawn.masks, second=second) == []


@pytest.mark.slow
def test_worthless_translators_are_told(shipped):
    _, pair, drawn = shipped
    made = {name: pair.made[name] for name in ("width", "full_width", "levels", "widest", "noise", "up")}
    with torch.random.fork_rng():
        torch.manual_seed(4)
        untrained = UNet(**made).eval()
    for worthless in (
        cf.Translator(untrained, noise=16),
        pair.translator.randomised(7),
        cf.Translator(blots),
        cf.Translator(Adversary(pair.discriminator).requires_grad_(requires_grad=False)),
    ):
        assert of(pair, worthless, drawn), worthless


@pytest.mark.slow
def test_a_translator_of_shuffled_labels_is_told():
    learn = DATA_SETS["concrete"].draw(200, 30_000, 32, "train")
    test = DATA_SETS["concrete"].draw(32, 20_000, 32, "test")
    shuffled = learn.labels[torch.randperm(len(learn.labels), generator=torch.Generator().manual_seed(0))]
    training = TranslationTraining(
        updates=300, warm_updates=150, width=8, full_width=4, levels=2, widest=16, noise=2,
        discriminator_width=8, sparsity=1.0, sparsity_moved=1.0, seed=6,
    )  # fmt: skip
    pair = training.train(learn.images, shuffled).pair(("sound", "cracked"))
    said = of(pair, pair.translator, test)
    assert any("agree hardly more than by chance" in one or "hardly ever sure" in one for one in said)
