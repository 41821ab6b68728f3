"""What was found over a data set of faces, and how far to trust it."""

from __future__ import annotations

import html
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from cfwidgets.engines.top_patches import Patches
from cfwidgets.evaluation.overlap import rank_correlation
from cfwidgets.results import Result

__all__ = ["FaceXResult"]

_SAMPLES = 1000
_AT_ONCE = 100  # resamplings at once
_CONFIDENCE = 95
_NULL = (
    "Rank correlation with the regions that a copy of the network with random weights attends to. Near 1, "
    "the ranking says more about the pictures and the method than about what was learnt."
)
_HALVES = (
    "Rank correlation of the regions between two halves of the faces. Far below 1, there are too few faces."
)


@dataclass(frozen=True, eq=False)
class FaceXResult(Result):
    """Where a classifier looks over a data set, and what it sees there.

    Attributes
    ----------
    settings
        Those of the engine.
    model
        The classifier's name.
    target, label
        The class that was explained.
    regions
        Names of the R regions.
    total
        Faces in the data set; n of them were looked at so far.
    names
        The names of these.
    size
        Height and width that the model sees.
    ior
        ``(n, R)``: importance of each region in each image; NaN where the image does not have it.
    probability
        ``(n,)`` of the class.
    groups, group_names
        ``(n,)`` int64, places in the names; the names are empty where nothing was split.
    patches
        The patches that moved the model most.
    null
        ``(m, R)``: ``ior`` on random weights for the first faces; None where it was not asked.
    seconds
        Wall time.
    """

    parts: ClassVar[tuple[type, ...]] = (Patches,)

    settings: dict[str, Any]
    model: str
    target: int
    label: str
    regions: tuple[str, ...]
    total: int
    names: tuple[str, ...]
    size: tuple[int, int]
    ior: Tensor
    probability: Tensor
    groups: Tensor
    group_names: tuple[str, ...]
    patches: Patches
    null: Tensor | None = None
    seconds: float = 0.0

    def to_frame(self, group: str | None = None) -> pd.DataFrame:
        """One row a region, in their order.

        Columns: ``region``; ``ior`` (mean importance, 0 to 1; NaN where no face has the region); ``low`` and
        ``high`` (95 % interval, percentile bootstrap over the faces; NaN where fewer than two have the
        region); ``count`` (faces that have it);
        ``rank`` (1 is the highest; equals share the better one; regions that no face has are not ranked);
        ``by_luck`` (the chance of such a rank or a better one if ranks were drawn); ``null`` (``ior`` on
        random weights).

        Parameters
        ----------
        group
            Only the faces of this group.
        """
        table = self.ior if group is None else self.ior[self.groups == self._group(group)]
        mean, (low, high) = _means(table), _interval(table, self.settings["seed"])
        rank = pd.Series(mean.numpy()).rank(ascending=False, method="min")
        null = torch.full_like(mean, torch.nan) if self.null is None else _means(self.null)
        return pd.DataFrame(
            {
                "region": self.regions,
                "ior": mean.numpy(),
                "low": low.numpy(),
                "high": high.numpy(),
                "count": (~table.isnan()).sum(0).numpy(),
                "rank": rank.astype("Int64"),
                "by_luck": rank / max(1, int(rank.notna().sum())),
                "null": null.numpy(),
            }
        )

    def per_image(self) -> pd.DataFrame:
        """One row a face: ``name``, ``probability``, ``group`` (where there are any), one column a region."""
        frame = pd.DataFrame(self.ior.numpy(), columns=list(self.regions))
        frame.insert(0, "name", self.names)
        frame.insert(1, "probability", self.probability.numpy())
        if self.group_names:
            frame.insert(2, "group", [self.group_names[place] for place in self.groups.tolist()])
        return frame

    def patch_frame(self) -> pd.DataFrame:
        """One row a patch, the best of each region first: region, image, name, row, column, value."""
        rows = [
            (
                name,
                image,
                self.names[image],
                *self.patches.places[r, k].tolist(),
                float(self.patches.values[r, k]),  # noqa: PD011 - a tensor
            )
            for r, name in enumerate(self.regions)
            for k, image in enumerate(self.patches.images[r].tolist())
            if image >= 0
        ]
        return pd.DataFrame(rows, columns=["region", "image", "name", "row", "column", "value"])

    def trust(self) -> pd.DataFrame:
        """How far to trust the ranking.

        One row a measure: ``measure``, ``value``, what it is held ``against`` and that ``reference`` (NaN
        where the words say it all), and its ``meaning``. A measure that was not taken has no row.
        """
        rows: list[tuple[str, float, str, float, str]] = []
        halves = _correlation(_means(self.ior[::2]), _means(self.ior[1::2]))
        if halves is not None:
            rows.append(("two halves of the faces", halves, "should be near 1", np.nan, _HALVES))
        if self.null is not None:
            null = _correlation(_means(self.ior), _means(self.null))
            if null is not None:
                rows.append(("random network", null, "should be near 0", np.nan, _NULL))
        return pd.DataFrame(rows, columns=["measure", "value", "against", "reference", "meaning"])

    def _group(self, name: str) -> int:
        if name not in self.group_names:
            known = ", ".join(map(repr, self.group_names)) or "none: FaceX(groups=…) makes some"
            raise ValueError(f"no group is called {name!r}; there are {known}")
        return self.group_names.index(name)

    def _repr_html_(self) -> str:
        ranked = self.to_frame().dropna(subset="ior").sort_values("rank")
        best = ", ".join(f"{row.region} {row.ior:.2f}" for row in ranked.head(5).itertuples())
        text = f"{self.model}, {self.label}: {best} ({len(self.ior):,} of {self.total:,} faces)"
        return f"<p>{html.escape(text)}</p>"


def _means(table: Tensor) -> Tensor:
    """Mean of each column over what is not NaN; NaN where nothing is."""
    return table.nanmean(0) if len(table) else torch.full(table.shape[1:], torch.nan)


def _interval(table: Tensor, seed: int) -> tuple[Tensor, Tensor]:
    """Percentile bootstrap of the columns' means: faces are drawn again with replacement."""
    n = len(table)
    if not n:
        nothing = torch.full(table.shape[1:], torch.nan)
        return nothing, nothing
    generator = torch.Generator().manual_seed(seed)
    there = (~table.isnan()).float()
    values = table.nan_to_num(0)
    means = []
    for _ in range(_SAMPLES // _AT_ONCE):
        drawn = torch.randint(n, (_AT_ONCE, n), generator=generator)
        weight = torch.zeros(_AT_ONCE, n).scatter_add_(1, drawn, torch.ones(_AT_ONCE, n))
        means.append((weight @ values) / (weight @ there))
    edge = (100 - _CONFIDENCE) / 200
    low, high = torch.cat(means).nanquantile(torch.tensor([edge, 1 - edge]), dim=0)
    alone = there.sum(0) < 2  # one face says nothing about how much faces differ
    return low.masked_fill(alone, torch.nan), high.masked_fill(alone, torch.nan)


def _correlation(a: Tensor, b: Tensor) -> float | None:
    both = ~(a.isnan() | b.isnan())
    return None if int(both.sum()) < 3 else rank_correlation(a[both], b[both])
