"""Pictures under noise and attack, with a classifier whose answer is known."""

from __future__ import annotations

import pytest
import square
import torch
from torch import Tensor, nn

import cfwidgets as cf
from cfwidgets.engines.base import run_to_end
from cfwidgets.engines.translation.engine import CounterfactualTranslator
from cfwidgets.engines.translation.stress import stressed
from cfwidgets.results import Result

ENGINE = CounterfactualTranslator(variants=0, trust=False, batch_size=3)


class Looks(nn.Module):
    """Logits of the square's brightness: an attack moves each of its pixels by the same step."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.tensor(10.0))

    def forward(self, images: Tensor) -> Tensor:
        bright = self.weight * (images[:, :, *square.PLACE].mean((1, 2, 3)) - 0.5)
        return torch.stack([-bright, bright], 1)


class Inverts(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.looks = Looks()

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        return square.inverts(images), self.looks(images)


@pytest.fixture
def parts():
    images = square.pictures(8)
    images[:, :, *square.PLACE] = images[:, :, *square.PLACE].where(images[:, :, *square.PLACE] > 0.5, 0.46)
    clf = cf.Classifier(Looks().train(), labels=square.LABELS, device="cpu")
    translator = cf.Translator(Inverts().train())
    return clf, translator, ENGINE.explain(clf, translator, images, truth=square.truth(8))


def test_a_step_leads_the_square_to_the_other_side(parts):
    clf, translator, result = parts
    found = stressed(clf, translator, result, 0, "pgd", 0.004)
    inside = found.image[:, *square.PLACE]
    assert torch.allclose(inside, torch.tensor(0.5), atol=1e-5)  # ten steps of 0.004 from 0.46 on
    still = found.image.clone()
    still[:, *square.PLACE] = 0.5
    assert torch.allclose(still, torch.full_like(still, 0.5), atol=1e-5)
    assert float(found.prediction[1]) == pytest.approx(0.5, abs=1e-3)
    found = stressed(clf, translator, result, 0, "pgd", 0.05)
    assert torch.allclose(found.image[:, *square.PLACE], torch.tensor(0.56), atol=1e-5)  # 0.1 at most
    assert torch.allclose(found.twin[:, *square.PLACE], torch.tensor(0.44), atol=1e-5)
    assert found.prediction[1] > 0.5 > found.twin_prediction[1]
    assert found.branch is not None
    assert torch.allclose(found.branch, found.prediction)
    assert found.second is None
    assert float(found.mask[square.PLACE].min()) == 1


def test_no_disturbance_changes_nothing(parts):
    clf, translator, result = parts
    for kind in ("noise", "pgd"):
        found = stressed(clf, translator, result, 3, kind, 0)
        assert torch.equal(found.image, result.images[3])
        assert torch.allclose(found.prediction, result.predictions[3])


def test_noise_is_repeated_by_its_seed(parts):
    clf, translator, result = parts
    found = [stressed(clf, translator, result, 1, "noise", 0.1, seed=seed).image for seed in (0, 0, 1)]
    assert torch.equal(found[0], found[1])
    assert not torch.equal(found[0], found[2])
    assert float((found[0] - result.images[1])[:, 9:].std()) == pytest.approx(0.1, abs=0.02)


def test_the_curve_falls_where_the_square_crosses(parts, tmp_path):
    clf, translator, result = parts
    levels = [0.0, 0.003, 0.005]
    updates = list(ENGINE.stress(clf, translator, result, "pgd", levels))
    assert [update.fraction for update in updates] == pytest.approx([0, 1 / 3, 2 / 3, 1])
    done = updates[-1].partial
    curve = done.stress["pgd"]
    assert curve.judges == ("classifier", "class branch")
    assert curve.levels.tolist() == levels
    # The dark squares, half of the pictures, are 0.04 from the middle; the bright ones 0.4.
    assert curve.accuracy.tolist() == [[1, 1], [1, 1], [0.5, 0.5]]
    assert curve.confidence[0, 0, 1] > curve.confidence[2, 0, 1] > 0.5 > curve.confidence[2, 0, 0]
    assert curve.fakeness is None
    done.save(tmp_path / "result.safetensors")
    assert type(done).load(tmp_path / "result.safetensors").stress["pgd"].levels.tolist() == levels
    assert isinstance(done, Result)


def test_levels_that_are_there_are_kept_and_others_sorted_in(parts):
    clf, translator, result = parts
    first = run_to_end(ENGINE.stress(clf, translator, result, "noise", [0.3, 0.1]))
    before = clf.require_module()
    more = run_to_end(ENGINE.stress(clf, translator, first, "noise", [0.1, 0.2, 0.3]))
    curve = more.stress["noise"]
    assert curve.levels.tolist() == [0.1, 0.2, 0.3]
    whole = run_to_end(ENGINE.stress(clf, translator, result, "noise", [0.1, 0.2, 0.3])).stress["noise"]
    assert torch.equal(curve.right, whole.right)
    assert torch.equal(curve.confidence, whole.confidence)
    assert run_to_end(ENGINE.stress(clf, translator, more, "noise", [0.1])).stress["noise"] is curve
    assert before.training


def test_a_second_classifier_is_attacked_by_its_own_gradient(parts):
    clf, translator, result = parts
    steady = Looks()
    steady.weight.data.neg_()
    second = cf.Classifier(steady, labels=("bright", "dark"), device="cpu")
    curve = run_to_end(ENGINE.stress(clf, translator, result, "pgd", [0.005], second=second)).stress["pgd"]
    assert curve.judges == ("classifier", "class branch", "second")
    assert curve.accuracy.tolist() == [[0.5, 0.5, 0.5]]
    box = cf.Classifier(square.looks, labels=square.LABELS)
    curve = run_to_end(ENGINE.stress(clf, translator, result, "pgd", [0.005], second=box)).stress["pgd"]
    assert curve.accuracy.tolist() == [[0.5, 0.5, 0.5]]  # shown what was made for the classifier


def test_what_cannot_be_is_refused(parts):
    clf, translator, result = parts
    with pytest.raises(ValueError, match="kind must be one of 'noise', 'pgd'"):
        stressed(clf, translator, result, 0, "blur", 0.1)
    with pytest.raises(ValueError, match="level must be a number of at least 0"):
        stressed(clf, translator, result, 0, "noise", -1)
    with pytest.raises(ValueError, match="images are numbered from 0 to 7; got 8"):
        stressed(clf, translator, result, 8, "noise", 0.1)
    with pytest.raises(ValueError, match="levels must be"):
        run_to_end(ENGINE.stress(clf, translator, result, "noise", [0.1, float("nan")]))
