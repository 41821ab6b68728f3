"""A training's view beside charts of its losses, without a browser."""

from __future__ import annotations

import gc
import inspect
import threading

import pytest
from ipywidgets import Widget
from training_steps import FAST, Gate, steps
from waiting import until

from cfwidgets.widgets.training.progress import TrainingProgress
from cfwidgets.widgets.training.view import TrainingView


def widgets():
    gc.collect()
    return {id(widget) for widget in gc.get_objects() if isinstance(widget, Widget)}


def test_it_has_the_view_and_a_chart_a_loss():
    progress = TrainingProgress(steps())
    view = progress.view
    assert progress.run.result(30).step == 6
    until(lambda: view.drawn == 6)
    assert progress.children == (view, progress.chart)
    assert progress.result is view.result
    assert [figure.title for figure in progress.chart.children] == view.loss_names
    reconstruction = progress.chart.children[0].marks[0]
    assert reconstruction.y == pytest.approx(progress.result.losses[:, 0].numpy())
    progress.close()


def test_it_is_made_as_its_view_is():
    assert inspect.signature(TrainingProgress) == inspect.signature(TrainingView)
    with pytest.raises(TypeError, match=r"not AttGANTraining: `TrainingProgress\("):
        TrainingProgress(FAST)


def test_it_is_stopped_and_resumed():
    gate = Gate(steps())
    progress = TrainingProgress(gate.steps())
    progress.stop()
    gate.let(1)
    until(lambda: progress.view.state == "stopped")
    assert progress.result.step == 1
    progress.resume()
    gate.let(10)
    assert progress.run.result(30).step == 6
    progress.close()


def test_closed_while_it_draws_it_frees_everything():
    before = widgets()

    def make_and_close():
        gate = Gate(steps())
        progress = TrainingProgress(gate.steps())
        gate.let(2)
        until(lambda: progress.view.drawn > 0)
        assert len(progress.chart.children) == 6
        progress.close()
        progress.close()
        gate.let(10)
        assert progress.run.wait(20) == "stopped"
        assert progress.result.step >= 2

    make_and_close()
    until(lambda: widgets() <= before)
    until(lambda: not any(thread.name.startswith("cfwidgets") for thread in threading.enumerate()))


def test_a_last_save_that_fails_is_raised_and_everything_is_freed():
    before = widgets()

    def failing():
        try:
            yield from steps()
        finally:
            raise OSError("the disk is full")

    def make_and_close():
        gate = Gate(failing())
        progress = TrainingProgress(gate.steps())
        progress.stop()
        gate.let(1)
        until(lambda: progress.view.state == "stopped" and progress.view.drawn == 1)
        with pytest.raises(OSError, match="the disk is full"):
            progress.close()

    make_and_close()
    until(lambda: widgets() <= before)
