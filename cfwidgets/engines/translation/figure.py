"""The figure of a translation: image, twin and mask, a column each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from matplotlib.figure import Figure

from cfwidgets.engines.base import cut

if TYPE_CHECKING:
    from cfwidgets.engines.translation.result import TranslationResult

_SHOWN = 6


def drawn(result: TranslationResult) -> Figure:
    """Draw a result.

    Raises
    ------
    ValueError
        There is no twin yet.
    """
    if not result.done:
        raise ValueError("there is no twin to draw yet")
    count = min(result.done, _SHOWN)
    figure = Figure(figsize=(1.9 * count + 0.6, 6.2), layout="constrained")
    axes = figure.subplots(3, count, squeeze=False)
    target, masks = result.target, result.masks
    for column in range(count):
        pictures = (result.images[column], result.twins[column])
        answers = (result.predictions[column], result.twin_predictions[column])
        for row, (picture, answer) in enumerate(zip(pictures, answers, strict=True)):
            axes[row, column].imshow(picture.permute(1, 2, 0).numpy())
            axes[row, column].set_title(
                f"{cut(result.labels[target], 14)} {float(answer[target]):.2f}", fontsize=9, parse_math=False
            )
        axes[2, column].imshow(masks[column].numpy(), cmap="magma", vmin=0, vmax=1)
    for name, row in zip(("image", "twin", "difference"), axes, strict=True):
        row[0].set_ylabel(name)
    for axis in axes.flat:
        axis.set(xticks=[], yticks=[])
    figure.suptitle(cut(result.model, 60), parse_math=False)
    return figure
