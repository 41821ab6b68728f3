"""The view of a training without a browser: what it shows, its stop, its resuming, its failures."""

from __future__ import annotations

import dataclasses
import gc
import io
import threading
import time
import weakref
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from ipywidgets import Widget
from PIL import Image
from training_steps import FACES, FAST, HAS, NAMES, Gate, steps
from waiting import until

from cfwidgets.engines.base import Update
from cfwidgets.images import to_uint8
from cfwidgets.training import translation_updates
from cfwidgets.training.attgan import TrainedAttGAN
from cfwidgets.training.biggan import BigGANTraining
from cfwidgets.training.plain import PlainTraining
from cfwidgets.training.translation import TrainedTranslator, TranslationTraining
from cfwidgets.widgets.training.view import TrainingView

TRANSLATION = TranslationTraining(
    updates=4,
    batch_size=4,
    warm_updates=1,
    width=8,
    full_width=4,
    levels=2,
    noise=4,
    discriminator_width=8,
    measure_every=2,
    report_every=2,
)


def drawn(view):
    until(lambda: view.state not in {"empty", "running"} and view.drawn == view.result.step)


def pixels(view):
    return np.asarray(Image.open(io.BytesIO(view.sheet)))


def joined(sheet):
    rows, columns, _, height, width = sheet.shape
    return to_uint8(sheet.permute(2, 0, 3, 1, 4).reshape(3, rows * height, columns * width))


@pytest.fixture
def opened():
    """Makes views that are closed in the end."""
    made = []

    def make(*args, **more):
        made.append(TrainingView(*args, **more))
        return made[-1]

    yield make
    for one in made:
        one.close()


def test_a_training_is_shown_to_its_end(opened):
    view = opened(steps())
    assert view.run.result(30).step == 6
    drawn(view)
    assert isinstance(view.result, TrainedAttGAN)
    assert view.counts.startswith("update 6 of 6 after ")
    assert view.time_left == ""
    assert (view.state, view.activity, view.progress, view.error, view.step) == ("done", "", 1.0, "", 6)
    assert np.array_equal(pixels(view), joined(view.result.sheet()))
    assert (view.grid, view.tile) == ([4, 4], [16, 16])
    assert view.columns == list(view.result.sheet_columns)
    assert view.columns[2:] == ["Pale_Skin", "<b>"]
    assert view.sheet_note == "by the running mean of the weights"
    assert (view.drawn, view.measured, view.window) == (6, 6, 1)
    assert view.loss_names == list(view.result.loss_names)
    assert np.allclose(view.history, view.result.losses)
    assert view.losses == pytest.approx(view.result.losses[-1].tolist())


def test_other_trainings_are_shown_too(opened):
    training = BigGANTraining(updates=2, batch_size=4, channels=2, latent_size=8, report_every=1)
    view = opened(training.steps(torch.rand(20, 1, 32, 32), torch.arange(20) % 2))
    drawn(view)
    assert pixels(view).shape == (2 * 32, 8 * 32, 3)
    assert (view.columns, view.grid) == ([], [2, 8])
    assert view.loss_names == ["generator", "discriminator"]


def test_a_classifier_is_shown_with_its_hardest_pictures_and_what_is_right(opened):
    images, labels = torch.rand(20, 3, 16, 16), torch.arange(20) % 2
    network = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(3 * 256, 2))
    groups = {"even": (images[::2], labels[::2]), "<b>": (images[1::2], labels[1::2])}
    training = PlainTraining(updates=4, batch_size=4)
    view = opened(training.steps(network, images, labels, held_out=groups, report_every=2))
    drawn(view)
    assert view.counts.startswith("update 4 of 4 after ")
    assert np.array_equal(pixels(view), joined(view.result.sheet()))
    assert (view.grid, view.columns) == ([4, 2], ["even", "<b>"])
    assert view.sheet_note == "from the held-out pictures: the hardest of each group"
    assert (view.loss_names, view.held_out_names) == (["cross-entropy"], ["even", "<b>"])
    assert view.held_out == pytest.approx(view.result.measured[-1, 1:].tolist())
    assert view.held_out_at == 4


