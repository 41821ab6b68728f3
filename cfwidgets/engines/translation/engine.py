"""The engine of the counterfactual translator: twins, batch by batch, and how far to trust them."""

from __future__ import annotations

import time
from collections.abc import Generator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from cfwidgets.checks import positive_int
from cfwidgets.engines.base import Engine, Update, to_the_end
from cfwidgets.engines.translation.result import TranslationResult, empty
from cfwidgets.images import as_bytes, as_images, fit, fit_labels
from cfwidgets.models.classifier import Classifier, require_classifier
from cfwidgets.models.fingerprint import fingerprint
from cfwidgets.models.translator import Translator, require_translator

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["CounterfactualTranslator"]


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

    variants: int = 4
    batch_size: int = 16
    trust: bool = True
    seed: int = 0

    result_type = TranslationResult
    harmless = frozenset({"batch_size", "trust"})

    def __post_init__(self) -> None:
        super().__post_init__()
        positive_int("variants", self.variants, minimum=0)
        positive_int("batch_size", self.batch_size)

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
            A batch or a sequence that `images.as_images` accepts, or a data set with ``images`` and maybe
            ``labels`` and ``masks``, such as `cfwidgets.data.concrete` gives.
        target
            The class that is told from the rest, as an index or a label. None: of two classes the second; of
            more, it must be given.
        truth
            The class that each image really has; None for the data set's.
        masks
            ``(n, H, W)`` bool: the true masks; None for the data set's.
        second
            A classifier of the same classes that had no part in the training of the translator, to judge.
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
        pictures = fit(as_images(getattr(images, "images", images)).cpu(), translator.size)
        if truth is None:
            truth = getattr(images, "labels", None)
        if masks is None:
            masks = getattr(images, "masks", None)
        first = clf.probabilities(pictures[:1])[0]
        names = tuple(clf.label(index) for index in range(len(first)))
        painted = None if translator.painted is None else clf.class_index(translator.painted)
        index = _told(clf, target, len(names), painted)
        fresh = TranslationResult(
            settings=self.settings_with(target=names[index]),
            model=clf.name,
            labels=names,
            prediction=first,
            fingerprints={
                "model": clf.fingerprint(),
                "translator": translator.fingerprint(),
                "second": "" if second is None else second.fingerprint(),
                "images": fingerprint({"images": pictures}),
            },
            target=index,
            painted=painted,
            images=pictures,
            truth=None if truth is None else torch.as_tensor(truth),
            true_masks=_fitted(masks, pictures),
            done=0,
            branch=None,
            second="" if second is None else second.name,
            **empty(
                pictures[0],
                variants=self.variants if translator.noise else 0,
                classes=len(names),
            ),
        )
        work = partial(self._work, clf, translator, second)
        yield from self.driven(fresh, work, began=began, resume=resume, checkpoint=checkpoint)

    explain = to_the_end(steps)

    def _work(
        self,
        clf: Classifier,
        translator: Translator,
        second: Classifier | None,
        result: TranslationResult,
    ) -> Generator[Update[TranslationResult], None, None]:
        count = len(result.images)
        yield Update(result.done / count, result, "translating")
        while result.done < count:
            result = self._further(clf, translator, second, result)
            yield Update(result.done / count, result, "translating" if result.done < count else "")

    def _further(
        self,
        clf: Classifier,
        translator: Translator,
        second: Classifier | None,
        result: TranslationResult,
    ) -> TranslationResult:
        """Translate the next batch."""
        images = result.images[result.done : result.done + self.batch_size]
        twins, logits = translator.translate(images)
        returned = translator.translate(twins).twins
        found: dict[str, Any] = {
            "twins": twins,
            "returned": returned,
            "variants": self._varied(translator, images, result),
            "predictions": clf.probabilities(images),
            "twin_predictions": clf.probabilities(twins),
            "returned_predictions": clf.probabilities(returned),
            "branch": None if logits is None else logits.softmax(1),
            "second_predictions": None if second is None else second.probabilities(images),
            "second_twin_predictions": None if second is None else second.probabilities(twins),
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


def _fitted(masks: Any, pictures: Tensor) -> Tensor | None:
    """Cut true masks as the images are."""
    if masks is None:
        return None
    height, width = pictures.shape[-2:]
    return torch.stack([fit_labels(mask, (height, width)) for mask in torch.as_tensor(masks).int()]).bool()


def _with(before: Tensor | None, rows: Tensor | None) -> Tensor | None:
    if rows is None or before is None:
        return rows
    return torch.cat([before, rows.cpu()])


def _told(clf: Classifier, target: int | str | None, classes: int, painted: int | None) -> int:
    if target is not None:
        index = clf.class_index(target)
        if index == painted:
            raise ValueError(f"target must be a class of real images, not {clf.label(index)!r}")
        return index
    real = [index for index in range(classes) if index != painted]
    if len(real) != 2:
        raise ValueError(f"target: of {len(real)} classes, name the one that is told from the rest")
    return real[1]
