"""The Pareto view without a browser: what it sends, what it takes, and what it refuses."""

from __future__ import annotations

import gc
import io
import struct
import threading
import weakref
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from ipywidgets import Widget
from PIL import Image
from small import Bare, Tint
from traitlets import TraitError
from waiting import until

from cfwidgets import Classifier, ImageError
from cfwidgets.engines.pareto.engine import PlausibleCounterfactuals
from cfwidgets.engines.pareto.result import scaled
from cfwidgets.images import as_bytes
from cfwidgets.models.editor import EditorError
from cfwidgets.search import SMPSO
from cfwidgets.widgets.pareto.axes import ticks
from cfwidgets.widgets.pareto.explorer import ParetoExplorer
from cfwidgets.widgets.pareto.view import ParetoView

QUICK = PlausibleCounterfactuals(SMPSO(population=16, archive=16), evaluations=320)
IMAGE = torch.full((3, 8, 8), 0.2)
JPEG = b"\xff\xd8"


class Other(Tint):
    attributes = ("cyan", "magenta", "yellow")


def classifier(steep=12.0):
    def answer(images):
        red = torch.sigmoid(steep * (images[:, 0].mean((1, 2)) - 0.4))
        return torch.stack([1 - red, red], 1)

    return Classifier(answer, labels=["plain", "red"])


@pytest.fixture(scope="module")
def found():
    return QUICK.explain(classifier(), Tint(), IMAGE, second=classifier(2.0))


def shorter(found, places):
    """The result with these of its counterfactuals only."""
    parts = (
        "deltas",
        "objectives",
        "images",
        "predictions",
        "second_predictions",
        "ablation",
        "rounded_flips",
    )
    return replace(found, simplest=None, **{name: getattr(found, name)[places] for name in parts})


@pytest.fixture
def view(found):
    shown = ParetoView(classifier(), Tint(), engine=QUICK, result=found)
    yield shown
    shown.close()


def pictures(blob):
    count = count_of(blob)
    ends = struct.unpack_from(f"<{count}I", blob, 4)
    start = 4 + 4 * count
    return [opened(blob[start + a : start + b]) for a, b in zip((0, *ends), ends, strict=False)]


def count_of(blob):
    return struct.unpack_from("<I", blob)[0]


def opened(blob):
    return np.asarray(Image.open(io.BytesIO(blob)))


def test_a_run_fills_the_view_in():
    running = ParetoView(classifier(), Tint(), IMAGE, engine=QUICK)
    assert running.original  # there before anything is found
    running.run.result(30)
    until(lambda: running.state == "done")
    assert (running.error, running.progress) == ("", 1)
    assert (
        running.counts
        == f"{int(running.result.flips.sum())} of {len(running.result.deltas)} flip · 320 evaluated"
    )
    running.close()


def test_pictures_are_sent_without_loss_only_once_the_search_is_over():
    sent = []
    running = ParetoView(classifier(), Tint(), IMAGE, engine=QUICK)
    running.observe(lambda change: sent.append(change.new), "tiles")
    running.run.result(30)
    until(lambda: running.state == "done")
    assert sent[0][4 + 4 * count_of(sent[0]) :].startswith(JPEG)
    everyone = (*running.result.images, running.result.simplest.image)
    for tile, image in zip(pictures(sent[-1]), everyone, strict=True):
        assert np.array_equal(tile, image.permute(1, 2, 0).numpy())
    running.close()


