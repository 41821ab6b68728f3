"""The engine: look-alikes of a misread digit, the transition between them, and refusals."""

from __future__ import annotations

import copy
from dataclasses import replace

import pytest
import torch
import torchvision
from comparing import differences
from torch import nn

from cfwidgets import zoo
from cfwidgets.attribution import attribute
from cfwidgets.data import digits
from cfwidgets.engines.transitions.engine import Transitions
from cfwidgets.engines.transitions.path import PathMaker
from cfwidgets.engines.transitions.path_attribution import attribute_path
from cfwidgets.engines.transitions.result import VECTORS, TransitionResult
from cfwidgets.evaluation.overlap import rank_correlation
from cfwidgets.images import ImageError
from cfwidgets.models.classifier import Classifier, ClassifierError
from cfwidgets.models.fingerprint import fingerprint
from cfwidgets.models.generator import GeneratorError
from cfwidgets.models.guard import lock_of
from cfwidgets.networks import BigGAN

pytestmark = pytest.mark.slow

PICTURE = 473  # a 4 of the test digits that the network predicts as 9
FAST = Transitions(starts=4, updates=6, phases=40, rate=0.05)


@pytest.fixture(scope="module")
def clf():
    return zoo.classifier("digits", device="cpu")


@pytest.fixture(scope="module")
def generator():
    torch.manual_seed(0)
    return BigGAN(size=32, classes=10, channels=2, latent_size=8).eval()


@pytest.fixture(scope="module")
def image():
    return digits("test").images[PICTURE]


@pytest.fixture(scope="module")
def updates(clf, generator, image):
    return list(FAST.steps(clf, generator, image, target="4"))


@pytest.fixture(scope="module")
def result(updates):
    return updates[-1].partial


def test_there_are_three_candidates_a_start(result, generator):
    found = result.candidates
    assert found.start.tolist() == [0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3]
    assert found.vector.tolist() == [0, 1, 2] * 4
    assert VECTORS == ("target", "wrong", "model")
    right, wrong, model = found.vectors[:3]
    assert right.tolist() == [float(k == 4) for k in range(10)]
    assert wrong.tolist() == [float(k == 9) for k in range(10)]
    assert torch.allclose(model, result.prediction, atol=1e-6)
    assert torch.equal(found.vectors, found.vectors[:3].repeat(4, 1))


def test_the_question_is_in_the_result(result, clf, generator, image):
    assert (result.wrong, result.wrong_label, result.target, result.label) == (9, "9", 4, "4")
    assert result.predicted == 9
    assert torch.equal(result.image, clf.view(image))
    assert torch.equal(result.prediction, clf.probabilities(image[None])[0])
    names = [name for name, _ in clf.require_module().named_modules()]
    assert result.settings["layer"] in names
    assert result.labels == tuple("0123456789")
    assert result.model == clf.name
    assert {name: result.settings[name] for name in ("target", "wrong", "latent_size")} == {
        "target": "4",
        "wrong": "9",
        "latent_size": 8,
    }
    assert result.fingerprints["feature_model"] == result.fingerprints["model"] == clf.fingerprint()
    assert result.fingerprints["generator"] == fingerprint(generator.state_dict())
    expected = attribute(clf, image[None].repeat(2, 1, 1, 1), [9, 4], "rap").maps
    assert torch.allclose(result.image_maps.float(), expected, rtol=1e-2, atol=1e-4)


def test_the_first_look_is_before_any_update(updates, generator):
    first = updates[0].partial
    assert first.walk.update == 0
    start = generator.sample(4, 0).repeat_interleave(3, dim=0)
    assert torch.equal(first.candidates.latents, start)
    assert torch.equal(first.first, first.candidates.cosine)
    assert torch.equal(updates[-1].partial.first, first.first)
    assert (updates[-1].partial.walk.score >= first.walk.score).all()
    assert (updates[-1].partial.walk.score > first.walk.score).any()


