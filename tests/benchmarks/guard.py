"""How much of a run the guard of the network and the checks of values take: a table by engine.

Run it with ``python tests/benchmarks/guard.py`` (``--only facex`` for one engine). Each engine runs end to
end on the CPU, after a short run that warms up; the functions of guard and checks are timed where they are
called, in seconds of the processor. It asserts nothing; at most 3 % of a run is asked for.

Guard: all that `untouched` and `guarded` do before and after the network. Checks: images as they come in,
rows as they come out, what generators and editors paint, that an answer does not depend on the others in its
batch (once for each classifier), and maps and logits of methods that follow gradients.

Measured 2026-11-27, 2 CPU cores (x86-64, one thread, a load of 8 to 12 by others), torch 2.14; calls and
share of the run. A run in a thread, as in a notebook, does not save random states.

=========== ==== ============ ============ ========
engine      s    guard        checks       together
=========== ==== ============ ============ ========
superpixels 19.2   310 1.00 %   289 0.32 % 1.32 %
lime        13.8   172 0.67 %   136 0.34 % 1.02 %
transitions  5.4   638 1.57 %   347 1.28 % 2.86 %
pareto       1.8   102 1.20 %   116 1.14 % 2.34 %
translation  1.5    44 1.23 %    21 0.43 % 1.66 %
facex        0.7   182 3.06 %   278 3.26 % 6.32 %
small        1.1   514 5.88 %   761 3.19 % 9.08 %
=========== ==== ============ ============ ========

The last two are above 3 %: networks of 14 and 19 modules on pictures of 28 and 64 pixels, of which a pass of
some thirty takes 2 ms. The guard takes 30 µs of it in a loop, and several times that where the pass before
has emptied the cache. Since then it reads the state in lists, and does not list hooks and gradients: FaceX,
in turns with the guard of before, on one thread at a load of 15, 5.6 to 4.7 % (together 10.1 to 8.6 %).

Measured again 2026-11-28, the same machine at a load of 15 to 22. FaceX's passes now share the guard for 25
ms of work (`held`), and rows are checked by one sum of squares: guard 3.5 to 2.2 %, with the checks 6.3 to
5.1 %. A third of what is left is the check that images are in [0, 1], which reads them all. The guard of a
pass takes 26 to 31 µs in a loop, and 220 to 250 µs between two passes on a machine whose caches others empty.
At a load of 10: FaceX 4.9 % (guard 1.8, checks 3.2), small 5.2 % (3.4 and 1.8). Both are still above 3 %.
"""

from __future__ import annotations

import argparse
import importlib
import pkgutil
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch

import cfwidgets as cf
from cfwidgets.attribution import maps, network
from cfwidgets.data.portraits import portraits
from cfwidgets.engines.base import run_to_end
from cfwidgets.models import classifier, classifier_arguments, editor, generator, guard
from cfwidgets.models.backends import company, outputs


class Meter:
    """Seconds and calls by group; what is metered within another is its own."""

    def __init__(self) -> None:
        self.seconds: Counter[str] = Counter()
        self.calls: Counter[str] = Counter()
        self._here = threading.local()

    @contextmanager
    def of(self, group: str) -> Iterator[None]:
        stack = self._here.__dict__.setdefault("stack", [])
        stack.append(0.0)
        began = time.thread_time()
        try:
            yield
        finally:
            spent = time.thread_time() - began
            self.seconds[group] += spent - stack.pop()
            self.calls[group] += 1
            if stack:
                stack[-1] += spent

    def function(self, group: str, original: Callable[..., Any]) -> Callable[..., Any]:
        def metered(*args: Any, **kwargs: Any) -> Any:
            with self.of(group):
                return original(*args, **kwargs)

        return metered

    def context(self, group: str, original: Callable[..., Any]) -> Callable[..., Any]:
        @contextmanager
        def metered(*args: Any) -> Iterator[Any]:
            manager = original(*args)
            with self.of(group):
                value = manager.__enter__()
            try:
                yield value
            except BaseException:
                with self.of(group):
                    manager.__exit__(*sys.exc_info())
                raise
            with self.of(group):
                manager.__exit__(None, None, None)

        return metered


def put_everywhere(original: Any, metered: Any) -> None:
    """Put one function in the place of another in all modules that have it by name."""
    for name, module in list(sys.modules.items()):
        if name.startswith("cfwidgets"):
            for key, value in list(vars(module).items()):
                if value is original:
                    setattr(module, key, metered)


