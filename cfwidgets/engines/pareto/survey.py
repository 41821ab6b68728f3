"""Which changes flip a classifier, over many images."""

from __future__ import annotations

import html
import math
from dataclasses import dataclass
from typing import Any

import pandas as pd
import torch
from torch import Tensor

from cfwidgets.results import Result

__all__ = ["ParetoSurvey"]

_Z = 1.959964  # of 95 %


@dataclass(frozen=True, eq=False)
class ParetoSurvey(Result):
    """The smallest flip that was found for each of B images, and what it needs.

    Attributes
    ----------
    settings
        Those of the engine.
    model
        The classifier's name.
    labels
        Of its C classes.
    names
        Of the A attributes.
    images
        ``(B, 3, H, W)`` uint8, as the editor sees them.
    attributes
        ``(B, A)``: what they have.
    before
        ``(B, C)``: the classifier's answers to them.
    original
        ``(B,)`` int64: the class that each is given, and that is to be left.
    repaint_flips
        ``(B,)`` bool: whether merely painting it anew changes the answer.
    flipped
        ``(B,)`` bool: whether a flip was found.
    deltas
        ``(B, A)``: the smallest; 0 where there is none.
    needed
        ``(B, A)`` bool: whether it is no flip any more if this change is taken back; None before the end.
    alone
        ``(B, A)`` bool: whether turning this attribute around, and nothing else, flips; None before the end.
    evaluations
        Candidates asked about for each image so far.
    invalid
        How many of them, of all images, the model gave no finite answer to.
    state
        What the search needs to go on from here.
    seconds
        Wall time.
    """

    settings: dict[str, Any]
    model: str
    labels: tuple[str, ...]
    names: tuple[str, ...]
    images: Tensor
    attributes: Tensor
    before: Tensor
    original: Tensor
    repaint_flips: Tensor
    flipped: Tensor
    deltas: Tensor
    needed: Tensor | None
    alone: Tensor | None
    evaluations: int
    invalid: int
    state: dict[str, Tensor]
    seconds: float = 0.0

    def to_frame(self, original: int | None = None) -> pd.DataFrame:
        """One row an attribute, the most needed first.

        Columns: ``attribute``; ``needed``, the share of the flips that need its change, with ``low`` and
        ``high`` (95 %, Wilson 1927); ``alone``, the share of the images that flip when it is turned around
        and nothing else, with ``alone low`` and ``alone high``; ``change``, its mean over the flips.

        Parameters
        ----------
        original
            Only images that were given this class.
        """
        which = torch.ones_like(self.flipped) if original is None else self.original == original
        flips = which & self.flipped
        rows = []
        for place, name in enumerate(self.names):
            needed = None if self.needed is None else self.needed[flips, place]
            alone = None if self.alone is None else self.alone[which, place]
            change = float(self.deltas[flips, place].mean()) if bool(flips.any()) else math.nan
            rows.append((name, *_share(needed), *_share(alone), change))
        columns = ["attribute", "needed", "low", "high", "alone", "alone low", "alone high", "change"]
        frame = pd.DataFrame(rows, columns=columns)
        return frame.sort_values("needed", ascending=False, ignore_index=True)

    def _repr_html_(self) -> str:
        parts = [f"{self.model}: {int(self.flipped.sum())} of {len(self.flipped)} images flip"]
        if self.needed is not None and bool(self.flipped.any()):
            rows = self.to_frame().head(3).itertuples()
            parts.append(f"needed: {', '.join(f'{row.attribute} {row.needed:.0%}' for row in rows)}")
        if self.invalid:
            parts.append(f"{self.invalid:,} answers were not finite")
        return f"<p>{html.escape('; '.join(parts))}</p>"


def _share(yes: Tensor | None) -> tuple[float, float, float]:
    """A share with Wilson's interval."""
    if yes is None or not len(yes):
        return math.nan, math.nan, math.nan
    n, p = len(yes), float(yes.float().mean())
    centre = (p + _Z**2 / (2 * n)) / (1 + _Z**2 / n)
    half = _Z / (1 + _Z**2 / n) * math.sqrt(p * (1 - p) / n + _Z**2 / (4 * n**2))
    return p, max(0.0, centre - half), min(1.0, centre + half)
