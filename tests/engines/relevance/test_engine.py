"""Relevance maps side by side: what can be known of them beforehand."""

from __future__ import annotations

from contextlib import closing
from itertools import islice

import pytest
import small
import timm
import torch
import torch.nn.functional as F
from comparing import differences
from torch import Tensor, nn
from torchvision import models

import cfwidgets as cf
from cfwidgets.engines.relevance.cells import grid
from cfwidgets.engines.relevance.engine import Relevance

# Captum says at each call that it hangs hooks, here on a copy.
pytestmark = pytest.mark.filterwarnings("ignore:Setting forward, backward hooks")

LABELS = ("cat", "dog", "bird")
LINEAR = ("integrated_gradients", "input_x_gradient", "occlusion", "deep_lift", "lrp")
PIXELWISE = {"occlusion": {"window": 1, "stride": 1}}


def picture(size: int | tuple[int, int] = 12) -> Tensor:
    coarse = torch.rand(1, 3, 5, 5, generator=torch.Generator().manual_seed(0))
    return F.interpolate(coarse, size=size, mode="bilinear")[0]


def seeded(make) -> nn.Module:
    torch.manual_seed(0)
    return make().eval()


def linear() -> nn.Module:
    return seeded(lambda: nn.Sequential(nn.Flatten(), nn.Linear(432, 3, bias=False)))


def curved(activation: type[nn.Module] = nn.ReLU) -> nn.Module:
    return seeded(
        lambda: nn.Sequential(
            nn.Conv2d(3, 6, 3, padding=1),
            activation(),
            nn.Conv2d(6, 6, 3, padding=1),
            activation(),
            nn.Flatten(),
            nn.Linear(864, 3),
        )
    )


def classifier(net: nn.Module) -> cf.Classifier:
    return cf.Classifier(net, labels=LABELS, device="cpu")


def says(result, words: str) -> bool:
    return any(words in caveat for caveat in result.caveats)


def test_on_a_linear_network_the_methods_agree_with_its_weights():
    net, image = linear(), picture()
    found = Relevance(LINEAR, PIXELWISE, trust=False).explain(classifier(net), image, "dog")
    want = (net[1].weight[1].view(3, 12, 12) * image).sum(0).detach()
    assert [one.method for one in found.found] == list(LINEAR)
    for one in found.found:
        assert torch.allclose(one.pixels, want, atol=1e-5), one.method
        assert one.pixels.dtype == torch.float32
    assert found.map_of("lrp").completeness_error < 1e-4


@pytest.mark.parametrize("method", LINEAR)
def test_the_map_of_a_difference_is_the_difference_of_the_maps_where_the_method_is_linear(method):
    clf, image = classifier(curved()), picture()
    engine = Relevance((method,), trust=False)
    first, second = (engine.explain(clf, image, label).maps[0] for label in ("cat", "dog"))
    both = engine.explain(clf, image, "cat", against="dog")
    assert both.maps[0].exact
    assert torch.allclose(both.maps[0].pixels, first.pixels - second.pixels, atol=1e-5)
    assert not torch.allclose(both.maps[0].pixels, first.pixels, atol=1e-3)
    assert both.against == 1
    assert "cat rather than dog" in both.summary()
    assert not says(both, "not linear")
    if first.convergence_delta is not None:
        delta = first.convergence_delta - second.convergence_delta
        assert both.maps[0].convergence_delta == pytest.approx(delta, abs=1e-4)


def test_one_pass_is_enough_for_the_difference():
    counts = []
    for against in (None, 1 - small.classifier().probabilities(small.picture()[None]).argmax().item()):
        clf = small.classifier()
        engine = Relevance(("integrated_gradients",), trust=False)
        engine.explain(clf, small.picture(), against=against)
        counts.append(clf.require_module().images)
    assert counts[0] == counts[1]


