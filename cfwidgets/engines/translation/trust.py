"""Measures of trust in twins, and the reasons to distrust them, in plain sentences."""

from __future__ import annotations

import math

from cfwidgets.engines.base import Measure
from cfwidgets.engines.translation.evidence import Evidence
from cfwidgets.engines.translation.translations import Translations

__all__ = ["caveats", "measures"]

# Chosen on the shipped pairs and on worthless translators, with other images than those of the tests.
_FEWEST = 8  # images, of which a share says something
_FEW_FLIPS = 1 / 3
_NO_CHANGE = 1e-3  # mean absolute difference: a quarter of a step of 8 bits
_SURVIVING = 0.8
_SECOND = 0.6
_PLACE = 0.4  # how much more of the flips the strongest places must make than others
_BRANCH = 0.3
_SAME_MASK = 0.5
_SURER = 0.15  # than chance
_ABOVE_CHANCE = 0.1
_OVERLAP = 2.0  # times chance

_DEALT = (
    "Share of the twins of the {count:,} images predicted {name} that are on the other side. Beside it: of "
    "such images with the change of another image. Where that is as large, it hardly matters which image is "
    "changed, as when something is painted that any image may have."
)
_SECOND_FLIPS = (
    "Share of the flips in which {second}, which had no part in the training, changes sides too; of the two "
    "directions the smaller. Where it is small, the twins exploit the classifier, and show nothing of the "
    "classes."
)
_INSIDE = (
    "Share of the flips that are left where only the strongest tenth of the mask is changed. Beside it: "
    "where the mask is moved by half the image first. Where both are alike, the mask does not show the place "
    "that matters."
)
_SURVIVE = (
    "Share of the flips that are left where the twin is mirrored, at half the resolution, or slightly "
    "enlarged. Beside it: how many of the images keep their side. Adversarial noise hardly outlives this."
)
_RETURNED = (
    "Share of the flips whose twin of the twin is on the side of the image again. Where it is small, the "
    "translator leads to one side only."
)
_THERE_AND_BACK = (
    "Mean absolute difference between image and twin of the twin, from 0 to 1. Beside it: that of the twin. "
    "Where it is much larger, the translator does not find back."
)
_VARIANTS = (
    "Correlation of the masks of a twin and its variants by other noise. Beside it: with the mask of another "
    "image. Where both are alike, the mask depends on chance and not on the image."
)
_RANDOMISED = (
    "Correlation with the mask of the translator with random weights. Near 1, the mask shows what any "
    "network would change, and not what this one has learnt."
)
_CERTAINTY = (
    "Mean probability of the predicted class, among the classes of real images. Near chance, the classifier "
    "does not know the classes, and its flips mean nothing."
)
_BRANCH_AGREES = (
    "Agreement of the translator's class branch with the classifier beyond chance (Cohen's kappa). Both "
    "learned the same labels; where they do not agree, the labels could not be learned."
)
_ACCURACY = (
    "Share of the images that the classifier puts on their true side. Beside it: that of always the larger "
    "side."
)
_DOUBT = (
    "How often an image that is classified wrongly looks more painted than one that is classified rightly: "
    "the area under the ROC curve, for {errors:,} errors. Near 0.5, the doubt says nothing of errors."
)
_OVERLAP_MEANING = (
    "IoU of mask and true mask, at the threshold of {threshold:.3g}. Beside it: that of the mask moved by "
    "half the image."
)


_EXPLOITS = (
    "Many flips of the classifier do not flip {second}, which had no part in the training: the twins exploit "
    "the classifier and show little of the classes."
)
_NOISE = (
    "Many flips are undone where the twins are mirrored, made coarser or slightly enlarged: the change is "
    "adversarial noise more than something to see."
)
_NO_PLACE = (
    "The strongest part of the mask flips the classifier hardly more often than a place as large elsewhere: "
    "the mask does not show where the class is."
)
_SAME = (
    "The translator with random weights gives much the same masks: they show the image and not what was "
    "learnt."
)
_UNSURE = "The classifier is hardly ever sure of a class: its flips mean little."
_MIXED_UP = (
    "Classifier and class branch agree hardly more than by chance, as where labels were mixed up: at least "
    "one of them has not learnt the classes."
)
_NOT_RIGHT = "The classifier is right hardly more often than one who always says the same."
_BESIDE = "The masks lie on the true masks hardly better than where they are moved by half the image."


