"""The FaceX view without a browser: what it sends, what it takes, and what it refuses."""

from __future__ import annotations

import io
import struct
import threading
import time
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn
from traitlets import TraitError
from waiting import PATIENCE, until

from cfwidgets import Classifier, ClassifierError, FaceX, FaceXExplorer, FaceXView, PrototypeError
from cfwidgets.data.faces.prototype import Prototype, Region
from cfwidgets.engines.facex.result import FaceXResult

REGIONS = ("background", "skin", "hair", "hat")
UNREADABLE = Prototype((0, 0, 9, 9), (Region("skin", ("M0 0L1",)),))
QUICK = FaceX(patch=8, patches=4, batch_size=5, probed=6, groups="Male", sampled=5)


class Faces:
    """Grey squares with a lit upper half, the hair, and a dark lower one, the skin; none has a hat."""

    names = ("Male",)

    def __len__(self):
        return 12

    def __getitem__(self, index):
        image = torch.full((3, 32, 32), 0.1 + 0.02 * index)
        image[:, 4:16, 4:28] = 0.6 + 0.03 * index
        masks = torch.ones(32, 32, dtype=torch.int32)
        masks[4:16, 4:28] = 4
        masks[16:28, 4:28] = 2
        return SimpleNamespace(
            image=image, masks=masks, attributes=torch.tensor([index % 2 == 0]), name=f"<b>{index}</b>.png"
        )


def classifier(sign=1.0):
    """Looks at what is bright (or dark)."""
    net = nn.Sequential(nn.Conv2d(3, 1, 1), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(1, 2))
    with torch.no_grad():
        net[0].weight.fill_(sign / 3)
        net[0].bias.fill_(0.0 if sign > 0 else 1.0)
        net[4].weight.copy_(torch.tensor([[-1.0], [1.0]]))
        net[4].bias.zero_()
    return Classifier(net, labels=["female", "Male"])


def made(**settings):
    return FaceXView(classifier(), Faces(), "Male", engine=QUICK, regions=REGIONS, **settings)


@pytest.fixture(scope="module")
def found():
    return QUICK.explain(classifier(), Faces(), "Male", regions=REGIONS)


@pytest.fixture
def view(found):
    shown = FaceXView(classifier(), Faces(), engine=QUICK, result=found)
    yield shown
    shown.close()


def opened(blob):
    return np.asarray(Image.open(io.BytesIO(blob)))


def test_a_run_fills_the_view_in():
    running = made()
    running.run.result(30)
    until(lambda: running.state == "done")
    assert (running.error, running.progress, running.counts) == ("", 1, "12 of 12 faces")
    running.close()


def test_the_browser_gets_all_that_it_needs(view, found):
    assert view.target == "Male"
    assert len(view.prototype["regions"]) == 19
    rows = {row["name"]: row for row in view.regions}
    assert list(rows) == list(REGIONS)
    assert rows["hair"]["rank"] == 1
    assert rows["hair"]["ior"] == pytest.approx(float(found.ior[:, 2].mean()), abs=1e-5)
    assert rows["hair"]["low"] <= rows["hair"]["ior"] <= rows["hair"]["high"]
    assert rows["hat"] == {
        "name": "hat",
        "label": "hat",
        "ior": None,
        "low": None,
        "high": None,
        "count": 0,
        "rank": None,
        "null": None,
        "effect": None,
        "effect_low": None,
        "effect_high": None,
        "effect_count": 0,
        "effect_rank": None,
        "push": None,
    }
    assert rows["hair"]["effect"] > rows["skin"]["effect"] > 0
    assert rows["hair"]["push"] > 0  # it is bright, and that speaks for the class
    tiles = [entry["tile"] for rows in view.patches.values() for entry in rows]
    assert tiles == list(range(len(tiles)))
    assert struct.unpack_from("<I", view.patch_tiles)[0] == len(tiles)
    assert len(view.patches["hair"]) == 4
    assert view.patches["hat"] == []
    assert view.groups == ["all", "Male", "not Male"]
    assert [len(group) for group in view.grouped] == [4, 4, 4]
    assert view.grouped[1][2]["count"] == 6
    assert [row["name"] for row in view.trust][:2] == ["agreement of two halves", "randomised model"]
    assert view.skipped == {}


