"""The progress bar: where it is shown, and what it shows."""

from __future__ import annotations

import io
import sys
import threading
from types import SimpleNamespace

import pytest
from tqdm import tqdm

from cfwidgets.engines.base import Update, run_to_end
from cfwidgets.progress import progress_bar


class Terminal(io.StringIO):
    def isatty(self):
        return True


def shown_in_terminal(monkeypatch):
    shown = Terminal()
    monkeypatch.setattr(sys, "stderr", shown)
    return shown


def steps(fractions=(0.25, 0.5, 1.0)):
    for fraction in fractions:
        yield Update(fraction, f"at {fraction}", "" if fraction == 1 else "searching")


def test_a_terminal_shows_it_once_it_takes_time(monkeypatch):
    terminal = shown_in_terminal(monkeypatch)
    run_to_end(steps())
    assert terminal.getvalue() == ""
    monkeypatch.setattr("cfwidgets.progress._PATIENCE", 0)
    run_to_end(steps())
    assert "searching:  25%|" in terminal.getvalue()
    assert "100%|" in terminal.getvalue()
    assert " left" in terminal.getvalue()


def test_work_that_reports_seldom_is_shown_at_once(monkeypatch):
    terminal = shown_in_terminal(monkeypatch)
    with progress_bar(at_once=True) as report:
        report(0, "exporting")
        assert "exporting:   0%" in terminal.getvalue()


def test_false_shows_nothing_anywhere(monkeypatch):
    terminal = shown_in_terminal(monkeypatch)
    with progress_bar(progress=False, at_once=True) as report:
        report(0, "exporting")
    assert terminal.getvalue() == ""


def test_no_other_thread_shows_it(monkeypatch):
    terminal = shown_in_terminal(monkeypatch)
    monkeypatch.setattr("cfwidgets.progress._PATIENCE", 0)
    thread = threading.Thread(target=lambda: run_to_end(steps()))
    thread.start()
    thread.join()
    assert terminal.getvalue() == ""


def test_a_kernel_shows_it_in_the_page(monkeypatch):
    made = []

    def bar(**settings):
        made.append(settings)
        return SimpleNamespace(
            n=0, set_description_str=lambda *_a, **_k: None, update=lambda _n: None, close=lambda: None
        )

    monkeypatch.setattr("cfwidgets.progress.running_shell", lambda: SimpleNamespace(kernel=object()))
    monkeypatch.setattr("tqdm.auto.tqdm", bar)
    run_to_end(steps((0.5, 1.0)))
    assert [one["initial"] for one in made] == [0.5]  # what was done before is not counted for the time left


def test_within_a_bar_of_one_s_own_none_is_left(monkeypatch):
    terminal = shown_in_terminal(monkeypatch)
    for _ in tqdm([1], desc="pictures"):
        run_to_end(steps(), progress=True)
    left = terminal.getvalue().splitlines()[-1]
    assert "pictures: 100%" in left
    assert "searching" not in left.rpartition("pictures: 100%")[2]


def test_without_a_standard_error_there_is_none(monkeypatch):
    monkeypatch.setattr(sys, "stderr", None)
    assert run_to_end(steps()) == "at 1.0"


def test_an_interrupt_while_the_first_is_dealt_with_is_raised(monkeypatch):
    monkeypatch.setattr("cfwidgets.engines.base.driving._interrupted", [float("-inf")])

    def saving():
        try:
            yield Update(0.5, "half", "searching")
            raise KeyboardInterrupt
        finally:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_to_end(saving())


def test_an_interrupt_of_what_cannot_be_resumed_names_no_way(monkeypatch):
    monkeypatch.setattr("cfwidgets.engines.base.driving._interrupted", [float("-inf")])

    def interrupted():
        yield Update(0.5, "half", "searching")
        raise KeyboardInterrupt

    with pytest.warns(UserWarning, match=r"interrupted at 50% \(searching\): this is the result so far$"):
        assert run_to_end(interrupted()) == "half"


def test_steps_without_a_result_are_an_error():
    with pytest.raises(RuntimeError, match="ended without a result"):
        run_to_end(steps(()))
