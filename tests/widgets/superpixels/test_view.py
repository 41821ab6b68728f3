"""The superpixel view without a browser: what it sends, what it takes, and what it refuses."""

from __future__ import annotations

import io
import itertools
import threading
import time

import numpy as np
import pytest
import torch
from PIL import Image
from traitlets import TraitError
from waiting import until

from cfwidgets import (
    Classifier,
    ClassifierError,
    ELime,
    ImageError,
    Lime,
    SuperpixelExplorer,
    SuperpixelResult,
    SuperpixelView,
)
from cfwidgets.images import decode_labels

TILES = (torch.arange(96)[:, None] // 32 * 4 + torch.arange(96)[None] // 24).int()
PICTURE = torch.rand(3, 96, 96, generator=torch.Generator().manual_seed(0)) * 0.5 + 0.5
WEIGHTS = torch.tensor([2.0, -1, 0.5, -3, 1, 0.7, -0.2, 3, -2, 0.4, -0.6, 1.5])
BEST = (WEIGHTS > 0).nonzero().flatten().tolist()
SMALLEST = [7]  # alone it keeps nine tenths of what the best has
FAST = ELime(population=40, generations=20, samples=60, trust=False)


def logistic(images):
    lit = images.amax(1).flatten(1) > 0
    tiles = torch.zeros(len(images), 12).index_add_(1, TILES.flatten().long(), lit.float()) > 0
    p = torch.sigmoid(tiles.float() @ WEIGHTS)
    return torch.stack([1 - p, 0.75 * p, 0.25 * p], 1)


CLF = Classifier(logistic, labels=["other", "cat", "dog"])


@pytest.fixture
def view():
    made = SuperpixelView(CLF, PICTURE, 1, engine=FAST, segments=TILES)
    made.run.result(20)
    until(lambda: made.state == "done" and made.answer is not None and made.answer["shown"] == SMALLEST)
    yield made
    made.close()


def test_the_answer_to_what_is_shown_is_not_rounded():
    torch.manual_seed(0)
    net = torch.nn.Sequential(
        torch.nn.Conv2d(3, 4, 5), torch.nn.AdaptiveAvgPool2d(3), torch.nn.Flatten(), torch.nn.Linear(36, 3)
    )
    clf, exact = (Classifier(net, precision=precision) for precision in ("bfloat16", "float32"))
    view = SuperpixelView(clf, PICTURE, 1, engine=FAST, segments=TILES)
    until(lambda: view.state == "done")
    view.mask = np.ones(12, bool)
    until(lambda: view.answer is not None and len(view.answer["shown"]) == 12)
    found, rounded = (float(one.probabilities(PICTURE[None])[0, 1]) for one in (exact, clf))
    assert view.answer["probability"] == view.answer["whole"] == pytest.approx(found, abs=1e-6)
    assert abs(rounded - found) > 1e-5
    view.target = 2  # the classes are known
    assert view.error == ""
    view.close()


def test_the_browser_gets_all_that_it_needs(view):
    picture = Image.open(io.BytesIO(view.picture))
    assert picture.size == (96, 96)
    assert Image.open(io.BytesIO(view.hidden_picture)).convert("L").getextrema() == (0, 0)
    assert np.array_equal(decode_labels(view.label_map, tuple(view.size)), TILES.numpy())
    assert (view.count, view.target, view.objective, view.labels) == (
        12,
        1,
        "sufficient",
        ["other", "cat", "dog"],
    )
    assert (view.best, view.smallest) == (BEST, SMALLEST)
    assert view.order == view.result.order.tolist()
    assert view.importance == pytest.approx(view.result.importance.tolist())
    assert view.generation == view.generations == 20
    assert len(view.history["best"]) == len(view.history["mean"]) == 21
    masks = np.unpackbits(
        np.frombuffer(view.history_masks, np.uint8).reshape(21, 2), axis=1, count=12
    ).astype(bool)
    assert np.flatnonzero(masks[-1]).tolist() == BEST
    assert np.array_equal(masks, view.result.searches[0].masks.numpy())
    assert dict(view.whole)[1] == pytest.approx(view.result.whole)
    assert view.answer["probability"] == pytest.approx(view.result.smallest_probability)
    assert view.answer["whole"] == pytest.approx(view.result.whole)
    assert view.answer["top"][0][0] == 1
    assert view.progress == 1


def test_what_is_shown_is_read_and_set(view):
    assert view.following
    assert np.flatnonzero(view.mask).tolist() == SMALLEST
    view.mask = np.arange(12) < 2
    assert not view.following
    frame = view.probabilities
    expected = CLF.probabilities(torch.where((TILES < 2), PICTURE, torch.zeros(()))[None])[0]
    np.testing.assert_allclose(frame.set_index("class")["probability"][[0, 1, 2]], expected, atol=1e-6)
    assert frame["probability"].is_monotonic_decreasing
    assert frame["label"].tolist() == [CLF.label(i) for i in frame["class"]]
    until(lambda: view.answer["shown"] == [0, 1])


@pytest.mark.parametrize("mask", [np.zeros(11, bool), np.zeros(12), [1] * 12])
def test_a_mask_that_does_not_fit(view, mask):
    with pytest.raises(ValueError, match="mask must be 12 booleans"):
        view.mask = mask


def test_the_browser_edits(view):
    view.set_state({"shown": [1, 2], "following": False})
    assert np.flatnonzero(view.mask).tolist() == [1, 2]
    until(lambda: view.answer["shown"] == [1, 2])


@pytest.mark.costly
@pytest.mark.parametrize(
    ("state", "text"),
    [
        ({"shown": [12]}, "shown must hold superpixels from 0 to 11, not 12"),
        ({"shown": [-1]}, "not -1"),
        ({"shown": [True]}, "not True"),
        ({"shown": ["<b>"]}, "not '<b>'"),
        ({"shown": [1, 1]}, "twice"),
        ({"shown": list(range(13))}, "at most 12"),
        ({"shown": {"0": 1}}, "must be a list"),
        ({"shown": None}, "must be a list"),
        ({"target": 3}, "target must be from 0 to 2, not 3"),
        ({"target": True}, "not True"),
        ({"target": "cat"}, "not 'cat'"),
        ({"target": None}, "not None"),
        ({"following": "yes"}, "following"),
        ({"importance": [1.0]}, "the page may not set importance"),
        ({"_esm": "alert(1)"}, "the page may not set _esm"),
    ],
)
def test_rubbish_is_refused_and_put_right(view, state, text, monkeypatch):
    sent = []
    monkeypatch.setattr(view, "send_state", lambda key=None: sent.append(key))
    before = {name: getattr(view, name) for name in state}
    view.set_state({**state})
    assert text in view.error
    assert view.last_error is not None
    assert {name: getattr(view, name) for name in state} == before
    assert list(state) in sent


def test_the_cursor_is_the_browser_s(view):
    before = view.cursor
    view.set_state({"cursor": ["x"]})
    assert view.cursor == before
    assert view.error == ""


@pytest.mark.costly
@pytest.mark.parametrize("content", [None, [], "stop", {}, {"kind": 7}, {"kind": "x" * 10_000}])
def test_a_message_that_is_not_known(view, content):
    view._on_message(view, content, [])
    assert "a message that is not known" in view.error
    assert len(view.error) < 200


def test_stop_and_go_on():
    calls, reached, free = itertools.count(), threading.Event(), threading.Event()

    def held(images):
        # A search that is quicker than its stop would end before it is heard.
        if next(calls) == 6:
            reached.set()
            free.wait(60)
        return logistic(images)

    clf = Classifier(held, labels=["other", "cat", "dog"])
    view = SuperpixelView(clf, PICTURE, 1, engine=FAST, segments=TILES)
    assert reached.wait(120)
    view._on_message(view, {"kind": "stop"}, [])
    free.set()
    until(lambda: view.state == "stopped")
    kept = view.generation
    assert 0 < kept < 20
    view._on_message(view, {"kind": "resume"}, [])
    until(lambda: view.state == "done")
    assert view.generation == 20
    view.resume()
    until(lambda: view.state == "done" and view.generation == 40)
    assert view.generations == 40
    view.resume()
    until(lambda: view.state == "done" and view.generation == 60)
    view.close()


def test_an_edit_is_not_undone_by_a_search_that_goes_on():
    slow = Classifier(lambda x: (time.sleep(0.01), logistic(x))[1], labels=["other", "cat", "dog"])
    view = SuperpixelView(slow, PICTURE, 1, engine=FAST, segments=TILES)
    until(lambda: view.generation > 1)
    view.set_state({"shown": [5], "following": False})
    view.run.result(20)
    until(lambda: view.state == "done")
    assert np.flatnonzero(view.mask).tolist() == [5]
    assert view.best == BEST
    view.set_state({"following": True})
    assert np.flatnonzero(view.mask).tolist() == SMALLEST
    view.close()


def test_each_class_keeps_what_was_found_for_it(view):
    asked = view.evaluations
    view.set_state({"target": 0})
    until(lambda: view.state == "done" and view.best != BEST)
    assert view.result.label == "other"
    other = view.best
    view.set_state({"target": 1})
    assert (view.state, view.best, view.evaluations) == ("done", BEST, asked)
    until(lambda: view.answer["target"] == 1)
    view.set_state({"target": 0})
    assert view.best == other


def test_a_class_that_is_not_there_is_refused_at_once(view):
    before = view.target
    for index in (-1, len(view.result.prediction)):
        with pytest.raises(TraitError, match=rf"target must be from 0 to \d, not {index}"):
            view.target = index
    assert (view.target, view.state, view.error) == (before, "done", "")


@pytest.mark.parametrize("size", [(2000, 3), (3, 2000)])
def test_a_strip_of_a_picture_is_shown(size):
    clf = Classifier(lambda images: torch.stack([images.mean((1, 2, 3)), 1 - images.mean((1, 2, 3))], 1))
    view = SuperpixelView(clf, torch.rand(3, *size), 0)
    view.close()
    assert min(Image.open(io.BytesIO(view.picture)).size) == 2


def test_the_class_may_be_left_to_the_model():
    view = SuperpixelView(CLF, PICTURE, engine=FAST, segments=TILES)
    view.run.result(20)
    assert view.target == int(CLF.probabilities(PICTURE[None]).argmax())
    view.close()


def test_a_failure_is_seen_and_what_was_found_is_kept():
    calls = []

    def failing(images):
        calls.append(len(images))
        if len(calls) == 8:
            raise ZeroDivisionError("by zero")
        return logistic(images)

    view = SuperpixelView(Classifier(failing, labels=list("abc")), PICTURE, 1, engine=FAST, segments=TILES)
    until(lambda: view.state == "failed")
    assert view.error.startswith("ZeroDivisionError: by zero")
    assert isinstance(view.last_error, ZeroDivisionError)
    assert view.result is not None
    found = view.generation
    view.resume()
    until(lambda: view.state == "done")
    assert view.error == ""
    assert 0 < found < view.generation == 20
    view.close()


def test_a_finished_result_can_be_looked_at(view, tmp_path):
    view.result.save(tmp_path / "r")
    again = SuperpixelView(CLF, result=type(view.result).load(tmp_path / "r"))
    assert (again.state, again.best, again.run) == ("done", BEST, None)
    until(lambda: again.answer is not None)
    assert again.answer["shown"] == SMALLEST
    assert again.answer["probability"] == pytest.approx(view.result.smallest_probability)
    again.close()


def test_a_finished_result_with_superpixels_of_one_s_own_goes_on(view):
    again = SuperpixelView(CLF, engine=FAST, result=view.result)
    again.resume()
    until(lambda: again.state == "done" and again.generation == 40)
    assert again.error == ""
    again.set_state({"target": 0})
    until(lambda: again.state == "done" and again.result is not None and again.result.count == 12)
    again.close()


def test_lime_is_shown_as_well():
    view = SuperpixelView(CLF, PICTURE, 1, engine=Lime(samples=200, shown=4, trust=False), segments=TILES)
    view.run.result(20)
    until(lambda: view.state == "done")
    assert len(view.best) == 4
    assert view.smallest == []
    assert view.history == {}
    assert not view.measures
    assert [row["name"] for row in view.trust] == ["R² of the linear model"]
    assert view.counts.endswith(" pictures evaluated · 200 of 200 masks sampled")
    view.resume()
    until(lambda: view.state == "done" and view.result.sampled == 400)
    assert view.counts.endswith(" · 400 of 400 masks sampled")
    view.close()


def test_how_far_it_is_is_said_in_numbers(view):
    assert view.counts == f"{view.evaluations:,} pictures evaluated · generation 20 of 20"
    assert view.notes == ""


def test_what_a_reader_must_know_is_noted():
    view = SuperpixelView(CLF, PICTURE, 0, segments=TILES, engine=ELime(generations=1))
    view.run.result(20)
    until(lambda: view.state == "done")
    p = CLF.probabilities(PICTURE[None])[0]
    assert view.notes == "The model is a black box: without weights there is no randomised model to compare."
    assert (
        f"For the whole image other has a probability of {p[0]:.3f}: the model predicts cat ({p[1]:.3f})."
    ) in view.caveats
    view.close()
    close = Classifier(lambda x: torch.tensor([[0.49, 0.51, 0.0]]).expand(len(x), 3), labels=["a", "b", "c"])
    view = SuperpixelView(close, PICTURE, 0, segments=TILES, engine=ELime(generations=1, trust=False))
    view.run.result(20)
    until(lambda: view.state == "done")
    assert view.notes == "For the whole picture the model predicts b (0.51), not a (0.49)."
    view.close()
    eager = Classifier(lambda x: torch.tensor([[0.3, 0.7]]).expand(len(x), 2), labels=["no", "yes"])
    view = SuperpixelView(eager, PICTURE, segments=TILES, engine=ELime(generations=1, trust=False))
    view.run.result(20)
    until(lambda: view.state == "done")
    assert view.notes == "With every superpixel hidden yes still has 0.70."
    assert view.caveats == ["Nothing that is hidden changes the answer."]
    view.close()


def test_equals_are_noted():
    picture = PICTURE.clone()
    picture[:, TILES.long() < 3] = 0  # as black as what hides them
    view = SuperpixelView(CLF, picture, 1, engine=FAST, segments=TILES)
    view.run.result(20)
    until(lambda: view.state == "done")
    assert view.notes == "3 superpixels are as important as others: the order among equals is drawn by lot."
    view.close()


class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.head = torch.nn.Linear(3, 2)

    def forward(self, images):
        return self.head(images.mean((2, 3)))


def test_a_result_of_other_weights_is_noted():
    clf = Classifier(Net(), labels=["no", "yes"])
    engine = ELime(segments=9, generations=1, trust=False)
    result = engine.explain(clf, PICTURE, segments=TILES)
    view = SuperpixelView(clf, result=result)
    assert "other weights" not in view.notes
    view.close()
    view = SuperpixelView(Classifier(Net(), labels=["no", "yes"]), result=result)
    assert "The finding is of another model, or of other weights (Net)." in view.notes
    view.resume()
    until(lambda: view.state == "failed")
    assert "is of another model, or of other weights" in view.error
    view.close()


def test_a_result_is_continued_by_the_engine_that_made_it(view):
    again = SuperpixelView(CLF, result=view.result)
    again.resume()
    until(lambda: again.state == "done" and again.generation == 40)
    assert again.error == ""
    again.close()


def test_a_checkpoint_belongs_to_the_first_class(tmp_path):
    path = tmp_path / "cat.safetensors"
    view = SuperpixelView(CLF, PICTURE, "cat", engine=FAST, segments=TILES, checkpoint=path)
    view.run.result(20)
    until(lambda: view.state == "done")
    view.set_state({"target": 0})
    until(lambda: view.state == "done" and view.result is not None and view.result.target == 0)
    view.close()
    saved = SuperpixelResult.load(path)
    assert (saved.label, saved.searches[0].generation) == ("cat", 20)
    again = SuperpixelView(CLF, PICTURE, "cat", engine=FAST, segments=TILES, checkpoint=path)
    again.run.result(20)
    until(lambda: again.state == "done")
    assert again.evaluations == saved.evaluations
    again.close()


def test_the_browser_knows_the_method():
    view = SuperpixelView(CLF, PICTURE, 1, engine=Lime(samples=100, trust=False), segments=TILES)
    assert view.method == "LIME"
    until(lambda: view.state == "done")
    shown = SuperpixelView(CLF, result=view.result, engine=FAST)
    assert shown.method == "LIME"
    for made in (view, shown):
        made.close()


def test_a_large_picture_is_sent_as_sharp_as_the_stage_can_show():
    clf = Classifier(lambda x: torch.full((len(x), 2), 0.5), input_size=64)
    view = SuperpixelView(
        clf, torch.rand(3, 900, 1500), 0, engine=ELime(segments=9, generations=1, trust=False)
    )
    assert Image.open(io.BytesIO(view.picture)).size == (768, 768)
    assert view.size == [64, 64]
    view.close()


def test_wrong_arguments_are_refused_in_the_cell(view):
    found = view.result
    with pytest.raises(ClassifierError, match="car"):
        SuperpixelView(CLF, PICTURE, "car", engine=FAST)
    with pytest.raises(ImageError, match="NaN"):
        SuperpixelView(CLF, torch.full((3, 8, 8), float("nan")), 1, engine=FAST)
    with pytest.raises(ValueError, match="either an image to explain or a finished result"):
        SuperpixelView(CLF)
    with pytest.raises(ValueError, match="either an image to explain or a finished result"):
        SuperpixelView(CLF, PICTURE, result=found)
    with pytest.raises(TypeError, match="result must be a SuperpixelResult, not str"):
        SuperpixelView(CLF, result="found")
    with pytest.raises(ValueError, match="a finished result has its own"):
        SuperpixelView(CLF, segments=TILES, result=found)
    with pytest.raises(ValueError, match="target must be the class that the result explains, 'cat'"):
        SuperpixelView(CLF, target="dog", result=found)
    with pytest.raises(ValueError, match="of a model of 3 classes; clf has 2"):
        SuperpixelView(Classifier(lambda x: x[:, :2, 0, 0], labels=["a", "b"]), result=found)
    with pytest.raises(TypeError, match="engine"):
        SuperpixelView(CLF, PICTURE, 1, engine="fast")
    with pytest.raises(TypeError, match="clf must be a Classifier"):
        SuperpixelView(logistic, PICTURE)


def test_the_explorer_has_a_chart_that_follows():
    explorer = SuperpixelExplorer(CLF, PICTURE, 1, engine=FAST, segments=TILES)
    explorer.run.result(20)
    until(lambda: explorer.view.state == "done")
    assert all(part.visible for part in (*explorer.chart.marks, *explorer.chart.axes))
    best = explorer.chart.marks[2]
    np.testing.assert_allclose(best.y, explorer.result.searches[0].best)
    np.testing.assert_allclose(best.x, np.arange(21))
    assert explorer.chart.marks[0].y[0] == pytest.approx(explorer.result.whole)
    assert np.array_equal(explorer.mask, explorer.view.mask)
    explorer.mask = np.zeros(12, bool)
    assert explorer.probabilities["probability"].max() == pytest.approx(0.5)
    explorer.close()
