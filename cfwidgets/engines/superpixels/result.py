"""What a search over superpixels found, and how far to trust it."""

from __future__ import annotations

import base64
import html
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
import pandas as pd
import torch
from skimage.measure import regionprops_table
from skimage.segmentation import find_boundaries
from torch import Tensor

from cfwidgets.evaluation.deletion import Curve, Faithfulness, RandomCurve
from cfwidgets.evaluation.overlap import chance_jaccard, mean_pairwise_jaccard
from cfwidgets.results import Result

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Objective = Literal["sufficient", "necessary"]

_DELETION = (
    "Superpixels are removed, the most important first: the mean probability meanwhile. Lower than for "
    "random orders is better."
)
_INSERTION = (
    "Superpixels are added to the empty picture, the most important first: the mean probability meanwhile. "
    "Higher than for random orders is better."
)
_AGREEMENT = (
    "Overlap (Jaccard index) of what searches with different seeds select, and of random selections as "
    "large. Near chance, the answer is one of many."
)
_FIT = "How much of what the model did with the random masks the linear model explains."
_RANDOM = (
    "Rank correlation with the importance that the same method finds on a copy of the network with random "
    "weights. Far from 0, the answer says more about the method than about the model."
)


@dataclass(frozen=True, eq=False)
class Search:
    """One run of the genetic algorithm.

    Attributes
    ----------
    seed
        The seed it ran with.
    mask
        ``(n,)`` bool: the superpixels selected by the fittest genome of all generations.
    probability
        Of the explained class on the picture that ``mask`` leaves.
    best, mean
        ``(g,)``: the same for the fittest genome so far, and the mean over the population, after each
        generation from the initial one on.
    masks
        ``(g, n)`` bool: the fittest genome so far, after each generation.
    population
        ``(P, n)`` bool: the last population.
    """

    seed: int
    mask: Tensor
    probability: float
    best: Tensor
    mean: Tensor
    masks: Tensor
    population: Tensor

    @property
    def importance(self) -> Tensor:
        """``(n,)``: the share of the last population in which each superpixel is selected."""
        return self.population.float().mean(0)


@dataclass(frozen=True, eq=False)
class RandomNetwork:
    """The same search on a copy of the network with random weights (Adebayo et al. 2018).

    An explanation that says something about the model cannot look the same when the model knows nothing.

    Attributes
    ----------
    whole, probability
        Of the explained class, on the whole picture and on the best mask found: a search climbs on a random
        network too, and this is how far.
    correlation
        Spearman's rank correlation of the importances found on the two networks; near 0 is good.
    jaccard, chance
        Overlap of the two best masks, and what two random masks of these sizes would have.
    importance
        ``(n,)`` as found on the random network.
    evaluations
        Distinct pictures that the random network was asked about.
    """

    whole: float
    probability: float
    correlation: float
    jaccard: float
    chance: float
    importance: Tensor
    evaluations: int


