"""NSGA-II, GDE3 and SMPSO against jMetalPy's and pymoo's, in one run.

It needs both: ``pip install jmetalpy pymoo`` (no dependencies of cfwidgets). Run it with
``python tests/benchmarks/search.py`` (``--quick``: one seed, two problems; ``--problems``, ``--searches``,
``--evaluations`` and ``--seeds`` for a part). It prints; it asserts nothing, since the machines differ.

Measured 2026-11-22, 2 cores (x86-64) with other work on them, torch 2.15, jMetalPy 1.9.0, pymoo 0.6.2,
moocore 0.3.2; 25,000 evaluations, 10 seeds, float64. Hypervolumes of ours and of jMetalPy's, mean and
deviation; "above": ours less jMetalPy's, in its deviations. Then own processor seconds, those without the
evaluations, medians: ours, jMetalPy's, and how many times ours jMetalPy and pymoo take:

    ======= ===== ======== ======= ======== ======= ===== ==== ======== ===== =====
    problem by        ours      sd jMetalPy      sd above    s        s times pymoo
    ======= ===== ======== ======= ======== ======= ===== ==== ======== ===== =====
    DTLZ2   SMPSO  0.67177 0.01210  0.67579 0.00745 -0.54 0.31     3.43  11.2     -
    DTLZ2   NSGA2  0.70228 0.00359  0.69966 0.00332 +0.79 0.19     2.49  13.2   3.9
    DTLZ2   GDE3   0.69600 0.00447  0.69621 0.00490 -0.04 0.13     2.44  19.4   3.5
    ZDT1    SMPSO  0.87181 0.00007  0.87177 0.00013 +0.26 0.33     3.50  10.7     -
    ZDT1    NSGA2  0.86948 0.00028  0.86941 0.00032 +0.22 0.25     3.03  12.0   3.8
    ZDT1    GDE3   0.87077 0.00020  0.87055 0.00023 +0.97 0.14     2.91  21.3   3.4
    ZDT2    SMPSO  0.53857 0.00017  0.53857 0.00008 -0.04 0.29     3.53  12.2     -
    ZDT2    NSGA2  0.53619 0.00039  0.53605 0.00030 +0.47 0.26     3.16  12.1   3.7
    ZDT2    GDE3   0.53742 0.00021  0.53731 0.00014 +0.78 0.15     3.08  20.4   3.8
    ZDT3    SMPSO  1.32652 0.00578  1.32807 0.00080 -1.95 0.20     1.88   9.4     -
    ZDT3    NSGA2  1.32742 0.00022  1.32748 0.00027 -0.20 0.22     2.83  12.9   3.7
    ZDT3    GDE3   1.32862 0.00012  1.32859 0.00016 +0.16 0.16     3.11  19.7   3.6
    ZDT4    SMPSO 11.76147 0.00010 11.76135 0.00026 +0.42 0.26     1.98   7.7     -
    ZDT4    NSGA2 11.75401 0.00341 11.75538 0.00351 -0.39 0.22     2.85  12.7   4.6
    ZDT4    GDE3   9.63746 0.84855  9.50278 0.38561 +0.35 0.15     2.65  17.4   3.1
    ======= ===== ======== ======= ======== ======= ===== ==== ======== ===== =====

Asked: no mean more than one deviation below jMetalPy's. One is, SMPSO's on ZDT3: one of the ten runs lost one
of the five pieces of the front (1.310). Over more seeds that happens to both: of 40 runs of ours one is below
1.32, of 30 of jMetalPy's one; the medians are 1.3283 and 1.3281.

NSGA-II on WFG4 (``--problems WFG4 --searches NSGA2``, with ``--evaluations 10000`` and 25,000), 2026-11-27,
the same machine, torch 2.14. Ten seeds had it on the low side. Operators, bounds, tournament, ties of the
crowding distance and duplicates are as in jMetalPy (but that there the two children of one solution with
itself are one object, which mutates twice), and over more seeds nothing is left of it:

    =========== ========= ============= ============= =====================
    evaluations seeds     ours          jMetalPy      p (Mann-Whitney)
    =========== ========= ============= ============= =====================
    10,000      0 to 9    67.31 ± 0.86  68.30 ± 1.14  0.08
    10,000      10 to 86  67.88 ± 0.86  67.90 ± 0.74  0.91
    10,000      0 to 86   67.82 ± 0.87  67.94 ± 0.79  0.36
    25,000      0 to 34   70.87 ± 0.79  70.99 ± 0.88  0.39
    =========== ========= ============= ============= =====================

Asked: at most a tenth of jMetalPy's time, and at most pymoo's. NSGA-II and GDE3 hold it; SMPSO holds it on
DTLZ2, ZDT1 and ZDT2, and misses it on ZDT3 and ZDT4. CUDA: not measured, no device was to be had.
"""

