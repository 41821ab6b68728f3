"""The charts of a training's losses: what is drawn of a long history, and of one that is not finite."""

from __future__ import annotations

import numpy as np
import pytest
import traitlets
from hypothesis import given
from hypothesis import strategies as st

from cfwidgets.widgets.training.chart import LossCharts, round_ticks


@given(st.floats(-1e3, 1e3), st.floats(0.1, 1e5))
def test_ticks_are_round_and_within(low, span):
    ticks = round_ticks(low, low + span)
    assert 2 <= len(ticks) <= 6
    step = ticks[1] - ticks[0]
    assert low - 1e-6 * step <= ticks[0]
    assert ticks[-1] <= low + span + 1e-6 * step
    assert f"{step:.3e}"[:5] in {"1.000", "2.000", "5.000"}


class Measured(traitlets.HasTraits):
    """What the charts know of a view."""

    measured = traitlets.Int(-1)
    loss_names: tuple[str, ...] = ()
    history = np.empty((0, 0))
    held_out_names: tuple[str, ...] = ()
    held_out_history = np.empty((0, 1))

    def measure(self, names, history):
        self.loss_names, self.history = names, history
        self.measured += 1


@pytest.fixture
def view():
    return Measured()


@pytest.fixture
def charts(view):
    made = LossCharts(view)
    view.observe(lambda _change: made.draw(), list(made.drawn_from))
    yield made
    made.close()


def test_each_loss_has_a_chart_with_its_running_mean(view, charts):
    assert charts.figure.children == ()
    losses = np.stack([np.linspace(0, 1, 1000), np.linspace(-5, -50, 1000)], axis=1)
    view.measure(("one", "<two>"), losses)
    assert [figure.title for figure in charts.figure.children] == ["one", "<two>"]
    for chart, values in zip(charts._charts.values(), losses.T, strict=True):
        assert chart._along.max == 1000
        assert chart._up.min < values.min()
        assert chart._up.max > values.max() - 0.01 * np.ptp(values)
        assert len(chart._each.x) == len(chart._mean.x) == 400
        assert chart._mean.y[-1] == pytest.approx(values[-100:].mean())
    before = charts.figure.children
    view.measure(("one", "<two>"), losses[:10])
    assert charts.figure.children == before
    assert charts._charts["one"]._along.max == 10
    assert charts._charts["one"]._mean.y == pytest.approx(losses[:10, 0])  # a tenth is one


def test_each_measure_on_held_out_images_has_a_chart_with_a_point_a_measurement(view, charts):
    losses = np.ones((40, 1))
    view.measure(("one",), losses)
    assert [figure.title for figure in charts.figure.children] == ["one"]
    view.held_out_names, view.held_out_history = ("IoU", "one"), np.array([[20, 0.1, 0.9], [40, 0.3, np.nan]])
    view.measure(("one",), losses)
    assert [figure.title for figure in charts.figure.children] == ["one", "IoU, held out", "one, held out"]
    chart = charts._charts["IoU, held out"]
    assert chart._mean.x.tolist() == [20, 40]
    assert chart._mean.y.tolist() == [0.1, 0.3]
    assert chart._mean.marker == "circle"
    assert (chart._along.max, len(chart._each.x)) == (40, 0)
    assert chart._up.min < 0.1
    assert chart._up.max > 0.3


def test_a_few_peaks_do_not_hide_the_rest(view, charts):
    values = np.ones(1000) + np.sin(np.arange(1000))
    values[500] = 1e6
    view.measure(("one",), values[:, None])
    assert charts._charts["one"]._each.y.max() == 1e6
    assert charts._charts["one"]._up.max < 2e4  # the mean's own peak


def test_only_numbers_are_drawn(view, charts):
    values = np.array([np.nan, np.nan, 1.0, np.nan, 3.0, np.inf])
    view.measure(("one",), values[:, None])
    chart = charts._charts["one"]
    assert (chart._each.x.tolist(), chart._each.y.tolist()) == ([3, 5], [1, 3])
    assert (chart._mean.x.tolist(), chart._mean.y.tolist()) == ([3, 5], [1, 3])  # the mean of one update
    assert chart._along.max == 6


@pytest.mark.parametrize("value", [np.nan, np.inf, 7.0])
def test_what_has_no_range_is_drawn(view, charts, value):
    view.measure(("one",), np.full((5, 1), value))
    assert charts._charts["one"]._up.min < charts._charts["one"]._up.max
    view.measure(("one",), np.empty((0, 1)))
    assert len(charts._charts["one"]._each.y) == 0