def test_candidates_are_generated_from_their_latent_vectors(result, clf, generator):
    found = result.candidates
    assert torch.equal(found.latents, result.walk.best)
    with torch.no_grad():
        images = generator.generate(found.latents, found.vectors)
    assert (found.images.float() / 255 - images).abs().max() < 0.5 / 255 + 1e-5
    p = clf.probabilities(images)
    assert torch.allclose(found.probabilities, p, atol=1e-5)
    maps = attribute(clf, images, p.argmax(dim=1), "rap").maps
    assert found.maps.shape == maps.shape
    assert rank_correlation(found.maps.flatten(), maps.half().flatten()) > 0.99
    assert (found.maps.flatten(1) != 0).any(dim=1).all()


def test_the_transition_leads_between_the_best(result):
    assert result.path.ends == result.best_ends
    assert result.path.complete
    assert result.path.phases == 40
    images = result.candidates.images
    wrong, target = result.best_ends
    for place, end in ((0, wrong), (-1, target)):
        assert (result.path.frames[place].int() - images[end].int()).abs().max() <= 1
    assert result.path.maps.shape == (40, 2, 32, 32)


def test_the_attribution_is_that_of_the_transition(result, clf, generator):
    ends = result.candidates.ends(*result.best_ends)
    t = torch.linspace(0, 1, 129)[:, None]
    with torch.no_grad():
        images = generator.generate(
            ends.z[0] + t * (ends.z[1] - ends.z[0]), ends.c[0] + t * (ends.c[1] - ends.c[0])
        )
    found = attribute_path(clf, images, 9, 4)
    assert torch.allclose(result.attribution.share, found.share, atol=1e-3)
    assert result.attribution.total == pytest.approx(found.total, rel=1e-3)
    assert float(result.attribution.share.sum()) == pytest.approx(1, abs=1e-4)


def test_trust_is_measured(result):
    assert len(result.agreement.ends) == 3
    thirds = ([0, 3], [1], [2])
    for pair, third in zip(result.agreement.ends, thirds, strict=True):
        assert set(result.candidates.start[list(pair)].tolist()) <= set(third)
        assert pair == result.ends_among(third)
    assert result.agreement.shares.shape == (3, 8, 8)
    a, b, c = result.agreement.shares.flatten(1)
    mean = (rank_correlation(a, b) + rank_correlation(a, c) + rank_correlation(b, c)) / 3
    assert result.agreement.correlation == pytest.approx(mean)
    expected = rank_correlation(result.attribution.share.flatten(), result.randomised_model.share.flatten())
    assert result.randomised_model.correlation == expected
    assert expected < 0.999


def test_results_stream(updates):
    fractions = [update.fraction for update in updates]
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1
    assert all(fraction < 1 for fraction in fractions[:-1])
    assert [update.partial.walk.update for update in updates[:7]] == list(range(7))
    activities = list(dict.fromkeys(update.activity for update in updates))
    assert activities == ["searching", "painting the transition", "measuring how far to trust it", ""]
    seconds = [update.partial.seconds for update in updates]
    assert seconds == sorted(seconds)
    painted = [update.partial for update in updates if update.partial.path is not None]
    assert len(painted[0].path.at) == 33
    assert painted[0].attribution is None  # which takes longer than the first look at the path
    assert painted[-1].attribution is not None
    early = updates[0].partial
    assert (early.candidates.probabilities.sum(dim=1) - 1).abs().max() < 1e-4
    assert early.path is None
    assert early.agreement is None


@pytest.mark.slow
def test_the_same_seed_gives_the_same_answer(result, clf, generator, image):
    again = FAST.explain(clf, generator, image, target=4)
    assert differences(result, again) == []
    other = replace(FAST, seed=1, updates=1, trust=False).explain(clf, generator, image, target=4)
    assert not torch.equal(other.candidates.latents, result.candidates.latents)


def flags(*modules):
    return [
        (
            part.training,
            len(part._forward_hooks),
            [(p.requires_grad, p.grad) for p in part.parameters(recurse=False)],
        )
        for module in modules
        for part in module.modules()
    ]


