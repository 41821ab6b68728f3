"""A translator and classifiers in one network: what travels, and what does not."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from cfwidgets import Classifier, Translator
from cfwidgets.export.refusal import CannotTravelError
from cfwidgets.export.translated import translated_network

IMAGES = torch.rand(3, 3, 16, 16, generator=torch.Generator().manual_seed(0))


def classifier(seed: int = 0, **settings) -> Classifier:
    torch.manual_seed(seed)
    net = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 2))
    return Classifier(net, **settings)


class Branched(nn.Module):
    """A translator with a class branch, which a page does not need."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(2)
        self.paint = nn.Conv2d(3, 3, 3, padding=1)

    def forward(self, images):
        return self.paint(images).sigmoid(), images.mean((2, 3))


@pytest.mark.costly
@pytest.mark.parametrize(
    "network", [Branched, lambda: nn.Sequential(nn.Conv2d(3, 3, 1), nn.Sigmoid())], ids=["branched", "plain"]
)
def test_translator_and_both_classifiers_answer_as_in_python(network):
    clf, second = classifier(mean=0.4, std=0.3), classifier(1, input_size=16)
    translator = Translator(network())
    assert translated_network(clf, translator, second, IMAGES, "full").difference <= 1e-4
    half = translated_network(clf, translator, None, IMAGES, "half")
    assert half.half


def test_what_cannot_travel_says_why():
    painter = Translator(nn.Sequential(nn.Conv2d(3, 3, 1), nn.Sigmoid()))
    black_box = Classifier(lambda images: images.mean((2, 3)).softmax(1))
    with pytest.raises(CannotTravelError, match="the translator is a function"):
        translated_network(classifier(), Translator(lambda images: images / 2), None, IMAGES, "full")
    with pytest.raises(CannotTravelError, match="another size"):
        translated_network(classifier(input_size=8), painter, None, IMAGES, "full")
    for models in ((black_box, None), (classifier(), black_box)):
        with pytest.raises(CannotTravelError, match="a function"):
            translated_network(models[0], painter, models[1], IMAGES, "full")
