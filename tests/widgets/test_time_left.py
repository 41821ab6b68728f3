"""The time left: right for an even speed, calm for an uneven one, and anew after a stop."""

from __future__ import annotations

import itertools
import math
import time
from types import SimpleNamespace

import pytest
import small
from waiting import until

import cfwidgets as cf
from cfwidgets.engines.base import Update
from cfwidgets.widgets.time_left import TimeLeft

SECONDS = {"a few seconds left": 5, "s": 1, "min": 60, "h": 3600}


def seconds(words):
    """The number of seconds that the words say."""
    if words not in SECONDS:
        _about, number, unit, _left = words.split()
        return float(number) * SECONDS[unit]
    return SECONDS[words]


def said(progress_at, until_second, every=0.1):
    """The seconds left, as they are said over a time of which the progress is known; None for nothing."""
    left = TimeLeft()
    times = [step * every for step in range(round(until_second / every) + 1)]
    return times, [left.after(now, progress_at(now)) for now in times]


@pytest.mark.parametrize("length", [20, 300, 3000, 20_000])
def test_an_even_speed_gives_the_time_that_is_left(length):
    times, words = said(lambda now: now / length, length, every=length / 500)
    assert words[0] == words[-1] == ""
    for now, say in zip(times, words, strict=True):
        if say:
            assert seconds(say) == pytest.approx(length - now, rel=0.3, abs=8)
    known = [seconds(say) for say in words if say]
    assert len(known) > 400 - 500 * 2 / length
    assert known == sorted(known, reverse=True)


def test_an_uneven_speed_does_not_make_it_jump():
    _times, words = said(lambda now: now / 60 + 0.004 * math.sin(now * 2), 58)
    shown = [say for say in words if say]
    changes = [words for words, _ in itertools.groupby(shown)]
    assert len(changes) < 25
    longer = sum(seconds(after) > seconds(before) for before, after in itertools.pairwise(changes))
    assert longer <= 2


def test_a_part_that_is_slower_is_learned_soon():
    # half of the work in 10 s, the rest in 90
    times, words = said(lambda now: now / 20 if now < 10 else 0.5 + (now - 10) / 180, 99)
    for now, say in zip(times, words, strict=True):
        if now > 25:
            assert seconds(say) == pytest.approx(100 - now, rel=0.35, abs=8)


def test_nothing_is_said_of_what_cannot_be_known():
    left = TimeLeft()
    assert [left.after(now, 0.25) for now in (0, 1, 5, 50)] == [""] * 4
    soon = TimeLeft()
    assert [soon.after(now, now / 10) for now in (0, 0.5, 1.9)] == [""] * 3


def test_a_view_says_it_while_it_runs_and_not_the_time_that_it_was_stopped(monkeypatch):
    clf, now = small.classifier(), itertools.count()
    clock = SimpleNamespace(monotonic=lambda: float(next(now)))
    monkeypatch.setattr("cfwidgets.widgets.view.time", clock)
    engine = cf.ELime(segments=9, population=8, generations=3, trust=False)
    partial = engine.explain(clf, small.picture(0))
    view = cf.SuperpixelView(clf, result=partial, engine=engine)
    heard = []
    view.observe(lambda change: heard.append(change.new), "time_left")
    assert view.time_left == ""

    def steps():
        for step in range(1, 13):
            time.sleep(0.12)  # longer than a run waits between two reports
            yield Update(step / 12, partial)

    view.start(steps())
    until(lambda: any(heard))
    view.stop()
    until(lambda: view.state == "stopped")
    assert view.time_left == ""
    for _ in range(1000):
        next(now)
    heard.clear()
    view.resume()
    view.run.result(60)
    until(lambda: view.state == "done")
    assert any(heard)
    assert all(seconds(say) < 60 for say in heard if say)
    assert view.time_left == ""
    view.close()