def test_the_browser_gets_all_that_it_needs(view, found):
    count = len(found.deltas)
    assert view.size == [8, 8]
    assert np.array_equal(opened(view.original), as_bytes(found.image).permute(1, 2, 0).numpy())
    assert np.array_equal(opened(view.repainted), as_bytes(found.reconstruction).permute(1, 2, 0).numpy())
    tiles, one = pictures(view.tiles), found.simplest
    assert len(tiles) == len(view.members) == count + 1
    for tile, image in zip(tiles, (*found.images, one.image), strict=True):
        assert np.array_equal(tile, image.permute(1, 2, 0).numpy())
    deltas = np.frombuffer(view.deltas, "<f4").reshape(count + 1, 3)
    assert np.array_equal(deltas[:-1], found.deltas.numpy())
    assert np.array_equal(deltas[-1], one.deltas.numpy())
    assert (view.names, view.labels, view.original_class) == (["red", "green", "blue"], ["plain", "red"], 0)
    assert view.before == pytest.approx(float(found.prediction[0]))
    assert view.repainted_p == pytest.approx(float(found.reconstruction_prediction[0]))
    assert view.repainted_label == "plain"
    assert (view.crossing, view.simplest) == (found.crossing, count)
    assert view.members[-1] == {
        "p": float(one.prediction[0]),
        "flips": True,
        "label": "red",
        "second": found.labels[int(one.second_prediction.argmax())],
        "plausibility": float(one.objectives[0]),
        "success": float(one.objectives[1]),
        "intensity": float(one.objectives[2]),
    }
    for i, member in enumerate(view.members[:-1]):
        assert member == {
            "p": float(found.probability[i]),
            "flips": bool(found.flips[i]),
            "label": "red" if found.flips[i] else "plain",
            "second": found.labels[int(found.second_predictions[i].argmax())],
            "plausibility": float(found.objectives[i, 0]),
            "success": float(found.objectives[i, 1]),
            "intensity": float(found.objectives[i, 2]),
        }
    assert view.importance[0]["name"] == "red"
    assert view.importance[0].keys() == {"name", "success", "per_unit", "change"}
    assert view.notes == ""
    rows = {row["name"]: row for row in view.trust}
    too = float((found.second_predictions[found.flips].argmax(1) != 0).float().mean())
    assert (too, rows["second model flips too"]["value"]) == (1, "1")
    assert set(rows) >= {"reconstruction", "flips left in 8 bits", "random edits flip"}


def test_what_is_edited_by_hand_is_painted_and_asked(view, found):
    view.set_state({"edit": [0.9, 0.0, -0.25]})
    until(lambda: view.edited)
    image = Tint().decode(IMAGE, found.attributes + torch.tensor([[0.9, 0.0, -0.25]]))
    edited = view.edited
    assert edited["deltas"] == [0.9, 0.0, -0.25]
    assert edited["p"] == pytest.approx(float(classifier().probabilities(image)[0, 0]))
    assert edited["flips"] is True
    assert [label for label, _ in edited["top"]] == ["red", "plain"]
    assert edited["second"] is None
    assert edited["critic"] == pytest.approx(float(Tint().critic(image)[0]))
    expected = (image[0] * 255).round().byte().permute(1, 2, 0).numpy()
    assert np.array_equal(opened(edited["picture"]), expected)


def test_a_second_model_is_asked_about_edits_too(found):
    fixed = Classifier(lambda images: torch.tensor([[0.9, 0.1]]).expand(len(images), 2))
    view = ParetoView(classifier(), Tint(), engine=QUICK, result=found, second=fixed)
    view.set_state({"edit": [1.0, 0.0, 0.0]})
    until(lambda: view.edited)
    assert (view.edited["flips"], view.edited["second"]) == (True, "plain")
    view.close()


def test_an_edit_that_cannot_be_painted_is_seen(found):
    class Broken(Tint):
        def decode(self, image, attributes):
            raise RuntimeError("no <paint>")

    view = ParetoView(classifier(), Broken(), engine=QUICK, result=found)
    view.set_state({"edit": [1.0, 0.0, 0.0]})
    until(lambda: view.error)
    assert view.error == "RuntimeError: no <paint>"
    assert view.edited == {}
    view.set_state({"edit": []})
    assert view.error == ""
    view.close()


def test_the_page_does_not_change_what_is_being_published(view):
    done = threading.Event()

    def choose():
        view.set_state({"chosen": 3})
        done.set()

    with view.together():
        threading.Thread(target=choose).start()
        assert not done.wait(0.1)
        assert view.chosen == -1
    assert done.wait(5)
    assert view.chosen == 3


def test_what_is_frozen_is_said_so():
    engine = PlausibleCounterfactuals(SMPSO(population=16, archive=16), evaluations=16, frozen=("blue",))
    view = ParetoView(classifier(), Tint(), IMAGE, engine=engine)
    assert view.frozen == ["blue"]
    view.close()


