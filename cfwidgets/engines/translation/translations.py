"""Twins of images, and all that was measured on them: the fields of the result."""

from __future__ import annotations

from abc import ABC
from dataclasses import dataclass, field
from typing import ClassVar

import torch
from torch import Tensor

from cfwidgets.engines.base import ExplainerResult
from cfwidgets.engines.translation.probes import Probes
from cfwidgets.engines.translation.stress_curve import StressCurve
from cfwidgets.evaluation.segmentation import saliency

__all__ = ["Translations"]


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class Translations(ExplainerResult, ABC):
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
    threshold
        From which on a mask counts, 0 to 1: the translator's.
    done
        How many images are translated.
    twins, returned
        ``(m, 3, H, W)`` float32 in [0, 1]: of the images, and of their twins.
    variants
        ``(m, v, 3, H, W)`` uint8: other twins of the images, by other noise.
    predictions, twin_predictions, returned_predictions
        ``(m, C)``: the classifier's probabilities for images, twins, and the twins of twins.
    branch
        ``(m, K)``: probabilities of the translator's own class branch for the images, in the order of the
        classes of real images; or ``(m, 2)`` of a translator for one class of several against the rest, the
        target second. None without a branch.
    second
        Name of a second classifier, which had no part in the training; empty without one.
    second_predictions, second_twin_predictions
        ``(m, K)``: its probabilities of the classes of real images, in the order of ``labels``; None without
        one.
    probes
        Predictions for changed images and twins, from which trust is measured.
    stress
        Curves under noise and attack, by the kind of disturbance; empty before they are asked for, with the
        engine's ``stress``.
    """

    parts: ClassVar[tuple[type, ...]] = (Probes, StressCurve)

    target: int
    painted: int | None
    images: Tensor
    truth: Tensor | None
    true_masks: Tensor | None
    threshold: float
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
    probes: Probes
    stress: dict[str, StressCurve] = field(default_factory=dict)

    @property
    def real(self) -> list[int]:
        """Indices of the K classes of real images."""
        return [index for index in range(len(self.labels)) if index != self.painted]

    @property
    def sides(self) -> tuple[str, str]:
        """Names of the two sides of the decision: the rest, and the target."""
        rest = [self.labels[index] for index in self.real if index != self.target]
        label = self.labels[self.target]
        return (rest[0] if len(rest) == 1 else f"not {label}"), label

    @property
    def masks(self) -> Tensor:
        """``(m, H, W)`` in [0, 1]: what differs between images and twins, stretched for each image."""
        return saliency(self.images[: self.done], self.twins)

    @property
    def variant_masks(self) -> Tensor:
        """``(m, v, H, W)`` in [0, 1]: as `masks`, of each variant."""
        m, v = self.variants.shape[:2]
        size = self.images.shape[1:]
        images = self.images[: self.done, None].expand(m, v, *size).reshape(m * v, *size)
        if not m * v:
            return self.images.new_zeros(m, v, *size[1:])
        return saliency(images, self.variants.flatten(0, 1).float() / 255).unflatten(0, (m, v))

    @property
    def mean_mask(self) -> Tensor:
        """``(m, H, W)`` in [0, 1]: the mean over the masks of twin and variants."""
        return torch.cat([self.masks[:, None], self.variant_masks], dim=1).mean(1)

    @property
    def disagreement(self) -> Tensor:
        """``(m, H, W)``: the standard deviation over the masks of twin and variants; 0 without variants."""
        return torch.cat([self.masks[:, None], self.variant_masks], dim=1).std(1, correction=0)

    @property
    def changed(self) -> Tensor:
        """``(m,)``: the mean absolute difference between image and twin, 0 to 1."""
        return (self.images[: self.done] - self.twins).abs().mean((1, 2, 3))

    @property
    def probabilities(self) -> Tensor:
        """``(m, K)``: of the classes of real images."""
        return self.predictions[:, self.real]

    @property
    def fakeness(self) -> Tensor | None:
        """``(m,)``: the probability that an image is painted, the paper's measure of doubt; None without."""
        return None if self.painted is None else self.predictions[:, self.painted]

    def predicted_classes(self, predictions: Tensor) -> Tensor:
        """Predicted of predictions ``(…, C)``, among the classes of real images: int64 ``(…,)``."""
        if self.painted is None:
            return predictions.argmax(-1)
        real = predictions.clone()
        real[..., self.painted] = -1
        return real.argmax(-1)

    def on_target(self, predictions: Tensor) -> Tensor:
        """Bool, of predictions ``(…, C)``: the target is predicted, among the classes of real images."""
        return self.predicted_classes(predictions) == self.target

    def on_real_target(self, predictions: Tensor) -> Tensor:
        """Bool, of predictions ``(…, K)`` of the classes of real images: the target is predicted."""
        return predictions.argmax(-1) == self.real_target

    @property
    def branch_target(self) -> int:
        """The target's column in ``branch``."""
        return 1 if self.branch is not None and self.branch.shape[1] != len(self.real) else self.real_target

    @property
    def real_target(self) -> int:
        """The target's place among the classes of real images."""
        return self.real.index(self.target)

    @property
    def overlap(self) -> Tensor:
        """``(m,)``: IoU of mask and true mask at the threshold; NaN where that is empty or not known."""
        if self.true_masks is None:
            return torch.full((self.done,), torch.nan)
        true, found = self.true_masks[: self.done], self.masks >= self.threshold
        union = (true | found).sum((1, 2))
        return torch.where(true.flatten(1).any(1), (true & found).sum((1, 2)) / union.clamp(min=1), torch.nan)

    @property
    def flipped(self) -> Tensor:
        """``(m,)`` bool: the classifier puts image and twin on different sides."""
        return self.on_target(self.predictions) != self.on_target(self.twin_predictions)
