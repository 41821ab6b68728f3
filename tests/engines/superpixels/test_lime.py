"""LIME: the weights are those of the ``lime`` package."""

from __future__ import annotations

import itertools
import os
import subprocess
import sys

import numpy as np
import pytest
import torch
from lime.lime_base import LimeBase
from lime.lime_image import LimeImageExplainer

from cfwidgets import Classifier, Lime

SIDE = 24
TILES = (torch.arange(SIDE)[:, None] // 6 * 3 + torch.arange(SIDE)[None] // 8).int()
PICTURE = torch.rand(3, SIDE, SIDE, generator=torch.Generator().manual_seed(0))


def model(images):
    left, top = images[:, 0, :, :10].mean((1, 2)), images[:, 1, :9].mean((1, 2))
    p = torch.sigmoid(8 * left - 5 * top * left - 1)
    return torch.stack([1 - p, p], 1)


def test_equal_to_the_package():
    ours = Lime(samples=300, seed=4, trust=False).explain(Classifier(model), PICTURE, 1, segments=TILES)
    theirs = LimeImageExplainer(random_state=4).explain_instance(
        PICTURE.permute(1, 2, 0).double().numpy(),
        lambda batch: model(torch.from_numpy(np.stack(batch)).permute(0, 3, 1, 2).float()).numpy(),
        labels=(1,),
        top_labels=None,
        hide_color=0,
        num_samples=300,
        segmentation_fn=lambda _: TILES.numpy(),
        random_seed=0,
    )
    weights = dict(theirs.local_exp[1])
    np.testing.assert_allclose(ours.weights, [weights[i] for i in range(12)], atol=1e-6)
    assert ours.fit == pytest.approx(theirs.score, abs=1e-6)


def test_a_linear_model_is_found_up_to_the_ridge():
    weights = torch.linspace(-0.04, 0.05, 12)

    def linear(images):
        lit = images.amax(1).flatten(1) > 0
        tiles = torch.zeros(len(images), 12).index_add_(1, TILES.flatten().long(), lit.float()) > 0
        p = 0.4 + tiles.float() @ weights
        return torch.stack([1 - p, p], 1)

    result = Lime(samples=2000, trust=False).explain(Classifier(linear), PICTURE, 1, segments=TILES)
    torch.testing.assert_close(result.weights.float(), weights, atol=5e-3, rtol=0)
    assert torch.equal(result.mask, result.weights > 0)
    assert result.fit > 0.95


@pytest.mark.parametrize(("shown", "distance", "weight"), [(1, 0.5, np.exp(-2)), (4, 0.0, 1.0)])
def test_the_kernel(shown, distance, weight):
    # the distance that the engine computes, and the weight that the package makes of it
    assert 1 - np.sqrt(shown / 4) == distance
    base = LimeImageExplainer().base
    assert isinstance(base, LimeBase)
    assert base.kernel_fn(np.array(distance)) == pytest.approx(weight)


def test_as_many_as_asked_for_are_selected():
    result = Lime(samples=100, shown=3, trust=False).explain(Classifier(model), PICTURE, 1, segments=TILES)
    assert int(result.mask.sum()) == 3
    assert result.weights[result.mask].min() >= result.weights[~result.mask].max()
    torch.testing.assert_close(result.importance.double(), result.weights / result.weights.abs().max())


def test_it_streams_and_is_measured_like_e_lime():
    updates = list(Lime(samples=250).steps(Classifier(model), PICTURE, 1, segments=TILES))
    assert [update.activity for update in updates[:4]] == ["sampling", "sampling", "sampling", "fitting"]
    assert updates[-1].fraction == 1
    assert updates[-1].partial.trust()["measure"].tolist() == [
        "deletion area",
        "insertion area",
        "R² of the linear model",
        "difference of answers",
        "change of the answer",
        "certainty on noise",
    ]
    assert updates[-1].partial._repr_html_()


def explain(engine, **kwargs):
    return engine.explain(Classifier(model), PICTURE, 1, segments=TILES, **kwargs)


def test_a_resumed_run_equals_an_uninterrupted_one():
    engine = Lime(samples=450, seed=2)
    whole = explain(engine)
    updates = list(engine.steps(Classifier(model), PICTURE, 1, segments=TILES))
    for update in updates:
        resumed = explain(engine, resume=update.partial)
        assert torch.equal(resumed.weights, whole.weights)
        assert torch.equal(resumed.mask, whole.mask)
        assert torch.equal(resumed.evaluated["scores"], whole.evaluated["scores"])
        assert (resumed.fit, resumed.evaluations) == (whole.fit, whole.evaluations)
        assert resumed.trust().equals(whole.trust())


def test_what_is_known_is_not_evaluated_again():
    asked = []

    def counted(images):
        asked.append(len(images))
        return model(images)

    engine, clf = Lime(samples=450, trust=False), Classifier(counted)
    half = list(itertools.islice(engine.steps(clf, PICTURE, 1, segments=TILES), 3))[-1].partial
    assert half.sampled == 200
    asked.clear()
    whole = engine.explain(clf, PICTURE, 1, segments=TILES, resume=half)
    assert sum(asked) == 2 + whole.evaluations - half.evaluations
    asked.clear()
    again = engine.explain(clf, PICTURE, 1, segments=TILES, resume=whole)
    assert sum(asked) == 2  # the two ends, which tell whether it is the same model
    assert torch.equal(again.weights, whole.weights)


def test_samples_are_a_total():
    first = explain(Lime(samples=200, trust=False))
    more = explain(Lime(samples=200, trust=False).longer(first), resume=first)
    assert more.sampled == more.settings["samples"] == 400
    assert torch.equal(more.weights, explain(Lime(samples=400, trust=False)).weights)
    assert explain(Lime(samples=100, trust=False), resume=more).settings["samples"] == 400


def test_without_the_package_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "lime.lime_image", None)
    with pytest.raises(ImportError, match=r'pip install "cfwidgets\[lime\]"'):
        Lime(trust=False).explain(Classifier(model), PICTURE, 1, segments=TILES)


FIRST_RUN = """
import os, torch, cfwidgets as cf
before = dict(os.environ)
clf = cf.Classifier(lambda images: torch.stack([1 - images.mean((1, 2, 3)), images.mean((1, 2, 3))], 1))
cf.Lime(segments=9, samples=30, trust=False).explain(clf, torch.linspace(0, 1, 32).repeat(3, 32, 1), 1)
print({name: value for name, value in os.environ.items() if before.get(name) != value}, end="")
"""


@pytest.mark.slow
def test_the_first_run_leaves_the_environment_as_found():
    environment = {name: value for name, value in os.environ.items() if not name.startswith("KMP_")}
    first = subprocess.run(
        [sys.executable, "-c", FIRST_RUN], env=environment, capture_output=True, text=True, check=True
    )
    assert first.stdout == "{}"
