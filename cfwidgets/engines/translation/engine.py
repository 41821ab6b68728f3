"""The engine of the counterfactual translator: twins, batch by batch, and how far to trust them."""

from __future__ import annotations

import time
from collections.abc import Generator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

import torch
from torch import Tensor

from cfwidgets.checks import choice, names_checked, non_negative, positive_int
from cfwidgets.engines.base import Engine, Update, to_the_end
from cfwidgets.engines.translation.given import read, second_columns, side_to_explain
from cfwidgets.engines.translation.judges import judges_of
from cfwidgets.engines.translation.probes import no_probes, places, probed
from cfwidgets.engines.translation.result import TranslationResult
from cfwidgets.engines.translation.stress import KINDS, Kind, measured, no_curve
from cfwidgets.images import as_bytes
from cfwidgets.models.backends.base import NotFiniteError
from cfwidgets.models.classifier import Classifier, require_classifier
from cfwidgets.models.fingerprint import fingerprint
from cfwidgets.models.translator import Translator, TranslatorError, require_translator

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["CounterfactualTranslator"]


@names_checked
@dataclass(frozen=True)
class CounterfactualTranslator(Engine[TranslationResult]):
    """Paint each image's twin of the other class, and mark what differs.

    Anonymous 2024, "Counterfactual Image Generation for Adversarially Robust and Interpretable Classifiers".

    Parameters
    ----------
    variants
        Further twins of each image, by other noise, where the translator takes noise.
    batch_size
        Images that are translated at once.
    trust
        True to measure how far the twins can be trusted.
    probed
        Images on which the measures are taken that change images and twins and predict again.
    seed
        Same seed, same device, same answer.

    Examples
    --------
    >>> import cfwidgets as cf
    >>> clf, translator = cf.zoo.translator("concrete", device="cpu")
    >>> parts = cf.data.concrete(2, size=128)
    >>> result = CounterfactualTranslator(variants=0, trust=False).explain(clf, translator, parts)
    >>> result.twins.shape, result.masks.shape
    (torch.Size([2, 3, 128, 128]), torch.Size([2, 128, 128]))
    """

    result_type: ClassVar[type[TranslationResult]] = TranslationResult
    harmless: ClassVar[frozenset[str]] = frozenset({"batch_size", "trust"})

    variants: int = 4
    batch_size: int = 16
    trust: bool = True
    probed: int = 64
    seed: int = 0

    def __post_init__(self) -> None:
        super().__post_init__()
        positive_int("variants", self.variants, minimum=0)
        positive_int("batch_size", self.batch_size)
        positive_int("probed", self.probed)

    def steps(
        self,
        clf: Classifier,
        translator: Translator,
        images: Any,
        target: int | str | None = None,
        *,
        truth: Tensor | Sequence[int] | None = None,
        masks: Tensor | None = None,
        second: Classifier | None = None,
        resume: TranslationResult | None = None,
        checkpoint: str | Path | None = None,
    ) -> Generator[Update[TranslationResult], None, None]:
        """Yield the result as it stands after each batch, and at last the whole.

        Parameters
        ----------
        clf
            The classifier; a black box will do. ``clf, translator = cfwidgets.zoo.translator(…)`` gives one
            that was trained with its translator and has a class for painted images.
        translator
            A `Translator`.
        images
            A batch that `images.as_images` accepts, or a sequence of images, of many sizes where the
            translator has one; or a data set: with ``images`` and maybe ``labels`` and ``masks``, such as
            `cfwidgets.data.concrete` gives, or with items ``(image, label, mask)`` or fewer, such as
            `cfwidgets.data.ImageFolders`.
        target
            The class that is told from the rest, as an index or a label. None: of two classes the second; of
            more, it must be given.
        truth
            The class that each image really has, as an index or a label of the classifier's; None for the
            data set's.
        masks
            ``(n, H, W)`` bool: the true masks, as large as the images; None for the data set's.
        second
            A classifier of the same classes, in any order, that had no part in the training of the
            translator, to judge.
        resume
            An earlier result of the same networks, images and settings.
        checkpoint
            A file that the result is written to, twice a minute and at the end. Where it exists and no
            ``resume`` is given, it is resumed.

        Raises
        ------
        ImageError, ClassifierError, TranslatorError, ValueError
            Names the argument that was given, and what is accepted.
        ResultError
            The checkpoint is damaged, or of another kind.
        """
        began = time.perf_counter()
        require_classifier("clf", clf)
        require_translator(translator)
        if second is not None:
            require_classifier("second", second)
        painted = _painted(clf, translator)
        if target is not None:
            clf.class_index(target)  # before anything takes time
        given = read(clf, translator, images, truth, masks)
        first = clf.probabilities(given.images[:1])[0]
        names = tuple(clf.label(index) for index in range(len(first)))
        index = side_to_explain(clf, target, names, painted)
        columns = None
        if second is not None:
            columns = second_columns(second, names, painted, second.probabilities(given.images[:1]).shape[1])
        none, answers = given.images[:0], first[None][:0]
        variants = self.variants if translator.noise else 0
        fresh = TranslationResult(
            settings=self.settings_with(target=names[index]),
            model=clf.name,
            labels=names,
            prediction=first,
            fingerprints={
                "model": clf.fingerprint(),
                "translator": translator.fingerprint(),
                "second": "" if second is None else second.fingerprint(),
                "images": fingerprint({"images": given.images}),
            },
            target=index,
            painted=painted,
            images=given.images,
            truth=given.truth,
            true_masks=given.masks,
            threshold=0.5 if translator.threshold is None else float(translator.threshold),
            done=0,
            twins=none,
            returned=none,
            variants=torch.zeros(0, variants, *given.images.shape[1:], dtype=torch.uint8),
            predictions=answers,
            twin_predictions=answers,
            returned_predictions=answers,
            branch=None,
            second="" if second is None else second.name,
            probes=no_probes(len(first)),
        )
        work = partial(self._work, _Judges(clf, translator, second, columns))
        yield from self.driven(
            fresh, work, clf=clf, image=given.images[0], began=began, resume=resume, checkpoint=checkpoint
        )

    explain = to_the_end(steps)

    def stress(
        self,
        clf: Classifier,
        translator: Translator,
        result: TranslationResult,
        kind: Kind,
        levels: Sequence[float],
        *,
        second: Classifier | None = None,
    ) -> Generator[Update[TranslationResult], None, None]:
        """Yield the result with curves under noise or attack, level by level: the paper's figure 3.

        Classifier, class branch and second classifier predict up to ``probed`` of the images as they are
        disturbed. An attack is on each of them in its turn, by its own gradient; a black box is shown what
        was made for the classifier. Levels that the result has already are kept.

        Parameters
        ----------
        clf, translator, second
            Those that the result was found with.
        result
            A finished result.
        kind
            ``"noise"``: Gaussian, of a deviation. ``"pgd"``: targeted projected gradient descent, 10
            iterations of a step within 0.1 of each value.
        levels
            Deviations or steps, in terms of the range of pixels.

        Raises
        ------
        ValueError
            A kind or levels that cannot be right, a result without twins.
        ClassifierError
            An attack on a black box.

        Examples
        --------
        >>> import cfwidgets as cf
        >>> from cfwidgets.engines.base import run_to_end
        >>> pair, parts = cf.zoo.translator("fruit", device="cpu"), cf.data.fruit(2, size=64)
        >>> engine = CounterfactualTranslator(variants=0, trust=False)
        >>> result = engine.explain(*pair, parts)
        >>> run_to_end(engine.stress(*pair, result, "noise", [0, 0.1])).stress["noise"].accuracy.shape
        torch.Size([2, 2])
        """
        choice("kind", kind, KINDS)
        for level in levels:
            non_negative("levels", level)
        if not result.done:
            raise ValueError("result: there is no twin yet")
        judges = judges_of(clf, translator, second, result)
        chosen = places(result.done, self.probed)
        curve = no_curve(judges, chosen, painted=result.painted is not None)
        before = result.stress.get(kind)
        if before is not None and before.judges == curve.judges and torch.equal(before.places, chosen):
            curve = before
        todo = [float(level) for level in levels if float(level) not in curve.levels.tolist()]
        for count, level in enumerate(todo):
            yield Update(count / len(todo), result, f"{kind} of {level:g}")
            curve = measured(
                curve, judges, clf, result, kind, level, batch_size=self.batch_size, seed=self.seed
            )
            result = replace(result, stress={**result.stress, kind: curve})
        yield Update(1.0, result, "")

    def resumed(self, earlier: TranslationResult, fresh: TranslationResult) -> TranslationResult:
        """Return the earlier result with what this run knows besides the images."""
        now = replace(
            super().resumed(earlier, fresh),
            truth=fresh.truth,
            true_masks=fresh.true_masks,
            threshold=fresh.threshold,
        )
        if earlier.second == fresh.second:
            return now
        return replace(now, second=fresh.second, second_predictions=None, second_twin_predictions=None)

    def _work(
        self, judges: _Judges, result: TranslationResult
    ) -> Generator[Update[TranslationResult], None, None]:
        chosen = places(len(result.images), self.probed if self.trust else 0)
        total = len(result.images) + max(len(chosen), len(result.probes))

        def update() -> Update[TranslationResult]:
            fraction = (result.done + len(result.probes)) / total
            activity = "translating" if result.done < len(result.images) else "measuring trust"
            return Update(fraction, result, activity if fraction < 1 else "")

        if judges.second is not None and result.done and result.second_predictions is None:
            result = replace(result, **judges.of_second(result.images[: result.done], result.twins))
        yield update()
        while result.done < len(result.images):
            try:
                result = self._further(judges, result)
            except NotFiniteError as error:
                last = min(result.done + self.batch_size, len(result.images))
                error.add_note(f"at one of {result.done} to {last - 1} of the {len(result.images)} images")
                raise
            yield update()
        if len(result.probes) < len(chosen):
            weights = judges.translator.has_module and list(judges.translator.require_module().parameters())
            randomised = judges.translator.randomised(self.seed) if weights else None
            while len(result.probes) < len(chosen):
                result = self._probed(judges.clf, randomised, chosen, result)
                yield update()

    def _further(self, judges: _Judges, result: TranslationResult) -> TranslationResult:
        """Translate the next batch."""
        translator, clf = judges.translator, judges.clf
        images = result.images[result.done : result.done + self.batch_size]
        twins, logits = translator.translate(images)
        returned = translator.translate(twins).twins
        branch = None if logits is None else _branch(logits, len(images), len(result.real)).softmax(1)
        found: dict[str, Any] = {
            "twins": twins,
            "returned": returned,
            "variants": self._varied(translator, images, result),
            "predictions": clf.probabilities(images),
            "twin_predictions": clf.probabilities(twins),
            "returned_predictions": clf.probabilities(returned),
            "branch": branch,
            **judges.of_second(images, twins),
        }
        joined: dict[str, Any] = {name: _with(getattr(result, name), rows) for name, rows in found.items()}
        return replace(result, done=result.done + len(images), **joined)

    def _varied(self, translator: Translator, images: Tensor, result: TranslationResult) -> Tensor:
        """Give further twins ``(n, v, 3, H, W)`` uint8."""
        varied = []
        for place, image in enumerate(images, result.done):
            source = torch.Generator().manual_seed(self.seed * 1_000_003 + place)
            noise = torch.randn(result.variants.shape[1], translator.noise, generator=source)
            if len(noise):
                same = image.expand(len(noise), -1, -1, -1)
                varied.append(as_bytes(translator.translate(same, noise).twins))
        shape = (len(images), *result.variants.shape[1:])
        return torch.stack(varied) if varied else torch.zeros(shape, dtype=torch.uint8)

    def _probed(
        self, clf: Classifier, randomised: Translator | None, chosen: Tensor, result: TranslationResult
    ) -> TranslationResult:
        """Change the next batch of images, and predict."""
        done = len(result.probes)
        more = probed(
            clf,
            randomised,
            images=result.images[chosen],
            twins=result.twins[chosen],
            variants=result.variants[chosen],
            on_target=result.on_target(result.predictions[chosen]),
            which=chosen,
            some=slice(done, min(done + self.batch_size, len(chosen))),
        )
        return replace(result, probes=result.probes.and_more(more))


