"""The relevance view without a browser: the traits it sends, takes and refuses."""

from __future__ import annotations

import gc
import io
import struct
import threading
import zlib
from dataclasses import replace

import numpy as np
import pytest
import small
import torch
from PIL import Image
from traitlets import TraitError
from waiting import PATIENCE, until

from cfwidgets import Classifier, Relevance, RelevanceExplorer, RelevanceView
from cfwidgets.evaluation.hiding import FILLS, fills
from cfwidgets.images import as_bytes
from cfwidgets.widgets.relevance.hiding import Hiding, composed
from cfwidgets.widgets.relevance.levels import ranking
from cfwidgets.widgets.relevance.view import SHARES

METHODS = ("rap", "lrp", "grad_cam")
ENGINE = Relevance(METHODS, layers=2, stages=2, cells=4)


@pytest.fixture(scope="module")
def clf():
    return small.classifier()


@pytest.fixture(scope="module")
def found(clf):
    return ENGINE.explain(clf, small.picture(0))


@pytest.fixture
def view(clf, found):
    made = RelevanceView(clf, engine=ENGINE, result=found)
    yield made
    made.close()


def blobs(pack):
    (n,) = struct.unpack_from("<I", pack)
    ends = struct.unpack_from(f"<{n}I", pack, 4)
    start = 4 + 4 * n
    return [pack[start + a : start + b] for a, b in zip((0, *ends), ends, strict=False)]


def values(blob, peak):
    levels = np.frombuffer(zlib.decompress(blob), "<i2").reshape(small.SIDE, small.SIDE)
    return levels * peak / 32767


def pixels(blob):
    return np.asarray(Image.open(io.BytesIO(blob)))


def answered(view):
    until(lambda: view.answer.get("hiding") == view.hiding)
    return view.answer


def test_a_run_fills_the_view_in(clf, found):
    made = RelevanceView(
        clf, small.picture(0), methods=METHODS, engine=Relevance(("rap",), layers=2, stages=2)
    )
    assert len(made.run.result(PATIENCE).maps) == 3
    until(lambda: made.state == "done")
    assert (made.error, made.progress, made.size) == ("", 1, [small.SIDE] * 2)
    assert made.counts.startswith("3 of 3 methods · 2 layers · ")
    assert (made.target, made.against, made.labels) == (found.target, -1, list(small.LABELS))
    made.close()


def test_the_browser_gets_the_picture_and_all_maps(view, found):
    assert np.array_equal(pixels(view.picture), as_bytes(found.image).permute(1, 2, 0).numpy())
    maps, layers, stages = (blobs(pack) for pack in (view.maps, view.layer_maps, view.stage_maps))
    assert len(maps) == len(view.entries) == 3
    for entry, blob, one in zip(view.entries, maps, found.maps, strict=True):
        assert entry["method"] == one.method
        if one.pixels is None:
            assert blob == b""
        else:
            assert np.abs(values(blob, entry["peak"]) - one.pixels.numpy()).max() <= entry["peak"] / 60000
    for row, blob, one in zip(view.layers, layers, found.layers, strict=True):
        assert np.abs(values(blob, row["peak"]) - one.pixels.numpy()).max() <= row["peak"] / 60000
    rows = [row for entry in view.entries for row in entry["stages"]]
    randomised = [one for entry in found.maps for one in entry.randomised]
    assert len(randomised) > 2
    for row, blob, one in zip(rows, stages, randomised, strict=True):
        assert row["alike"] == pytest.approx(one.correlation, abs=1e-5)
        assert np.abs(values(blob, row["peak"]) - one.pixels.numpy()).max() <= row["peak"] / 60000


def test_numbers_stand_beside_each_map(view, found):
    for entry, one in zip(view.entries, found.maps, strict=True):
        if one.faithfulness is None:
            assert entry["deletion"] is None
            continue
        measured = one.faithfulness
        areas = [measured.deletion.area, measured.random_deletion.area]
        assert entry["deletion"] == pytest.approx(areas, abs=1e-5)
        assert entry["better"] == list(measured.beyond_random)
    rap = found.map_of("rap")
    assert view.entries[0]["error"] == pytest.approx(rap.completeness_error, abs=1e-5)
    errors = [one.completeness_error for one in found.maps]
    assert [entry["complete"] for entry in view.entries] == [e if e is None else e < 0.1 for e in errors]
    assert {True, None} <= {entry["complete"] for entry in view.entries}


