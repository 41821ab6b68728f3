"""A row for each translated image: predictions, the change, the doubt."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cfwidgets.evaluation.segmentation import saliency

if TYPE_CHECKING:
    from torch import Tensor

    from cfwidgets.engines.translation.result import TranslationResult

__all__ = ["entries"]


def entries(result: TranslationResult, begin: int, threshold: float) -> list[dict[str, Any]]:
    """Give the rows of the images from ``begin`` on that are translated.

    Parameters
    ----------
    result
        The result as it stands.
    begin
        The first image.
    threshold
        Of the difference mask, 0 to 1: a row has the share of the pixels above it.
    """
    done = slice(begin, result.done)
    images, twins = result.images[done], result.twins[done]
    areas = (saliency(images, twins) >= threshold).float().mean((1, 2))
    # How far the twin of the twin is from the image: a mean over pixels and channels.
    away = (result.returned[done] - images).abs().mean((1, 2, 3))
    answers = {
        "image": result.predictions,
        "twin": result.twin_predictions,
        "returned": result.returned_predictions,
        "second": result.second_predictions,
        "second_twin": result.second_twin_predictions,
    }
    flipped, changed = result.flipped, result.changed
    return [
        {
            **{name: [] if rows is None else _short(rows[place]) for name, rows in answers.items()},
            "from": _real(result, result.predictions[place]),
            "to": _real(result, result.twin_predictions[place]),
            "flips": bool(flipped[place]),
            "changed": round(float(changed[place]), 5),
            "away": round(float(away[place - begin]), 5),
            "area": round(float(areas[place - begin]), 5),
            "truth": -1 if result.truth is None else int(result.truth[place]),
            "error": round(_error(result, place), 4),
        }
        for place in range(begin, result.done)
    ]


def _real(result: TranslationResult, row: Tensor) -> int:
    """The likeliest class of real images."""
    real = row.clone()
    if result.painted is not None:
        real[result.painted] = -1
    return int(real.argmax())


def _error(result: TranslationResult, index: int) -> float:
    """The loss for the true class; where it is unknown, how unsure the prediction is."""
    row = result.predictions[index]
    if result.truth is None:
        return 1 - float(row.max())
    return -float(row[int(result.truth[index])].clamp(min=1e-9).log())


def _short(row: Tensor) -> list[float]:
    return [round(value, 5) for value in row.double().tolist()]
