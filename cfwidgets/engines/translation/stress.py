"""Classifier, class branch and second classifier under noise and attack."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Literal, NamedTuple

import torch
from torch import Tensor

from cfwidgets.brief import brief
from cfwidgets.checks import choice, non_negative
from cfwidgets.engines.translation.judges import Judge, judges_of
from cfwidgets.engines.translation.stress_curve import StressCurve
from cfwidgets.evaluation.attacks import noisy, pgd
from cfwidgets.evaluation.segmentation import saliency

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cfwidgets.engines.translation.translations import Translations
    from cfwidgets.models.classifier import Classifier
    from cfwidgets.models.translator import Translator

__all__ = ["KINDS", "Kind", "Stressed", "measured", "no_curve", "stressed"]

Kind = Literal["noise", "pgd"]

KINDS: tuple[Kind, ...] = ("noise", "pgd")
"""Gaussian noise, whose level is the deviation; projected gradient descent, whose level is the step."""


class Stressed(NamedTuple):
    """One image, disturbed, and what the models make of it.

    Attributes
    ----------
    image, twin
        ``(3, H, W)``: the disturbed image and its twin.
    mask
        ``(H, W)`` in [0, 1]: what differs between them.
    prediction, twin_prediction
        ``(C,)``: the classifier's probabilities.
    branch, second
        ``(K,)``: those of the class branch and of the second classifier for the image; None without.
    """

    image: Tensor
    twin: Tensor
    mask: Tensor
    prediction: Tensor
    twin_prediction: Tensor
    branch: Tensor | None
    second: Tensor | None

    def __repr__(self) -> str:
        return brief(self)


def stressed(
    clf: Classifier,
    translator: Translator,
    found: Translations,
    place: int,
    kind: Kind,
    level: float,
    *,
    second: Classifier | None = None,
    seed: int = 0,
) -> Stressed:
    """Disturb one image, and translate and predict.

    An attack leads the classifier to the other side; class branch and second classifier see the same picture.

    Parameters
    ----------
    clf, translator, second
        Those that the result was found with.
    found
        A result.
    place
        The number of the image.
    kind
        One of ``KINDS``.
    level
        Deviation of the noise, or step of the attack, in terms of the range of pixels.
    seed
        Of the noise.

    Raises
    ------
    ValueError
        A kind or level that cannot be right, or an image that is not there.
    ClassifierError
        An attack on a black box.
    """
    choice("kind", kind, KINDS)
    non_negative("level", level)
    if not 0 <= place < found.done:
        raise ValueError(f"images are numbered from 0 to {found.done - 1}; got {place}")
    judges = judges_of(clf, translator, second, found)
    image = _disturbed(judges[0], found, torch.tensor([place]), kind, level, seed)
    twins, logits = translator.translate(image)
    branch = None if logits is None else logits.softmax(1)[0]
    of_second = [judge.predict(image)[0] for judge in judges if judge.name == "second"]
    prediction, twin_prediction = clf.probabilities(torch.cat([image, twins]))
    return Stressed(
        image[0],
        twins[0],
        saliency(image, twins)[0],
        prediction,
        twin_prediction,
        branch,
        of_second[0] if of_second else None,
    )


def no_curve(judges: Sequence[Judge], places: Tensor, *, painted: bool) -> StressCurve:
    """Make a curve without a level."""
    shape = (0, len(judges), len(places))
    return StressCurve(
        levels=torch.zeros(0, dtype=torch.float64),
        places=places,
        judges=tuple(judge.name for judge in judges),
        right=torch.zeros(shape, dtype=torch.bool),
        confidence=torch.zeros(shape),
        fakeness=torch.zeros(0, len(places)) if painted else None,
    )


def measured(
    curve: StressCurve,
    judges: Sequence[Judge],
    clf: Classifier,
    found: Translations,
    kind: Kind,
    level: float,
    *,
    batch_size: int,
    seed: int,
) -> StressCurve:
    """Add a level to a curve. An attack is on each model in its turn; where it is a black box, on the first.

    Parameters
    ----------
    curve
        The levels so far.
    judges
        The models, the classifier first.
    clf, found, kind, level, seed
        As in `stressed`.
    batch_size
        Images at once.
    """
    side = _sides(found)[curve.places]
    rights, confidences, fakeness = [], [], None
    pictures: Tensor | None = None
    for judge in judges:
        if pictures is None or (kind == "pgd" and judge.logits is not None):
            batches = curve.places.split(batch_size)
            pictures = torch.cat([_disturbed(judge, found, batch, kind, level, seed) for batch in batches])
        answers = torch.cat([judge.predict(some) for some in pictures.split(batch_size)])
        if judge is judges[0] and found.painted is not None:
            fakeness = clf.probabilities(pictures)[:, found.painted]
        share = answers[:, judge.target] / answers.sum(1).clamp(min=1e-12)
        rights.append((answers.argmax(1) == judge.target) == side)
        confidences.append(torch.where(side, share, 1 - share))
    order = torch.cat([curve.levels, torch.tensor([level], dtype=torch.float64)]).sort().indices

    def with_more(before: Tensor, more: Tensor) -> Tensor:
        return torch.cat([before, more[None]])[order]

    return replace(
        curve,
        levels=with_more(curve.levels, torch.tensor(level, dtype=torch.float64)),
        right=with_more(curve.right, torch.stack(rights)),
        confidence=with_more(curve.confidence, torch.stack(confidences)),
        fakeness=None if curve.fakeness is None or fakeness is None else with_more(curve.fakeness, fakeness),
    )


def _sides(found: Translations) -> Tensor:
    """``(m,)`` bool: where each image is on the target's side, truly or as the classifier predicts."""
    if found.truth is not None:
        return found.truth[: found.done] == found.target
    return found.on_target(found.predictions)


def _disturbed(
    judge: Judge, found: Translations, places: Tensor, kind: Kind, level: float, seed: int
) -> Tensor:
    images = found.images[places]
    if kind == "noise":
        # An image has its own noise, alone and in any batch.
        each = zip(images.split(1), places.tolist(), strict=True)
        return torch.cat([noisy(image, level, seed + place) for image, place in each])
    return judge.attacked(images, ~_sides(found)[places], lambda *given: pgd(*given, step=level))
