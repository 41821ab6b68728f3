"""Checks of what `cfwidgets.Classifier` is given, whose errors name what is accepted."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from cfwidgets.images import ImageLike, as_images
from cfwidgets.models.backends.base import ClassifierError, Normalisation

__all__ = [
    "ImagesLike",
    "batch_of",
    "checked_normalisation",
    "checked_size",
]

ImagesLike: TypeAlias = Tensor | npt.NDArray[Any] | Sequence[ImageLike]
"""Images that `cfwidgets.images.as_images` reads."""

_BITS_OF_ONE = np.float32(1).view(np.uint32)


def batch_of(images: ImagesLike) -> Tensor:
    """Read images; a tensor that is a batch already takes a fast path, as engines pass thousands."""
    if (
        isinstance(images, Tensor)
        and images.device.type == "cpu"
        and images.dtype == torch.float32
        and images.ndim == 4
        and images.shape[1] == 3
        and len(images) > 0
        and min(images.shape[2:]) > 1
    ):
        # Read as whole numbers, the bits of a float in [0, 1] are at most those of 1, and those of every
        # other float, NaN too, are more: one pass decides, several times faster than torch's aminmax.
        bits = images.detach().numpy().view(np.uint32)
        if bits.max() <= _BITS_OF_ONE:
            return images.detach()
    return as_images(images)


def checked_size(size: Any) -> tuple[int, int] | None:
    """Return height and width of the images; one number stands for both.

    Raises
    ------
    ClassifierError
        They are no whole numbers of at least 2.

    Examples
    --------
    >>> checked_size(224)
    (224, 224)
    """
    if size is None:
        return None
    sides = (size, size) if not isinstance(size, list | tuple) else tuple(size)
    try:
        whole = tuple(operator.index(side) for side in sides)
    except TypeError:
        whole = ()
    if len(whole) != 2 or min(whole) < 2:
        raise ClassifierError(f"input_size must be (height, width) of at least 2 pixels each; got {size!r}")
    return whole[0], whole[1]


def checked_normalisation(mean: Any, std: Any) -> Normalisation | None:
    """Return mean and standard deviation of the three channels; None where neither is given.

    Raises
    ------
    ClassifierError
        They are no numbers for images in [0, 1].

    Examples
    --------
    >>> checked_normalisation(0.5, None)
    ((0.5, 0.5, 0.5), (1.0, 1.0, 1.0))
    """
    if mean is None and std is None:
        return None
    means = _channels("mean", 0 if mean is None else mean)
    deviations = _channels("std", 1 if std is None else std)
    if not all(0 <= value <= 1 for value in means) or not all(0 < value <= 1 for value in deviations):
        raise ClassifierError(
            "mean and std are for images in [0, 1], so a mean is 0 to 1 and a std above 0 and at most 1; "
            f"got mean={mean!r}, std={std!r}: divide by 255 what is for 0 to 255"
        )
    return means, deviations


def _channels(name: str, value: Any) -> tuple[float, float, float]:
    values = value.tolist() if hasattr(value, "tolist") else value
    try:
        floats = [float(v) for v in values] if isinstance(values, list | tuple) else [float(values)] * 3
    except (TypeError, ValueError):
        floats = []
    if len(floats) != 3:
        raise ClassifierError(
            f"{name} must be three numbers (red, green, blue) or one for all; got {value!r:.80}"
        )
    return floats[0], floats[1], floats[2]