@pytest.mark.parametrize(("alike", "changed"), [(0.9, False), (-0.9, False), (0.7, None), (0.1, True)])
def test_it_stands_beside_a_map_if_a_randomised_network_has_it_too(clf, found, alike, changed):
    first, *others = found.maps
    random = replace(first.randomised[-1], correlation=alike)
    view = RelevanceView(
        clf,
        result=replace(found, maps=(replace(first, randomised=(*first.randomised[:-1], random)), *others)),
    )
    assert view.entries[0]["stages"][-1]["changed"] is changed
    assert any("says nothing" in caveat for caveat in view.caveats) == (changed is False)
    view.close()


def test_a_method_that_refuses_stands_in_its_place():
    net = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(3 * 64, 2))
    refuses = Relevance(("saliency", "grad_cam"), trust=False)
    view = RelevanceView(Classifier(net, labels=["a", "b"]), torch.rand(3, 8, 8), engine=refuses)
    view.run.result(PATIENCE)
    until(lambda: view.state == "done")
    assert [entry["refusal"] != "" for entry in view.entries] == [False, True]
    assert "saliency" in view.hiding["method"]
    with pytest.raises(TraitError, match="no map by 'grad_cam'"):
        view.hiding = {**view.hiding, "method": "grad_cam"}
    view.close()


def test_a_map_that_is_not_finite_says_so_and_hides_nothing(clf, found):
    first, *others = found.maps
    broken = replace(first, pixels=torch.full_like(first.pixels, float("nan")))
    view = RelevanceView(clf, result=replace(found, maps=(broken, *others)))
    assert view.entries[0]["refusal"] == "The map is not finite: it shows nothing."
    assert blobs(view.maps)[0] == b""
    assert view.hiding["method"] == "lrp"
    view.close()


def test_a_result_without_the_map_that_hid_hides_by_another(view, found):
    assert view.hiding["method"] == "rap"
    view.show(replace(found, maps=found.maps[1:]))
    assert view.hiding["method"] == "lrp"
    assert answered(view)["probability"] >= 0


@pytest.mark.parametrize("fill", FILLS)
def test_the_model_is_asked_for_exactly_what_is_hidden(clf, found, view, fill):
    hiding = {"method": "rap", "percent": 30, "least": True, "fill": fill}
    view.hiding = hiding
    answer = answered(view)
    picture = composed(found.image, fills(found.image), ranking(found.map_of("rap").pixels), Hiding(**hiding))
    expected = clf.probabilities(picture[None])[0]
    assert answer["probability"] == pytest.approx(float(expected[found.target]), abs=1e-6)
    assert dict(map(tuple, answer["top"])) == pytest.approx(dict(enumerate(expected.tolist())), abs=1e-6)
    assert (answer["picture"] != b"") == (fill == "inpaint")
    if fill == "inpaint":
        assert np.array_equal(pixels(answer["picture"]), as_bytes(picture).permute(1, 2, 0).numpy())
    else:
        sent = pixels(blobs(view.fills)[FILLS.index(fill)])
        assert np.array_equal(sent, as_bytes(fills(found.image)[fill]).permute(1, 2, 0).numpy())


def test_the_curves_have_the_answer_on_them_and_meet_at_both_ends(view, found):
    view.hiding = {"method": "rap", "percent": 37, "least": False, "fill": "mean"}
    until(lambda: len(view.curves.get("least", [])) == len(SHARES) and view.curves["fill"] == "mean")
    most, least = dict(view.curves["most"]), dict(view.curves["least"])
    assert set(most) == {*SHARES, 37}
    assert most[37] == pytest.approx(answered(view)["probability"])
    assert most[0] == least[0] == pytest.approx(float(found.prediction[found.target]), abs=1e-5)
    assert most[100] == pytest.approx(least[100])


