from __future__ import annotations

import gc
import os
import signal
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, nn

from cfwidgets.models import guard
from cfwidgets.models.guard import FairLock, held, lock_of, untouched


def network() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(3, 4, 3),
        nn.BatchNorm2d(4),
        nn.ReLU(inplace=True),
        nn.Sequential(nn.Dropout(), nn.BatchNorm2d(4)),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(4, 2),
    )


HOOKS = [
    "_forward_hooks",
    "_forward_hooks_with_kwargs",
    "_forward_hooks_always_called",
    "_forward_pre_hooks",
    "_forward_pre_hooks_with_kwargs",
    "_backward_hooks",
    "_backward_pre_hooks",
]


def snapshot(net: nn.Module) -> dict[str, Any]:
    """All that must not change, with identities where they matter."""
    return {
        "training": [part.training for part in net.modules()],
        "hooks": [[list(getattr(part, name).items()) for name in HOOKS] for part in net.modules()],
        "hook kinds": [part._is_full_backward_hook for part in net.modules()],
        "requires_grad": [p.requires_grad for p in net.parameters()],
        "grad": [None if p.grad is None else (id(p.grad), p.grad.tolist()) for p in net.parameters()],
        "values": [(name, value.tolist()) for name, value in net.state_dict().items()],
        "random": torch.get_rng_state().tolist(),
    }


def use(net: nn.Module, leave: Callable[[], None]) -> None:
    """Do to a network all that an explainer might, and leave."""
    with untouched(net):
        net(torch.rand(2, 3, 8, 8)).sum().backward()
        net.train()
        for parameter in net.parameters():
            parameter.requires_grad = not parameter.requires_grad
        for part in net.modules():
            for name in HOOKS[:1] + HOOKS[3:4]:
                getattr(part, name).clear()
            part.register_forward_hook(lambda *_, **__: None, with_kwargs=True, always_call=True)
            part.register_forward_pre_hook(lambda *_: None, with_kwargs=True)
            part.register_full_backward_hook(lambda *_: None)
            part.register_full_backward_pre_hook(lambda *_: None)
        leave()


def nothing() -> None:
    pass


def fail() -> None:
    raise RuntimeError("in the middle")


def interrupt() -> None:
    raise KeyboardInterrupt


def close() -> None:
    raise GeneratorExit


def in_use() -> nn.Sequential:
    """A network in training, as users have it: some layers frozen, gradients and hooks there."""
    net = network().train()
    net[1].eval()
    net[3][1].eval()
    net[0].weight.requires_grad_(requires_grad=False)
    net(torch.rand(2, 3, 8, 8)).sum().backward()
    net[6].bias.grad = None
    net[0].register_forward_hook(lambda *_: None)
    net[0].register_forward_hook(lambda *_: None)
    net[2].register_forward_pre_hook(lambda *_: None)
    return net


@pytest.mark.parametrize("leave", [nothing, fail, interrupt, close])
def test_everything_is_put_back(leave: Callable[[], None]) -> None:
    net = in_use()
    before = snapshot(net)
    if leave is nothing:
        use(net, leave)
    else:
        with pytest.raises((RuntimeError, KeyboardInterrupt, GeneratorExit)):
            use(net, leave)
    assert snapshot(net) == before


CHANGES: dict[str, Callable[[nn.Module], Any]] = {
    "train": lambda part: part.train(),
    "eval": lambda part: part.eval(),
    "freeze": lambda part: part.requires_grad_(requires_grad=False),
    "thaw": lambda part: part.requires_grad_(requires_grad=True),
    "hook": lambda part: part.register_forward_hook(lambda *_: None),
    "pre-hook": lambda part: part.register_forward_pre_hook(lambda *_: None, prepend=True),
    "backward hook": lambda part: part.register_full_backward_hook(lambda *_: None),
    "unhook": lambda part: part._forward_hooks.clear(),
    "gradient": lambda part: [setattr(p, "grad", torch.ones_like(p)) for p in part.parameters()],
    "no gradient": lambda part: part.zero_grad(),
    "draw": lambda _: torch.rand(1),
}
steps = st.lists(st.tuples(st.sampled_from(sorted(CHANGES)), st.integers(0, 8)), max_size=8)


