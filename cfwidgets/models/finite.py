"""Values that are not finite: found, and the answers of a model that has none at times."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from cfwidgets.models.backends.base import NotFiniteError
from cfwidgets.models.classifier import Classifier

__all__ = ["all_finite", "finite_or_nan"]


def all_finite(values: Tensor) -> bool:
    """Tell if no value is NaN or infinite.

    Examples
    --------
    >>> all_finite(torch.tensor([1.0, 3e38, 3e38])), all_finite(torch.tensor([torch.inf, -torch.inf]))
    (True, False)
    """
    # A sum is finite only where all are, and is read many times faster; it may overflow where all are.
    return math.isfinite(float(values.sum())) or bool(values.isfinite().all())


def finite_or_nan(clf: Classifier, images: Tensor) -> Tensor:
    """Compute probabilities ``(n, C)``; NaN for images at which the classifier has no finite answer.

    Parameters
    ----------
    clf
        The classifier.
    images
        ``(n, 3, H, W)`` in [0, 1], n at least 1, checked already: see `Classifier.evaluate_checked`. Where an
        answer is not finite, they are passed again in ever smaller parts.

    Examples
    --------
    >>> clf = Classifier(lambda images: (1 / images.mean((2, 3))).softmax(1))
    >>> finite_or_nan(clf, torch.tensor([0.0, 1.0])[:, None, None, None].expand(2, 3, 4, 4)).isnan().any(1)
    tensor([ True, False])
    """
    try:
        return clf.evaluate_checked(images)
    except NotFiniteError:
        if len(images) == 1:
            return torch.full((1, clf.classes or 1), torch.nan)  # how many is known by its first answer
        return torch.cat([finite_or_nan(clf, half) for half in images.tensor_split(2)])
