"""The contract of every explainer: its engine, the updates that this yields, and its result.

An *engine* is a frozen dataclass of settings. Its ``steps(clf, …)`` yields an `Update` after each piece of
work, so that whoever drives it can show, stop and resume it; ``explain(clf, …)`` drives it to the end. Both
take the classifier first, then the generator or editor where there is one, then the data and the class to
explain; ``resume`` takes an earlier result, ``checkpoint`` a file. An engine knows nothing of threads.

A *result* is a frozen dataclass of CPU tensors and plain values, with a table, a figure, measures of trust,
and a file.
"""

from __future__ import annotations

from cfwidgets.engines.base.attempt import Attempt
from cfwidgets.engines.base.driving import run_to_end
from cfwidgets.engines.base.engine import Engine
from cfwidgets.engines.base.explain import to_the_end
from cfwidgets.engines.base.measure import Measure
from cfwidgets.engines.base.result import SURER, ExplainerResult
from cfwidgets.engines.base.resuming import require_same
from cfwidgets.engines.base.update import Update

__all__ = [
    "SURER",
    "Attempt",
    "Engine",
    "ExplainerResult",
    "Measure",
    "Update",
    "require_same",
    "run_to_end",
    "to_the_end",
]
