"""What a search for transitions found, and how far to trust it."""

from __future__ import annotations

import base64
import html
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from cfwidgets.engines.transitions.latent_search import Walk
from cfwidgets.engines.transitions.path import Ends, Path
from cfwidgets.engines.transitions.path_attribution import Answer
from cfwidgets.results import Result

if TYPE_CHECKING:
    from collections.abc import Iterable

    import numpy.typing as npt
    from matplotlib.figure import Figure

__all__ = ["VECTORS", "Agreement", "Candidates", "RandomNetwork", "Rule", "TransitionResult"]

Rule = Literal["product", "quarter"]

VECTORS = ("correct", "wrong", "model")
"""The class vectors that each start is tried with: one class alone, the other, what the model says."""

_OFF = (
    "The parts of the answer are sums of gradients over phases. By how much of the whole change they miss it."
)
_AGREEMENT = (
    "Rank correlation of the regions' shares between three separate thirds of the starts, each with end "
    "points of its own. Near 0, the answer depends on where the search began."
)
_RANDOM = (
    "Rank correlation with the shares that a copy of the network with random weights gets on the same "
    "transition. Near 1, the answer says more about the pictures than about the model."
)
_BETWEEN = (
    "The share of phases at which the model says one of the two classes. Where it says a third one, the "
    "transition leads through other classes."
)
_ALIKE = (
    "Cosine of the end points' features to the image's, the lower of the two. The starts before the search "
    "show what any picture of these classes has."
)


@dataclass(frozen=True, eq=False)
class Candidates:
    """Generated look-alikes of the explained image, one a start.

    Attributes
    ----------
    start
        ``(n,)`` int64: which latent vector it began with.
    vector
        ``(n,)`` int64: its class vector, as a place in `VECTORS`.
    latents
        ``(n, L)``: with the highest cosine so far.
    vectors
        ``(n, K)``: the class vectors themselves.
    cosine
        ``(n,)`` of the features to the image's, -1 to 1.
    updates
        ``(n,)`` int64: how many it had.
    images
        ``(n, 3, h, w)`` uint8: what the model sees.
    probabilities
        ``(n, C)``: what the model says.
    maps
        ``(n, h, w)`` float16: relevance for the class that it is called; None without maps.
    """

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
    def called(self) -> Tensor:
        """``(n,)`` int64: the likeliest class of each."""
        return self.probabilities.argmax(dim=1)

    def ends(self, wrong: int, correct: int) -> Ends:
        """The latent and class vectors of two candidates."""
        return Ends(
            (self.latents[wrong], self.latents[correct]), (self.vectors[wrong], self.vectors[correct])
        )


@dataclass(frozen=True, eq=False)
class Agreement:
    """The answers of separate thirds of the starts.

    Attributes
    ----------
    ends
        The end points of each.
    shares
        ``(thirds, rows, columns)``.
    correlation
        Mean of Spearman's rank correlations between each two.
    """

    ends: tuple[tuple[int, int], ...]
    shares: Tensor
    correlation: float


@dataclass(frozen=True, eq=False)
class RandomNetwork:
    """The answer of a copy of the network with random weights, on the same transition (Adebayo et al. 2018).

    Attributes
    ----------
    share
        ``(rows, columns)``.
    correlation
        Spearman's rank correlation with the explained network's.
    """

    share: Tensor
    correlation: float