@pytest.mark.slow
def test_both_networks_are_as_they_were_at_every_step(image):
    clf = Classifier(zoo.classifier("digits", device="cpu").require_module(), device="cpu", input_size=32)
    module = clf.require_module().train()
    torch.manual_seed(0)
    generator = BigGAN(size=32, classes=10, channels=2, latent_size=8).train()
    generator.norm.eval()
    before = flags(module, generator)
    quick = Transitions(starts=3, updates=2, phases=5)
    steps = quick.steps(clf, generator, image, 4)
    count = 0
    for _ in steps:
        count += 1
        assert flags(module, generator) == before
        assert lock_of(module)._owner is lock_of(generator)._owner is None
    assert count > 8
    for stop in range(1, count, 3):
        steps = quick.steps(clf, generator, image, 4)
        for _ in range(stop):
            next(steps)
        steps.close()
        assert flags(module, generator) == before


def test_a_step_is_seen_at_once_also_between_two_looks(clf, generator, image):
    steps = replace(FAST, updates=20).steps(clf, generator, image, target="4")
    for _ in range(6):
        update = next(steps)
    assert update.partial.walk.update == 5
    steps.close()


def test_a_saved_partial_result_is_resumed_exactly(result, clf, generator, image, tmp_path):
    steps = FAST.steps(clf, generator, image, target="4")
    for _ in range(6):
        update = next(steps)
    steps.close()
    update.partial.save(tmp_path / "partial.safetensors")
    saved = TransitionResult.load(tmp_path / "partial.safetensors")
    again = list(FAST.steps(clf, generator, image, target="4", resume=saved))
    assert again[0].partial.walk.update == 6
    assert again[0].partial.seconds > saved.seconds
    assert differences(result, again[-1].partial) == []


def test_a_finished_result_resumed_with_more_updates_is_that_of_one_run(result, clf, generator, image):
    more = replace(FAST, updates=9)
    again = more.explain(clf, generator, image, target="4", resume=result)
    assert again.settings["updates"] == again.walk.update == 9
    assert differences(more.explain(clf, generator, image, target="4"), again) == []


def test_candidates_are_the_same_whatever_was_shown_before(clf, generator, image, monkeypatch):
    # What a network returns for an image depends, in the last digit, on the others in its batch; on some
    # processors always, here by force: each batch adds its size to the maps.
    attributed = PathMaker.maps

    def batched(maker, images, targets):
        return attributed(maker, images, targets) + len(images)

    monkeypatch.setattr(PathMaker, "maps", batched)
    quick = replace(FAST, trust=False, phases=2)
    at_once = quick.explain(clf, generator, image, target="4")
    earlier = replace(quick, updates=2).explain(clf, generator, image, target="4")
    assert differences(at_once, quick.explain(clf, generator, image, target="4", resume=earlier)) == []


def test_a_finished_result_is_returned_at_once(result, clf, generator, image):
    (*before, last) = FAST.steps(clf, generator, image, "4", resume=result)
    assert len(before) <= 1
    assert last.fraction == 1
    assert differences(result, last.partial) == []
    assert last.partial.path is result.path
    fewer = replace(FAST, updates=3).explain(clf, generator, image, "4", resume=result)
    assert fewer.walk.update == 6


def test_missing_measures_are_taken_and_others_kept(result, clf, generator, image):
    agreement = replace(result.agreement, correlation=0.125)
    earlier = replace(result, agreement=agreement, randomised_model=None)
    found = FAST.explain(clf, generator, image, "4", resume=earlier)
    assert found.agreement is agreement
    assert found.randomised_model.correlation == result.randomised_model.correlation
    without = replace(FAST, trust=False).explain(clf, generator, image, "4", resume=earlier)
    assert without.agreement is agreement
    assert without.randomised_model is None


