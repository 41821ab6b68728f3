"""Twins of images on the other side of a decision, and the masks of what differs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import pandas as pd
import torch
from torch import Tensor

from cfwidgets.engines.base import ExplainerResult, Measure
from cfwidgets.evaluation.segmentation import saliency

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["TranslationResult"]


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class TranslationResult(ExplainerResult):
    """For each of n images its twin of the other class; of the first ``done`` so far.

    The decision is between the explained class and the rest: a twin *flips* where its image is predicted the
    one and the twin the other. All rows are those of the images that are done: m.

    Attributes
    ----------
    settings, model, labels, prediction, fingerprints, seconds
        See `ExplainerResult`.
    target
        Index of the class that is told from the rest.
    painted
        Index of the class for painted images, of a classifier that was trained with the translator; None
        where there is none, and with it no `fakeness`.
    images
        ``(n, 3, H, W)`` float32 in [0, 1], at the translator's size.
    truth
        ``(n,)`` int64: the class that each image really has; None where unknown.
    true_masks
        ``(n, H, W)`` bool; None where unknown.
    done
        How many images are translated.
    twins, returned
        ``(m, 3, H, W)`` float32 in [0, 1]: of the images, and of their twins.
    variants
        ``(m, v, 3, H, W)`` uint8: other twins of the images, by other noise.
    predictions, twin_predictions, returned_predictions
        ``(m, C)``: the classifier's probabilities for images, twins, and the twins of twins.
    branch
        ``(m, K)``: probabilities of the translator's own class branch for the images; None without a branch.
    second
        Name of a second classifier, which had no part in the training; empty without one.
    second_predictions, second_twin_predictions
        ``(m, C')``: its probabilities; None without one.
    """

    schema: ClassVar[dict[str, str]] = {
        "target": "0 inf",
        "images": "float32 (n, 3, H, W) 0 1",
        "truth": "int64 (n) 0 inf",
        "true_masks": "bool (n, H, W)",
        "done": "0 inf",
        "twins": "float32 (m, 3, H, W) 0 1",
        "returned": "float32 (m, 3, H, W) 0 1",
        "variants": "uint8 (m, v, 3, H, W)",
        "predictions": "float32 (m, C) 0 1",
        "twin_predictions": "float32 (m, C) 0 1",
        "returned_predictions": "float32 (m, C) 0 1",
        "branch": "float32 (m, K) 0 1",
        "second_predictions": "float32 (m, D) 0 1",
        "second_twin_predictions": "float32 (m, D) 0 1",
    }

    target: int
    painted: int | None
    images: Tensor
    truth: Tensor | None
    true_masks: Tensor | None
    done: int
    twins: Tensor
    returned: Tensor
    variants: Tensor
    predictions: Tensor
    twin_predictions: Tensor
    returned_predictions: Tensor
    branch: Tensor | None
    second: str = ""
    second_predictions: Tensor | None = None
    second_twin_predictions: Tensor | None = None

    @property
    def masks(self) -> Tensor:
        """``(m, H, W)`` in [0, 1]: what differs between images and twins, stretched for each image."""
        return saliency(self.images[: self.done], self.twins)

    @property
    def changed(self) -> Tensor:
        """``(m,)``: the mean absolute difference between image and twin, 0 to 1."""
        return (self.images[: self.done] - self.twins).abs().mean((1, 2, 3))

    @property
    def probabilities(self) -> Tensor:
        """``(m, K)``: of the classes of real images."""
        real = [index for index in range(self.predictions.shape[1]) if index != self.painted]
        return self.predictions[:, real]

    @property
    def fakeness(self) -> Tensor | None:
        """``(m,)``: the probability that an image is painted, the paper's measure of doubt; None without."""
        return None if self.painted is None else self.predictions[:, self.painted]

    def on_target(self, predictions: Tensor) -> Tensor:
        """``(m,)`` bool: predicted the explained class, among the classes of real images."""
        real = predictions.clone()
        if self.painted is not None:
            real[:, self.painted] = -1
        return real.argmax(1) == self.target

    @property
    def flipped(self) -> Tensor:
        """``(m,)`` bool: the classifier puts image and twin on different sides."""
        return self.on_target(self.predictions) != self.on_target(self.twin_predictions)

    def summary(self) -> str:
        """Say how many twins are on the other side."""
        label = self.labels[self.target]
        if not self.done:
            return f"No twin yet of {len(self.images):,} images, {label} or not, for {self.model}."
        return (
            f"{int(self.flipped.sum()):,} of {self.done:,} twins are on the other side of {label} for "
            f"{self.model}; a pixel changes by {100 * float(self.changed.mean()):.1f} % on average."
        )

    def to_frame(self) -> pd.DataFrame:
        """Return a row for each image: predictions of image and twin, the change, the doubt."""
        m, name = self.done, self.labels
        frame = pd.DataFrame(
            {
                "predicted": [name[int(i)] for i in self.predictions.argmax(1)],
                f"p({name[self.target]})": self.predictions[:, self.target].numpy(),
                "twin predicted": [name[int(i)] for i in self.twin_predictions.argmax(1)],
                f"twin p({name[self.target]})": self.twin_predictions[:, self.target].numpy(),
                "flipped": self.flipped.numpy(),
                "changed": self.changed.numpy(),
            }
        )
        if self.fakeness is not None:
            frame["fakeness"] = self.fakeness.numpy()
        if self.truth is not None:
            frame.insert(0, "true", [name[int(i)] for i in self.truth[:m]])
        return frame

    def plot(self) -> Figure:
        """Draw image, twin and mask of up to six images."""
        from cfwidgets.engines.translation.figure import drawn

        return drawn(self)

    def measures(self) -> list[Measure]:
        """See `ExplainerResult.measures`."""
        return []


def empty(image: Tensor, *, variants: int, classes: int) -> dict[str, Tensor]:
    """Give the fields of a result of which nothing is done; ``image`` is ``(3, H, W)``."""
    none = image.new_zeros(0, *image.shape)
    answers = torch.zeros(0, classes)
    return {
        "twins": none,
        "returned": none,
        "variants": torch.zeros(0, variants, *image.shape, dtype=torch.uint8),
        "predictions": answers,
        "twin_predictions": answers,
        "returned_predictions": answers,
    }
