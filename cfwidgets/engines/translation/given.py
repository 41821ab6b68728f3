"""Read what an engine of twins is given: images, their true classes, and where the classes differ."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from cfwidgets.images import ImageError, as_image, as_images, fit, fit_labels
from cfwidgets.models.columns import columns_of

if TYPE_CHECKING:
    from cfwidgets.models.classifier import Classifier
    from cfwidgets.models.translator import Translator

__all__ = ["Given", "read", "second_columns", "side_to_explain"]


class Given(NamedTuple):
    """Images with what is known of them.

    Attributes
    ----------
    images
        ``(n, 3, H, W)`` float32 in [0, 1], at the translator's size.
    truth
        ``(n,)`` int64, or None.
    masks
        ``(n, H, W)`` bool, or None.
    """

    images: Tensor
    truth: Tensor | None
    masks: Tensor | None


def read(clf: Classifier, translator: Translator, images: Any, truth: Any, masks: Any) -> Given:
    """Read images of one size or of many, and check that truth and masks are of them.

    Parameters
    ----------
    clf, translator
        With the classes, and the size.
    images
        A batch, a sequence of images, or a data set with ``images``, or with items ``(image, label, mask)``
        of which the last or the last two may be missing.
    truth, masks
        For the images; None for the data set's.

    Raises
    ------
    ImageError, TranslatorError, ValueError
        The argument, and what is accepted.
    """
    pictures, labels, marks = _parts(images)
    sizes = [tuple(picture.shape[1:]) for picture in pictures]
    try:
        stacked = torch.cat([fit(picture[None], translator.size) for picture in pictures])
    except RuntimeError:
        different = next(place for place, size in enumerate(sizes) if size != sizes[0])
        raise ImageError(
            f"images must be of one size for a translator without one; image 0 is {_by(sizes[0])} and image "
            f"{different} is {_by(sizes[different])} (height x width): Translator(…, size=…) scales them"
        ) from None
    translator.require_size(*stacked.shape[2:])
    truth = labels if truth is None else truth
    masks = marks if masks is None else masks
    return Given(
        stacked,
        None if truth is None else _truth(clf, truth, len(stacked), translator.painted),
        None if masks is None else _masks(masks, sizes, (stacked.shape[2], stacked.shape[3])),
    )


def side_to_explain(
    clf: Classifier, target: int | str | None, names: Sequence[str], painted: int | None
) -> int:
    """Find the class that is told from the rest.

    Raises
    ------
    ValueError
        It is that for painted images, or there are more than two and none is named.
    """
    if target is not None:
        index = clf.class_index(target)
        if index == painted:
            raise ValueError(f"target must be a class of real images, not {names[index]!r}")
        return index
    real = [index for index in range(len(names)) if index != painted]
    if len(real) != 2:
        raise ValueError(f"target: of {len(real)} classes, name the one that is told from the rest")
    return real[1]


def second_columns(second: Classifier, names: Sequence[str], painted: int | None, classes: int) -> list[int]:
    """Find the second classifier's columns of the classes of real images, in their order.

    Raises
    ------
    ValueError
        It has others.
    """
    real = [name for index, name in enumerate(names) if index != painted]
    return columns_of(second, real, classes)


def _parts(images: Any) -> tuple[list[Tensor], Any, Any]:
    """Images as a list, and what the data set knows of them."""
    held = getattr(images, "images", None)
    if held is not None:
        masks = getattr(images, "masks", None)
        known = getattr(images, "labels", None)
        # Labels that are names are of the classes, and masks of regions have one axis more.
        labels = known if isinstance(known, Tensor | np.ndarray) else None
        return _listed(held), labels, masks if getattr(masks, "ndim", 0) == 3 else None
    data_set = hasattr(images, "__getitem__") and hasattr(images, "__len__")
    if not data_set or isinstance(images, Tensor | np.ndarray | Sequence):
        return _listed(images), None, None
    items = [images[place] for place in range(len(images))]
    if not items:
        raise ImageError("images must hold at least one image; got an empty data set")
    rows = [item if isinstance(item, tuple | list) else (item,) for item in items]
    columns = [[row[at] for row in rows] for at in range(min(3, *map(len, rows)))]
    names = getattr(images, "labels", None)
    truth: Any = columns[1] if len(columns) > 1 else None
    if truth is not None and isinstance(names, tuple | list):
        truth = [names[int(label)] for label in truth]
    return _listed(columns[0]), truth, columns[2] if len(columns) > 2 else None


def _listed(images: Any) -> list[Tensor]:
    many: Any = images
    if not isinstance(images, Sequence) or isinstance(images, str | bytes) or not images:
        return list(as_images(many).cpu())
    pictures = []
    for place, image in enumerate(images):
        try:
            pictures.append(as_image(image).cpu())
        except ImageError as error:
            raise ImageError(f"image {place}: {error}") from error
    return pictures


def _truth(clf: Classifier, truth: Any, count: int, painted: str | None) -> Tensor:
    values = truth.tolist() if hasattr(truth, "tolist") else truth
    if isinstance(values, str) or not isinstance(values, list | tuple) or len(values) != count:
        got = len(values) if isinstance(values, list | tuple) else type(truth).__name__
        raise ValueError(f"truth must be the classes of {count} images, one each; got {got}")
    found = []
    for place, value in enumerate(values):
        one: Any = value.item() if isinstance(value, Tensor | np.generic) else value
        try:
            index = clf.class_index(one)
        except ValueError as error:
            raise ValueError(f"truth, image {place}: {error}") from error
        if painted is not None and clf.label(index) == painted:
            raise ValueError(f"truth, image {place}: {one!r} is the class for painted images")
        found.append(index)
    return torch.tensor(found)


def _masks(masks: Any, sizes: list[tuple[int, ...]], size: tuple[int, int]) -> Tensor:
    if not hasattr(masks, "__len__") or len(masks) != len(sizes):
        got = len(masks) if hasattr(masks, "__len__") else type(masks).__name__
        raise ValueError(f"masks must be of {len(sizes)} images, one each; got {got}")
    fitted = []
    for place, (given, of_image) in enumerate(zip(masks, sizes, strict=True)):
        mask = torch.as_tensor(np.array(given) if not isinstance(given, Tensor) else given).cpu()
        if mask.dtype != torch.bool:
            raise ValueError(
                f"masks must be bool, True where the classes differ; mask {place} is of {mask.dtype}: for "
                "values from 0 to 255, pass masks > 127"
            )
        if tuple(mask.shape) != of_image:
            raise ValueError(
                f"masks must be as large as their images; image {place} is {_by(of_image)} and its mask "
                f"{_by(mask.shape)} (height x width)"
            )
        fitted.append(fit_labels(mask, size))
    return torch.stack(fitted)


def _by(size: Sequence[int]) -> str:
    return " x ".join(map(str, size))
