"""The figure of a translation: a column for each image, from both sides of the decision."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure

from cfwidgets.text import cut

if TYPE_CHECKING:
    from cfwidgets.engines.translation.translations import Translations

__all__ = ["drawn"]

_EACH = 3  # images from each side
_SIDE, _NAMES, _TOP = 1.5, 0.5, 0.55  # inches
_FOUND, _TRUE = "#d7263d", "#1b998b"


def drawn(found: Translations) -> Figure:
    """Draw up to three images of each side, those that flip first.

    Rows: image, twin, difference; the pixels from the threshold on over the image; the true mask, where there
    are any.

    Raises
    ------
    ValueError
        There is no twin yet.
    """
    if not found.done:
        raise ValueError("there is no twin to draw yet")
    columns = _chosen(found)
    places = columns[0] + columns[1]
    rows = ["image", "twin", "difference", f"mask ≥ {found.threshold:.2g}"]
    if found.true_masks is not None:
        rows.append("true mask")
    height, width = found.images.shape[2:]
    tall = _SIDE * height / width
    size = (_SIDE * max(2, len(places)) + _NAMES, (tall + 0.2) * len(rows) + _TOP)
    figure = Figure(figsize=size, layout="constrained")
    axes = figure.subplots(len(rows), len(places), squeeze=False)
    masks = found.masks
    for axis_column, place in zip(axes.T, places, strict=True):
        image = found.images[place].permute(1, 2, 0).numpy()
        twin = found.twins[place].permute(1, 2, 0).numpy()
        _picture(axis_column[0], image, _said(found, found.predictions[place]))
        _picture(axis_column[1], twin, _said(found, found.twin_predictions[place]))
        axis_column[2].imshow(masks[place].numpy(), cmap="magma", vmin=0, vmax=1)
        axis_column[3].imshow(_over(image, (masks[place] >= found.threshold).numpy(), _FOUND))
        if found.true_masks is not None:
            axis_column[4].imshow(_over(image, found.true_masks[place].numpy(), _TRUE))
    for name, row in zip(rows, axes, strict=True):
        row[0].set_ylabel(name, fontsize=9)
    for axis in axes.flat:
        axis.set(xticks=[], yticks=[])
        for spine in axis.spines.values():
            spine.set_visible(False)
    rest, label = (cut(name, 24) for name in found.sides)
    figure.suptitle(
        f"{cut(found.model, 36)}: {rest} or {label}, and the other way round", fontsize=10, parse_math=False
    )
    return figure


def _chosen(found: Translations) -> tuple[list[int], list[int]]:
    """Choose images of the target, and of the rest: those that flip first."""
    on, flipped = found.on_target(found.predictions), found.flipped
    chosen = []
    for side in (on, ~on):
        places = side.nonzero()[:, 0].tolist()
        chosen.append(sorted(places, key=lambda place: not bool(flipped[place])))
    few = [min(len(places), _EACH) for places in chosen]
    room = [2 * _EACH - count for count in reversed(few)]
    return chosen[0][: room[0]], chosen[1][: room[1]]


def _said(found: Translations, answer: Any) -> str:
    """Name the predicted class with its probability among the classes of real images."""
    predicted = int(found.predicted_classes(answer))
    share = float(answer[predicted] / answer[found.real].sum().clamp(min=1e-12))
    return f"{cut(found.labels[predicted], 14)} {share:.2f}"


def _picture(axis: Any, picture: Any, title: str) -> None:
    axis.imshow(picture)
    # Labels are text, also with dollars, between which Matplotlib would read mathematics.
    axis.set_title(title, fontsize=8, pad=2, parse_math=False)


def _over(image: Any, mask: Any, colour: str) -> Any:
    """Lay a colour over the marked pixels of a paler image."""
    grey = np.repeat(image.mean(2, keepdims=True), 3, 2) * 0.5 + 0.5
    return np.where(mask[..., None], np.array(to_rgb(colour)), grey)
