"""The result of a search for transitions, and how far to trust it."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from cfwidgets.brief import brief
from cfwidgets.engines.base import ExplainerResult, Measure
from cfwidgets.engines.base.measure import apart
from cfwidgets.engines.transitions.latent_search import Walk
from cfwidgets.engines.transitions.path import Ends, Path
from cfwidgets.engines.transitions.path_attribution import PathAttribution
from cfwidgets.evaluation.placed import PlacedMap, resampled
from cfwidgets.text import cut, quoted

if TYPE_CHECKING:
    from collections.abc import Iterable

    import numpy.typing as npt
    from matplotlib.figure import Figure

__all__ = ["VECTORS", "Agreement", "Candidates", "RandomisedModel", "Rule", "TransitionResult"]

Rule = Literal["product", "quarter"]

VECTORS = ("target", "wrong", "model")
"""Class vectors that each start is tried with: the target alone, the wrong class alone, the prediction."""

_TITLE_WIDTH = 20  # characters of a title above a picture that do not reach into the next one
_CURVE = 30  # of the name of a curve

# See tests/benchmarks/null_zoo.py for the networks that these were chosen on.
_MOST = 0.5
_OFF = 0.1
_AGREEING = 0.1
_FLAT = 0.5  # of the log-odds
_LEAST = 1e-6

_SIMILAR = (
    "Cosine similarity of the end points' features to the image's, the lower of the two. The starts before "
    "the search show the similarity of any picture of these classes."
)
_BETWEEN = (
    "Share of the phases that the model predicts as one of the two classes. Where it predicts a third one, "
    "the transition leads through other classes."
)
_DELTA = (
    "Completeness error of the path attribution: the sum of the regions' parts less the whole change, "
    "divided by the whole change."
)
_AGREEMENT = (
    "Rank correlation of the regions' shares between three separate thirds of the starts, each with end "
    "points of its own. Near 0, the attribution depends on where the search began."
)
_RANDOMISED = (
    "Rank correlation with the regions' shares for a copy of the model with random weights, on the same "
    "transition. Near 1, the attribution depends on the pictures more than on the model."
)


@dataclass(frozen=True, eq=False)
class Candidates:
    """Generated look-alikes of the explained image, three for each start.

    Attributes
    ----------
    start
        ``(n,)`` int64: number of the initial latent vector.
    vector
        ``(n,)`` int64: the kind of class vector, as a place in `VECTORS`.
    latents
        ``(n, L)``: the latent vectors with the highest score so far.
    vectors
        ``(n, K)``: the class vectors themselves.
    cosine
        ``(n,)``: cosine similarity of the features to the image's, -1 to 1; -1 where no answer was finite.
    updates
        ``(n,)`` int64: number of updates.
    images
        ``(n, 3, h, w)`` uint8: the generated images as the model sees them.
    probabilities
        ``(n, C)``: the model's probabilities; 0 for one that it has no finite answer to.
    maps
        ``(n, h, w)`` float16: relevance for the predicted class; None without maps.
    """

    __repr__ = brief

    schema: ClassVar[dict[str, str]] = {
        "start": "int64 (n) 0 inf",
        "vector": "int64 (n) 0 inf",
        "latents": "float (n, L)",
        "vectors": "float (n, K)",
        "cosine": "float (n) -1 1",
        "updates": "int64 (n) 0 inf",
        "images": "uint8 (n, 3, h, w)",
        "probabilities": "float (n, C) 0 1",
        "maps": "float16 (n, h, w)",
    }

    start: Tensor
    vector: Tensor
    latents: Tensor
    vectors: Tensor
    cosine: Tensor
    updates: Tensor
    images: Tensor
    probabilities: Tensor
    maps: Tensor | None

    @property
    def predicted(self) -> Tensor:
        """``(n,)`` int64: the predicted class of each; -1 where there is no answer."""
        return self.probabilities.argmax(dim=1).where(self.probabilities.amax(dim=1) > 0, -1)

    def ends(self, wrong: int, target: int) -> Ends:
        """Return the latent and class vectors of two candidates."""
        return Ends((self.latents[wrong], self.latents[target]), (self.vectors[wrong], self.vectors[target]))


@dataclass(frozen=True, eq=False)
class Agreement:
    """The path attributions of separate thirds of the starts.

    Attributes
    ----------
    ends
        The two end points of each third.
    shares
        ``(thirds, rows, columns)``: the regions' shares.
    correlation
        Mean of Spearman's rank correlations between each two.
    """

    __repr__ = brief

    schema: ClassVar[dict[str, str]] = {
        "shares": "float (t, r, c)",
        "correlation": "-1 1",
    }

    ends: tuple[tuple[int, int], ...]
    shares: Tensor
    correlation: float


@dataclass(frozen=True, eq=False)
class RandomisedModel:
    """The path attribution of a copy of the model with random weights, on the same transition.

    The model randomisation check of Adebayo et al. 2018.

    Attributes
    ----------
    share
        ``(rows, columns)``: the regions' shares.
    correlation
        Spearman's rank correlation with those of the explained model.
    """

    __repr__ = brief

    schema: ClassVar[dict[str, str]] = {
        "share": "float (r, c)",
        "correlation": "-1 1",
    }

    share: Tensor
    correlation: float


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class TransitionResult(ExplainerResult):
    """Candidates on both sides of a decision, and the transition from one side to the other.

    Attributes
    ----------
    image
        ``(3, h, w)`` float32 in [0, 1]: the explained image as the model sees it.
    image_maps
        ``(2, h, w)`` float16: relevance for the wrong class and for the target; None without maps.
    wrong, target
        Numbers of the class that the image was taken for, and of the class that it really has.
    candidates
        The generated look-alikes.
    first
        ``(n,)``: their cosine similarities before the first update; not finite where there was no answer.
    walk
        State of the search, to resume from.
    searched
        True once the search has ended and every candidate was classified and explained.
    path
        The transition between the candidates ``path.ends``; None before it was generated.
    attribution
        Shares of the regions in the change along the transition; None before they were measured, and for a
        black box.
    agreement, randomised_model
        Measures of trust in the attribution; None before they were taken, or without ``trust``.
    settings, model, labels, prediction, fingerprints, seconds
        See `cfwidgets.engines.base.ExplainerResult`; the setting ``layer`` names the layer that gave the
        features.
    """

    schema: ClassVar[dict[str, str]] = {
        "image": "float32 (3, h, w) 0 1",
        "image_maps": "float16 (2, h, w)",
        "wrong": "0 inf",
        "target": "0 inf",
        "first": "float (n) nan",
    }

    parts: ClassVar[tuple[type, ...]] = (
        Candidates,
        Walk,
        Path,
        PathAttribution,
        Agreement,
        RandomisedModel,
    )
    question: ClassVar[tuple[str, ...]] = ("target", "wrong")

    image: Tensor
    image_maps: Tensor | None
    wrong: int
    target: int
    candidates: Candidates
    first: Tensor
    walk: Walk
    searched: bool = False
    path: Path | None = None
    attribution: PathAttribution | None = None
    agreement: Agreement | None = None
    randomised_model: RandomisedModel | None = None

    @property
    def label(self) -> str:
        """The target's name."""
        return self.labels[self.target]

    @property
    def wrong_label(self) -> str:
        """The name of the class that the image was taken for."""
        return self.labels[self.wrong]

    @property
    def explained(self) -> Tensor:
        """See `ExplainerResult.explained`."""
        return self.image

    @property
    def about(self) -> tuple[int, ...]:
        """See `ExplainerResult.about`."""
        return (self.target, self.wrong)

    def placed(self, size: tuple[int, int]) -> dict[str, PlacedMap]:
        """See `ExplainerResult.placed`: where the change along the transition comes from, in log-odds."""
        if self.attribution is None:
            return {}
        there = self.randomised_model
        copies = () if there is None else (resampled(there.share, size),)
        pixels = resampled(self.attribution.pixels, size)
        return {"transition": PlacedMap(pixels, signed=False, randomised=copies)}

    @property
    def flip_phase(self) -> int | None:
        """The first phase at which the target is likelier than the wrong class; None if there is none."""
        return None if self.path is None else self.path.flip

    @property
    def best_ends(self) -> tuple[int, int]:
        """The candidates at the end of the wrong class and at that of the target: see the engine's ``rule``.

        They are chosen among the candidates that are predicted the class; where there is none, the nearest to
        it is taken. They are always two different ones.
        """
        return self.ends_among(range(len(self.candidates.start)))

    def ends_among(self, starts: Iterable[int]) -> tuple[int, int]:
        """Return the two ends, as in `best_ends`, among the candidates of some starts."""
        places = np.flatnonzero(np.isin(self.candidates.start.numpy(), list(starts)))
        wrong, target = self._surest(self.wrong, places), self._surest(self.target, places)
        if wrong != target:
            return wrong, target
        others = places[places != wrong]
        if int(self.candidates.predicted[wrong]) == self.wrong:
            return wrong, self._surest(self.target, others)
        return self._surest(self.wrong, others), target

    def row(self, index: int) -> list[int]:
        """Return the candidates that are predicted class ``index``, the most similar first."""
        order = self.candidates.cosine.argsort(descending=True, stable=True)
        return order[self.candidates.predicted[order] == index].tolist()

    def _surest(self, index: int, places: npt.NDArray[np.int64]) -> int:
        cosine = self.candidates.cosine.numpy()[places]
        probability = self.candidates.probabilities.numpy()[places, index]
        predicted = self.candidates.predicted.numpy()[places] == index
        if not predicted.any():
            predicted[:] = True
        if self.settings["rule"] == "product":
            worth = np.where(cosine > 0, cosine * probability, cosine)  # as the search scores
        else:
            quarter = cosine.argsort(kind="stable")[::-1][: max(1, len(places) // 4)]
            near = np.isin(np.arange(len(places)), quarter)
            worth = probability + (near & predicted).any() * near
        return int(places[np.where(predicted, worth, -np.inf).argmax()])

    def summary(self) -> str:
        """Say where between the two classes the prediction changes, and among how many candidates."""
        found = (
            f"{len(self.candidates.start)} generated candidates ({len(self.row(self.wrong))} predicted "
            f"{self.wrong_label}, {len(self.row(self.target))} predicted {self.label}) after "
            f"{max(0, self.walk.update):,} updates"
        )
        question = f"Why {quoted(self.wrong_label)} rather than {quoted(self.label)}?"
        if self.path is None:
            return f"{question} {found}; no transition yet."
        if self.path.flip is None:
            change = f"{self.label} never becomes likelier than {self.wrong_label}"
        else:
            change = (
                f"{self.label} becomes likelier than {self.wrong_label} at phase {self.path.flip:,} of "
                f"{self.path.phases:,}"
            )
        return f"{question} {change} on the way between two of {found}."

    def to_frame(self) -> pd.DataFrame:
        """Return one row a candidate, the most similar first.

        Columns: ``candidate`` (its number), ``start``, ``vector`` (the class vector: ``target``, ``wrong`` or
        ``model``), ``cosine``, ``predicted`` (a label; missing without an answer), ``confidence`` (its
        probability), ``wrong`` and
        ``target`` (the probabilities of the two classes), ``updates``.
        """
        found = self.candidates
        frame = pd.DataFrame(
            {
                "candidate": np.arange(len(found.start)),
                "start": found.start.numpy(),
                "vector": [VECTORS[place] for place in found.vector.tolist()],
                "cosine": found.cosine.numpy(),
                "predicted": [
                    None if index < 0 else self.labels[index] for index in found.predicted.tolist()
                ],
                "confidence": found.probabilities.amax(dim=1).numpy(),
                "wrong": found.probabilities[:, self.wrong].numpy(),
                "target": found.probabilities[:, self.target].numpy(),
                "updates": found.updates.numpy(),
            }
        )
        return frame.sort_values("cosine", ascending=False, kind="stable").reset_index(drop=True)

    def path_frame(self) -> pd.DataFrame:
        """Return one row a phase.

        Columns: ``phase``, ``wrong`` and ``target`` (the probabilities of the two classes), ``predicted`` (a
        label).
        """
        if self.path is None:
            return pd.DataFrame(columns=["phase", "wrong", "target", "predicted"])
        return pd.DataFrame(
            {
                "phase": self.path.at.numpy(),
                "wrong": self.path.wrong.numpy(),
                "target": self.path.target.numpy(),
                "predicted": [self.labels[index] for index in self.path.predicted.tolist()],
            }
        )

    def measures(self) -> list[Measure]:
        """Return the rows of `trust`; a measure that was not taken has none."""
        rows: list[Measure] = []
        if self.path is not None:
            similar = float(self.candidates.cosine[list(self.path.ends)].min())
            before = float(self.first[self.first.isfinite()].mean())
            rows.append(
                Measure(
                    "similarity of the end points",
                    similar,
                    "before the search",
                    before,
                    _SIMILAR,
                    similar > before,
                )
            )
            two = (self.path.predicted == self.wrong) | (self.path.predicted == self.target)
            share = float(two.float().mean())
            rows.append(
                Measure(
                    "phases in the two classes", share, "should be near 1", np.nan, _BETWEEN, share >= _MOST
                )
            )
        if self.attribution is not None:
            delta = self.attribution.convergence_delta
            ok = abs(delta) < _OFF
            rows.append(Measure("convergence delta", delta, "should be near 0", np.nan, _DELTA, ok))
        if self.agreement is not None:
            name = f"agreement of {len(self.agreement.ends)} thirds of the starts"
            correlation = self.agreement.correlation
            rows.append(Measure(name, correlation, "chance", 0.0, _AGREEMENT, correlation >= _AGREEING))
        if self.randomised_model is not None:
            correlation = self.randomised_model.correlation
            other = apart(correlation)
            rows.append(
                Measure("randomised model", correlation, "should be near 0", np.nan, _RANDOMISED, other)
            )
        return rows + self.unanswered(self.invalid, self._evaluated)

    @property
    def invalid(self) -> int:
        """Number of generated images, of the search and the transition, without a finite answer."""
        return int(self.walk.invalid.sum()) + (0 if self.path is None else self.path.invalid)

    @property
    def _evaluated(self) -> int:
        along = 0 if self.path is None else len(self.path.at) + self.path.invalid
        return int((self.walk.updates + 1).sum()) + along

    @property
    def own_caveats(self) -> tuple[str, ...]:
        """See `ExplainerResult.own_caveats`."""
        rows = [
            *self.hardly_predicted(self.wrong),
            *self.often_unanswered(self.invalid, self._evaluated),
        ]
        if self.searched:
            rows += [
                f"No candidate is predicted {self.labels[index]}."
                for index in (self.wrong, self.target)
                if not self.row(index)
            ]
        if self.path is not None and self.path.complete:
            odds = (self.path.target.double() + _LEAST).log() - (self.path.wrong.double() + _LEAST).log()
            if float(odds.max() - odds.min()) < _FLAT:
                rows.append(
                    "The answer hardly changes along the transition: it shows nothing of the decision."
                )
            elif self.path.flip is None:
                rows.append(
                    f"{self.label} never becomes likelier than {self.wrong_label} along the transition."
                )
            two = (self.path.predicted == self.wrong) | (self.path.predicted == self.target)
            if float(two.float().mean()) < _MOST:
                rows.append("Most phases of the transition are predicted as neither of the two classes.")
            if self.path.maps is not None and not bool(self.path.maps.any()):
                rows.append("The maps of the transition are all zero.")
        if self.agreement is not None and self.agreement.correlation < _AGREEING:
            rows.append("Separate thirds of the starts give other regions: the attribution is one of many.")
        if self.randomised_model is not None and apart(self.randomised_model.correlation) is False:
            rows.append(
                "A model with random weights gives much the same regions: they show the pictures and not "
                "what the model has learnt."
            )
        return tuple(rows)

    def plot(self) -> Figure:
        """Draw the image, typical phases with their maps, and the probabilities of both classes, for a paper.

        Raises
        ------
        ValueError
            There is no transition yet.
        """
        from matplotlib.figure import Figure

        if self.path is None:
            raise ValueError("there is no transition yet: the search has not ended")
        path = self.path
        strip = torch.searchsorted(path.at, torch.tensor(path.strip)).tolist()
        figure = Figure(figsize=(12, 4.6), layout="constrained")
        # Two figures: in one grid with the pictures, whose shape is fixed, the curves' label is cut off.
        halves = figure.add_gridspec(2, 1, height_ratios=(2, 1.3))
        above, below = figure.add_subfigure(halves[0]), figure.add_subfigure(halves[1])
        grid = above.add_gridspec(2, len(strip) + 1)
        picture = above.add_subplot(grid[0, 0])
        picture.imshow(self.image.permute(1, 2, 0).numpy())
        title = f"predicted {self.labels[self.predicted]}"
        lines = textwrap.wrap(title, _TITLE_WIDTH, max_lines=2, placeholder=" …")
        # Labels are text, also with dollars, between which Matplotlib would read mathematics.
        picture.set_title("\n".join(lines), fontsize=9, parse_math=False)
        largest = None if path.maps is None else float(path.maps[strip].abs().amax())
        for column, (phase, place) in enumerate(zip(path.strip, strip, strict=True), start=1):
            frame = above.add_subplot(grid[0, column])
            frame.imshow(path.frames[place].permute(1, 2, 0).numpy())
            frame.set_title(f"{phase}", fontsize=9)
            if path.maps is not None:
                relevance = above.add_subplot(grid[1, column])
                shown = path.maps[place, int(path.target[place] > path.wrong[place])].float()
                relevance.imshow(shown.numpy(), cmap="RdBu_r", vmin=-(largest or 1), vmax=largest or 1)
        for axis in above.axes:
            axis.set_axis_off()
        curves = below.add_subplot()
        curves.plot(path.at, path.wrong, color="#D55E00", ls=":", label=cut(self.wrong_label, _CURVE))
        curves.plot(path.at, path.target, color="#0072B2", label=cut(self.label, _CURVE))
        if path.flip is not None:
            curves.axvline(path.flip, color="0.5", lw=1)
        curves.set(xlabel="phase", ylabel="probability", ylim=(0, 1.02), xlim=(0, path.phases - 1))
        for text in curves.legend(fontsize=8, frameon=False).get_texts():
            text.set_parse_math(False)
        return figure