def test_two_models_stand_side_by_side():
    both = made(second=classifier(-1.0))
    both.run.result(30)
    until(lambda: both.state == "done")
    assert len(both.models) == len(both.result) == 2
    hair, dark = (next(r for r in rows if r["name"] == "hair")["ior"] for rows in (both.regions, both.other))
    assert hair > dark
    assert both.counts == "12 of 12 faces"
    caveats = [one.caveats for one in both.result]
    assert all(caveats)
    expected = [f"{name}: {said}" for name, some in zip(both.models, caveats, strict=True) for said in some]
    assert both.caveats == expected
    measured = [
        f"{name}: {measure}"
        for name, one in zip(both.models, both.result, strict=True)
        for measure in one.trust().measure
    ]
    assert [row["name"] for row in both.trust] == measured
    both.close()


def test_a_face_is_opened_with_the_map_of_the_model_that_its_patch_is_of():
    both = made(second=classifier(-1.0))
    both.run.result(30)
    until(lambda: both.state == "done")
    maps = []
    for model in (1, 0):
        both.set_state({"opened": 11, "opened_by": model, "chosen": "hair"})
        until(lambda model=model: both.face.get("model") == model)
        maps.append(opened(both.face["map"]).astype(float))
        assert both.face["image"] == 11
    dark, light = (attention[6:14, 6:26].mean() - attention[18:26, 6:26].mean() for attention in maps)
    assert dark < 0 < light
    assert both.face["answer"][0][0] == "Male"
    both.close()


def test_a_face_is_opened_with_its_map_and_the_region_s_outline(view):
    view.chosen = "hair"
    image = view.patches["hair"][0]["image"]
    view.set_state({"opened": image})
    until(lambda: view.face.get("region") == "hair")
    face = view.face
    assert (face["image"], face["name"], face["size"]) == (image, f"<b>{image}</b>.png", [32, 32])
    assert face["box"][2] == 8
    mask = opened(face["region_mask"])
    assert (mask[4:16, 4:28] == 255).all()
    assert mask[20:].max() == 0
    attention = opened(face["map"])
    assert attention[8, 16] > attention[20, 16]
    assert np.array_equal(
        opened(face["picture"]), (Faces()[image].image * 255).round().byte().permute(1, 2, 0).numpy()
    )
    assert face["answer"][0][0] == "Male"


def test_without_the_faces_none_is_opened(found):
    shown = FaceXView(classifier(), engine=QUICK, result=found)
    shown.set_state({"opened": 1})
    until(lambda: "needs the data set" in shown.error)
    shown.close()


RUBBISH = [
    ({"chosen": "tail"}, "a region or empty, not 'tail'"),
    ({"chosen": 3}, "a region or empty, not 3"),
    ({"opened": 12}, "opened must be from -1 to 11, not 12"),
    ({"opened": "x"}, "opened must be from -1 to 11, not 'x'"),
    ({"opened": True}, "opened must be from -1 to 11, not True"),
    ({"opened_by": 1}, "opened_by must be from 0 to 0, not 1"),
    ({"group": 3}, "group must be from 0 to 2, not 3"),
    ({"quantity": "size"}, "quantity"),
    ({"regions": []}, "the page may not set regions"),
]


@pytest.mark.costly
@pytest.mark.parametrize(("sent", "text"), RUBBISH)
def test_rubbish_is_refused_and_seen(view, sent, text):
    before = view.get_state(list(sent))
    view.set_state(sent)
    assert text in view.error
    assert view.get_state(list(sent)) == before
    view.set_state({"chosen": "skin"})
    assert view.error == ""


def test_the_kernel_leaves_alone_what_a_chart_and_the_view_share(view):
    # bqplot hands over arrays, which arrive as bytes
    view.set_state({"cursor": memoryview(b"\x02\0\0\0"), "pointed": "hair"})
    assert (view.error, view.cursor, view.pointed) == ("", None, "hair")


def test_the_pinned_region_is_set_from_python(view):
    view.chosen = "skin"
    with pytest.raises(TraitError, match="there is no region 'tail'; the regions are background, skin"):
        view.chosen = "tail"


