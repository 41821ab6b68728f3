"""FaceX against the published tool, facextool 0.1.52, on one folder of faces: what they find, and how fast.

The tool wants a Python of its own, made once by::

    python -m venv PEER && PEER/bin/pip install facextool==0.1.52

Run it with ``python tests/benchmarks/facextool.py --peer PEER/bin/python`` (``--images 32``, ``--threads 1``,
``--stored 1024`` for files as large as CelebAMask-HQ's). It prints; it asserts nothing, since the machines
differ.

Both read the same files, laid out as CelebAMask-HQ: a JPEG a face and a PNG a region; FaceX has packed the
masks once before, as it does on the first run. Both have the same weights. The tool runs as published, with
two exceptions: ``matplotlib.cm.get_cmap``, which is no more, is put back, and faces come from the reader for
CelebAMask-HQ that it has and does not use (the one that it uses leaves the skin under eyes and mouth). What
is timed of it is its way over the faces, without its figures; the bare forward pass has images in memory that
are normalised already. They take turns, so that a busy machine slows all; there, ``--threads 1`` and the
processor time tell most, since threads that wait for each other count as busy.

Measured with 32 faces of 512 pixels on 2 cores with nothing else to do, by the clock: FaceX 13.4 images a
second, in reference mode 13.1, the tool 2.8 (4.7 and 4.6 times as fast), the bare forward pass 14.6 (0.92 and
0.90 of it), and 20.2 with channels last (0.67 and 0.65; over so few faces three passes that find the layer
count, see ``facex.py`` for more). In reference mode the importance of each region is the tool's to 1e-7, and
so is that in each face; all 339 patches are the same, in the same order. With ``--stored 1024``, as large as
CelebAMask-HQ's, it is the same (16 faces, 251 patches).
"""

from __future__ import annotations

import argparse
import copy
import json
import resource
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

import numpy as np
import torch
import torchvision
from PIL import Image
from safetensors.torch import load_file, save_file

import cfwidgets as cf
from cfwidgets.data import CelebAMaskHQ, portraits
from cfwidgets.data.faces import REGIONS
from cfwidgets.engines.facex.engine import FaceX

BARE, LAST, TOOL = "bare forward pass", "bare, channels last", "the tool"
BASES = (BARE, LAST, TOOL)
MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
# More often than by chance, so that all regions are there in some tens of faces.
SHARES = {
    "Wearing_Hat": 0.25,
    "Eyeglasses": 0.3,
    "Wearing_Earrings": 0.4,
    "Wearing_Necklace": 0.4,
    "Mouth_Slightly_Open": 0.6,
}


