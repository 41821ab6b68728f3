"""A child that is forked while runs are at work neither hangs nor finds anything half done."""

from __future__ import annotations

import os
import signal
import threading
import time
import warnings
from concurrent.futures import CancelledError

import pytest
import small
import torch
from torch import nn
from waiting import until

from cfwidgets import ELime
from cfwidgets.engines.base import Update
from cfwidgets.models.guard import FairLock, lock_of, untouched
from cfwidgets.run import Run
from cfwidgets.widgets.latest import Latest

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork on this system")


def in_a_child(check, seconds=60):
    """Call ``check()`` in a forked child; fail where that fails, or does not end."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # Python 3.12 warns of threads, as we do
        child = os.fork()
    if child == 0:
        code = 1
        try:
            code = 0 if check() is not False else 2
        finally:
            os._exit(code)
    end = time.monotonic() + seconds
    while True:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            assert os.waitstatus_to_exitcode(status) == 0
            return
        if time.monotonic() > end:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            raise AssertionError("the child hangs")
        time.sleep(0.01)


class Elsewhere:
    """Other threads, which do something up to a point and stay there until they are called back."""

    def __init__(self):
        self._end, self._threads = threading.Event(), []

    def begin(self, work):
        there = threading.Event()

        def stay():
            there.set()
            assert self._end.wait(120)

        self._threads.append(threading.Thread(target=work, args=(stay,)))
        self._threads[-1].start()
        assert there.wait(60)

    def come_back(self):
        self._end.set()
        for thread in self._threads:
            thread.join()


@pytest.fixture
def elsewhere():
    others = Elsewhere()
    yield others
    others.come_back()


def test_a_network_that_runs_meanwhile_is_free_and_as_found(elsewhere):
    net = nn.Sequential(nn.Linear(2, 2), nn.Dropout()).train()
    net[0].weight.grad = gradient = torch.ones(2, 2)

    def run(stay):
        with untouched(net):
            net[0].register_forward_hook(lambda *_: None)
            stay()

    elsewhere.begin(run)

    def check():
        with untouched(net):
            assert not net.training
        assert net.training
        assert net[1].training
        assert net[0].weight.grad is gradient
        assert not net[0]._forward_hooks
        with lock_of(nn.Linear(1, 1)):
            pass

    in_a_child(check)
    assert not net.training  # here it is still at work


def test_a_lock_that_the_forking_thread_holds_stays_its_own():
    lock, taken = FairLock(), []
    with lock:
        waiting = threading.Thread(target=lambda: taken.append(lock.acquire()))
        waiting.start()
        until(lambda: lock._waiting)

        def check():
            with lock:
                pass
            lock.release()
            with pytest.raises(RuntimeError):
                lock.release()

        in_a_child(check)
    waiting.join()
    assert len(taken) == 1


def test_a_run_is_closed_there_and_goes_on_here(elsewhere):
    gate = threading.Semaphore(0)

    def steps():
        for number in range(1, 4):
            assert gate.acquire(timeout=120)
            yield Update(number / 3, number)

    run = Run(steps())
    gate.release()

    def hold(stay):
        with run._changed:
            stay()

    elsewhere.begin(hold)

    def check():
        assert run.wait(5) == "stopped"
        with pytest.raises(CancelledError, match="closed"):
            run.result(5)
        assert not run.resume()
        run.close()

    in_a_child(check)
    elsewhere.come_back()
    gate.release(2)
    assert run.wait(60) == "done"
    assert run.result() == 3


def test_questions_are_answered_there(elsewhere):
    answered = threading.Event()
    latest = Latest(lambda _question: answered.set())
    latest.ask(1)
    assert answered.wait(10)
    answered.clear()

    def hold(stay):
        with latest._asked:
            stay()

    elsewhere.begin(hold)

    def check():
        latest.ask(2)
        assert answered.wait(10)

    in_a_child(check)
    elsewhere.come_back()
    latest.close()


def test_children_of_a_search_find_the_network_free():
    clf, image = small.classifier(), small.picture()
    endless = ELime(segments=9, population=8, generations=100_000, trust=False)
    run = Run(endless.steps(clf, image))
    until(lambda: run.partial is not None)
    for _ in range(5):
        in_a_child(lambda: lock_of(clf.require_module()).acquire())
    run.close()
    run.wait(60)