@pytest.mark.parametrize("change", [{"phases": 25}, {"interpolation": "spherical"}, {"batch_size": 5}])
def test_what_does_not_touch_the_search_may_change(result, clf, generator, image, change):
    other = replace(FAST, **change)
    found = other.explain(clf, generator, image, "4", resume=result)
    assert differences(found.candidates, result.candidates) == []
    assert {name: found.settings[name] for name in change} == change
    if "batch_size" not in change:  # which may change the search itself by rounding
        assert differences(other.explain(clf, generator, image, "4"), found) == []
    assert found.path.complete
    assert found.path.phases == other.phases


def test_a_transition_between_other_ends_is_not_resumed(result, clf, generator, image):
    wrong, target = [end for end in range(12) if end not in result.best_ends][:2]
    *_, last = FAST.path(clf, generator, result, wrong, target)
    found = FAST.explain(clf, generator, image, "4", resume=last.partial)
    assert differences(result, found) == []


@pytest.mark.parametrize("stop", [8, 9, 11, 14])
def test_a_run_that_stopped_in_the_transition_or_after_is_resumed_exactly(
    result, updates, clf, generator, image, stop
):
    earlier = updates[stop].partial
    assert earlier.searched
    assert (earlier.path is None) == (stop == 8)
    assert differences(result, FAST.explain(clf, generator, image, "4", resume=earlier)) == []


def test_another_method_redraws_the_maps_of_a_resumed_result(result, clf, generator, image):
    quick = replace(FAST, trust=False, phases=2)
    plain = replace(quick, method=None).explain(clf, generator, image, target="4", resume=result)
    assert plain.image_maps is plain.candidates.maps is plain.path.maps is None
    expected = attribute(
        clf, result.candidates.images.float() / 255, result.candidates.predicted.tolist(), "saliency"
    ).maps
    for earlier in (plain, result):
        found = replace(quick, method="saliency").explain(clf, generator, image, target="4", resume=earlier)
        assert found.settings["method"] == "saliency"
        assert torch.allclose(found.candidates.maps.float(), expected, rtol=1e-2, atol=1e-3)


def test_resuming_something_else_is_refused(result, clf, generator, image):
    def resumed(engine=FAST, picture=image, target="4", generator=generator, **given):
        return engine.explain(clf, generator, picture, target, resume=result, **given)

    with pytest.raises(ValueError, match="resume: the result given is of another image"):
        resumed(picture=image.flip(1), wrong="9")
    with pytest.raises(ValueError, match="resume: the result given has target='4', this run '5'"):
        resumed(target="5")
    with pytest.raises(ValueError, match="resume: the result given has wrong='9', this run '8'"):
        resumed(wrong="8")
    layer = next(name for name, _ in clf.require_module().named_children())
    for change in (
        {"starts": 5},
        {"rule": "quarter"},
        {"layer": layer},
        {"patience": 51},
        {"gain": 0.5},
        {"rate": 0.1},
        {"decay": 0.5},
        {"keep_length": False},
        {"seed": 1},
    ):
        ((name, value),) = change.items()
        with pytest.raises(ValueError, match=rf"given has {name}=.*, this run {value!r}"):
            resumed(replace(FAST, **change))
    torch.manual_seed(1)
    other = BigGAN(size=32, classes=10, channels=2, latent_size=8).eval()
    with pytest.raises(ValueError, match="is of another generator"):
        resumed(generator=other)
    with pytest.raises(ValueError, match="given has latent_size=8, this run 3"):
        resumed(generator=Painting())
    eyes = copy.deepcopy(clf.require_module())
    with torch.no_grad():
        next(eyes.parameters()).flatten()[0] += 0.1
    with pytest.raises(ValueError, match="is of another feature_model"):
        resumed(feature_model=Classifier(eyes, device="cpu", input_size=32))


