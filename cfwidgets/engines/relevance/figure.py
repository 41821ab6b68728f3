"""The figure of relevance maps: small multiples, each with a colour scale of its own."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Any

from cfwidgets.text import cut

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from torch import Tensor

    from cfwidgets.engines.relevance.maps import RelevanceMap

__all__ = ["drawn"]

_COLUMNS = 4
_SIDE = 2.6  # inches
_REASON, _LINE = 220, 30  # letters of a refusal


def drawn(title: str, image: Tensor, probability: float, maps: tuple[RelevanceMap, ...]) -> Figure:
    """Draw an image, and the map of each method or the reason why there is none.

    Parameters
    ----------
    title
        A title for the whole.
    image
        ``(3, H, W)`` in [0, 1].
    probability
        The explained class's, 0 to 1.
    maps
        The maps.

    Raises
    ------
    ValueError
        There is no map yet.
    """
    from matplotlib.figure import Figure

    if not maps:
        raise ValueError("there is no map to draw yet")
    count = 1 + len(maps)
    columns = min(_COLUMNS, count)
    rows = -(-count // columns)
    height, width = image.shape[1:]
    tall = _SIDE * min(2.0, max(0.5, height / width))
    size = (columns * (_SIDE + 0.5), rows * (tall + 0.5) + 0.3)
    figure = Figure(figsize=size, layout="constrained")
    axes = figure.subplots(rows, columns, squeeze=False).flat
    axes[0].imshow(image.permute(1, 2, 0).numpy())
    axes[0].set_title(f"probability {probability:.3f}", fontsize=10)
    for axis, found in zip(axes[1:], maps, strict=False):
        _draw(figure, axis, found)
    for axis in axes:
        axis.set_axis_off()
    figure.suptitle(title, fontsize=10, parse_math=False)
    return figure


def _draw(figure: Figure, axis: Any, found: RelevanceMap) -> None:
    axis.set_title(found.method, fontsize=10, parse_math=False)
    if found.pixels is None:
        reason = textwrap.fill(cut(found.refusal, _REASON), _LINE)
        axis.text(0.5, 0.5, reason, ha="center", va="center", fontsize=7, parse_math=False)
        return
    pixels = found.pixels.numpy()
    limit = float(abs(pixels).max()) or 1.0
    heat = axis.imshow(pixels, cmap="PRGn", vmin=-limit, vmax=limit)
    bar = figure.colorbar(heat, ax=axis, shrink=0.8)
    bar.ax.tick_params(labelsize=7)
