"""The result of FaceX: attention and effect by region over a data set of faces, and how far to trust them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from cfwidgets.brief import brief
from cfwidgets.data.faces.prototype import Prototype
from cfwidgets.data.faces.regions import REGIONS, region_label
from cfwidgets.data.reading import Skipped
from cfwidgets.engines.base import SURER, ExplainerResult, Measure
from cfwidgets.engines.base.measure import apart
from cfwidgets.engines.facex.effect import Effects
from cfwidgets.engines.facex.meaning import Meaning
from cfwidgets.engines.facex.top_patches import Patches, merged
from cfwidgets.evaluation.overlap import rank_correlation
from cfwidgets.text import cut

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["FaceXResult", "Part"]

_NAME = 40  # characters of a name in the title of a figure
_SAMPLES = 1000
_AT_ONCE = 100  # resamplings at once
_CONFIDENCE = 95
# See tests/benchmarks/null_zoo.py for the networks that these were chosen on.
_FEWEST = 8  # faces of which a deviation says something
_FLAT = 0.25  # of the log-odds
_LEAST = 1e-6
_MOSTLY = 0.5
_AGREEING = 0.3
_HALVES = (
    "Rank correlation of the regions between two halves of the faces. Far below 1, there are too few faces."
)
_RANDOMISED = (
    "Rank correlation with the regions that a copy of the model with random weights attends to. Near 1, the "
    "ranking says more about the images and the method than about what the model has learnt."
)
_EFFECT_HALVES = (
    "Rank correlation of the regions' effects between two halves of the sampled faces. Far below 1, there "
    "are too few: raise FaceX(sampled=…)."
)
_AGAINST = (
    "Rank correlation of the regions' attention with their effect when hidden. Far below 1, the model "
    "attends to regions that its answers do not hang on: go by the effect."
)
_NEVER_PREDICTED = (
    "The model predicts this class for none of the faces. The attention is evidence for a class that never "
    "wins: choose faces, or a class, that go together."
)
_EMPTY = (
    "Share of the faces without any evidence for the class, in which all regions count as 0. In the other "
    "faces attention is higher than the means."
)


@dataclass(frozen=True, eq=False)
class Part:
    """The summary of some of the faces; parts may be joined in any order.

    Attributes
    ----------
    numbers
        ``(n,)`` int64: the faces' indices in the data set, ascending; without skipped ones.
    names, ior, probability, predicted_target, groups, patches
        As in `FaceXResult`, for these faces.
    skipped
        The faces that could not be used.
    """

    __repr__ = brief

    numbers: Tensor
    names: tuple[str, ...]
    ior: Tensor
    probability: Tensor
    predicted_target: Tensor
    groups: Tensor
    patches: Patches
    skipped: tuple[Skipped, ...] = ()
    layer: str = ""
    limits: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class FaceXResult(ExplainerResult):
    """The regions that a classifier attends to over a data set, and the patches with the most attention.

    Attributes
    ----------
    settings
        The engine's, and the question: ``target``, ``regions``, number of ``faces``, ``size``.
    model
        The classifier's name.
    labels
        The names of its C classes.
    prediction
        ``(C,)``: the model's probabilities for the first face that can be used.
    fingerprints
        Those of the ``"model"`` and of the first face of the ``"data set"``.
    seconds
        Time that the work took.
    target
        Index of the explained class.
    regions
        Names of the R regions.
    total
        Number of faces in the data set; n of them have been summarised so far.
    numbers
        ``(n,)`` int64, ascending: indices of the summarised faces in the data set.
    names
        The names of these faces.
    size
        Height and width of the model's input.
    ior
        ``(n, R)`` in [0, 1]: importance of each region in each image; NaN where the image does not have it.
    probability
        ``(n,)``: the model's probability of the target.
    predicted_target
        ``(n,)`` bool: True where the model predicts the target.
    groups, group_names
        ``(n,)`` int64, indices into the names; without groups all 0, and no names.
    patches
        The patches with the most attention.
    skipped
        The faces that could not be used, with the reasons.
    randomised
        ``(m, R)``: ``ior`` of a copy of the model with random weights, for the first m faces; None where it
        was not measured.
    layer
        Name of the layer whose maps were read; empty before the first batch, and with methods that read none.
    limits
        Limits of the maps in words: see `cfwidgets.attribution.Attribution`.
    sampled
        ``(k,)`` int64: indices of the faces of which each region was hidden, in the order in which they were
        drawn; None where that was not done.
    effect
        ``(k, R)``: by how much each region raises the target's log-odds in these faces; NaN where the face
        does not have it.
    repainted, odds, colours
        ``(k, R)``, ``(k, 3)`` and ``(k, 3)``: how much hiding changed the pixels, the target's log-odds for
        the face, the mirrored face and the face with noise, and its mean colour: see
        `cfwidgets.engines.facex.effect.Effects`.
    """

    schema: ClassVar[dict[str, str]] = {
        "target": "0 inf",
        "regions": "(R)",
        "total": "0 inf",
        "numbers": "int64 (n) 0 inf",
        "names": "(n)",
        "size": "(2)",
        "ior": "float (n, R) 0 1 nan",
        "probability": "float (n) 0 1",
        "predicted_target": "bool (n)",
        "groups": "int64 (n) 0 inf",
        "randomised": "float (m, R) 0 1 nan",
        "sampled": "int64 (k) 0 inf",
        "effect": "float (k, R) nan",
        "repainted": "float (k, R) 0 inf nan",
        "odds": "float (k, 3) nan",
        "colours": "float (k, 3) 0 1 nan",
    }

    parts: ClassVar[tuple[type, ...]] = (Patches, Skipped)

    target: int
    regions: tuple[str, ...]
    total: int
    numbers: Tensor
    names: tuple[str, ...]
    size: tuple[int, int]
    ior: Tensor
    probability: Tensor
    predicted_target: Tensor
    groups: Tensor
    group_names: tuple[str, ...]
    patches: Patches
    skipped: tuple[Skipped, ...] = ()
    randomised: Tensor | None = None
    layer: str = ""
    limits: tuple[str, ...] = ()
    sampled: Tensor | None = None
    effect: Tensor | None = None
    repainted: Tensor | None = None
    odds: Tensor | None = None
    colours: Tensor | None = None

    @property
    def label(self) -> str:
        """The name of the explained class."""
        return self.labels[self.target]

    @property
    def seen(self) -> int:
        """Number of faces processed so far: summarised or skipped."""
        return len(self.numbers) + len(self.skipped)

    def name_of(self, number: int) -> str:
        """Return the name of a summarised face.

        Raises
        ------
        ValueError
            The face has not been summarised.
        """
        row = int(torch.searchsorted(self.numbers, number))
        if row == len(self.numbers) or int(self.numbers[row]) != number:
            raise ValueError(f"face {number} is none of the {len(self.numbers):,} summarised faces")
        return self.names[row]

    def joined(self, part: Part) -> FaceXResult:
        """Return the result with a part of other faces added."""
        numbers = torch.cat([self.numbers, part.numbers])
        names = (*self.names, *part.names)
        columns: dict[str, Any] = {
            name: torch.cat([getattr(self, name), getattr(part, name)])
            for name in ("ior", "probability", "predicted_target", "groups")
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
            layer=self.layer or part.layer,
            limits=self.limits or part.limits,
        )

    def effects(self) -> Iterator[tuple[int, Effects]]:
        """Yield the number of each sampled face, and what was measured of it."""
        columns = (self.sampled, self.effect, self.repainted, self.odds, self.colours)
        if all(column is not None for column in columns):
            for number, *rows in zip(*columns, strict=True):  # type: ignore[arg-type]
                yield int(number), Effects(*rows)

    def with_effects(self, numbers: Sequence[int], found: Sequence[Effects]) -> FaceXResult:
        """Return the result with these sampled faces, and what was measured of each."""
        regions = len(self.regions)
        empty = Effects(*(torch.zeros(0, count) for count in (regions, regions, 3, 3)))
        effect, repainted, odds, colours = map(torch.stack, zip(*found, strict=True)) if found else empty
        return replace(
            self,
            sampled=torch.tensor(numbers, dtype=torch.int64),
            effect=effect,
            repainted=repainted,
            odds=odds,
            colours=colours,
        )

    def summary(self) -> str:
        """Name the regions with the most attention, in one sentence."""
        faces = f"{len(self.numbers):,} of {self.total:,} faces"
        skipped = f"; {len(self.skipped):,} could not be used" if self.skipped else ""
        ranked = self._ranked().head(5)
        if ranked.empty:
            return f"{self.model}: no attention for {self.label} yet ({faces}{skipped})"
        best = ", ".join(f"{row.region} {row.attention:.2f}" for row in ranked.itertuples())
        moved = self.to_frame().dropna(subset="effect").sort_values("effect_rank", kind="stable").head(3)
        most = ", ".join(f"{row.region} {row.effect:.2g}" for row in moved.itertuples())
        hidden = f"; hiding {most} changes the log-odds most" if most else ""
        return (
            f"{self.model}: mean attention for {self.label} is highest on {best}{hidden} ({faces}{skipped})"
        )

    def to_frame(self, group: str | None = None) -> pd.DataFrame:
        """Return attention to the regions and their effect, one row a region, in their order.

        The index, ``key``, has the names by which the code knows the regions. Columns: ``region``, the name
        in words; ``attention`` (the mean, 0 to 1; NaN where no face has the region); ``rank``
        (1 for the highest; equal scores share the better rank; regions that no face has are not ranked);
        ``effect`` (mean size of the change of the target's log-odds when the region is hidden, over the
        sampled faces that have it, 0 to inf; NaN where it was not measured) and ``effect_rank``; ``low`` and
        ``high`` (95 % interval of ``attention``, percentile bootstrap over the faces; NaN where fewer than
        two have the region), ``effect_low`` and ``effect_high``; ``push`` (mean change with its sign: above
        0 where the region speaks for the class); ``count`` and ``effect_count`` (faces that have the region);
        ``chance`` (probability of this rank by attention or a better one in a random ranking);
        ``randomised`` (attention of a copy of the model with random weights).

        Parameters
        ----------
        group
            Name of a group, to use only its faces.

        Raises
        ------
        ValueError
            There is no group of this name.
        """
        table, changes = self.ior, self._changes()
        if group is not None:
            place = self._group(group)
            table = table[self.groups == place]
            changes = changes[self.groups[self._rows_of_sample()] == place]
        seed = self.settings["seed"]
        attention, effect = _Column.of(table, seed), _Column.of(changes.abs(), seed)
        randomised = torch.full_like(attention.mean, torch.nan)
        if self.randomised is not None:
            randomised = _means(self.randomised)
        rank = attention.rank
        return pd.DataFrame(
            {
                "region": [region_label(name) for name in self.regions],
                "attention": attention.mean.numpy(),
                "rank": rank.astype("Int64").array,
                "effect": effect.mean.numpy(),
                "effect_rank": effect.rank.astype("Int64").array,
                "low": attention.low.numpy(),
                "high": attention.high.numpy(),
                "effect_low": effect.low.numpy(),
                "effect_high": effect.high.numpy(),
                "push": _means(changes).numpy(),
                "count": attention.faces.numpy(),
                "effect_count": effect.faces.numpy(),
                "chance": (rank / max(1, int(rank.notna().sum()))).array,
                "randomised": randomised.numpy(),
            },
            index=pd.Index(self.regions, name="key"),
        )

    def per_image(self) -> pd.DataFrame:
        """Return the scores of the faces, one row a face.

        Columns: ``number``, ``name``, ``probability``, ``group`` (with groups), and one for each region, by
        its name in words.
        """
        frame = pd.DataFrame(self.ior.numpy(), columns=[region_label(name) for name in self.regions])
        frame.insert(0, "number", self.numbers.numpy())
        frame.insert(1, "name", self.names)
        frame.insert(2, "probability", self.probability.numpy())
        if self.group_names:
            frame.insert(3, "group", [self.group_names[place] for place in self.groups.tolist()])
        return frame

    def patch_frame(self) -> pd.DataFrame:
        """Return one row a patch, the best of each region first.

        Columns: ``region``, in words; ``image`` and ``name`` (index and name of the face); ``row`` and
        ``column`` (upper left pixel in the model's input); ``value`` (sum of the attention in the patch that
        is on the region).
        """
        rows = [
            (
                region_label(name),
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

    def plot(self, prototype: Prototype | None = None) -> Figure:
        """Draw attention and effect as heat maps on a prototype, and the patches of the best regions beside.

        Both are on one scale: as parts of the highest region's.

        Parameters
        ----------
        prototype
            A drawing of the regions. None for the face; where this lacks one of the regions, a ranking takes
            its place: bars with intervals of 95 %.

        Returns
        -------
        matplotlib.figure.Figure
            Below each patch stand the name of its face and the sum of the attention in it.

        Raises
        ------
        PrototypeError
            The drawing given lacks regions.
        ValueError
            No face has been summarised yet.
        """
        from cfwidgets.engines.facex.figure import draw_summary  # loads Matplotlib

        if prototype is not None:
            prototype.require(self.regions)
        elif {*self.regions} <= {*REGIONS}:
            prototype = Prototype.face()
        table = self.to_frame()
        if table["attention"].isna().all():
            raise ValueError("there is nothing to draw yet: no face has been summarised")
        faces = f"{len(self.numbers):,} of {self.total:,} faces"
        title = f"{cut(self.model, _NAME)}: what counts for {cut(self.label, _NAME)}, {faces}"
        return draw_summary(title, table, self.patches, self.name_of, prototype)

    def measures(self) -> list[Measure]:
        """Return the rows of `trust`: agreement of two halves, randomised model, and limits of the scores."""
        rows: list[Measure] = []
        halves = _correlation(_means(self.ior[::2]), _means(self.ior[1::2]))
        if halves is not None:
            ok = halves >= _AGREEING
            rows.append(Measure("agreement of two halves", halves, "should be near 1", np.nan, _HALVES, ok))
        if self.randomised is not None:
            correlation = self._randomised_correlation
            if correlation is not None:
                other = apart(correlation)
                rows.append(
                    Measure("randomised model", correlation, "should be near 0", np.nan, _RANDOMISED, other)
                )
        rows += [Measure("layer of the maps", np.nan, self.layer, np.nan, caveat) for caveat in self.limits]
        rows += self._measures_of_effect()
        if len(self.predicted_target) and not bool(self.predicted_target.any()):
            name = f"faces predicted as {self.label}"
            rows.append(Measure(name, 0.0, "should be some", np.nan, _NEVER_PREDICTED, ok=False))
        empty = (self.ior.nan_to_num(0) == 0).all(1).float()
        if bool(empty.any()):
            ok = float(empty.mean()) < _MOSTLY
            rows.append(Measure("empty maps", float(empty.mean()), "should be near 0", np.nan, _EMPTY, ok))
        return rows

    def _measures_of_effect(self) -> list[Measure]:
        sizes = self._changes().abs()
        found = (
            ("effect, agreement of two halves", _means(sizes[::2]), _means(sizes[1::2]), _EFFECT_HALVES),
            ("attention against effect", _means(self.ior), _means(sizes), _AGAINST),
        )
        compared = [(name, _correlation(one, other), meaning) for name, one, other, meaning in found]
        rows = [
            Measure(name, value, "should be near 1", np.nan, meaning)
            for name, value, meaning in compared
            if value is not None
        ]
        return rows if self._meaning is None else rows + self._meaning.measures()

    @property
    def _meaning(self) -> Meaning | None:
        """Signs of what the model goes by; None where no effect was measured."""
        parts = (self.effect, self.repainted, self.odds, self.colours)
        return None if any(part is None for part in parts) else Meaning(*parts)  # type: ignore[arg-type]

    def _changes(self) -> Tensor:
        """Return the effects, ``(k, R)``; no row where none was measured."""
        return self.ior[:0] if self.effect is None else self.effect

    def _rows_of_sample(self) -> Tensor:
        """Return the rows of the sampled faces in the tables of all, ``(k,)``."""
        sampled = self.numbers[:0] if self.sampled is None else self.sampled
        return torch.searchsorted(self.numbers, sampled)

    @property
    def own_caveats(self) -> tuple[str, ...]:
        """See `ExplainerResult.own_caveats`."""
        if not len(self.numbers):
            return ()
        rows = []
        surest = float(self.probability.max())
        if not bool(self.predicted_target.any()):
            rows.append(
                f"{self.label} is predicted for none of {len(self.numbers):,} faces (at most {surest:.3f}): "
                "the attention is to a class that never wins."
            )
        elif surest < 1 / len(self.labels) + SURER:
            rows.append(f"{self.label} is hardly predicted: its highest probability is {surest:.3f}.")
        odds = self.probability.double().clamp(_LEAST, 1 - _LEAST).logit()
        if len(odds) >= _FEWEST and float(odds.std()) < _FLAT:
            rows.append("The answer hardly depends on the face: the probability is much the same for all.")
        meaning = [] if self._meaning is None else self._meaning.caveats()
        return (*rows, *meaning, *self._caveats_of_attention(), *self.limits)

    def _caveats_of_attention(self) -> list[str]:
        rows = []
        if float((self.ior.nan_to_num(0) == 0).all(1).float().mean()) >= _MOSTLY:
            rows.append("Most maps are empty: there is no evidence for the class.")
        halves = _correlation(_means(self.ior[::2]), _means(self.ior[1::2]))
        if len(self.numbers) >= _FEWEST and halves is not None and halves <= 0:
            rows.append("Two halves of the faces agree on the regions no better than by chance.")
        correlation = self._randomised_correlation
        if correlation is not None and apart(correlation) is False:
            rows.append(
                "A model with random weights attends to much the same regions: they show the faces and not "
                "what the model has learnt."
            )
        return rows

    @property
    def _randomised_correlation(self) -> float | None:
        if self.randomised is None:
            return None
        return _correlation(_means(self.ior), _means(self.randomised))

    def _ranked(self) -> pd.DataFrame:
        return self.to_frame().dropna(subset="attention").sort_values("rank", kind="stable")

    def _group(self, name: str) -> int:
        if name not in self.group_names:
            known = ", ".join(map(repr, self.group_names)) or "none: FaceX(groups=…) makes some"
            raise ValueError(f"there is no group {name!r}; the groups are {known}")
        return self.group_names.index(name)


class _Column(NamedTuple):
    """The regions' means over the faces that have them, with intervals and ranks."""

    mean: Tensor
    low: Tensor
    high: Tensor
    faces: Tensor
    rank: pd.Series

    @classmethod
    def of(cls, table: Tensor, seed: int) -> _Column:
        mean = _means(table)
        rank = pd.Series(mean.numpy()).rank(ascending=False, method="min")
        return cls(mean, *_interval(table, seed), (~table.isnan()).sum(0), rank)


def _means(table: Tensor) -> Tensor:
    """Return the mean of each column without its NaN; NaN for a column of NaN."""
    return table.nanmean(0) if len(table) else torch.full(table.shape[1:], torch.nan)


def _interval(table: Tensor, seed: int) -> tuple[Tensor, Tensor]:
    """Return percentile bootstrap intervals of the columns' means, resampling faces with replacement."""
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
    single = there.sum(0) < 2  # one face says nothing about how much faces differ
    return low.masked_fill(single, torch.nan), high.masked_fill(single, torch.nan)


def _correlation(a: Tensor, b: Tensor) -> float | None:
    both = ~(a.isnan() | b.isnan())
    return None if int(both.sum()) < 3 else rank_correlation(a[both], b[both])