from __future__ import annotations

import argparse
import logging
import math
import os
import random
import statistics
import time
import warnings
from importlib.metadata import version

import numpy as np
import torch
from jmetal.algorithm.multiobjective import gde3, nsgaii, smpso
from jmetal.core.problem import FloatProblem
from jmetal.operator.crossover import SBXCrossover
from jmetal.operator.mutation import PolynomialMutation
from jmetal.problem.multiobjective import dtlz, zdt
from jmetal.util.archive import CrowdingDistanceArchive
from jmetal.util.termination_criterion import StoppingByEvaluations
from pymoo.algorithms.moo import gde3 as pymoo_gde3
from pymoo.algorithms.moo import nsga2 as pymoo_nsga2
from pymoo.core.problem import Problem as PymooProblem
from pymoo.optimize import minimize as pymoo_minimize
from pymoo.problems.many import wfg
from scipy.stats import mannwhitneyu

from cfwidgets.search import GDE3, NSGA2, SMPSO, hypervolume

SEARCHES = {type(search).__name__: search for search in (SMPSO(), NSGA2(), GDE3())}


def zdt_front(first, rest, height):
    """The second objective of ZDT, from its first, its g, and what h makes of both."""
    g = 1 + rest
    return torch.stack([first, g * height(first, g)], -1)


def dtlz2(x):
    g = 1 + ((x[..., 2:] - 0.5) ** 2).sum(-1)
    one, two = x[..., 0] * math.pi / 2, x[..., 1] * math.pi / 2
    return torch.stack([g * one.cos() * two.cos(), g * one.cos() * two.sin(), g * one.sin()], -1)


def zdt1(x):
    return zdt_front(x[..., 0], 9 * x[..., 1:].mean(-1), lambda f, g: 1 - (f / g).sqrt())


def zdt2(x):
    return zdt_front(x[..., 0], 9 * x[..., 1:].mean(-1), lambda f, g: 1 - (f / g) ** 2)


def zdt3(x):
    def height(f, g):
        return 1 - (f / g).sqrt() - f / g * (10 * math.pi * f).sin()

    return zdt_front(x[..., 0], 9 * x[..., 1:].mean(-1), height)


def zdt4(x):
    rest = (10 + x[..., 1:] ** 2 - 10 * (4 * math.pi * x[..., 1:]).cos()).sum(-1)
    return zdt_front(x[..., 0], rest, lambda f, g: 1 - (f / g).sqrt())


def wfg4(x):
    """WFG4 with three objectives and four position variables (Huband et al. 2006)."""
    below = 0.35 - x / (2 * torch.arange(1, x.shape[-1] + 1))
    bump = below.abs() / (2 * (below.floor() + 0.35))
    y = (1 + ((122 * math.pi) * (0.5 - bump)).cos() + 40 * bump**2) / 12
    one, two = (y[..., part].mean(-1) * math.pi / 2 for part in (slice(0, 2), slice(2, 4)))
    height = torch.stack([one.sin() * two.sin(), one.sin() * two.cos(), one.cos()], -1)
    return y[..., 4:].mean(-1, keepdim=True) + height * torch.tensor([2.0, 4.0, 6.0])


