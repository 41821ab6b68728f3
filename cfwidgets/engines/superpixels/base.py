"""Base of the engines over superpixels: they mask one image, find superpixels, and measure the answer."""

from __future__ import annotations

import time
from abc import abstractmethod
from dataclasses import asdict, dataclass, replace
from functools import partial
from math import isfinite
from typing import TYPE_CHECKING, Any, ClassVar, Self

import torch

from cfwidgets.checks import choice, names_checked, non_negative, positive_int
from cfwidgets.engines.base import Attempt, Engine, Update, to_the_end
from cfwidgets.engines.superpixels.result import RandomisedModel, SuperpixelResult
from cfwidgets.engines.superpixels.segmentation import own_superpixels, slic_superpixels
from cfwidgets.evaluation.deletion import faithfulness_steps
from cfwidgets.evaluation.masking import FILLS, Fill, MaskedPicture, complete, filled
from cfwidgets.evaluation.overlap import chance_jaccard, jaccard, rank_correlation
from cfwidgets.models.backends.base import NotFiniteError
from cfwidgets.models.classifier import Classifier, require_classifier
from cfwidgets.models.fingerprint import fingerprint
from cfwidgets.search.memo import Memo

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator
    from pathlib import Path

    from numpy.typing import ArrayLike
    from torch import Tensor

    from cfwidgets.images import ImageLike

# The cost of the curves of deletion and insertion, in hundreds of pictures: for the progress, nothing else.
_CURVES = 3
_IN_A_ROW = 20  # pictures without a finite answer, which end a run
_RANDOMISED = "the same on the randomised model"
# Masks whose answers a result holds: two default searches of three runs; some 0.7 MB of 100 superpixels.
REMEMBERED = 32_768


