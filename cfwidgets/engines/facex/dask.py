"""The batches of FaceX on a Dask cluster."""

from __future__ import annotations

import os
import signal
import threading
import time
import uuid
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import CancelledError
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import cloudpickle
from distributed import Client, KilledWorker, WorkerPlugin, get_worker
from distributed.comm.core import CommClosedError

from cfwidgets.engines.facex.batch import BatchSettings, Summariser

if TYPE_CHECKING:
    from cfwidgets.engines.facex.reading import FaceReader
    from cfwidgets.engines.facex.result import Part

__all__ = ["on_cluster"]

_WAITING = 2  # batches for each thread: one at work, one ready
_LOST = 3  # times that a batch may be lost with its worker before it is given up
_LOOK = 2.0  # seconds between two looks at a cluster from which nothing comes
_FETCH = 60.0  # seconds to fetch a part, before its batch is done again
_NO_WORKERS = 60.0  # seconds without any worker before a run is given up: a nanny needs some to start one
_KEPT = "what was found so far is kept, and can be resumed"


class _Carrier(WorkerPlugin):
    """Brings the model and the data set to a worker once, also to one that joins later.

    A plugin, not data of the cluster, which a worker that dies may take with it.
    Packed with cloudpickle, so that ``cloudpickle.register_pickle_by_value`` works for what workers cannot
    import: Dask itself looks only at the module of a plugin, and ours is never the user's.

    A Ctrl-C in a terminal or a notebook reaches the workers that this process has started too. It is for the
    run and not for them: they would end, and Dask starts no others in their place.
    """

    def __init__(self, reader: FaceReader, settings: BatchSettings, target: int) -> None:
        self._packed = cloudpickle.dumps((reader, settings, target))
        self._process = os.getpid()

    def setup(self, worker: Any) -> None:  # noqa: ARG002 - Dask's
        """Make ready on the worker."""
        # Only a main thread may: that of a process runs the worker.
        shielded = os.getppid() == self._process and threading.current_thread() is threading.main_thread()
        self._before = signal.signal(signal.SIGINT, signal.SIG_IGN) if shielded else None
        # nothing but what the same user's process has sent, by Dask's own way
        self._reader, settings, target = cloudpickle.loads(self._packed)
        self._summarise = Summariser(self._reader.clf, settings, target, self._reader.regions)

    def teardown(self, worker: Any) -> None:  # noqa: ARG002 - Dask's
        """Let the worker be interrupted again."""
        if self._before is not None:
            signal.signal(signal.SIGINT, self._before)

    def part(self, numbers: Sequence[int]) -> Part:
        """Read some of the faces and summarise them."""
        return self._summarise([self._reader(number) for number in numbers])


def _part(carrier: str, numbers: Sequence[int]) -> Part | None:
    """Do a batch on a worker; None where the worker does not have the plugin, as at the end of a run."""
    plugin: Any = get_worker().plugins.get(carrier)
    part: Part | None = None if plugin is None else plugin.part(numbers)
    return part


def on_cluster(
    client: Client, reader: FaceReader, settings: BatchSettings, target: int, batches: Sequence[Sequence[int]]
) -> Iterator[Part]:
    """Summarise batches on the workers of a cluster, and yield the parts as they arrive.

    Indices of faces travel to a worker, and parts back. Batches of a worker that is lost, or restarted, are
    done again. A few batches are under way at a time, so that the workers stop soon after the engine.

    Parameters
    ----------
    client
        A client of the cluster.
    reader
        Reads the faces; workers must have the classifier's packages, and reach the files of the data set.
    settings, target
        As in `Summariser`.
    batches
        The faces' indices, batch by batch.

    Raises
    ------
    ValueError
        The client is asynchronous or closed, or the cluster has no workers.
    RuntimeError
        The client was closed or has lost its scheduler, the cluster has no workers any more, or a batch
        brings down each worker that it is given to.
    """
    threads = _threads(client)
    carrier = f"cfwidgets-{uuid.uuid4().hex}"
    spread = _Spread(client, carrier, batches, _WAITING * threads)
    try:
        _send(client, _Carrier(reader, settings, target), carrier)
        yield from spread.parts()
    except Exception as error:
        _require_open(client, error)
        _require_reached(error)
        raise
    finally:
        spread.drop()
        if _open(client):
            with suppress(Exception):  # the workers may be gone, which says no more than what was raised
                client.unregister_worker_plugin(carrier)


