"""Why an answer over superpixels is worth little, in sentences."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

import cfwidgets as cf

PICTURE = torch.linspace(0.2, 1, 32).repeat(3, 32, 1)
QUICK = cf.ELime(segments=9, population=10, generations=6, samples=20, runs=2)


def brightness(images):
    """Sees the left half, and is sure of it."""
    lit = (12 * (images[..., :16].mean((1, 2, 3)) - 0.2)).sigmoid()
    return torch.stack([1 - lit, lit], 1)


@pytest.fixture(scope="module")
def found():
    return QUICK.explain(cf.Classifier(brightness, labels=["dark", "bright"]), PICTURE, "bright")


def says(result, words):
    return any(words in caveat for caveat in result.caveats)


def test_an_answer_that_holds_has_none(found):
    assert found.whole > 0.65
    assert found.caveats == ()
    assert found.trust()["ok"].isin([True, None]).all()


def test_a_class_that_is_hardly_predicted_is_told_with_what_is_predicted(found):
    doubted = replace(found, prediction=torch.tensor([0.9, 0.1]))
    assert "For the whole image bright has a probability of 0.100: the model predicts dark (0.900)." in (
        doubted.caveats
    )
    even = replace(found, prediction=torch.tensor([0.45, 0.55]))
    assert says(even, "it is predicted, but hardly more than by chance.")


def test_a_climb_far_beyond_the_whole_picture_is_told(found):
    climbed = replace(found, prediction=torch.tensor([0.9, 0.1]), probability=0.95)
    assert says(climbed, "The probability of 0.950 is far beyond that of the whole picture, 0.100")


def test_an_order_no_better_than_random_ones_is_told(found):
    random = found.faithfulness.random_deletion.area
    curves = replace(
        found.faithfulness,
        deletion=replace(found.faithfulness.deletion, area=random),
        insertion=replace(found.faithfulness.insertion, area=found.faithfulness.random_insertion.area),
    )
    lost = replace(found, faithfulness=curves)
    assert says(lost, "no sooner than in random orders")
    rows = lost.trust().set_index("measure")["ok"]
    assert (rows["deletion area"], rows["insertion area"]) == (False, False)


def test_importance_that_is_not_finite_is_told(found):
    broken = replace(found, importance=torch.full_like(found.importance, torch.nan))
    assert says(broken, "The importance is not finite")


@pytest.mark.parametrize("engine", [QUICK, cf.Lime(segments=9, samples=60)], ids=lambda one: one.method)
def test_a_network_that_answers_the_same_is_told(engine):
    same = cf.Classifier(lambda images: torch.tensor([[0.3, 0.7]]).expand(len(images), 2))
    result = engine.explain(same, PICTURE)
    assert says(result, "The answer hardly depends on the picture")
    assert says(result, "Nothing that is hidden changes the answer.")
