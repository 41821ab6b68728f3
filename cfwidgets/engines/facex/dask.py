"""The batches of FaceX on a Dask cluster."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any

import cloudpickle
from distributed import Client, WorkerPlugin, as_completed, get_worker

from cfwidgets.engines.facex.batch import BatchSettings, Summariser

if TYPE_CHECKING:
    from cfwidgets.engines.facex.reading import FaceReader
    from cfwidgets.engines.facex.result import Part

__all__ = ["on_cluster"]

_WAITING = 2  # batches for each thread: one at work, one ready


class _Carrier(WorkerPlugin):
    """Brings the model and the data set to a worker once, also to one that joins later.

    A plugin, not data of the cluster, which a worker that dies may take with it.
    Packed with cloudpickle, so that ``cloudpickle.register_pickle_by_value`` works for what workers cannot
    import: Dask itself looks only at the module of a plugin, and ours is never the user's.
    """

    def __init__(self, reader: FaceReader, settings: BatchSettings, target: int) -> None:
        self._packed = cloudpickle.dumps((reader, settings, target))

    def setup(self, worker: Any) -> None:  # noqa: ARG002 - Dask's
        """Make ready on the worker."""
        # nothing but what the same user's process has sent, by Dask's own way
        self._reader, settings, target = cloudpickle.loads(self._packed)
        self._summarise = Summariser(self._reader.clf, settings, target, self._reader.regions)

    def part(self, numbers: Sequence[int]) -> Part:
        """Read some of the faces and summarise them."""
        return self._summarise([self._reader(number) for number in numbers])


def _part(carrier: str, numbers: Sequence[int]) -> Part:
    plugin: Any = get_worker().plugins[carrier]
    part: Part = plugin.part(numbers)
    return part


def on_cluster(
    client: Client, reader: FaceReader, settings: BatchSettings, target: int, batches: Sequence[Sequence[int]]
) -> Iterator[Part]:
    """Summarise batches on the workers of a cluster, and yield the parts as they arrive.

    Indices of faces travel to a worker, and parts back. Dask repeats on another worker the batches of one
    that is lost. A few batches are under way at a time, so that the workers stop soon after the engine.

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
        The client is asynchronous, or the cluster has no workers.
    """
    threads = sum(client.nthreads().values()) if not client.asynchronous else 0
    if not threads:
        what = "is asynchronous" if client.asynchronous else "is of a cluster without workers"
        raise ValueError(f"client {what}; give a client with workers, made with asynchronous=False")
    carrier = f"cfwidgets-{uuid.uuid4().hex}"
    client.register_plugin(_Carrier(reader, settings, target), name=carrier)
    waiting = iter(batches)

    def submit(numbers: Sequence[int]) -> Any:
        return client.submit(_part, carrier, list(numbers), pure=False)

    under_way = as_completed(
        [submit(numbers) for numbers in islice(waiting, _WAITING * threads)], with_results=True
    )
    try:
        for _, part in under_way:
            yield part
            for numbers in islice(waiting, 1):
                under_way.add(submit(numbers))
    finally:
        under_way.clear()  # drops the futures, and with them the batches that no worker has begun
        client.unregister_worker_plugin(carrier)