@pytest.mark.parametrize("method", ["rap", "grad_cam", "saliency"])
def test_where_the_method_is_not_linear_it_is_said(method):
    clf, image = classifier(curved()), picture()
    engine = Relevance((method,), trust=False)
    first, second = (engine.explain(clf, image, label).maps[0].pixels for label in ("cat", "dog"))
    both = engine.explain(clf, image, "cat", against="dog")
    assert not both.maps[0].exact
    assert torch.equal(both.maps[0].pixels, first - second)
    assert says(both, f"The map of {method} is the difference of the maps of both classes")


def test_the_other_class_must_be_another():
    with pytest.raises(ValueError, match="against must be another class than the explained one, 'dog'"):
        next(Relevance().steps(classifier(linear()), picture(), "dog", against=1))
    with pytest.raises(ValueError, match="against must be another class"):
        cf.attribute(classifier(linear()), picture()[None], "dog", "saliency", against="dog")


def test_against_another_class_is_not_resumed():
    clf, engine = classifier(linear()), Relevance(("saliency",), trust=False)
    found = engine.explain(clf, picture(), "cat", against="dog")
    with pytest.raises(ValueError, match=r"resume: .*against"):
        engine.explain(clf, picture(), "cat", against="bird", resume=found)


def test_a_method_that_refuses_stands_in_its_place_with_the_reason():
    clf = classifier(curved(nn.GELU))
    found = Relevance(("rap", "saliency", "lrp"), trust=False).explain(clf, picture(), "dog")
    assert [one.method for one in found.maps] == ["rap", "saliency", "lrp"]
    assert [one.method for one in found.found] == ["saliency"]
    assert "RAP cannot pass gelu in '1' (GELU)" in found.map_of("rap").refusal
    assert found.map_of("rap").pixels is None
    assert found.map_of("rap").seconds > 0
    assert "relevance by saliency; rap and lrp refuse the network" in found.summary()
    assert any("RAP" in text.get_text() for text in found.plot().axes[1].texts)
    assert list(found.to_frame().columns) == ["part", "row", "column", "share", "saliency"]
    with pytest.raises(ValueError, match="rap has no map: RAP"):
        found.order("rap")
    with pytest.raises(ValueError, match="no map by 'grad_cam'; there are 'rap', 'saliency', 'lrp'"):
        found.map_of("grad_cam")


def test_a_black_box_is_refused_by_each_method():
    box = cf.Classifier(lambda images: images.mean((1, 2, 3)), labels=["bright"])
    found = Relevance(layers=3).explain(box, picture())
    assert len(found.maps) == 3
    assert all("needs a torch module" in one.refusal for one in found.maps)
    assert says(found, "No method explains this network")
    assert found.missing == {}


