"""Networks that know nothing."""

from __future__ import annotations

from collections import Counter
from functools import partial

import pytest
import torch
from torch import nn

from cfwidgets import Classifier
from cfwidgets.evaluation.null_zoo import constant, null_zoo, shuffled, sure, untrained
from cfwidgets.networks import FaceCNN

IMAGES = torch.rand(12, 3, 16, 16, generator=torch.Generator().manual_seed(0))
make = partial(FaceCNN, 3)


def answers(network):
    with torch.no_grad():
        return network(IMAGES).softmax(1)


def test_a_constant_network_answers_the_same_and_seeds_differ():
    found = answers(constant(3, 0))
    assert torch.equal(found, found[:1].expand_as(found))
    assert not torch.allclose(found, answers(constant(3, 1)))


def test_the_seed_makes_the_weights_and_torch_s_state_is_left_alone():
    state = torch.get_rng_state()
    assert torch.equal(answers(untrained(make, 3)), answers(untrained(make, 3)))
    assert not torch.equal(answers(untrained(make, 3)), answers(untrained(make, 4)))
    trained = [answers(shuffled(untrained(make, 0), IMAGES, 3, seed)) for seed in (0, 0, 1)]
    assert torch.equal(trained[0], trained[1])
    assert not torch.equal(trained[0], trained[2])
    assert torch.equal(torch.get_rng_state(), state)


def test_a_sure_network_is_sure_and_depends_on_the_image():
    plain, certain = answers(untrained(make, 0)), answers(sure(untrained(make, 0), IMAGES))
    assert float(plain.amax(1).mean()) < 0.45
    assert float(certain.amax(1).mean()) > 0.8
    assert len(certain.argmax(1).unique()) > 1


def test_a_network_without_a_linear_layer_is_refused():
    with pytest.raises(ValueError, match="Sequential has no linear layer to scale"):
        sure(nn.Sequential(nn.Conv2d(3, 2, 3)), IMAGES)


def test_the_zoo_has_each_kind_for_each_seed():
    trained = Classifier(sure(untrained(make, 9), IMAGES), labels=["a", "b", "c"], device="cpu")
    found = list(null_zoo(trained, IMAGES, {"face": make, "other": make}, seeds=range(2)))
    assert Counter(one.kind for one in found) == {
        "constant": 2,
        "untrained": 4,
        "untrained, sure": 4,
        "shuffled labels": 4,
        "randomised copy": 2,
    }
    assert len({one.name for one in found}) == len(found)
    for one in found:
        assert one.classifier.labels == trained.labels
        assert one.classifier.probabilities(IMAGES).shape == (12, 3)
