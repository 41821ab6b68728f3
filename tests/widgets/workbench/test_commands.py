"""Commands: the newest of each kind is carried out, in order, by one thread, until they are closed."""

from __future__ import annotations

import threading
import weakref

import pytest
from waiting import until

from cfwidgets.widgets.workbench.commands import Commands


class Worker:
    """Notes what it is told to do, and waits with each of it for leave."""

    def __init__(self):
        self.begun, self.leave, self.done, self.threads = [], threading.Semaphore(0), [], set()

    def obey(self, kind, value):
        self.begun.append(kind)
        assert self.leave.acquire(timeout=10)
        self.threads.add(threading.current_thread())
        self.done.append((kind, value))


@pytest.fixture
def worker():
    return Worker()


@pytest.fixture
def commands(worker):
    made = Commands(worker.obey)
    yield made
    made.close()
    worker.leave.release(9)


def test_a_newer_command_of_a_kind_takes_the_place_of_one_that_waits(commands, worker):
    commands.ask("open", 1)
    until(lambda: worker.begun == ["open"])  # it is not taken back
    for kind, value in (("open", 2), ("keep", None), ("open", 3)):
        commands.ask(kind, value)
    worker.leave.release(3)
    until(lambda: len(worker.done) == 3)
    assert worker.done == [("open", 1), ("keep", None), ("open", 3)]
    assert len(worker.threads) == 1


def test_nothing_more_is_carried_out_after_close(commands, worker):
    commands.ask("open", 1)
    until(lambda: worker.begun == ["open"])
    commands.ask("keep", None)
    commands.close()
    commands.ask("code", None)
    worker.leave.release(3)
    until(lambda: worker.done)
    (thread,) = worker.threads
    thread.join(10)
    assert not thread.is_alive()
    assert worker.done == [("open", 1)]


def test_a_worker_is_not_held_and_commands_for_one_that_is_gone_are_dropped():
    worker = Worker()
    gone = weakref.ref(worker)
    commands = Commands(worker.obey)
    del worker
    assert gone() is None
    commands.ask("open", 1)
    until(lambda: not commands._waiting)
    commands.close()
