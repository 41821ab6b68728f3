"""Searches that need no gradients, on tensors: engines say what is good, a search says what to try next.

One number to maximise over masks: `GeneticAlgorithm`. Several to minimise over real variables: `NSGA2`,
`GDE3` and `SMPSO`, which find the candidates that none other beats in all of them.
"""

from __future__ import annotations

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
    "Front",
    "Fronts",
    "Generation",
    "GeneticAlgorithm",
    "Memo",
    "hypervolume",
]
