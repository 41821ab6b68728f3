"""How often networks that know nothing are called that, and trained ones wrongly: a table by explainer.

Run it with ``python tests/benchmarks/null_zoo.py`` (``--only superpixels`` for one explainer, ``--cases 40``
for another number of each kind, ``--chosen`` for the cases that the thresholds were chosen on, ``--tell`` for
the caveats of each case). A case is flagged where its result has a caveat.

Measured 2026-11-27, 2 cores that others kept busy, up to three explainers at a time, torch 2.15 (asked: at
least 95 % and at most 10 %):

=========== ============== ================ =====
explainer   null, flagged  trained, flagged s
=========== ============== ================ =====
superpixels 38 of 40, 95 % 3 of 40, 8 %     127
transitions 39 of 40, 98 % 0 of 40, 0 %     860
facex       30 of 40, 75 % 3 of 40, 8 %     260
pareto      32 of 40, 80 % 11 of 40, 28 %   709
=========== ============== ================ =====

Not measured: translators, whose caveats have tests of their own.

Where there are ten classes the two aims are met. Where there are two they are not: of 20 untrained networks
of two classes that were made sure of themselves 7 were flagged, since one that goes by a colour cannot be
told from one that has learnt to. Of the 11 trained ones that the counterfactuals flag, 6 flip where the
editor paints the image without any change, which is so.

The thresholds were chosen on digits 200 to 231, on two photographs and on faces of seed 1 (12 to 24 cases of
each kind); untrained networks have seeds from 100 there, and from 0 in the table. For FaceX the rule for two
halves of the faces was changed after a first look at other faces (35 and 9 of 40); the table is of other
faces again.
"""

from __future__ import annotations

import argparse
import itertools
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

import torch
import torchvision
from skimage import data

import cfwidgets as cf
from cfwidgets import zoo
from cfwidgets.data import digits, portraits
from cfwidgets.evaluation.null_zoo import null_zoo
from cfwidgets.networks import DigitCNN, FaceCNN
from cfwidgets.search import SMPSO

CASES = 40
CHOSEN, REPORTED = 1, 3  # seeds of the faces; digits and photographs are split by their numbers


@dataclass(frozen=True)
class Case:
    """One question: of what kind of network, and a function that answers it."""

    kind: str
    explain: Callable[[], object]


def architectures(classes: int, *more: tuple[str, Callable[[], torch.nn.Module]]):
    """Untrained networks, by name."""
    return {
        "mobilenet": partial(torchvision.models.mobilenet_v3_small, num_classes=classes),
        "facecnn": partial(FaceCNN, classes),
        **dict(more),
    }


def nulls(trained: cf.Classifier, images: torch.Tensor, classes: int, seeds: range, *more):
    return null_zoo(trained, images, architectures(classes, *more), seeds=seeds)


def seeds_of(*, chosen: bool) -> range:
    return range(100, 110) if chosen else range(10)


def superpixels(*, chosen: bool) -> Iterator[Iterator[Case]]:
    """Digits by the trained network and by null ones; photographs by EfficientNet-Lite0."""
    engine = cf.ELime(segments=16, population=12, generations=6, samples=40, runs=2)
    clf = zoo.classifier("digits", device="cpu")
    images = digits("test").images[200:232] if chosen else digits("test").images[:32]
    lite = zoo.classifier("efficientnet-lite0", device="cpu")
    names = ("coffee", "rocket") if chosen else ("astronaut", "cat")
    photos = [getattr(data, name)() for name in names]

    def known():
        for place, image in enumerate(images):
            yield Case("digits", partial(engine.explain, clf, image))
            if place < len(photos):
                yield Case("photographs", partial(engine.explain, lite, photos[place]))
        for image in images:
            yield Case("digits, LIME", partial(cf.Lime(segments=16, samples=100).explain, clf, image))

    def unknown():
        found = nulls(clf, images, 10, seeds_of(chosen=chosen), ("digitcnn", DigitCNN))
        for null, image in zip(found, itertools.cycle(images)):
            yield Case(null.kind, partial(engine.explain, null.classifier, image))

    yield known()
    yield unknown()


def faces_of(size: int, *, chosen: bool):
    return portraits(32, size=size, seed=CHOSEN if chosen else REPORTED)


