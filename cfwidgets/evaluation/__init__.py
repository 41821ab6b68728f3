"""Measures of how far an explanation can be trusted, shared by all explainers."""

from __future__ import annotations

from cfwidgets.evaluation.agreement import Agreement, agreement
from cfwidgets.evaluation.attacks import noisy, pgd
from cfwidgets.evaluation.calibration import Reliability, reliability
from cfwidgets.evaluation.deletion import (
    Curve,
    Faithfulness,
    RandomCurve,
    faithfulness,
    faithfulness_steps,
    perturbation_curve,
)
from cfwidgets.evaluation.distances import (
    Extractor,
    TwinDistances,
    l1_distance,
    perceptual_distance,
    twin_distances,
)
from cfwidgets.evaluation.doubt import auroc, class_nll, flip_rates, pearson
from cfwidgets.evaluation.frechet import frechet_distance, nearest_distances
from cfwidgets.evaluation.intervals import Share, wilson
from cfwidgets.evaluation.overlap import (
    chance_jaccard,
    jaccard,
    mean_pairwise_jaccard,
    rank_correlation,
)
from cfwidgets.evaluation.segmentation import SegmentationCurve, saliency, segmentation_curve

__all__ = [
    "Agreement",
    "Curve",
    "Extractor",
    "Faithfulness",
    "RandomCurve",
    "Reliability",
    "SegmentationCurve",
    "Share",
    "TwinDistances",
    "agreement",
    "auroc",
    "chance_jaccard",
    "class_nll",
    "faithfulness",
    "faithfulness_steps",
    "flip_rates",
    "frechet_distance",
    "jaccard",
    "l1_distance",
    "mean_pairwise_jaccard",
    "nearest_distances",
    "noisy",
    "pearson",
    "perceptual_distance",
    "perturbation_curve",
    "pgd",
    "rank_correlation",
    "reliability",
    "saliency",
    "segmentation_curve",
    "twin_distances",
    "wilson",
]