class Torn(Faces):
    """Some faces are damaged."""

    def __init__(self, *damaged):
        self.damaged = set(damaged)

    def __getitem__(self, index):
        if index in self.damaged:
            raise OSError(f"<i>{index}.png</i> is damaged")
        return super().__getitem__(index)


def test_unusable_faces_are_listed_and_the_others_keep_their_numbers():
    running = FaceXView(classifier(), Torn(2, 7), "Male", engine=QUICK, regions=REGIONS)
    until(lambda: running.state == "done")
    assert running.error == ""
    assert running.counts == "12 of 12 faces"
    assert (running.skipped["count"], running.skipped["total"]) == (2, 12)
    assert [number for number, _ in running.skipped["faces"]] == [2, 7]
    assert "<i>2.png</i> is damaged" in running.skipped["faces"][0][1]
    patch = next(entry for entry in running.patches["hair"] if entry["image"] > 2)
    assert patch["name"] == f"<b>{patch['image']}</b>.png"
    running.set_state({"opened": patch["image"], "chosen": "hair"})
    until(lambda: running.face.get("name") == patch["name"])
    running.set_state({"opened": 2})
    until(lambda: "<i>2.png</i> is damaged" in running.error)
    running.close()


def test_a_run_that_fails_keeps_what_was_found_and_resumes():
    class Gone(Torn):
        names = ()

        def __getitem__(self, index):
            if index in self.damaged:
                raise KeyboardInterrupt
            return super().__getitem__(index)

    faces = Gone(7)
    engine = replace(QUICK, groups=None)
    running = FaceXView(classifier(), faces, "Male", engine=engine, regions=REGIONS)
    until(lambda: running.state == "failed")
    assert "KeyboardInterrupt" in running.error
    assert running.counts == "5 of 12 faces"
    faces.damaged.clear()
    running.resume()
    until(lambda: running.state == "done")
    whole = engine.explain(classifier(), Faces(), "Male", regions=REGIONS)
    assert torch.equal(running.result.ior.nan_to_num(-1), whole.ior.nan_to_num(-1))
    assert torch.equal(running.result.patches.images, whole.patches.images)
    running.close()


