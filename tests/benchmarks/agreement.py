"""How often `agreement` says that maps agree: of unrelated maps, and of maps of one network.

Run it with ``python tests/benchmarks/agreement.py`` (``--cases 8`` for fewer). Digits, portraits, and
networks that know nothing in the place of the trained ones; each map is beside that of one copy with random
weights. It prints; it asserts nothing.

Measured 2026-11-27, 16 digits and 6 portraits that the thresholds were not chosen on, 5 methods (asked: at
most 5 % of unrelated pairs):

=========================== ======================= =======================
pairs, called agreeing      digits: rank, overlap   portraits
=========================== ======================= =======================
trained and null network    26, 23 of 700 (4, 3 %)  5, 2 of 225 (2, 1 %)
two null networks           30, 33 of 675 (4, 5 %)  5, 1 of 200 (3, 1 %)
smooth noise                2, 0 of 128 (2, 0 %)    1, 0 of 48 (2, 0 %)
one null network            12, 8 of 280 (4, 3 %)   4, 1 of 90 (4, 1 %)
one trained network         16, 12 of 160 (10, 8 %) 5, 6 of 60 (8, 10 %)
trained, another picture    76, 46 of 400 (19, 12%) 14, 8 of 150 (9, 5 %)
=========================== ======================= =======================

Thresholds: 97.5 % of chance, and 0.2 above the randomised model, chosen on other digits and portraits.
There, 0.1 let 4 % of unrelated pairs pass, and 7 to 8 % without that model. If only shifts were asked for,
and the picture were not accounted for, 53 % of the maps of a trained and a null network would pass. Of the
pairs of one trained network, occlusion agrees most often: with RAP, with integrated gradients, and with
Grad-CAM.

The maps of one network for two pictures of things that lie alike, as digits do, are no less alike than
those of two methods for one picture: `agreement` refuses them, and cannot tell what a network does for
every picture from what it does for this one.
"""

from __future__ import annotations

import argparse
import itertools
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import partial

import torch
import torch.nn.functional as F

import cfwidgets as cf
from cfwidgets import zoo
from cfwidgets.data import digits, portraits
from cfwidgets.engines.relevance.maps import RandomisedMap, RelevanceMap
from cfwidgets.engines.relevance.result import RelevanceResult
from cfwidgets.evaluation import agreement, wilson
from cfwidgets.evaluation.null_zoo import null_zoo
from cfwidgets.networks import DigitCNN, FaceCNN

METHODS = ("rap", "grad_cam", "integrated_gradients", "saliency", "occlusion")
OPTIONS = {"integrated_gradients": {"steps": 20}}
ENGINE = cf.Relevance(METHODS, OPTIONS, trust=False)

Verdicts = Counter[tuple[str, str, str, object]]


def explained(clf: cf.Classifier, image: torch.Tensor, target: int | None = None) -> RelevanceResult:
    """Explain an image, with the maps of one copy with random weights beside those of the network."""
    found = ENGINE.explain(clf, image, target, progress=False)
    view = found.image.shape[1:]
    copy = ENGINE.explain(clf.randomised(1000, (view[0], view[1])), image, found.target, progress=False)
    maps = []
    for one in found.found:
        there = copy.map_of(one.method).pixels
        beside = () if there is None else (RandomisedMap("", 1.0, there, 0.0),)
        maps.append(replace(one, randomised=beside))
    return replace(found, maps=tuple(maps), model=clf.name)


def only(result: RelevanceResult, method: str) -> RelevanceResult:
    return replace(result, maps=(result.map_of(method),))


def within(result: RelevanceResult) -> Iterator[tuple[RelevanceResult, RelevanceResult]]:
    """Give each two methods of a network."""
    for one, two in itertools.combinations(result.found, 2):
        yield only(result, one.method), only(result, two.method)


def across(a: RelevanceResult, b: RelevanceResult) -> Iterator[tuple[RelevanceResult, RelevanceResult]]:
    """Give each method of one network with each of another, which differ in nothing but the maps."""
    for one, two in itertools.product(a.found, b.found):
        yield only(a, one.method), replace(a, maps=(two,), model="other")


