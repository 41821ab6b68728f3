"""FaceX over a real Dask cluster: the same answer as on one machine, whatever happens to the workers."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from torch import nn
from waiting import PATIENCE, until

from cfwidgets import Classifier
from cfwidgets.data import portraits
from cfwidgets.engines.facex.engine import FaceX
from cfwidgets.run import Run

pytestmark = pytest.mark.slow

distributed = pytest.importorskip("distributed", reason="Dask is an optional extra")
ENGINE = FaceX(patch=8, patches=3, probed=4, batch_size=4, groups="Male")
N = 48
cloudpickle = pytest.importorskip("cloudpickle", reason="comes with Dask")
cloudpickle.register_pickle_by_value(sys.modules[__name__])  # workers cannot import a test


def network():
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(3, 6, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(6, 8, 3, padding=1),
        nn.ReLU(),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(8, 2),
    ).eval()


class Slow:
    """Portraits that take a while to read, and of which one cannot be."""

    def __init__(self, faces, seconds=0.02, broken=()):
        self.faces, self.seconds, self.broken, self.names = faces, seconds, broken, faces.names

    def __len__(self):
        return len(self.faces)

    def __getitem__(self, number):
        import time  # workers get this class by value, without what stands around it

        time.sleep(self.seconds)
        if number in self.broken:
            raise OSError(f"{number}.jpg is truncated")
        return self.faces[number]


@pytest.fixture(scope="module")
def lasting():
    before = dict(os.environ)  # Dask sets OMP_NUM_THREADS=1, which the kernels of later tests would inherit
    with (
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, dashboard_address=":0", memory_limit=None
        ) as cluster,
        distributed.Client(cluster) as client,
    ):
        client.register_plugin(_OneThread())
        yield client
    os.environ.clear()
    os.environ.update(before)


@pytest.fixture
def cluster(lasting):
    replenish(lasting)  # whatever the last test has left of it
    return lasting


class _OneThread(distributed.WorkerPlugin):
    """One thread for torch on each worker, as many share the machine."""

    def setup(self, worker):
        torch.set_num_threads(1)


@pytest.fixture(scope="module")
def faces():
    return portraits(N, size=32, seed=5)


@pytest.fixture(scope="module")
def clf():
    return Classifier(network(), labels=["other", "Male"])


@pytest.fixture(scope="module")
def alone(clf, faces):
    return ENGINE.explain(clf, Slow(faces, 0, (13,)), "Male")


def assert_same(a, b):
    for name in ("numbers", "predicted_target", "groups"):
        assert torch.equal(getattr(a, name), getattr(b, name))
    for name in ("ior", "probability", "randomised"):
        torch.testing.assert_close(getattr(a, name), getattr(b, name), rtol=0, atol=1e-6, equal_nan=True)
    for name in ("images", "places", "pixels"):
        assert torch.equal(getattr(a.patches, name), getattr(b.patches, name))
    torch.testing.assert_close(a.patches.values, b.patches.values, rtol=0, atol=1e-4)
    assert (a.names, a.skipped, a.total) == (b.names, b.skipped, b.total)


def replenish(client):
    """Wait for two workers; where Dask has given one up, which died while it started, another is added."""
    try:
        until(lambda: len(client.nthreads()) >= 2, patience=30)
    except AssertionError:
        client.cluster.scale(len(client.cluster.worker_spec) + 2 - len(client.nthreads()))
        client.wait_for_workers(2, timeout=2 * PATIENCE)


def plugins(client):
    return {
        name
        for names in client.run(lambda dask_worker: list(dask_worker.plugins)).values()
        for name in names
        if name.startswith("cfwidgets")
    }


def test_the_answer_is_that_of_one_machine(cluster, clf, faces, alone):
    spread = ENGINE.explain(clf, Slow(faces, 0.01, (13,)), "Male", client=cluster)
    assert_same(spread, alone)
    assert [one.number for one in spread.skipped] == [13]
    assert plugins(cluster) == set()


def test_a_worker_that_dies_is_made_up_for(cluster, clf, faces, alone):
    before = cluster.run(os.getpid)
    killed = None
    for update in ENGINE.steps(clf, Slow(faces, 0.02, (13,)), "Male", client=cluster):
        result = update.partial
        if killed is None and result.seen:
            killed = min(before.values())
            os.kill(killed, signal.SIGKILL)
    assert killed is not None
    assert_same(result, alone)
    replenish(cluster)
    after = cluster.run(os.getpid)
    assert killed not in after.values()


def test_a_stop_leaves_nothing_on_the_workers(cluster, clf, faces, alone):
    steps = ENGINE.steps(clf, Slow(faces, 0.01, (13,)), "Male", client=cluster)
    for update in steps:
        if update.partial.seen >= 16:
            break
    steps.close()
    assert plugins(cluster) == set()
    part = update.partial
    assert 16 <= part.seen < N
    assert_same(ENGINE.explain(clf, Slow(faces, 0, (13,)), "Male", resume=part), alone)


def test_a_batch_that_a_worker_begins_after_the_end_is_dropped(monkeypatch):
    from cfwidgets.engines.facex import dask

    monkeypatch.setattr(dask, "get_worker", lambda: SimpleNamespace(plugins={}))
    assert dask._part("cfwidgets-of-a-run-that-has-ended", [0]) is None


def test_what_the_model_raises_comes_back(cluster, faces):
    class Particular(nn.Module):
        def __init__(self):
            super().__init__()
            self.net, self.home = network(), os.getpid()

        def forward(self, images):
            if os.getpid() != self.home:
                raise RuntimeError("only at home, please")
            return self.net(images)

    with pytest.raises(RuntimeError, match="only at home"):
        ENGINE.explain(
            Classifier(Particular().eval(), labels=["other", "Male"]), faces, "Male", client=cluster
        )
    assert plugins(cluster) == set()


def test_a_worker_that_dies_before_the_first_part_is_made_up_for(cluster, clf, faces, alone):
    steps = ENGINE.steps(clf, Slow(faces, 0.02, (13,)), "Male", client=cluster)
    pids = cluster.run(os.getpid)
    killer = threading.Timer(0.3, os.kill, (min(pids.values()), signal.SIGKILL))
    killer.start()
    for update in steps:
        result = update.partial
    killer.join()
    assert_same(result, alone)
    replenish(cluster)


def test_a_face_that_brings_down_its_worker_is_named(cluster, clf, faces):
    class Deadly(Slow):
        def __getitem__(self, number):
            import os

            if number == 21 and os.getpid() != self.here:
                os._exit(1)  # as the kernel ends a process that takes too much memory
            return self.faces[number]

    deadly = Deadly(faces)
    deadly.here = os.getpid()
    with pytest.raises(RuntimeError, match=r"given faces 20 to 23 died: .* memory .*; what was found so far"):
        ENGINE.explain(clf, deadly, "Male", client=cluster)
    replenish(cluster)
    assert plugins(cluster) == set()


def test_a_client_that_is_closed_amid_a_run_is_told(cluster, clf, faces, alone):
    other = distributed.Client(cluster.scheduler.address)
    steps = ENGINE.steps(clf, Slow(faces, 0.05, (13,)), "Male", client=other)
    run = Run(steps)
    until(lambda: run.partial is not None and run.partial.seen)
    other.close()
    assert run.wait(2 * PATIENCE) == "failed"
    with pytest.raises(RuntimeError, match="the Dask client was closed"):
        run.result()
    assert_same(ENGINE.explain(clf, Slow(faces, 0, (13,)), "Male", resume=run.partial), alone)
    with pytest.raises(ValueError, match="client is closed"):
        ENGINE.explain(clf, faces, "Male", client=other)


def test_a_cluster_whose_workers_are_gone_does_not_stand_still(clf, faces, monkeypatch):
    monkeypatch.setattr("cfwidgets.engines.facex.dask._NO_WORKERS", 1.0)
    monkeypatch.setattr("cfwidgets.engines.facex.dask._LOOK", 0.2)
    with (
        distributed.LocalCluster(n_workers=1, threads_per_worker=1, dashboard_address=":0") as small,
        distributed.Client(small) as client,
    ):
        steps = ENGINE.steps(clf, Slow(faces, 0.05), "Male", client=client)
        run = Run(steps)
        until(lambda: run.partial is not None and run.partial.seen)
        small.scale(0)
        assert run.wait(2 * PATIENCE) == "failed"
        with pytest.raises(RuntimeError, match="has had no workers for 1 s"):
            run.result()


def test_clients_that_cannot_be_used(clf, faces):
    with (
        distributed.LocalCluster(n_workers=0, dashboard_address=":0") as empty,
        distributed.Client(empty) as client,
        pytest.raises(ValueError, match="a cluster without workers"),
    ):
        ENGINE.explain(clf, faces, "Male", client=client)


def test_workers_that_are_restarted_give_the_same_answer(cluster, clf, faces, alone):
    restarted = False
    for update in ENGINE.steps(clf, Slow(faces, 0.02, (13,)), "Male", client=cluster):
        result = update.partial
        if result.seen and not restarted:
            cluster.restart(wait_for_workers=False)
            cluster.cluster.scale(4)  # Dask may give up workers that restart: two others join
            restarted = True
    assert restarted
    assert_same(result, alone)


@pytest.mark.skipif(os.name != "posix", reason="a process group is interrupted by a POSIX signal")
def test_ctrl_c_reaches_the_workers_too_and_the_run_is_resumed_at_once():
    script = Path(__file__).with_name("interrupted.py")
    process = subprocess.Popen(
        [sys.executable, "-u", str(script)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    patience = threading.Timer(2 * PATIENCE, os.killpg, (process.pid, signal.SIGKILL))
    patience.start()
    printed = []
    with process:
        for line in process.stdout:
            if line == "seen 8\n":
                os.killpg(process.pid, signal.SIGINT)  # as a terminal does, and a notebook's stop button
            printed.append(line)
    patience.cancel()
    everything = "".join(printed)
    assert process.returncode == 0, everything
    assert "interrupted at" in everything
    [seen] = [int(line.split()[1]) for line in printed if line.startswith("stopped")]
    assert 4 <= seen < 24
    assert "resumed 24\n" in printed
