"""Checks of settings, and what is suggested for a misspelt name."""

from __future__ import annotations

import copy
import inspect
import pickle

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn
from torch.utils.data import Subset

import cfwidgets as cf
from cfwidgets.checks import choice
from cfwidgets.search import GDE3, NSGA2, SMPSO
from cfwidgets.search.ga import GeneticAlgorithm
from cfwidgets.text import did_you_mean
from cfwidgets.training.attgan import AttGANTraining
from cfwidgets.training.biggan import BigGANTraining
from cfwidgets.training.plain import PlainTraining
from cfwidgets.training.translation import TranslationTraining


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("gradcam", "'grad_cam'"),
        ("Grad-CAM", "'grad_cam'"),
        ("grad cam", "'grad_cam'"),
        ("intgrated_gradients", "'integrated_gradients'"),
        ("gradient", "'input_x_gradient' or 'integrated_gradients'"),
    ],
)
def test_a_method_that_was_meant_is_suggested(given, meant):
    clf = cf.Classifier(nn.Sequential(nn.Flatten(), nn.Linear(12, 2)))
    said = f"method must be one of .*, not '{given}'; did you mean {meant}"
    with pytest.raises(ValueError, match=said):
        cf.attribute(clf, [], 0, given)
    with pytest.raises(ValueError, match=said):
        cf.FaceX(method=given)
    with pytest.raises(ValueError, match=said):
        cf.Transitions(method=given)


def test_what_is_like_nothing_gets_no_suggestion():
    assert did_you_mean("zebra", ("cat", "dog")) == ""
    assert did_you_mean("", ("cat", "")) == ""
    assert did_you_mean(None, ("cat",)) == ""


def test_a_value_that_is_no_text_gets_no_suggestion():
    with pytest.raises(ValueError, match=r"channels must be one of 3, 1, not '3'$"):
        choice("channels", "3", (3, 1))
    with pytest.raises(ValueError, match=r"kind must be one of 'a', 'b', not 7$"):
        choice("kind", 7, ("a", "b"))


@pytest.mark.parametrize(
    ("kind", "given", "meant"),
    [
        (SMPSO, "populaton", "population"),
        (NSGA2, "populations", "population"),
        (GDE3, "Population", "population"),
        (GeneticAlgorithm, "mutationrate", "mutation_rate"),
        (AttGANTraining, "update", "updates"),
        (BigGANTraining, "batchsize", "batch_size"),
        (TranslationTraining, "batch-size", "batch_size"),
        (PlainTraining, "rates", "rate"),
    ],
)
def test_a_setting_that_was_meant_is_suggested(kind, given, meant):
    with pytest.raises(TypeError, match=f"{kind.__name__} has no setting '{given}'; did you mean '{meant}'"):
        kind(**{given: 4})


def test_a_subclass_names_itself_and_settings_stay_plain():
    with pytest.raises(TypeError, match="ELime has no setting 'generation'; did you mean 'generations'"):
        cf.ELime(generation=5)
    with pytest.raises(TypeError, match="positional argument"):
        cf.Lime(*range(20))
    engine = cf.ELime(generations=5)
    assert pickle.loads(pickle.dumps(engine)) == copy.deepcopy(engine) == engine
    assert "generations" in inspect.signature(cf.ELime).parameters


def test_a_bare_network_gets_no_maps():
    with pytest.raises(
        TypeError, match=r"clf must be a Classifier, not Flatten: wrap it, `Classifier\(model, …\)`"
    ):
        cf.attribute(nn.Flatten(), [], 0)


def test_an_option_that_was_meant_is_suggested():
    clf = cf.Classifier(nn.Sequential(nn.Flatten(), nn.Linear(12, 2)))
    with pytest.raises(ValueError, match=r"'grad_cam' has no option 'layers': .*; did you mean 'layer'"):
        cf.attribute(clf, [], 0, "grad_cam", layers="4")


@pytest.mark.parametrize("number", [np.int64(2), np.int32(2), torch.tensor(2).numpy()[()]])
def test_numbers_of_numpy_become_plain(number):
    made = cf.PlausibleCounterfactuals(
        NSGA2(population=number * 5), seed=number, tolerance=np.float32(0.5), limits=(np.float64(0), number)
    )
    assert made == cf.PlausibleCounterfactuals(NSGA2(population=10), seed=2, tolerance=0.5, limits=(0.0, 2))
    assert repr(made) == repr(
        cf.PlausibleCounterfactuals(NSGA2(population=10), seed=2, tolerance=0.5, limits=(0.0, 2))
    )
    with pytest.raises(ValueError, match="trust must be one of True, False"):
        cf.ELime(trust=number)


def test_a_slice_of_a_data_set_says_how_a_part_is_taken(tmp_path):
    (tmp_path / "cat").mkdir()
    Image.new("RGB", (8, 8)).save(tmp_path / "cat" / "a.png")
    for data in (cf.data.portraits(2, size=16), cf.data.concrete(2, size=32), cf.data.ImageFolders(tmp_path)):
        for part, written in ((slice(None, 1), ":1"), (slice(0, None, 2), "0::2")):
            with pytest.raises(TypeError, match=rf"^\[{written}\]: .*Subset\(data, range"):
                data[part]
        assert len(list(Subset(data, range(1)))) == 1
