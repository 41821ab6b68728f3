"""The figure of a survey: where the errors are, and how sure the model is of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from cfwidgets.text import cut

if TYPE_CHECKING:
    from cfwidgets.engines.survey.findings import Findings

__all__ = ["drawn"]

_MATRIX = 16  # classes at most that are drawn as a matrix
_PAIRS = 14
_BLUE, _GREY, _RED = "#2488cc", "#9aa0a6", "#d7263d"
_NAME, _LONG_NAME = 14, 22  # characters


def drawn(found: Findings) -> Figure:
    """Draw errors on the left, and confidence on the right.

    Raises
    ------
    ValueError
        There is no answer yet.
    """
    if not bool(found.answered.any()):
        raise ValueError("there is no answer to draw yet")
    figure = Figure(figsize=(9.6, 4.4), layout="constrained")
    left, right = figure.subplots(1, 2, width_ratios=(1.15, 1))
    title = f"{cut(found.model, 40)}, {int(found.answered.sum()):,} pictures"
    if not bool(found.judged.any()):
        _predicted(left, found)
        _confidence(right, found)
    else:
        share, low, high = (100 * value for value in found.accuracy)
        title += f": {share:.1f} % right ({low:.1f} to {high:.1f} %)"
        if len(found.labels) <= _MATRIX:
            _matrix(left, found)
        else:
            _pairs(left, found)
        _reliability(right, found)
    figure.suptitle(title, fontsize=10, parse_math=False)
    return figure


def _matrix(axes: Axes, found: Findings) -> None:
    counts = found.confusion.numpy()
    shares = counts / counts.sum(1, keepdims=True).clip(1)
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    size = 8 if len(counts) <= 10 else 6
    for row, column in np.argwhere(counts):
        colour = "white" if shares[row, column] > 0.5 else _RED if row != column else "black"
        axes.text(column, row, f"{counts[row, column]:,}", ha="center", va="center", size=size, color=colour)
    names = [cut(label, _NAME) for label in found.labels]
    _named(axes, "y", names)
    _named(axes, "x", names)
    if max(map(len, names)) > 2:
        axes.tick_params("x", rotation=90)
    axes.set(xlabel="predicted", ylabel="true")


def _pairs(axes: Axes, found: Findings) -> None:
    pairs = found.worst_pairs(_PAIRS)
    names = [
        f"{cut(row.truth, _LONG_NAME)} → {cut(row.prediction, _LONG_NAME)}" for row in pairs.itertuples()
    ]
    axes.barh(range(len(pairs)), pairs["count"], color=_RED)
    axes.invert_yaxis()
    _named(axes, "y", names)
    axes.set(xlabel="pictures")
    axes.set_title("confused most often: true → predicted" if names else "no errors", fontsize=9)


def _reliability(axes: Axes, found: Findings) -> None:
    table, error = found.calibration(), found.reliability.error
    wide = (table["up to"] - table["above"]).to_numpy()
    axes.bar(table["above"], table["accuracy"], wide, align="edge", color=_BLUE, alpha=0.35)
    accuracy = table["accuracy"].to_numpy()
    spread = np.abs(np.stack([accuracy - table["low"], table["high"] - accuracy]))
    axes.errorbar(
        table["confidence"], accuracy, spread, fmt="o", color=_BLUE, markersize=4, linewidth=1, clip_on=False
    )
    axes.plot([0, 1], [0, 1], color=_GREY, linewidth=1, linestyle="--")
    axes.set(xlim=(0, 1), ylim=(0, 1), xlabel="confidence", ylabel="accuracy")
    axes.set_title(f"calibration error {error:.3f}", fontsize=9)


def _predicted(axes: Axes, found: Findings) -> None:
    counts = found.answers.predictions[found.answered].bincount(minlength=len(found.labels))
    order = counts.argsort(descending=True, stable=True)[:_MATRIX]
    order = order[counts[order] > 0]
    axes.barh(range(len(order)), counts[order].numpy(), color=_BLUE)
    axes.invert_yaxis()
    _named(axes, "y", [cut(found.labels[index], _LONG_NAME) for index in order.tolist()])
    axes.set(xlabel="pictures")
    axes.set_title("predicted most often (no labels are known)", fontsize=9)


def _confidence(axes: Axes, found: Findings) -> None:
    axes.hist(found.answers.confidence[found.answered].numpy(), bins=20, range=(0, 1), color=_BLUE)
    axes.set(xlim=(0, 1), xlabel="confidence", ylabel="pictures")


def _named(axes: Axes, axis: str, names: list[str]) -> None:
    """Name the ticks. Labels are text, also with dollars, between which Matplotlib would read mathematics."""
    ticks = axes.set_xticks if axis == "x" else axes.set_yticks
    ticks(range(len(names)), names, parse_math=False, size=8 if len(names) <= 10 else 7)
