"""The search in latent space, and the transition, in seconds and in bytes.

Run it with ``python tests/benchmarks/transitions.py`` (``--quick`` for a look, ``--cuda`` on a GPU). It
prints; it asserts nothing, since the machines differ.

Measured 2026-11-22, 2 cores (x86-64), 24 GiB, torch 2.15, others at work on the machine:

The search on a misread digit, 96 candidates: the first on screen after 0.3 s (1.5 s in a new process;
asked: 3), all ended after 54 s (asked: 120), 867 updates, 278 of a candidate in the mean. With both cores
taken by others it was 9 s and 251 s.

The engine over the bare forward and backward passes of the same batches: 1.04 (asked: at most 1.2).

One batch against one at a time, an update of 96 candidates on the CPU: 3.0 times as fast with 96 at a time,
4.0 with 48, 3.8 with 32, 3.3 with 16.

The transition, 1,000 phases with maps for both classes:

====== ============== ============== ======= ======= ========
pixels first path, s  all of it, s   frames  maps    together
====== ============== ============== ======= ======= ========
32     0.07           3.2            0.68 MB 1.16 MB 1.85 MB
128    0.29           7.2            3.31 MB 6.34 MB 9.65 MB
====== ============== ============== ======= ======= ========

(asked: a first path within 1 s, at 128 px at most 12 MB.)

CUDA (``--cuda``), 2026-11-27 on one NVIDIA H200 (140 GiB, driver 580, torch 2.11, CUDA 13.0, 16 cores): an
update of 96 candidates of digits takes 9.5 ms in one batch, 70 times as fast as one at a time (asked: 10),
26.4 ms with 32 at a time. Not measured yet: BigGAN-deep-256 with VGG-19, 96 x 2,000 updates (asked: at most
4 minutes).
"""

from __future__ import annotations

import argparse
import os
import statistics
import time

import torch
import torch.nn.functional as F
from torch import nn

from cfwidgets import zoo
from cfwidgets.data import digits
from cfwidgets.engines.transitions.engine import Transitions
from cfwidgets.engines.transitions.latent_search import Features, LatentSearch
from cfwidgets.engines.transitions.path import Ends, PathMaker
from cfwidgets.models.classifier import Classifier
from cfwidgets.models.guard import untouched
from cfwidgets.networks import BigGAN, BigGANDeep
from cfwidgets.widgets.wire import encode_frames, encode_maps, map_scale, pack

PICTURE = 473  # a 4 of the test digits that the network predicts as 9
PHASES = 1000


def where(device):
    """The name of the card."""
    return torch.cuda.get_device_name() if device == "cuda" else device


def seconds(work, device="cpu"):
    """Wall time of the work, a GPU's included."""
    started = time.perf_counter()
    work()
    if device == "cuda":
        torch.cuda.synchronize()
    return time.perf_counter() - started


def interleaved(works, repeats, device="cpu"):
    """Median seconds of each work, in turns, so that what else the machine does strikes all of them."""
    for work in works:
        work()
    taken = [[seconds(work, device) for work in works] for _ in range(repeats)]
    return [statistics.median(times) for times in zip(*taken, strict=True)]


def misread(device="cpu"):
    """The digit network, its generator, and a picture that it misreads."""
    return (
        zoo.classifier("digits", device=device),
        zoo.generator("digits", device=device),
        digits("test").images[PICTURE],
    )


def search_of(clf, generator, image, *, engine=None, batch_size=None, starts=32):
    """The search as `Transitions` sets it up, and where it begins."""
    usual = Transitions() if engine is None else engine
    view = clf.view(image)[None].cpu()
    p = clf.probabilities(view)[0]
    features = Features(clf, usual.layer, view)
    with untouched(features.module), torch.no_grad():
        wanted = features(view)[0][0].cpu()
    vectors = torch.zeros(3, len(p))
    vectors[0, 4] = vectors[1, p.argmax()] = 1
    vectors[2] = p
    product = usual.rule == "product"
    search = LatentSearch(
        generator=generator,
        features=features,
        wanted=wanted,
        vectors=vectors.repeat(starts, 1),
        probabilities=(lambda images, outputs: clf.read(outputs, len(images))) if product else None,
        rate=usual.rate,
        decay=usual.decay,
        keep_length=usual.keep_length,
        patience=None,
        gain=usual.gain,
        batch_size=batch_size,
    )
    return search, generator.sample(starts, 0).repeat_interleave(3, dim=0)


