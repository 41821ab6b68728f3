"""What the engines over superpixels share: the picture, the question, and how far to trust the answer."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, ClassVar, Self

import torch

from cfwidgets.checks import choice, non_negative, positive_int
from cfwidgets.engines.base import Update, run_to_end
from cfwidgets.engines.superpixels.masking import FILLS, Fill, MaskedPicture, filled
from cfwidgets.engines.superpixels.result import Objective, RandomNetwork, SuperpixelResult
from cfwidgets.engines.superpixels.segmentation import own_superpixels, slic_superpixels
from cfwidgets.evaluation.deletion import faithfulness_steps
from cfwidgets.evaluation.overlap import chance_jaccard, jaccard, rank_correlation
from cfwidgets.search.memo import Memo

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from numpy.typing import ArrayLike
    from torch import Tensor

    from cfwidgets.images import ImageLike
    from cfwidgets.models.classifier import Classifier

# What the curves of deletion and insertion cost, in hundreds of pictures: for the progress, nothing else.
_CURVES = 3
_RANDOM = "the same on random weights"


@dataclass(frozen=True)
class SuperpixelEngine(ABC):
    """Cut a picture into superpixels, find those that carry a class, measure how far to trust the answer.

    Parameters
    ----------
    segments
        Superpixels to ask SLIC for. It returns about as many; the result has the real number.
    compactness, sigma
        SLIC's balance of colour and place, and the smoothing before it, in pixels.
    fill
        What stands where a superpixel is hidden: ``black``, ``grey``, ``mean`` or ``blur``.
    trust
        Measure how far the answer can be trusted: deletion and insertion against random orders, and the
        same engine on a copy of the network with random weights (a black box has none to randomise).
    seed
        Same seed, same device, same answer.
    """

    segments: int = 100
    compactness: float = 10.0
    sigma: float = 0.0
    fill: Fill = "black"
    trust: bool = True
    seed: int = 0

    method: ClassVar[str]
    resumable: ClassVar[bool]

    def __post_init__(self) -> None:
        positive_int("segments", self.segments)
        non_negative("compactness", self.compactness)
        non_negative("sigma", self.sigma)
        choice("fill", self.fill, FILLS)
        positive_int("seed", self.seed, minimum=0)

    def explain(
        self,
        clf: Classifier,
        image: ImageLike,
        target: int | str | None = None,
        *,
        segments: Tensor | ArrayLike | None = None,
        resume: SuperpixelResult | None = None,
    ) -> SuperpixelResult:
        """Run to the end and return the result: see `steps`."""
        return run_to_end(self.steps(clf, image, target, segments=segments, resume=resume))

    def steps(
        self,
        clf: Classifier,
        image: ImageLike,
        target: int | str | None = None,
        *,
        segments: Tensor | ArrayLike | None = None,
        resume: SuperpixelResult | None = None,
    ) -> Generator[Update[SuperpixelResult], None, None]:
        """Yield the result as it stands after each piece of work, and at last the whole.

        Parameters
        ----------
        clf
            The classifier; a black box will do.
        image
            What `images.as_image` accepts. Explained is what the model sees of it: ``clf.view(image)``.
        target
            The explained class, as an index or a label; None for the class that the model gives the whole
            picture.
        segments
            Superpixels of one's own: an integer map of the size of ``clf.view(image)``.
        resume
            An earlier result of the same picture and class to go on from.

        Raises
        ------
        ImageError, ClassifierError, ValueError
            What was given, and what is accepted.
        """
        started = time.perf_counter()
        view = clf.view(image).cpu()
        labels = (
            slic_superpixels(view, self.segments, self.compactness, self.sigma)
            if segments is None
            else own_superpixels(segments, view)
        )
        hidden = filled(view, labels, self.fill)
        picture = MaskedPicture(clf, view, hidden, labels)
        count = int(labels.max()) + 1
        whole, blank = picture.probabilities(torch.tensor([[True], [False]]).expand(2, count))
        index = int(whole.argmax()) if target is None else clf.class_index(target)
        result = SuperpixelResult(
            method=self.method,
            settings=asdict(self),
            image=view,
            hidden=hidden,
            segments=labels,
            target=index,
            label=clf.label(index),
            objective=self._objective,
            whole=float(whole[index]),
            blank=float(blank[index]),
            mask=torch.full((count,), self._objective == "sufficient"),
            probability=float(whole[index]),
            importance=torch.zeros(count),
        )
        if resume is not None:
            result = self._resumed(result, resume)
        asked, spent = result.evaluations + 2, result.seconds
        score = Memo(lambda masks: picture.probabilities(masks)[:, index])
        twin = self.trust and clf.has_module
        total = self.work + self.trust * _CURVES + twin * self.one_run().work

        def update(done: float, activity: str) -> Update[SuperpixelResult]:
            seconds = spent + time.perf_counter() - started
            now = replace(result, evaluations=asked + score.evaluations, seconds=seconds)
            return Update(min(done / total, 1.0), now, activity)

        yield update(0, "searching")
        for done, (found, activity) in enumerate(self.find(score, result), start=1):
            result = found
            yield update(done, activity)
        done = self.work
        if self.trust:
            for fraction, measured in faithfulness_steps(score, result.order, seed=self.seed):
                result = replace(result, faithfulness=measured)
                yield update(done + fraction * _CURVES, "deletion and insertion")
            done += _CURVES
        if twin:
            yield update(done, _RANDOM)
            random_weights = clf.randomised(self.seed, (view.shape[1], view.shape[2]))
            for network in self._on_random_weights(random_weights, result):
                done += 1
                compared = replace(result, random_network=network)
                yield update(done, _RANDOM)
            result = compared
        yield update(total, "")

    @property
    def _objective(self) -> Objective:
        return "sufficient"

    @property
    @abstractmethod
    def work(self) -> int:
        """How many results `find` yields, about; a hundred pictures each."""

    @abstractmethod
    def find(self, score: Memo, result: SuperpixelResult) -> Iterator[tuple[SuperpixelResult, str]]:
        """Yield the result with more and more found, and what is being done, in words.

        Parameters
        ----------
        score
            From masks ``(m, n)`` bool of the superpixels shown to the probability of the explained class.
        result
            With nothing found yet, or one to go on from.
        """

    def one_run(self) -> Self:
        """The same engine without what it does repeatedly: what the random network is asked."""
        return self

    def _resumed(self, fresh: SuperpixelResult, earlier: SuperpixelResult) -> SuperpixelResult:
        same = earlier.target == fresh.target and torch.equal(earlier.segments, fresh.segments)
        if not same or earlier.method != fresh.method or earlier.objective != fresh.objective:
            raise ValueError(
                f"resume: the result given is {earlier.method}, {earlier.objective}, for {earlier.label!r} "
                f"with {earlier.count} superpixels; asked for is {fresh.method}, {fresh.objective}, for "
                f"{fresh.label!r} with {fresh.count}, of the same picture"
            )
        return earlier

    def _on_random_weights(self, twin: Classifier, result: SuperpixelResult) -> Iterator[RandomNetwork]:
        """The same on ``twin``, a copy of the classifier with random weights."""
        picture = MaskedPicture(twin, result.image, result.hidden, result.segments)
        score = Memo(lambda masks: picture.probabilities(masks)[:, result.target])
        whole = float(score(torch.ones(1, result.count, dtype=torch.bool))[0])
        for found, _ in self.one_run().find(score, replace(result, searches=())):
            yield RandomNetwork(
                whole=whole,
                probability=found.probability,
                correlation=rank_correlation(result.importance, found.importance),
                jaccard=jaccard(result.mask, found.mask),
                chance=chance_jaccard(torch.stack([result.mask, found.mask])),
                importance=found.importance,
                evaluations=score.evaluations,
            )