@given(before=steps, inside=steps, fails=st.booleans())
def test_whatever_is_done_inside_is_undone(
    before: list[tuple[str, int]], inside: list[tuple[str, int]], *, fails: bool
) -> None:
    net = network()
    parts = list(net.modules())
    for change, where in before:
        CHANGES[change](parts[where % len(parts)])
    found = snapshot(net)
    try:
        with untouched(net):
            for change, where in inside:
                CHANGES[change](parts[where % len(parts)])
            if fails:
                fail()
    except RuntimeError:
        pass
    assert snapshot(net) == found


def test_inside_the_network_is_in_evaluation_mode_and_otherwise_as_found() -> None:
    net = in_use()
    hooks = snapshot(net)["hooks"]
    flags = [p.requires_grad for p in net.parameters()]
    with untouched(net):
        assert not any(part.training for part in net.modules())
        assert [p.requires_grad for p in net.parameters()] == flags
        assert snapshot(net)["hooks"] == hooks
        assert torch.is_grad_enabled()


def test_a_backward_pass_inside_adds_nothing_to_gradients_that_are_there() -> None:
    net = network()
    net(torch.rand(2, 3, 8, 8)).sum().backward()
    gradients = [p.grad for p in net.parameters()]
    values = [g.clone() for g in gradients if g is not None]
    with untouched(net):
        net(torch.rand(2, 3, 8, 8)).sum().backward()
    assert all(p.grad is g for p, g in zip(net.parameters(), gradients, strict=True))
    assert all(torch.equal(p.grad, v) for p, v in zip(net.parameters(), values, strict=True))


def test_a_hook_taken_off_inside_is_back_and_its_handle_still_works() -> None:
    net = network()
    calls: list[str] = []
    handle = net[0].register_forward_hook(lambda *_: calls.append("first"))
    net[0].register_forward_hook(lambda *_: calls.append("second"))
    with untouched(net):
        handle.remove()
        net[0].register_forward_hook(lambda *_: calls.append("inside"), prepend=True)
    net(torch.rand(2, 3, 8, 8))
    assert calls == ["first", "second"]
    handle.remove()
    net(torch.rand(2, 3, 8, 8))
    assert calls == ["first", "second", "second"]


def test_a_train_method_of_the_users_own_is_not_called() -> None:
    class Merging(nn.Linear):
        def train(self, mode: bool = True) -> Merging:
            raise AssertionError("train() was called")

    net = Merging(2, 2)
    with untouched(net):
        assert not net.training
    assert net.training


@pytest.mark.filterwarnings("ignore:.*torch.jit:")
def test_scripted_networks_are_put_back_too() -> None:
    net = torch.jit.script(nn.Sequential(nn.Linear(2, 2), nn.Dropout()))
    with untouched(net):
        assert not any(part.training for part in net.modules())
    assert all(part.training for part in net.modules())


def test_it_may_be_nested() -> None:
    net = in_use()
    before = snapshot(net)
    with untouched(net):
        use(net, nothing)
        assert not net.training
    assert snapshot(net) == before


class _Interrupted(nn.Linear):
    """Ctrl-C comes when its flag is put back."""

    pressed = False

    @property
    def training(self) -> bool:
        return self._training

    @training.setter
    def training(self, mode: bool) -> None:
        if mode and self.pressed:
            self.pressed = False
            raise KeyboardInterrupt
        self.__dict__["_training"] = mode


