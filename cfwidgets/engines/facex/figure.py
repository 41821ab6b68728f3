"""The figure of a FaceX result: attention and effect on the drawn face, or ranked, and the patches."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.patches import PathPatch
from matplotlib.path import Path
from matplotlib.patheffects import withStroke

from cfwidgets.data.faces.outlines import outlines
from cfwidgets.data.faces.prototype import Prototype
from cfwidgets.data.faces.regions import region_label
from cfwidgets.engines.facex.label_places import place_labels
from cfwidgets.engines.facex.top_patches import Patches

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["draw_summary"]

_ROWS, _COLUMNS = 5, 8  # of patches
_RANKED = 20  # bars in a ranking
_HEIGHT, _TOP = 4.3, 0.42  # inches; the title is above the top
_FACE_WIDTH, _FACE_HEIGHT = 3.4, 2.95
_BARS_WIDTH = 4.0
_PATCHES_WIDTH = 5.65
_NAMES_WIDTH = 1.15  # of the column with the regions' names
_SMALL, _MEDIUM, _LARGE = 6.5, 8.0, 10.0  # points
_COLOURS = "YlOrRd"
_QUANTITIES = {"attention": "attention", "effect": "effect (log-odds)"}
_BARS = ("#2488cc", "#cf7c00")
_MARGIN = 0.18  # of the drawing's width, for the names of small regions


def draw_summary(
    title: str,
    table: pd.DataFrame,
    patches: Patches,
    name_of: Callable[[int], str],
    prototype: Prototype | None,
) -> Figure:
    """Draw attention and effect of the regions, and the patches with the most attention on the best.

    Both stand on one scale: as parts of the highest region's. Without a measured effect there is attention
    alone.

    Parameters
    ----------
    title
        Plain text above the figure.
    table
        One row a region, in the order of the patches, as ``FaceXResult.to_frame()`` gives it.
    patches
        The patches of the regions.
    name_of
        Returns the name of a face by its number.
    prototype
        The drawing of the regions; None to draw a ranking.
    """
    table = table.assign(place=range(len(table)))
    columns = [column for column in _QUANTITIES if table[column].notna().any()]
    left = len(columns) * (_FACE_WIDTH + 0.1) if prototype is not None else _BARS_WIDTH
    figure = Figure(figsize=(left + 0.35 + _PATCHES_WIDTH, _HEIGHT))
    width = figure.get_figwidth()
    figure.text(0.15 / width, 1 - 0.12 / _HEIGHT, title, size=_LARGE, va="top", parse_math=False)
    ranked = table.dropna(subset="attention").sort_values("rank", kind="stable")
    if prototype is None:
        _draw_ranking(_axes(figure, 1.35, 0.5, left - 1.35, _HEIGHT - _TOP - 0.9), ranked, columns)
    else:
        for number, column in enumerate(columns):
            _draw_prototype(figure, prototype, table[column], 0.15 + number * (_FACE_WIDTH + 0.1))
        _draw_bar(figure, left, hatched=bool(table[columns].isna().any(axis=None)))
    with_patches = [row for row in ranked.itertuples() if patches.images[row.place, 0] >= 0]
    _draw_patches(
        figure,
        _axes(figure, left + 0.35, 0.2, _PATCHES_WIDTH - 0.1, _HEIGHT - _TOP - 0.25),
        with_patches[:_ROWS],
        patches,
        name_of,
    )
    if with_patches:
        about = "the patches of most attention; below each: its face, and the sum of the attention in it"
        figure.text(1 - 0.15 / width, 0.1 / _HEIGHT, about, size=_SMALL, ha="right", color="0.35")
    return figure


def _axes(figure: Figure, left: float, bottom: float, width: float, height: float) -> Axes:
    """Add axes at a place in inches."""
    across = figure.get_figwidth()
    return figure.add_axes((left / across, bottom / _HEIGHT, width / across, height / _HEIGHT))


def _parts(values: pd.Series[float]) -> pd.Series[float]:
    """Give values as parts of the highest; all 0 where that is 0."""
    return values / (values.max() or 1.0)


def _draw_prototype(figure: Figure, prototype: Prototype, values: pd.Series[float], left: float) -> None:
    """Colour the drawing by values, by the regions' keys."""
    x, y, width, height = prototype.box
    if not any(region.panel for region in prototype.regions):
        width += _MARGIN * width  # beside the figure there is room for names only if something stands there
    x, width = x - _MARGIN * width, width * (1 + _MARGIN)
    inches = min(_FACE_WIDTH / width, _FACE_HEIGHT / height)  # of one unit of the drawing
    axes = _axes(
        figure,
        left + (_FACE_WIDTH - width * inches) / 2,
        _HEIGHT - _TOP - 0.3 - height * inches,
        width * inches,
        height * inches,
    )
    axes.set(xlim=(x, x + width), ylim=(y + height, y))
    axes.set_axis_off()
    axes.set_title(f"{_QUANTITIES[str(values.name)]}, at most {values.max():.2g}", size=_MEDIUM, pad=3)
    parts, colours = dict(_parts(values)), colormaps[_COLOURS]
    drawn = {region.name: Path.make_compound_path(*outlines(region)) for region in prototype.regions}
    for name, outline in drawn.items():
        part = parts.get(name, math.nan)
        hatched = math.isnan(part)
        axes.add_patch(
            PathPatch(
                outline,
                facecolor="white" if hatched else colours(part),
                edgecolor="0.7" if hatched else "0.35",
                hatch="/////" if hatched else None,
                linewidth=0.5,
            )
        )
    texts = {name: region_label(name) for name in drawn if name in parts}
    for name, place in place_labels((x, y, width, height), drawn, texts, _SMALL / 72 / inches).items():
        part = parts[name]
        dark = place.inside and not math.isnan(part) and _is_dark(colours(part))
        axes.text(
            *place.label,
            texts[name],
            size=_SMALL,
            ha="center",
            va="center",
            color="white" if dark else "black",
            parse_math=False,
        )
        if not place.inside:
            line = axes.plot(*zip(place.edge, place.anchor, strict=True), color="0.2", linewidth=0.5)
            dot = axes.plot(*place.anchor, "o", color="0.2", markersize=1.2)
            for mark in (*line, *dot):
                mark.set_path_effects([withStroke(linewidth=1.8, foreground="white", alpha=0.7)])