def test_only_the_newest_edit_is_answered(found):
    gate, asked = threading.Event(), []

    class Slow(Tint):
        def decode(self, image, attributes):
            asked.append(float(attributes[0, 0] - found.attributes[0]))
            gate.wait(10)
            return super().decode(image, attributes)

    view = ParetoView(classifier(), Slow(), engine=QUICK, result=found)
    answers = []
    view.observe(lambda change: answers.append(change.new["deltas"][0]), "edited")
    view.set_state({"edit": [0.1, 0.0, 0.0]})
    until(lambda: asked)
    for amount in (0.2, 0.3, 0.4):
        view.set_state({"edit": [amount, 0.0, 0.0]})
    gate.set()
    until(lambda: answers)
    assert answers == [0.4]
    assert asked == pytest.approx([0.1, 0.4])
    view.close()


RUBBISH = [
    ({"chosen": 99}, "chosen must be from -1 to 16, not 99"),
    ({"chosen": -2}, "chosen must be from -1 to 16, not -2"),
    ({"chosen": True}, "chosen must be from -1 to 16, not True"),
    ({"chosen": "3"}, "chosen must be from -1 to 16, not '3'"),
    ({"brushed": [0, 17]}, "brushed must be a list of places from 0 to 16, not [0, 17]"),
    ({"brushed": 3}, "brushed must be a list of places"),
    ({"edit": [0.1]}, "edit must be a change for each of 3 attributes, or empty"),
    ({"edit": [0, 0, 1.5]}, "a change is from -1 to 1"),
    ({"edit": [0, 0, float("nan")]}, "a change is from -1 to 1"),
    ({"edit": [0, 0, "x"]}, "a change is from -1 to 1"),
    ({"members": []}, "the page may not set members"),
]


@pytest.mark.parametrize(("sent", "text"), RUBBISH)
def test_rubbish_is_refused_and_seen(view, sent, text):
    assert len(view.members) == 17
    before = view.get_state(list(sent))
    view.set_state(sent)
    assert text in view.error
    assert view.get_state(list(sent)) == before
    view.set_state({"chosen": 1})
    assert view.error == ""


def test_what_the_charts_and_the_view_tell_each_other_is_none_of_the_kernel_s_business(view):
    # bqplot hands over arrays, which arrive as bytes
    view.set_state({"cursor": memoryview(b"\x02\0\0\0"), "across_1": memoryview(bytes(16)), "chosen": 2})
    assert (view.error, view.cursor, view.across_1, view.chosen) == ("", None, None, 2)


def test_the_choice_is_set_from_python(view):
    view.chosen = 3
    assert view.chosen == 3
    with pytest.raises(TraitError, match="chosen must be from -1 to 16, not 17"):
        view.chosen = 17
    view.chosen = -1


def test_what_is_brushed_leaves_as_a_table_and_pictures(view, found):
    frame, images = view.selected
    assert len(frame) == len(images) == 17
    assert frame["pick"].iloc[-1] == "simplest"
    assert torch.equal(images[-1], found.simplest.image)
    view.set_state({"brushed": [1, 4]})
    frame, images = view.selected
    assert frame.index.tolist() == [1, 4]
    assert torch.equal(images, found.images[[1, 4]])
    assert frame["probability"].tolist() == found.probability[[1, 4]].tolist()


def test_the_choice_follows_its_counterfactual_into_a_newer_front(view, found):
    view.chosen = 5
    view.show(shorter(found, [0, 1, 2, 5, 9, 15]))
    assert (view.chosen, len(view.members)) == (3, 6)
    view.show(found)
    assert view.chosen == 5
    view.chosen = 16  # the simplest, of which there is none in the next
    view.show(shorter(found, [0, 1, 2, 5, 9, 15]))
    distances = (found.deltas[[0, 1, 2, 5, 9, 15]] - found.simplest.deltas).norm(dim=1)
    assert view.chosen == int(distances.argmin())
    view.chosen = -1
    view.show(found)
    assert view.chosen == -1  # the simplest stays the simplest


def test_what_the_page_meant_for_a_longer_front_is_dropped(view, found):
    view.show(shorter(found, [0, 3, 8]))
    view.set_state({"chosen": 9, "brushed": [2, 3, 15]})
    assert (view.error, view.chosen, view.brushed) == ("", -1, [2])
    view.set_state({"chosen": 17})  # no front had as many
    assert "chosen must be from -1 to 2, not 17" in view.error


