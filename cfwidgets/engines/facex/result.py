"""What was found over a data set of faces, and how far to trust it."""

from __future__ import annotations

import html
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from cfwidgets.engines.facex.reading import Skipped
from cfwidgets.engines.facex.top_patches import Patches, merged
from cfwidgets.evaluation.overlap import rank_correlation
from cfwidgets.results import Result

__all__ = ["FaceXResult", "Part"]

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

_NEVER_CALLED = (
    "The model gives this answer to none of the faces. What is shown speaks for it, and never won: choose "
    "faces, or a class, that go together."
)
_BLANK = (
    "Share of the faces in which nothing speaks for the class, so that all regions count as 0. The rest have "
    "more importance than the means say."
)


@dataclass(frozen=True, eq=False)
class Part:
    """What was seen of some of the faces: parts are summed up in any order.

    Attributes
    ----------
    numbers
        ``(n,)`` int64, of the faces in the data set, ascending; without those that were skipped.
    names, ior, probability, called, groups, patches
        Of these, as in `FaceXResult`.
    skipped
        Those that could not be used.
    """

    numbers: Tensor
    names: tuple[str, ...]
    ior: Tensor
    probability: Tensor
    called: Tensor
    groups: Tensor
    patches: Patches
    skipped: tuple[Skipped, ...] = ()


@dataclass(frozen=True, eq=False)
class FaceXResult(Result):
    """Where a classifier looks over a data set, and what it sees there.

    Attributes
    ----------
    settings
        Those of the engine.
    model
        The classifier's name.
    weights
        The fingerprint of its weights.
    target, label
        The class that was explained.
    regions
        Names of the R regions.
    total
        Faces in the data set; n of them were looked at so far.
    sample
        The fingerprint of the first face that can be read.
    numbers
        ``(n,)`` int64, ascending: the numbers of the faces that were looked at.
    names
        Their names.
    size
        Height and width that the model sees.
    ior
        ``(n, R)``: importance of each region in each image; NaN where the image does not have it.
    probability
        ``(n,)`` of the class.
    called
        ``(n,)`` bool: whether it is the model's answer.
    groups, group_names
        ``(n,)`` int64, places in the names; the names are empty where nothing was split.
    patches
        The patches that moved the model most.
    skipped
        The faces that could not be used: the number of each, and why.
    null
        ``(m, R)``: ``ior`` on random weights for the first faces; None where it was not asked.
    seconds
        Wall time.
    """

    parts: ClassVar[tuple[type, ...]] = (Patches, Skipped)

    settings: dict[str, Any]
    model: str
    weights: str
    target: int
    label: str
    regions: tuple[str, ...]
    total: int
    sample: str
    numbers: Tensor
    names: tuple[str, ...]
    size: tuple[int, int]
    ior: Tensor
    probability: Tensor
    called: Tensor
    groups: Tensor
    group_names: tuple[str, ...]
    patches: Patches
    skipped: tuple[Skipped, ...] = ()
    null: Tensor | None = None
    seconds: float = 0.0

    @property
    def seen(self) -> int:
        """Faces that are done with: looked at, or skipped."""
        return len(self.numbers) + len(self.skipped)

    def name_of(self, number: int) -> str:
        """The name of a face that was looked at.

        Raises
        ------
        ValueError
            It was not.
        """
        row = int(torch.searchsorted(self.numbers, number))
        if row == len(self.numbers) or int(self.numbers[row]) != number:
            raise ValueError(f"face {number} was not looked at: it is one of {len(self.numbers):,} others")
        return self.names[row]

    def joined(self, part: Part) -> FaceXResult:
        """Take what was seen of other faces in."""
        numbers = torch.cat([self.numbers, part.numbers])
        names = (*self.names, *part.names)
        columns: dict[str, Any] = {
            name: torch.cat([getattr(self, name), getattr(part, name)])
            for name in ("ior", "probability", "called", "groups")
        }
        if len(part.numbers) and len(self.numbers) and int(self.numbers[-1]) > int(part.numbers[0]):
            order = numbers.argsort()
            numbers, names = numbers[order], tuple(names[row] for row in order.tolist())
            columns = {name: column[order] for name, column in columns.items()}
        return replace(
            self,
            numbers=numbers,
            names=names,
            **columns,
            patches=merged(self.patches, part.patches),
            skipped=tuple(sorted((*self.skipped, *part.skipped))),
        )

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
        """One row a face: ``number``, ``name``, ``probability``, ``group`` (if any), a column a region."""
        frame = pd.DataFrame(self.ior.numpy(), columns=list(self.regions))
        frame.insert(0, "number", self.numbers.numpy())
        frame.insert(1, "name", self.names)
        frame.insert(2, "probability", self.probability.numpy())
        if self.group_names:
            frame.insert(3, "group", [self.group_names[place] for place in self.groups.tolist()])
        return frame

    def patch_frame(self) -> pd.DataFrame:
        """One row a patch, the best of each region first: region, image, name, row, column, value."""
        rows = [
            (
                name,
                image,
                self.name_of(image),
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
        if len(self.called) and not bool(self.called.any()):
            rows.append((f"faces called {self.label}", 0.0, "should be some", np.nan, _NEVER_CALLED))
        blank = (self.ior.nan_to_num(0) == 0).all(1).float()
        if bool(blank.any()):
            rows.append(("empty maps", float(blank.mean()), "should be near 0", np.nan, _BLANK))
        return pd.DataFrame(rows, columns=["measure", "value", "against", "reference", "meaning"])

    def _group(self, name: str) -> int:
        if name not in self.group_names:
            known = ", ".join(map(repr, self.group_names)) or "none: FaceX(groups=…) makes some"
            raise ValueError(f"no group is called {name!r}; there are {known}")
        return self.group_names.index(name)

    def _repr_html_(self) -> str:
        ranked = self.to_frame().dropna(subset="ior").sort_values("rank")
        best = ", ".join(f"{row.region} {row.ior:.2f}" for row in ranked.head(5).itertuples())
        skipped = f"; {len(self.skipped):,} could not be used" if self.skipped else ""
        text = f"{self.model}, {self.label}: {best} ({len(self.ior):,} of {self.total:,} faces{skipped})"
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
