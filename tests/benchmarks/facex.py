"""FaceX against the bare forward pass of the same network, and from files: ratios measured in one run.

Run it with ``python tests/benchmarks/facex.py`` (``--cuda`` on a GPU, ``--size 512`` for the published size,
``--images 256``; ``--files 2000`` reads as many faces from a folder in the layout of CelebAMask-HQ, by
``--readers`` threads). It prints; it asserts nothing, since the machines differ. Without ``--files`` images
and masks are random and in memory: no decoding is measured. ``facextool.py`` beside it compares with the
published tool.

Measured on 2 cores with nothing else to do: at 128 pixels FaceX reaches 0.87 of the bare forward pass by the
clock (174 faces a second) and 1.05 by processor time, since it gives the network its images channels last; of
a bare pass that does so too, 0.72 and 0.87. At 512 pixels, with the faces read from files, 1.28 and 1.42
(14 a second), and 1.00 and 1.11 of the channels-last one. In reference mode a few per cent less.

CUDA (``--cuda``), 2026-11-27 on one NVIDIA H200 (140 GiB, driver 580, torch 2.11, CUDA 13.0, 16 cores): at
128 pixels in batches of 256 FaceX reaches 2,072 faces a second, 0.11 of the bare forward pass of 19,716,
and in reference mode 573, 0.03: there the processor, which prepares faces one by one, is what takes the
time.
"""

from __future__ import annotations

import argparse
import copy
import os
import statistics
import tempfile
import time
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import torch
import torchvision
from facextool import draw

import cfwidgets as cf
from cfwidgets.data import CelebAMaskHQ
from cfwidgets.engines.facex.engine import FaceX

REGIONS = 19
DRAWN = 32  # faces in a folder that are not copies
BARE, LAST = "bare forward pass", "the same, channels last"


def random_faces(n, size, seed=0):
    """Faces of noise; ellipses of 12 of the 19 regions, which overlap as those of faces do."""
    generator = np.random.default_rng(seed)
    y, x = np.mgrid[0 : 1 : size * 1j, 0 : 1 : size * 1j]
    faces = []
    for _ in range(n):
        region_bits = np.zeros((size, size), np.int32)
        for region in generator.choice(REGIONS, 12, replace=False):
            (row, column), (height, width) = generator.random(2), 0.05 + 0.4 * generator.random(2)
            inside = ((y - row) / height) ** 2 + ((x - column) / width) ** 2 < 1
            region_bits |= inside.astype(np.int32) << region
        image = generator.random((3, size, size), np.float32)
        faces.append(SimpleNamespace(image=torch.from_numpy(image), masks=torch.from_numpy(region_bits)))
    return faces


def faces_in_files(root, n, size):
    """Some drawn faces and links to them, in the layout of CelebAMask-HQ, with their masks packed."""
    images, masks = draw(root, min(n, DRAWN), size, size, 0)
    for number in range(DRAWN, n):
        os.link(images / f"{number % DRAWN}.jpg", images / f"{number}.jpg")
        folder = masks / str(number // 2000)
        folder.mkdir(exist_ok=True)
        for mask in (masks / "0").glob(f"{number % DRAWN:05d}_*.png"):
            os.link(mask, folder / f"{number:05d}{mask.name[5:]}")
    rows = "".join(f"{number}.jpg  1\n" for number in range(n))
    (root / "CelebAMask-HQ-attribute-anno.txt").write_text(f"{n}\nall\n{rows}")
    faces = CelebAMaskHQ(root, size=size, cache=root / "cache")
    faces.pack()
    return faces


def seconds(work, device):
    """Seconds of the work, and seconds of processor time that it took."""
    if device == "cuda":
        torch.cuda.synchronize()
    started, busy = time.perf_counter(), time.process_time()
    work()
    if device == "cuda":
        torch.cuda.synchronize()
    return time.perf_counter() - started, time.process_time() - busy


def measure(options, faces, device):
    torch.manual_seed(0)
    net = torchvision.models.resnet18(num_classes=2).eval().to(device)
    lasting = copy.deepcopy(net).to(memory_format=torch.channels_last)
    clf = cf.Classifier(net, input_size=options.size)
    bare_count = min(len(faces), options.images)
    ready = torch.stack([faces[number].image for number in range(bare_count)])

    def bare(module, layout):
        with torch.no_grad():
            for batch in ready.split(options.batch):
                module(batch.to(device, memory_format=layout)).cpu()

    def facex(mode):
        settings = FaceX(mode=mode, trust=False, sampled=0, batch_size=options.batch, readers=options.readers)
        return settings.explain(clf, faces, 1)

    ways = {
        BARE: (lambda: bare(net, torch.contiguous_format), bare_count),
        LAST: (lambda: bare(lasting, torch.channels_last), bare_count),
        "FaceX": (lambda: facex("paper"), len(faces)),
        'FaceX, mode="reference"': (lambda: facex("reference"), len(faces)),
    }
    times = {name: [] for name in ways}
    for repeat in range(options.repeats + 1):  # in turn, so that a busy machine slows all
        for name, (work, count) in ways.items():
            taken, busy = seconds(work, device)
            if repeat:  # the first time warms up
                times[name].append((taken / count, busy / count))
    return times


def report(times, device):
    for of, clock in enumerate(("by the clock", "by processor time")):
        if of and device == "cuda":
            return
        print(f"  {clock:<26}{'images/s':>9}   of the bare pass         of the channels-last one")
        for name, found in times.items():
            line = f"  {name:<26}{statistics.median(1 / one[of] for one in found):9.1f}"
            for base in (BARE, LAST):
                ratios = sorted(b[of] / a[of] for a, b in zip(found, times[base], strict=True))
                line += f"   {statistics.median(ratios):6.2f} ({ratios[0]:.2f} to {ratios[-1]:.2f})"
            print(line)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--cuda", action="store_true")
    parser.add_argument("--size", type=int, default=128)
    parser.add_argument("--images", type=int, default=256, help="that are in memory")
    parser.add_argument("--files", type=int, default=0, help="faces in a folder instead")
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--readers", type=int, default=4)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    device = "cuda" if options.cuda else "cpu"
    with tempfile.TemporaryDirectory() as folder:
        if options.files:
            faces = faces_in_files(Path(folder), options.files, options.size)
        else:
            faces = random_faces(options.images, options.size)
        print(
            f"ResNet-18 with random weights, {len(faces)} faces of {options.size} x {options.size} "
            f"{'in files' if options.files else 'in memory'}, batches of {options.batch}, {device}, "
            f"{options.threads} threads of torch, {options.readers} that read"
        )
        report(measure(options, faces, device), device)


if __name__ == "__main__":
    main()