class WFG4(FloatProblem):
    """Pymoo's WFG4, for jMetalPy, which has none."""

    def __init__(self):
        super().__init__()
        self._pymoos = wfg.WFG4(n_var=24, n_obj=3, k=4)
        self.lower_bound, self.upper_bound = self._pymoos.xl.tolist(), self._pymoos.xu.tolist()

    def number_of_objectives(self):
        return 3

    def number_of_constraints(self):
        return 0

    def name(self):
        return "WFG4"

    def evaluate(self, solution):
        solution.objectives = self._pymoos.evaluate(np.array(solution.variables)).tolist()
        return solution


# Each with jMetalPy's, and the reference point, fixed here once and for all. GDE3 does not come near the
# front of ZDT4 within the evaluations: a near reference would make all its volumes 0.
PROBLEMS = {
    "DTLZ2": (dtlz2, dtlz.DTLZ2, [1.1, 1.1, 1.1]),
    "ZDT1": (zdt1, zdt.ZDT1, [1.1, 1.1]),
    "ZDT2": (zdt2, zdt.ZDT2, [1.1, 1.1]),
    "ZDT3": (zdt3, zdt.ZDT3, [1.1, 1.1]),
    "ZDT4": (zdt4, zdt.ZDT4, [1.1, 11.0]),
    "WFG4": (wfg4, WFG4, [3.0, 5.0, 7.0]),
}


class Timed:
    """A function that knows how much processor time it took."""

    def __init__(self, work):
        self.work = work
        self.seconds = 0.0

    def __call__(self, *given):
        started = time.process_time()
        found = self.work(*given)
        self.seconds += time.process_time() - started
        return found


def own_seconds(timed, run):
    """What the run gives, and its processor time without that of the evaluations."""
    started = time.process_time()
    found = run()
    return found, time.process_time() - started - timed.seconds


def ours(search, name, evaluations, seed):
    evaluate, theirs, _ = PROBLEMS[name]
    problem, timed = theirs(), Timed(evaluate)
    lower = torch.tensor(problem.lower_bound, dtype=torch.float64)
    upper = torch.tensor(problem.upper_bound, dtype=torch.float64)
    front, seconds = own_seconds(
        timed, lambda: search.minimize(timed, lower, upper, evaluations=evaluations, seed=seed)
    )
    return front.objectives, seconds


def jmetalpy(search, name, evaluations, seed):
    """The same settings, as in jMetalPy's examples."""
    random.seed(seed)
    np.random.seed(seed)  # noqa: NPY002  (a source of jMetalPy's)
    problem = PROBLEMS[name][1]()
    problem.evaluate = timed = Timed(problem.evaluate)
    stop = StoppingByEvaluations(evaluations)
    if isinstance(search, NSGA2):
        algorithm = nsgaii.NSGAII(
            problem=problem,
            population_size=100,
            offspring_population_size=100,
            mutation=PolynomialMutation(1 / problem.number_of_variables(), 20),
            crossover=SBXCrossover(1.0, 20),
            termination_criterion=stop,
        )
    elif isinstance(search, GDE3):
        algorithm = gde3.GDE3(problem=problem, population_size=100, cr=0.5, f=0.5, termination_criterion=stop)
    else:
        algorithm = smpso.SMPSO(
            problem=problem,
            swarm_size=100,
            mutation=PolynomialMutation(0.1, 20),
            leaders=CrowdingDistanceArchive(100),
            termination_criterion=stop,
        )
    _, seconds = own_seconds(timed, algorithm.run)
    return torch.tensor([solution.objectives for solution in algorithm.result()]), seconds


