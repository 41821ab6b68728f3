"""Throughput of a survey beside that of the network alone.

Run it with ``python tests/benchmarks/survey.py`` (``--quick`` for fewer pictures). Digits lie in memory;
photographs are JPEG files of several sizes, which are decoded. The network and the classifier (in the layout
that is the quicker one) have all pictures ready, as tensors of the network's size, in the batches that they
like best. All are taken in turns, and the best of each counts, since others may use the machine. It prints;
it asserts nothing.

Measured 2026-11-28, two threads of torch on 2 CPU cores with little else at work (a load of 1), pictures a
second:

=============================== ============= ================ ====== ========== =============
pictures                        network alone classifier alone survey of network of classifier
=============================== ============= ================ ====== ========== =============
10,000 digits, in an array             18,928           30,711 25,438      134 %          83 %
10,000 digits, one by one              19,279           32,232 13,436       70 %          42 %
1,000 photographs from files               79              120     95      121 %          79 %
=============================== ============= ================ ====== ========== =============

Asked: at least 90 % of the network alone. It is reached for digits and for photographs, since the
classifier's layout wins more than reading takes. Items that a data set gives one by one are paid for in
Python: some 20 µs each, where the network takes 50. With both cores kept busy by others the share of
photographs moves between 58 and 112 %.

100,000 small files of which 30 are broken (``--files 100000``), by a function for a model: 54 s of clock,
17 s of processor time, 130 MB of memory more than before; the table takes 0.2 s, and its file has 6.6 MB.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import torch
from PIL import Image
from skimage import data as photographs

import cfwidgets as cf
from cfwidgets.images import as_image, to_uint8

SIZES = ((500, 375), (640, 480), (375, 500))


def alone(forward: Callable[[torch.Tensor], object], images: torch.Tensor, size: int) -> Callable[[], object]:
    def run() -> None:
        with torch.inference_mode():
            for first in range(0, len(images), size):
                forward(images[first : first + size])

    return run


def surveyed(clf: cf.Classifier, data: object, labels: object = None) -> Callable[[], object]:
    return lambda: cf.Survey(trust=False).explain(clf, data, labels)


def compare(
    name: str, clf: cf.Classifier, images: torch.Tensor, size: int, survey: Callable[[], object]
) -> None:
    runs = [alone(clf.require_module(), images, size), alone(clf.probabilities, images, size), survey]
    best, cost = [float("inf")] * len(runs), [float("inf")] * len(runs)
    for _ in range(ROUNDS):
        for place, run in enumerate(runs):
            began, worked = time.perf_counter(), time.process_time()
            run()
            best[place] = min(best[place], time.perf_counter() - began)
            cost[place] = min(cost[place], time.process_time() - worked)
    network, classifier, found = (len(images) / seconds for seconds in best)
    print(
        f"{name}, pictures a second: network alone {network:,.0f}, classifier alone {classifier:,.0f}, "
        f"survey {found:,.0f}: {found / network:.1%} of the network, {found / classifier:.1%} of the "
        f"classifier; by processor time {cost[0] / cost[2]:.1%} and {cost[1] / cost[2]:.1%}"
    )


def digits(count: int) -> None:
    clf, found = cf.zoo.classifier("digits", device="cpu"), cf.data.digits("all")
    rows = torch.arange(count) % len(found.images)
    images, labels = found.images[rows], found.labels[rows]
    compare(f"{count:,} digits", clf, images, 256, surveyed(clf, images, labels))
    items = torch.utils.data.StackDataset(images, labels)
    compare(f"{count:,} digits one by one", clf, images, 256, surveyed(clf, items))


def files(count: int) -> None:
    clf = cf.zoo.classifier("torchvision/resnet18", pretrained=False, device="cpu")
    source = Image.fromarray(to_uint8(as_image(photographs.astronaut())))
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder) / f"{number}.jpg" for number in range(count)]
        for number, path in enumerate(paths):
            source.rotate(number).resize(SIZES[number % len(SIZES)]).save(path, quality=90)
        few = torch.stack([clf.view(path) for path in paths[:64]])
        images = few.repeat(-(-count // 64), 1, 1, 1)[:count]
        compare(f"{count:,} photographs", clf, images, 8, surveyed(clf, paths))


def broken(count: int) -> None:
    """Survey many small files, of which 30 are no pictures."""
    clf = cf.Classifier(lambda images: images.mean((2, 3)).softmax(1), labels=["red", "green", "blue"])
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder) / f"{number // 1000}" / f"{number}.png" for number in range(count)]
        for number, path in enumerate(paths):
            path.parent.mkdir(exist_ok=True)
            if number % (count // 30) == 0:
                path.write_bytes(b"no picture")
            else:
                Image.new("RGB", (16, 16), COLOURS[number % 3]).save(path)
        began, worked = time.perf_counter(), time.process_time()
        result = cf.Survey(trust=False).explain(clf, paths)
    print(
        f"{count:,} files, {len(result.skipped)} of them broken: {time.perf_counter() - began:.1f} s, "
        f"{time.process_time() - worked:.1f} s of processor time"
    )


COLOURS = ((200, 30, 0), (20, 220, 30), (0, 0, 255))
ROUNDS = 3

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--files", type=int, metavar="N", help="only survey so many small files")
    options = parser.parse_args()
    if options.files:
        broken(options.files)
    else:
        digits(2_000 if options.quick else 10_000)
        files(64 if options.quick else 1_000)
