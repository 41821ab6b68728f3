"""Explain a misclassification: look-alikes on both sides of the decision, and the transition between them."""

from __future__ import annotations

import time
from collections.abc import Callable
from collections.abc import Generator as Steps
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Self

import torch
from torch import Tensor

from cfwidgets.attribution import METHODS
from cfwidgets.checks import choice, mapping, names_checked, non_negative, positive_int, share
from cfwidgets.engines.base import Engine, Update, to_the_end
from cfwidgets.engines.transitions.latent_search import Features, LatentSearch
from cfwidgets.engines.transitions.path import Interpolation, PathMaker, require_phases
from cfwidgets.engines.transitions.result import Candidates, Rule, TransitionResult
from cfwidgets.engines.transitions.work import PAINTING, Work, without_path
from cfwidgets.models.backends.base import NotFiniteError
from cfwidgets.models.classifier import Classifier, require_classifier
from cfwidgets.models.fingerprint import fingerprint
from cfwidgets.models.finite import finite_or_nan
from cfwidgets.models.generator import Generator, GeneratorError, generator_fingerprint, require_generator

if TYPE_CHECKING:
    from pathlib import Path

    from cfwidgets.images import ImageLike

__all__ = ["Transitions"]


@names_checked
@dataclass(frozen=True)
class Transitions(Engine[TransitionResult]):
    """Find generated look-alikes of an image on both sides of a decision, and the transition between them.

    Suzuki et al. 2021 ("counterfactual candidates"): latent vectors of a class-conditional generator are
    moved until the features of the generated images are similar to those of the misclassified image (equation
    1). Some of these candidates are predicted as the image is, wrongly, and some as its true class, the
    target; latent and class vectors are then interpolated between the best candidate of each, and every phase
    is classified and explained.

    Parameters
    ----------
    starts
        Number of initial latent vectors; each is tried with three class vectors: the target, the wrong class,
        and the model's prediction for the image. The paper has 32, which makes 96 candidates.
    updates
        Largest number of updates of each candidate, in total: resuming continues up to it.
    rate, decay
        Learning rate of RMSprop and the decay of its mean (α); the paper names neither.
    keep_length
        True to keep the initial length of each latent vector (that of a normal vector hardly varies), so that
        the images stay believable. False, as in the paper, lets them grow, which brings the features nearer.
    layer
        The layer whose features are compared: a name in ``dict(module.named_modules())``, None for the last
        layer with feature maps. The paper: the last pooling of VGG-19, ``layer="features"`` of such a
        ``feature_model``.
    rule
        The criterion for the place of its walk that a candidate keeps, and for the two end points.
        ``"product"``: the place with the highest cosine times Σ √(class vector · probability), and the
        candidates with the highest cosine times probability. ``"quarter"``: as in the paper, the place with
        the highest cosine, and the most probable candidate of each class among the most similar quarter;
        where the features are those of the explained network, that often leaves no candidate of the target,
        since images with the same features have the same prediction.
    patience, gain
        A candidate ends after ``patience`` updates in which its score gained less than ``gain``;
        ``patience=None`` gives all the same number of updates, as in the paper. `TransitionResult.to_frame`
        has the number of each.
    phases
        Number of phases of the transition, both ends included.
    interpolation
        Interpolation of the latent vectors: ``"linear"`` as in the paper, or ``"spherical"``.
    method, options
        Method of the relevance maps and its settings, as `cfwidgets.attribute` takes them; None for no maps.
    trust
        True to measure how far the answer can be trusted: in three separate thirds of the starts, and on a
        randomised model.
    batch_size
        Largest number of candidates in one batch; None for as many as suit a CPU, and on other devices for
        all, or as many as fit into memory.
    seed
        Same seed, same device, same answer.

    Notes
    -----
    The defaults are for small networks that paint and read the same pictures; `published` are the paper's.

    Examples
    --------
    >>> from cfwidgets import zoo
    >>> from cfwidgets.data import digits
    >>> from cfwidgets.networks import BigGAN
    >>> clf = zoo.classifier("digits", device="cpu")
    >>> generator = BigGAN(size=32, classes=10, channels=2, latent_size=8).eval()
    >>> quick = Transitions(starts=2, updates=3, phases=5, trust=False)
    >>> result = quick.explain(clf, generator, digits("test").images[473], target="4")
    >>> result.wrong_label, result.label, len(result.to_frame()), len(result.path_frame())
    ('9', '4', 6, 5)
    """

    result_type: ClassVar[type[TransitionResult]] = TransitionResult
    # `updates` is a total. `batch_size` changes no more than rounding. `phases`, `interpolation`, `method`
    # and `options` do not touch the search: transition and maps are made again where they differ.
    # `patience` and `gain` are not here: a candidate that ended early and continues under another patience
    # has had fewer updates, by the common count, than in an uninterrupted run, and ends elsewhere.
    harmless: ClassVar[frozenset[str]] = frozenset(
        {"updates", "batch_size", "phases", "interpolation", "method", "options", "trust"}
    )

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
        super().__post_init__()
        for name in ("starts", "updates"):
            positive_int(name, getattr(self, name))
        positive_int("phases", self.phases, minimum=2)
        for name in ("patience", "batch_size"):
            if getattr(self, name) is not None:
                positive_int(name, getattr(self, name))
        non_negative("rate", self.rate)
        non_negative("gain", self.gain)
        share("decay", self.decay)
        choice("rule", self.rule, ("product", "quarter"))
        choice("interpolation", self.interpolation, ("linear", "spherical"))
        choice("keep_length", self.keep_length, (True, False))
        if self.layer is not None and not isinstance(self.layer, str):
            raise ValueError(f"layer must be the name of a layer, not {self.layer!r:.60}")
        mapping("options", self.options)
        if self.method is not None:
            choice("method", self.method, tuple(METHODS))

    @classmethod
    def published(cls, **settings: Any) -> Self:
        """Return the settings of the paper, for a VGG-19 of torchvision, which it compares features by.

        The last maps of VGG-19 (7 x 7 x 512 of 224 pixels), latent vectors of free length, the same 2,000
        updates for each of 96 candidates, the end points by the rule ``"quarter"``, 1,000 phases on a
        straight line, and relevance by RAP. The diversity threshold of 1 is the generator's, and the default
        of `cfwidgets.zoo.generator`. The paper names neither rate nor decay, which are as by default, and
        gives no number for the high cosine that end points must have: the quarter is a reading of it.

        Parameters
        ----------
        **settings
            Settings that are to be others than the paper's.

        Raises
        ------
        TypeError, ValueError
            A setting that there is not, or a value that it cannot have.

        Examples
        --------
        >>> paper = Transitions.published(updates=200)
        >>> paper.layer, paper.rule, paper.keep_length, paper.patience, paper.updates
        ('features', 'quarter', False, None, 200)
        """
        paper: dict[str, Any] = {
            "starts": 32,
            "updates": 2000,
            "keep_length": False,
            "layer": "features",
            "rule": "quarter",
            "patience": None,
            "phases": 1000,
            "interpolation": "linear",
            "method": "rap",
        }
        return cls(**paper | settings)

    def steps(
        self,
        clf: Classifier,
        generator: Generator,
        image: ImageLike,
        target: int | str,
        *,
        wrong: int | str | None = None,
        feature_model: Classifier | None = None,
        resume: TransitionResult | None = None,
        checkpoint: str | Path | None = None,
    ) -> Steps[Update[TransitionResult], None, None]:
        """Yield the result as it stands after each update and each piece of the transition.

        Parameters
        ----------
        clf
            The classifier that is explained.
        generator
            See `cfwidgets.models.generator.Generator`; its class k is the classifier's class k.
        image
            An image that `images.as_image` accepts. The explanation is of the image as the model sees it,
            ``clf.view(image)``.
        target
            The class that the image really has, as an index or a label.
        wrong
            The class that the image was taken for; None for the predicted one.
        feature_model
            A network whose features are compared; None for the explained one. With one, the explained
            classifier may be a black box (then without maps and without path attribution).
        resume
            An earlier result of the same model, generator, image, classes and settings. ``updates``,
            ``batch_size``, ``phases``, ``interpolation``, ``method``, ``options`` and ``trust`` may differ.
        checkpoint
            A file to write the result to, and to resume from where it is there.

        Raises
        ------
        ImageError, ClassifierError, GeneratorError, ResultError, ValueError
            With the argument given, and those that are accepted.
        """
        began = time.perf_counter()
        require_classifier("clf", clf)
        if feature_model is not None:
            require_classifier("feature_model", feature_model)
        generator = require_generator(generator, clf.classes)
        view = clf.view(image).cpu()
        require_phases(self.phases, *view.shape[1:])
        prediction = clf.probabilities(view[None])[0]
        require_generator(generator, len(prediction))
        classes = _two_classes(clf, prediction, target, wrong)
        watched = clf if feature_model is None else feature_model
        features, wanted = self._features(watched, view)
        search = LatentSearch(
            generator=generator,
            features=features,
            wanted=wanted,
            vectors=_class_vectors(prediction, *classes).repeat(self.starts, 1),
            probabilities=_probabilities(clf, feature_model) if self.rule == "product" else None,
            rate=self.rate,
            decay=self.decay,
            keep_length=self.keep_length,
            patience=self.patience,
            gain=self.gain,
            batch_size=self.batch_size,
        )
        maker = self._maker(clf, generator, *classes)
        fresh = self._fresh(maker, search, view, prediction, watched)
        work = partial(
            Work(clf, maker, self.phases).updates,
            search=search,
            total=self.updates,
            trust=self.trust,
            seed=self.seed,
        )
        yield from self.driven(
            fresh, work, clf=clf, image=view, began=began, resume=resume, checkpoint=checkpoint
        )

    explain = to_the_end(steps)

    def path(
        self,
        clf: Classifier,
        generator: Generator,
        result: TransitionResult,
        wrong_end: int,
        target_end: int,
    ) -> Steps[Update[TransitionResult], None, None]:
        """Yield the result with the transition between two other candidates, coarse at first, then whole.

        Parameters
        ----------
        clf, generator
            Those that the result was found with.
        result
            An earlier result.
        wrong_end, target_end
            Numbers of the candidates.

        Raises
        ------
        ValueError
            There are no such candidates.
        """
        count = len(result.candidates.start)
        for end in (wrong_end, target_end):
            if not 0 <= end < count:
                raise ValueError(f"candidates are numbered from 0 to {count - 1}; got {end}")
        work = Work(clf, self._maker(clf, generator, result.wrong, result.target), self.phases)
        for now, fraction in work.painted(without_path(result), (wrong_end, target_end)):
            yield Update(min(0.99, fraction), now, PAINTING)
        yield Update(1.0, now, "")

    def resumed(self, earlier: TransitionResult, fresh: TransitionResult) -> TransitionResult:
        """Return the earlier result, without the parts that other settings make differently."""

        def same(*names: str) -> bool:
            return all(earlier.settings[name] == fresh.settings[name] for name in names)

        now = super().resumed(earlier, fresh)
        blank = fresh.candidates.maps
        if not same("method", "options") or (blank is None) != (earlier.candidates.maps is None):
            candidates = replace(earlier.candidates, maps=blank)
            now = replace(now, candidates=candidates, image_maps=None, searched=False)
        path = now.path
        whole = path is not None and path.complete and path.ends == now.best_ends
        return now if whole and now.searched and same("phases", "interpolation") else without_path(now)

    def _maker(self, clf: Classifier, generator: Generator, wrong: int, target: int) -> PathMaker:
        method = self.method if clf.has_module else None
        return PathMaker(clf, generator, wrong, target, method, self.interpolation, self.options)

    def _features(self, watched: Classifier, view: Tensor) -> tuple[Features, Tensor]:
        """Return the layer whose features are compared, and the image's features ``(F,)``."""
        if not watched.has_module:
            raise ValueError(
                f"the search follows gradients, and {watched.name} has none to follow: give a torch network "
                "to compare features by, feature_model=…; the explained classifier may stay a black box"
            )
        image = watched.view(view)[None]
        features = Features(watched, self.layer, image)
        with features.running(), torch.no_grad():
            wanted = features(features.filled(image))[0][0].detach().cpu()
        if not bool(wanted.any()):
            raise ValueError(
                f"the layer {features.layer!r} gives nothing but zeros for this image, which nothing can be "
                "compared with: name another, layer=…"
            )
        return features, wanted

    def _fresh(
        self, maker: PathMaker, search: LatentSearch, view: Tensor, prediction: Tensor, watched: Classifier
    ) -> TransitionResult:
        """Return the result with nothing found yet."""
        clf, generator = maker.clf, maker.generator
        walk = search.start(_first_latents(generator, self.starts, self.seed).repeat_interleave(3, dim=0))
        n, (height, width) = len(walk.latents), view.shape[1:]
        painted = maker.paint(walk.latents[:1], search.vectors[:1]).shape[2:]
        if painted != (height, width):
            raise ValueError(
                f"the model sees this image at {height} x {width} pixels, and what the generator paints at "
                f"{painted[0]} x {painted[1]}: give the classifier the size that both are scaled to, "
                "Classifier(…, input_size=…)"
            )
        model = clf.fingerprint()
        question = self.settings_with(
            target=clf.label(maker.target), wrong=clf.label(maker.wrong), latent_size=generator.latent_size
        )
        return TransitionResult(
            settings={**question, "layer": search.features.layer},
            model=clf.name,
            labels=tuple(clf.label(index) for index in range(len(prediction))),
            prediction=prediction,
            fingerprints={
                "model": model,
                "feature_model": model if watched is clf else watched.fingerprint(),
                "generator": generator_fingerprint(generator),
                "image": fingerprint({"image": view}),
            },
            image=view,
            image_maps=None,
            wrong=maker.wrong,
            target=maker.target,
            candidates=Candidates(
                start=torch.arange(self.starts).repeat_interleave(3),
                vector=torch.arange(3).repeat(self.starts),
                latents=walk.best,
                vectors=search.vectors,
                cosine=walk.cosine,
                updates=walk.updates,
                images=torch.zeros(n, *view.shape, dtype=torch.uint8),
                probabilities=torch.zeros(n, len(prediction)),
                maps=None if maker.method is None else torch.zeros(n, height, width, dtype=torch.float16),
            ),
            first=walk.cosine,
            walk=walk,
        )


