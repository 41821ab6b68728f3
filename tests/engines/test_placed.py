"""The answer of each result lies where it belongs in the picture, as the model sees it."""

from __future__ import annotations

from dataclasses import replace

import pytest
import small
import square as oracle
import torch

import cfwidgets as cf
from cfwidgets.evaluation import agreement
from cfwidgets.evaluation.placed import covered, resampled
from cfwidgets.search import SMPSO

QUICK = {"trust": False, "progress": False}


def corner(images):
    """Likely cat where the upper left quarter of what the model sees is bright."""
    bright = images[:, :, :4, :4].mean((1, 2, 3))
    return torch.stack([bright, 1 - bright], 1)


def test_superpixels_lie_where_the_model_sees_them():
    """Of a wide picture the model sees the middle: it is that which is cut into superpixels."""
    clf = cf.Classifier(corner, labels=["cat", "dog"], input_size=(8, 8))
    picture = torch.zeros(3, 8, 24)
    picture[:, :4, 8:12] = 1
    segments = torch.arange(4).view(2, 2).repeat_interleave(4, 0).repeat_interleave(4, 1)
    result = cf.Lime(samples=60, trust=False).explain(clf, picture, "cat", segments=segments, progress=False)
    found = result.placed((8, 8))["LIME"]
    assert found.signed
    assert torch.equal(found.pixels, result.importance[segments])
    assert int(found.pixels.flatten().argmax()) == 0
    assert float(found.pixels[4:].abs().max()) < 0.05 * float(found.pixels[0, 0])
    assert torch.equal(result.placed((2, 2))["LIME"].pixels, result.importance.view(2, 2))
    assert result.placed((8, 8))["LIME"].randomised == ()


def test_superpixels_bring_the_randomised_model_s():
    clf, picture = small.classifier(), small.picture(0)
    result = cf.Lime(segments=9, samples=60).explain(clf, picture, progress=False)
    (copy,) = result.placed((16, 16))["LIME"].randomised
    assert torch.equal(copy, result.randomised_model.importance[result.segments.long()])


def test_relevance_has_a_map_a_method_and_leaves_out_what_is_not_finite():
    clf, picture = small.classifier(), small.picture(0)
    engine = cf.Relevance(("rap", "saliency"), stages=3, cells=4)
    result = engine.explain(clf, picture, 1, against=0, progress=False)
    assert result.about == (1, 0)
    found = result.placed((16, 16))
    assert {name: one.signed for name, one in found.items()} == {"rap": True, "saliency": False}
    for method, one in found.items():
        assert torch.equal(one.pixels, result.map_of(method).pixels)
        assert [copy.tolist() for copy in one.randomised] == [
            result.map_of(method).randomised[-1].pixels.tolist()
        ]  # of the whole network, and of no layer alone
    broken = replace(result.maps[0], pixels=torch.full((16, 16), float("nan")))
    assert list(replace(result, maps=(broken, *result.maps[1:])).placed((16, 16))) == ["saliency"]
    refused = replace(result.maps[0], pixels=None, refusal="no")
    assert list(replace(result, maps=(refused, *result.maps[1:])).placed((16, 16))) == ["saliency"]


def test_a_counterfactual_lies_where_the_edit_repaints():
    """The editor darkens a quarter, and paints everything a little darker whatever is asked."""

    class Shade:
        attributes = ("dark",)

        def encode(self, image):
            return image

        def decode(self, image, attributes):
            images = (0.9 * image).expand(len(attributes), -1, -1, -1).clone()
            images[:, :, :4, 2:6] *= (1 - attributes.clamp(0, 1))[:, :, None, None]
            return images

        def recognise(self, images):
            return torch.zeros(len(images), 1)

    clf = cf.Classifier(corner, labels=["cat", "dog"], input_size=(8, 8))
    picture = torch.ones(3, 8, 12)
    engine = cf.PlausibleCounterfactuals(SMPSO(population=8, archive=8), evaluations=60, trust=False)
    result = engine.explain(clf, Shade(), picture, progress=False)
    assert result.flipped
    assert result.about == (0, 1)
    found = result.placed((8, 8))["counterfactual"]
    assert not found.signed
    assert float(found.pixels[:4, :4].min()) > 0.3  # the model sees columns 2 to 9
    found.pixels[:4, :4] = 0
    assert not found.pixels.any()
    best = replace(result, simplest=None)
    assert best.placed((8, 8))["counterfactual"].pixels.any()
    assert replace(best, predictions=torch.tensor([[1.0, 0.0]] * len(best.deltas))).placed((8, 8)) == {}


def test_a_twin_lies_where_it_differs():
    clf, translator, pictures = oracle.classifier(), oracle.translator(), oracle.pictures()
    engine = cf.CounterfactualTranslator(variants=0, trust=False)
    result = engine.explain(clf, translator, pictures[:1], progress=False)
    assert result.about == (1, 0)
    assert torch.equal(result.explained, pictures[0])
    found = result.placed((16, 16))["twin"]
    assert not found.signed
    assert torch.equal(found.pixels > 0, oracle.masks()[0] > 0)
    several = engine.explain(clf, translator, pictures[:2], progress=False)
    assert several.placed((16, 16)) == {}
    assert several.explained is None
    with pytest.raises(ValueError, match="of many pictures"):
        agreement([several, several])


def test_a_transition_lies_where_its_change_comes_from():
    clf, picture = small.classifier(), small.picture(0)
    engine = cf.Transitions(starts=3, updates=4, phases=10, rate=0.05)
    result = engine.explain(clf, small.Painter(), picture, small.other_class(clf, picture), progress=False)
    assert result.about == (result.target, result.wrong)
    found = result.placed((16, 16))["transition"]
    assert torch.equal(found.pixels, result.attribution.pixels)
    assert torch.equal(found.randomised[0], resampled(result.randomised_model.share, (16, 16)))
    assert not found.signed


def test_a_map_of_another_size_is_scaled_or_cut():
    wide = torch.arange(32.0).view(4, 8)
    assert torch.equal(resampled(wide, (4, 8)), wide)
    assert torch.equal(resampled(wide, (8, 16)), wide.repeat_interleave(2, 0).repeat_interleave(2, 1))
    assert float(resampled(wide, (3, 5)).mean()) == pytest.approx(15.5, abs=0.5)
    assert torch.equal(covered(wide, (4, 4)), wide[:, 2:6])
    assert torch.equal(covered(wide, (2, 2)), resampled(wide[:, 2:6], (2, 2)))
    assert torch.equal(covered(wide.T, (2, 2)), resampled(wide.T[2:6], (2, 2)))