@dataclass(frozen=True, eq=False)
class TransitionResult(Result):
    """Candidates on both sides of a decision, and the transition from one side to the other.

    Attributes
    ----------
    settings
        Those of the engine, with the layer that gave the features.
    image
        ``(3, h, w)``: what the model sees of the explained image.
    image_maps
        ``(2, h, w)`` float16: relevance for the wrong and for the right class; None without maps.
    probabilities
        ``(C,)``: what the model says of the image.
    wrong, correct
        The two classes, by number, and ``wrong_label``, ``correct_label`` by name.
    candidates
        The look-alikes.
    first
        ``(n,)``: their cosines before the first update.
    walk
        Where the search is, to go on from.
    path
        The transition between ``path.ends``; None before it was painted.
    answer
        Where the change comes from; None before it was measured.
    agreement, random_network
        How far to trust it; None before they were measured, or without ``trust``.
    seconds
        Wall time.
    """

    parts: ClassVar[tuple[type, ...]] = (Candidates, Walk, Path, Answer, Agreement, RandomNetwork)

    settings: dict[str, Any]
    image: Tensor
    image_maps: Tensor | None
    probabilities: Tensor
    wrong: int
    wrong_label: str
    correct: int
    correct_label: str
    candidates: Candidates
    first: Tensor
    walk: Walk
    path: Path | None = None
    answer: Answer | None = None
    agreement: Agreement | None = None
    random_network: RandomNetwork | None = None
    seconds: float = 0.0

    @property
    def predicted(self) -> int:
        """The class that the model gives the image."""
        return int(self.probabilities.argmax())

    @property
    def flip_phase(self) -> int | None:
        """The first phase at which the right class is likelier than the wrong one."""
        return None if self.path is None else self.path.flip

    @property
    def best_ends(self) -> tuple[int, int]:
        """The candidates to walk between, at the wrong and at the right end: see the engine's ``rule``.

        Among those that are called the class; where none is, the one that is nearest to it. Always two
        different ones.
        """
        return self.ends_among(range(len(self.candidates.start)))

    def ends_among(self, starts: Iterable[int]) -> tuple[int, int]:
        """The same among the candidates of some starts."""
        places = np.flatnonzero(np.isin(self.candidates.start.numpy(), list(starts)))
        wrong, correct = self._surest(self.wrong, places), self._surest(self.correct, places)
        if wrong != correct:
            return wrong, correct
        others = places[places != wrong]
        if int(self.candidates.called[wrong]) == self.wrong:
            return wrong, self._surest(self.correct, others)
        return self._surest(self.wrong, others), correct

    def row(self, target: int) -> list[int]:
        """The candidates that are called a class, the most alike first."""
        order = self.candidates.cosine.argsort(descending=True, stable=True)
        return order[self.candidates.called[order] == target].tolist()

    def _surest(self, target: int, places: npt.NDArray[np.int64]) -> int:
        cosine = self.candidates.cosine.numpy()[places]
        probability = self.candidates.probabilities.numpy()[places, target]
        called = self.candidates.called.numpy()[places] == target
        if not called.any():
            called[:] = True
        if self.settings["rule"] == "product":
            worth = np.where(cosine > 0, cosine * probability, cosine)  # as the search scores
        else:
            quarter = cosine.argsort(kind="stable")[::-1][: max(1, len(places) // 4)]
            near = np.isin(np.arange(len(places)), quarter)
            worth = probability + (near & called).any() * near
        return int(places[np.where(called, worth, -np.inf).argmax()])

    def to_frame(self) -> pd.DataFrame:
        """One row a candidate, the most alike first.

        Columns: ``candidate`` (its number), ``start``, ``vector`` (the class vector: ``correct``, ``wrong``
        or ``model``), ``cosine``, ``called`` (a label), ``confidence`` (of that), ``wrong`` and ``correct``
        (the probabilities of the two classes), ``updates``.
        """
        found = self.candidates
        frame = pd.DataFrame(
            {
                "candidate": np.arange(len(found.start)),
                "start": found.start.numpy(),
                "vector": [VECTORS[place] for place in found.vector.tolist()],
                "cosine": found.cosine.numpy(),
                "called": [self._label(index) for index in found.called.tolist()],
                "confidence": found.probabilities.amax(dim=1).numpy(),
                "wrong": found.probabilities[:, self.wrong].numpy(),
                "correct": found.probabilities[:, self.correct].numpy(),
                "updates": found.updates.numpy(),
            }
        )
        return frame.sort_values("cosine", ascending=False, kind="stable").reset_index(drop=True)

    def path_frame(self) -> pd.DataFrame:
        """One row a phase: ``phase``, ``wrong`` and ``correct`` (probabilities), ``called`` (a label)."""
        if self.path is None:
            return pd.DataFrame(columns=["phase", "wrong", "correct", "called"])
        return pd.DataFrame(
            {
                "phase": self.path.at.numpy(),
                "wrong": self.path.wrong.numpy(),
                "correct": self.path.correct.numpy(),
                "called": [self._label(index) for index in self.path.called.tolist()],
            }
        )

    def trust(self) -> pd.DataFrame:
        """How far to trust the answer.

        One row a measure: ``measure``, ``value``, what it is held ``against`` and that ``reference`` (NaN
        where the words say it all), and its ``meaning``. A measure that was not taken has no row.
        """
        rows: list[tuple[str, float, str, float, str]] = []
        if self.path is not None:
            alike = float(self.candidates.cosine[list(self.path.ends)].min())
            rows.append(
                ("likeness of the ends", alike, "before the search", float(self.first.mean()), _ALIKE)
            )
            two = ((self.path.called == self.wrong) | (self.path.called == self.correct)).float().mean()
            rows.append(("between the two classes", float(two), "should be near 1", np.nan, _BETWEEN))
        if self.answer is not None:
            rows.append(("missing from the sum", self.answer.off, "should be near 0", np.nan, _OFF))
        if self.agreement is not None:
            name = f"agreement, {len(self.agreement.ends)} thirds"
            rows.append((name, self.agreement.correlation, "chance", 0.0, _AGREEMENT))
        if self.random_network is not None:
            rows.append(
                ("random network", self.random_network.correlation, "should be near 0", np.nan, _RANDOM)
            )
        return pd.DataFrame(rows, columns=["measure", "value", "against", "reference", "meaning"])

    def plot(self) -> Figure:
        """Draw the image, typical phases with their maps, and the confidence of both classes, for a paper."""
        from matplotlib.figure import Figure

        if self.path is None:
            raise ValueError("there is no transition yet: the search has not ended")
        path = self.path
        strip = torch.searchsorted(path.at, torch.tensor(path.strip)).tolist()
        figure = Figure(figsize=(12, 4.6), layout="constrained")
        grid = figure.add_gridspec(3, len(strip) + 1, height_ratios=(1, 1, 1.3))
        picture = figure.add_subplot(grid[0, 0])
        picture.imshow(self.image.permute(1, 2, 0).numpy())
        # Labels are text, also with dollars, between which Matplotlib would read mathematics.
        picture.set_title(f"called {self._label(self.predicted)}", fontsize=9, parse_math=False)
        largest = None if path.maps is None else float(path.maps[strip].abs().amax())
        for column, (phase, place) in enumerate(zip(path.strip, strip, strict=True), start=1):
            frame = figure.add_subplot(grid[0, column])
            frame.imshow(path.frames[place].permute(1, 2, 0).numpy())
            frame.set_title(f"{phase}", fontsize=9)
            if path.maps is not None:
                relevance = figure.add_subplot(grid[1, column])
                shown = path.maps[place, int(path.correct[place] > path.wrong[place])].float()
                relevance.imshow(shown.numpy(), cmap="RdBu_r", vmin=-(largest or 1), vmax=largest or 1)
        for axis in figure.axes:
            axis.set_axis_off()
        curves = figure.add_subplot(grid[2, :])
        curves.plot(path.at, path.wrong, color="#D55E00", ls=":", label=self.wrong_label)
        curves.plot(path.at, path.correct, color="#0072B2", label=self.correct_label)
        if path.flip is not None:
            curves.axvline(path.flip, color="0.5", lw=1)
        curves.set(xlabel="phase", ylabel="probability", ylim=(0, 1.02), xlim=(0, path.phases - 1))
        for text in curves.legend(fontsize=8, frameon=False).get_texts():
            text.set_parse_math(False)
        return figure

    def _label(self, index: int) -> str:
        known = {self.wrong: self.wrong_label, self.correct: self.correct_label}
        labels = self.settings.get("labels")
        return known.get(index, labels[index] if labels else f"class {index}")

    def _repr_html_(self) -> str:
        text = html.escape(
            f"Why {self.wrong_label} and not {self.correct_label}? {len(self.candidates.start)} candidates, "
            f"{len(self.row(self.wrong))} called {self.wrong_label} and {len(self.row(self.correct))} called "
            f"{self.correct_label}, {self.walk.update} updates in {self.seconds:.1f} s"
        )
        if self.path is None:
            return f"<p>{text}</p>"
        png = io.BytesIO()
        self.plot().savefig(png, dpi=80)
        data = base64.b64encode(png.getvalue()).decode()
        return f'<p>{text}</p><img alt="{text}" src="data:image/png;base64,{data}">'