def whole_search(updates):
    """Seconds until the first candidates, and until all have ended."""
    clf, generator, image = misread()
    engine = Transitions(updates=updates)
    started = time.perf_counter()
    first, last = None, None
    for update in engine.steps(clf, generator, image, target="4"):
        if first is None:
            first = time.perf_counter() - started
        if update.activity != "searching":
            break
        last = update.partial
    taken = time.perf_counter() - started
    each = last.candidates.updates.float()
    print(f"  first candidates after {first:.2f} s (asked: 3)")
    print(
        f"  all {len(each)} have ended after {taken:.1f} s (asked: 120): {last.walk.update} updates, of a "
        f"candidate {int(each.min())} to {int(each.max())}, mean {each.mean():.0f}"
    )
    rows = [len(last.row(target)) for target in (last.wrong, last.target)]
    print(f"  predicted {last.wrong_label}: {rows[0]}, predicted {last.label}: {rows[1]}")


def bare_pass(search, z, vectors, device):
    """What any search must do: forwards through both networks, and back to the latent vectors."""
    z = z.to(device).requires_grad_()
    features, _ = search.features(search.generator.generate(z, vectors.to(device)))
    loss = -F.cosine_similarity(features, search.wanted.to(device)[None], dim=1).sum()
    torch.autograd.grad(loss, z)


def overhead(search, z, updates, repeats, device="cpu"):
    """The engine's updates over the bare passes of the same batches."""
    size = search.batch_size or search.features.batch_size or len(z)

    def bare():
        for _ in range(updates + 1):
            for some, vectors in zip(z.split(size), search.vectors.split(size), strict=True):
                bare_pass(search, some.clone(), vectors, device)

    def engine():
        for _ in search.walks(search.start(z), updates):
            pass

    for weights in (*search.generator.parameters(), *search.features.module.parameters()):
        weights.requires_grad = False
    plain, ours = interleaved((bare, engine), repeats, device)
    each = 1000 / (updates + 1)
    print(
        f"  {len(z)} starts, {size} at a time: {ours * each:.1f} ms an update, bare passes "
        f"{plain * each:.1f} ms; ratio {ours / plain:.3f} (asked: at most 1.2)"
    )


def one_at_a_time(make, sizes, repeats, device="cpu"):
    """An update of all starts, by how many go together."""
    searches = [make(size) for size in sizes]
    works = [lambda search=search, z=z: list(search.walks(search.start(z), 0)) for search, z in searches]
    times = interleaved(works, repeats, device)
    for size, taken in zip(sizes, times, strict=True):
        faster = times[-1] / taken
        print(
            f"  {size:3} at a time: {1000 * taken:7.1f} ms an update of 96; {faster:.1f} times as fast as 1"
        )


def wire(path):
    """The path as it goes to the browser: frames, and maps of both classes."""
    frames = pack(encode_frames(path.frames))
    return frames, pack(encode_maps(path.maps, map_scale(path.maps)))