def test_a_second_interrupt_while_putting_back_loses_nothing() -> None:
    net = nn.Sequential(nn.Linear(2, 2), _Interrupted(2, 2), nn.Linear(2, 2))
    before = snapshot(net)

    def use_interrupted() -> None:
        with untouched(net):
            net[2].requires_grad_(requires_grad=False)
            net[1].pressed = True

    with pytest.raises(KeyboardInterrupt):
        use_interrupted()
    assert snapshot(net) == before
    assert not net[1].pressed


def test_a_worker_does_not_take_back_what_the_main_thread_draws() -> None:
    net = network()
    inside, drawn = threading.Event(), threading.Event()

    def work() -> None:
        with untouched(net):
            inside.set()
            drawn.wait(10)

    worker = threading.Thread(target=work)
    worker.start()
    assert inside.wait(10)
    first = torch.rand(3)
    drawn.set()
    worker.join()
    assert not torch.equal(torch.rand(3), first)


@pytest.mark.cuda
def test_the_random_state_of_cuda_is_put_back() -> None:
    net = network().cuda()
    before = torch.cuda.get_rng_state()
    with untouched(net):
        torch.rand(1, device="cuda")
    assert torch.equal(torch.cuda.get_rng_state(), before)


def look(net: nn.Module) -> None:
    """Ask a network, as a classifier does."""
    with untouched(net), torch.no_grad():
        net(torch.rand(2, 3, 8, 8))


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A hold that no busy machine ends early."""
    monkeypatch.setattr(guard, "_LONGEST_HOLD", 60.0)


@pytest.mark.parametrize("leave", [nothing, fail, interrupt, close])
def test_a_held_network_is_as_found_at_the_end(patient: None, leave: Callable[[], None]) -> None:
    net = in_use()
    before = snapshot(net)

    def use_twice() -> None:
        with held(net):
            look(net)
            assert not net.training
            use(net, leave)

    if leave is nothing:
        use_twice()
    else:
        with pytest.raises((RuntimeError, KeyboardInterrupt, GeneratorExit)):
            use_twice()
    assert snapshot(net) == before


def test_passes_of_a_held_network_share_one_state(patient: None, monkeypatch: pytest.MonkeyPatch) -> None:
    saved: list[nn.Module] = []
    state = guard.NetworkState
    monkeypatch.setattr(guard, "NetworkState", lambda module: (saved.append(module), state(module))[1])
    net, other = network(), network()
    with held(net), held(net):
        for _ in range(3):
            look(net)
        look(other)
        assert other.training
    assert saved == [net, other]
    monkeypatch.setattr(guard, "_LONGEST_HOLD", 0.0)
    with held(net):
        for _ in range(2):
            look(net)
            assert net.training
    assert saved == [net, other, net, net]


def test_a_pass_of_a_held_network_that_fails_restores_it_at_once(patient: None) -> None:
    net = in_use()
    before = snapshot(net)
    with held(net):
        with pytest.raises(RuntimeError):
            use(net, fail)
        assert snapshot(net) == before
        look(net)
        assert not net.training
    assert snapshot(net) == before


def test_each_pass_of_a_held_network_reads_the_same_buffers_and_draws_the_same_numbers(patient: None) -> None:
    class Counting(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.register_buffer("passes", torch.zeros(1))

        def forward(self) -> tuple[float, float]:
            self.passes += 1
            return float(self.passes), float(torch.rand(1))

    net = Counting()
    with held(net):
        answers = []
        for _ in range(3):
            with untouched(net):
                answers.append(net())
    assert answers == answers[:1] * 3
    assert float(net.passes) == 0


def test_who_waits_for_a_held_network_gets_it_after_a_pass_and_as_it_was(patient: None) -> None:
    net = network()
    seen: list[bool] = []

    def wait() -> None:
        with lock_of(net):
            seen.append(net.training)

    other = threading.Thread(target=wait)
    with held(net):
        with untouched(net):
            other.start()
            waiting(lock_of(net), 1)
        other.join(10)
        assert seen == [True]
        with untouched(net):
            assert not net.training
    assert net.training


def test_a_network_has_one_lock_as_long_as_it_lives() -> None:
    net, other = network(), network()
    assert lock_of(net) is lock_of(net)
    assert lock_of(net) is not lock_of(other)
    lock = weakref.ref(lock_of(net))
    del net
    gc.collect()
    assert lock() is None


def test_one_thread_at_a_time_uses_a_network() -> None:
    net = network()
    at_once: list[int] = []
    busy: list[int] = []

    def work() -> None:
        for _ in range(20):
            with untouched(net):
                busy.append(1)
                at_once.append(len(busy))
                time.sleep(0.0005)
                busy.pop()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert at_once == [1] * 80


def waiting(lock: FairLock, count: int) -> None:
    """Return when so many threads wait for a lock."""
    deadline = time.monotonic() + 10
    while len(lock._waiting) != count:
        assert time.monotonic() < deadline
        time.sleep(0.001)


def test_threads_are_served_in_the_order_in_which_they_asked() -> None:
    lock = FairLock()
    served: list[int] = []

    def ask(number: int) -> None:
        with lock:
            served.append(number)

    threads = []
    with lock:
        for number in range(8):
            threads.append(threading.Thread(target=ask, args=(number,)))
            threads[-1].start()
            waiting(lock, number + 1)
    for thread in threads:
        thread.join()
    assert served == list(range(8))


def test_a_question_is_answered_between_two_batches_of_a_search() -> None:
    lock = FairLock()
    batches = 0
    answered_after: list[int] = []
    done = threading.Event()

    def search() -> Iterator[None]:
        nonlocal batches
        while not done.is_set():
            with lock:
                batches += 1
                time.sleep(0.002)
            yield

    searcher = threading.Thread(target=lambda: [None for _ in search()])
    searcher.start()
    for _ in range(5):
        asked = batches
        with lock:
            answered_after.append(batches - asked)
    done.set()
    searcher.join()
    # One batch may end, and one begin, between reading the number and asking.
    assert max(answered_after) <= 2


def test_a_lock_may_be_taken_again_and_is_free_after_as_many_releases() -> None:
    lock = FairLock()
    taken = threading.Event()
    other = threading.Thread(target=lambda: (lock.acquire(), taken.set(), lock.release()))
    with lock:
        with lock:
            other.start()
            waiting(lock, 1)
        assert not taken.wait(0.02)
    assert taken.wait(10)
    other.join()


def test_only_the_owner_releases() -> None:
    lock = FairLock()
    with pytest.raises(RuntimeError, match="does not hold"):
        lock.release()
    errors: list[str] = []

    def release() -> None:
        try:
            lock.release()
        except RuntimeError as error:
            errors.append(str(error))

    with lock:
        thread = threading.Thread(target=release)
        thread.start()
        thread.join()
    assert errors == ["this thread does not hold the lock"]


@pytest.mark.skipif(os.name != "posix", reason="waits are interrupted by a POSIX signal")
def test_who_is_interrupted_while_waiting_leaves_the_queue() -> None:
    lock = FairLock()
    held, enough = threading.Event(), threading.Event()

    def hold() -> None:
        with lock:
            held.set()
            waiting(lock, 1)
            os.kill(os.getpid(), signal.SIGINT)
            enough.wait(10)

    holder = threading.Thread(target=hold)
    holder.start()
    assert held.wait(10)
    with pytest.raises(KeyboardInterrupt):
        lock.acquire()
    assert not lock._waiting
    enough.set()
    holder.join()
    with lock:
        pass


def test_a_generator_that_is_dropped_inside_lets_go() -> None:
    net = network()

    def engine() -> Iterator[Tensor]:
        with untouched(net):
            yield net(torch.rand(1, 3, 8, 8))

    running = engine()
    next(running)
    assert not net.training
    running.close()
    assert net.training
    with lock_of(net):
        pass
