"""Relevance results: tables, files and words."""

from __future__ import annotations

from dataclasses import replace

import pytest
import small
import torch
from comparing import differences

import cfwidgets as cf
from cfwidgets.results import ResultError

ENGINE = cf.Relevance(("rap", "grad_cam", "saliency"), cells=4, stages=2, layers=2)


@pytest.fixture(scope="module")
def found():
    return ENGINE.explain(small.classifier(), small.picture())


def test_the_table_has_the_means_of_cells_or_of_given_superpixels(found):
    rap = found.map_of("rap").pixels
    frame = found.to_frame()
    assert len(frame) == 16
    assert frame["share"].sum() == pytest.approx(1)
    assert frame["rap"][5] == pytest.approx(float(rap[4:8, 4:8].mean()))
    assert (frame["row"][5], frame["column"][5]) == (5.5, 5.5)
    assert (frame["share"] * frame["rap"]).sum() * rap.numel() == pytest.approx(float(rap.sum()), abs=1e-4)
    halves = torch.full((16, 16), 3)
    halves[:, 8:] = 7
    of_two = found.to_frame(halves)
    assert of_two["rap"].tolist() == pytest.approx([float(rap[:, :8].mean()), float(rap[:, 8:].mean())])
    for wrong in (halves[:4], halves.float()):
        with pytest.raises(ValueError, match="segments must be whole numbers of shape"):
            found.to_frame(wrong)


def test_it_is_read_as_it_was_written(found, tmp_path):
    found.save(tmp_path / "maps.safetensors")
    assert differences(found, cf.RelevanceResult.load(tmp_path / "maps.safetensors")) == []


@pytest.mark.parametrize(
    "change",
    [
        lambda one: {"maps": (replace(one.maps[0], pixels=torch.zeros(4, 4)), *one.maps[1:])},
        lambda one: {"layers": (replace(one.layers[0], pixels=torch.zeros(4, 4)),)},
        lambda one: {"against": one.target},
        lambda one: {"against": 2},
        lambda one: {"settings": {}},
        lambda one: {"maps": (replace(one.maps[0], seconds=-1.0),)},
    ],
    ids=["size", "size of a layer", "one class", "no class", "settings", "time"],
)
def test_a_file_that_contradicts_itself_is_refused(found, change, tmp_path):
    path = tmp_path / "maps.safetensors"
    replace(found, **change(found)).save(path)
    with pytest.raises(ResultError, match="does not fit RelevanceResult"):
        cf.RelevanceResult.load(path)


def test_equal_cells_are_ordered_by_lot(found):
    flat = replace(found.map_of("rap"), pixels=torch.zeros(16, 16))
    lots = []
    for seed in (0, 1):
        one = replace(found, maps=(flat,), settings={**found.settings, "seed": seed})
        lots.append(one.order("rap").tolist())
        assert sorted(lots[-1]) == list(range(16))
    assert lots[0] != lots[1]


def test_an_order_no_better_than_random_ones_is_told(found):
    one = found.map_of("rap")
    f = one.faithfulness
    lost = replace(
        f,
        deletion=replace(f.deletion, area=f.random_deletion.area),
        insertion=replace(f.insertion, area=f.random_insertion.area),
    )
    poor = replace(found, maps=(replace(one, faithfulness=lost),))
    assert any("no sooner than in random orders" in said for said in poor.caveats)
    rows = poor.trust().set_index("measure")["ok"]
    assert (rows["deletion area of rap"], rows["insertion area of rap"]) == (False, False)
    good = replace(f, insertion=replace(f.insertion, area=1.0))
    rich = replace(found, maps=(replace(one, faithfulness=good),))
    assert not any("no sooner than" in said for said in rich.caveats)


def test_a_map_that_is_not_finite_is_told(found):
    broken = replace(found.map_of("rap"), pixels=torch.full((16, 16), torch.nan))
    assert "The map of rap is not finite: it shows nothing." in replace(found, maps=(broken,)).caveats


def test_a_class_that_is_hardly_predicted_is_told(found):
    doubted = replace(found, prediction=torch.tensor([0.95, 0.05]), target=1)
    assert any("has a probability of 0.050: the model predicts" in said for said in doubted.caveats)


def test_each_map_is_drawn_with_a_scale_of_its_own(found):
    axes = found.plot().axes
    pictures = [axis for axis in axes if axis.images]
    assert [axis.get_title() for axis in pictures] == [
        f"probability {float(found.prediction[found.target]):.3f}",
        "rap",
        "grad_cam",
        "saliency",
    ]
    for axis, one in zip(pictures[1:], found.maps, strict=True):
        low, high = axis.images[0].get_clim()
        assert -low == high == pytest.approx(float(one.pixels.abs().max()))
    with pytest.raises(ValueError, match="no map to draw"):
        replace(found, maps=()).plot()
