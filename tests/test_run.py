"""Run: in the background, watched, stopped, continued."""

from __future__ import annotations

import gc
import subprocess
import sys
import threading
import time
import weakref
from concurrent.futures import CancelledError

import pytest
from waiting import until

from cfwidgets.engines.base import Update, run_to_end
from cfwidgets.run import Run


def gated(count, gate, passed=None):
    """Steps that wait for the gate before each."""
    for i in range(1, count + 1):
        assert gate.acquire(timeout=10)
        yield Update(i / count, i, f"step {i}")
        if passed is not None:
            passed.append(i)


def test_runs_to_the_end_and_keeps_everything():
    run = Run(Update(i / 4, i * i, "squares") for i in range(1, 5))
    assert run.result(timeout=10) == 16
    assert (run.state, run.progress, run.partial, run.activity, run.exception()) == (
        "done",
        1.0,
        16,
        "squares",
        None,
    )


def test_returns_at_once_and_shows_the_partial_result():
    gate, seen = threading.Semaphore(0), threading.Event()
    run = Run(gated(3, gate), lambda run: seen.set(), interval=0)
    assert run.state == "running"
    assert run.partial is None
    with pytest.raises(TimeoutError, match=r"still running after 0\.01 s"):
        run.result(timeout=0.01)
    gate.release()
    assert seen.wait(10)
    assert run.partial == 1
    gate.release(2)
    assert run.result(10) == 3


def test_a_stopped_run_goes_on_as_if_it_had_never_stopped():
    gate, passed = threading.Semaphore(0), []
    run = Run(gated(5, gate, passed))
    run.cancel()
    gate.release()
    assert run.wait(10) == "stopped"
    assert run.partial == 1
    with pytest.raises(CancelledError, match=r"stopped at 20%.*resume"):
        run.result()
    gate.release(4)
    run.resume()
    assert run.result(10) == 5
    assert passed == [1, 2, 3, 4, 5]


def test_a_cancel_that_is_taken_back_before_it_is_noticed_changes_nothing():
    gate = threading.Semaphore(0)
    run = Run(gated(2, gate))
    run.cancel()
    run.resume()
    gate.release(2)
    assert run.result(10) == 2


def test_a_cancel_during_the_last_step_lets_it_be_done():
    gate = threading.Semaphore(0)
    run = Run(gated(1, gate))
    run.cancel()
    gate.release()
    assert run.wait(10) == "done"


def test_a_failure_keeps_the_partial_result():
    def steps():
        yield Update(0.5, "half")
        raise ZeroDivisionError("in the middle")

    run = Run(steps())
    with pytest.raises(ZeroDivisionError, match="in the middle"):
        run.result(10)
    assert (run.state, run.partial) == ("failed", "half")
    assert isinstance(run.exception(), ZeroDivisionError)
    run.resume()
    assert run.state == "failed"


def test_an_engine_without_a_result_is_a_failure():
    with pytest.raises(RuntimeError, match="without a result"):
        Run(iter(())).result(10)  # type: ignore[arg-type]


def test_what_the_report_raises_is_the_run_s_error_and_nobody_waits_for_ever():
    def report(_run):
        raise OSError("the page is gone")

    run = Run((Update(i / 3, i) for i in range(1, 4)), report)
    with pytest.raises(OSError, match="the page is gone"):
        run.result(10)


def test_reports_are_few_but_never_miss_the_end():
    seen = []
    run = Run(
        (Update(i / 1000, i) for i in range(1, 1001)),
        lambda run: seen.append((run.state, run.partial)),
        interval=60,
    )
    assert run.result(10) == 1000
    while len(seen) < 2:
        threading.Event().wait(0.01)
    assert seen == [("running", 1), ("done", 1000)]


def test_whoever_waits_is_woken_once_the_end_was_told():
    told = []

    def report(run):
        if run.state == "done":
            assert run.wait(10) == "done"  # a report itself may wait
            time.sleep(0.2)
            told.append(run.partial)

    assert Run((Update(1.0, 7) for _ in range(1)), report).result(10) == 7
    assert told == [7]