class _Spread:
    """Batches on the workers, some at a time; those that are lost with a worker are done again."""

    def __init__(
        self, client: Client, carrier: str, batches: Sequence[Sequence[int]], at_a_time: int
    ) -> None:
        self._client, self._carrier, self._at_a_time = client, carrier, at_a_time
        self._waiting = deque((numbers, 0) for numbers in batches)
        self._under_way: dict[Any, tuple[Sequence[int], int]] = {}
        self._alive = time.monotonic()
        self._one_ended = threading.Event()

    def parts(self) -> Iterator[Part]:
        """Yield the parts as they arrive."""
        suspects: list[Sequence[int]] = []
        yield from self._spread(self._at_a_time, lambda numbers, _: suspects.append(numbers))
        # Dask counts a worker's death for all batches that it has at hand: each is tried by itself.
        for numbers in suspects:
            self._waiting.append((numbers, 0))
            yield from self._spread(1, _brought_down)

    def _spread(
        self, at_a_time: int, killed: Callable[[Sequence[int], KilledWorker], None]
    ) -> Iterator[Part]:
        while self._waiting or self._under_way:
            _require_open(self._client)
            self._submit(at_a_time)
            for future in self._ended():
                numbers, lost = self._under_way.pop(future)
                try:
                    part = _result(future)
                except KilledWorker as error:
                    killed(numbers, error)
                    continue
                if part is None:
                    self._again(numbers, lost + 1)
                else:
                    yield part

    def drop(self) -> None:
        """Drop the futures, and with them the batches that no worker has begun."""
        self._under_way.clear()

    def _submit(self, at_a_time: int) -> None:
        while self._waiting and len(self._under_way) < at_a_time:
            numbers, lost = self._waiting.popleft()
            future = self._client.submit(_part, self._carrier, list(numbers), pure=False)
            future.add_done_callback(lambda _: self._one_ended.set())
            self._under_way[future] = numbers, lost

    def _ended(self) -> list[Any]:
        """Wait a while for a batch to end, and return all that have ended."""
        # Dask's own `wait` waits on the loop of the newest client, whichever client the futures are
        # of, and for good where that loop is stopped meanwhile.
        self._one_ended.wait(_LOOK)
        self._one_ended.clear()  # before the look: what ends after it sets it again
        ended = [future for future in self._under_way if future.status != "pending"]
        if ended or self._client.nthreads():
            self._alive = time.monotonic()
        elif time.monotonic() - self._alive > _NO_WORKERS:
            raise RuntimeError(f"the Dask cluster has had no workers for {_NO_WORKERS:.0f} s; {_KEPT}")
        return ended

    def _again(self, numbers: Sequence[int], lost: int) -> None:
        if lost > _LOST:
            raise RuntimeError(f"the Dask cluster has lost {_faces(numbers)} {lost} times; {_KEPT}")
        self._waiting.appendleft((numbers, lost))


def _threads(client: Client) -> int:
    """Count the threads of a cluster that can be used."""
    if not _open(client):
        what = "is closed"
    elif client.asynchronous:
        what = "is asynchronous"
    else:
        threads: int = sum(client.nthreads().values())
        if threads:
            return threads
        what = "is of a cluster without workers"
    raise ValueError(f"client {what}; give a client with workers, made with asynchronous=False")


def _require_reached(error: BaseException) -> None:
    if isinstance(error, CommClosedError):
        message = f"the Dask cluster cannot be reached ({error}); {_KEPT}"
        raise RuntimeError(message) from error  # noqa: TRY004 - no type is wrong


def _open(client: Client) -> bool:
    return client.status not in {"closed", "closing"}


def _require_open(client: Client, error: BaseException | None = None) -> None:
    if not _open(client):
        raise RuntimeError(
            f"the Dask client was closed, or has lost its scheduler, during the run; {_KEPT}"
        ) from error


def _send(client: Client, plugin: _Carrier, name: str) -> None:
    """Send the plugin to all workers; again, where one is lost just then."""
    for pause in (1.0, 3.0, None):
        try:
            client.register_plugin(plugin, name=name)
        except OSError:
            if pause is None or not _open(client):
                raise
            time.sleep(pause)
        else:
            return


def _brought_down(numbers: Sequence[int], error: KilledWorker) -> None:
    raise RuntimeError(
        f"each Dask worker that was given {_faces(numbers)} died: of a crash at one of them, or of too "
        f"little memory (a smaller batch_size needs less); {_KEPT}"
    ) from error


def _result(future: Any) -> Part | None:
    """Fetch a part; None where it was lost, as by workers that were restarted.

    What the model raises comes back as it is.
    """
    failed = future.status == "error"
    try:
        part: Part | None = future.result(timeout=_FETCH)
    except (CommClosedError, CancelledError, TimeoutError):
        if failed:
            raise
        return None
    return part


def _faces(numbers: Sequence[int]) -> str:
    return f"face {numbers[0]}" if len(numbers) == 1 else f"faces {min(numbers)} to {max(numbers)}"