def smooth(seed: int, side: int) -> torch.Tensor:
    """``(side, side)``: noise, blurred by 3 to 9 pixels of 32."""
    generator = torch.Generator().manual_seed(seed)
    spread = (1 + int(torch.randint(3, (1,), generator=generator))) * 3 * side // 32
    field = torch.randn(1, 1, side + 4 * spread, side + 4 * spread, generator=generator)
    for _ in range(2):
        field = F.avg_pool2d(field, spread, stride=1)
    return field[0, 0, :side, :side].contiguous()


def noise(
    result: RelevanceResult, pairs: int, seed: int
) -> Iterator[tuple[RelevanceResult, RelevanceResult]]:
    """Give maps of smooth noise, each beside another."""
    seeds = itertools.count(4 * pairs * seed)
    side = result.image.shape[1]
    for _ in range(pairs):
        maps = [
            RelevanceMap(
                name,
                smooth(next(seeds), side),
                randomised=(RandomisedMap("", 1.0, smooth(next(seeds), side), 0.0),),
            )
            for name in ("rap", "lrp")
        ]
        yield replace(result, maps=(maps[0],)), replace(result, maps=(maps[1],))


def judge(
    kind: str, pairs: Iterable[tuple[RelevanceResult, RelevanceResult]], found: Verdicts, by_pair: Verdicts
) -> None:
    for a, b in pairs:
        for row in agreement([a, b]).itertuples():
            measure = row.measure.split()[0]
            found[kind, measure, "", row.ok] += 1
            names = " and ".join(sorted(one.maps[0].method for one in (a, b)))
            by_pair[kind, measure, names, row.ok] += 1


def tell(found: Verdicts) -> None:
    for kind, measure, names in dict.fromkeys(key[:3] for key in found):
        agreed, not_so = (found[kind, measure, names, ok] for ok in (True, False))
        share, low, high = wilson(agreed, agreed + not_so)
        print(
            f"{kind:34} {measure:8} {names:36} {agreed:5} of {agreed + not_so:5}, {share:6.1%} "
            f"({low:.1%} to {high:.1%})",
            flush=True,
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cases", type=int, default=16, help="images of each data set")
    parser.add_argument("--only", choices=["digits", "portraits"])
    options = parser.parse_args()
    count = options.cases
    torch.set_num_threads(1)
    found, by_pair = Counter(), Counter()
    sets = {
        "digits": (
            zoo.classifier("digits", device="cpu"),
            digits("test").images[600 : 600 + count],
            {"digitcnn": DigitCNN, "facecnn": partial(FaceCNN, 10)},
        ),
        "portraits": (
            zoo.classifier("portraits/male-blond", device="cpu"),
            portraits(max(2, count // 2), size=64, seed=9).images,
            {"facecnn": partial(FaceCNN, 2)},
        ),
    }
    for name, (clf, images, made) in sets.items():
        if options.only not in {None, name}:
            continue
        trained = [explained(clf, image) for image in images]
        nulls = itertools.islice(null_zoo(clf, images, made, seeds=range(len(images))), 2 * len(images))
        last = None
        for number, null in enumerate(nulls):
            if null.kind == "constant":
                continue
            own = trained[number % len(images)]
            other = explained(null.classifier, own.image, own.target)
            judge(f"{name}: trained and null", itertools.islice(across(own, other), 25), found, by_pair)
            judge(f"{name}: one null network", within(other), found, by_pair)
            if last is not None:
                same = explained(last, own.image, own.target)
                judge(f"{name}: two null networks", across(other, same), found, by_pair)
            last = null.classifier
        for number, own in enumerate(trained):
            judge(f"{name}: smooth noise", noise(own, 8, number), found, by_pair)
            judge(f"{name}: one trained network", within(own), found, by_pair)
            another = trained[(number + 1) % len(trained)]
            judge(f"{name}: trained, another picture", across(own, another), found, by_pair)
        tell(found)
        tell(Counter({key: value for key, value in by_pair.items() if "one trained" in key[0]}))
        found.clear(), by_pair.clear()


if __name__ == "__main__":
    main()
