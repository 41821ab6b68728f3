"""Latest: the newest question is answered, older ones are dropped, one thread does it."""

from __future__ import annotations

import threading

from cfwidgets.widgets.latest import Latest, held


def test_what_waits_is_dropped_for_what_is_newer():
    begun, gate, answered, threads = threading.Semaphore(0), threading.Semaphore(0), [], set()

    def answer(question):
        begun.release()
        assert gate.acquire(timeout=10)
        answered.append(question)
        threads.add(threading.current_thread())

    latest = Latest(answer)
    latest.ask(1)
    assert begun.acquire(timeout=10)  # 1 is being answered: it is not taken back
    for question in (2, 3, 4):
        latest.ask(question)
    gate.release(2)
    assert begun.acquire(timeout=10)
    latest.ask(5)
    gate.release()
    assert begun.acquire(timeout=10)
    latest.close()
    (thread,) = threads
    thread.join(10)
    assert not thread.is_alive()
    assert answered == [1, 4, 5]
    assert thread.daemon


def test_nothing_is_answered_after_close():
    answered = []
    latest = Latest(answered.append)
    latest.close()
    latest.ask(1)
    assert answered == []
    assert not any(thread.name == "cfwidgets-answers" for thread in threading.enumerate())


def test_one_that_is_held_keeps_its_newest_question_until_it_is_released():
    answered, done = [], threading.Event()

    def answer(question):
        answered.append(question)
        done.set()

    with held():
        latest = Latest(answer)
    latest.ask(1)
    latest.ask(2)
    assert not any(thread.name == "cfwidgets-answers" for thread in threading.enumerate())
    latest.release()
    assert done.wait(10)
    done.clear()
    latest.ask(3)
    assert done.wait(10)
    assert answered == [2, 3]
    latest.close()


def test_a_release_without_a_question_starts_nothing():
    with held():
        latest = Latest(lambda _question: None)
    latest.release()
    assert not any(thread.name == "cfwidgets-answers" for thread in threading.enumerate())
    latest.close()


def test_whoever_waits_goes_on_when_nothing_is_asked_any_more():
    gate, answered = threading.Semaphore(0), []

    def answer(question):
        assert gate.acquire(timeout=10)
        answered.append(question)
        if question == "first":
            latest.ask("second")

    latest = Latest(answer)
    latest.wait()  # nothing was asked
    latest.ask("first")
    waiting = threading.Thread(target=latest.wait)
    waiting.start()
    gate.release()
    waiting.join(0.2)
    assert waiting.is_alive()
    gate.release()
    waiting.join(10)
    assert not waiting.is_alive()
    assert answered == ["first", "second"]
    latest.ask("third")
    closing = threading.Timer(0.1, latest.close)
    closing.start()
    latest.wait()
    gate.release()
    closing.join()


def test_one_that_is_held_keeps_nobody_waiting():
    with held():
        latest = Latest(lambda question: None)
    latest.ask(1)
    latest.wait()
    latest.close()
