"""Measures of how far an explanation can be trusted, shared by all explainers."""

from __future__ import annotations

from cfwidgets.evaluation.deletion import (
    Curve,
    Faithfulness,
    RandomCurve,
    faithfulness,
    faithfulness_steps,
    perturbation_curve,
)
from cfwidgets.evaluation.frechet import frechet_distance, nearest_distances
from cfwidgets.evaluation.overlap import (
    chance_jaccard,
    jaccard,
    mean_pairwise_jaccard,
    rank_correlation,
)

__all__ = [
    "Curve",
    "Faithfulness",
    "RandomCurve",
    "chance_jaccard",
    "faithfulness",
    "faithfulness_steps",
    "frechet_distance",
    "jaccard",
    "mean_pairwise_jaccard",
    "nearest_distances",
    "perturbation_curve",
    "rank_correlation",
]
