"""A measure of trust that cannot be taken leaves the answer, and is marked as missing with its reason."""

from __future__ import annotations

import threading
from types import SimpleNamespace

import numpy as np
import pytest
import timm
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.ao import quantization

from cfwidgets.data import digits
from cfwidgets.engines.facex.engine import FaceX
from cfwidgets.engines.facex.result import FaceXResult
from cfwidgets.engines.superpixels.elime import ELime
from cfwidgets.engines.superpixels.lime import Lime
from cfwidgets.engines.superpixels.result import SuperpixelResult
from cfwidgets.engines.transitions.engine import Transitions
from cfwidgets.models.backends.base import ClassifierError
from cfwidgets.models.classifier import Classifier
from cfwidgets.networks import BigGAN
from cfwidgets.widgets.wire import trust_rows


class Keeps(nn.Module):
    """Keeps its last feature map, and a lock, which nobody can copy."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.head = nn.Conv2d(3, 8, 3), nn.Linear(8, 10)
        self.kept: Tensor | None = None
        self.lock = threading.Lock()

    def forward(self, x: Tensor) -> Tensor:
        self.kept = self.conv(x).relu()
        return self.head(self.kept.mean((2, 3)))


def keeps() -> Classifier:
    torch.manual_seed(0)
    return Classifier(Keeps().eval(), input_size=32)


def picture() -> Tensor:
    coarse = torch.rand(1, 3, 5, 5, generator=torch.Generator().manual_seed(0))
    return F.interpolate(coarse, size=32, mode="bilinear")[0]


def faces(count: int = 6) -> list[SimpleNamespace]:
    masks = torch.ones(32, 32, dtype=torch.int32)
    return [
        SimpleNamespace(image=torch.rand(3, 32, 32, generator=torch.Generator().manual_seed(n)), masks=masks)
        for n in range(count)
    ]


def assert_missing(result, words: str) -> None:
    assert words in result.missing["randomised model"]
    row = result.trust().set_index("measure").loc["randomised model"]
    assert np.isnan(row.value)
    assert row.against == "not measured"
    assert words in row.meaning
    last = trust_rows(result.trust())[-1]
    assert (last["value"], last["note"]) == ("–", "not measured")


COPY = "Keeps cannot be copied: cannot pickle '_thread.lock' object"


@pytest.mark.parametrize("engine", [ELime(segments=9, generations=2), Lime(segments=9, samples=20)])
def test_superpixels(engine, tmp_path):
    updates = list(engine.steps(keeps(), picture()))
    result = updates[-1].partial
    assert updates[-1].fraction == 1
    assert result.faithfulness is not None
    assert result.randomised_model is None
    assert_missing(result, COPY)
    result.save(tmp_path / "result.safetensors")
    assert SuperpixelResult.load(tmp_path / "result.safetensors").missing == result.missing
    again = engine.explain(keeps(), picture(), resume=result)  # it is tried again
    assert again.missing == result.missing


def test_facex(tmp_path):
    result = FaceX(patch=8).explain(keeps(), faces(), 1, regions=("all", "none"))
    assert len(result.numbers) == 6
    assert result.layer == "conv"
    assert_missing(result, COPY)
    result.save(tmp_path / "result.safetensors")
    assert FaceXResult.load(tmp_path / "result.safetensors").missing == result.missing


@pytest.mark.slow
def test_transitions():
    torch.manual_seed(0)
    generator = BigGAN(size=32, classes=10, channels=2, latent_size=8).eval()
    clf = keeps()
    image = digits("test").images[473]
    wanted = (int(clf.probabilities(image[None])[0].argmax()) + 1) % 10
    engine = Transitions(starts=4, updates=2, phases=8, method="saliency")
    result = engine.explain(clf, generator, image, target=wanted)
    assert result.attribution is not None
    assert_missing(result, COPY)


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore:torch.quantize_per")
def test_quantised_networks_are_measured():
    torch.manual_seed(0)
    net = nn.Sequential(nn.Flatten(), nn.Linear(3072, 16), nn.ReLU(), nn.Linear(16, 4)).eval()
    clf = Classifier(quantization.quantize_dynamic(net, {nn.Linear}, dtype=torch.qint8), input_size=32)
    result = ELime(segments=9, generations=2).explain(clf, picture())
    assert result.missing == {}
    assert result.randomised_model is not None
    assert result.randomised_model.whole != result.whole
    with pytest.raises(ClassifierError, match=r"no gradient leads|finds no layer"):
        FaceX(patch=8, method="saliency").explain(clf, faces(), 1, regions=("all",))


def test_what_cannot_be_randomised_is_missing():
    clf = Classifier(nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten()), input_size=32)
    result = ELime(segments=9, generations=2).explain(clf, picture())
    assert_missing(result, "cannot be randomised: its answer does not depend on weights")


class Sometimes(nn.Module):
    """Gives NaN for bright pictures."""

    def __init__(self, *, always: bool = False) -> None:
        super().__init__()
        self.conv, self.head, self.always = nn.Conv2d(3, 8, 3), nn.Linear(8, 4), always

    def forward(self, x: Tensor) -> Tensor:
        broken = torch.where(
            x.mean((1, 2, 3), keepdim=False)[:, None] > (-1 if self.always else 0.9), torch.nan, 0.0
        )
        return self.head(self.conv(x).relu().mean((2, 3))) + broken


def test_facex_skips_and_counts_the_faces_for_which_a_model_gives_nan():
    data = faces()
    for number in (0, 3):
        data[number].image.fill_(1)
    result = FaceX(patch=8).explain(Classifier(Sometimes().eval()), data, 1, regions=("all",))
    assert result.numbers.tolist() == [1, 2, 4, 5]
    assert [one.number for one in result.skipped] == [0, 3]
    assert "NaN" in result.skipped[0].why
    with pytest.raises(ClassifierError, match="NaN or infinite"):
        FaceX(patch=8).explain(Classifier(Sometimes(always=True).eval()), data, 1, regions=("all",))


def test_facex_names_a_layer_far_from_the_output():
    net = timm.create_model("levit_128s", num_classes=4).eval()
    large = [
        SimpleNamespace(image=F.interpolate(one.image[None], 224)[0], masks=torch.ones(224, 224).int())
        for one in faces(2)
    ]
    result = FaceX(patch=32, trust=False).explain(Classifier(net), large, 1, regions=("all",))
    rows = result.trust().set_index("measure")
    assert rows.loc["layer of the maps", "against"] == result.layer
    assert "of the layers with weights come after it" in rows.loc["layer of the maps", "meaning"]
