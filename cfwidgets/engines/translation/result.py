"""Twins of images on the other side of a decision, and the masks of what differs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import pandas as pd
import torch

from cfwidgets.engines.base import Measure
from cfwidgets.engines.translation.figure import drawn
from cfwidgets.engines.translation.translations import Translations
from cfwidgets.engines.translation.trust import caveats, measures
from cfwidgets.evaluation.placed import PlacedMap, covered

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from torch import Tensor

__all__ = ["TranslationResult"]


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class TranslationResult(Translations):
    """Twins of images on the other side of a decision; its fields are those of `Translations`."""

    as_seen: ClassVar[bool] = False

    @property
    def explained(self) -> Tensor | None:
        """See `ExplainerResult.explained`; at the translator's size, where there is one image only."""
        return self.images[0] if len(self.images) == 1 else None

    @property
    def about(self) -> tuple[int, ...]:
        """See `ExplainerResult.about`: the target, and the classes predicted for images and twins."""
        predicted = self.predicted_classes(torch.cat([self.predictions, self.twin_predictions]))
        others = sorted({*predicted.tolist()} - {self.target})
        return (self.target, *others)

    def placed(self, size: tuple[int, int]) -> dict[str, PlacedMap]:
        """See `ExplainerResult.placed`: the mean absolute difference of the colours, of one image only."""
        if self.explained is None or not self.done:
            return {}
        differs = (self.images[0] - self.twins[0]).abs().mean(0)
        return {"twin": PlacedMap(covered(differs, size), signed=False)}

    @property
    def own_caveats(self) -> tuple[str, ...]:
        """See `ExplainerResult.own_caveats`."""
        return caveats(self)

    def summary(self) -> str:
        """Say how many twins are on the other side, and how much they differ."""
        rest, label = self.sides
        if not self.done:
            return f"No twin yet of {len(self.images):,} images, {rest} or {label}, for {self.model}."
        on = self.on_target(self.predictions)
        parts = [
            f"{int(self.flipped[side].sum()):,} of {int(side.sum()):,} twins of {name}"
            for name, side in ((rest, ~on), (label, on))
            if bool(side.any())
        ]
        said = (
            f"{' and '.join(parts)} are on the other side for {self.model}; on average a pixel differs by "
            f"{100 * float(self.changed.mean()):.1f} %"
        )
        if self.done < len(self.images):
            said += f" ({self.done:,} of {len(self.images):,} images so far)"
        return f"{said}."

    def to_frame(self) -> pd.DataFrame:
        """Return one row an image.

        Columns: ``true`` (a label; only where it is known), ``predicted`` and ``twin predicted`` (labels),
        ``probability`` and ``twin probability`` of the target, ``flipped``, ``changed`` (the mean absolute
        difference), ``marked`` (the share of pixels whose mask is at least ``threshold``), ``returned`` (the
        twin of the twin is predicted as the image is), ``fakeness`` (where there is a class for painted
        images), ``branch`` (the class branch's probability of the target, where there is a branch),
        ``second`` and ``second flipped`` (a second classifier's probability of the target, and where it puts
        image and twin on different sides), ``overlap`` (the IoU with the true mask, where there is one with
        something in it).
        """
        answers, twins = self.predictions, self.twin_predictions
        on = self.on_target(answers)
        marked = self.masks >= self.threshold
        columns = {
            "predicted": [self.labels[index] for index in self.predicted_classes(answers).tolist()],
            "probability": answers[:, self.target].numpy(),
            "twin predicted": [self.labels[index] for index in self.predicted_classes(twins).tolist()],
            "twin probability": twins[:, self.target].numpy(),
            "flipped": self.flipped.numpy(),
            "changed": self.changed.numpy(),
            "marked": marked.float().mean((1, 2)).numpy(),
            "returned": (self.on_target(self.returned_predictions) == on).numpy(),
        }
        if self.truth is not None:
            columns = {"true": [self.labels[index] for index in self.truth[: self.done].tolist()], **columns}
        if self.fakeness is not None:
            columns["fakeness"] = self.fakeness.numpy()
        if self.branch is not None:
            columns["branch"] = self.branch[:, self.branch_target].numpy()
        if self.second_predictions is not None and self.second_twin_predictions is not None:
            before, after = self.second_predictions, self.second_twin_predictions
            columns["second"] = before[:, self.real_target].numpy()
            columns["second flipped"] = (self.on_real_target(before) != self.on_real_target(after)).numpy()
        if self.true_masks is not None:
            columns["overlap"] = self.overlap.numpy()
        return pd.DataFrame(columns)

    def plot(self) -> Figure:
        """Draw up to six images, as many of each side, in columns: twin, difference, and marked pixels.

        Raises
        ------
        ValueError
            There is no twin yet.
        """
        return drawn(self)

    def measures(self) -> list[Measure]:
        """See `ExplainerResult.measures`."""
        return measures(self)