def test_other_ends(result, clf, generator):
    wrong, target = [end for end in range(12) if end not in result.best_ends][:2]
    updates = list(FAST.path(clf, generator, result, wrong, target))
    found = updates[-1].partial
    assert updates[-1].fraction == 1
    assert found.path.ends == (wrong, target)
    assert found.path.complete
    assert (found.path.frames[0].int() - result.candidates.images[wrong].int()).abs().max() <= 1
    assert differences(found.candidates, result.candidates) == []
    assert found.attribution.total != result.attribution.total
    assert found.agreement is found.randomised_model is None  # they were measured on another transition
    with pytest.raises(ValueError, match="numbered from 0 to 11; got 12"):
        next(FAST.path(clf, generator, result, 0, 12))
    with pytest.raises(ValueError, match="numbered from 0 to 11; got -1"):
        next(FAST.path(clf, generator, result, -1, 0))


def test_the_same_ends_give_the_same_transition(result, clf, generator):
    *_, last = FAST.path(clf, generator, result, *result.best_ends)
    assert differences(last.partial, replace(result, agreement=None, randomised_model=None)) == []


def black_box(clf):
    return Classifier(lambda images: clf.probabilities(torch.as_tensor(images)).numpy(), input_size=32)


def test_a_black_box_is_explained_with_the_features_of_another(clf, generator, image):
    updates = list(FAST.steps(black_box(clf), generator, image, target=4, feature_model=clf))
    found = updates[-1].partial
    assert found.candidates.maps is found.image_maps is found.path.maps is None
    assert found.attribution is found.agreement is found.randomised_model is None
    assert found.path.complete
    assert updates[-1].fraction == 1
    own = replace(FAST, trust=False, method=None).explain(clf, generator, image, target=4)
    assert torch.allclose(found.candidates.cosine, own.candidates.cosine, atol=1e-3)
    assert torch.allclose(found.candidates.probabilities, own.candidates.probabilities, atol=1e-2)


def test_a_black_box_alone_is_refused_with_the_reason(clf, generator, image):
    with pytest.raises(ValueError, match=r"follows gradients, and .* has none.*feature_model=…"):
        FAST.explain(black_box(clf), generator, image, target=4)


class Vgg(nn.Module):
    """A small network with the layout of VGG-19."""

    def __init__(self, classes=7):
        super().__init__()
        self.features = nn.Sequential(nn.Conv2d(3, 6, 3), nn.ReLU(inplace=True), nn.MaxPool2d(4))
        self.classifier = nn.Linear(294, classes)

    def forward(self, x):
        return self.classifier(self.features(x).flatten(1))


def test_the_published_settings_are_those_of_the_paper(generator, image):
    published = Transitions.published()
    named = {
        "starts": 32,  # with three class vectors each
        "updates": 2000,
        "keep_length": False,
        "layer": "features",
        "rule": "quarter",
        "patience": None,
        "phases": 1000,
        "interpolation": "linear",
        "method": "rap",
    }
    # what the paper does not name is as it is by default
    assert published == replace(Transitions(), **named)
    torch.manual_seed(0)
    clf = Classifier(Vgg(classes=10), device="cpu", input_size=32)
    target = int(clf.probabilities(image[None])[0].argmin())
    engine = Transitions.published(starts=4, updates=60, phases=3, trust=False)
    assert engine == replace(published, starts=4, updates=60, phases=3, trust=False)
    with pytest.raises(TypeError, match="Transitions has no setting 'update'; did you mean 'updates'"):
        Transitions.published(update=60)
    found = engine.explain(clf, generator, image, target=target)
    assert found.settings["layer"] == "features"
    assert found.candidates.updates.tolist() == [60] * 12  # none ends early
    lengths = found.candidates.latents.norm(dim=1)
    first = generator.sample(4, 0).repeat_interleave(3, dim=0).norm(dim=1)
    assert (lengths - first).abs().max() > 0.05
    assert torch.equal(found.walk.score, found.candidates.cosine)


def test_the_published_layer_is_the_last_maps_of_vgg_19():
    with torch.device("meta"):
        vgg = torchvision.models.vgg19(weights=None).eval()
        maps = dict(vgg.named_modules())[Transitions.published().layer](torch.empty(1, 3, 224, 224))
    assert maps.shape == (1, 512, 7, 7)


