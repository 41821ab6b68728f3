"""Measures of how far to trust a survey, and sentences about what makes its figures worth little."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cfwidgets.engines.base import Measure
from cfwidgets.text import cut

if TYPE_CHECKING:
    from cfwidgets.engines.survey.findings import Findings

__all__ = ["caveats", "measures"]

_FEW = 30
_DAMAGED = 0.05
_ECE = 0.05
_LONGEST = 40  # characters of a label in a sentence

_ACCURACY = (
    "Share of {judged:,} pictures whose true class is predicted, beside the share that is right by always "
    "answering {commonest}, the commonest class. The interval, {low:.3f} to {high:.3f}, should lie above."
)
_CALIBRATION = (
    "Expected calibration error: mean distance of confidence and accuracy, in 15 bins. It stands beside what "
    "is to be expected of a model that is right as often as it is sure, with as few pictures."
)
_USED = "Share of the {seen:,} pictures seen so far that could be read, and have a finite answer."
_SECOND = (
    "Of the errors of the first, {second} corrects {fixed:,}; it makes {broken:,} where the first is right."
)


def measures(found: Findings) -> list[Measure]:
    """Return the rows of `trust` that are a survey's own."""
    rows: list[Measure] = []
    if not found.seen:
        return rows
    if bool(found.judged.any()):
        share, low, high = found.accuracy
        index, commonest = _commonest(found)
        name = cut(found.labels[index], _LONGEST)
        meaning = _ACCURACY.format(judged=int(found.judged.sum()), commonest=name, low=low, high=high)
        rows.append(Measure("accuracy", share, "the commonest class", commonest, meaning, low > commonest))
        error, chance = found.reliability.error, found.reliability.by_chance
        calibrated = error <= max(_ECE, 2 * chance)
        rows.append(Measure("calibration error", error, "calibrated model", chance, _CALIBRATION, calibrated))
        if found.second_answers is not None:
            meaning = _SECOND.format(
                second=cut(found.second, _LONGEST),
                fixed=found.count_of("fixed"),
                broken=found.count_of("broken"),
            )
            second = found.second_accuracy.share
            rows.append(Measure("accuracy of the second model", second, "the first", share, meaning))
    used = 1 - len(found.skipped) / found.seen
    meaning = _USED.format(seen=found.seen)
    rows.append(Measure("pictures used", used, "should be 1", np.nan, meaning, used > 1 - _DAMAGED))
    return rows


def caveats(found: Findings) -> tuple[str, ...]:
    """Say what makes the figures worth little, the gravest first."""
    done = int(found.answered.sum())
    if not done:
        return found.changed
    rows = list(found.changed)
    if len(found.skipped) >= _DAMAGED * found.seen:
        rows.append(
            f"{len(found.skipped):,} of {found.seen:,} pictures ({len(found.skipped) / found.seen:.0%}) "
            "could not be used: the figures are of the others."
        )
    rows += _of_labels(found)
    predicted = found.answers.predictions[found.answered]
    if done > 1 and bool((predicted == predicted[0]).all()):
        name = cut(found.labels[int(predicted[0])], _LONGEST)
        rows.append(f"The model predicts {name} for every picture.")
    return tuple(rows)


def _of_labels(found: Findings) -> list[str]:
    judged, done = int(found.judged.sum()), int(found.answered.sum())
    if not judged:
        few = f"There are answers to only {done} pictures: their shares tell little of others."
        return [few] if done < _FEW else []
    rows, (share, low, high), (index, commonest) = [], found.accuracy, _commonest(found)
    if judged < _FEW:
        rows.append(
            f"With labels there are only {judged} pictures: an accuracy of {share:.2f} may as well be one of "
            f"{low:.2f} or of {high:.2f}."
        )
    name = cut(found.labels[index], _LONGEST)
    if commonest == 1:
        rows.append(
            f"All pictures are of one class, {name}: the accuracy is how often it is recognised, and does "
            "not tell how often other things are taken for it."
        )
    elif low <= commonest:
        rows.append(
            f"The accuracy, {share:.3f} ({low:.3f} to {high:.3f}), is not certainly better than always "
            f"answering {name}, the commonest class, which is right for {commonest:.3f} of the pictures."
        )
    return rows


def _commonest(found: Findings) -> tuple[int, float]:
    """Find the commonest true class, and its share."""
    counts = found.truth[found.judged].bincount()
    return int(counts.argmax()), int(counts.max()) / int(counts.sum())
