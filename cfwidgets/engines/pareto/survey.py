"""Changes that flip a classifier, over many images."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from cfwidgets.engines.base import SURER, ExplainerResult, Measure
from cfwidgets.evaluation.intervals import Share, wilson

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["ParetoSurvey"]

_BARS = 13
_MOST = 0.5

_RECONSTRUCTION = (
    "Share of the {count} images whose reconstruction alone, painted by the editor without any change, flips "
    "the model: there the editor and not an attribute is the reason."
)
_FOUND = "Share of the {count} images for which a flip was found. The others count in no share of flips."
_ROUNDED = (
    "Share of the {flips} flips that still flip the model once their pixels are rounded to 256 levels, as "
    "in any image file. A flip that rounding undoes is adversarial noise."
)
_RANDOM = (
    "Share of {count} random edits that flip the model: the changes of each image's smallest flip, dealt to "
    "other attributes with random signs. Where it is large, nearly any edit of this size flips, and the "
    "attributes that were found mean little."
)


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class ParetoSurvey(ExplainerResult):
    """The smallest flip that was found for each of B images, and the changes that are necessary for it.

    Attributes
    ----------
    settings, model, labels, fingerprints, seconds
        See `ExplainerResult`.
    prediction
        ``(C,)``: the model's probabilities for the first image.
    names
        Names of the A attributes.
    groups
        Names of attributes that exclude each other, a tuple for each group that the search has kept.
    images
        ``(B, 3, H, W)`` uint8, at the editor's size.
    attributes
        ``(B, A)`` from 0 to 1: the attributes of the images.
    predictions, reconstruction_predictions
        ``(B, C)``: the model's probabilities for the images, and for those as the editor paints them without
        any change.
    flipped
        ``(B,)`` bool: True where a flip was found.
    deltas
        ``(B, A)``: the changes of the smallest flip; 0 where there is none.
    necessary
        ``(B, A)`` bool: True where taking back this change undoes the flip; None before the end. What only
        made room for another attribute of its group cannot be taken back alone, and is not necessary.
    sufficient
        ``(B, A)`` bool: True where reversing this attribute flips, and no other but what it excludes; None
        before the end.
    rounded_flips
        ``(B,)`` bool: True where the smallest flip still flips once it is rounded to 8 bits; None before the
        end and without ``trust``.
    random_flips
        ``(n,)`` bool: True where a random edit, as large as a smallest flip, flips its image; none where no
        image flips; None before the end and without ``trust``.
    evaluations
        Candidates evaluated so far, for each image.
    invalid
        Candidates, of all images, whose prediction was not finite.
    state
        State of the search, as named tensors, to resume it.
    """

    question: ClassVar[tuple[str, ...]] = ()  # of each image, the class that the model predicts
    schema: ClassVar[dict[str, str]] = {
        "names": "(A)",
        "images": "uint8 (B, 3, H, W)",
        "attributes": "float (B, A)",
        "predictions": "float (B, C) 0 1",
        "reconstruction_predictions": "float (B, C) 0 1",
        "flipped": "bool (B)",
        "deltas": "float (B, A)",
        "necessary": "bool (B, A)",
        "sufficient": "bool (B, A)",
        "rounded_flips": "bool (B)",
        "random_flips": "bool (r)",
        "evaluations": "0 inf",
        "invalid": "0 inf",
        "state": "nan",
    }

    names: tuple[str, ...]
    images: Tensor
    attributes: Tensor
    predictions: Tensor
    reconstruction_predictions: Tensor
    flipped: Tensor
    deltas: Tensor
    groups: tuple[tuple[str, ...], ...] = ()
    necessary: Tensor | None = None
    sufficient: Tensor | None = None
    rounded_flips: Tensor | None = None
    random_flips: Tensor | None = None
    evaluations: int = 0
    invalid: int = 0
    state: dict[str, Tensor] = field(default_factory=dict)

    @property
    def targets(self) -> Tensor:
        """``(B,)`` int64: the class that the model predicts for each image, which the edits are to leave."""
        return self.predictions.argmax(1)

    @property
    def reconstruction_flips(self) -> Tensor:
        """``(B,)`` bool: True where the reconstruction alone, without any change, flips the model."""
        return self.reconstruction_predictions.argmax(1) != self.targets

    def summary(self) -> str:
        """Say how many images flip, and which changes are necessary, in one sentence."""
        text = f"{int(self.flipped.sum())} of {len(self.flipped)} images flip {self.model}"
        if self.necessary is not None and bool(self.flipped.any()):
            rows = self.to_frame().head(3).itertuples()
            text += f"; necessary: {', '.join(f'{row.attribute} {row.necessary:.0%}' for row in rows)}"
        return text

    def to_frame(self, target: int | None = None) -> pd.DataFrame:
        """Return one row an attribute, the one most often necessary first.

        Columns: ``attribute``; ``necessary``, the share of the flips for which its change is necessary, with
        ``low`` and ``high`` (95 %, Wilson 1927); ``sufficient``, the share of the images that flip when it is
        reversed and no other, with ``sufficient low`` and ``sufficient high``; ``change``, its mean over the
        flips.

        Parameters
        ----------
        target
            Only images for which the model predicts this class.
        """
        which = torch.ones_like(self.flipped) if target is None else self.targets == target
        flips = which & self.flipped
        rows = []
        for place, name in enumerate(self.names):
            necessary = None if self.necessary is None else self.necessary[flips, place]
            sufficient = None if self.sufficient is None else self.sufficient[which, place]
            change = float(self.deltas[flips, place].mean()) if bool(flips.any()) else math.nan
            rows.append((name, *_share(necessary), *_share(sufficient), change))
        columns = [
            *("attribute", "necessary", "low", "high"),
            *("sufficient", "sufficient low", "sufficient high", "change"),
        ]
        frame = pd.DataFrame(rows, columns=columns)
        return frame.sort_values("necessary", ascending=False, ignore_index=True)

    def measures(self) -> list[Measure]:
        """Return the rows of `trust`."""
        count, flips = len(self.flipped), int(self.flipped.sum())
        repainted, found = self.reconstruction_flips.float().mean(), self.flipped.float().mean()
        meaning = _RECONSTRUCTION.format(count=count)
        rows = [
            Measure(
                "reconstruction flips",
                float(repainted),
                "should be 0",
                np.nan,
                meaning,
                bool(repainted < _MOST),
            ),
            Measure(
                "images that flip",
                float(found),
                "should be near 1",
                np.nan,
                _FOUND.format(count=count),
                bool(found >= _MOST),
            ),
        ]
        if self.rounded_flips is not None and flips:
            rounded = self.rounded_flips[self.flipped].float().mean()
            meaning = _ROUNDED.format(flips=flips)
            ok = bool(rounded >= _MOST)
            rows.append(Measure("flips left in 8 bits", float(rounded), "should be 1", np.nan, meaning, ok))
        if self.random_flips is not None and len(self.random_flips):
            random, meaning = self.random_flips.float().mean(), _RANDOM.format(count=len(self.random_flips))
            ok = bool(random < _MOST)
            rows.append(Measure("random edits flip", float(random), "should be near 0", np.nan, meaning, ok))
        return rows + self.unanswered(self.invalid, self.evaluations * count)

    @property
    def own_caveats(self) -> tuple[str, ...]:
        """See `ExplainerResult.own_caveats`."""
        rows = self.often_unanswered(self.invalid, self.evaluations * len(self.flipped))
        surest = float(self.predictions.amax(1).mean())
        if surest < 1 / len(self.labels) + SURER:
            rows.append(f"The model is hardly sure of any image ({surest:.3f} in the mean).")
        if float(self.reconstruction_flips.float().mean()) >= _MOST:
            rows.append("Most images flip as the editor paints them, without any change.")
        if self.necessary is not None and float(self.flipped.float().mean()) < _MOST:
            rows.append("Few images flip: the shares are of those alone.")
        if self.random_flips is not None and float(self.random_flips.float().mean()) >= _MOST:
            rows.append("Most random edits flip too: the attributes that were found mean little.")
        return tuple(rows)

    def plot(self) -> Figure:
        """Draw the shares of necessary and of sufficient changes with their intervals, a pair an attribute.

        Raises
        ------
        ValueError
            Nothing flips, or the run has not ended.
        """
        from matplotlib.figure import Figure

        from cfwidgets.engines.pareto import figure as draw

        if self.necessary is None or not bool(self.flipped.any()):
            raise ValueError("there is no flip to draw yet")
        frame = self.to_frame().head(_BARS)
        figure = Figure(figsize=(7, 1.1 + 0.36 * len(frame)), layout="constrained")
        columns = ["necessary", "low", "high"], ["sufficient", "sufficient low", "sufficient high"]
        labels = "necessary: without it, no flip", "sufficient: flips alone"
        bars = [
            (label, list(frame[some].itertuples(index=False, name=None)))
            for label, some in zip(labels, columns, strict=True)
        ]
        draw.shares(figure.subplots(), [draw.attribute(name) for name in frame["attribute"]], bars)
        return figure


def _share(yes: Tensor | None) -> Share:
    """Give a share with Wilson's interval; NaN for a share of nothing."""
    return wilson(0, 0) if yes is None else wilson(int(yes.sum()), len(yes))