def pymoos(search, name, evaluations, seed):
    """Own seconds of pymoo's, at its defaults but for what both can set; None: it has no such search."""
    evaluate, theirs, reference = PROBLEMS[name]
    like, timed = theirs(), Timed(lambda x: evaluate(torch.from_numpy(x)).numpy())

    class Problem(PymooProblem):
        def _evaluate(self, x, out, *_args, **_kwargs):
            out["F"] = timed(x)

    problem = Problem(
        n_var=len(like.lower_bound),
        n_obj=len(reference),
        xl=np.array(like.lower_bound),
        xu=np.array(like.upper_bound),
    )
    if isinstance(search, NSGA2):
        algorithm = pymoo_nsga2.NSGA2(pop_size=100)
    elif isinstance(search, GDE3):
        algorithm = pymoo_gde3.GDE3(pop_size=100, CR=0.5, F=0.5)
    else:
        return None
    _, seconds = own_seconds(
        timed, lambda: pymoo_minimize(problem, algorithm, ("n_eval", evaluations), seed=seed)
    )
    return seconds


def volumes(fronts, reference):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # 0 says it
        return [hypervolume(front, reference) for front in fronts]


def moments(values):
    return statistics.mean(values), statistics.stdev(values) if len(values) > 1 else math.nan


def compare(name, search, evaluations, seeds):
    """One row: hypervolumes of both, how many of jMetalPy's deviations ours is above, p, own times."""
    reference = PROBLEMS[name][2]
    mine, theirs, third = [], [], []
    # In turn, so that what else the machine does falls on all.
    for seed in range(seeds):
        for found, run in ((mine, ours), (theirs, jmetalpy), (third, pymoos)):
            found.append(run(search, name, evaluations, seed))
    found, their_found = (volumes([front for front, _ in each], reference) for each in (mine, theirs))
    (mean, deviation), (their_mean, their_deviation) = moments(found), moments(their_found)
    seconds = statistics.median(taken for _, taken in mine)
    their_seconds = statistics.median(taken for _, taken in theirs)
    pymoo_seconds = None if third[0] is None else statistics.median(third)
    pymoo_ratio = "" if pymoo_seconds is None else f"{pymoo_seconds / seconds:5.1f}"
    above = (mean - their_mean) / their_deviation if their_deviation else math.nan
    print(
        f"  {name:5} {type(search).__name__:5} {mean:9.5f} {deviation:8.5f} {their_mean:9.5f} "
        f"{their_deviation:8.5f} {above:+6.2f} {mannwhitneyu(found, their_found).pvalue:5.2f} "
        f"{seconds:6.2f} {their_seconds:8.2f} "
        f"{their_seconds / seconds:6.1f} {pymoo_ratio:>6}",
        flush=True,
    )


def same_problems():
    """Ours and jMetalPy's give the same objectives."""
    for evaluate, theirs, _ in PROBLEMS.values():
        problem = theirs()
        solution = problem.create_solution()
        found = evaluate(torch.tensor([list(solution.variables)], dtype=torch.float64))[0].tolist()
        assert np.allclose(found, problem.evaluate(solution).objectives)


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--quick", action="store_true", help="one seed, two problems")
    arguments.add_argument("--seeds", type=int, default=10)
    arguments.add_argument("--evaluations", type=int, default=25_000)
    arguments.add_argument("--problems", nargs="+", choices=PROBLEMS, default=list(PROBLEMS))
    arguments.add_argument("--searches", nargs="+", choices=SEARCHES, default=list(SEARCHES))
    given = arguments.parse_args()
    logging.disable()  # jMetalPy's
    same_problems()
    packages = ", ".join(f"{name} {version(name)}" for name in ("torch", "jmetalpy", "pymoo", "moocore"))
    print(f"{os.cpu_count()} cores, {packages}")
    print(
        "hypervolumes: ours and jMetalPy's, mean and deviation, ours above theirs in their deviations, and p"
    )
    print("of the Mann-Whitney test;")
    print("own processor seconds: ours, jMetalPy's, theirs over ours, pymoo's over ours (medians)")
    for name in ["DTLZ2", "ZDT1"] if given.quick else given.problems:
        for search in given.searches:
            compare(name, SEARCHES[search], given.evaluations, 1 if given.quick else given.seeds)


if __name__ == "__main__":
    main()
