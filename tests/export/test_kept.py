"""Widgets that a notebook was saved with: what a page shows of them, what it needs, what is disabled."""

from __future__ import annotations

import base64

import pytest

from cfwidgets.export.kept import VIEW, kept

CONTROLS, BASE, OUTPUT = "@jupyter-widgets/controls", "@jupyter-widgets/base", "@jupyter-widgets/output"


def model(name: str, module: str = CONTROLS, buffers=(), **state):
    made = {"model_name": f"{name}Model", "model_module": module, "model_module_version": "2.0.0"}
    return made | {"state": state} | ({"buffers": list(buffers)} if buffers else {})


def box(*children: str, **state):
    return model("VBox", children=[f"IPY_MODEL_{name}" for name in children], **state)


def view(name: str, **state):
    about = {"_anywidget_id": name, "_esm": "code", "_css": "", "state": "done"}
    return model("Any", "anywidget", **about | state)


def link(kind: str, source: str, target: str):
    ends = {"source": [f"IPY_MODEL_{source}", "value"], "target": [f"IPY_MODEL_{target}", "value"]}
    return model(kind, **ends)


def test_a_view_brings_all_that_it_refers_to_and_nothing_else():
    models = {
        "box": box("inner"),
        "inner": model("Label", layout="IPY_MODEL_layout", value="x"),
        "layout": model("Layout", BASE),
        "other": model("Label"),
    }
    found = kept(models, ["box"])
    assert found.shown == {"box"}
    assert list(found.state.models) == ["box", "inner", "layout"]
    assert found.front_ends == ()


def test_two_views_of_one_model_have_one_state_and_texts_stand_once():
    models = {"a": view("cfwidgets.one.View"), "b": view("cfwidgets.one.View"), "box": box("a", "b")}
    found = kept(models, ["a", "box", "box"])
    assert found.state.texts == ["code", ""]
    assert [found.state.models[name]["state"]["_esm"] for name in "ab"] == [0, 0]
    assert found.front_ends == ("anywidget",)


def test_code_runs_of_our_own_views_alone():
    models = {"ours": view("cfwidgets.one.View"), "odd": view("odd.View"), "none": model("Any", "anywidget")}
    found = kept(models, models)
    assert found.shown == {"ours"}
    assert list(found.state.models) == ["ours"]


@pytest.mark.parametrize(
    ("stranger", "name"),
    [(view("far.away.Odd"), "Odd of far.away"), (model("Map", "jupyter-leaflet"), "Map of jupyter-leaflet")],
)
def test_a_stranger_among_others_is_named_and_brings_nothing(stranger, name):
    stranger["state"]["layers"] = ["IPY_MODEL_layer"]
    found = kept({"box": box("odd"), "odd": stranger, "layer": model("Label")}, ["box"])
    assert found.shown == {"box"}
    assert found.state.models["odd"]["model_name"] == "LabelModel"
    assert found.state.models["odd"]["state"] == {"value": f"{name}: not in this page"}
    assert "layer" not in found.state.models
    assert found.state.texts == []


@pytest.mark.parametrize(
    "broken", [None, "text", {}, {"state": []}, {"model_name": 1, "model_module": CONTROLS, "state": {}}]
)
def test_a_view_whose_state_is_not_whole_is_not_shown(broken):
    models = {"box": box("lost"), "lost": broken, "label": model("Label")}
    assert kept(models, ["box", "lost", "gone", "label"]).shown == {"label"}


def test_charts_need_the_front_ends_that_they_were_made_with():
    models = {
        "figure": model("Figure", "bqplot", scale_x="IPY_MODEL_scale"),
        "scale": model("LinearScale", "bqscales"),
    }
    assert kept(models, ["figure"]).front_ends == ("bqplot", "bqscales")


def test_links_come_with_both_of_their_ends():
    models = {
        "box": box("a", "b"),
        "a": model("IntSlider"),
        "b": model("IntSlider"),
        "c": model("IntSlider"),
        "ab": link("Link", "a", "b"),
        "ac": link("Link", "a", "c"),
    }
    assert list(kept(models, ["box"]).state.models) == ["box", "a", "b", "ab"]


@pytest.mark.parametrize(("kind", "heard"), [("Link", {"a", "b"}), ("DirectionalLink", {"a"})])
def test_what_nothing_listens_to_is_disabled_and_says_so(kind, heard):
    models = {
        "box": box("a", "b", "alone", "button", "label"),
        "a": model("IntSlider"),
        "b": model("IntText"),
        "alone": model("FloatSlider"),
        "button": model("Button"),
        "label": model("Label"),
        "link": link(kind, "a", "b"),
    }
    found = kept(models, ["box"]).state.models
    disabled = {name for name, one in found.items() if one["state"].get("disabled")}
    assert disabled == {"a", "b", "alone", "button"} - heard
    for name in disabled:
        assert found[name]["state"]["tooltip"] == "needs the notebook: this page cannot answer it"
    assert "disabled" not in models["alone"]["state"]  # the notebook stays as it is


def test_what_an_output_shows_comes_with_it():
    shown = [{"output_type": "display_data", "data": {VIEW: {"model_id": name}}} for name in ("in", "gone")]
    found = kept({"out": model("Output", OUTPUT, outputs=shown), "in": model("Label")}, ["out"])
    assert found.shown == {"out"}
    assert list(found.state.models) == ["out", "in"]


def test_a_run_that_went_on_is_told_as_stopped():
    found = kept({"a": view("cfwidgets.one.View", state="running", activity="searching")}, ["a"])
    assert found.state.models["a"]["state"]["state"] == "stopped"
    assert found.state.models["a"]["state"]["activity"] == ""


def test_bytes_in_either_form_are_read():
    buffers = [
        {"path": ["x"], "encoding": "hex", "data": "00ff"},
        {"path": ["y"], "encoding": "base64", "data": "AP8="},
    ]
    found = kept({"a": model("Image", buffers=buffers)}, ["a"]).state.models["a"]["buffers"]
    assert [base64.b64decode(one["data"]) for one in found] == [b"\x00\xff"] * 2
    assert [one["encoding"] for one in found] == ["base64"] * 2