@pytest.mark.parametrize("marked", [False, True])
def test_a_translator_is_shown_with_what_is_measured_on_held_out_images(opened, marked):
    images, labels = torch.rand(20, 3, 16, 16), torch.arange(20) % 2
    held_out = SimpleNamespace(images=images, labels=labels)
    if marked:
        held_out.masks = torch.rand(20, 16, 16) > 0.9
    view = opened(TRANSLATION.steps(images, labels, held_out=held_out))
    drawn(view)
    assert pixels(view).shape == (8 * 16, 4 * 16, 3)
    assert view.columns == ["image", "twin", "difference", "twin of the twin"]
    assert view.loss_names == list(TrainedTranslator.loss_names)
    measured = view.result.measured
    assert measured[:, 0].tolist() == [2, 4]
    names = ["flipped from 0", "flipped from 1", *(["IoU"] if marked else []), "branch accuracy"]
    assert view.held_out_names == names
    kept = measured[:, [0, 1, 2, *([3] if marked else []), 4]]
    assert np.allclose(view.held_out_history, kept)
    assert view.held_out == pytest.approx(kept[-1, 1:].tolist())
    assert view.held_out_at == 4
    assert view.notes == ""


def test_nothing_is_measured_where_no_images_are_held_out(opened):
    images, labels = torch.rand(20, 3, 16, 16), torch.arange(20) % 2
    view = opened(TRANSLATION.steps(images, labels))
    drawn(view)
    assert (view.held_out_names, view.held_out, view.held_out_at) == ([], [], -1)
    assert view.held_out_history.shape == (0, 1)


def test_a_collapse_is_said_in_the_notes_at_once(opened):
    class Failing(TrainedTranslator):
        def collapse(self):
            return "collapsed: <all> twins look alike" if self.step == 4 else ""

    def failing():
        images, labels = torch.rand(20, 3, 16, 16), torch.arange(20) % 2
        for update in TRANSLATION.steps(images, labels):
            fields = {
                field.name: getattr(update.partial, field.name) for field in dataclasses.fields(Failing)
            }
            yield replace(update, partial=Failing(**fields))

    gate = Gate(failing())
    view = opened(gate.steps())
    gate.let(1)
    until(lambda: view.step == 2)
    assert view.notes == ""
    gate.let(1)
    until(lambda: view.step == 4)
    assert view.notes == "collapsed: <all> twins look alike"
    gate.let(1)
    assert view.run.result(30).step == 4


def test_large_images_are_sent_small(opened):
    faces = torch.rand(4, 3, 128, 128)
    view = opened(replace(FAST, updates=1).steps(faces, HAS[:4], NAMES))
    drawn(view)
    assert Image.open(io.BytesIO(view.sheet)).format == "WEBP"
    assert pixels(view).shape == (4 * 128, 4 * 128, 3)
    assert view.tile == [128, 128]


def test_the_losses_are_the_means_of_the_last_updates(opened):
    base = next(steps()).partial
    losses = torch.linspace(0, 1, 1000)[:, None].repeat(1, 6)
    losses[:, 1] = -50 * losses[:, 0]
    losses[-1, 2] = torch.inf
    losses[-100:, 3] = torch.nan
    view = opened(iterate(replace(base, losses=losses, step=1000)))
    drawn(view)
    assert (view.window, view.measured) == (100, 1000)
    last = losses[-100:, 0].mean().item()
    assert view.losses[:2] == pytest.approx([last, -50 * last])
    assert view.losses[2] == pytest.approx(losses[-100:-1, 2].mean().item())
    assert view.losses[3] is None


def test_before_the_first_update_there_are_no_losses(opened):
    base = next(steps()).partial
    view = opened(iterate(replace(base, losses=torch.empty(0, 6), step=0)))
    drawn(view)
    assert (view.losses, view.measured, len(view.loss_names)) == ([], 0, 6)
    assert view.counts.startswith("update 0 of 6 after ")


def iterate(*partials):
    for place, partial in enumerate(partials, 1):
        yield Update(place / len(partials), partial)