def pareto(*, chosen: bool) -> Iterator[Iterator[Case]]:
    """Portraits, edited by the zoo's editor."""
    editor = zoo.attribute_editor("portraits", device="cpu")
    engine = cf.PlausibleCounterfactuals(SMPSO(population=12, archive=12), evaluations=150)
    faces = faces_of(64, chosen=chosen)
    trained = [zoo.classifier(f"portraits/male-{name}", device="cpu") for name in ("blond", "any-hair")]

    def known():
        for image in faces.images:
            for clf in trained:
                yield Case(clf.name, partial(engine.explain, clf, editor, image))

    def unknown():
        found = nulls(trained[0], faces.images, 2, seeds_of(chosen=chosen))
        for null, image in zip(found, itertools.cycle(faces.images)):
            yield Case(null.kind, partial(engine.explain, null.classifier, editor, image))

    yield known()
    yield unknown()


def facex(*, chosen: bool) -> Iterator[Iterator[Case]]:
    """Sets of 16 portraits each, by the networks of the zoo."""
    engine = cf.FaceX(probed=16)
    every = portraits(320, size=128, seed=CHOSEN if chosen else REPORTED)
    sets = [[every[place] for place in range(at, at + 16)] for at in range(0, 320, 16)]
    names = ("biased", "balanced")
    trained = [zoo.classifier(f"portraits/male-{name}", device="cpu") for name in names]

    def known():
        for some in sets:
            for clf in trained:
                yield Case(clf.name, partial(engine.explain, clf, some, "Male"))

    def unknown():
        found = nulls(trained[0], every.images[:32], 2, seeds_of(chosen=chosen))
        for null, some in zip(found, itertools.cycle(sets)):
            yield Case(null.kind, partial(engine.explain, null.classifier, some, "Male"))

    yield known()
    yield unknown()


def transitions(*, chosen: bool) -> Iterator[Iterator[Case]]:
    """Digits, painted by the zoo's generator; the target is the second likeliest class."""
    engine = cf.Transitions(starts=3, updates=25, rate=0.05, phases=30, method="grad_cam")
    generator = zoo.generator("digits", device="cpu")
    clf = zoo.classifier("digits", device="cpu")
    images = digits("test").images[200:240] if chosen else digits("test").images[:40]

    def explained(of: cf.Classifier, image: torch.Tensor):
        second = int(of.probabilities(image[None])[0].topk(2).indices[1])
        return engine.explain(of, generator, image, second)

    def known():
        for image in images:
            yield Case("digits", partial(explained, clf, image))

    def unknown():
        found = nulls(clf, images[:32], 10, seeds_of(chosen=chosen), ("digitcnn", DigitCNN))
        for null, image in zip(found, itertools.cycle(images)):
            yield Case(null.kind, partial(explained, null.classifier, image))

    yield known()
    yield unknown()


EXPLAINERS = {
    "superpixels": superpixels,
    "pareto": pareto,
    "facex": facex,
    "transitions": transitions,
}


def flagged(cases: Iterator[Case], count: int, *, tell: bool) -> dict[str, tuple[int, int]]:
    """Of each kind, how many of how many cases have a caveat."""
    asked, said = Counter(), Counter()
    for case in itertools.islice(cases, count):
        caveats = case.explain().caveats
        asked[case.kind] += 1
        said[case.kind] += bool(caveats)
        if tell:
            print(f"    {case.kind}: {' | '.join(caveats) or 'nothing to say'}", flush=True)
    return {kind: (said[kind], asked[kind]) for kind in asked}


def shared(found: dict[str, tuple[int, int]]) -> str:
    said, asked = (sum(column) for column in zip(*found.values(), strict=True))
    kinds = ", ".join(f"{kind} {some}/{of}" for kind, (some, of) in found.items())
    return f"{said} of {asked} ({100 * said / asked:.0f} %): {kinds}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", choices=EXPLAINERS)
    parser.add_argument("--cases", type=int, default=CASES, metavar="N")
    parser.add_argument("--chosen", action="store_true", help="the cases that the thresholds were chosen on")
    parser.add_argument("--tell", action="store_true", help="print the caveats of each case")
    options = parser.parse_args()
    for name in EXPLAINERS if options.only is None else [options.only]:
        began = time.perf_counter()
        known, unknown = EXPLAINERS[name](chosen=options.chosen)
        print(name, flush=True)
        print("  null, flagged   ", shared(flagged(unknown, options.cases, tell=options.tell)), flush=True)
        print("  trained, flagged", shared(flagged(known, options.cases, tell=options.tell)), flush=True)
        print(f"  {time.perf_counter() - began:.0f} s", flush=True)


if __name__ == "__main__":
    main()
