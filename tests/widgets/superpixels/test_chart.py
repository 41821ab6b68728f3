"""The chart of a search: its axis is as long as the search, its ticks are whole."""

from __future__ import annotations

import pytest
import small
from waiting import until

import cfwidgets as cf


def engine(generations):
    return cf.ELime(segments=9, population=8, generations=generations, trust=False)


@pytest.fixture
def opened():
    made = []
    yield lambda *args, **more: made.append(cf.SuperpixelExplorer(*args, **more)) or made[-1]
    for explorer in made:
        explorer.close()


def ends(explorer):
    across = explorer.chart.axes[0].scale
    return across.min, across.max


def ticks(explorer):
    return explorer.chart.axes[0].tick_values.tolist()


@pytest.mark.parametrize(("generations", "whole"), [(1, [0, 1]), (3, [0, 1, 2, 3]), (7, [0, 2, 4, 6])])
def test_the_axis_is_as_long_as_a_quick_search(opened, generations, whole):
    explorer = opened(small.classifier(), small.picture(0), 1, engine=engine(generations))
    explorer.run.result(60)
    until(lambda: explorer.view.state == "done")
    assert ends(explorer) == (0, generations)
    assert ticks(explorer) == whole


def test_the_axis_is_as_long_as_a_search_that_had_ended_before(opened):
    clf = small.classifier()
    result = engine(3).explain(clf, small.picture(0), 1)
    explorer = opened(clf, result=result)
    assert ends(explorer) == (0, 3)
    assert ticks(explorer) == [0, 1, 2, 3]
    assert all(mark.visible for mark in explorer.chart.marks)


def test_the_first_generation_is_seen_as_points(opened):
    clf = small.classifier()
    explorer = opened(clf, result=engine(3).explain(clf, small.picture(0), 1))
    _whole, mean, best, *_ = explorer.chart.marks
    assert (mean.marker, best.marker) == (None, None)
    view = explorer.view
    view.history = {name: values[:1] for name, values in view.history.items()}
    assert len(best.y) == len(mean.y) == 1
    assert (mean.marker, best.marker) == ("circle", "circle")


def test_axes_are_there_before_the_first_value(opened, monkeypatch):
    monkeypatch.setattr(cf.SuperpixelView, "start", lambda _view, steps: steps.close())
    explorer = opened(small.classifier(), small.picture(0), 1, engine=engine(3))
    assert not any(mark.visible for mark in explorer.chart.marks)
    assert all(axis.visible for axis in explorer.chart.axes)
    assert ticks(explorer) == [0, 1]


def test_lime_has_no_course_and_no_chart(opened):
    explorer = opened(small.classifier(), small.picture(0), 1, engine=cf.Lime(segments=9, samples=60))
    explorer.run.result(60)
    until(lambda: explorer.view.state == "done")
    assert not any(part.visible for part in (*explorer.chart.marks, *explorer.chart.axes))