def test_it_is_stopped_and_resumed_as_if_it_had_not_been(opened, tmp_path):
    path = tmp_path / "kept.safetensors"
    gate = Gate(steps(checkpoint=path))
    view = opened(gate.steps(), checkpoint=path)
    assert view.result is None
    until(lambda: gate.asked == 1)
    view.stop()
    assert view.activity == "stops after this update"
    view.resume()
    gate.let(2)
    until(lambda: gate.asked == 3)
    assert view.result.step == 2
    assert (view.state, view.activity) == ("running", "")
    view._on_message(view, {"kind": "stop"}, [])
    assert view.activity == "stops after this update"
    gate.let(1)
    until(lambda: view.state == "stopped")
    assert (view.step, view.saved, view.activity) == (3, True, "")
    assert TrainedAttGAN.load(path).step == 3
    drawn(view)
    assert view.drawn == 3
    view._on_message(view, {"kind": "resume"}, [])
    assert view.state == "running"
    gate.let(10)
    whole = FAST.train(FACES, HAS, NAMES)
    assert torch.equal(view.run.result(30).losses, whole.losses)
    assert all(torch.equal(view.result.weights[name], whole.weights[name]) for name in whole.weights)


def test_it_says_that_the_first_updates_take_long(opened):
    gate = threading.Event()

    def slow():
        assert gate.wait(20)
        yield from steps()

    view = opened(slow())
    view.stop()
    view.resume()
    assert (view.state, view.activity, view.counts) == ("running", "the first updates", "")
    gate.set()
    assert view.run.result(30).step == 6


def test_a_stop_may_be_taken_back(opened):
    gate = Gate(steps())
    view = opened(gate.steps())
    view.stop()
    view.resume()
    assert "stops after" not in view.activity
    gate.let(10)
    assert view.run.result(30).step == 6


def test_without_a_checkpoint_a_stop_keeps_it_in_memory(opened):
    gate = Gate(steps())
    view = opened(gate.steps())
    view.stop()
    gate.let(1)
    until(lambda: view.state == "stopped")
    assert (view.step, view.saved) == (1, False)


def test_a_checkpoint_that_cannot_be_written_is_said_and_nothing_is_lost(opened, tmp_path):
    gate = Gate(steps())
    view = opened(gate.steps(), checkpoint=tmp_path / "missing" / "kept")
    view.stop()
    gate.let(1)
    until(lambda: view.state == "stopped")
    assert "FileNotFoundError" in view.error
    assert isinstance(view.last_error, FileNotFoundError)
    assert not view.saved
    view.resume()
    assert view.error == ""
    gate.let(10)
    assert view.run.result(30).step == 6


def test_a_failure_is_shown_and_what_was_found_is_kept(opened):
    def failing():
        for update in steps():
            if update.partial.step == 3:
                raise RuntimeError("no <b>memory</b>")
            yield update

    view = opened(failing())
    until(lambda: view.state == "failed")
    drawn(view)
    assert (view.step, view.drawn, view.result.step) == (2, 2, 2)
    assert view.error == "RuntimeError: no <b>memory</b>"
    view.resume()  # a generator that failed is at its end
    assert view.state == "failed"


def test_a_loss_that_is_no_number_ends_it_at_the_last_good_state_with_the_reason(
    opened, tmp_path, monkeypatch
):
    right, calls = translation_updates.discriminator_loss, []

    def wrong(*of):
        calls.append(1)
        return right(*of) * (torch.nan if len(calls) == 2 else 1)

    monkeypatch.setattr(translation_updates, "discriminator_loss", wrong)
    images, labels = torch.rand(20, 3, 16, 16), torch.arange(20) % 2
    view = opened(TRANSLATION.steps(images, labels, checkpoint=tmp_path / "kept"))
    until(lambda: view.state == "failed")
    assert view.error == (
        "FloatingPointError: the loss 'discriminator' is no longer a number at update 3; a smaller learning "
        "rate may help"
    )
    assert (view.step, view.result.step) == (2, 2)
    assert TrainedTranslator.load(tmp_path / "kept").step == 2


def test_data_that_do_not_fit_are_named(opened):
    view = opened(FAST.steps(FACES, HAS, ("one",)))
    until(lambda: view.state == "failed")
    assert "for 12 faces and 1 names" in view.error
    assert view.result is None


def test_weights_that_are_not_finite_cannot_be_drawn_and_the_training_continues(opened):
    def diverging():
        for update in steps():
            bad = {name: value * torch.nan for name, value in update.partial.weights.items()}
            yield replace(update, partial=replace(update.partial, weights=bad))

    view = opened(diverging())
    until(lambda: "the drawing failed: " in view.error)
    assert view.run.result(30).step == 6
    assert view.drawn == -1
    until(lambda: view.measured == 6)  # the losses are


