"""A row for each translated image: predictions, the change, the doubt."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cfwidgets.evaluation.segmentation import saliency

if TYPE_CHECKING:
    from torch import Tensor

    from cfwidgets.engines.translation.result import TranslationResult

__all__ = ["entries", "spread"]


def entries(result: TranslationResult, begin: int) -> list[dict[str, Any]]:
    """Give the rows of the images from ``begin`` on that are translated."""
    done = slice(begin, result.done)
    images, twins = result.images[done], result.twins[done]
    areas = (saliency(images, twins) >= result.threshold).float().mean((1, 2))
    # How far the twin of the twin is from the image: a mean over pixels and channels.
    away = (result.returned[done] - images).abs().mean((1, 2, 3))
    answers = {
        "image": result.predictions,
        "twin": result.twin_predictions,
        "returned": result.returned_predictions,
    }
    others = {"second": result.second_predictions, "second_twin": result.second_twin_predictions}
    predicted = result.predicted_classes(result.predictions)
    painted = result.predicted_classes(result.twin_predictions)
    flipped, changed = result.flipped, result.changed
    return [
        {
            **{name: _short(rows[place]) for name, rows in answers.items()},
            **{name: [] if rows is None else spread(result, rows[place]) for name, rows in others.items()},
            "from": int(predicted[place]),
            "to": int(painted[place]),
            "flips": bool(flipped[place]),
            "changed": round(float(changed[place]), 5),
            "away": round(float(away[place - begin]), 5),
            "area": round(float(areas[place - begin]), 5),
            "truth": -1 if result.truth is None else int(result.truth[place]),
            "error": round(_error(result, place), 4),
        }
        for place in range(begin, result.done)
    ]


def spread(result: TranslationResult, row: Tensor) -> list[float | None]:
    """Write the second classifier's probabilities of the classes of real images; None for that of painted."""
    known = dict(zip(result.real, _short(row), strict=True))
    return [known.get(index) for index in range(len(result.labels))]


def _error(result: TranslationResult, index: int) -> float:
    """The loss for the true class; where it is unknown, how unsure the prediction is."""
    row = result.predictions[index]
    if result.truth is None:
        return 1 - float(row.max())
    return -float(row[int(result.truth[index])].clamp(min=1e-9).log())


def _short(row: Tensor) -> list[float]:
    return [round(value, 5) for value in row.double().tolist()]