@dataclass(frozen=True, eq=False)
class SuperpixelResult(Result):
    """Which superpixels carry a prediction.

    Attributes
    ----------
    method
        ``E-LIME`` or ``LIME``.
    settings
        Those of the engine.
    image, hidden
        ``(3, H, W)`` in [0, 1]: what the model sees, and what stands where it is hidden.
    segments
        ``(H, W)`` labels, 0 to n - 1.
    target, label
        The explained class.
    objective
        ``sufficient``: the selected superpixels are those to show. ``necessary``: those to remove.
    whole, blank
        Probability of the class on the whole picture, and with everything hidden.
    mask
        ``(n,)`` bool: the superpixels selected.
    probability
        Of the class on the picture with the superpixels of ``shown``.
    importance
        ``(n,)`` in [0, 1].
    searches
        E-LIME's: the runs of the genetic algorithm, one a seed.
    watched
        The number of the one that is worked on, and when all have ended, of the one with the best mask.
    weights, fit
        LIME's: ``(n,)`` float64 weights of the linear model, and the R² of its fit.
    evaluations
        Distinct pictures that the explained model was asked about.
    seconds
        Wall time.
    faithfulness, random_network
        How far to trust it; None before it was measured, or where it cannot be.
    """

    parts: ClassVar[tuple[type, ...]] = (Search, RandomNetwork, Faithfulness, Curve, RandomCurve)

    method: str
    settings: dict[str, Any]
    image: Tensor
    hidden: Tensor
    segments: Tensor
    target: int
    label: str
    objective: Objective
    whole: float
    blank: float
    mask: Tensor
    probability: float
    importance: Tensor
    searches: tuple[Search, ...] = ()
    watched: int = 0
    weights: Tensor | None = None
    fit: float | None = None
    evaluations: int = 0
    seconds: float = 0.0
    faithfulness: Faithfulness | None = None
    random_network: RandomNetwork | None = None

    @property
    def count(self) -> int:
        """Number of superpixels, n."""
        return len(self.mask)

    @property
    def shown(self) -> Tensor:
        """``(n,)`` bool: the superpixels to show, which is what ``probability`` belongs to."""
        return self.mask if self.objective == "sufficient" else ~self.mask

    @property
    def order(self) -> Tensor:
        """``(n,)``: the superpixels from most to least important; the selected first among equals."""
        return torch.argsort(self.importance + 1e-6 * self.mask, descending=True, stable=True)

    @property
    def agreement(self) -> float | None:
        """Mean Jaccard index of the masks of each two searches, 0 to 1; None where there is one search."""
        return None if len(self.searches) < 2 else mean_pairwise_jaccard(self._masks)

    @property
    def chance_agreement(self) -> float | None:
        """What ``agreement`` would be for random masks of the same sizes."""
        return None if len(self.searches) < 2 else chance_jaccard(self._masks)

    @property
    def probabilities(self) -> tuple[float, float]:
        """Mean and standard deviation over the searches of the best probability (the paper's table 2)."""
        found = np.array([search.probability for search in self.searches] or [self.probability])
        return float(found.mean()), float(found.std(ddof=1)) if len(found) > 1 else 0.0

    @property
    def _masks(self) -> Tensor:
        return torch.stack([search.mask for search in self.searches])

    def to_frame(self) -> pd.DataFrame:
        """One row a superpixel, the most important first.

        Columns: ``superpixel`` (its label in ``segments``), ``selected``, ``importance`` (0 to 1), ``share``
        (of the picture's area), ``row`` and ``column`` (its centre, in pixels).
        """
        labels = self.segments.numpy() + 1  # regionprops leaves label 0 out
        regions = regionprops_table(labels, properties=("label", "area", "centroid"))
        frame = pd.DataFrame(
            {
                "superpixel": np.arange(self.count),
                "selected": self.mask.numpy(),
                "importance": self.importance.numpy(),
                "share": regions["area"] / labels.size,
                "row": regions["centroid-0"],
                "column": regions["centroid-1"],
            }
        )
        return frame.iloc[self.order.numpy()].reset_index(drop=True)

    def picture(self) -> Tensor:
        """``(3, H, W)``: the picture with the superpixels of ``shown``, as the model saw it."""
        return torch.where(self.shown[self.segments.long()], self.image, self.hidden)

    def plot(self) -> Figure:
        """Draw the picture, the part to show, the importance and the course of the search, for a paper."""
        from matplotlib.figure import Figure

        figure = Figure(figsize=(12, 3.2), layout="constrained")
        axes = figure.subplots(1, 4, width_ratios=(1, 1, 1.25, 1.4))
        pictures = (
            (self.image, f"{self.label}: {self.whole:.3f}"),
            (self.picture(), f"{int(self.shown.sum())} of {self.count} superpixels: {self.probability:.3f}"),
        )
        for axis, (image, title) in zip(axes, pictures, strict=False):
            axis.imshow(image.permute(1, 2, 0).numpy())
            axis.set_title(title, fontsize=10)
        heat = axes[2].imshow(self.importance[self.segments.long()].numpy(), cmap="viridis", vmin=0, vmax=1)
        heat_edges = find_boundaries(self.segments.numpy(), mode="inner")
        axes[2].imshow(np.ma.masked_where(~heat_edges, heat_edges), cmap="gray", vmin=0, vmax=2, alpha=0.4)
        axes[2].set_title("importance", fontsize=10)
        figure.colorbar(heat, ax=axes[2], shrink=0.85)
        for axis in axes[:3]:
            axis.set_axis_off()
        for search in self.searches:
            axes[3].plot(search.best, color="#0072B2", label="best")
            axes[3].plot(search.mean, color="0.5", lw=1, label="mean")
        axes[3].axhline(self.whole, color="0.3", ls=":", label="whole picture")
        axes[3].set(xlabel="generation", ylim=(0, 1.02), title=f"probability of {self.label}")
        axes[3].title.set_fontsize(10)
        handles, names = axes[3].get_legend_handles_labels()
        unique = dict(zip(names, handles, strict=True))
        axes[3].legend(unique.values(), unique.keys(), fontsize=8, frameon=False)
        return figure

    def trust(self) -> pd.DataFrame:
        """How far to trust the answer.

        One row a measure: ``measure``, ``value``, what it is held ``against`` and that ``reference`` (NaN
        where the words say it all), and its ``meaning``. A measure that was not taken has no row.
        """
        rows: list[tuple[str, float, str, float, str]] = []
        if self.faithfulness is not None:
            f = self.faithfulness
            rows.append(("deletion, area", f.deletion.area, "random", f.random_deletion.area, _DELETION))
            rows.append(("insertion, area", f.insertion.area, "random", f.random_insertion.area, _INSERTION))
        if self.agreement is not None and self.chance_agreement is not None:
            name = f"agreement, {len(self.searches)} seeds"
            rows.append((name, self.agreement, "chance", self.chance_agreement, _AGREEMENT))
        if self.fit is not None:
            rows.append(("fit, R²", self.fit, "should be near 1", np.nan, _FIT))
        if self.random_network is not None:
            r = self.random_network
            rows.append(("random network", r.correlation, "should be near 0", np.nan, _RANDOM))
        return pd.DataFrame(rows, columns=["measure", "value", "against", "reference", "meaning"])

    def _repr_html_(self) -> str:
        png = io.BytesIO()
        self.plot().savefig(png, dpi=80)
        verb = "shown" if self.objective == "sufficient" else "removed"
        text = (
            f"{html.escape(self.label)} {self.probability:.3f} with {int(self.mask.sum())} of {self.count} "
            f"superpixels {verb} (whole picture {self.whole:.3f}), {self.method}, "
            f"{self.evaluations:,} evaluations in {self.seconds:.1f} s"
        )
        data = base64.b64encode(png.getvalue()).decode()
        return f'<p>{text}</p><img alt="{text}" src="data:image/png;base64,{data}">'