def _two_classes(
    clf: Classifier, prediction: Tensor, target: int | str, wrong: int | str | None
) -> tuple[int, int]:
    """Return the numbers of the wrong class and of the target."""
    right, predicted = clf.class_index(target), int(prediction.argmax())
    if wrong is None and predicted == right:
        raise ValueError(
            f"the model predicts {clf.label(predicted)!r} for this image, which is the target: name the "
            "class to compare it with, wrong=…"
        )
    taken_for = predicted if wrong is None else clf.class_index(wrong)
    if taken_for == right:
        raise ValueError(f"wrong and target are the same class, {clf.label(right)!r}: give two")
    return taken_for, right


def _class_vectors(prediction: Tensor, wrong: int, target: int) -> Tensor:
    """Return ``(3, classes)``: the target alone, the wrong class alone, the model's prediction."""
    vectors = torch.zeros(3, len(prediction))
    vectors[0, target] = vectors[1, wrong] = 1
    vectors[2] = prediction / prediction.sum()
    return vectors


def _first_latents(generator: Generator, starts: int, seed: int) -> Tensor:
    z: object = generator.sample(starts, seed)
    if not isinstance(z, Tensor) or z.shape != (starts, generator.latent_size):
        got = tuple(z.shape) if isinstance(z, Tensor) else type(z).__name__
        raise GeneratorError(f"sample must return a tensor ({starts}, {generator.latent_size}); got {got}")
    return z.float().cpu()


def _probabilities(clf: Classifier, feature_model: Classifier | None) -> Callable[[Tensor, Any], Tensor]:
    """Return the function from images, and the outputs of the network of the features, to probabilities."""
    if feature_model is not None:
        return lambda images, _outputs: finite_or_nan(clf, images.cpu())

    def read(images: Tensor, outputs: Any) -> Tensor:
        try:
            return clf.read(outputs, len(images))  # no second pass
        except NotFiniteError:
            return finite_or_nan(clf, images.cpu())

    return read