def test_a_model_that_never_flips_is_said_so():
    fixed = Classifier(lambda images: torch.tensor([[0.7, 0.3]]).expand(len(images), 2))
    shown = ParetoView(fixed, Tint(), engine=QUICK, result=QUICK.explain(fixed, Tint(), IMAGE))
    assert shown.notes == "Nothing flips the model: in the closest, class 0 still leads by .40."
    assert (shown.importance, shown.crossing) == ([], -1)
    shown.close()


def test_only_a_flip_is_the_best_pick(view, found):
    four = shorter(found, [0, 1, 2, 3])
    for probability, plausibility, crossing, shown in (
        ((0.9, 0.7, 0.4, 0.1), (0, 0.3, 0.6, 1), 2, 2),
        ((0.9, 0.7, 0.6, 0.1), (0, 0.3, 0.9, 1), 2, -1),  # it crosses where the model still says plain
    ):
        predictions = torch.tensor([[p, 1 - p] for p in probability])
        objectives = four.objectives.clone()
        objectives[:, 0] = torch.tensor(plausibility)
        now = replace(four, simplest=None, predictions=predictions, objectives=objectives)
        assert (now.flipped, now.crossing) == (True, crossing)
        view.show(now)
        assert view.crossing == shown


class Hair(Tint):
    groups = (("red", "green"),)


def test_changes_by_hand_know_what_excludes_what():
    result = QUICK.explain(classifier(), Hair(), IMAGE)
    view = ParetoView(classifier(), Hair(), engine=QUICK, result=result)
    assert view.groups == [[0, 1]]
    view.close()
    free = replace(QUICK, keep_groups=False)
    view = ParetoView(classifier(), Hair(), IMAGE, engine=free)
    assert view.groups == []
    view.close()


def test_while_the_search_runs_there_is_no_simplest():
    partial = next(QUICK.steps(classifier(), Tint(), IMAGE)).partial
    explorer = ParetoExplorer(classifier(), Tint(), engine=QUICK, result=partial)
    assert explorer.view.simplest == -1
    stars = [chart.marks[2].text.tolist() for chart in explorer.chart.children[:3]]
    assert stars == [["☆"] * (explorer.view.crossing >= 0)] * 3
    explorer.close()


def test_a_model_that_disagrees_with_itself_is_said_so():
    class Bright(Tint):
        def decode(self, image, attributes):
            return super().decode(image + 0.5, attributes)

    shown = ParetoView(
        classifier(), Bright(), engine=QUICK, result=QUICK.explain(classifier(), Bright(), IMAGE)
    )
    assert "reconstruction alone, without any change, flips the model" in shown.notes
    shown.close()


def test_a_result_brings_its_image_and_settings(found):
    engine = PlausibleCounterfactuals(SMPSO(population=16, archive=16), evaluations=160, frozen=("blue",))
    other = engine.explain(classifier(), Tint(), IMAGE + 0.05)
    view = ParetoView(classifier(), Tint(), engine=QUICK, result=found)
    view.show(other)
    assert (view.frozen, view.result, view.state) == (["blue"], other, "done")
    assert np.array_equal(opened(view.original), as_bytes(other.image).permute(1, 2, 0).numpy())
    view.set_state({"edit": [0.5, 0.0, 0.0]})
    until(lambda: view.edited)
    image = Tint().decode(other.image, other.attributes + torch.tensor([[0.5, 0.0, 0.0]]))
    assert view.edited["p"] == pytest.approx(float(classifier().probabilities(image)[0, 0]))
    view.close()


def test_a_target_that_is_not_predicted_is_seen():
    view = ParetoView(classifier(), Tint(), IMAGE, "red", engine=QUICK)
    until(lambda: view.state == "failed")
    assert "target must be the class that the model predicts for the image, 'plain'" in view.error
    view.close()


