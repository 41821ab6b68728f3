"""Leave a network unchanged: the guard inside which all code of this package runs a network.

Tools that explain a network have to put it into evaluation mode, hang hooks on it and run it backwards, and
many leave something behind: frozen batch normalisations back in training mode, gradients on every parameter,
dangling hooks after an error. `untouched` saves all of this first and restores it whatever happens inside.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from types import TracebackType
from weakref import WeakKeyDictionary

from torch import nn

from cfwidgets.forks import renew_in_children
from cfwidgets.models.network_state import NetworkState
from cfwidgets.models.parts import uncompiled

__all__ = ["FairLock", "held", "lock_of", "untouched"]


class FairLock:
    """A fair, reentrant lock: it serves threads in the order of their requests.

    `threading.RLock` lets a thread that releases and takes it in a loop (a search, batch after batch) starve
    all others. Here the thread that waits longest is next, so a view's evaluation runs between two batches of
    the search.

    Examples
    --------
    >>> lock = FairLock()
    >>> with lock, lock:
    ...     print("mine")
    mine
    """

    def __init__(self) -> None:
        self._mutex = threading.Lock()  # held for a few instructions only
        self._owner: int | None = None
        self._depth = 0
        self._waiting: deque[tuple[int, threading.Lock]] = deque()
        renew_in_children(self)

    def renew(self) -> None:
        """Free the lock, unless this thread holds it. Called in a forked child."""
        self._mutex = threading.Lock()
        self._waiting.clear()
        if self._owner != threading.get_ident():
            self._owner, self._depth = None, 0

    @property
    def wanted(self) -> bool:
        """True while another thread waits for the lock."""
        return bool(self._waiting)

    def __reduce__(self) -> tuple[type[FairLock], tuple[()]]:
        """Leave the threads behind: a copy, or what arrives in another process, is a lock of its own."""
        return FairLock, ()

    def acquire(self) -> None:
        """Take the lock, after all threads that requested it earlier."""
        me = threading.get_ident()
        with self._mutex:
            if self._owner in (None, me):
                self._owner = me
                self._depth += 1
                return
            turn = threading.Lock()
            turn.acquire()
            ticket = (me, turn)
            self._waiting.append(ticket)
        try:
            turn.acquire()  # released by `release` in the previous thread
        except BaseException:  # Ctrl-C while waiting
            with self._mutex:
                handed_over = ticket not in self._waiting
                if not handed_over:
                    self._waiting.remove(ticket)
            if handed_over:
                self.release()
            raise

    def release(self) -> None:
        """Give the lock back, to the thread that has waited longest.

        Raises
        ------
        RuntimeError
            The current thread does not hold the lock.
        """
        with self._mutex:
            if self._owner != threading.get_ident():
                raise RuntimeError("this thread does not hold the lock")
            self._depth -= 1
            if self._depth:
                return
            if self._waiting:
                self._owner, turn = self._waiting.popleft()
                self._depth = 1
                turn.release()
            else:
                self._owner = None

    def __enter__(self) -> None:
        self.acquire()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()


_locks: WeakKeyDictionary[nn.Module, FairLock] = WeakKeyDictionary()
_locks_mutex = FairLock()


def lock_of(module: nn.Module) -> FairLock:
    """Return the lock of a network, the same for all threads.

    Parameters
    ----------
    module
        The network. Its submodules have locks of their own: always pass the whole network.

    Returns
    -------
    FairLock
        Lives as long as the network; a compiled one has that of the network itself.

    Examples
    --------
    >>> net = nn.Linear(2, 2)
    >>> lock_of(net) is lock_of(net)
    True
    """
    module = uncompiled(module)
    lock = _locks.get(module)
    if lock is not None:
        return lock
    with _locks_mutex:
        lock = _locks.get(module)
        if lock is None:
            lock = _locks[module] = FairLock()
        return lock


@contextmanager
def untouched(module: nn.Module) -> Iterator[None]:
    """Run a network in this context and leave it unchanged, also after an error or Ctrl-C.

    Inside, only this thread runs the network (`lock_of`), in evaluation mode, and without gradients on its
    parameters; hooks, ``requires_grad`` and torch's gradient mode are unchanged, so that the block may run
    forwards or backwards. At the end these are what they were before: the training flag of
    each submodule (not of the whole: frozen batch normalisations stay frozen), the hooks of each submodule,
    ``requires_grad`` and ``.grad`` of each parameter (the same tensors with the same values), the buffers,
    which observers and moving averages write at every pass, and torch's random state, on the CPU and on CUDA
    devices in use. Modules kept in plain lists, tuples and dicts count too, as found the first time.

    Hold it for one batch at a time, never across a ``yield`` of an engine: a generator that is suspended
    inside would leave the user with a network in evaluation mode and everyone else waiting for the lock.

    Parameters
    ----------
    module
        The network. Flags are set directly: its ``train()``, which some networks replace by one that also
        changes weights, is not called.

    Notes
    -----
    Torch has one random state for the whole process. In a worker thread it is therefore not put back: a cell
    that draws numbers in the main thread meanwhile would draw the same ones again. Networks that draw
    numbers in evaluation mode are rare; from the main thread they too leave no trace.

    Examples
    --------
    >>> net = nn.Sequential(nn.Linear(2, 2), nn.Dropout())
    >>> with untouched(net):
    ...     net[1].training
    False
    >>> net[1].training
    True
    """
    hold = _holds.of(module)
    if hold is not None and not hold.busy:
        with hold.a_pass():
            yield
    else:
        with _set_aside(module):
            yield


@contextmanager
def held(module: nn.Module) -> Iterator[None]:
    """Let the passes of this thread in this context share the work of `untouched`, while they follow quickly.

    A pass of a small network takes two milliseconds, of which saving and restoring its state is a part that
    counts. Inside, the network is restored, and others who wait for it are served, at the end of the first
    pass that ends more than 25 ms of work after the state was saved, or when anyone waits; so a
    network whose pass takes longer is restored after each, as ever. What a pass wrote into buffers, and
    torch's random state, are put back after each pass; for passes that leave no more behind, forward ones
    without hooks. At the end of the context everything is as it was.

    Never hold it across a ``yield`` of an engine, nor around long work between passes.

    Parameters
    ----------
    module
        The network, as it is passed to `untouched`.

    Examples
    --------
    >>> net = nn.Linear(2, 2)
    >>> with held(net):
    ...     for _ in range(3):
    ...         with untouched(net):
    ...             pass
    ...     net.training
    False
    >>> net.training
    True
    """
    if _holds.of(module) is not None:
        yield
        return
    hold = _Hold(module)
    _holds.by_id[id(module)] = hold
    try:
        yield
    finally:
        del _holds.by_id[id(module)]
        hold.end()


class _Hold:
    """A network whose state this thread has set aside for several passes."""

    def __init__(self, module: nn.Module) -> None:
        self._module, self._lock = module, lock_of(module)
        self._guard: AbstractContextManager[NetworkState] | None = None
        self.busy = False

    @contextmanager
    def a_pass(self) -> Iterator[None]:
        """Run one pass; restore at its end if it is time to, or after an error."""
        found = self._begun()
        self.busy = True
        try:
            yield
        except BaseException:
            self.end()
            raise
        else:
            if self._lock.wanted or time.thread_time() > self._until:
                self.end()
            else:
                found.between_passes()
        finally:
            self.busy = False

    def _begun(self) -> NetworkState:
        if self._guard is None:
            guard = _set_aside(self._module)
            self._found, self._guard = guard.__enter__(), guard
            self._until = time.thread_time() + _LONGEST_HOLD
        return self._found

    def end(self) -> None:
        """Restore everything, and serve others."""
        guard, self._guard = self._guard, None
        if guard is not None:
            guard.__exit__(None, None, None)


class _Holds(threading.local):
    """The networks that each thread holds, by their ids."""

    def __init__(self) -> None:
        self.by_id: dict[int, _Hold] = {}

    def of(self, module: nn.Module) -> _Hold | None:
        """Return this thread's hold of a network."""
        return self.by_id.get(id(module)) if self.by_id else None


