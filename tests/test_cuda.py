"""Engines on a CUDA device: wherever the networks are, what engines give is on the CPU and holds there."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from comparing import tensors
from skimage.data import cat
from torch import nn

import cfwidgets as cf

pytestmark = pytest.mark.cuda

CUDA = "cuda"
BOTH = [(CUDA, CUDA), (CUDA, "cpu"), ("cpu", CUDA)]
METHODS = (
    "rap",
    "grad_cam",
    "integrated_gradients",
    "saliency",
    "input_x_gradient",
    "deep_lift",
    "occlusion",
    "lrp",
)
FRONT = cf.PlausibleCounterfactuals(cf.search.SMPSO(population=20, archive=20), evaluations=200)


@pytest.fixture(autouse=True)
def full_precision(monkeypatch):
    """Convolutions in float32, so that they can be compared with a CPU's."""
    monkeypatch.setattr(torch.backends.cudnn, "allow_tf32", False)


def convolutions():
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(3, 8, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(8, 12, 3, padding=1),
        nn.ReLU(),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(12, 4),
    ).eval()


def on_cpu(result):
    found = list(tensors(result))
    return bool(found) and all(tensor.device.type == "cpu" for tensor in found)


def portraits(device, **settings):
    return cf.zoo.classifier("portraits/male-blond", device=device, **settings)


@pytest.mark.parametrize("method", METHODS)
def test_maps_are_those_of_the_cpu(method):
    images, targets = torch.rand(5, 3, 24, 24), [0, 1, 2, 3, 0]
    here, there = (
        cf.attribute(cf.Classifier(convolutions(), device=device), images, targets, method)
        for device in ("cpu", CUDA)
    )
    assert on_cpu(there)
    scale = float(here.maps.abs().max())
    assert torch.allclose(there.maps, here.maps, rtol=1e-3, atol=1e-3 * scale)
    assert torch.allclose(there.logits, here.logits, atol=1e-5)


@pytest.mark.parametrize("objective", ["sufficient", "necessary"])
@pytest.mark.parametrize("fill", ["black", "blur"])
def test_superpixels_hold_what_a_cpu_says_of_them(objective, fill):
    # In half precision a search finds pictures whose answer rounding moved: here by up to 0.06.
    clf = cf.zoo.classifier("efficientnet-lite0", device=CUDA, precision="float32")
    engine = cf.ELime(segments=30, population=20, generations=4, objective=objective, fill=fill)
    result = engine.explain(clf, cat())
    assert on_cpu(result)
    assert torch.equal(engine.explain(clf, cat()).mask, result.mask)
    kept = result.mask if objective == "sufficient" else ~result.mask
    picture = torch.where(kept[result.segments.long()], result.image, result.hidden)
    here = cf.zoo.classifier("efficientnet-lite0", device="cpu")
    assert float(here.probabilities(picture[None])[0, result.target]) == pytest.approx(
        result.probability, abs=0.01
    )
    assert result.randomised_model is not None


def test_a_run_on_cuda_in_a_thread_of_its_own():
    clf = cf.zoo.classifier("efficientnet-lite0", device=CUDA)
    engine = cf.ELime(segments=30, population=20, generations=4, trust=False)
    with_run = cf.Run(engine.steps(clf, cat())).result(120)
    assert torch.equal(with_run.mask, engine.explain(clf, cat()).mask)


@pytest.mark.parametrize(("of_classifier", "of_generator"), BOTH)
def test_a_transition_between_devices(of_classifier, of_generator):
    image = cf.data.digits("test").images[473]
    engine = cf.Transitions(starts=4, updates=6, phases=40, rate=0.05)
    clf = cf.zoo.classifier("digits", device=of_classifier)
    result = engine.explain(clf, cf.zoo.generator("digits", device=of_generator), image, target="4")
    assert on_cpu(result)
    assert (result.target, result.wrong) == (4, 9)
    longer = replace(engine, updates=8)
    again = longer.explain(
        clf, cf.zoo.generator("digits", device=of_generator), image, target="4", resume=result
    )
    assert on_cpu(again)


@pytest.mark.parametrize("mode", ["paper", "reference"])
def test_faces_are_read_as_on_the_cpu(mode):
    faces = cf.data.portraits(12, 64)
    engine = cf.FaceX(mode=mode, probed=4, batch_size=5, patch=8, patches=3)
    here, there = (engine.explain(portraits(device), faces, 1) for device in ("cpu", CUDA))
    assert on_cpu(there)
    # In reference mode a pixel is lit or not, and may be either side of the threshold by rounding.
    assert torch.allclose(there.ior, here.ior, atol=1e-3 if mode == "paper" else 0.02, equal_nan=True)


@pytest.mark.parametrize(("of_classifier", "of_editor"), BOTH)
def test_a_front_between_devices(of_classifier, of_editor):
    clf, editor = portraits(of_classifier), cf.zoo.attribute_editor("portraits", device=of_editor)
    image = cf.data.portraits(1, 64).images[0]
    result = FRONT.explain(clf, editor, image)
    assert on_cpu(result)
    assert (result.evaluations, result.invalid) == (200, 0)
    again = replace(FRONT, evaluations=300).explain(clf, editor, image, resume=result)
    assert again.evaluations == 300


@pytest.mark.parametrize("insertion", ["one by one", "together"])
@pytest.mark.parametrize("baseline", ["image", "reconstruction"])
def test_fronts_side_by_side(insertion, baseline):
    clf, editor = portraits(CUDA), cf.zoo.attribute_editor("portraits", device=CUDA)
    search = cf.search.SMPSO(population=20, archive=20, insertion=insertion)
    engine = replace(FRONT, search=search, baseline=baseline)
    images = cf.data.portraits(5, 64).images
    survey = engine.explain_many(clf, editor, images)
    assert on_cpu(survey)
    again = replace(engine, evaluations=300).explain_many(clf, editor, images, resume=survey)
    assert again.evaluations == 300


@pytest.mark.parametrize("search", [cf.search.NSGA2(population=20), cf.search.GDE3(population=20)])
def test_other_searches(search):
    clf, editor = portraits(CUDA), cf.zoo.attribute_editor("portraits", device=CUDA)
    result = replace(FRONT, search=search).explain(clf, editor, cf.data.portraits(1, 64).images[0])
    assert on_cpu(result)


def test_a_random_copy_is_the_same_everywhere():
    images = torch.rand(3, 3, 24, 24)
    here, there = (
        cf.Classifier(convolutions(), device=device, precision="float32").randomised(1, (24, 24))
        for device in ("cpu", CUDA)
    )
    assert there.device.type == CUDA
    assert torch.allclose(there.logits(images), here.logits(images), rtol=1e-3, atol=1e-4)