def test_the_features_of_a_layer_by_name(clf, generator, image):
    torch.manual_seed(0)
    vgg = Vgg()
    eyes = Classifier(vgg, device="cpu", input_size=32, mean=0.4, std=0.2)
    engine = replace(FAST, layer="features", trust=False, phases=2)
    found = engine.explain(clf, generator, image, target=4, feature_model=eyes)
    assert found.settings["layer"] == "features"
    with torch.no_grad():
        wanted = vgg.features((image[None] - 0.4) / 0.2).flatten(1)
        seen = vgg.features(
            (generator.generate(found.candidates.latents, found.candidates.vectors) - 0.4) / 0.2
        )
    cosine = torch.cosine_similarity(seen.flatten(1), wanted)
    assert torch.allclose(found.candidates.cosine, cosine, atol=1e-4)
    with pytest.raises(ClassifierError, match="no layer 'feature'; did you mean 'features'"):
        replace(engine, layer="feature").explain(clf, generator, image, target=4, feature_model=eyes)


def test_features_that_are_all_zero_are_refused(generator, image):
    net = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(3600, 10))
    with torch.no_grad():
        net[0].bias.fill_(-100)
    dead = Classifier(net, device="cpu", input_size=32)
    predicted = int(dead.probabilities(image[None])[0].argmax())
    with pytest.raises(ValueError, match=r"the layer '1' gives nothing but zeros .* name another"):
        FAST.explain(dead, generator, image, target=(predicted + 1) % 10)


def test_the_rules_differ_in_the_place_that_is_kept(clf, generator, image):
    quick = replace(FAST, trust=False, phases=2, method=None, rate=0.3)
    product, quarter = (
        replace(quick, rule=rule).explain(clf, generator, image, target=4) for rule in ("product", "quarter")
    )
    assert (quarter.candidates.cosine >= product.candidates.cosine - 1e-6).all()
    found = product.candidates
    called = (found.vectors * found.probabilities).sqrt().sum(dim=1)
    assert torch.allclose(product.walk.score, found.cosine * called, atol=1e-4)
    assert torch.equal(quarter.walk.score, quarter.candidates.cosine)


def test_an_image_that_is_read_rightly(clf, generator):
    right = digits("test").images[0]
    predicted = int(clf.probabilities(right[None])[0].argmax())
    label = clf.label(predicted)
    quick = replace(FAST, trust=False, phases=2, method=None)
    with pytest.raises(
        ValueError, match=f"predicts '{label}' for this image, which is the target: name the class .* wrong=…"
    ):
        quick.explain(clf, generator, right, target=label)
    found = quick.explain(clf, generator, right, predicted, wrong=(predicted + 1) % 10)
    assert found.predicted == found.target == predicted


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"wrong": "4", "target": "4"}, "wrong and target are the same class, '4': give two"),
        ({"target": None}, "a class is named by its number or its label"),
        ({"target": 10}, "10"),
        ({"target": "four"}, "four"),
        ({"wrong": "nine"}, "nine"),
    ],
)
def test_classes_that_cannot_be(clf, generator, image, given, message):
    with pytest.raises(ValueError, match=message):
        FAST.explain(clf, generator, image, **{"target": "4", **given})


def test_an_image_that_is_none(clf, generator):
    with pytest.raises(ImageError):
        FAST.explain(clf, generator, torch.rand(7, 7, 7, 7), target="4")


def test_a_generator_of_other_classes(clf, image):
    other = BigGAN(size=32, classes=5, channels=2, latent_size=8)
    with pytest.raises(GeneratorError, match="the generator has 5 classes and the classifier 10"):
        FAST.explain(clf, other, image, target="4")
    with pytest.raises(GeneratorError, match="a generator is an object with classes"):
        FAST.explain(clf, BigGAN, image, target="4")