@names_checked
@dataclass(frozen=True)
class SuperpixelEngine(Engine[SuperpixelResult]):
    """Cut an image into superpixels, find those that carry a class, measure how far to trust the answer.

    Parameters
    ----------
    segments
        Number of superpixels to ask SLIC for. It returns about as many; the result has the real number.
    compactness, sigma
        SLIC's balance of colour and place, and the smoothing before it, in pixels. Where they would give a
        number of superpixels far from ``segments``, larger ones are used: ``settings["slic"]`` of the result
        has them.
    fill
        Content of a hidden superpixel: ``black``, ``grey``, ``mean`` or ``blur``.
    trust
        True to measure how far the answer can be trusted: deletion and insertion against random orders, and
        the same engine on a randomised copy of the model (a black box has no weights to randomise).
    seed
        Same seed, same device, same answer.
    """

    segments: int = 100
    compactness: float = 10.0
    sigma: float = 0.0
    fill: Fill = "black"
    trust: bool = True
    seed: int = 0

    result_type = SuperpixelResult
    method: ClassVar[str]
    activity: ClassVar[str]
    """The work that comes first, in words."""

    def __post_init__(self) -> None:
        super().__post_init__()
        positive_int("segments", self.segments)
        non_negative("compactness", self.compactness)
        non_negative("sigma", self.sigma)
        choice("fill", self.fill, FILLS)

    def steps(
        self,
        clf: Classifier,
        image: ImageLike,
        target: int | str | None = None,
        *,
        segments: Tensor | ArrayLike | None = None,
        resume: SuperpixelResult | None = None,
        checkpoint: str | Path | None = None,
    ) -> Generator[Update[SuperpixelResult], None, None]:
        """Yield the result as it stands after each piece of work, and at last the whole.

        Parameters
        ----------
        clf
            The classifier; a black box will do.
        image
            Anything that `images.as_image` accepts. The part that the model sees, ``clf.view(image)``, is
            explained.
        target
            The explained class, as an index or a label; None for the class that the model predicts.
        segments
            Superpixels of one's own: an integer map of the size of ``clf.view(image)``.
        resume
            An earlier result of the same model, image, class and settings. The work continues up to the
            totals set here; the answer is the one that an uninterrupted run gives.
        checkpoint
            A file that the result is written to, twice a minute and at the end. Where it exists and no
            ``resume`` is given, it is resumed.

        Yields
        ------
        Update
            With a `SuperpixelResult`.

        Raises
        ------
        ImageError, ClassifierError, ValueError
            Names the argument that was given, and what is accepted.
        ResultError
            The checkpoint is damaged, or of another kind.
        """
        began = time.perf_counter()
        require_classifier("clf", clf)
        view = clf.view(image).cpu()
        slic: dict[str, object] = {}
        if segments is None:
            cut = slic_superpixels(view, self.segments, self.compactness, self.sigma)
            labels, slic = cut.labels, {"slic": {"compactness": cut.compactness, "sigma": cut.sigma}}
        else:
            labels = own_superpixels(segments, view)
        hidden = filled(view, labels, self.fill)
        count = int(labels.max()) + 1
        ends = torch.tensor([[True], [False]]).expand(2, count)
        whole, blank = MaskedPicture(clf, view, hidden, labels).finite_or_nan(ends)
        exact = clf.in_float32()  # a first batch has settled whether it rounds
        if exact is not clf:
            whole, blank = MaskedPicture(exact, view, hidden, labels).finite_or_nan(ends)
        if not bool(whole.isfinite().all()):
            raise NotFiniteError("the model returns NaN or infinite values for the whole picture")
        index = int(whole.argmax()) if target is None else clf.class_index(target)
        names = tuple(clf.label(i) for i in range(len(whole)))
        settings = {"method": self.method, **self.settings_with(target=names[index]), **slic}
        fresh = SuperpixelResult(
            settings=settings,
            model=clf.name,
            labels=names,
            prediction=whole,
            fingerprints={
                "model": clf.fingerprint(),
                "image": fingerprint({"image": view}),
                "segmentation": fingerprint({"segments": labels}),
            },
            image=view,
            hidden=hidden,
            segments=labels,
            target=index,
            blank=float(blank[index]),
            mask=torch.full((count,), settings.get("objective") != "necessary"),
            probability=float(whole[index]),
            importance=torch.zeros(count),
            evaluations=2,
            invalid=int(bool(blank.isnan().any())),
        )
        work = partial(self._work, clf)
        yield from self.driven(
            fresh, work, clf=clf, image=view, began=began, resume=resume, checkpoint=checkpoint
        )

    explain = to_the_end(steps)

    def resumed(self, earlier: SuperpixelResult, fresh: SuperpixelResult) -> SuperpixelResult:
        """Give the earlier result, with the settings of this run; its totals are no less than what it has."""
        settings = {**fresh.settings, **asdict(self.reaching(earlier))}
        return replace(super().resumed(earlier, fresh), settings=settings)

    @abstractmethod
    def reaching(self, result: SuperpixelResult) -> Self:
        """Give the same engine, its totals raised to what a result has already."""

    @abstractmethod
    def longer(self, result: SuperpixelResult) -> Self:
        """Give the engine that works on a result for as long again as this one was to work."""

    @property
    @abstractmethod
    def work(self) -> int:
        """Number of steps of a whole run, of about a hundred images each."""

    @abstractmethod
    def done(self, result: SuperpixelResult) -> int:
        """Count the steps that a result holds."""

    @abstractmethod
    def find(
        self, score: Memo, exact: Memo, result: SuperpixelResult
    ) -> Iterator[tuple[SuperpixelResult, str]]:
        """Yield the result after each further step, and the activity in words; nothing where all is done.

        Parameters
        ----------
        score
            From masks ``(m, n)`` bool of the superpixels shown to the probability of the explained class, in
            the precision of the classifier.
        exact
            The same in float32, for the answer.
        result
            The result so far, without an answer or to be resumed.
        """

    def shrink(self, score: Memo, result: SuperpixelResult) -> Iterator[SuperpixelResult]:  # noqa: ARG002
        """Yield the result while a smaller answer is looked for, and at last with it; by default none is."""
        yield from ()

    def one_run(self) -> Self:
        """Give the engine for the randomised model: the same, without repetitions."""
        return self

    def _work(
        self, clf: Classifier, result: SuperpixelResult
    ) -> Generator[Update[SuperpixelResult], None, None]:
        engine = self.reaching(result)
        evaluated, invalid = result.evaluations, result.invalid
        score, exact = _scores(clf, result, resume=result.evaluated, limit=REMEMBERED)
        randomise = self.trust and clf.has_module
        total = engine.work + self.trust * _CURVES + randomise * engine.one_run().work

        def update(done: float, activity: str) -> Update[SuperpixelResult]:
            now = replace(
                result,
                evaluated=score.state(),
                evaluations=evaluated + score.evaluations,
                invalid=invalid + score.invalid,
            )
            return Update(min(done / total, 1.0), now, activity)

        yield update(engine.done(result), self.activity)
        for found, activity in engine.find(score, exact, result):
            # measures belong to the answer that they were taken of
            result = replace(found, faithfulness=None, randomised_model=None, missing={})
            yield update(engine.done(result), activity)
        for result in engine.shrink(score, result):  # noqa: B020
            yield update(engine.done(result), "a smaller answer")
        done = engine.work
        if self.trust and result.faithfulness is None:
            curves = Attempt(faithfulness_steps(partial(complete, score), result.order, seed=self.seed))
            for fraction, curve in curves:
                result = replace(result, faithfulness=curve)
                yield update(done + fraction * _CURVES, "deletion and insertion")
            if curves.error is not None:
                result = replace(result, faithfulness=None).without("deletion and insertion", curves.error)
        done += _CURVES
        if randomise and result.randomised_model is None:
            yield update(done, _RANDOMISED)
            compared = result
            comparison = Attempt(self._compare(clf, result))
            for found_there, steps in comparison:
                compared = replace(result, randomised_model=found_there)
                yield update(done + steps, _RANDOMISED)
            if comparison.error is not None:
                compared = result.without("randomised model", comparison.error)
            result = compared
        yield update(total, "")

    def _compare(self, clf: Classifier, result: SuperpixelResult) -> Iterator[tuple[RandomisedModel, int]]:
        """Find superpixels with a randomised copy of the model, and compare them with those of a result."""
        other = clf.randomised(self.seed, (result.image.shape[1], result.image.shape[2]))
        score, exact = _scores(other, result)
        whole = float(complete(exact, torch.ones(1, result.count, dtype=torch.bool))[0])
        unanswered = replace(result, searches=(), sampled=0, interval=None, smallest=None)
        engine = self.reaching(result).one_run()
        for found, _ in engine.find(score, exact, unanswered):
            if not isfinite(found.probability):
                raise NotFiniteError(
                    "with random weights it has no finite answer to the superpixels selected"
                )
            there = RandomisedModel(
                whole=whole,
                probability=found.probability,
                correlation=rank_correlation(result.importance, found.importance),
                jaccard=jaccard(result.mask, found.mask),
                chance=chance_jaccard(torch.stack([result.mask, found.mask])),
                importance=found.importance,
                evaluations=score.evaluations,
            )
            yield there, engine.done(found)


def _scores(clf: Classifier, result: SuperpixelResult, **memo: Any) -> tuple[Memo, Memo]:
    """Return the probability of the class for masks, as the classifier computes it and in float32."""

    def of(model: Classifier) -> Callable[[Tensor], Tensor]:
        picture = MaskedPicture(model, result.image, result.hidden, result.segments)
        failed = 0

        def answers(masks: Tensor) -> Tensor:
            nonlocal failed
            found = picture.finite_or_nan(masks)[:, result.target]
            for finite in found.isfinite().tolist():
                failed = 0 if finite else failed + 1
                if failed == _IN_A_ROW:
                    raise NotFiniteError(
                        f"the model returned NaN or infinite values for {failed} pictures in a row"
                    )
            return found

        return answers

    score, exact = Memo(of(clf), gaps=True, **memo), clf.in_float32()
    return score, score if exact is clf else Memo(of(exact), gaps=True)