def test_without_a_critic_there_are_two_objectives_and_one_plane():
    result = QUICK.explain(classifier(), Bare(), IMAGE, attributes=(0, 0, 0))
    explorer = ParetoExplorer(classifier(), Bare(), engine=QUICK, result=result)
    assert {member["plausibility"] for member in explorer.view.members} == {None}
    assert explorer.view.notes == "This editor has no critic: nothing keeps the edits plausible."
    first, *others, course = explorer.chart.children
    assert first.marks[0].visible
    assert first.layout.display is None
    assert np.allclose(first.marks[0].color[:-1], result.probability)
    assert first.title == ""
    assert {figure.layout.display for figure in others} == {"none"}
    probability, plausibility, intensity = course.marks[3:6]
    assert (probability.visible, plausibility.visible, intensity.visible) == (True, False, True)
    assert course.marks[-1].text.tolist() == ["● probability", "", "■ intensity"]
    explorer.close()


def test_the_charts_have_the_front(found):
    explorer = ParetoExplorer(classifier(), Tint(), engine=QUICK, result=found)
    *figures, _ = explorer.chart.children
    places = {"plausibility": 0, "success": 1, "intensity": 2}
    pairs = [("intensity", "success"), ("plausibility", "success"), ("intensity", "plausibility")]
    for figure, (across, up) in zip(figures, pairs, strict=True):
        circles, triangles, star = figure.marks
        (left,) = places.keys() - {across, up}
        objectives = torch.cat([found.objectives, found.simplest.objectives[None]])
        for mark in (circles, triangles):
            assert np.allclose(mark.x, objectives[:, places[across]])
            assert np.allclose(mark.y, objectives[:, places[up]])
            assert np.allclose(mark.color, objectives[:, places[left]])
        assert [o > 0 for o in triangles.opacities] == [*found.flips.tolist(), True]
        assert [o > 0 for o in circles.opacities] == [*(~found.flips).tolist(), False]
        starred = objectives[[-1, found.crossing]]
        assert star.text.tolist() == ["★", "☆"]
        assert star.x.tolist() == pytest.approx(starred[:, places[across]].tolist())
        assert star.y.tolist() == pytest.approx(starred[:, places[up]].tolist())
        assert (
            figure.title
            == {
                "plausibility": "plausibility lost: green little, purple much",
                "success": "log-probability: green low, purple high",
                "intensity": "intensity: green little, purple much",
            }[left]
        )
        for axis, values in zip(figure.axes, (circles.x, circles.y), strict=True):
            assert axis.scale.min < values.min()
            assert values.max() < axis.scale.max
            assert all(axis.scale.min <= tick <= axis.scale.max for tick in axis.tick_values)
    explorer.chosen = 4
    assert explorer.view.chosen == explorer.chosen == 4
    assert explorer.result is found
    assert len(explorer.selected[0]) == 17
    explorer.close()


def test_the_last_chart_has_the_objectives_along_the_front(found):
    explorer = ParetoExplorer(classifier(), Tint(), engine=QUICK, result=found)
    view, course = explorer.view, explorer.chart.children[-1]
    lines, points, (star, _) = course.marks[:3], course.marks[3:6], course.marks[6:]
    expected = (found.probability, scaled(found.objectives[:, 0]), scaled(found.objectives[:, 2]))
    one = found.simplest
    beside = int((found.probability >= one.prediction[0]).sum()) + 0.5  # between its neighbours
    for line, dots, values in zip(lines, points, expected, strict=True):
        assert line.x.tolist() == list(range(1, 17))
        assert dots.x.tolist() == [*range(1, 17), beside]
        assert np.array_equal(dots.y[:-1], line.y)
        assert np.allclose(line.y, values, atol=1e-6)
    for dots, place in ((points[1], 0), (points[2], 2)):
        low, high = found.objectives[:, place].aminmax()
        assert dots.y[-1] == pytest.approx(float((one.objectives[place] - low) / (high - low)), abs=1e-6)
    # one star at the simplest, one where the first two lines cross
    assert star.text.tolist() == ["★", "☆"]
    assert star.x.tolist() == [beside, view.crossing + 1]
    heights = [float(one.prediction[0]), float(found.probability[view.crossing])]
    assert star.y.tolist() == pytest.approx(heights)
    # a click is linked with the others' in the browser, and nothing of it needs the kernel
    linked = [(link.source, link.target[0]) for link in explorer._chart._course._links]
    assert linked == [((view, "cursor"), dots) for dots in points]
    assert {dots.interactions["click"] for dots in points} == {"select"}
    assert "cfw-pareto-chart" in course._dom_classes  # by which the page finds what can be clicked
    explorer.close()


