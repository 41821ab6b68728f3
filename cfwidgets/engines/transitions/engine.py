"""Why was it misclassified? Look-alikes on both sides of the decision, and the transition between them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from collections.abc import Generator as Steps
from dataclasses import asdict, dataclass, field, replace
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from cfwidgets.attribution import METHODS
from cfwidgets.checks import choice, non_negative, positive_int, share
from cfwidgets.engines.base import Update, run_to_end
from cfwidgets.engines.transitions.latent_search import Features, LatentSearch, Walk
from cfwidgets.engines.transitions.path import Interpolation, PathMaker, interpolated, require_phases
from cfwidgets.engines.transitions.path_attribution import Answer, where
from cfwidgets.engines.transitions.result import Agreement, Candidates, RandomNetwork, Rule, TransitionResult
from cfwidgets.evaluation.overlap import rank_correlation
from cfwidgets.models.classifier import Classifier
from cfwidgets.models.generator import Generator, GeneratorError, require_generator
from cfwidgets.models.guard import untouched

if TYPE_CHECKING:
    from cfwidgets.images import ImageLike

__all__ = ["Transitions"]

_THIRDS = 3
_SUM = 129  # phases that the answer is summed over
_SHOWN_FIRST = (0, 1, 3, 6, 12, 25)  # updates after which partial results are made; then every fiftieth
_SHOWN_EVERY = 50
_ROW = 12  # candidates of each class whose maps are drawn while the search goes on
# Shares of the work, for the progress, nothing else.
_SEARCHED, _PAINTED = 0.8, 0.95


@dataclass(frozen=True)
class Transitions:
    """Find generated look-alikes of an image on both sides of a decision, and walk from one to the other.

    Suzuki et al. 2021 ("counterfactual candidates"): latent vectors of a class-conditional generator are
    moved until what it paints looks like the misclassified image to a network (equation 1). Some of these
    pictures are called as the image was, wrongly, and some rightly; latent and class vectors are then
    interpolated between the best of each, and every phase is classified and explained.

    Parameters
    ----------
    starts
        Latent vectors to begin with; each is tried with three class vectors: the right class, the wrong one,
        and what the model says of the image. The paper has 32, which makes 96 candidates.
    updates
        Of each candidate, at most.
    rate, decay
        Learning rate of RMSprop and the decay of its mean (α); the paper names neither.
    keep_length
        Latent vectors keep the length they were drawn with (that of a normal vector hardly varies), so that
        what is painted stays believable. False, as in the paper, lets them grow, which brings the features
        nearer.
    layer
        Whose features must be alike: a name in ``dict(module.named_modules())``, None for the last layer with
        feature maps. The paper: the last pooling of VGG-19, ``layer="features"`` of such a ``feature_model``.
    rule
        Which place of its walk a candidate is, and which candidates are the end points. ``"product"``: the
        place where it is alike and called what it was asked to be (cosine times Σ √(class vector ·
        probability)), and the candidates with the highest cosine times probability. ``"quarter"``: as the
        paper does, the place with the highest cosine, and the surest of each class among the most alike
        quarter; where the features are of the explained network itself, that often leaves no candidate on the
        right side, since what has the same features is called the same.
    patience, gain
        A candidate is left alone after so many updates in which its score gained so little; ``patience=None``
        gives all the same number, as the paper does. `TransitionResult.to_frame` says how many each had.
    phases
        Of the transition, with both ends.
    interpolation
        Of the latent vectors: ``"linear"`` as in the paper, or ``"spherical"``.
    method, options
        Of the relevance maps, as `cfwidgets.attribute` takes them; None for none.
    trust
        Measure how far the answer can be trusted: in three separate thirds of the starts, and on a copy of
        the network with random weights.
    batch_size
        Candidates that go through the networks together; None for what suits a CPU, and elsewhere for all,
        or what memory holds.
    seed
        Same seed, same device, same answer.

    Examples
    --------
    >>> from cfwidgets import zoo
    >>> from cfwidgets.data import digits
    >>> from cfwidgets.networks import BigGAN
    >>> clf = zoo.classifier("digits", device="cpu")
    >>> generator = BigGAN(size=32, classes=10, channels=2, latent_size=8).eval()
    >>> quick = Transitions(starts=2, updates=3, phases=5, trust=False)
    >>> result = quick.explain(clf, generator, digits("test").images[473], correct="4")
    >>> result.wrong_label, len(result.to_frame()), len(result.path_frame())
    ('9', 6, 5)
    """

    starts: int = 32
    updates: int = 2000
    rate: float = 1e-2
    decay: float = 0.99
    keep_length: bool = True
    layer: str | None = None
    rule: Rule = "product"
    patience: int | None = 50
    gain: float = 1e-3
    phases: int = 1000
    interpolation: Interpolation = "linear"
    method: str | None = "rap"
    options: dict[str, Any] = field(default_factory=dict)
    trust: bool = True
    batch_size: int | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        for name in ("starts", "updates"):
            positive_int(name, getattr(self, name))
        positive_int("phases", self.phases, minimum=2)
        positive_int("seed", self.seed, minimum=0)
        for name in ("patience", "batch_size"):
            if getattr(self, name) is not None:
                positive_int(name, getattr(self, name))
        non_negative("rate", self.rate)
        non_negative("gain", self.gain)
        share("decay", self.decay)
        choice("rule", self.rule, ("product", "quarter"))
        choice("interpolation", self.interpolation, ("linear", "spherical"))
        if self.method is not None:
            choice("method", self.method, tuple(METHODS))

    def explain(
        self,
        clf: Classifier,
        generator: Generator,
        image: ImageLike,
        wrong: int | str | None = None,
        correct: int | str | None = None,
        *,
        feature_model: Classifier | None = None,
        resume: TransitionResult | None = None,
    ) -> TransitionResult:
        """Run to the end and return the result: see `steps`."""
        return run_to_end(
            self.steps(clf, generator, image, wrong, correct, feature_model=feature_model, resume=resume)
        )

    def steps(
        self,
        clf: Classifier,
        generator: Generator,
        image: ImageLike,
        wrong: int | str | None = None,
        correct: int | str | None = None,
        *,
        feature_model: Classifier | None = None,
        resume: TransitionResult | None = None,
    ) -> Steps[Update[TransitionResult], None, None]:
        """Yield the result as it stands after each update and each piece of the transition.

        Parameters
        ----------
        clf
            The classifier that is explained.
        generator
            See `cfwidgets.models.generator.Generator`; its class k is the classifier's class k.
        image
            What `images.as_image` accepts. Explained is what the model sees of it: ``clf.view(image)``.
        wrong
            The class that the image was taken for; None for the one that the model gives it.
        correct
            The class that it has; must be given.
        feature_model
            A network whose features say what looks alike; None for the explained one. With one, the
            explained classifier may be a black box (then without maps and without an answer in numbers).
        resume
            An earlier result of the same picture and classes to go on from.

        Raises
        ------
        ImageError, ClassifierError, GeneratorError, ValueError
            What was given, and what is accepted.
        """
        started = time.perf_counter()
        work = self._prepared(clf, generator, image, wrong, correct, feature_model, resume)
        spent = 0.0 if resume is None else resume.seconds

        def update(fraction: float, result: TransitionResult, activity: str) -> Update[TransitionResult]:
            seconds = spent + time.perf_counter() - started
            return Update(min(fraction, 1.0), replace(result, seconds=seconds), activity)

        found = work.empty
        for found, fraction in work.searched(resume):
            yield update(_SEARCHED * fraction, found, "searching")
        painted = found
        for painted, fraction in work.painted(found, self.phases):
            yield update(_SEARCHED + (_PAINTED - _SEARCHED) * fraction, painted, "painting the transition")
        last = painted
        for last in work.trusted(painted):
            yield update(_PAINTED, last, "measuring how far to trust it")
        yield update(1.0, last, "")

    def path(
        self,
        clf: Classifier,
        generator: Generator,
        result: TransitionResult,
        wrong_end: int,
        correct_end: int,
    ) -> Steps[Update[TransitionResult], None, None]:
        """Yield the result with the transition between two other candidates, coarse at first, then whole.

        Parameters
        ----------
        clf, generator
            As the result was found with.
        result
            It.
        wrong_end, correct_end
            Numbers of candidates.

        Raises
        ------
        ValueError
            No such candidates.
        """
        count = len(result.candidates.start)
        for end in (wrong_end, correct_end):
            if not 0 <= end < count:
                raise ValueError(f"candidates are numbered from 0 to {count - 1}; got {end}")
        maker = self._maker(clf, generator, result.wrong, result.correct)
        other = replace(result, agreement=None, random_network=None)  # they are of the best ends
        work = _Work(self, clf, generator, maker, None, other)
        for painted, fraction in work.painted(other, self.phases, (wrong_end, correct_end)):
            yield Update(min(0.99, fraction), painted, "painting the transition")
        yield Update(1.0, painted, "")

    def _maker(self, clf: Classifier, generator: Generator, wrong: int, correct: int) -> PathMaker:
        method = self.method if clf.has_module else None
        return PathMaker(clf, generator, wrong, correct, method, self.interpolation, self.options)

    def _prepared(
        self,
        clf: Classifier,
        generator: Generator,
        image: ImageLike,
        wrong: int | str | None,
        correct: int | str | None,
        feature_model: Classifier | None,
        resume: TransitionResult | None,
    ) -> _Work:
        if correct is None:
            raise ValueError("correct: name the class that the image has, such as correct='4'")
        view = clf.view(image).cpu()
        require_phases(self.phases, *view.shape[1:])
        probabilities = clf.probabilities(view[None])[0]
        generator = require_generator(generator, len(probabilities))
        right, predicted = clf.class_index(correct), int(probabilities.argmax())
        if wrong is None and predicted == right:
            raise ValueError(
                f"the model calls this image {clf.label(predicted)!r}, which is the class given as correct: "
                "name the class to compare it with, wrong=…"
            )
        taken_for = predicted if wrong is None else clf.class_index(wrong)
        if taken_for == right:
            raise ValueError(f"wrong and correct are the same class, {clf.label(right)!r}: give two")
        watcher = clf if feature_model is None else feature_model
        if not watcher.has_module:
            raise ValueError(
                f"the search follows gradients, and {watcher.name} has none to follow: give a torch network "
                "whose features say what looks alike, feature_model=…; the explained classifier may stay a "
                "black box"
            )
        features = Features(watcher, self.layer, watcher.view(view)[None])
        with untouched(features.module), torch.no_grad():
            wanted = features(watcher.view(view)[None])[0][0].detach().cpu()
        if not bool(wanted.any()):
            raise ValueError(
                f"the layer {features.layer!r} gives nothing but zeros for this image, which nothing can be "
                "compared with: name another, layer=…"
            )
        vectors = torch.zeros(3, len(probabilities))
        vectors[0, right] = vectors[1, taken_for] = 1
        vectors[2] = probabilities / probabilities.sum()
        z: object = generator.sample(self.starts, self.seed)
        if not isinstance(z, Tensor) or z.shape != (self.starts, generator.latent_size):
            got = tuple(z.shape) if isinstance(z, Tensor) else type(z).__name__
            raise GeneratorError(
                f"sample must return a tensor ({self.starts}, {generator.latent_size}); got {got}"
            )
        search = LatentSearch(
            generator=generator,
            features=features,
            wanted=wanted,
            vectors=vectors.repeat(self.starts, 1),
            called=_called(clf, feature_model) if self.rule == "product" else None,
            rate=self.rate,
            decay=self.decay,
            keep_length=self.keep_length,
            patience=self.patience,
            gain=self.gain,
            batch_size=self.batch_size,
        )
        walk = search.start(z.float().cpu().repeat_interleave(3, dim=0))
        n = len(walk.latents)
        maker = self._maker(clf, generator, taken_for, right)
        painted = tuple(maker.paint(walk.latents[:1], search.vectors[:1]).shape[2:])
        if painted != tuple(view.shape[1:]):
            raise ValueError(
                f"the model sees this image at {view.shape[1]} x {view.shape[2]} pixels, and what the "
                f"generator paints at {painted[0]} x {painted[1]}: give the classifier the size that both "
                "are scaled to, Classifier(…, input_size=…)"
            )
        blank = torch.zeros(n, *view.shape, dtype=torch.uint8)
        maps = maker.maps(view[None].expand(2, -1, -1, -1), [taken_for, right])
        result = TransitionResult(
            settings={
                **asdict(self),
                "layer": features.layer,
                "labels": None if clf.labels is None else list(clf.labels),
            },
            image=view,
            image_maps=maps,
            probabilities=probabilities,
            wrong=taken_for,
            wrong_label=clf.label(taken_for),
            correct=right,
            correct_label=clf.label(right),
            candidates=Candidates(
                start=torch.arange(self.starts).repeat_interleave(3),
                vector=torch.arange(3).repeat(self.starts),
                latents=walk.best,
                vectors=search.vectors,
                cosine=walk.cosine,
                updates=walk.updates,
                images=blank,
                probabilities=torch.zeros(n, len(probabilities)),
                maps=None if maps is None else torch.zeros(n, *view.shape[1:], dtype=torch.float16),
            ),
            first=walk.cosine,
            walk=walk,
        )
        if resume is not None:
            _require_same(resume, result)
        return _Work(self, clf, generator, maker, search, result)


def _require_same(resume: TransitionResult, fresh: TransitionResult) -> None:
    same_classes = (resume.wrong, resume.correct) == (fresh.wrong, fresh.correct)
    same = resume.image.shape == fresh.image.shape and torch.equal(resume.image, fresh.image)
    if not same_classes or not same:
        raise ValueError(
            f"resume: the result given is for {resume.wrong_label!r} and {resume.correct_label!r} of "
            f"{'the same' if same else 'another'} picture; asked for is {fresh.wrong_label!r} and "
            f"{fresh.correct_label!r}"
        )
    if resume.candidates.latents.shape != fresh.candidates.latents.shape:
        raise ValueError(
            f"resume: the result given has candidates {tuple(resume.candidates.latents.shape)}; asked for "
            f"are {tuple(fresh.candidates.latents.shape)}"
        )
    for name in ("layer", "rule"):  # a score by another measure is not to be compared with
        if resume.settings[name] != fresh.settings[name]:
            raise ValueError(
                f"resume: the result given was searched with {name}={resume.settings[name]!r}; asked for is "
                f"{fresh.settings[name]!r}"
            )
    if not torch.allclose(resume.probabilities, fresh.probabilities, atol=1e-3):
        raise ValueError("resume: the result given is of a classifier that answered otherwise")


@dataclass(frozen=True, eq=False)
class _Work:
    """One run: what the three parts of the engine share."""

    engine: Transitions
    clf: Classifier
    generator: Generator
    maker: PathMaker
    search: LatentSearch | None
    empty: TransitionResult

    def searched(self, resume: TransitionResult | None) -> Iterator[tuple[TransitionResult, float]]:
        """Yield the candidates as the search goes on, and which part of it is done."""
        assert self.search is not None  # noqa: S101 - only `Transitions.path` works without
        result = self.empty if resume is None else self._resumed(resume)
        walk = result.walk
        for walk in self.search.walks(result.walk, self.engine.updates):
            if walk.update == 0:
                result = replace(result, first=walk.cosine)
            due = walk.update in _SHOWN_FIRST or walk.update % _SHOWN_EVERY == 0
            result = self._looked_at(result, walk, every=False) if due else replace(result, walk=walk)
            yield result, self._fraction(walk)
        yield self._looked_at(result, walk, every=True), 1.0

    def _resumed(self, resume: TransitionResult) -> TransitionResult:
        """An earlier result with what this run asks for: its settings, and maps of its method or none."""
        settings, maps = self.empty.settings, resume.candidates.maps
        same_maps = all(settings[name] == resume.settings[name] for name in ("method", "options"))
        if maps is None or self.empty.candidates.maps is None or not same_maps:
            maps = self.empty.candidates.maps  # drawn anew
        return replace(
            self.empty,
            candidates=replace(resume.candidates, maps=maps),
            first=resume.first,
            walk=resume.walk,
        )

    def painted(
        self, result: TransitionResult, phases: int, ends: tuple[int, int] | None = None
    ) -> Iterator[tuple[TransitionResult, float]]:
        """Yield the result with its transition, coarse at first, and which part of it is done."""
        ends = result.best_ends if ends is None else ends
        result = replace(result, path=None, answer=None)
        for fraction, path in self.maker.paths(result.candidates.ends(*ends), ends, phases):
            result = result if path is None else replace(result, path=path)
            yield result, fraction
            if path is not None and result.answer is None:  # takes longer than the first look at the path
                result = replace(result, answer=self._answer(result, ends))

    def trusted(self, result: TransitionResult) -> Iterator[TransitionResult]:
        """Yield the result with more and more measured of how far to trust it."""
        answer, path = result.answer, result.path
        if not self.engine.trust or answer is None or path is None:
            return
        if self.engine.starts >= _THIRDS:
            thirds = [list(range(third, self.engine.starts, _THIRDS)) for third in range(_THIRDS)]
            ends = tuple(result.ends_among(third) for third in thirds)
            shares = []
            for pair in ends:
                shares.append(where(self.clf, self._along(result, pair), result.wrong, result.correct).share)
                yield result
            pairs = [rank_correlation(a.flatten(), b.flatten()) for a, b in combinations(shares, 2)]
            agreement = Agreement(ends, torch.stack(shares), float(np.mean(pairs)))
            result = replace(result, agreement=agreement)
            yield result
        twin = self.clf.randomised(self.engine.seed, _size_of(result.image))
        found = where(twin, self._along(result, path.ends), result.wrong, result.correct)
        correlation = rank_correlation(answer.share.flatten(), found.share.flatten())
        yield replace(result, random_network=RandomNetwork(found.share, correlation))

    def _fraction(self, walk: Walk) -> float:
        """How much of the search is done; with patience, at least as much as the candidates that ended."""
        patience = self.engine.patience
        ended = 0.0 if patience is None else float((walk.waited >= patience).float().mean())
        return max(walk.update / self.engine.updates, ended)

    def _looked_at(self, result: TransitionResult, walk: Walk, *, every: bool) -> TransitionResult:
        """The candidates as they are now: those that got better are painted, called and explained anew."""
        found = result.candidates
        changed = ((walk.best != found.latents).any(dim=1) | (found.probabilities.sum(dim=1) == 0)).nonzero()
        changed = changed[:, 0]
        images, probabilities = found.images.clone(), found.probabilities.clone()
        if len(changed):
            painted = self.maker.paint(walk.best[changed], found.vectors[changed])
            images[changed] = (painted * 255).round().to(torch.uint8)
            probabilities[changed] = self.clf.probabilities(painted)
        maps = found.maps
        now = replace(
            found,
            latents=walk.best,
            cosine=walk.cosine,
            updates=walk.updates,
            images=images,
            probabilities=probabilities,
        )
        result = replace(result, candidates=now, walk=walk)
        if maps is not None:
            maps = maps.clone()
            maps[changed] = 0
            drawn = (maps.flatten(1) != 0).any(dim=1)
            if not every:
                shown = [
                    *result.row(result.wrong)[:_ROW],
                    *result.row(result.correct)[:_ROW],
                    *result.best_ends,
                ]
                wanted = torch.zeros_like(drawn)
                wanted[shown] = True
                drawn |= ~wanted
            due = (~drawn).nonzero()[:, 0]
            if len(due):
                targets = probabilities[due].argmax(dim=1).tolist()
                new = self.maker.maps(images[due].float() / 255, targets)
                assert new is not None  # noqa: S101 - there are maps
                maps[due] = new
            result = replace(result, candidates=replace(now, maps=maps))
        return result

    def _along(self, result: TransitionResult, ends: tuple[int, int]) -> Tensor:
        """The transition as images ``(n, 3, h, w)``, as many as the answer is summed over."""
        along = torch.linspace(0, 1, _SUM)
        z, c = interpolated(result.candidates.ends(*ends), along, self.engine.interpolation)
        return self.maker.paint(z, c)

    def _answer(self, result: TransitionResult, ends: tuple[int, int]) -> Answer | None:
        if not self.clf.has_module:
            return None
        return where(self.clf, self._along(result, ends), result.wrong, result.correct)


def _called(clf: Classifier, feature_model: Classifier | None) -> Callable[[Tensor, Any], Tensor]:
    """From images, and the outputs of the network that gives the features, to probabilities."""
    if feature_model is not None:
        return lambda images, _outputs: clf.probabilities(images.cpu())
    return lambda images, outputs: clf.read(outputs, len(images))  # asked already


def _size_of(image: Tensor) -> tuple[int, int]:
    return image.shape[1], image.shape[2]