def metered() -> Meter:
    """Time the guard and the checks from now on."""
    for module in pkgutil.walk_packages(cf.__path__, "cfwidgets."):
        if "recipes" not in module.name:
            importlib.import_module(module.name)
    meter = Meter()
    for original in (guard.untouched, generator.guarded):
        put_everywhere(original, meter.context("guard", original))
    checks = (
        classifier_arguments.batch_of, outputs._check, company.meet, generator.generated, editor.painted,
        editor.criticised, maps._require_finite,
    )  # fmt: skip
    for original in checks:
        put_everywhere(original, meter.function("checks", original))
    for kind, name in ((classifier.Classifier, "_check_classes"), (network.Network, "rows")):
        setattr(kind, name, meter.function("checks", getattr(kind, name)))
    # the work within the checked functions
    for kind in maps.METHODS.values():
        kind.explain = meter.function("work", kind.explain)
    return meter


def photo() -> torch.Tensor:
    from skimage.data import cat

    return cf.images.as_image(cat())


def working(meter: Meter, owner: Any, *names: str) -> Any:
    """Count methods of a user's object as work."""
    for name in names:
        setattr(owner, name, meter.function("work", getattr(owner, name)))
    return owner


def superpixels(_meter: Meter, size: int) -> tuple[Any, ...]:
    engine = cf.ELime(population=30, generations=2 * size, samples=60, trust=size > 1)
    return engine, cf.zoo.classifier("efficientnet-lite0"), photo()


def small(_meter: Meter, size: int) -> tuple[Any, ...]:
    engine = cf.ELime(segments=30, generations=5 * size)
    return engine, cf.zoo.classifier("digits"), cf.data.digits("test").images[473]


def lime(_meter: Meter, size: int) -> tuple[Any, ...]:
    engine = cf.Lime(samples=50 * size, trust=size > 1)
    return engine, cf.zoo.classifier("efficientnet-lite0"), photo()


def transitions(meter: Meter, size: int) -> tuple[Any, ...]:
    painter = working(meter, cf.zoo.generator("digits"), "generate")
    engine = cf.Transitions(updates=2 * size, phases=20 * size, starts=8)
    return engine, cf.zoo.classifier("digits"), painter, cf.data.digits("test").images[473], "4"


def facex(_meter: Meter, size: int) -> tuple[Any, ...]:
    clf = cf.zoo.classifier("portraits/male-blond")
    faces = portraits(16 * size, seed=0)
    return cf.FaceX(patch=clf.input_size[0] // 8, method="grad_cam"), clf, faces, clf.labels[-1]


def pareto(meter: Meter, size: int) -> tuple[Any, ...]:
    clf, painter = cf.zoo.classifier("portraits/male-blond"), cf.zoo.attribute_editor("portraits")
    working(meter, painter, "decode", "critic")
    engine = cf.PlausibleCounterfactuals(evaluations=100 + 60 * size)
    return engine, clf, painter, portraits(1, seed=3).images[0]


def translation(_meter: Meter, size: int) -> tuple[Any, ...]:
    clf, translator = cf.zoo.translator("fruit")
    return cf.CounterfactualTranslator(), clf, translator, cf.data.fruit(2 * size, size=64)


RUNS = {run.__name__: run for run in (superpixels, small, lime, transitions, facex, pareto, translation)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", choices=RUNS, nargs="*", default=list(RUNS))
    parser.add_argument("--size", type=int, default=4, help="how long the runs are")
    asked = parser.parse_args()
    torch.set_num_threads(1)
    meter = metered()
    print(f"{'engine':12} {'s':>6} {'guard':>15} {'checks':>15} {'together':>9}")
    for name in asked.only:
        for size in (1, asked.size):
            engine, *given = RUNS[name](meter, size)
            meter.seconds.clear()
            meter.calls.clear()
            began = time.process_time()
            run_to_end(engine.steps(*given))
            total = time.process_time() - began
        both = meter.seconds["guard"] + meter.seconds["checks"]
        columns = [
            f"{meter.calls[group]:6,} {meter.seconds[group] / total:7.2%}" for group in ("guard", "checks")
        ]
        print(f"{name:12} {total:6.1f} {columns[0]:>15} {columns[1]:>15} {both / total:9.2%}", flush=True)


if __name__ == "__main__":
    main()
