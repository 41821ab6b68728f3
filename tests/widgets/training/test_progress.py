"""The progress of a training without a browser: what it shows, its stop, its going on, its failures."""

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

from cfwidgets.engines.base import Update
from cfwidgets.images import to_uint8
from cfwidgets.training.attgan import AttGANTraining, TrainedAttGAN
from cfwidgets.training.biggan import BigGANTraining
from cfwidgets.widgets.training.progress import TrainingProgress

FAST = AttGANTraining(updates=6, batch_size=4, critic_updates=1, dim=4, layers=3, hidden=8, report_every=1)
NAMES = ("Pale_Skin", "<b>")
FACES = torch.rand(12, 3, 16, 16, generator=torch.Generator().manual_seed(0))
HAS = torch.arange(24).view(12, 2) % 3 == 0


def until(condition, seconds=20):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.005)


class Gate:
    """Lets a training on by as many updates as are asked for."""

    def __init__(self, steps):
        self._steps, self._places = steps, threading.Semaphore(0)
        self.asked = 0

    def let(self, count):
        self._places.release(count)

    def steps(self):
        for update in self._steps:
            self.asked += 1
            assert self._places.acquire(timeout=20)
            yield update


def steps(**more):
    return FAST.steps(FACES, HAS, NAMES, **more)


def drawn(progress):
    until(lambda: progress.run.state != "running" and progress._drawn == progress.result.step)


def pixels(progress):
    return np.asarray(Image.open(io.BytesIO(progress._image.value)))


def joined(sheet):
    rows, columns, _, height, width = sheet.shape
    return to_uint8(sheet.permute(2, 0, 3, 1, 4).reshape(3, rows * height, columns * width))


@pytest.fixture
def opened():
    """Makes progress displays that are closed in the end."""
    made = []

    def make(*args, **more):
        made.append(TrainingProgress(*args, **more))
        return made[-1]

    yield make
    for one in made:
        one.close()


def test_a_training_is_shown_to_its_end(opened):
    progress = opened(steps())
    assert progress.run.result(30).step == 6
    drawn(progress)
    assert isinstance(progress.result, TrainedAttGAN)
    assert "update 6 of 6, " in progress._head.value
    assert 'data-state="done"' in progress._head.value
    assert " left" not in progress._head.value
    assert 'aria-valuenow="100"' in progress._bar.value
    assert progress._alert.value == ""
    assert progress._button.layout.visibility == "hidden"
    assert np.array_equal(pixels(progress), joined(progress.result.sheet()))
    assert progress._image.layout.display is None
    # four columns of 16 pixels, six times as large
    assert progress._sheet.layout.width == "384px"
    assert "cfw-training-pixels" in progress._image._dom_classes
    for name in ("original", "reconstructed", "Pale_<wbr>Skin", "&lt;b&gt;"):
        assert f"<span>{name}</span>" in progress._columns.value
    assert "painted at update 6" in progress._below.value
    titles = [chart._title.value for chart in progress._charts._charts]
    assert [name in title for name, title in zip(progress.result.loss_names, titles, strict=True)] == [
        True
    ] * 6
    reconstruction = progress._charts._charts[0]._each.y
    assert np.allclose(reconstruction, progress.result.losses[:, 0])


def test_other_trainings_are_shown_too(opened):
    training = BigGANTraining(updates=2, batch_size=4, channels=2, latent_size=8, report_every=1)
    progress = opened(training.steps(torch.rand(20, 1, 32, 32), torch.arange(20) % 2))
    drawn(progress)
    assert pixels(progress).shape == (2 * 32, 8 * 32, 3)
    assert progress._columns.value == ""
    assert len(progress._charts.box.children) == 2


def test_large_images_are_sent_small_and_shown_smooth(opened):
    faces = torch.rand(4, 3, 128, 128)
    progress = opened(replace(FAST, updates=1).steps(faces, HAS[:4], NAMES))
    drawn(progress)
    assert progress._image.format == "webp"
    assert pixels(progress).shape == (4 * 128, 4 * 128, 3)
    assert "cfw-training-pixels" not in progress._image._dom_classes


def test_it_is_stopped_and_goes_on_as_if_it_had_not_been(opened, tmp_path):
    path = tmp_path / "kept.safetensors"
    gate = Gate(steps(checkpoint=path))
    progress = opened(gate.steps(), checkpoint=path)
    assert progress.result is None
    gate.let(2)
    until(lambda: gate.asked == 3)
    assert progress.result.step == 2
    assert progress._button.description == "Stop"
    progress._button.click()
    assert "running: stops after this update" in progress._head.value
    gate.let(1)
    until(lambda: 'data-state="stopped"' in progress._head.value)
    assert "stopped: update 3 is kept and saved, Continue goes on" in progress._head.value
    assert progress._button.description == "Continue"
    assert progress._button.layout.visibility == "visible"
    assert TrainedAttGAN.load(path).step == 3
    drawn(progress)
    assert "painted at update 3" in progress._below.value
    progress._button.click()
    assert 'data-state="running"' in progress._head.value
    assert progress._button.description == "Stop"
    gate.let(10)
    whole = FAST.train(FACES, HAS, NAMES)
    assert torch.equal(progress.run.result(30).losses, whole.losses)
    assert all(torch.equal(progress.result.weights[name], whole.weights[name]) for name in whole.weights)