@dataclass(frozen=True)
class _Judges:
    """The networks of a run, and the columns of the second classifier that are asked for."""

    clf: Classifier
    translator: Translator
    second: Classifier | None
    columns: list[int] | None

    def of_second(self, images: Tensor, twins: Tensor) -> dict[str, Any]:
        """Predictions of the second classifier, by the names of their fields."""
        names = ("second_predictions", "second_twin_predictions")
        if self.second is None:
            return dict.fromkeys(names)
        return {
            name: self.second.probabilities(pictures)[:, self.columns]
            for name, pictures in zip(names, (images, twins), strict=True)
        }


def _painted(clf: Classifier, translator: Translator) -> int | None:
    """Find the class for painted images."""
    if translator.painted is None:
        return None
    if clf.labels is None or clf.labels.count(translator.painted) != 1:
        raise ValueError(
            f"translator.painted is {translator.painted!r}, a class that {clf.name} does not have: give the "
            "classifier that was trained with it, or a translator whose painted is None, without a measure "
            "of doubt"
        )
    return clf.labels.index(translator.painted)


def _branch(logits: Tensor, count: int, real: int) -> Tensor:
    if logits.ndim != 2 or len(logits) != count or logits.shape[1] not in {2, real}:
        raise TranslatorError(
            f"the class branch returns ({count}, {real}), a logit for each class of real images, or "
            f"({count}, 2), the target second; got {tuple(logits.shape)}"
        )
    return logits


def _with(before: Tensor | None, rows: Tensor | None) -> Tensor | None:
    return rows if rows is None or before is None else torch.cat([before, rows])