def test_a_map_that_is_not_finite_is_refused_in_its_place():
    class Root(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return x.sqrt().mean((2, 3))

    found = Relevance(("saliency", "occlusion"), trust=False).explain(
        classifier(Root()), torch.zeros(3, 8, 8), 0
    )
    assert "NaN or infinite" in found.map_of("saliency").refusal
    assert found.map_of("occlusion").pixels is not None


class OneWay(torch.autograd.Function):
    """Cannot be differentiated."""

    @staticmethod
    def forward(_ctx, x):
        return x.clone()


def test_a_method_that_fails_costs_no_other_map():
    class Net(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return OneWay.apply(x).mean((2, 3))

    found = Relevance(("saliency", "occlusion"), trust=False).explain(classifier(Net()), picture(), 0)
    assert found.map_of("saliency").refusal.startswith("NotImplementedError: ")
    assert [one.method for one in found.found] == ["occlusion"]


def test_a_resumed_run_adds_the_methods_that_are_missing():
    clf, image = classifier(curved()), picture()
    short = Relevance(("saliency",), cells=3).explain(clf, image, "dog")
    longer = Relevance(("rap", "saliency"), cells=3).explain(clf, image, "dog", resume=short)
    assert [one.method for one in longer.maps] == ["rap", "saliency"]
    assert longer.map_of("saliency").seconds == short.map_of("saliency").seconds
    assert differences(longer.map_of("saliency"), short.map_of("saliency")) == []
    assert longer.map_of("rap").faithfulness is not None
    whole = Relevance(("rap", "saliency"), cells=3).explain(clf, image, "dog")
    assert torch.equal(whole.map_of("rap").pixels, longer.map_of("rap").pixels)
    assert torch.equal(whole.map_of("rap").randomised[-1].pixels, longer.map_of("rap").randomised[-1].pixels)


def test_every_update_can_be_resumed_to_the_same_answer(tmp_path):
    clf = small.classifier()
    engine = Relevance(("rap", "grad_cam"), layers=3, cells=3, stages=2)
    updates = list(engine.steps(clf, small.picture()))
    for number, update in enumerate(updates[:-1]):
        if number % 5 == 0:
            path = tmp_path / f"{number}.safetensors"
            update.partial.save(path)
            again = engine.explain(clf, small.picture(), checkpoint=path)
            assert differences(updates[-1].partial, again) == [], update.activity


def test_the_maps_come_one_after_another():
    with closing(Relevance(("rap", "saliency", "lrp")).steps(classifier(curved()), picture())) as updates:
        first = list(islice(updates, 4))
    assert [len(update.partial.maps) for update in first] == [0, 1, 2, 3]
    assert [update.activity for update in first[:3]] == ["rap", "saliency", "lrp"]


class Looks(nn.Module):
    """Sees the upper left quarter alone."""

    def __init__(self) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.tensor([[-3.0], [3.0], [0.0]]))

    def forward(self, x: Tensor) -> Tensor:
        return F.linear(x[..., :6, :6].mean((1, 2, 3), keepdim=False)[:, None], self.scale)


def test_deletion_and_insertion_are_those_of_the_cells_that_the_network_sees():
    image = torch.ones(3, 12, 12)
    found = Relevance(("input_x_gradient",), cells=2, checked=()).explain(classifier(Looks()), image, "dog")
    assert found.order("input_x_gradient")[0] == 0
    seen, hidden = (
        float(row[1])
        for row in classifier(Looks()).probabilities(torch.stack([image, torch.zeros_like(image)]))
    )
    curves = found.map_of("input_x_gradient").faithfulness
    assert curves.deletion.area == pytest.approx(hidden + (seen - hidden) / 8, abs=1e-6)
    assert curves.insertion.area == pytest.approx(seen - (seen - hidden) / 8, abs=1e-6)
    finer = Relevance(("input_x_gradient",), cells=4, checked=()).explain(classifier(Looks()), image, "dog")
    rows = finer.trust().set_index("measure")
    assert rows.loc["deletion area of input_x_gradient", "ok"] is True
    assert rows.loc["insertion area of input_x_gradient", "ok"] is True
    against = Relevance(("input_x_gradient",), cells=2, checked=()).explain(
        classifier(Looks()), image, "dog", against="cat"
    )
    share = float(torch.tensor(6.0).sigmoid())
    measured = against.map_of("input_x_gradient").faithfulness.deletion.area
    assert measured == pytest.approx(0.5 + (share - 0.5) / 8, abs=1e-6)


def test_a_constant_map_is_told_and_orders_nothing():
    found = Relevance(("saliency", "grad_cam"), cells=2).explain(
        classifier(seeded(lambda: nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(3, 3)))),
        picture(),
        "dog",
    )
    assert says(found, "The map of saliency is the same everywhere: it shows nothing.")
    assert found.map_of("saliency").faithfulness is None
    assert "no layer that gives maps" in found.map_of("grad_cam").refusal


def test_a_sum_that_is_missed_is_told():
    net = curved()
    with torch.no_grad():
        net[0].bias.fill_(-0.2)
    found = Relevance(("integrated_gradients",), {"integrated_gradients": {"steps": 1}}, trust=False).explain(
        classifier(net), picture(), "dog"
    )
    one = found.map_of("integrated_gradients")
    promised = float(one.pixels.double().sum()) - one.convergence_delta
    assert one.completeness_error == pytest.approx(abs(one.convergence_delta / promised), rel=1e-3)
    better = Relevance(("integrated_gradients",), trust=False).explain(classifier(net), picture(), "dog")
    assert better.map_of("integrated_gradients").completeness_error < 0.05 < one.completeness_error


