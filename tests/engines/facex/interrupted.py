"""Run FaceX on a cluster of processes until Ctrl-C comes, and resume it; what happens is printed."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import distributed
import torch
from torch import nn

from cfwidgets import Classifier, FaceX
from cfwidgets.data import portraits
from cfwidgets.engines.base import Update, run_to_end


class Slow:
    """Faces that take a while to read."""

    def __init__(self, faces: Any, seconds: float) -> None:
        self.faces, self.seconds = faces, seconds

    def __len__(self) -> int:
        return len(self.faces)

    def __getitem__(self, number: int) -> Any:
        time.sleep(self.seconds)
        return self.faces[number]


def told(steps: Iterator[Update[Any]]) -> Iterator[Update[Any]]:
    """Print how far it came."""
    for update in steps:
        print("seen", update.partial.seen)
        yield update


def main() -> None:
    torch.set_num_threads(1)
    torch.manual_seed(0)
    head = [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 2)]
    net = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), *head).eval()
    clf, faces = Classifier(net, labels=["other", "Male"]), portraits(24, size=32, seed=5)
    engine = FaceX(patch=8, patches=3, batch_size=4, trust=False, sampled=0)
    alone = engine.explain(clf, faces, "Male")
    with (
        distributed.LocalCluster(n_workers=1, threads_per_worker=1, dashboard_address=":0") as cluster,
        distributed.Client(cluster) as client,
    ):
        part = run_to_end(told(engine.steps(clf, Slow(faces, 0.25), "Male", client=client)))
        print("stopped", part.seen)
        whole = engine.explain(clf, Slow(faces, 0), "Male", client=client, resume=part)
        torch.testing.assert_close(whole.ior, alone.ior, rtol=0, atol=1e-6, equal_nan=True)
        print("resumed", whole.seen)


if __name__ == "__main__":
    main()
