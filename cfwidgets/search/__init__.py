"""Searches without gradients, on tensors: an engine evaluates candidates, a search proposes the next ones.

One number to maximise over masks: `GeneticAlgorithm`, and `Climb` with fewer questions. Several to minimise
over real variables: `NSGA2`, `GDE3` and `SMPSO`, which find the candidates that no other dominates.
"""

from __future__ import annotations

from cfwidgets.search.climb import Climb
from cfwidgets.search.front import Front, Fronts
from cfwidgets.search.ga import Generation, GeneticAlgorithm
from cfwidgets.search.gde3 import GDE3
from cfwidgets.search.hypervolume import hypervolume
from cfwidgets.search.memo import Memo
from cfwidgets.search.nsga2 import NSGA2
from cfwidgets.search.smpso import SMPSO

__all__ = [
    "GDE3",
    "NSGA2",
    "SMPSO",
    "Climb",
    "Front",
    "Fronts",
    "Generation",
    "GeneticAlgorithm",
    "Memo",
    "hypervolume",
]
