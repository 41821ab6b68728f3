"""The randomisation check: layers from the top on, and maps that do not change."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import Tensor, nn
from torchvision.models import VisionTransformer, resnet18

import cfwidgets as cf
from cfwidgets.engines.relevance.cascade import stages_of
from cfwidgets.engines.relevance.engine import Relevance
from cfwidgets.evaluation.overlap import rank_correlation

IMAGE = torch.rand(3, 12, 12, generator=torch.Generator().manual_seed(0))


def seeded(make) -> nn.Module:
    torch.manual_seed(0)
    return make().eval()


def three() -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(3, 6, 3, padding=1),
        nn.BatchNorm2d(6),
        nn.ReLU(),
        nn.Conv2d(6, 6, 3, padding=1),
        nn.ReLU(),
        nn.Flatten(),
        nn.Linear(864, 2),
    )


class Brightness(nn.Module):
    """Gives the brightness, times a weight: its map is the image, whatever it has learnt."""

    def __init__(self) -> None:
        super().__init__()
        self.head = nn.Linear(1, 2)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(x.mean((1, 2, 3))[:, None])


def test_each_stage_has_the_random_weights_of_the_last_one_in_its_layers_and_the_trained_elsewhere():
    clf = cf.Classifier(seeded(three), device="cpu")
    trained, random = clf.require_module().state_dict(), clf.randomised(3, (12, 12)).require_module()
    part = clf.randomised(3, (12, 12), parts=("6", "3")).require_module().state_dict()
    for name, weights in part.items():
        if "running" in name or "num_batches" in name:
            continue
        source = random.state_dict() if name[0] in "63" else trained
        assert torch.equal(weights, source[name]), name
    assert torch.equal(part["1.running_mean"], trained["1.running_mean"])
    whole = clf.randomised(3, (12, 12), parts=tuple(dict(random.named_modules()))).require_module()
    for name, weights in whole.state_dict().items():
        assert torch.equal(weights, random.state_dict()[name]), name


def test_the_first_stage_is_the_last_layer_alone_and_the_last_one_is_everything():
    clf = cf.Classifier(seeded(three), device="cpu")
    stages = stages_of(clf, IMAGE, 9)
    assert [stage.layer for stage in stages] == ["6", "3", "1", ""]
    assert [stage.share for stage in stages] == [0.25, 0.5, 0.75, 1.0]
    assert stages[0].parts == ("6",)
    assert stages[-1].parts is None
    assert [stage.share for stage in stages_of(clf, IMAGE, 2)] == [0.25, 1.0]
    assert [stage.share for stage in stages_of(clf, IMAGE, 1)] == [1.0]


def test_layers_are_counted_in_the_order_of_their_use():
    clf = cf.Classifier(seeded(lambda: resnet18(num_classes=2)), device="cpu")
    stages = stages_of(clf, torch.rand(3, 64, 64), 99)
    assert [stage.layer for stage in stages[:3]] == ["fc", "layer4.1.bn2", "layer4.1.conv2"]
    assert len(stages) == 41  # 20 convolutions, as many normalisations, and the linear layer
    vit = cf.Classifier(seeded(lambda: VisionTransformer(32, 8, 2, 2, 16, 16, num_classes=2)), device="cpu")
    stages = stages_of(vit, torch.rand(3, 32, 32), 99)
    assert stages[0].layer == "heads.head"
    attention = next(stage.parts for stage in stages if stage.layer.endswith("1.self_attention"))
    assert attention[-1].endswith("1.self_attention.out_proj")  # never called by itself


def test_the_maps_are_those_of_the_randomised_copies():
    clf = cf.Classifier(seeded(three), device="cpu")
    found = Relevance(("saliency",), stages=2, cells=2, seed=5).explain(clf, IMAGE, 1)
    one = found.map_of("saliency")
    for entry, parts in zip(one.randomised, (("6",), None), strict=True):
        copy = clf.randomised(5, (12, 12), parts=parts)
        want = cf.attribute(copy, IMAGE[None], 1, "saliency").maps[0]
        assert torch.equal(entry.pixels, want)
        assert entry.correlation == rank_correlation(one.pixels.flatten(), want.flatten())


def test_a_map_that_does_not_change_is_said_to_say_nothing():
    clf = cf.Classifier(seeded(Brightness), device="cpu")
    found = Relevance(("input_x_gradient",), cells=2).explain(clf, IMAGE, 1)
    assert abs(found.maps[0].randomised[-1].correlation) == pytest.approx(1, abs=1e-3)
    said = "The map of input_x_gradient hardly changes where all weights of the network are random"
    assert any(one.startswith(said) and "it says nothing about what" in one for one in found.caveats)
    row = found.trust().set_index("measure").loc["randomised model, by input_x_gradient"]
    assert row["ok"] is False


def test_a_map_that_changes_is_not():
    clf = cf.Classifier(seeded(three), device="cpu")
    found = Relevance(("input_x_gradient",), cells=2).explain(clf, IMAGE, 1)
    assert abs(found.maps[0].randomised[-1].correlation) < 0.5
    assert not any("hardly changes" in one for one in found.caveats)
    row = found.trust().set_index("measure").loc["randomised model, by input_x_gradient"]
    assert row["ok"] is True


def test_an_unfinished_check_tells_nothing():
    clf = cf.Classifier(seeded(Brightness), device="cpu")
    found = Relevance(("input_x_gradient",), cells=2).explain(clf, IMAGE, 1)
    one = found.maps[0]
    half = replace(found, maps=(replace(one, randomised=(replace(one.randomised[0], share=0.5),)),))
    assert not any("hardly changes" in said for said in half.caveats)
    assert "randomised model, by input_x_gradient" not in set(half.trust()["measure"])


def test_by_default_the_methods_of_many_passes_are_not_checked():
    clf = cf.Classifier(seeded(three), device="cpu")
    methods = ("saliency", "integrated_gradients")
    options = {"integrated_gradients": {"steps": 4}}
    found = Relevance(methods, options, stages=2, cells=2).explain(clf, IMAGE, 1)
    assert [len(one.randomised) for one in found.maps] == [2, 0]
    every = Relevance(methods, options, stages=2, cells=2, checked=methods).explain(
        clf, IMAGE, 1, resume=found
    )
    assert [len(one.randomised) for one in every.maps] == [2, 2]


def test_a_network_without_weights_is_marked_as_not_measured():
    class Plain(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return x.mean((2, 3)) ** 2

    found = Relevance(("input_x_gradient",), cells=2).explain(cf.Classifier(Plain()), IMAGE, 1)
    assert "cannot be randomised" in found.missing["randomised model"]
    assert found.maps[0].pixels is not None
