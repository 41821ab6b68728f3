"""Distances of generated images from real ones: between two sets of features, and one by one."""

from __future__ import annotations

import torch
from torch import Tensor

from cfwidgets.checks import positive_int

__all__ = ["frechet_distance", "nearest_distances"]


def frechet_distance(a: Tensor, b: Tensor) -> float:
    r"""Compute the squared Fréchet distance of two normal distributions fitted to features.

    Dowson and Landau 1982; with features of an Inception network it is the "FID" of Heusel et al. 2017. State
    the network that the features are from beside it.

    Parameters
    ----------
    a, b
        Features ``(N, d)`` and ``(M, d)``, finite, at least two of each. With fewer than several times d
        the distance is overestimated.

    Returns
    -------
    float
        At least 0; 0 where the means and covariances (with N - 1) are the same.

    Raises
    ------
    ValueError
        Shapes that do not fit, fewer than two features, or values that are not finite.

    Notes
    -----
    .. math:: |μ_a - μ_b|^2 + \operatorname{tr} C_a + \operatorname{tr} C_b
              - 2 \operatorname{tr} (C_a^{1/2} C_b C_a^{1/2})^{1/2}

    No root of a matrix is taken. Centred and scaled, the features are :math:`A = Q_a R_a` with
    :math:`C_a = R_a^T R_a`; the last trace is then the sum of the singular values of :math:`R_a R_b^T`, which
    keeps its digits where covariances are singular.

    Examples
    --------
    >>> features = torch.randn(500, 3, generator=torch.Generator().manual_seed(0))
    >>> round(frechet_distance(features, features + torch.tensor([3.0, 0.0, 4.0])), 4)
    25.0
    """
    first, second = _features("a", a), _features("b", b)
    if first.shape[1] != second.shape[1]:
        raise ValueError(f"a and b must have as many features, not {first.shape[1]} and {second.shape[1]}")
    root_a, root_b = _root_of_covariance(first), _root_of_covariance(second)
    between = (first.mean(dim=0) - second.mean(dim=0)).square().sum()
    shared = torch.linalg.svdvals(root_a @ root_b.T).sum()
    distance = between + root_a.square().sum() + root_b.square().sum() - 2 * shared
    return max(0.0, float(distance))


def nearest_distances(samples: Tensor, examples: Tensor, *, batch_size: int = 256) -> Tensor:
    """Compute each sample's Euclidean distance to the nearest example.

    Copies of examples have distance 0. To judge other distances, compare them with those of real images that
    are not among the examples.

    Parameters
    ----------
    samples, examples
        ``(N, …)`` and ``(M, …)``, M at least 1: images or features.
    batch_size
        Samples compared at a time; ``batch_size`` × M numbers are in memory.

    Returns
    -------
    Tensor
        ``(N,)`` float64.

    Raises
    ------
    ValueError
        Shapes that do not fit.

    Examples
    --------
    >>> nearest_distances(torch.tensor([[0.0, 3.0], [1.0, 1.0]]), torch.tensor([[0.0, 0.0], [1.0, 1.0]]))
    tensor([2.2361, 0.0000], dtype=torch.float64)
    """
    positive_int("batch_size", batch_size)
    if samples.ndim < 2 or not len(examples) or samples.shape[1:] != examples.shape[1:]:
        raise ValueError(
            "samples and examples are (N, …) and (M, …), M at least 1, alike but for the first; got "
            f"{tuple(samples.shape)} and {tuple(examples.shape)}"
        )
    known = examples.flatten(1).double()
    half_squares = known.square().sum(dim=1) / 2  # |s - e|² / 2 less |s|² / 2 is |e|² / 2 - s e
    found = []
    for batch in samples.flatten(1).double().split(batch_size):
        # One matrix product finds the nearest; its distance is then computed directly, free of cancellation.
        nearest = torch.addmm(half_squares, batch, known.T, alpha=-1).argmin(dim=1)
        found.append((batch - known[nearest]).norm(dim=1))
    return torch.cat(found)


def _features(name: str, features: Tensor) -> Tensor:
    if features.ndim != 2 or len(features) < 2:
        raise ValueError(f"{name} must be features (N, d), N at least 2, not {tuple(features.shape)}")
    if not bool(torch.isfinite(features).all()):
        raise ValueError(f"{name} must be finite; {int((~torch.isfinite(features)).sum())} values are not")
    return features.double()


def _root_of_covariance(features: Tensor) -> Tensor:
    """Compute R, at most ``(d, d)``, such that ``R.T @ R`` is the covariance."""
    centred = (features - features.mean(dim=0)) / (len(features) - 1) ** 0.5
    return torch.linalg.qr(centred, mode="r").R