def measures(found: Translations) -> list[Measure]:
    """Return the measures that were taken, a row each."""
    if not found.done:
        return []
    e = Evidence(found)
    unknown = math.nan
    rows = []
    for side in e.sides:
        meaning = _DEALT.format(count=side.count, name=side.name)
        rows.append(
            Measure(f"flips from {side.name}", side.flips, "another image's change", side.dealt, meaning)
        )
    variants = f"agreement of {found.variants.shape[1]} variants"
    meaning = _SECOND_FLIPS.format(second=found.second)
    rows += [
        Measure("flips of the second classifier", e.second_flips, "should be near 1", unknown, meaning),
        Measure("flips by the mask's strongest tenth", e.inside, "the mask moved", e.elsewhere, _INSIDE),
        Measure("flips that survive", e.surviving, "the images", e.steady, _SURVIVE),
        Measure("class of the twin's twin", e.returned, "should be near 1", unknown, _RETURNED),
        Measure("difference of the twin's twin", e.returned_difference, "twin", e.changed, _THERE_AND_BACK),
        Measure(
            variants,
            e.variants,
            "another image",
            e.others,
            _VARIANTS,
        ),
        Measure("randomised translator", e.randomised, "should be near 0", unknown, _RANDOMISED),
        Measure("certainty", e.certainty, "chance", 1 / len(found.real), _CERTAINTY),
        Measure("class branch and classifier", e.branch_agreement, "chance", 0.0, _BRANCH_AGREES),
        Measure("accuracy", e.accuracy, "the larger side", e.commonest, _ACCURACY),
        Measure("doubt finds errors", e.doubt, "chance", 0.5, _DOUBT.format(errors=e.errors)),
        Measure(
            "overlap with the true masks",
            e.overlap,
            "the mask moved",
            e.chance_overlap,
            _OVERLAP_MEANING.format(threshold=found.threshold),
        ),
    ]
    return [row for row in rows if not math.isnan(row.value)]


def caveats(found: Translations) -> tuple[str, ...]:
    """Say why a result is worth little, or nothing: the gravest reason first.

    A comparison with NaN is false, so that what was not measured is no reason. Shares of fewer than eight
    images are none either.
    """
    if not found.done:
        return ()
    e = Evidence(found)
    rows = []
    if e.changed < _NO_CHANGE:
        rows.append("The twins hardly differ from their images: the translator paints next to nothing.")
    if not bool(e.flipped.any()):
        rows.append("No twin flips the classifier: the masks show changes that mean nothing to it.")
    else:
        rows += [
            f"Only {round(side.flips * side.count):,} of {side.count:,} twins of {side.name} flip the "
            "classifier: the others show nothing."
            for side in e.sides
            if side.count >= _FEWEST and side.flips < _FEW_FLIPS
        ]
    if found.done >= _FEWEST:
        rows += _of_many(e)
    if found.painted is None:
        rows.append(
            "There is no measure of doubt: the classifier has no class for painted images, as one that was "
            "trained with the translator has."
        )
    return tuple(rows)


def _of_many(e: Evidence) -> list[str]:
    enough = int(e.flipped[e.found.probes.places].sum()) >= _FEWEST
    holds = {
        _EXPLOITS.format(second=e.found.second): e.second_flips < _SECOND,
        _NOISE: enough and e.surviving < _SURVIVING * e.steady,
        _NO_PLACE: enough and e.inside - e.elsewhere < _PLACE,
        _SAME: e.randomised > _SAME_MASK,
        _UNSURE: e.certainty < 1 / len(e.found.real) + _SURER,
        _MIXED_UP: e.branch_agreement < _BRANCH,
        _NOT_RIGHT: e.accuracy < e.commonest + _ABOVE_CHANCE and e.commonest < 1 - _ABOVE_CHANCE,
        _BESIDE: e.overlap <= _OVERLAP * e.chance_overlap,
    }
    return [sentence for sentence, reason in holds.items() if reason]
