"""A square that is bright or dark, a classifier that looks at it, and a translator that inverts it."""

from __future__ import annotations

import torch
from torch import Tensor

import cfwidgets as cf

SIDE, FROM, TO = 16, 4, 8
"""The square is 4 x 4 pixels, as large as a sixteenth of the picture."""
PLACE = (slice(FROM, TO), slice(FROM, TO))
LABELS = ("dark", "bright")


def pictures(n: int = 8) -> Tensor:
    """``(n, 3, 16, 16)``: grey, with a square that is bright in every second picture."""
    images = torch.full((n, 3, SIDE, SIDE), 0.5)
    for number, image in enumerate(images):
        image[:, *PLACE] = 0.9 if number % 2 else 0.1
    return images


def truth(n: int = 8) -> Tensor:
    return torch.arange(n) % 2


def masks(n: int = 8) -> Tensor:
    marked = torch.zeros(n, SIDE, SIDE, dtype=torch.bool)
    marked[:, *PLACE] = True
    return marked


def looks(images: Tensor) -> Tensor:
    """The brightness of the square is the probability of bright."""
    return torch.stack([1 - images[:, :, *PLACE].mean((1, 2, 3)), images[:, :, *PLACE].mean((1, 2, 3))], 1)


def inverts(images: Tensor) -> Tensor:
    twins = images.clone()
    twins[:, :, *PLACE] = 1 - images[:, :, *PLACE]
    return twins


def classifier() -> cf.Classifier:
    clf = cf.Classifier(looks, labels=LABELS)
    clf.name = "looks"
    return clf


def translator(**settings: object) -> cf.Translator:
    return cf.Translator(inverts, **settings)  # type: ignore[arg-type]