def draw(root, count, size, stored, seed):
    """Write portraits into a folder in the layout of CelebAMask-HQ: masks of one size, images of another."""
    images, masks = root / "CelebA-HQ-img", root / "CelebAMask-HQ-mask-anno"
    images.mkdir()
    for number in range(count):  # one by one: they are large
        one = portraits(1, size, seed, attributes=SHARES, first=number)
        large = one if stored == size else portraits(1, stored, seed, attributes=SHARES, first=number)
        picture = large.pixels[0].permute(1, 2, 0).numpy()
        Image.fromarray(picture).save(images / f"{number}.jpg", quality=95)
        folder = masks / str(number // 2000)
        folder.mkdir(parents=True, exist_ok=True)
        for region, mask in zip(REGIONS, one.masks[0], strict=True):
            if region != "background" and mask.any():
                pixels = np.repeat(mask.numpy()[..., None].astype(np.uint8) * 255, 3, -1)
                Image.fromarray(pixels).save(folder / f"{number:05d}_{region}.png")
    rows = "".join(f"{number}.jpg  1\n" for number in range(count))
    (root / "CelebAMask-HQ-attribute-anno.txt").write_text(f"{count}\nall\n{rows}")
    return images, masks


class Peer:
    """The tool in its own Python."""

    def __init__(self, python, settings, log):
        self._log = log
        driver = Path(__file__).with_name("facextool_driver.py")
        # -I: the tool's module has the name of a benchmark that lies beside the driver.
        self._process = subprocess.Popen(
            [python, "-I", driver], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True
        )
        self.versions = self.ask(json.dumps(settings))["versions"]

    def ask(self, line):
        try:
            self._process.stdin.write(line + "\n")
            self._process.stdin.flush()
            answer = self._process.stdout.readline()
        except BrokenPipeError:
            answer = ""
        if not answer:
            self._process.wait()
            self._log.seek(0)
            raise SystemExit(f"the tool failed:\n{self._log.read()[-3000:]}")
        return json.loads(answer)

    def end(self):
        self._process.stdin.close()
        self._process.wait()


def processor_seconds():
    """Of this process and of those that it has started and that have ended."""
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + ended.ru_utime + ended.ru_stime


def seconds(work):
    """Seconds of the work by the clock and by processor time."""
    started, busy = time.perf_counter(), processor_seconds()
    work()
    return time.perf_counter() - started, processor_seconds() - busy


def compare(ours, theirs):
    """Print how far FaceX in reference mode is from what the tool has found."""
    mean = ours.to_frame().attention
    patches = ours.patch_frame()
    apart, cells, kept, both, ordered = [], [], 0, 0, 0
    print(f"  {'region':<12}{'the tool':>9}{'FaceX':>9}{'apart':>10}   faces   patches in common")
    for place, region in enumerate(REGIONS):
        count = theirs["counts"][region]
        one = [row[region] for row in theirs["rows"] if region in row]
        mine = ours.ior[:, place]
        there = ~mine.isnan()
        if count != int(there.sum()):
            print(f"  {region:<12} is in {count} faces by the tool and in {int(there.sum())} by FaceX")
            continue
        if not count:
            continue
        apart.append(abs(theirs["ior"][region] - mean[region]))
        rows = torch.tensor([row.get(region, torch.nan) for row in theirs["rows"]], dtype=torch.float64)
        cells.append(float((rows[there] - mine[there]).abs().max()))
        a = [(name, row, column) for name, row, column, _ in theirs["patches"][region]]
        mine = patches[patches.region == region]
        b = [(name.removesuffix(".jpg"), *rest) for name, *rest in mine[["name", "row", "column"]].to_numpy()]
        kept, both, ordered = kept + len(a), both + len({*a} & {*b}), ordered + (a == b)
        print(
            f"  {region:<12}{theirs['ior'][region]:9.5f}{mean[region]:9.5f}{apart[-1]:10.1e}{len(one):8}"
            f"   {len({*a} & {*b})} of {len(a)}{'' if a == b else ', not in the same order'}"
        )
    print(
        f"  importance: {max(apart):.1e} apart at most for a region, {max(cells):.1e} for a region of a "
        f"face; patches: {both} of {kept} the same, in the same order for {ordered} of {len(apart)} regions"
    )


def measure(options, root, log):
    torch.manual_seed(options.seed)
    net = torchvision.models.resnet18(num_classes=2).eval()
    if options.weights:
        net.load_state_dict(load_file(options.weights))
    save_file(net.state_dict(), root / "weights.safetensors")
    images, masks = draw(root, options.images, options.size, options.stored, options.seed)
    faces = CelebAMaskHQ(root, cache=root / "cache")
    faces.pack()
    clf = cf.Classifier(net, input_size=options.size, mean=MEAN, std=STD)
    # Of the other class there may be nothing to see: random weights can speak against it everywhere.
    target = int(clf.logits([faces[0].image])[0].argmax())
    peer = Peer(
        options.peer,
        {
            "target": target,
            "threads": options.threads,
            "weights": str(root / "weights.safetensors"),
            "files": list(faces.files),
            "images": str(images),
            "masks": str(masks),
            "size": options.size,
        },
        log,
    )
    weights = "the weights given" if options.weights else "random weights"
    print(
        f"ResNet-18 with {weights}, {len(faces)} portraits of {options.size} x {options.size} in files of "
        f"{options.stored}, {options.threads} threads, batches of {options.batch} (bare: "
        f"{options.bare_batch}, the tool: 1); torch {torch.__version__} here, {peer.versions['torch']} there"
    )
    theirs = peer.ask("look")

    def facex(mode):
        settings = FaceX(mode=mode, trust=False, batch_size=options.batch)
        return settings.explain(clf, faces, target)

    compare(facex("reference"), theirs)
    if options.repeats:
        times = race(options, net, faces, facex, peer)
        report(times, len(faces))
    print(
        f"  the tool with its figures, once: {theirs['whole']:.1f} s, of them {theirs['seconds']:.1f} s faces"
    )
    peer.end()


def race(options, net, faces, facex, peer):
    """Seconds by the clock and by processor time of each way over the faces, in turn."""
    mean, std = (torch.tensor(values)[:, None, None] for values in (MEAN, STD))
    ready = torch.stack([(face.image - mean) / std for face in faces])
    lasting = copy.deepcopy(net).to(memory_format=torch.channels_last)
    last = ready.to(memory_format=torch.channels_last)

    def bare(module, images):
        with torch.no_grad():
            for batch in images.split(options.bare_batch):
                module(batch)

    def tool():
        given = peer.ask("time")
        return given["seconds"], given["busy"]

    ways = {
        BARE: lambda: seconds(lambda: bare(net, ready)),
        LAST: lambda: seconds(lambda: bare(lasting, last)),
        "FaceX": lambda: seconds(lambda: facex("paper")),
        'FaceX, mode="reference"': lambda: seconds(lambda: facex("reference")),
        TOOL: tool,
    }
    bare(net, ready)
    bare(lasting, last)
    times = {name: [] for name in ways}
    for _ in range(options.repeats):
        for name, work in ways.items():
            times[name].append(work())
    return times


def report(times, count):
    """Print images a second, and how many times as fast as another a way is: median and range."""
    for of, measured in enumerate(("by the clock", "by processor time")):
        print(
            f"  {measured:<26}{'images/s':>9}" + "".join(f"   {'of ' + name:<22}" for name in BASES).rstrip()
        )
        for name, found in times.items():
            line = f"  {name:<26}{statistics.median(count / one[of] for one in found):9.2f}"
            for base in BASES:
                ratios = sorted(b[of] / a[of] for a, b in zip(found, times[base], strict=True))
                line += f"   {statistics.median(ratios):7.2f} ({ratios[0]:.2f} to {ratios[-1]:.2f})".ljust(25)
            print(line.rstrip())


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--peer", required=True, help="the Python that has facextool")
    parser.add_argument("--images", type=int, default=24)
    parser.add_argument("--size", type=int, default=512, help="what the network sees, and the size of masks")
    parser.add_argument(
        "--stored", type=int, help="size of the images in their files; as --size if not given"
    )
    parser.add_argument("--weights", help="of torchvision's ResNet-18 with two classes, as safetensors")
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--bare-batch", type=int, default=1, help="of the bare forward pass")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    options.stored = options.stored or options.size
    torch.set_num_threads(options.threads)
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryFile("w+") as log:
        measure(options, Path(folder), log)


if __name__ == "__main__":
    main()
