"""Exact oracles: the classifier looks at a square, and the translator inverts it."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
import square as oracle
import torch
from PIL import Image
from torch import Tensor

import cfwidgets as cf
from cfwidgets.data import ImageFolders
from cfwidgets.engines.translation.engine import CounterfactualTranslator
from cfwidgets.images import ImageError
from cfwidgets.models.classifier import ClassifierError
from cfwidgets.models.translator import TranslatorError
from cfwidgets.networks.unet import UNet

QUICK = CounterfactualTranslator(variants=0, trust=False)


def explained(images=None, *, clf=None, translator=None, engine=QUICK, **more):
    return engine.explain(
        oracle.classifier() if clf is None else clf,
        oracle.translator() if translator is None else translator,
        oracle.pictures() if images is None else images,
        **more,
    )


def test_twins_masks_and_predictions_are_exact():
    result = explained(truth=oracle.truth(), masks=oracle.masks())
    assert result.target == 1
    assert result.done == 8
    assert torch.equal(result.twins, oracle.inverts(oracle.pictures()))
    assert torch.allclose(result.returned, oracle.pictures())
    assert torch.equal(result.masks, oracle.masks().float())
    assert torch.allclose(result.predictions[:, 1], torch.tensor([0.1, 0.9] * 4))
    assert torch.allclose(result.twin_predictions[:, 1], torch.tensor([0.9, 0.1] * 4))
    assert bool(result.flipped.all())
    assert torch.allclose(result.changed, torch.full((8,), 0.8 * 16 / 256))
    assert torch.equal(result.overlap, torch.ones(8))
    assert result.fakeness is None
    assert result.branch is None
    assert result.variants.shape == (8, 0, 3, 16, 16)
    assert torch.equal(result.mean_mask, result.masks)
    assert not bool(result.disagreement.any())


def test_each_measure_is_exact():
    second = cf.Classifier(lambda images: oracle.looks(images).flip(1), labels=("bright", "dark"))
    result = explained(
        engine=CounterfactualTranslator(batch_size=3),
        truth=oracle.truth(),
        masks=oracle.masks(),
        second=second,
    )
    trust = result.trust().set_index("measure")
    for name in oracle.LABELS:
        # The change of another picture of the same side is the same change.
        assert trust.loc[f"flips from {name}", ["value", "reference"]].tolist() == [1, 1]
    assert trust.loc["flips of the second classifier", "value"] == 1
    # A tenth of the pixels holds the square; half a picture further nothing changes.
    assert trust.loc["flips by the mask's strongest tenth", ["value", "reference"]].tolist() == [1, 0]
    assert trust.loc["class of the twin's twin", "value"] == 1
    assert trust.loc["difference of the twin's twin", "value"] == pytest.approx(0, abs=1e-6)
    assert trust.loc["difference of the twin's twin", "reference"] == pytest.approx(0.05)
    assert trust.loc["certainty", ["value", "reference"]].tolist() == pytest.approx([0.9, 0.5])
    assert trust.loc["accuracy", ["value", "reference"]].tolist() == [1, 0.5]
    assert trust.loc["overlap with the true masks", ["value", "reference"]].tolist() == [1, 0]
    for absent in ("randomised translator", "class branch and classifier", "doubt finds errors"):
        assert absent not in trust.index


def test_what_flips_says_so_in_a_sentence_and_a_table():
    result = explained(truth=oracle.truth())
    assert result.summary() == (
        "4 of 4 twins of dark and 4 of 4 twins of bright are on the other side for looks; on average a pixel "
        "differs by 5.0 %."
    )
    frame = result.to_frame()
    assert list(frame.columns) == [
        "true", "predicted", "probability", "twin predicted", "twin probability", "flipped", "changed",
        "marked", "returned",
    ]  # fmt: skip
    assert frame["predicted"].tolist() == ["dark", "bright"] * 4
    assert frame["marked"].tolist() == pytest.approx([1 / 16] * 8)


def test_variants_are_other_twins_by_other_noise():
    def noisy(images: Tensor, noise: Tensor | None = None) -> Tensor:
        shift = 0 if noise is None else 0.1 * noise[:, :1, None, None].sign()
        twins = oracle.inverts(images)
        twins[:, :, :2, :2] = (0.5 + torch.zeros(len(images), 3, 2, 2) + shift).clamp(0, 1)
        return twins

    engine = CounterfactualTranslator(variants=6, trust=False, seed=3)
    result = explained(translator=cf.Translator(noisy, noise=2), engine=engine)
    corner = result.variants[:, :, :, :2, :2].unique().tolist()
    assert corner == [102, 153]  # 0.4 and 0.6 of 255
    assert torch.allclose(result.variants[0, 0, :, 4:8, 4:8].float() / 255, torch.tensor(0.9), atol=3e-3)
    assert torch.allclose(result.disagreement[:, 4:8, 4:8], torch.zeros(()), atol=1e-2)
    assert float(result.disagreement[:, :2, :2].min()) > 0.04  # one mask in seven has nothing there
    assert not torch.equal(result.variants[0], result.variants[1])
    again = explained(translator=cf.Translator(noisy, noise=2), engine=engine)
    assert torch.equal(again.variants, result.variants)


def test_of_several_classes_one_is_told_from_the_rest():
    def three(images: Tensor) -> Tensor:
        bright = images[:, :, *oracle.PLACE].mean((1, 2, 3))
        return torch.stack([0.6 * (1 - bright), 0.4 * (1 - bright), bright], 1)

    clf = cf.Classifier(three, labels=("black", "grey", "white"))
    with pytest.raises(ValueError, match="target: of 3 classes, name the one"):
        explained(clf=clf)
    result = explained(clf=clf, target="white", truth=["grey", "white"] * 4)
    assert bool(result.flipped.all())
    assert result.sides == ("not white", "white")
    assert "4 of 4 twins of not white" in result.summary()
    assert result.truth.tolist() == [1, 2] * 4
    # A change from black to grey is no flip.
    swap = cf.Translator(lambda images: images)
    assert not bool(explained(clf=clf, translator=swap, target="white").flipped.any())


def with_painted(images: Tensor) -> Tensor:
    return torch.cat([0.9 * oracle.looks(images), torch.full((len(images), 1), 0.1)], 1)


def test_a_class_for_painted_images_is_doubt_and_no_side():
    clf = cf.Classifier(lambda images: with_painted(images)[:, [0, 2, 1]], labels=("dark", "fake", "bright"))
    result = explained(clf=clf, translator=oracle.translator(painted="fake"), truth=["dark", "bright"] * 4)
    assert (result.target, result.painted, result.real) == (2, 1, [0, 2])
    assert torch.allclose(result.fakeness, torch.full((8,), 0.1))
    assert torch.allclose(result.probabilities.sum(1), torch.full((8,), 0.9))
    assert "fakeness" in result.to_frame()
    with pytest.raises(ValueError, match="target must be a class of real images, not 'fake'"):
        explained(clf=clf, translator=oracle.translator(painted="fake"), target="fake")
    with pytest.raises(ValueError, match="truth, image 1: 'fake' is the class for painted images"):
        explained(clf=clf, translator=oracle.translator(painted="fake"), truth=["dark", "fake"] * 4)


def test_the_second_classifier_may_have_its_classes_in_another_order():
    second = cf.Classifier(lambda images: oracle.looks(images).flip(1), labels=("bright", "dark"))
    result = explained(second=second)
    assert torch.allclose(result.second_predictions, result.predictions)
    assert result.to_frame()["second flipped"].all()
    other = cf.Classifier(oracle.looks, labels=("cat", "dog"))
    with pytest.raises(ValueError, match=r"second must tell the same classes, 'dark', 'bright'; .* 'cat'"):
        explained(second=other)


def test_a_second_classifier_is_added_to_a_finished_result():
    first = explained()
    second = cf.Classifier(lambda images: 1 - oracle.looks(images), labels=oracle.LABELS)
    result = explained(resume=first, second=second, truth=oracle.truth())
    assert torch.allclose(result.second_predictions, 1 - result.predictions)
    assert torch.equal(result.truth, oracle.truth())


class Items:
    """A data set by its methods."""

    def __init__(self, *columns):
        self.rows = list(zip(*columns, strict=True))

    def __len__(self):
        return len(self.rows)

    def __getitem__(self, place):
        return self.rows[place]


def test_data_sets_are_read(tmp_path):
    data = SimpleNamespace(images=oracle.pictures(), labels=oracle.truth(), masks=oracle.masks())
    result = explained(data)
    assert torch.equal(result.truth, oracle.truth())
    assert torch.equal(result.true_masks, oracle.masks())
    result = explained(Items(oracle.pictures(), oracle.truth(), oracle.masks()))
    assert torch.equal(result.truth, oracle.truth())
    assert torch.equal(result.true_masks, oracle.masks())
    assert torch.equal(result.images, oracle.pictures())
    regions = SimpleNamespace(images=oracle.pictures(), masks=torch.zeros(8, 19, 16, 16, dtype=torch.bool))
    assert explained(regions).true_masks is None
    for name, level in (("bright", 204), ("dark", 51)):
        (tmp_path / name).mkdir()
        Image.new("RGB", (16, 16), (level,) * 3).save(tmp_path / name / "1.png")
    result = explained(ImageFolders(tmp_path))
    assert result.truth.tolist() == [1, 0]  # by their names, which the folders have in another order
    assert result.to_frame()["true"].tolist() == result.to_frame()["predicted"].tolist()


def test_images_of_many_sizes_are_fitted():
    sized = oracle.translator(size=16)
    images = [torch.rand(3, 20, 16), torch.rand(3, 16, 40), torch.rand(3, 8, 8)]
    marks = [torch.ones(image.shape[1:], dtype=torch.bool) for image in images]
    result = explained(images, translator=sized, masks=marks)
    assert result.images.shape == (3, 3, 16, 16)
    assert bool(result.true_masks.all())
    with pytest.raises(ImageError, match=r"image 0 is 20 x 16 and image 1 is 16 x 40 .* size="):
        explained(images)


@pytest.mark.parametrize(
    ("images", "message"),
    [
        ([], "at least one image"),
        (Items([], []), "at least one image; got an empty data set"),
        (torch.zeros(3, 16, 16), r"pass image\[None\] or \[image\]"),
        ("parts", "pass a list"),
        ([torch.zeros(3, 16, 16), "nowhere.png"], "image 1: .*nowhere"),
        (torch.full((1, 3, 16, 16), 2.0), "from 0 to 1"),
    ],
)
def test_what_are_no_images_is_refused(images, message):
    with pytest.raises(ImageError, match=message):
        explained(images)


@pytest.mark.parametrize(
    ("truth", "message"),
    [
        ([0, 1], "truth must be the classes of 8 images, one each; got 2"),
        (7, "one each; got int"),
        ("dark", "one each; got str"),
        ([0, 1] * 3 + [0, 2], "truth, image 7: classes are numbered from 0 to 1; got 2"),
        (["dark", "wet"] * 4, "truth, image 1: no class has the label 'wet'"),
        (torch.full((8,), 0.5), "truth, image 0: a class is named by its number or its label; got 0.5"),
    ],
)
def test_a_truth_that_does_not_fit_is_refused(truth, message):
    with pytest.raises(ValueError, match=message):
        explained(truth=truth)


@pytest.mark.parametrize(
    ("masks", "message"),
    [
        (oracle.masks(3), "masks must be of 8 images, one each; got 3"),
        (oracle.masks().float(), r"mask 0 is of torch.float32: .* masks > 127"),
        (oracle.masks()[:, :8], r"image 0 is 16 x 16 and its mask 8 x 16"),
        (torch.zeros(8, 1, 16, 16, dtype=torch.bool), "its mask 1 x 16 x 16"),
    ],
)
def test_masks_that_do_not_fit_are_refused(masks, message):
    with pytest.raises(ValueError, match=message):
        explained(masks=masks)


def test_a_class_for_painted_images_that_is_not_there_is_refused():
    with pytest.raises(ValueError, match=r"translator\.painted is 'painted', a class that looks does not"):
        explained(translator=oracle.translator(painted="painted"))


def test_sides_that_the_network_cannot_take_are_refused_at_once():
    network = UNet(8, 4, 2, noise=2)
    with pytest.raises(TranslatorError, match="multiples of 4; got 18 x 18: give the size"):
        explained(torch.rand(2, 3, 18, 18), translator=cf.Translator(network))
    assert explained(torch.rand(2, 3, 18, 18), translator=cf.Translator(network, size=16)).done == 2


def test_a_branch_of_another_shape_is_refused():
    odd = cf.Translator(lambda images: (images, torch.zeros(len(images), 5)))
    with pytest.raises(TranslatorError, match=r"returns \(8, 2\), .* got \(8, 5\)"):
        explained(translator=odd)


def test_the_branch_is_of_the_target():
    def branched(images: Tensor) -> tuple[Tensor, Tensor]:
        return oracle.inverts(images), torch.tensor([[0.0, 9.0]]).expand(len(images), 2)

    result = explained(translator=cf.Translator(branched), target="dark")
    assert result.branch_target == 0
    assert float(result.to_frame()["branch"].max()) < 1e-3


def test_thresholds_are_the_translators():
    assert explained().threshold == 0.5
    assert explained(translator=oracle.translator(threshold=0.25)).threshold == 0.25


def test_a_black_box_is_attacked_by_noise_only():
    result = explained()
    engine = QUICK
    with pytest.raises(ClassifierError, match="the classifier is a black box"):
        list(engine.stress(oracle.classifier(), oracle.translator(), result, "pgd", [0.1]))
    done = list(engine.stress(oracle.classifier(), oracle.translator(), result, "noise", [0.0]))[-1].partial
    assert done.stress["noise"].accuracy.tolist() == [[1.0]]
