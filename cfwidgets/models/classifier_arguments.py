"""Checks of what `cfwidgets.Classifier` is given, whose errors name what is accepted."""

from __future__ import annotations

import operator
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from cfwidgets.images import ImageLike, as_images
from cfwidgets.models.backends.base import ClassifierError, Normalisation
from cfwidgets.text import did_you_mean, without_surrogates

__all__ = [
    "ImagesLike",
    "batch_of",
    "checked_labels",
    "checked_normalisation",
    "checked_size",
    "class_of",
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


def checked_labels(labels: Any) -> tuple[str, ...] | None:
    """Return the names of the classes; of a single name those of both classes.

    Raises
    ------
    ClassifierError
        They are no list of texts, and no dict from each number to a text, or there are none.

    Examples
    --------
    >>> checked_labels(["bright"])
    ('not bright', 'bright')
    """
    if labels is None:
        return None
    names = labels.tolist() if hasattr(labels, "tolist") else labels
    if isinstance(names, Mapping) and names:
        names = _by_number(names)
    if not isinstance(names, list | tuple) or not names:
        raise ClassifierError(
            f"labels must be a list of names in the model's order, or a dict from each number to a name; got "
            f"{labels!r:.80}"
        )
    for index, name in enumerate(names):
        if not isinstance(name, str):
            raise ClassifierError(f"labels must be text; label {index} is {name!r}")
    names = [without_surrogates(name) for name in names]
    return (f"not {names[0]}", names[0]) if len(names) == 1 else tuple(names)


def _by_number(labels: Mapping[Any, Any]) -> list[Any]:
    """Put names by number into a list; numbers are whole, or texts of such as in a file of JSON."""
    named = {int(key): name for key, name in labels.items() if str(key).isdecimal()}
    if len(named) == len(labels) and sorted(named) == list(range(len(named))):
        return [named[number] for number in range(len(named))]
    turned = sorted(labels.values(), key=str) == sorted(range(len(labels)), key=str)
    hint = (
        ": this one is from name to number, turn it round (such as id2label, not label2id)" if turned else ""
    )
    raise ClassifierError(
        f"labels, as a dict, must name each class by its number, from 0 to the last; got {labels!r:.80}{hint}"
    )


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


def class_of(target: Any, labels: tuple[str, ...] | None, classes: int | None) -> int:
    """Return the number of a class that is named by its number or its label.

    Raises
    ------
    ClassifierError
        No such class; several of that label; or no labels at all.

    Examples
    --------
    >>> class_of("dog", ("cat", "dog"), 2), class_of(7, None, None)
    (1, 7)
    """
    if isinstance(target, str):
        return _class_of_label(target, labels)
    try:
        index = operator.index(target)
    except TypeError:
        index = None
    if index is None or isinstance(target, bool):
        raise ClassifierError(f"a class is named by its number or its label; got {target!r:.80}")
    if index < 0 or (classes is not None and index >= classes):
        limit = "" if classes is None else f" to {classes - 1}"
        raise ClassifierError(f"classes are numbered from 0{limit}; got {index}")
    return index


def _class_of_label(target: str, labels: tuple[str, ...] | None) -> int:
    if labels is None:
        raise ClassifierError(
            f"the classifier has no labels, so a class is named by its number; got {target!r}"
        )
    target = without_surrogates(target)
    found = [index for index, label in enumerate(labels) if label == target]
    if len(found) == 1:
        return found[0]
    if found:
        numbers = ", ".join(map(str, found))
        raise ClassifierError(
            f"{len(found)} classes have the label {target!r}: pass one of the numbers {numbers}"
        )
    raise ClassifierError(f"no class has the label {target!r}{did_you_mean(target, labels)}")