def _draw_bar(figure: Figure, width: float, *, hatched: bool) -> None:
    """Draw the one scale of all faces."""
    place = _axes(figure, 0.35, 0.42, width - 0.4, 0.1)
    bar = figure.colorbar(
        ScalarMappable(Normalize(0, 1), colormaps[_COLOURS]), cax=place, orientation="horizontal"
    )
    bar.set_label(f"part of the highest region's{' (hatched: in no face)' if hatched else ''}", size=_MEDIUM)
    bar.ax.tick_params(labelsize=_MEDIUM)
    bar.outline.set_linewidth(0.5)


def _draw_ranking(axes: Axes, ranked: pd.DataFrame, columns: list[str]) -> None:
    """Draw bars with intervals, the highest attention at the top."""
    best = ranked.head(_RANKED).iloc[::-1]
    places, height = np.arange(len(best)), 0.7 / len(columns)
    ends = {"attention": ("low", "high"), "effect": ("effect_low", "effect_high")}
    for number, column in enumerate(columns):
        most = best[column].max() or 1.0
        at = places + height * ((len(columns) - 1) / 2 - number)
        label = f"{_QUANTITIES[column]}, at most {most:.2g}"
        axes.barh(at, best[column] / most, color=_BARS[number], height=height, label=label)
        low, high = (best[end] / most for end in ends[column])
        known = low.notna().to_numpy()
        axes.hlines(at[known], low[known], high[known], color="black", linewidth=1)
        if column == "attention" and best["randomised"].notna().any():
            marks = best["randomised"] / most
            axes.plot(marks, at, "|", color="black", markersize=7, label="randomised model")
    # above the bars: they may fill the axes
    axes.legend(fontsize=_SMALL, frameon=False, loc="lower left", bbox_to_anchor=(0, 1), ncols=2, borderpad=0)
    axes.set_yticks(places)
    for tick, name in zip(axes.set_yticklabels(best["region"]), best["region"], strict=True):
        tick.set_parse_math(False)
        tick.set_text(name)
    axes.set_xlim(0, axes.get_xlim()[1])
    axes.set_xlabel("part of the highest region's, 95 % interval", size=_MEDIUM)
    axes.tick_params(labelsize=_MEDIUM)
    axes.spines[["top", "right"]].set_visible(False)


def _draw_patches(
    figure: Figure, axes: Axes, rows: list[Any], patches: Patches, name_of: Callable[[int], str]
) -> None:
    """Draw a row of patches for each region, with the face's name and the attention below each."""
    columns = min(_COLUMNS, patches.images.shape[1])
    position = axes.get_window_extent().transformed(figure.dpi_scale_trans.inverted())
    width, height = position.width, position.height
    axes.set(xlim=(0, width), ylim=(height, 0))
    axes.set_axis_off()
    step = height / max(_ROWS, len(rows))
    pitch = (width - _NAMES_WIDTH) / _COLUMNS
    side = min(step - 0.3, pitch - 0.06)
    for line, row in enumerate(rows):
        top, scores = line * step, patches.values[row.place]  # noqa: PD011 - a tensor
        axes.text(
            0,
            top + side / 2 - 0.02,
            _short(row.region, 18),
            size=_MEDIUM,
            va="bottom",
            parse_math=False,
        )
        axes.text(0, top + side / 2 + 0.02, _score(row), size=_SMALL, va="top", color="0.35")
        for column in range(columns):
            image = int(patches.images[row.place, column])
            if image < 0:
                break
            left = _NAMES_WIDTH + column * pitch
            axes.imshow(
                patches.pixels[row.place, column].permute(1, 2, 0).numpy(),
                extent=(left, left + side, top + side, top),
                interpolation="nearest",
                aspect="auto",
            )
            axes.text(
                left + side / 2,
                top + side + 0.03,
                f"{_short(name_of(image))}\n{float(scores[column]):.3g}",
                size=5,
                ha="center",
                va="top",
                color="0.35",
                linespacing=1.05,
                parse_math=False,
            )
    axes.set(xlim=(0, width), ylim=(height, 0))  # pictures set limits of their own


def _is_dark(colour: Any) -> bool:
    red, green, blue, _ = colour
    return 0.299 * red + 0.587 * green + 0.114 * blue < 0.5


def _score(row: Any) -> str:
    interval = "" if math.isnan(row.low) else f" ({row.low:.2f} to {row.high:.2f})"
    return f"{row.attention:.2f}{interval}"


def _short(name: str, longest: int = 13) -> str:
    """Return the end of a long name, which tells faces apart."""
    return name if len(name) <= longest else f"…{name[1 - longest :]}"
