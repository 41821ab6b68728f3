"""The superpixels that carry a prediction, as an engine found them, and how far to trust the answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np
import pandas as pd
import torch
from skimage.measure import regionprops_table
from skimage.segmentation import find_boundaries
from torch import Tensor

from cfwidgets.brief import brief
from cfwidgets.engines.base import ExplainerResult, Measure
from cfwidgets.evaluation.deletion import Curve, Faithfulness, RandomCurve
from cfwidgets.evaluation.overlap import chance_jaccard, mean_pairwise_jaccard
from cfwidgets.evaluation.placed import PlacedMap, resampled
from cfwidgets.search.operators import seeded
from cfwidgets.text import cut

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_TITLE = 24  # letters of a label that fit above one of the figure's axes

Objective = Literal["sufficient", "necessary"]

FLAT = "Nothing that is hidden changes the answer."

_DELETION = (
    "Superpixels are removed, the most important first: the mean probability meanwhile. Lower than for "
    "random orders is better."
)
_INSERTION = (
    "Superpixels are added to the empty picture, the most important first: the mean probability meanwhile. "
    "Higher than for random orders is better."
)
_AGREEMENT = (
    "Overlap (Jaccard index) of the superpixels that searches with different seeds select, beside that of "
    "random selections as large. Near chance, the answer is one of many."
)
_FIT = "Share of the variance of the model's answers to the random masks that the linear model explains."
# See tests/benchmarks/null_zoo.py for the networks that these were chosen on.
_CLIMBED = 0.7  # from the whole picture's probability
_AS_FAR = 0.9  # of what is found on the model, on the randomised one
_LOW = 0.5
_ALIKE = 0.5
_FITS = 0.2
_RANDOMISED = (
    "Rank correlation with the importance that the same method finds on a copy of the model with random "
    "weights. Far from 0, the answer depends on the method more than on the model."
)
_CLIMB = (
    "Probability of the class that the same search finds on a copy of the model with random weights, which "
    "gives the whole picture {whole:.3f}. Where it is as high as on the model, it shows the search alone."
)


@dataclass(frozen=True, eq=False)
class Search:
    """One run of the genetic algorithm.

    Attributes
    ----------
    seed
        The seed that it began with.
    probability
        Probability of the explained class with the best selection found, computed in float32.
    best, mean
        ``(g,)`` float64: the probability for the best selection so far, and the mean over the population,
        after each generation from the initial one on, in the precision in which the model ranks masks. The
        mean is over the finite answers.
    masks
        ``(g, n)`` bool: the best selection so far, after each generation.
    asked
        The masks shown that it has evaluated, 32,768 at most, and their probabilities, NaN where the model
        has no finite answer, as `cfwidgets.search.memo.Memo.state` gives them.
    state
        The `cfwidgets.search.ga.Generation.state` that the search can be resumed from.
    seconds
        Time that it took, in all where it was resumed. Masks that an earlier search evaluated cost it none.
    """

    __repr__ = brief

    schema: ClassVar[dict[str, str]] = {
        "seed": "0 inf",
        "probability": "0 1",
        "best": "float64 (g)",
        "mean": "float64 (g) nan",
        "masks": "bool (g, n)",
        "asked": "nan",
        "state": "nan",
        "seconds": "0 inf",
    }

    seed: int
    probability: float
    best: Tensor
    mean: Tensor
    masks: Tensor
    asked: dict[str, Tensor]
    state: dict[str, Tensor]
    seconds: float

    @property
    def generation(self) -> int:
        """The last generation; 0 is the initial one."""
        return len(self.best) - 1

    @property
    def mask(self) -> Tensor:
        """``(n,)`` bool: the best selection of superpixels found."""
        return self.state["best"]

    @property
    def population(self) -> Tensor:
        """``(P, n)`` bool: the last population."""
        return self.state["population"]

    @property
    def population_share(self) -> Tensor:
        """``(n,)``: the share of the last population in which each superpixel is selected."""
        return self.population.float().mean(0)


@dataclass(frozen=True, eq=False)
class RandomisedModel:
    """The same search on a copy of the model with random weights (Adebayo et al. 2018).

    An explanation that reflects what the model has learnt cannot look the same for this copy.

    Attributes
    ----------
    whole, probability
        The copy's probability of the explained class, for the whole image and with the best selection found.
        The second shows how high a search climbs on a model that has learnt nothing.
    correlation
        Spearman's rank correlation of the importances found on the two models; near 0 is good.
    jaccard, chance
        Overlap of the two best selections, and the expected overlap of two random ones of their sizes.
    importance
        ``(n,)``: importance found on the copy.
    evaluations
        Number of distinct images that the copy evaluated.
    """

    __repr__ = brief

    schema: ClassVar[dict[str, str]] = {
        "whole": "0 1",
        "probability": "0 1",
        "correlation": "-1 1",
        "jaccard": "0 1",
        "chance": "0 1",
        "importance": "float (n)",
        "evaluations": "0 inf",
    }

    whole: float
    probability: float
    correlation: float
    jaccard: float
    chance: float
    importance: Tensor
    evaluations: int


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class SuperpixelResult(ExplainerResult):
    """The superpixels that carry a prediction.

    Attributes
    ----------
    settings, model, labels, prediction, fingerprints, seconds
        See `ExplainerResult`. The settings name the ``method`` too: ``E-LIME`` or ``LIME``.
    image, hidden
        ``(3, H, W)`` float32 in [0, 1]: the image as the model sees it, and the content of hidden
        superpixels.
    segments
        ``(H, W)`` int32 labels, 0 to n - 1.
    target
        The explained class.
    blank
        Probability of the class with every superpixel hidden; NaN where the model has no finite answer.
    mask
        ``(n,)`` bool: the superpixels selected.
    probability
        Probability of the class with only the superpixels of ``shown``, computed in float32; NaN where the
        model has no finite answer to those that LIME selects.
    importance
        ``(n,)`` in [-1, 1]: how much showing a superpixel speaks for the class (above 0) or against it; 1 or
        -1 is the strongest. 0 for one that changes nothing. E-LIME: see the notes of `ELime`; LIME: its
        weight.
    interval
        ``(n, 2)``: 90 % interval of the importance, by bootstrap over the masks; None before the importance
        is final, and for LIME.
    smallest, smallest_probability
        ``(n,)`` bool: what is left of ``mask`` when superpixels are dropped one after another while at least
        nine tenths of what it achieves stays: of its probability, or for ``necessary`` of the probability
        that it takes away. And the probability of the class then. None before, and for LIME.
    searches
        Runs of the genetic algorithm, one for each seed (E-LIME).
    watched
        Index of the search at work, and when all have ended, of the one with the best selection (E-LIME).
    weights, fit
        ``(n,)`` float64 weights of the linear model and its R²; None before the fit (LIME).
    sampled
        Number of random masks evaluated (LIME).
    evaluations
        Number of images that the explained model evaluated, but for those repeated in float32.
    invalid
        Number of these for which it has no finite answer: never the best, and left out of the importance.
    evaluated
        The last 32,768 masks evaluated and their probabilities, as `cfwidgets.search.memo.Memo.state` gives
        them, for a run that resumes this one; None before the first.
    faithfulness, randomised_model
        Measures of trust; None before they were taken, or where they cannot be.
    """

    schema: ClassVar[dict[str, str]] = {
        "image": "float32 (3, H, W) 0 1",
        "hidden": "float32 (3, H, W) 0 1",
        "segments": "int32 (H, W) 0 inf",
        "target": "0 inf",
        "blank": "0 1 nan",
        "mask": "bool (n)",
        "probability": "0 1 nan",
        "importance": "float (n)",
        "watched": "0 inf",
        "weights": "float64 (n)",
        "sampled": "0 inf",
        "evaluations": "0 inf",
        "invalid": "0 inf",
        "evaluated": "nan",
    }

    parts: ClassVar[tuple[type, ...]] = (Search, RandomisedModel, Faithfulness, Curve, RandomCurve)

    image: Tensor
    hidden: Tensor
    segments: Tensor
    target: int
    blank: float
    mask: Tensor
    probability: float
    importance: Tensor
    interval: Tensor | None = None
    smallest: Tensor | None = None
    smallest_probability: float | None = None
    searches: tuple[Search, ...] = ()
    watched: int = 0
    weights: Tensor | None = None
    fit: float | None = None
    sampled: int = 0
    evaluations: int = 0
    invalid: int = 0
    evaluated: dict[str, Tensor] | None = None
    faithfulness: Faithfulness | None = None
    randomised_model: RandomisedModel | None = None

    def require_sound(self) -> None:
        """Raise ValueError where fields contradict each other."""
        super().require_sound()
        if int(self.segments.max()) + 1 != len(self.mask) or self.segments.shape != self.image.shape[1:]:
            raise ValueError("the superpixels are not those of the mask and the image")
        if self.watched > len(self.searches):
            raise ValueError(f"search {self.watched} is watched, of {len(self.searches)}")

    @property
    def method(self) -> str:
        """The method that found it: ``E-LIME`` or ``LIME``."""
        return str(self.settings["method"])

    @property
    def objective(self) -> Objective:
        """``sufficient``: the selected superpixels are those to show. ``necessary``: those to remove."""
        return self.settings.get("objective", "sufficient")

    @property
    def label(self) -> str:
        """The name of the explained class."""
        return self.labels[self.target]

    @property
    def whole(self) -> float:
        """Probability of the class for the whole image."""
        return float(self.prediction[self.target])

    @property
    def count(self) -> int:
        """Number of superpixels, n."""
        return len(self.mask)

    @property
    def shown(self) -> Tensor:
        """``(n,)`` bool: the superpixels to show, which ``probability`` belongs to."""
        return self.mask if self.objective == "sufficient" else ~self.mask

    @property
    def shown_smallest(self) -> Tensor | None:
        """``(n,)`` bool: the superpixels to show, which ``smallest_probability`` belongs to."""
        if self.smallest is None:
            return None
        return self.smallest if self.objective == "sufficient" else ~self.smallest

    @property
    def population_share(self) -> Tensor | None:
        """``(n,)`` in [0, 1]: the share of the last populations that selects each; None without searches."""
        if not self.searches:
            return None
        return torch.stack([search.population_share for search in self.searches]).mean(0)

    @property
    def rank(self) -> Tensor:
        """``(n,)`` int64: 1 for the most important superpixel; equals share the first of their ranks."""
        more = self.importance[None] > self.importance[:, None]
        return 1 + more.sum(1)

    @property
    def tied(self) -> int:
        """The number of superpixels that are as important as another."""
        _, counts = self.importance.unique(return_counts=True)
        return int(counts[counts > 1].sum())

    @property
    def flat(self) -> bool:
        """True where nothing that is hidden changes the answer: all importances are 0."""
        return self._settled and not bool(self.importance.any())

    @property
    def _settled(self) -> bool:
        """True once the importance is final."""
        return self.interval is not None or self.weights is not None

    @property
    def order(self) -> Tensor:
        """``(n,)``: the superpixels from most to least important; of equals the selected first, then by lot.

        The lot is drawn with the seed: the place among equals means nothing (`rank`, `tied`).
        """
        lot = torch.randperm(self.count, generator=seeded(int(self.settings["seed"])))
        keys = (lot.numpy(), ~self.mask.numpy(), -self.importance.numpy())
        return torch.from_numpy(np.lexsort(keys))

    @property
    def agreement(self) -> float | None:
        """Mean Jaccard index of the masks of each two searches, 0 to 1; None where there is one search."""
        return None if len(self.searches) < 2 else mean_pairwise_jaccard(self._masks)

    @property
    def chance_agreement(self) -> float | None:
        """The expected ``agreement`` of random masks of the same sizes."""
        return None if len(self.searches) < 2 else chance_jaccard(self._masks)

    @property
    def probabilities(self) -> tuple[float, float]:
        """Mean and standard deviation over the searches of the best probability (the paper's table 2)."""
        found = np.array([search.probability for search in self.searches] or [self.probability])
        return float(found.mean()), float(found.std(ddof=1)) if len(found) > 1 else 0.0

    @property
    def _masks(self) -> Tensor:
        return torch.stack([search.mask for search in self.searches])

    @property
    def explained(self) -> Tensor:
        """See `ExplainerResult.explained`."""
        return self.image

    def placed(self, size: tuple[int, int]) -> dict[str, PlacedMap]:
        """See `ExplainerResult.placed`: the importance, the same all over a superpixel."""
        if not self._settled:
            return {}
        segments, there = self.segments.long(), self.randomised_model
        copies = () if there is None else (resampled(there.importance[segments], size),)
        return {self.method: PlacedMap(resampled(self.importance[segments], size), randomised=copies)}

    def to_frame(self) -> pd.DataFrame:
        """One row a superpixel, the most important first.

        Columns: ``superpixel`` (its label in ``segments``), ``rank`` (`rank`; equals share one), ``selected``
        (in ``mask``), ``smallest`` (in the smallest answer; missing before), ``importance`` (-1 to 1),
        ``low`` and ``high`` (its 90 % interval; NaN where there is none), ``share`` (of the image's area),
        ``row`` and ``column`` (its centre, in pixels).
        """
        interval = self.interval if self.interval is not None else torch.full((self.count, 2), np.nan)
        smallest = {} if self.smallest is None else {"smallest": self.smallest.numpy()}
        labels = self.segments.numpy() + 1  # regionprops leaves label 0 out
        regions = regionprops_table(labels, properties=("label", "area", "centroid"))
        frame = pd.DataFrame(
            {
                "superpixel": np.arange(self.count),
                "rank": self.rank.numpy(),
                "selected": self.mask.numpy(),
                **smallest,
                "importance": self.importance.numpy(),
                "low": interval[:, 0].numpy(),
                "high": interval[:, 1].numpy(),
                "share": regions["area"] / labels.size,
                "row": regions["centroid-0"],
                "column": regions["centroid-1"],
            }
        )
        return frame.iloc[self.order.numpy()].reset_index(drop=True)

    def search_frame(self) -> pd.DataFrame:
        """One row a search (E-LIME): what the paper's table 2 is computed from.

        Columns: ``seed``, ``original`` (the probability for the whole image), ``probability`` (of the best
        selection), ``selected`` (superpixels in it), ``generations`` (after the initial one), ``seconds``.
        The table has the best ``probability`` and the shortest ``seconds``, and mean and standard deviation
        of both.
        """
        columns = ["seed", "original", "probability", "selected", "generations", "seconds"]
        rows = [
            (
                search.seed,
                self.whole,
                search.probability,
                int(search.mask.sum()),
                search.generation,
                search.seconds,
            )
            for search in self.searches
        ]
        return pd.DataFrame(rows, columns=columns)

    def picture(self) -> Tensor:
        """Give the image with only the superpixels of ``shown``, ``(3, H, W)``, as the model sees it."""
        return self._picture(self.shown)

    def _picture(self, shown: Tensor) -> Tensor:
        return torch.where(shown[self.segments.long()], self.image, self.hidden)

    def summary(self) -> str:
        """Say the finding in one sentence of plain text."""
        verb = "shown" if self.objective == "sufficient" else "removed"
        selected = f"{int(self.mask.sum())} of {self.count} superpixels {verb}"
        found = [f"{self.label}: probability {self.probability:.3f} with {selected}"]
        if self.smallest is not None and self.smallest_probability is not None:
            found.append(f"{self.smallest_probability:.3f} with {int(self.smallest.sum())} of them")
        found.append(
            f"{self.whole:.3f} for the whole picture ({self.method}, {self.evaluations:,} pictures evaluated "
            f"in {self.seconds:.1f} s)."
        )
        return ", ".join(found) + (f" {FLAT}" if self.flat else "")

    def plot(self) -> Figure:
        """Draw the image, the part to show, the importance, and the search or the weights, for a paper."""
        from matplotlib.figure import Figure

        pictures = [(self.image, f"{cut(self.label, _TITLE)}: {self.whole:.3f}")]
        for shown, probability in (
            (self.shown_smallest, self.smallest_probability),
            (self.shown, self.probability),
        ):
            if shown is not None:
                title = f"{int(shown.sum())} of {self.count} superpixels: {probability:.3f}"
                pictures.append((self._picture(shown), title))
        figure = Figure(figsize=(6 + 2.6 * len(pictures), 3.2), layout="constrained")
        axes = figure.subplots(1, len(pictures) + 2, width_ratios=[1.0] * len(pictures) + [1.25, 1.4])
        for axis, (image, title) in zip(axes, pictures, strict=False):
            axis.imshow(image.permute(1, 2, 0).numpy())
            axis.set_title(title, fontsize=10, parse_math=False)
        importance = self.importance[self.segments.long()].numpy()
        heat = axes[-2].imshow(importance, cmap="PRGn", vmin=-1, vmax=1)
        edges = find_boundaries(self.segments.numpy(), mode="inner")
        axes[-2].imshow(np.ma.masked_where(~edges, edges), cmap="gray", vmin=0, vmax=2, alpha=0.4)
        axes[-2].set_title("importance: for (1), against (-1)", fontsize=10)
        figure.colorbar(heat, ax=axes[-2], shrink=0.85)
        for axis in axes[:-1]:
            axis.set_axis_off()
        if self.weights is None:
            self._plot_searches(axes[-1])
        else:
            self._plot_weights(axes[-1], self.weights)
        return figure

    def _plot_searches(self, axis: Axes) -> None:

        for search in self.searches:
            axis.plot(search.best, color="#0072B2", label="best")
            axis.plot(search.mean, color="0.5", lw=1, label="mean")
        axis.axhline(self.whole, color="0.3", ls=":", label="whole picture")
        axis.set(xlabel="generation", ylim=(0, 1.02))
        axis.locator_params(axis="x", integer=True)
        axis.set_title(f"probability of {cut(self.label, _TITLE)}", fontsize=10, parse_math=False)
        handles, names = axis.get_legend_handles_labels()
        unique = dict(zip(names, handles, strict=True))
        axis.legend(unique.values(), unique.keys(), fontsize=8, frameon=False)

    def _plot_weights(self, axis: Axes, weights: Tensor) -> None:
        order = weights.argsort(descending=True)
        colors = np.where(self.mask[order], "#0072B2", "0.6")
        axis.bar(np.arange(self.count), weights[order].numpy(), width=1, color=colors)
        axis.set(xlabel="superpixels, those selected in blue")
        axis.set_title("weights of the linear model", fontsize=10)

    def measures(self) -> list[Measure]:
        """Return the rows of `trust`; a measure that was not taken has none."""
        rows: list[Measure] = []
        if self.faithfulness is not None:
            f = self.faithfulness
            removed, added = f.random_deletion.area, f.random_insertion.area
            less, more = f.beyond_random
            rows.append(Measure("deletion area", f.deletion.area, "random order", removed, _DELETION, less))
            rows.append(Measure("insertion area", f.insertion.area, "random order", added, _INSERTION, more))
        if self.agreement is not None and self.chance_agreement is not None:
            name = f"agreement of {len(self.searches)} seeds"
            chance = self.chance_agreement
            rows.append(Measure(name, self.agreement, "chance", chance, _AGREEMENT, self._agrees))
        if self.fit is not None:
            ok = self.fit >= _FITS
            rows.append(Measure("R² of the linear model", self.fit, "should be near 1", np.nan, _FIT, ok))
        if self.randomised_model is not None and not self.flat:  # nothing is like nothing
            there = self.randomised_model
            ok = abs(there.correlation) < _ALIKE
            rows.append(
                Measure("randomised model", there.correlation, "should be near 0", np.nan, _RANDOMISED, ok)
            )
            rows.append(
                Measure(
                    "probability on the randomised model",
                    there.probability,
                    "on the model",
                    self.probability,
                    _CLIMB.format(whole=there.whole),
                    not self._climbs_anywhere,
                )
            )
        return rows + self.unanswered(self.invalid, self.evaluations)

    @property
    def own_caveats(self) -> tuple[str, ...]:
        """See `ExplainerResult.own_caveats`."""
        rows = list(self.hardly_predicted(self.target))
        rows += self.often_unanswered(self.invalid, self.evaluations)
        if not np.isfinite(self.probability):
            rows.append("The model has no finite answer to the superpixels selected.")
        if not bool(self.importance.isfinite().all()):
            rows.append("The importance is not finite: it shows nothing.")
        elif self.flat:
            rows.append(FLAT)
        found = self._found
        if self.objective == "sufficient" and found - self.whole > _CLIMBED:
            rows.append(
                f"The probability of {found:.3f} is far beyond that of the whole picture, {self.whole:.3f}: "
                "the search found pictures unlike any that the model was trained on."
            )
        if self._climbs_anywhere and self.randomised_model is not None:
            rows.append(
                f"The same search climbs from {self.randomised_model.whole:.3f} to "
                f"{self.randomised_model.probability:.3f} on a model with random weights: a high probability "
                "shows the search and not what the model has learnt."
            )
        if self.faithfulness is not None and not self.flat and not any(self.faithfulness.beyond_random):
            rows.append(
                "Removing or adding the superpixels by importance changes the answer no sooner than in "
                "random orders."
            )
        if self._agrees is False:
            rows.append("Searches with other seeds select other superpixels, no more alike than by chance.")
        return tuple(rows)

    @property
    def _found(self) -> float:
        """The probability that the finding claims; the whole picture's before there is one."""
        return self.probability if self.searches or self.weights is not None else self.whole

    @property
    def _climbs_anywhere(self) -> bool:
        """True where the search makes as much of a class that a randomised model hardly predicts."""
        there = self.randomised_model
        if there is None or self.objective != "sufficient":
            return False
        return there.whole < _LOW and there.probability >= max(_LOW, _AS_FAR * self.probability)

    @property
    def _agrees(self) -> bool | None:
        """True where the searches agree more than by chance; None where one cannot tell."""
        if self.agreement is None or self.chance_agreement is None:
            return None
        return self.agreement > self.chance_agreement