class Painting:
    classes, latent_size = 10, 3

    def __init__(self, side=32, bad=None):
        self.side, self.bad = side, bad

    def generate(self, z, c):
        images = z.sigmoid()[:, :, None, None].expand(-1, -1, self.side, self.side)
        return images if self.bad is None else images + self.bad

    def sample(self, n, seed=0):
        return torch.randn(n, 3, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize(("bad", "message"), [(torch.nan, "NaN or infinite"), (3, "images are in")])
def test_a_generator_that_paints_what_is_no_image(clf, image, bad, message):
    with pytest.raises(GeneratorError, match=message):
        FAST.explain(clf, Painting(bad=bad), image, target="4")


def test_a_generator_that_draws_no_latent_vectors(clf, image):
    for drawn, got in ((torch.zeros(2, 3), r"\(2, 3\)"), ([[0.0] * 3] * 4, "list")):
        generator = Painting()
        generator.sample = lambda n, seed, drawn=drawn: drawn
        with pytest.raises(GeneratorError, match=rf"sample must return a tensor \(4, 3\); got {got}"):
            FAST.explain(clf, generator, image, target="4")


def test_nothing_found_is_lost_when_the_generator_fails_later(clf, image):
    generator = Painting()
    steps = FAST.steps(clf, generator, image, target="4")
    for _ in range(3):
        update = next(steps)
    generator.bad = torch.nan
    with pytest.raises(GeneratorError):
        list(steps)
    generator.bad = None
    assert FAST.explain(clf, generator, image, target="4", resume=update.partial).path.complete


def test_sizes_are_brought_together_or_refused(clf, image):
    quick = replace(FAST, updates=1, phases=2, trust=False)
    assert quick.explain(clf, Painting(side=50), image, target="4").path.frames.shape[2:] == (32, 32)
    free = Classifier(nn.Sequential(nn.Conv2d(3, 10, 3), nn.AdaptiveAvgPool2d(1), nn.Flatten()), device="cpu")
    predicted = int(free.probabilities(image[None])[0].argmax())
    with pytest.raises(ValueError, match="at 32 x 32 pixels, and what the generator paints at 50 x 50"):
        quick.explain(free, Painting(side=50), image, target=(predicted + 1) % 10)


def test_one_start_and_two_phases(clf, generator, image):
    found = Transitions(starts=1, updates=1, phases=2).explain(clf, generator, image, target="4")
    assert len(found.to_frame()) == 3
    assert found.path.at.tolist() == [0, 1]
    assert found.agreement is None  # there are no thirds of one
    assert found.randomised_model is not None


def test_too_many_phases_are_refused_before_the_search(clf, generator, image):
    with pytest.raises(ValueError, match=r"100,000 phases of 32 x 32 pixels .* 0\.7 GiB; at most"):
        next(replace(FAST, phases=100_000).steps(clf, generator, image, target="4"))


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"starts": 0}, "starts"),
        ({"updates": 0}, "updates"),
        ({"phases": 1}, "phases must be a whole number of at least 2"),
        ({"seed": -1}, "seed"),
        ({"patience": 0}, "patience"),
        ({"batch_size": 0}, "batch_size"),
        ({"rate": -1}, "rate"),
        ({"gain": float("nan")}, "gain"),
        ({"decay": 1.5}, "decay"),
        ({"keep_length": "no"}, "keep_length must be one of True, False"),
        ({"layer": -1}, "layer must be the name of a layer, not -1"),
        ({"options": 7}, "options must be a dict, not 7"),
        ({"method": torch.zeros(2)}, "method must be one of"),
        ({"rule": "best"}, "rule must be one of 'product', 'quarter'"),
        ({"trust": "no"}, "trust must be one of True, False"),
        ({"interpolation": "cubic"}, "interpolation must be one of"),
        ({"method": "magic"}, "method must be one of"),
    ],
)
def test_settings_out_of_their_range(given, message):
    with pytest.raises(ValueError, match=message):
        Transitions(**given)


def test_under_inference_mode(clf, generator, image):
    quick = replace(FAST, updates=2, phases=3, trust=False)
    with torch.inference_mode():
        inside = quick.explain(clf, generator, image, target="4")
    assert differences(inside, quick.explain(clf, generator, image, target="4")) == []
