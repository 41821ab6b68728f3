"""Measures of trust in a relevance map, and the reasons to distrust it, in plain sentences."""

from __future__ import annotations

from math import nan
from typing import TYPE_CHECKING

from cfwidgets.engines.base import Measure
from cfwidgets.engines.base.measure import apart

if TYPE_CHECKING:
    from cfwidgets.engines.relevance.maps import RelevanceMap

__all__ = ["caveats", "changed", "complete", "measures"]

_COMPLETE = 0.1  # of the promised sum
_INCOMPLETE = 0.25

_DELETION = (
    "Cells of a grid are hidden, the most relevant first: the mean probability meanwhile. Lower than for "
    "random orders is better."
)
_INSERTION = (
    "Cells of a grid are shown, the most relevant first: the mean probability meanwhile. Higher than for "
    "random orders is better."
)
_COMPLETENESS = (
    "Difference of the map's sum from the sum that the method promises, divided by the latter. Where it is "
    "large, relevance was lost on the way, or made."
)
_RANDOMISED = (
    "Rank correlation of the map with that of a copy of the model with random weights. Far from 0, the map "
    "depends on the method and the picture more than on what the model has learnt."
)


def complete(found: RelevanceMap) -> bool | None:
    """Tell if a map has next to the sum that its method promises; None where none is promised."""
    error = found.completeness_error
    return None if error is None else error < _COMPLETE


def changed(correlation: float) -> bool | None:
    """Tell if a map is another one than that of a randomised model, of either sign: see `apart`."""
    return apart(abs(correlation))


def measures(found: RelevanceMap) -> list[Measure]:
    """Return the measures that were taken of a map, a row each."""
    name, rows = found.method, []
    error = found.completeness_error
    if error is not None:
        rows.append(
            Measure(
                f"completeness error of {name}",
                error,
                "should be near 0",
                nan,
                _COMPLETENESS,
                complete(found),
            )
        )
    if found.faithfulness is not None:
        f = found.faithfulness
        less, more = f.beyond_random
        removed, added = f.random_deletion.area, f.random_insertion.area
        rows += [
            Measure(f"deletion area of {name}", f.deletion.area, "random order", removed, _DELETION, less),
            Measure(f"insertion area of {name}", f.insertion.area, "random order", added, _INSERTION, more),
        ]
    if found.randomised and found.randomised[-1].share == 1 and not found.constant:
        alike = found.randomised[-1].correlation
        unlike = changed(alike)
        rows.append(
            Measure(f"randomised model, by {name}", alike, "should be near 0", nan, _RANDOMISED, unlike)
        )
    return rows


def caveats(found: RelevanceMap) -> list[str]:
    """Say why a map is worth little, or nothing: the gravest reason first."""
    name = f"The map of {found.method}"
    if not found.finite:
        return [f"{name} is not finite: it shows nothing."]
    if found.constant:
        return [f"{name} is the same everywhere: it shows nothing."]
    rows = []
    if found.randomised and found.randomised[-1].share == 1:
        alike = found.randomised[-1].correlation
        if changed(alike) is False:
            rows.append(
                f"{name} hardly changes where all weights of the network are random (rank correlation "
                f"{alike:.2f}): it says nothing about what the network has learnt."
            )
    if found.faithfulness is not None and not any(found.faithfulness.beyond_random):
        rows.append(
            f"{name}: hiding or showing what it marks changes the answer no sooner than in random orders."
        )
    error = found.completeness_error
    if error is not None and error > _INCOMPLETE:
        rows.append(f"{name} misses the sum that the method promises by {100 * error:.0f} %.")
    if not found.exact:
        rows.append(
            f"{name} is the difference of the maps of both classes, and no map of the difference: the method "
            "is not linear in the output."
        )
    if found.note:
        rows.append(found.note)
    return rows
