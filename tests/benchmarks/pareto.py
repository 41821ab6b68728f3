"""What a candidate edit costs, and how long a search over an AttGAN takes.

Run it with ``python tests/benchmarks/pareto.py``: the zoo's editor of portraits on the CPU (``--editor FILE``
for another), and ``--cuda`` for the published AttGAN of 128 px (64 channels, 5 layers, random weights: they
change no time) on a GPU, with one image and with 64 side by side. It prints medians and asserts nothing.

Measured 2026-11-22 on 2 cores (x86-64) with nothing else to do, torch 2.15, the zoo's editor, milliseconds
for 100 candidates: encode and decode each 138, decode 116, decode folded 64, critic 39, the paper's
classifier 21. One image 471 evaluations a second, four side by side 658 (with what partial fronts and the end
cost). Of a search the optimiser itself takes 8 ms in a thousand evaluations.

CUDA (``--cuda``), 2026-11-27 on one NVIDIA H200 (140 GiB, driver 580, torch 2.11, CUDA 13.0, 16 cores), the
published AttGAN of 128 px: milliseconds for 100 candidates: encode and decode each 5.1, decode 4.0, decode
folded 3.2, critic 3.5, classifier 2.0; the search itself 0.34 s for 25,000 evaluations. One image takes 4.0
s with the archive filled together, 3.8 s one by one (asked: 1.5 s); 64 images side by side 121 s, 13,241
evaluations a second (asked: 20 s): nearly all of it is the networks.
"""

from __future__ import annotations

import argparse
import os
import statistics
import time
from collections import deque

import torch

import cfwidgets as cf
from cfwidgets import zoo
from cfwidgets.data.portraits import portraits
from cfwidgets.engines.pareto.engine import PlausibleCounterfactuals
from cfwidgets.models.attgan_editor import AttGANEditor
from cfwidgets.networks import AttGAN, AttGANDiscriminator, TargetCNN
from cfwidgets.search import SMPSO
from cfwidgets.zoo.recipes.portrait_editor import EDITED

BATCH = 100
REPEATS = 11


def synchronised(device):
    if device == "cuda":
        torch.cuda.synchronize()


def medians(works, device):
    """Median seconds of each, in turn, so that what else the machine does falls on all."""
    taken = {name: [] for name in works}
    for _ in range(REPEATS):
        for name, work in works.items():
            synchronised(device)
            started = time.perf_counter()
            work()
            synchronised(device)
            taken[name].append(time.perf_counter() - started)
    return {name: statistics.median(seconds[1:]) for name, seconds in taken.items()}


def published(device, **other):
    """An AttGAN-128 with its discriminator, as published but for its weights (and ``other`` settings)."""
    torch.manual_seed(0)
    networks = (kind(attributes=len(EDITED), **other) for kind in (AttGAN, AttGANDiscriminator))
    generator, discriminator = (
        network.eval().requires_grad_(requires_grad=False).to(device) for network in networks
    )
    return AttGANEditor(generator, EDITED, discriminator)


def classifier(size, device):
    torch.manual_seed(0)
    network = TargetCNN(size).eval()
    return cf.Classifier(
        network, labels=["not Male", "Male"], input_size=size, activation="sigmoid", device=device
    )


def parts(clf, editor, image, device):
    """Milliseconds for a batch: what paints it, and who is asked."""
    generator, _ = editor.networks
    wanted = torch.rand(BATCH, len(editor.attributes)).to(device)
    encoded = editor.encode(image)
    painted = editor.decode(encoded, wanted)
    many = image.to(device).expand(BATCH, -1, -1, -1)
    with torch.no_grad():
        features = generator.encode(many)
        works = {
            "encode and decode each": lambda: generator(many, wanted),
            "decode": lambda: generator.decode(features, wanted),
            "decode, folded": lambda: editor.decode(encoded, wanted),
            "critic": lambda: editor.critic(painted),
            "classifier": lambda: clf.probabilities(painted),
        }
        for name, seconds in medians(works, device).items():
            print(f"  {name:24} {1e3 * seconds:8.1f} ms for {BATCH}")


def whole(clf, editor, images, has, evaluations, insertion, device):
    """Seconds of a search of one image, or of several side by side; a short one goes before."""
    taken = []
    for many in (min(300, evaluations), evaluations):
        engine = PlausibleCounterfactuals(SMPSO(insertion=insertion), evaluations=many, trust=False)
        synchronised(device)
        started = time.perf_counter()
        if len(images) == 1:
            engine.explain(clf, editor, images[0], attributes=has[0])
        else:
            engine.explain_many(clf, editor, images, attributes=has)
        synchronised(device)
        taken.append(time.perf_counter() - started)
    print(
        f"  {len(images)} at once, {evaluations:,} evaluations each, archive {insertion}: {taken[-1]:.2f} s, "
        f"{len(images) * evaluations / taken[-1]:,.0f} evaluations a second"
    )


def own(evaluations, device):
    """Seconds of the search itself, on a problem that costs nothing."""
    box = (torch.full((13,), bound).to(device) for bound in (-1.0, 1.0))
    started = time.perf_counter()
    deque(SMPSO().steps(lambda x: x[:, :3].square(), *box, evaluations=evaluations), maxlen=1)
    print(f"  the search itself, {evaluations:,} evaluations: {time.perf_counter() - started:.2f} s")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cuda", action="store_true")
    parser.add_argument("--rehearse", action="store_true", help="what --cuda does, tiny and on the CPU")
    parser.add_argument("--editor", help="a file that AttGANEditor.save wrote")
    parser.add_argument("--evaluations", type=int, help="2,500 on the CPU, 25,000 on a GPU")
    options = parser.parse_args()
    device = "cuda" if options.cuda else "cpu"
    where = torch.cuda.get_device_name() if options.cuda else f"{os.cpu_count()} cores"
    print(f"{where}, {torch.get_num_threads()} threads, torch {torch.__version__}")
    if options.cuda:
        editor = published(device)
    elif options.rehearse:
        editor = published(device, size=32, dim=4, layers=3)
    elif options.editor:
        editor = AttGANEditor.load(options.editor)
    else:
        editor = zoo.attribute_editor("portraits", device=device)
    size = editor.size[0]
    clf = classifier(size, device)
    faces = portraits(64 if options.cuda else 4, size)
    has = faces.attributes[:, : len(EDITED)].float()
    print(f"AttGAN of {size} px")
    parts(clf, editor, faces.images[0], device)
    evaluations = options.evaluations or (25_000 if options.cuda else 200 if options.rehearse else 2500)
    own(evaluations, "cpu")
    for insertion in ("together", "one by one") if options.cuda or options.rehearse else ("one by one",):
        whole(clf, editor, faces.images[:1], has[:1], evaluations, insertion, device)
        whole(clf, editor, faces.images, has, evaluations, insertion, device)


if __name__ == "__main__":
    main()