def test_the_chart_draws_the_curves_and_frees_all(clf, found):
    explorer = RelevanceExplorer(clf, engine=ENGINE, result=found)
    until(lambda: len(explorer.view.curves.get("least", [])) == len(SHARES))
    until(lambda: len(explorer.chart.marks[1].y) == len(SHARES))
    assert explorer.chart.marks[0].x.tolist() == sorted({*SHARES, 10})
    explorer.hiding = {**explorer.hiding, "fill": "inpaint"}
    until(
        lambda: (
            explorer.view.curves["fill"] == "inpaint" and len(explorer.view.curves["least"]) == len(SHARES)
        )
    )
    explorer.close()
    gc.collect()
    until(lambda: not [one for one in threading.enumerate() if one.name.startswith("cfwidgets")])


def test_another_class_is_explained_and_the_first_is_shown_again(clf, found, view):
    other = 1 - found.target
    view.set_state({"target": other})
    view.run.result(PATIENCE)
    until(lambda: view.state == "done")
    assert view.result.target == other
    assert answered(view)["target"] == other
    expected = ENGINE.explain(clf, small.picture(0), other)
    assert view.result.to_frame().equals(expected.to_frame())
    for row, blob, one in zip(view.layers, blobs(view.layer_maps), expected.layers, strict=True):
        assert np.abs(values(blob, row["peak"]) - one.pixels.numpy()).max() <= row["peak"] / 60000
    view.set_state({"target": found.target})
    until(lambda: view.state == "done" and view.result is found)
    assert view.target == found.target
    assert answered(view)["target"] == found.target


def test_maps_against_a_second_class(clf):
    quick = Relevance(("rap",), trust=False)
    view = RelevanceView(clf, small.picture(0), 0, against=1, engine=quick)
    view.run.result(PATIENCE)
    until(lambda: view.state == "done")
    assert (view.target, view.against) == (0, 1)
    assert view.result.against == 1
    view.set_state({"target": 1})
    assert "against must be another class" in view.error
    assert view.target == 0
    view.set_state({"target": 1, "against": 0})  # the other way round
    view.run.result(PATIENCE)
    until(lambda: view.state == "done" and view.answer)
    assert (view.result.target, view.result.against, view.error) == (1, 0, "")
    assert (view.answer["target"], view.answer["against"]) == (1, 0)
    view.set_state({"against": -1})
    view.run.result(PATIENCE)
    until(lambda: view.state == "done" and view.answer)
    assert (view.result.target, view.result.against, view.answer["against"]) == (1, None, -1)
    view.close()
    with pytest.raises(ValueError, match="against must be another class"):
        RelevanceView(clf, small.picture(0), 1, against=1)


@pytest.mark.parametrize(
    "changed",
    [
        {"hiding": {"method": "nonsense", "percent": 10, "least": False, "fill": "blur"}},
        {"hiding": {"method": "rap", "percent": 1000, "least": False, "fill": "blur"}},
        {"hiding": {"method": "rap"}},
        {"target": 2},
    ],
)
def test_what_the_page_may_not_ask_is_refused_and_seen(view, changed):
    before = {name: getattr(view, name) for name in changed}
    view.set_state(changed)
    assert view.error
    assert {name: getattr(view, name) for name in changed} == before


@pytest.mark.parametrize(("name", "index"), [("target", 2), ("target", -1), ("against", 2), ("against", -2)])
def test_a_class_that_is_not_there_is_refused_at_once(view, name, index):
    before = getattr(view, name)
    with pytest.raises(TraitError, match=rf"{name} must be from (0|-1) to 1, not {index}"):
        setattr(view, name, index)
    assert (getattr(view, name), view.state, view.run) == (before, "done", None)


def test_the_same_maps_are_not_encoded_again(view, found, monkeypatch):
    calls = []
    monkeypatch.setattr("cfwidgets.widgets.relevance.entries.deflated", lambda one: calls.append(one) or b"")
    view.show(found)
    assert calls == []
