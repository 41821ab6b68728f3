"""How well an importance orders superpixels, and how many questions it takes: E-LIME, LIME, a hill climb.

Run it with ``python tests/benchmarks/importance.py`` (``--quick`` for a look, ``--sooner`` for the second
table alone). The pictures are photographs of scikit-image and scikit-learn that no test names, with
EfficientNet-Lite0 and the class that it predicts. It prints; it asserts nothing.

Measured 2026-11-27, 2 CPU cores that others used too, so that times are left out; insertion / deletion, means
over the seeds from 0 on (the command takes three; those below are the ones that were measured):

=========== ===== ================= ============= ============= =============
picture     seeds  population share        E-LIME          LIME        by lot
=========== ===== ================= ============= ============= =============
astronaut       2     0.306 / 0.032 0.489 / 0.006 0.327 / 0.007 0.048 / 0.088
camera          2     0.662 / 0.288 0.939 / 0.055 0.865 / 0.030 0.454 / 0.389
china           2     0.300 / 0.044 0.413 / 0.014 0.234 / 0.012 0.115 / 0.068
clock           2     0.345 / 0.051 0.546 / 0.030 0.063 / 0.019 0.031 / 0.061
coins           2     0.240 / 0.018 0.453 / 0.014 0.046 / 0.010 0.011 / 0.017
flower          2     0.249 / 0.023 0.412 / 0.008 0.340 / 0.006 0.022 / 0.053
hubble          2     0.263 / 0.032 0.332 / 0.021 0.112 / 0.014 0.019 / 0.020
ihc             1     0.048 / 0.005 0.077 / 0.004 0.018 / 0.006 0.006 / 0.005
moon            1     0.025 / 0.005 0.058 / 0.007 0.004 / 0.004 0.005 / 0.005
motorcycle      1     0.499 / 0.196 0.675 / 0.087 0.447 / 0.066 0.225 / 0.179
page            1     0.370 / 0.104 0.511 / 0.053 0.296 / 0.031 0.090 / 0.114
retina          1     0.340 / 0.063 0.493 / 0.036 0.339 / 0.026 0.078 / 0.083
mean                  0.304 / 0.072 0.450 / 0.028 0.258 / 0.019 0.092 / 0.090
questions                                    2,052         1,003
=========== ===== ================= ============= ============= =============

Insertion +74 % and deletion +0.0085 beside LIME's (asked: at least +10 %, at most +.01), with 2,052
questions, where a search and LIME take 2,701 together. The way of adding up was chosen on other pictures.

The climb, over 9 of the 25 pictures and seeds of the second table: a fitness of 0.8424 in 526 questions (546
at most), where the genetic search finds 0.8631 in 1,618 (asked: as much in 600). Not reached: .021 short.
"""

from __future__ import annotations

import argparse
import statistics
import time
from dataclasses import replace
from pathlib import Path

import torch
from skimage import data
from skimage.io import imread
from sklearn.datasets import load_sample_image

import cfwidgets as cf
from cfwidgets.evaluation.deletion import perturbation_curve
from cfwidgets.evaluation.masking import MaskedPicture
from cfwidgets.search.memo import Memo

PICTURES = {
    "astronaut": data.astronaut,
    "camera": data.camera,
    "china": lambda: load_sample_image("china.jpg"),
    "clock": data.clock,
    "coins": data.coins,
    "flower": lambda: load_sample_image("flower.jpg"),
    "hubble": data.hubble_deep_field,
    "ihc": data.immunohistochemistry,
    "moon": data.moon,
    "motorcycle": lambda: imread(Path(data.data_dir) / "motorcycle_left.png"),
    "page": data.page,
    "retina": data.retina,
}
SOONER = ("astronaut", "camera", "china", "flower", "motorcycle")
PLAIN = cf.ELime(trust=False)
CLIMB = replace(PLAIN, optimiser="climb", generations=55)  # some 560 masks
LIME = cf.Lime(trust=False)  # 1,000 samples


def areas(clf, result, importance):
    """Areas of insertion and deletion of an order by importance, equals by lot."""
    picture = MaskedPicture(clf, result.image, result.hidden, result.segments)
    score = Memo(lambda masks: picture.probabilities(masks)[:, result.target], resume=result.evaluated)
    order = replace(result, importance=importance).order
    return tuple(perturbation_curve(score, order, insert=insert).area for insert in (True, False))


