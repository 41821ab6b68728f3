"""The transition view without a browser: the traits it sends, takes and refuses."""

from __future__ import annotations

import io
import struct
import threading
import time

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn
from traitlets import TraitError
from waiting import PATIENCE, until

from cfwidgets import (
    Classifier,
    ClassifierError,
    GeneratorError,
    TransitionExplorer,
    Transitions,
    TransitionView,
)
from cfwidgets.engines.transitions.result import TransitionResult

SIZE = 16
DARK = torch.full((3, SIZE, SIZE), 0.2)
DARK[:, :, : SIZE // 2] = 0.55
QUICK = Transitions(starts=3, updates=12, phases=60, trust=False)


class Halves(nn.Module):
    """Paints a left and a right half, each as bright as its latent number and the class say."""

    classes, latent_size = 3, 2

    def generate(self, z, c):
        bright = torch.sigmoid(z + 2 * (c[:, 1:2] - c[:, :1]))
        halves = bright[:, None, None, :].repeat_interleave(SIZE // 2, dim=3)
        return halves.expand(-1, 3, SIZE, -1)

    def sample(self, n, seed=0):
        return torch.randn(n, 2, generator=torch.Generator().manual_seed(seed))


def classifier():
    net = nn.Sequential(nn.Conv2d(3, 4, 3, padding=1), nn.ReLU(), nn.Flatten(), nn.Linear(4 * SIZE**2, 3))
    with torch.no_grad():
        net[0].weight.fill_(0)
        net[0].weight[:, :, 1, 1] = torch.tensor([1.0, 0.5, 0.2, 0.1])[:, None]
        net[0].bias.fill_(0)
        net[3].weight.fill_(0)
        for unit, sign in ((0, -1), (1, 1)):
            net[3].weight[unit] = sign * 4 / SIZE**2 / 4
        net[3].bias.copy_(torch.tensor([3.4, -2.0, -9.0]))
    return Classifier(net, labels=["dark", "bright", "<b>other</b>"])


CLF = classifier()


def count(buffer):
    return struct.unpack_from("<I", buffer)[0] if buffer else 0


def first(buffer):
    n, end = struct.unpack_from("<II", buffer)
    return np.asarray(Image.open(io.BytesIO(buffer[4 + 4 * n : 4 + 4 * n + end])))


@pytest.fixture(scope="module")
def found():
    return QUICK.explain(CLF, Halves(), DARK, target="bright")


@pytest.fixture
def view(found):
    made = TransitionView(CLF, Halves(), engine=QUICK, result=found)
    yield made
    made.close()


def test_the_toy_is_as_it_is_meant(found):
    assert found.predicted == found.wrong == 0
    assert set(found.candidates.predicted.tolist()) == {0, 1}
    assert 0 < found.flip_phase < 59


def test_a_run_fills_the_view_in():
    made = TransitionView(CLF, Halves(), DARK, target="bright", engine=QUICK)
    assert made.run.result(PATIENCE).path.complete
    until(lambda: made.state == "done")
    assert made.error == ""
    assert (made.predicted, made.wrong, made.target) == (0, 0, 1)
    assert made.correct == 1  # its name on the wire
    assert made.counts == "update 12 of 12 · 9 candidates"
    assert made.progress == 1
    assert len(made.path["at"]) == 60
    made.close()


def test_the_browser_gets_all_that_it_needs(view, found):
    assert view.labels == ["dark", "bright", "<b>other</b>"]
    assert view.size == [SIZE, SIZE]
    assert np.asarray(Image.open(io.BytesIO(view.picture))).shape == (SIZE, SIZE, 3)
    assert [index for index, _ in view.whole][:1] == [0]
    path = view.path
    assert path["at"] == list(range(60))
    assert path["ends"] == view.best == list(found.best_ends)
    assert path["flip"] == found.flip_phase == view.flip_phase
    assert path["strip"][0] == 0
    assert path["strip"][-1] == 59
    assert len(path["wrong"]) == len(path["correct"]) == len(path["called"]) == 60
    assert count(view.frames) == count(view.maps) == 60
    assert np.array_equal(first(view.frames), found.path.frames[0].permute(1, 2, 0).numpy())
    assert first(view.maps).shape == (2 * SIZE, SIZE)
    assert count(view.picture_maps) == 2
    assert np.sum(view.answer["share"]) == pytest.approx(1, abs=1e-3)
    assert np.prod(view.answer["cells"]) == len(view.answer["share"])


def test_the_gallery_has_two_rows_sorted_by_likeness(view, found):
    rows = {right: [e for e in view.gallery if e["right"] is right] for right in (False, True)}
    for right, target in ((False, 0), (True, 1)):
        assert [entry["id"] for entry in rows[right]] == found.row(target)
        assert all(entry["called"] == target for entry in rows[right])
        cosines = [entry["cosine"] for entry in rows[right]]
        assert cosines == sorted(cosines, reverse=True)
    assert [entry["tile"] for entry in view.gallery] == list(range(len(view.gallery)))
    assert count(view.gallery_tiles) == count(view.gallery_maps) == len(view.gallery)
    assert view.notes == ""


def test_other_ends_are_walked_between(view, found):
    ends = [found.row(0)[-1], found.row(1)[-1]]
    view.set_state({"picked": ends, "following": False})
    until(lambda: view.path["ends"] == ends and len(view.path["at"]) == 60)
    assert view.result.path.ends == tuple(ends)
    assert view.result.agreement is None
    view.set_state({"following": True})
    until(lambda: view.path["ends"] == view.best)
    assert view.result is not None


def test_the_phase_is_set_and_refused(view):
    view.phase = 59
    with pytest.raises(TraitError, match="phase must be from 0 to 59; got 60"):
        view.phase = 60
    assert view.phase == 59


RUBBISH = [
    ({"phase": 60}, "phase must be from 0 to 59, not 60"),
    ({"phase": 1.5}, "phase must be from 0 to 59, not 1.5"),
    ({"phase": True}, "phase must be"),
    ({"correct": 3}, "target must be from 0 to 2, not 3"),
    ({"correct": True}, "target must be from 0 to 2, not True"),
    ({"correct": 0}, "'dark' is the class that the image was taken for: choose another target"),
    ({"picked": [1]}, "two candidates"),
    ({"picked": [0, 9]}, "each candidate picked must be from 0 to 8, not 9"),
    ({"picked": "01"}, "two candidates"),
    ({"best": [0, 1]}, "the page may not set best"),
    ({"following": "perhaps"}, "following"),
]


@pytest.mark.parametrize(("sent", "text"), RUBBISH)
def test_rubbish_is_refused_and_seen(view, sent, text):
    before = view.get_state(list(sent))
    view.set_state(sent)
    assert text in view.error
    assert view.get_state(list(sent)) == before
    view.set_state({"phase": 3})
    assert view.error == ""


def test_another_target_is_searched_for_and_the_first_result_is_kept(view):
    view.set_state({"correct": 2})
    until(lambda: view.state == "done")
    assert view.result.label == "<b>other</b>"
    assert view.notes == "No candidate is predicted <b>other</b>: the nearest one is shown."
    assert [entry.get("nearest") for entry in view.gallery if entry["right"]] == [True]
    run = view.run
    view.target = "bright"
    assert view.correct == 1
    assert (view.state, view.run) == ("done", run)
    assert view.flip_phase is not None


def test_a_search_that_is_stopped_is_resumed_where_it_was():
    made = TransitionView(
        CLF, Halves(), DARK, target="bright", engine=Transitions(starts=3, patience=None, trust=False)
    )
    until(lambda: made.run.partial is not None and made.run.partial.walk.update > 3)
    made.stop()
    until(lambda: made.state == "stopped")
    kept = made.run.partial.walk.update
    time.sleep(0.1)
    assert made.run.partial.walk.update == kept < 2000
    made.resume()
    until(lambda: made.run.partial.walk.update > kept)
    made.close()


def test_there_is_a_transition_to_scrub_during_the_search():
    made = TransitionView(
        CLF, Halves(), DARK, target="bright", engine=Transitions(starts=3, patience=None, trust=False)
    )
    until(lambda: len(made.path.get("at", ())) == 33)
    assert made.state == "running"
    before = made.result.walk.update
    until(lambda: made.result.walk.update > before)  # and the result grows with the search
    made.close()


def test_a_late_first_look_does_not_take_the_place_of_what_the_run_found():
    asked, ended, answered = threading.Event(), threading.Event(), threading.Event()

    class Late(Transitions):
        """Lets the run end between the beginning and the end of the first look at a transition."""

        def steps(self, *args, **kwargs):
            for update in super().steps(*args, **kwargs):
                yield update
                assert asked.wait(PATIENCE)

        def path(self, *args):
            asked.set()
            assert ended.wait(PATIENCE)
            yield from super().path(*args)

    class Watched(TransitionView):
        def _answer(self, question):
            super()._answer(question)
            answered.set()

    late = Late(starts=3, updates=12, phases=60, trust=False)
    made = Watched(CLF, Halves(), DARK, target="bright", engine=late)
    whole = made.run.result(PATIENCE)
    until(lambda: made.state == "done")
    assert not answered.is_set()
    late_paths = []
    made.observe(late_paths.append, "path")
    ended.set()
    assert answered.wait(PATIENCE)
    assert late_paths == []
    assert made.error == ""
    assert made.result is whole
    assert len(made.path["at"]) == 60
    made.close()


def test_candidates_picked_during_the_search_are_generated_again_at_its_end():
    made = TransitionView(
        CLF,
        Halves(),
        DARK,
        target="bright",
        engine=Transitions(starts=3, updates=300, phases=60, trust=False),
    )
    until(lambda: made.best != [])
    ends = list(made.best)
    made.set_state({"picked": ends, "following": False})
    final = made.run.result(PATIENCE)
    until(
        lambda: (
            made.state == "done"
            and made.result.path is not None
            and made.result.path.complete
            and list(made.result.path.ends) == ends
            and torch.equal(made._shown.candidates.latents[ends], final.candidates.latents[ends])
        )
    )
    made.close()


def test_an_error_is_shown_and_what_was_found_is_kept():
    class Failing(Halves):
        calls = 0

        def generate(self, z, c):
            self.calls += z.requires_grad  # the search's own passes
            if self.calls == 9 and z.requires_grad:
                raise MemoryError("out of luck")
            return super().generate(z, c)

    made = TransitionView(CLF, Failing(), DARK, target="bright", engine=QUICK)
    until(lambda: made.state == "failed")
    assert made.error == "MemoryError: out of luck"
    assert made.result is not None
    made.resume()
    until(lambda: made.state == "done")
    assert made.error == ""
    assert made.result.path.complete
    made.close()


def test_the_checkpoint_is_of_the_target_that_was_given(tmp_path):
    path = tmp_path / "run.safetensors"
    made = TransitionView(CLF, Halves(), DARK, "bright", engine=QUICK, checkpoint=path)
    made.run.result(PATIENCE)
    until(lambda: made.state == "done")
    kept = path.read_bytes()
    made.target = 2
    made.run.result(PATIENCE)
    until(lambda: made.state == "done")
    assert made.error == ""
    assert made.result.label == "<b>other</b>"
    assert path.read_bytes() == kept
    assert TransitionResult.load(path).label == "bright"
    made.close()


def test_a_finished_result_keeps_its_wrong_class_for_other_targets():
    found = QUICK.explain(CLF, Halves(), DARK, "dark", wrong="bright")
    made = TransitionView(CLF, Halves(), engine=QUICK, result=found)
    made.target = "<b>other</b>"
    made.run.result(PATIENCE)
    until(lambda: made.state == "done")
    assert (made.result.wrong_label, made.result.label) == ("bright", "<b>other</b>")
    made.close()


@pytest.mark.parametrize(
    ("given", "kind", "text"),
    [
        ({"target": None}, ValueError, "target: name the class that the image really has"),
        ({"target": "brigt"}, ClassifierError, "did you mean 'bright'"),
        ({"engine": "fast"}, TypeError, "engine must be Transitions"),
        ({"clf": len}, TypeError, "clf must be a Classifier"),
        ({"image": None}, ValueError, "either an image to explain or a finished result"),
        ({"image": None, "result": "mine"}, TypeError, "result must be a TransitionResult, not str"),
    ],
)
def test_what_cannot_be_is_the_cell_s_error(given, kind, text):
    settings = {"clf": CLF, "generator": Halves(), "image": DARK, "target": "bright", **given}
    with pytest.raises(kind, match=text):
        TransitionView(**settings)


def test_what_a_run_refuses_is_shown():
    class Loud(Halves):
        def generate(self, z, c):
            return 9 * super().generate(z, c)

    made = TransitionView(CLF, Loud(), DARK, target="bright", engine=QUICK)
    until(lambda: made.state == "failed")
    assert "images are in [0, 1]; generate returned" in made.error
    assert isinstance(made.last_error, GeneratorError)
    made.close()


def test_a_generator_of_other_classes_is_refused_at_once():
    class Wrong(Halves):
        classes = 7

    with pytest.raises(GeneratorError, match="the generator has 7 classes and the classifier 3"):
        TransitionView(CLF, Wrong(), DARK, target="bright", engine=QUICK)


def test_the_chart_has_the_curves_and_the_flip(found):
    explorer = TransitionExplorer(CLF, Halves(), engine=QUICK, result=found)
    flip, wrong, target, cursor, from_left, to_right = explorer.chart.marks
    assert np.allclose(wrong.y, found.path.wrong, atol=1e-5)
    assert np.allclose(target.y, found.path.target, atol=1e-5)
    assert flip.x.tolist() == [found.flip_phase] * 2
    assert from_left.text[0] == "dark"
    assert to_right.text[0] == "bright"
    assert sorted([*from_left.text, *to_right.text]) == ["bright", "dark", "flips here"]
    assert explorer.flip_phase == found.flip_phase
    explorer.phase = 7
    assert explorer.view.phase == explorer.phase == 7
    assert explorer.target == 1
    with pytest.raises(ValueError, match="'dark' is the class that the image was taken for"):
        explorer.target = "dark"
    assert explorer.target == explorer.view.target == 1
    assert cursor.y.tolist() == [0, 1]
    explorer.close()


def test_the_chart_has_its_axis_before_there_is_a_transition(monkeypatch):
    monkeypatch.setattr(TransitionView, "start", lambda _view, steps: steps.close())
    explorer = TransitionExplorer(CLF, Halves(), DARK, target="bright", engine=QUICK)
    below, _up = explorer.chart.axes
    assert (below.scale.min, below.scale.max) == (0, 59)
    assert below.tick_values.tolist() == [0, 10, 20, 30, 40, 50]
    assert not any(mark.visible for mark in explorer.chart.marks)
    explorer.close()