def transition(name, clf, generator, wrong, target, method):
    """Seconds until the coarse path and until the whole, and the bytes of what is sent."""
    z, c = generator.sample(2, 1), torch.eye(generator.classes)
    engine = Transitions(starts=1, updates=1)
    maker = PathMaker(clf, generator, wrong, target, method, engine.interpolation)
    ends = Ends((z[0], z[1]), (c[wrong], c[target]))
    started = time.perf_counter()
    found = []
    for _, path in maker.paths(ends, (0, 1), PHASES):
        if path is not None:
            painted = time.perf_counter() - started
            sent = wire(path)
            found.append((path, painted, time.perf_counter() - started, sent))
    (coarse, painted, packed, _), (path, all_painted, all_packed, (frames, maps)) = found
    print(
        f"  {name}: {len(coarse.at)} phases after {painted:.2f} s, packed {packed:.2f} s (asked: 1); "
        f"{len(path.at):,} after {all_painted:.1f} s, packed {all_packed:.1f} s; frames "
        f"{len(frames) / 1e6:.2f} MB, maps {len(maps) / 1e6:.2f} MB, together "
        f"{(len(frames) + len(maps)) / 1e6:.2f} MB (asked at 128 px: 12)"
    )


def medium():
    """A generator of 128 pixels and a classifier for it, neither trained."""
    torch.manual_seed(0)
    generator = BigGAN(size=128, classes=10, channels=4, latent_size=60).eval()
    net = nn.Sequential(
        nn.Conv2d(3, 16, 5, stride=2, padding=2),
        nn.ReLU(),
        nn.Conv2d(16, 32, 3, stride=2, padding=1),
        nn.ReLU(),
        nn.Conv2d(32, 32, 3, stride=2, padding=1),
        nn.ReLU(),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(32, 10),
    )
    return Classifier(net, input_size=128, device="cpu"), generator


def large(device, starts, updates, **other):
    """BigGAN-deep-256 and VGG-19 as in the paper, with random weights; the rest is extrapolated."""
    torch.manual_seed(0)
    generator = BigGANDeep(256, **other).to(device)
    clf = zoo.classifier("torchvision/vgg19", pretrained=False, device=device)
    search, z = search_of(
        clf, generator, torch.rand(3, 256, 256), engine=Transitions.published(), starts=starts
    )
    list(search.walks(search.start(z), 1))
    taken = seconds(lambda: list(search.walks(search.start(z), updates - 1)), device) / updates
    print(
        f"  {where(device)}: BigGAN-deep-256 and VGG-19, {len(z)} starts: "
        f"{1000 * taken:.0f} ms an update, {2000 * taken / 60:.1f} min for 2,000 (asked: 4; the paper, one "
        "by one: 133)"
    )
    overhead(search, z, 2, 3, device)


def batches_and_paper(device, repeats, starts, updates, **other):
    """One batch against one at a time, and the networks of the paper."""
    clf, generator, image = misread(device)
    print(f"one batch against one at a time, digits, {where(device)} (asked: 10)")
    one_at_a_time(
        lambda size: search_of(clf, generator, image, batch_size=size), (96, 32, 1), repeats, device
    )
    print("the networks of the paper")
    large(device, starts, updates, **other)


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--quick", action="store_true", help="few updates and repeats")
    arguments.add_argument("--cuda", action="store_true", help="on a CUDA device only")
    arguments.add_argument("--rehearse", action="store_true", help="what --cuda does, tiny and on the CPU")
    given = arguments.parse_args()
    if given.rehearse:
        batches_and_paper("cpu", repeats=1, starts=1, updates=1, channels=8)
        return
    if given.cuda:
        batches_and_paper("cuda", repeats=5, starts=32, updates=50)
        return
    repeats = 3 if given.quick else 9
    print(f"{os.cpu_count()} cores, {torch.get_num_threads()} threads, torch {torch.__version__}")
    print("the search on a misread digit, 32 starts with 3 class vectors each")
    whole_search(10 if given.quick else Transitions().updates)
    print("the engine over the bare passes")
    clf, generator, image = misread()
    overhead(*search_of(clf, generator, image), 2, repeats)
    print("one batch against one at a time")
    one_at_a_time(lambda size: search_of(*misread(), batch_size=size), (96, 48, 32, 16, 1), repeats)
    print(f"the transition, {PHASES:,} phases with maps for both classes")
    clf, generator, _ = misread()
    transition("digits, 32 px, rap", clf, generator, 9, 4, "rap")
    transition("untrained, 128 px, rap", *medium(), 9, 4, "rap")


if __name__ == "__main__":
    main()