_holds = _Holds()
_LONGEST_HOLD = 0.025  # seconds of the thread: a batch of a network of usual size takes longer


@contextmanager
def _set_aside(module: nn.Module) -> Iterator[NetworkState]:
    """Save the state of a network and restore it: see `untouched`."""
    with lock_of(module):
        found = NetworkState(module)
        try:
            _inside.add(found)
            found.set_aside()
            with found.buffers.watching():
                yield found
        finally:
            _finish(found)
            _inside.discard(found)


class _Inside:
    """The state that threads have set aside and not put back: a forked child puts back that of others.

    One for the process: to have each pass known to `renew_in_children` would take as long as the lock.
    """

    def __init__(self) -> None:
        self._found: set[NetworkState] = set()
        renew_in_children(self)

    def renew(self) -> None:
        """Restore what other threads have set aside. Called in a forked child."""
        for found in list(self._found):
            found.renew()

    def add(self, found: NetworkState) -> None:
        self._found.add(found)

    def discard(self, found: NetworkState) -> None:
        self._found.discard(found)


_inside = _Inside()


def _finish(found: NetworkState) -> None:
    """Restore everything even if Ctrl-C is pressed meanwhile."""
    interrupt: KeyboardInterrupt | None = None
    while True:
        try:
            found.put_back()
        except KeyboardInterrupt as pressed:
            interrupt = pressed
        else:
            break
    if interrupt is not None:
        raise interrupt
