"""Hypervolume: the volume that a front dominates, one number to compare fronts by."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from torch import Tensor


def hypervolume(
    objectives: Tensor | npt.ArrayLike, reference: Tensor | npt.NDArray[Any] | Sequence[float]
) -> float:
    """Compute the exact volume between a front and a reference point; all objectives are minimised.

    Volumes can be compared only if they share a reference point. Choose it before the run, from the possible
    range of the objectives: a reference taken from each front itself can make the volume fall while the
    front improves. The reference (0, −3, 0) of Barredo-Arrieta and Del Ser (2020) gives 0 for every front of
    plausible counterfactuals: it is no worse than any edit, whose intensity is never below 0.

    Parameters
    ----------
    objectives
        ``(k, m)``, on any device. Rows with NaN or infinity are ignored.
    reference
        ``(m,)``: a point that is worse than the front in every objective.

    Returns
    -------
    float
        0, with a warning, where no row is better than `reference` in every objective.

    Raises
    ------
    ValueError
        Objectives or a reference of another shape, or a reference that is not finite.
    ImportError
        Without the package moocore, which computes it: ``pip install "cfwidgets[pareto]"``.

    Examples
    --------
    >>> hypervolume([[0.0, 0.5, 0.5], [0.5, 0.0, 0.0]], [1, 1, 1])
    0.625
    """
    try:
        import moocore
    except ImportError as error:
        raise ImportError('hypervolume needs moocore: pip install "cfwidgets[pareto]"') from error
    points, corner = _numbers(objectives), _numbers(reference)
    if points.ndim != 2:
        raise ValueError(f"objectives must be (points, objectives), not {points.shape}")
    if corner.shape != points.shape[1:]:
        raise ValueError(
            f"reference must be one number for each of {points.shape[1]} objectives, not {corner.shape}"
        )
    if not np.isfinite(corner).all():
        raise ValueError(f"reference must be finite, not {corner.tolist()}")
    points = points[np.isfinite(points).all(1)]
    points = points[(points < corner).all(1)]
    if not len(points):
        warnings.warn(
            f"no point is better than the reference {corner.tolist()} in every objective: "
            "the hypervolume is 0",
            stacklevel=2,
        )
        return 0.0
    return float(moocore.hypervolume(points, ref=corner))


def _numbers(values: Any) -> npt.NDArray[np.float64]:
    if isinstance(values, Tensor):
        # To the CPU first: some accelerators have no float64.
        values = values.detach().cpu()
    return np.asarray(values, dtype=np.float64)