def test_the_axes_stand_still_below_a_brushed_region(found):
    explorer = ParetoExplorer(classifier(), Tint(), engine=QUICK, result=found)
    view, scale = explorer.view, explorer.chart.children[0].axes[0].scale
    before = (scale.min, scale.max)
    view.set_state({"brushed": [1, 4]})
    view.show(shorter(found, [1, 2, 4]))
    assert (scale.min, scale.max) == before
    assert view.brushed == []
    view.show(shorter(found, [1, 2]))
    assert (scale.min, scale.max) != before
    explorer.close()


@given(low=st.floats(-1e3, 1e3), span=st.floats(1e-3, 1e3))
def test_ticks_are_few_and_round(low, span):
    found, digits = ticks(low, low + span)
    assert 1 <= len(found) <= 6
    assert np.all((found >= low - 1e-9 * span) & (found <= low + span * (1 + 1e-9)))
    texts = [f"{tick:.{digits}f}" for tick in found]
    assert np.allclose([float(text) for text in texts], found, atol=1e-9)
    assert len(set(texts)) == len(texts)


def test_ticks_are_those_that_a_person_would_take():
    assert ticks(-3.9, -1.3)[0].tolist() == [-3, -2]
    assert [f"{tick:.1f}" for tick in ticks(0.02, 0.81)[0]] == ["0.2", "0.4", "0.6", "0.8"]
    assert ticks(0.02, 0.81)[1] == 1
    assert ticks(0, 100)[0].tolist() == [0, 50, 100]


def test_a_run_that_fails_keeps_what_was_found_and_goes_on():
    broken = threading.Event()

    class Breaking(Tint):
        def decode(self, image, attributes):
            if broken.is_set():
                raise RuntimeError("out of <paint>")
            return super().decode(image, attributes)

    engine = PlausibleCounterfactuals(SMPSO(population=16, archive=16), evaluations=100_000)
    running = ParetoView(classifier(), Breaking(), IMAGE, engine=engine)
    until(lambda: running.members)
    broken.set()
    until(lambda: running.state == "failed")
    assert "out of <paint>" in running.error
    evaluations = running.result.evaluations
    broken.clear()
    running.resume()
    until(lambda: running.result.evaluations > evaluations)
    running.stop()
    until(lambda: running.state == "stopped")
    running.close()


@pytest.mark.parametrize(
    ("given", "kind", "text"),
    [
        ({"clf": len}, TypeError, "clf must be a Classifier, not builtin_function_or_method"),
        ({"second": 3}, TypeError, "second must be a Classifier, not int"),
        ({"engine": "fast"}, TypeError, "engine must be PlausibleCounterfactuals"),
        ({"editor": object()}, EditorError, "without attributes, encode, decode"),
        ({"result": None, "image": "nowhere.png"}, (ImageError, OSError), "nowhere"),
        ({"image": IMAGE}, ValueError, "either an image to explain or a finished result"),
        ({"result": None}, ValueError, "either an image to explain or a finished result"),
        ({"result": 3}, TypeError, "result must be a ParetoResult, not int"),
        ({"editor": Other()}, ValueError, "result has the attributes red, green, blue, not those of the ed"),
    ],
)
def test_what_cannot_be_is_the_cell_s_error(found, given, kind, text):
    settings = {"clf": classifier(), "editor": Tint(), "engine": QUICK, "result": found}
    with pytest.raises(kind, match=text):
        ParetoView(**{**settings, **given})


def test_close_frees_everything():
    kept = []
    before = {id(widget) for widget in gc.get_objects() if isinstance(widget, Widget)}

    def make_and_close():
        explorer = ParetoExplorer(classifier(), Tint(), IMAGE, engine=QUICK)
        explorer.view.run.result(30)
        until(lambda: explorer.view.state == "done")
        explorer.view.set_state({"edit": [0.1, 0, 0]})
        until(lambda: bool(explorer.view.edited))
        kept.extend(weakref.ref(part) for part in (explorer.result, explorer.view, explorer.chart))
        explorer.close()
        explorer.close()

    for _ in range(2):
        make_and_close()

    def freed():
        gc.collect()
        return all(reference() is None for reference in kept)

    until(freed)
    after = {id(widget) for widget in gc.get_objects() if isinstance(widget, Widget)}
    assert after <= before