def test_errors_of_two_kinds_stand_together_and_each_is_taken_back(opened, tmp_path):
    whole = list(steps())

    def mending():
        bad = {name: value * torch.nan for name, value in whole[0].partial.weights.items()}
        yield replace(whole[0], partial=replace(whole[0].partial, weights=bad))
        yield whole[1]
        yield whole[2]

    gate = Gate(mending())
    view = opened(gate.steps(), checkpoint=tmp_path / "missing" / "kept")
    gate.let(1)
    until(lambda: view.error.startswith("the drawing failed: "))
    view.stop()
    view._draw_from = 1e12  # the stop draws none the less
    gate.let(1)
    until(lambda: view.state == "stopped" and view.drawn == 2)
    until(lambda: view.error.startswith("FileNotFoundError"))
    view._fail(ValueError("no"), "draw")
    assert [line.partition(":")[0] for line in view.error.splitlines()] == [
        "FileNotFoundError",
        "the drawing failed",
    ]
    view.resume()
    assert view.error == "the drawing failed: no"
    gate.let(1)  # to its end


class Slow(TrainedAttGAN):
    """Takes its time to make a sheet."""

    gate = threading.Event()
    asked = 0

    def sheet(self):
        type(self).asked += 1
        assert self.gate.wait(20)
        return super().sheet()


def slow_steps(count, pause=0.0):
    base = next(steps()).partial
    fields = {field.name: getattr(base, field.name) for field in dataclasses.fields(base)}
    for step in range(1, count + 1):
        time.sleep(pause)
        yield Update(step / count, Slow(**{**fields, "step": step}))


def test_the_training_does_not_wait_for_what_is_drawn(opened):
    Slow.gate.clear()
    Slow.asked = 0
    view = opened(slow_steps(100, 0.01))
    assert view.run.result(20).step == 100  # with the gate shut
    until(lambda: view.counts.startswith("update 100 of 6"))
    assert Slow.asked == 1
    Slow.gate.set()
    drawn(view)
    assert Slow.asked == 2  # those in between are dropped


def test_between_two_drawings_it_rests_nine_times_as_long(opened, monkeypatch):
    Slow.gate.set()
    view = opened(slow_steps(1))
    drawn(view)
    view.drawn = -1

    def draw(_partial):
        end = time.thread_time() + 0.1
        while time.thread_time() < end:
            pass

    monkeypatch.setattr(view, "_draw_sheet", draw)
    before = time.monotonic()
    view._answer(view.result)
    assert view._draw_from > before + 10 * 0.1
    assert view._draw_from < time.monotonic() + 5


def test_the_same_is_not_drawn_twice(opened):
    Slow.gate.set()
    Slow.asked = 0
    view = opened(slow_steps(1))
    drawn(view)
    view._answer(view.result)
    assert Slow.asked == 1


def test_what_is_no_generator_is_refused():
    with pytest.raises(TypeError, match=r"what a training's `steps\(…\)` gives, not AttGANTraining"):
        TrainingView(FAST)


def test_the_page_may_set_nothing(opened):
    view = opened(steps())
    view.run.result(30)
    until(lambda: view.state == "done")
    view.set_state({"step": 9})
    assert view.step == 6
    assert view.error == "the page may not set step"


@pytest.mark.slow
def test_closing_saves_and_frees_everything(tmp_path):
    kept = []
    before = {id(widget) for widget in gc.get_objects() if isinstance(widget, Widget)}

    def make_and_close(path):
        gate = Gate(steps(checkpoint=path))
        view = TrainingView(gate.steps())
        gate.let(2)
        until(lambda: gate.asked == 3 and view.drawn > 0)
        view.stop()
        gate.let(1)
        view.run.wait(20)
        kept.extend(weakref.ref(part) for part in (view, view.result))
        view.close()
        view.close()

    for name in "ab":
        make_and_close(tmp_path / name)

    def freed():
        gc.collect()
        return all(reference() is None for reference in kept)

    until(freed)
    assert TrainedAttGAN.load(tmp_path / "b").step == 3
    after = {id(widget) for widget in gc.get_objects() if isinstance(widget, Widget)}
    assert after <= before
    until(lambda: not any(thread.name.startswith("cfwidgets") for thread in threading.enumerate()))


def test_closed_while_it_runs_it_ends():
    gate = Gate(steps())
    view = TrainingView(gate.steps())
    gate.let(1)
    until(lambda: gate.asked == 2)
    view.close()
    gate.let(10)
    assert view.run.wait(20) == "stopped"
    assert view.result.step == 2