def test_a_stop_may_be_taken_back(opened):
    gate = Gate(steps())
    progress = opened(gate.steps())
    progress.stop()
    progress.proceed()
    assert "stops after" not in progress._head.value
    gate.let(10)
    assert progress.run.result(30).step == 6


def test_without_a_checkpoint_a_stop_keeps_it_in_memory(opened):
    gate = Gate(steps())
    progress = opened(gate.steps())
    progress.stop()
    gate.let(1)
    until(lambda: "stopped: update 1 is kept, Continue" in progress._head.value)


def test_a_checkpoint_that_cannot_be_written_is_said_and_nothing_is_lost(opened, tmp_path):
    gate = Gate(steps())
    progress = opened(gate.steps(), checkpoint=tmp_path / "missing" / "kept")
    progress.stop()
    gate.let(1)
    until(lambda: 'data-state="stopped"' in progress._head.value)
    assert "FileNotFoundError" in progress._alert.value
    assert "saved" not in progress._head.value
    progress.proceed()
    assert progress._alert.value == ""
    gate.let(10)
    assert progress.run.result(30).step == 6


def test_a_failure_is_shown_and_what_was_found_is_kept(opened):
    def failing():
        for update in steps():
            if update.partial.step == 3:
                raise RuntimeError("no <b>memory</b>")
            yield update

    progress = opened(failing())
    drawn(progress)
    until(lambda: 'data-state="failed"' in progress._head.value)
    assert "failed: update 2 is kept" in progress._head.value
    assert "RuntimeError: no &lt;b&gt;memory&lt;/b&gt;" in progress._alert.value
    assert progress._button.layout.visibility == "hidden"
    assert progress.result.step == 2
    assert "painted at update 2" in progress._below.value


def test_data_that_do_not_fit_are_named(opened):
    progress = opened(FAST.steps(FACES, HAS, ("one",)))
    until(lambda: 'data-state="failed"' in progress._head.value)
    assert "for 12 faces and 1 names" in progress._alert.value
    assert progress.result is None


def test_weights_that_are_not_finite_cannot_be_shown_and_the_training_goes_on(opened):
    def diverging():
        for update in steps():
            bad = {name: value * torch.nan for name, value in update.partial.weights.items()}
            yield replace(update, partial=replace(update.partial, weights=bad))

    progress = opened(diverging())
    until(lambda: "cannot be shown" in progress._alert.value)
    assert progress.run.result(30).step == 6
    assert len(progress._charts.box.children) == 6


class Slow(TrainedAttGAN):
    """Takes its time to paint a sheet."""

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
    progress = opened(slow_steps(100, 0.01))
    assert progress.run.result(20).step == 100  # with the gate shut
    assert "update 100 of 6" in progress._head.value
    assert Slow.asked == 1
    Slow.gate.set()
    drawn(progress)
    assert Slow.asked == 2  # those in between are dropped


def test_between_two_drawings_it_rests_nine_times_as_long(opened, monkeypatch):
    Slow.gate.set()
    progress = opened(slow_steps(1))
    drawn(progress)
    monkeypatch.setattr(progress, "_drawn", -1)

    def paint(_partial):
        end = time.thread_time() + 0.1
        while time.thread_time() < end:
            pass

    monkeypatch.setattr(progress, "_draw_sheet", paint)
    progress._draw(progress.result)
    assert time.monotonic() + 0.8 < progress._draw_from < time.monotonic() + 5


def test_the_same_is_not_drawn_twice(opened):
    Slow.gate.set()
    Slow.asked = 0
    progress = opened(slow_steps(1))
    drawn(progress)
    time.sleep(0.05)
    assert Slow.asked == 1


def test_the_time_left_is_by_what_ran_here(opened):
    progress = opened(steps())
    progress.run.result(30)

    def at(step, seconds):
        return SimpleNamespace(step=step, seconds=seconds, training={"updates": 2000})

    def counts(partial, state="running"):
        return progress._counts(SimpleNamespace(partial=partial, state=state))

    progress._began = 1000, 50_000
    assert counts(at(1000, 50_000)) == "update 1,000 of 2,000, 13 h 53 min, 13 h 53 min left"
    assert counts(at(1010, 50_020)) == "update 1,010 of 2,000, 13 h 53 min, 33 min 0 s left"
    assert counts(at(1010, 50_020), "stopped") == "update 1,010 of 2,000, 13 h 53 min"


def test_what_is_no_generator_is_refused():
    with pytest.raises(TypeError, match=r"what a training's `steps\(…\)` gives, not AttGANTraining"):
        TrainingProgress(FAST)


def test_closing_saves_and_frees_everything(tmp_path):
    kept = []
    before = {id(widget) for widget in gc.get_objects() if isinstance(widget, Widget)}

    def make_and_close(path):
        gate = Gate(steps(checkpoint=path))
        progress = TrainingProgress(gate.steps())
        gate.let(2)
        until(lambda: gate.asked == 3 and progress._drawn > 0)
        progress.stop()
        gate.let(1)
        progress.run.wait(20)
        kept.extend(weakref.ref(part) for part in (progress, progress.result))
        progress.close()
        progress.close()

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
    progress = TrainingProgress(gate.steps())
    gate.let(1)
    until(lambda: gate.asked == 2)
    progress.close()
    gate.let(10)
    assert progress.run.wait(20) == "stopped"
    assert progress.result.step == 2
