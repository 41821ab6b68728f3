"""Searches that need no gradients, on tensors: engines say what is good, a search says what to try next."""

from __future__ import annotations

from cfwidgets.search.ga import Generation, GeneticAlgorithm
from cfwidgets.search.memo import Memo

__all__ = ["Generation", "GeneticAlgorithm", "Memo"]