def test_grad_cam_of_layers_is_that_of_each_layer():
    clf, image = classifier(curved()), picture()
    found = Relevance(("grad_cam",), layers=9, trust=False).explain(clf, image, "dog")
    assert [one.layer for one in found.layers] == ["0", "1", "2", "3"]
    for one in found.layers:
        want = cf.attribute(clf, image[None], "dog", "grad_cam", layer=one.layer).maps[0]
        assert torch.equal(one.pixels, want)
    after = [one.after for one in found.layers]
    assert after == sorted(after, reverse=True)
    ends = Relevance(("grad_cam",), layers=2, trust=False).explain(clf, image, "dog")
    assert [one.layer for one in ends.layers] == ["0", "3"]


def tv_vit() -> nn.Module:
    net = models.VisionTransformer(64, 8, 3, 2, 32, 64, num_classes=3)
    nn.init.normal_(net.heads.head.weight, std=0.5)  # torchvision starts it at 0
    return net


def tv_swin() -> nn.Module:
    return models.SwinTransformer([4, 4], 24, [1, 1], [2, 2], [4, 4], num_classes=3)


def timm_vit() -> nn.Module:
    return timm.create_model("vit_tiny_patch16_224", depth=2, num_classes=3, img_size=64)


def timm_swin() -> nn.Module:
    return timm.create_model(
        "swin_tiny_patch4_window7_224",
        num_classes=3,
        embed_dim=24,
        depths=(1, 1),
        num_heads=(1, 2),
        img_size=64,
        window_size=4,
    )


@pytest.mark.costly
@pytest.mark.parametrize("make", [tv_vit, tv_swin, timm_vit, timm_swin], ids=lambda one: one.__name__)
def test_transformers_take_the_methods_that_are_sound_for_them(make):
    clf = cf.Classifier(seeded(make), labels=LABELS, input_size=64, device="cpu")
    methods = ("rap", "grad_cam", "integrated_gradients", "saliency", "deep_lift", "lrp")
    engine = Relevance(methods, {"integrated_gradients": {"steps": 30}}, cells=4, stages=3)
    found = engine.explain(clf, picture(64))
    assert [one.method for one in found.found] == ["grad_cam", "integrated_gradients", "saliency"]
    assert all(one.refusal for one in found.maps if one.method in {"rap", "deep_lift", "lrp"})
    assert found.map_of("grad_cam").layer
    assert found.map_of("integrated_gradients").completeness_error < 0.1
    assert [one.share for one in found.map_of("saliency").randomised][-1] == 1
    assert found.missing == {}


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"methods": "rap"}, "methods must be several names"),
        ({"methods": ()}, "methods must name at least one of 'rap'"),
        ({"methods": ("rap", "rap")}, "methods must name each method once"),
        ({"methods": ("gradcam",)}, "methods must be one of 'rap'"),
        ({"options": {"saliency": {}}}, "options must be one of 'rap'"),
        ({"options": {"rap": {"rules": 1}}}, "method 'rap' has no option 'rules': it takes rule"),
        ({"options": [1]}, "options must be a dict"),
        ({"checked": ("saliency",)}, "checked must be one of"),
        ({"layers": -1}, "layers"),
        ({"stages": 0}, "stages"),
        ({"cells": 1}, "cells"),
        ({"fill": "pink"}, "fill"),
    ],
)
def test_a_wrong_setting_is_named(settings, words):
    with pytest.raises(ValueError, match=words):
        Relevance(**settings)


def test_cells_are_at_most_one_a_pixel_and_as_equal_as_can_be():
    assert int(grid(5, 3, 14).max()) == 14
    counts = torch.bincount(grid(16, 16, 5).flatten())
    assert len(counts) == 25
    assert set(counts.tolist()) <= {9, 12, 16}