def test_slow_reports_leave_the_time_to_the_engine():
    reported, worked = [], []

    def steps():
        for number in range(100):
            time.sleep(0.001)
            worked.append(number)
            yield Update(number / 100, number)
        yield Update(1.0, 100)

    def slow(run):
        reported.append(run.state)
        time.sleep(0.05)

    run = Run(steps(), slow, interval=0)
    assert run.result(20) == 100
    assert len(worked) == 100
    while reported[-1] != "done":
        time.sleep(0.01)
    assert 2 <= len(reported) <= 10


def test_close_frees_the_generator_wherever_it_is():
    gate, freed = threading.Semaphore(0), threading.Event()

    def steps():
        try:
            yield from gated(3, gate)
        finally:
            freed.set()

    running = Run(steps())
    running.close()
    gate.release()
    assert freed.wait(10)

    freed.clear()
    stopped = Run(steps())
    stopped.cancel()
    gate.release()
    assert stopped.wait(10) == "stopped"
    stopped.close()
    assert freed.is_set()


def test_a_closed_run_ends_with_its_step_and_is_not_resumed():
    gate, passed = threading.Semaphore(0), []
    run = Run(gated(5, gate, passed))
    run.close()
    assert not run.resume()
    gate.release(5)
    assert run.wait(10) == "stopped"
    assert not run.resume()
    assert (run.state, run.partial, passed) == ("stopped", 1, [])
    with pytest.raises(CancelledError, match=r"closed at 20%: `partial` holds the result so far$"):
        run.result()


def test_a_run_that_is_closed_in_its_last_step_ends_with_it():
    gate, passed = threading.Semaphore(0), []
    run = Run(gated(1, gate, passed))
    run.close()
    gate.release()
    assert run.wait(10) == "stopped"
    assert (run.partial, passed) == (1, [])


@pytest.mark.parametrize("kind", ["done", "failed"])
def test_what_has_ended_is_not_resumed(kind):
    def steps():
        yield Update(0.5, 1)
        if kind == "failed":
            raise OSError("gone")

    run = Run(steps())
    assert run.wait(10) == kind
    assert not run.resume()
    assert run.state == kind


def test_a_resume_right_after_a_stop_is_never_lost():
    run = Run(Update(i / 20_000, i) for i in range(1, 20_001))
    while run.state != "done":
        run.cancel()
        resumed = run.resume()
        assert resumed or run.state == "done"
    assert run.result() == 20_000


def test_a_run_that_nobody_refers_to_ends_with_its_step():
    gate, freed, passed = threading.Semaphore(0), threading.Event(), []

    def steps():
        try:
            yield from gated(1000, gate, passed)
        finally:
            freed.set()

    run = weakref.ref(Run(steps()))
    assert run() is None
    gate.release(1000)
    assert freed.wait(10)
    assert passed == []


def test_a_failed_run_is_freed_with_its_last_reference():
    def steps():
        yield Update(0.5, 1)
        raise OSError("gone")

    run = Run(steps())
    assert run.wait(10) == "failed"
    until(lambda: all(thread.name != "cfwidgets-run" for thread in threading.enumerate()))
    dropped = weakref.ref(run)
    gc.disable()
    try:
        del run
        assert dropped() is None
    finally:
        gc.enable()


ENDS = """
import time, torch
from cfwidgets.engines.base import Update
from cfwidgets.run import Run
from cfwidgets.widgets.latest import Latest

weights = torch.rand(600, 600)

def steps():
    for number in range(1, 100_000):
        out = weights
        for _ in range(8):
            out = torch.nn.functional.conv2d(out[None, None], torch.rand(4, 1, 3, 3)).sum((0, 1))
        yield Update(number / 100_000, number)

def answer(question):
    for _ in range(30):
        weights @ weights

run = Run(steps(), lambda run: latest.ask(run.partial), interval=0)
latest = Latest(answer)
time.sleep(0.5)
print("the script ends here", run.state)
"""


@pytest.mark.slow
@pytest.mark.parametrize("attempt", range(3))
def test_a_script_that_ends_during_a_run_ends_well(attempt):
    done = subprocess.run(
        [sys.executable, "-c", ENDS], capture_output=True, text=True, timeout=120, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "the script ends here running\n", ""), attempt


def test_run_to_end_gives_the_last_result():
    assert run_to_end(Update(i / 3, i) for i in range(4)) == 3
