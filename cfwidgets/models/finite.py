"""The answers of a model that has no finite one at times."""

from __future__ import annotations

import torch
from torch import Tensor

from cfwidgets.models.backends.base import NotFiniteError
from cfwidgets.models.classifier import Classifier

__all__ = ["finite_or_nan"]


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