def test_a_group_may_have_no_faces():
    class AllMale(Faces):
        def __getitem__(self, index):
            return super().__getitem__(2 * (index // 2))

    running = FaceXView(classifier(), AllMale(), "Male", engine=QUICK, regions=REGIONS)
    until(lambda: running.state == "done")
    assert running.error == ""
    assert [(row["count"], row["ior"], row["rank"]) for row in running.grouped[2]] == [(0, None, None)] * 4
    running.close()


def test_a_run_resumes_from_its_checkpoint(tmp_path):
    kept = tmp_path / "run.zip"
    first = made(checkpoint=kept)
    until(lambda: first.state == "done")
    first.close()
    assert kept.exists()

    class Unread(Faces):
        def __getitem__(self, index):
            assert index == 0, "it was looked at before"
            return super().__getitem__(index)

    again = FaceXView(classifier(), Unread(), "Male", engine=QUICK, regions=REGIONS, checkpoint=kept)
    until(lambda: again.state == "done")
    assert again.counts == "12 of 12 faces"
    again.close()


def test_two_models_have_a_checkpoint_each(tmp_path):
    kept = tmp_path / "run.zip"
    both = made(second=classifier(-1.0), checkpoint=kept)
    until(lambda: both.state == "done")
    found = both.result
    both.close()
    for file, expected in zip((kept, tmp_path / "run-second.zip"), found, strict=True):
        assert torch.equal(FaceXResult.load(file).ior.nan_to_num(-1), expected.ior.nan_to_num(-1))
    assert not torch.equal(found[0].ior.nan_to_num(-1), found[1].ior.nan_to_num(-1))


def test_a_pair_resumes_where_its_second_model_failed():
    class Gone(Faces):
        reads = 0

        def __getitem__(self, index):
            self.reads += index == 7
            if index == 7 and self.reads == 2:  # the first model has read it once
                raise KeyboardInterrupt
            return super().__getitem__(index)

    models, engine = [classifier(), classifier(-1.0)], replace(QUICK, groups=None, sampled=0)
    running = FaceXView(models[0], Gone(), "Male", second=models[1], engine=engine, regions=REGIONS)
    until(lambda: running.state == "failed")
    assert [len(one.numbers) for one in running.result] == [12, 5]
    assert running.counts == "12 and 5 of 12 faces"
    running.resume()
    until(lambda: running.state == "done")
    for model, one in zip(models, running.result, strict=True):
        whole = engine.explain(model, Faces(), "Male", regions=REGIONS)
        assert torch.equal(one.ior.nan_to_num(-1), whole.ior.nan_to_num(-1))
    running.close()


def test_a_second_model_that_cannot_be_explained_is_seen_at_once():
    running = made(second=Classifier(lambda images: images.mean((2, 3)), labels=["a", "b", "c"]))
    until(lambda: running.state == "failed")
    assert "needs a torch module" in running.error
    assert running.result is None
    running.close()


def test_the_notes_say_that_the_class_is_never_predicted(found):
    never = replace(found, predicted_target=torch.zeros(12, dtype=torch.bool))
    early = replace(never, total=13)
    for result, notes in (
        (found, ""),
        (early, ""),
        (never, "net predicts Male for none of these faces."),
    ):
        shown = FaceXView(classifier(), engine=QUICK, result=replace(result, model="net"))
        assert shown.notes == notes
        shown.close()


def test_what_cannot_be_shown_fails_the_run_and_is_seen(monkeypatch):
    def unshowable(_result):
        raise RuntimeError("no table today")

    monkeypatch.setattr(FaceXResult, "trust", unshowable)
    running = made()
    until(lambda: running.state == "failed")
    assert "no table today" in running.error
    assert running.run.state == "failed"
    running.close()


def test_the_counts_are_those_of_the_table_beside_them():
    class Slow(Faces):
        def __getitem__(self, index):
            time.sleep(0.01)
            return super().__getitem__(index)

    running = FaceXView(classifier(), Slow(), "Male", engine=replace(QUICK, batch_size=1), regions=REGIONS)
    seen = []
    running.observe(lambda _: seen.append((running.counts, running.regions[0]["count"])), "state")
    running.observe(lambda _: seen.append((running.counts, running.regions[0]["count"])), "progress")
    until(lambda: running.state == "done")
    running.close()
    assert seen[-1] == ("12 of 12 faces", 12)
    assert all(counts == f"{count} of 12 faces" for counts, count in seen)


def test_it_runs_on_a_cluster(found):
    distributed = pytest.importorskip("distributed", reason="Dask is an optional extra")
    with (
        distributed.LocalCluster(n_workers=1, processes=False, dashboard_address=":0") as cluster,
        distributed.Client(cluster) as client,
    ):
        running = made(client=client)
        until(lambda: running.state in ("done", "failed"))
        assert running.state == "done", running.error
        torch.testing.assert_close(running.result.ior, found.ior, rtol=0, atol=1e-6, equal_nan=True)
        running.close()


@pytest.mark.parametrize(
    ("given", "kind", "text"),
    [
        ({"target": "man"}, ClassifierError, "no class has the label 'man'"),
        ({"target": None}, ValueError, "give faces and the class to explain"),
        ({"engine": "fast"}, TypeError, "engine must be FaceX"),
        ({"clf": len}, TypeError, "clf must be a Classifier"),
        ({"second": 3}, TypeError, "second must be a Classifier, not int"),
        ({"regions": ("skin", "tail")}, PrototypeError, "the drawing has no region tail"),
        (
            {"prototype": UNREADABLE, "regions": ("skin",)},
            PrototypeError,
            "the region 'skin' has a path that cannot be read",
        ),
    ],
)
def test_what_cannot_be_is_the_cell_s_error(given, kind, text):
    settings = {"clf": classifier(), "faces": Faces(), "target": "Male", "engine": QUICK, **given}
    with pytest.raises(kind, match=text):
        FaceXView(**settings)


def test_results_that_do_not_fit_are_refused(found):
    two = {"second": classifier(-1.0)}
    with pytest.raises(TypeError, match="result must be a FaceXResult, not list"):
        FaceXView(classifier(), result=[found])
    for given, kind in ((found, TypeError), ((found,), ValueError), ((found, 3), TypeError)):
        with pytest.raises(kind, match="a pair of FaceXResults, one for each classifier"):
            FaceXView(classifier(), result=given, **two)
    with pytest.raises(ValueError, match="the two differ in label, 'Male' and 'female'"):
        FaceXView(classifier(), result=(found, replace(found, target=0)), **two)


def bars_of(explorer):
    return explorer.chart.children[1].marks[0]


def legend_of(explorer):
    return [label.value for label in explorer.chart.children[0].children]


def parts(view, column):
    """The values of all faces, as parts of the highest of any group."""
    most = max(row[column] or 0 for rows in view.grouped for row in rows)
    return [(row[column] or 0) / most for row in view.regions]


def test_the_chart_has_attention_and_effect_as_parts_of_the_highest(found):
    explorer = FaceXExplorer(classifier(), Faces(), engine=QUICK, result=found)
    bars, rows = bars_of(explorer), explorer.view.regions
    assert np.allclose(bars.y, [parts(explorer.view, "ior"), parts(explorer.view, "effect")])
    assert list(bars.x) == ["background", "skin", "hair", "hat"]
    assert bars.scales["x"].domain[-1] == "hair"
    assert bars.scales["y"].max == 1
    assert legend_of(explorer) == ["■ attention", "■ effect"]
    explorer.view.set_state({"quantity": "effect"})
    order = sorted(rows, key=lambda row: row["effect"] or 0)
    assert list(bars.scales["x"].domain) == [row["label"] for row in order]
    explorer.chosen = "hair"
    assert explorer.view.chosen == explorer.chosen == "hair"
    assert explorer.result is found
    explorer.close()


def test_the_chart_has_attention_alone_where_no_effect_was_measured(found):
    alone = replace(found, effect=None, sampled=None, settings={**found.settings, "sampled": 0})
    explorer = FaceXExplorer(classifier(), Faces(), engine=QUICK, result=alone)
    bars = bars_of(explorer)
    assert np.allclose(bars.y, [row["ior"] or 0 for row in explorer.view.regions])
    assert legend_of(explorer) == ["", ""]  # a single colour needs no name
    explorer.close()


def test_the_chart_goes_with_the_group(found):
    explorer = FaceXExplorer(classifier(), Faces(), engine=QUICK, result=found)
    bars = bars_of(explorer)
    end = bars.scales["y"].max
    most = max(row["ior"] or 0 for rows in explorer.view.grouped for row in rows)
    for group in (1, 2):
        explorer.view.set_state({"group": group})
        assert np.allclose(bars.y[0], [(row["ior"] or 0) / most for row in explorer.view.grouped[group]])
        assert bars.scales["y"].max == end
    explorer.close()


def test_the_chart_has_both_models(found):
    other = QUICK.explain(classifier(-1.0), Faces(), "Male", regions=REGIONS)
    pair = [classifier(), classifier(-1.0)]
    pair[1].name = f"portraits/{'very-' * 8}long"
    explorer = FaceXExplorer(pair[0], Faces(), second=pair[1], engine=QUICK, result=(found, other))
    bars = bars_of(explorer)
    for quantity, column in (("attention", "ior"), ("effect", "effect")):
        explorer.view.quantity = quantity
        expected = [
            [row[column] or 0 for row in rows] for rows in (explorer.view.regions, explorer.view.other)
        ]
        assert np.allclose(bars.y, expected)
        assert bars.scales["y"].max >= np.max(expected)
    assert legend_of(explorer)[0] == f"■ {pair[0].name}"
    assert legend_of(explorer)[1] == f"■ …{pair[1].name[-39:]}"
    explorer.close()


def test_axes_alone_are_drawn_before_there_is_a_score():
    looked_at = threading.Event()

    class Stuck(Faces):
        def __getitem__(self, index):
            looked_at.wait(PATIENCE)
            return super().__getitem__(index)

    explorer = FaceXExplorer(classifier(), Stuck(), "Male", engine=QUICK, regions=REGIONS)
    plot = explorer.chart.children[1]
    assert not any(mark.visible for mark in plot.marks)
    assert all(axis.visible for axis in plot.axes)
    looked_at.set()
    until(lambda: explorer.view.state == "done")
    assert all(part.visible for part in (*plot.marks, *plot.axes))
    explorer.close()