def explained(clf, picture, seed):
    """One row a method: its name, insertion, deletion, questions, seconds."""
    rows = []
    for name, engine in (("E-LIME", PLAIN), ("E-LIME, climb", CLIMB), ("LIME", LIME)):
        result = replace(engine, seed=seed).explain(clf, picture)
        cost = result.evaluations, result.seconds
        rows.append((name, *areas(clf, result, result.importance), *cost))
        if engine is PLAIN:
            rows.append(("share shown", *areas(clf, result, result.population_share), *cost))
    lot = torch.rand(result.count, generator=torch.Generator().manual_seed(seed))
    rows.append(("by lot", *areas(clf, result, lot), 0, 0.0))
    return rows


def importance(clf, names, seeds):
    """The table of pictures and methods, means over the seeds."""
    found = {}
    for seed in range(seeds):
        for name in names:
            for method, *numbers in explained(clf, PICTURES[name](), seed):
                found.setdefault(method, {}).setdefault(name, []).append(numbers)
            print(f"  seed {seed}, {name}", flush=True)
    print(f"{'picture':11}" + "".join(f" {method:>15}" for method in found))
    for name in names:
        each = (mean(found[method].get(name, [])) for method in found)
        print(f"{name:11}" + "".join(f"     {one[0]:.3f} / {one[1]:.3f}"[-16:] for one in each), flush=True)
    overall = {method: mean([mean(rows) for rows in of.values()]) for method, of in found.items()}
    for row, text in (
        ("mean", lambda one: f"{one[0]:.3f} / {one[1]:.3f}"),
        ("questions", lambda one: f"{one[2]:,.0f}"),
        ("seconds", lambda one: f"{one[3]:.1f}"),
    ):
        print(f"{row:11}" + "".join(f" {text(one):>15}" for one in overall.values()))
    ours, theirs = overall["E-LIME"], overall["LIME"]
    print(f"insertion {ours[0] / theirs[0] - 1:+.0%}, deletion {ours[1] - theirs[1]:+.3f} beside LIME's")


def mean(rows):
    """Means of the columns."""
    return [statistics.mean(column) for column in zip(*rows, strict=True)]


def sooner(clf, names, seeds):
    """Final fitness of the plain genetic search and of the climb, and the questions of the searches alone."""
    print(f"{'picture':11} {'genetic':>18} {'climb':>18}")
    total = []
    for name in names:
        each = []
        for engine in (PLAIN, CLIMB):
            for seed in range(seeds):
                search = searched(clf, PICTURES[name](), replace(engine, seed=seed))
                each.append((engine is CLIMB, search.probability, len(search.asked["scores"])))
        halves = [[one[1:] for one in each if one[0] is climb] for climb in (False, True)]
        total.append(halves)
        print(f"{name:11}" + "".join(f" {sides(half):>18}" for half in halves), flush=True)
    both = [[one for halves in total for one in halves[side]] for side in (0, 1)]
    print(f"{'mean':11}" + "".join(f" {sides(half):>18}" for half in both))
    print(f"most questions of a climb: {max(one[1] for one in both[1])}")


def searched(clf, picture, engine):
    """The search, without what follows it."""
    total = engine.generations
    for update in engine.steps(clf, picture):
        if update.partial.searches and update.partial.searches[0].generation == total:
            return update.partial.searches[0]
    raise AssertionError


def sides(rows):
    fitness, questions = mean(rows)
    return f"{fitness:.4f} in {questions:,.0f}"


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--quick", action="store_true", help="two pictures, one seed")
    arguments.add_argument("--sooner", action="store_true", help="the second table alone")
    given = arguments.parse_args()
    clf = cf.zoo.classifier("efficientnet-lite0", device="cpu").accelerated()
    began = time.perf_counter()
    if not given.sooner:
        importance(clf, list(PICTURES)[: 2 if given.quick else None], 1 if given.quick else 3)
    sooner(clf, SOONER[: 2 if given.quick else None], 1 if given.quick else 5)
    print(f"{time.perf_counter() - began:.0f} s")


if __name__ == "__main__":
    main()
