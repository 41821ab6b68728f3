"""The charts of a training's losses: what is drawn of a long history, and of one that is not finite."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cfwidgets.widgets.training.chart import LossCharts, envelope, round_ticks, running_mean, thinned_places

NUMBERS = st.lists(st.one_of(st.floats(-1e3, 1e3), st.just(np.nan), st.just(np.inf)), max_size=60)


@given(NUMBERS, st.integers(1, 70))
def test_the_running_mean_is_of_what_is_finite(numbers, window):
    values = np.array(numbers, dtype=float)
    found = running_mean(values, window)
    assert len(found) == len(values)
    for end in range(1, len(values) + 1):
        recent = values[max(0, end - window) : end]
        recent = recent[np.isfinite(recent)]
        assert found[end - 1] == pytest.approx(
            recent.mean() if len(recent) else np.nan, nan_ok=True, abs=1e-9
        )


@given(st.integers(1, 5000))
def test_thinned_places_are_few_in_order_and_end_at_the_last(count):
    places = thinned_places(count)
    assert len(places) == min(count, 400)
    assert (np.diff(places) > 0).all()
    assert (places[0], places[-1]) == (0, count - 1)


@given(st.integers(1, 3000), st.integers(0, 2999))
def test_a_peak_is_drawn_where_it_is(count, place):
    values = np.sin(np.arange(count))
    place %= count
    values[place] = 9
    updates, drawn = envelope(values)
    assert len(updates) == len(drawn) <= 400
    assert drawn.max() == 9
    assert drawn.min() == values.min()
    assert abs(updates[drawn.argmax()] - 1 - place) <= max(0, 2 * count / 200)


def test_a_short_history_is_drawn_as_it_is():
    values = np.array([3.0, np.nan, 1.0])
    updates, drawn = envelope(values)
    assert updates.tolist() == [1, 2, 3]
    assert np.array_equal(drawn, values, equal_nan=True)


@given(st.floats(-1e3, 1e3), st.floats(0.1, 1e5))
def test_ticks_are_round_and_within(low, span):
    ticks = round_ticks(low, low + span)
    assert 2 <= len(ticks) <= 6
    step = ticks[1] - ticks[0]
    assert low - 1e-6 * step <= ticks[0]
    assert ticks[-1] <= low + span + 1e-6 * step
    assert f"{step:.3e}"[:5] in {"1.000", "2.000", "5.000"}


@pytest.fixture
def charts():
    made = LossCharts()
    yield made
    made.close()


def test_each_loss_has_a_chart_with_its_mean_of_now(charts):
    losses = np.stack([np.linspace(0, 1, 1000), np.linspace(-5, -50, 1000)], axis=1)
    charts.draw(("one", "<two>"), losses)
    assert len(charts.box.children) == 2
    titles = [chart._title.value for chart in charts._charts]
    assert "<b>one</b><span>0.95</span>" in titles[0]  # of the last 100
    assert "<b>&lt;two&gt;</b><span>−47.8</span>" in titles[1]
    for chart, values in zip(charts._charts, losses.T, strict=True):
        assert chart._along.max == 1000
        assert chart._up.min < values.min()
        assert chart._up.max > values.max() - 0.01 * np.ptp(values)
        assert len(chart._each.x) == len(chart._mean.x) == 400
        assert chart._mean.y[-1] == pytest.approx(values[-100:].mean())
    before = charts.box.children
    charts.draw(("one", "<two>"), losses[:10])
    assert charts.box.children == before
    assert charts._charts[0]._along.max == 10
    assert charts._charts[0]._mean.y == pytest.approx(losses[:10, 0])  # a tenth is one


def test_a_few_peaks_do_not_hide_the_rest(charts):
    values = np.ones(1000) + np.sin(np.arange(1000))
    values[500] = 1e6
    charts.draw(("one",), values[:, None])
    assert charts._charts[0]._each.y.max() == 1e6
    assert charts._charts[0]._up.max < 2e4  # the mean's own peak


@pytest.mark.parametrize("value", [np.nan, np.inf, 7.0])
def test_what_has_no_range_is_drawn(charts, value):
    charts.draw(("one",), np.full((5, 1), value))
    assert charts._charts[0]._up.min < charts._charts[0]._up.max
    charts.draw(("one",), np.empty((0, 1)))
    assert "<span></span>" in charts._charts[0]._title.value
