"""Compare the fronts that NSGA-II, GDE3 and SMPSO find, and those of edits drawn at random.

Run it with ``python tests/benchmarks/pareto_search.py`` (``--quick`` for a look, ``--editor FILE`` for
another editor than the zoo's). It trains the paper's classifier of Male on portraits, and searches each of
five faces ten times with each search and with as many candidates drawn evenly from the box, all of which
count: a baseline that is dealt with generously, since the searches keep 100. It prints exact hypervolumes,
mean and deviation over the runs, in parts of the volume up to the reference point; it asserts nothing.

The reference point of each face is fixed before the run: no change of the answer, the longest edit there is,
and the least plausible of a thousand candidates drawn evenly with a seed of their own. The ideal corner,
which only scales the volumes, is the lowest logarithm that counts, no edit, and the most plausible of all
fronts.

Measured 2026-11-22, zoo editor, 2,500 evaluations, 5 faces, 10 runs, one thread of a busy machine (2 cores,
x86-64), moocore 0.3.2, 25 minutes; deviations are over the runs of a face:

========= ====== ============== ============================================
search    mean   deviations     of its runs beat one of the others
========= ====== ============== ============================================
GDE3      0.2629 .005 to .011   NSGA2 72 %, SMPSO 69 %, by chance 100 %
NSGA2     0.2579 .004 to .010   GDE3 28 %, SMPSO 57 %, by chance 100 %
SMPSO     0.2569 .006 to .012   GDE3 31 %, NSGA2 43 %, by chance 100 %
by chance 0.1513 .008 to .013   none
========= ====== ============== ============================================
"""

from __future__ import annotations

import argparse
import math
import os
import statistics
import time
from importlib.metadata import version

import torch
from pareto_hair import SIZE, TESTED, trained

from cfwidgets import zoo
from cfwidgets.data.portraits import portraits
from cfwidgets.engines.pareto.edit_task import EditTask, edit_box, evaluate
from cfwidgets.models.attgan_editor import AttGANEditor
from cfwidgets.search import GDE3, NSGA2, SMPSO
from cfwidgets.search.hypervolume import hypervolume

SEARCHES = (NSGA2(), GDE3(), SMPSO())
DRAWN = 1000
_SEED = 12_345  # of what the reference is drawn with


class Problem:
    """The edits of one face."""

    def __init__(self, clf, editor, image, attributes):
        self.objectives = lambda tasks, deltas: evaluate(clf, editor, tasks, deltas)[0][0]
        self.task = EditTask(clf, editor, image, attributes)
        self.lower, self.upper = edit_box(tuple(editor.attributes), self.task.has, (), 1.0, None)
        random = torch.Generator().manual_seed(_SEED)
        worst = self(self.anywhere(DRAWN, random))[:, 0].max()
        # An edit cannot be longer than the box, nor a probability above 1.
        longest = torch.maximum(self.lower.abs(), self.upper.abs()).norm()
        self.reference = torch.tensor([worst, 0.0, longest]).double()

    def anywhere(self, count, random):
        return self.lower + torch.rand(count, len(self.lower), generator=random) * (self.upper - self.lower)

    def __call__(self, deltas):
        """The objectives of ``(…, n, d)``."""
        parts = deltas.reshape(-1, deltas.shape[-1]).split(500)
        found = torch.cat([self.objectives([self.task], [part]) for part in parts])
        return found.reshape(*deltas.shape[:-1], -1)


def by_chance(problem, runs, evaluations):
    """The objectives of each run's candidates."""
    draws = (problem.anywhere(evaluations, torch.Generator().manual_seed(seed)) for seed in range(runs))
    return [problem(deltas) for deltas in draws]


def searched(search, problem, runs, evaluations):
    """The objectives of each run's front; the runs side by side."""
    box = (bound.repeat(runs, 1) for bound in (problem.lower, problem.upper))
    *_, fronts = search.steps_many(problem, *box, evaluations=evaluations, seed=range(runs))
    return [front.objectives for front in fronts]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--editor", help="a file that AttGANEditor.save wrote")
    parser.add_argument("--images", type=int, default=5)
    parser.add_argument("--runs", type=int, default=10)
    parser.add_argument("--evaluations", type=int, default=2500, help="in each run")
    parser.add_argument("--faces", type=int, default=1500, help="that the classifier learns from")
    parser.add_argument("--epochs", type=int, default=8)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    if options.quick:
        options.images, options.runs, options.evaluations = 1, 2, 300
        options.faces, options.epochs = 300, 2
    packages = ", ".join(f"{name} {version(name)}" for name in ("torch", "moocore"))
    print(f"{os.cpu_count()} cores, {torch.get_num_threads()} threads, {packages}")
    editor = AttGANEditor.load(options.editor) if options.editor else zoo.attribute_editor("portraits")
    clf = trained(portraits(options.faces, SIZE, options.seed), options)
    faces = portraits(options.images, SIZE, options.seed, first=TESTED)
    kinds = ("by chance", *(type(search).__name__ for search in SEARCHES))
    volumes = {kind: [] for kind in kinds}
    for number, image in enumerate(faces.images):
        has = faces.attributes[number, : len(editor.attributes)].float()
        problem = Problem(clf, editor, image, has)
        fronts, seconds = {}, {}
        for kind, search in zip(kinds, (None, *SEARCHES), strict=True):
            started = time.perf_counter()
            given = (problem, options.runs, options.evaluations)
            fronts[kind] = by_chance(*given) if search is None else searched(search, *given)
            seconds[kind] = time.perf_counter() - started
        best = min(float(front[:, 0].min()) for runs in fronts.values() for front in runs)
        depth = -math.log(1e-7)  # what the logarithm of a probability can fall to
        sides = problem.reference - torch.tensor([best, -depth, 0.0], dtype=torch.float64)
        print(f"face {number}, reference {[round(value, 2) for value in problem.reference.tolist()]}")
        for kind in kinds:
            runs = [hypervolume(front, problem.reference) / float(sides.prod()) for front in fronts[kind]]
            volumes[kind].append(runs)
            print(
                f"  {kind:9} {statistics.mean(runs):.4f} ± "
                f"{statistics.stdev(runs) if len(runs) > 1 else math.nan:.4f}   {seconds[kind]:5.0f} s",
                flush=True,
            )
    print("all faces: mean over the runs, and how often a run of the search beats each of the others")
    for kind in kinds:
        mean = statistics.mean(value for runs in volumes[kind] for value in runs)
        beaten = ", ".join(
            f"{other} {beats(volumes[kind], volumes[other]):.0%}" for other in kinds if other != kind
        )
        print(f"  {kind:9} {mean:.4f}   beats {beaten}")


def beats(ours, theirs):
    """How often a run of ours has more volume than one of theirs on the same face."""
    pairs = [(a, b) for mine, others in zip(ours, theirs, strict=True) for a in mine for b in others]
    return sum(a > b for a, b in pairs) / len(pairs)


if __name__ == "__main__":
    main()
