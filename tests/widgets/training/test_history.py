"""The losses of a training thinned for a chart, and their running means."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cfwidgets.widgets.training.history import envelope, running_mean, thinned_places

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
