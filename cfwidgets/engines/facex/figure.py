"""The figure of a FaceX result: the drawn face as a heat map, or a ranking, and the patches by region."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
from fontTools.pens.basePen import BasePen
from fontTools.svgLib.path import parse_path
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.patches import PathPatch
from matplotlib.path import Path
from matplotlib.patheffects import withStroke

from cfwidgets.data.faces.prototype import Prototype, Region
from cfwidgets.data.faces.regions import region_label
from cfwidgets.engines.facex.label_places import place_labels
from cfwidgets.engines.facex.top_patches import Patches

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["draw_summary"]

_ROWS, _COLUMNS = 5, 8  # of patches
_RANKED = 20  # bars in a ranking
_WIDTH, _HEIGHT, _TOP = 10.0, 4.3, 0.42  # inches; the title is above the top
_FACE_WIDTH, _FACE_HEIGHT = 4.0, 3.3
_NAMES_WIDTH = 1.15  # of the column with the regions' names
_SMALL, _MEDIUM, _LARGE = 6.5, 8.0, 10.0  # points
_COLOURS = "YlOrRd"
_MARGIN = 0.18  # of the drawing's width, for the names of small regions


class _PathPen(BasePen):
    """Collects an outline as a Matplotlib path."""

    def __init__(self) -> None:
        super().__init__(None)
        self._points: list[tuple[float, float]] = []
        self._codes: list[Any] = []

    def path(self) -> Path:
        return Path(np.array(self._points), self._codes)

    def _add(self, code: Any, *points: tuple[float, float]) -> None:
        self._points += points
        self._codes += [code] * len(points)

    def _moveTo(self, pt: tuple[float, float]) -> None:  # noqa: N802 - fontTools calls these
        self._add(Path.MOVETO, pt)

    def _lineTo(self, pt: tuple[float, float]) -> None:  # noqa: N802
        self._add(Path.LINETO, pt)

    def _curveToOne(  # noqa: N802
        self, pt1: tuple[float, float], pt2: tuple[float, float], pt3: tuple[float, float]
    ) -> None:
        self._add(Path.CURVE4, pt1, pt2, pt3)

    def _closePath(self) -> None:  # noqa: N802
        self._add(Path.CLOSEPOLY, self._points[-1])


def draw_summary(
    title: str,
    table: pd.DataFrame,
    patches: Patches,
    name_of: Callable[[int], str],
    prototype: Prototype | None,
) -> Figure:
    """Draw the scores of the regions, and the patches with the most attention on the best regions.

    Parameters
    ----------
    title
        Plain text above the figure.
    table
        One row a region, in the order of the patches: ``region``, ``ior``, ``low``, ``high``, ``rank`` and
        ``randomised``, as in ``FaceXResult.to_frame()``.
    patches
        The patches of the regions.
    name_of
        Returns the name of a face by its number.
    prototype
        The drawing of the regions; None to draw a ranking.
    """
    figure = Figure(figsize=(_WIDTH, _HEIGHT))
    figure.text(0.15 / _WIDTH, 1 - 0.12 / _HEIGHT, title, size=_LARGE, va="top", parse_math=False)
    scores = dict(zip(table["region"], table["ior"], strict=True))
    ranked = table.dropna(subset="ior").sort_values("rank", kind="stable")
    if prototype is None:
        _draw_ranking(_axes(figure, 1.35, 0.5, _FACE_WIDTH - 1.35, _HEIGHT - _TOP - 0.6), ranked)
    else:
        _draw_prototype(figure, prototype, scores)
    with_patches = [row for row in ranked.itertuples() if patches.images[row.Index, 0] >= 0]
    left = _FACE_WIDTH + 0.35
    _draw_patches(
        _axes(figure, left, 0.2, _WIDTH - left - 0.1, _HEIGHT - _TOP - 0.25),
        with_patches[:_ROWS],
        patches,
        name_of,
    )
    if with_patches:
        about = "below each patch: its face, and the sum of the attention in it"
        figure.text(1 - 0.15 / _WIDTH, 0.1 / _HEIGHT, about, size=_SMALL, ha="right", color="0.35")
    return figure


def _axes(figure: Figure, left: float, bottom: float, width: float, height: float) -> Axes:
    """Add axes at a place in inches."""
    return figure.add_axes((left / _WIDTH, bottom / _HEIGHT, width / _WIDTH, height / _HEIGHT))


def _draw_prototype(figure: Figure, prototype: Prototype, scores: dict[str, float]) -> None:
    x, y, width, height = prototype.box
    if not any(region.panel for region in prototype.regions):
        width += _MARGIN * width  # beside the figure there is room for names only if something stands there
    x, width = x - _MARGIN * width, width * (1 + _MARGIN)
    inches = min(_FACE_WIDTH / width, _FACE_HEIGHT / height)  # of one unit of the drawing
    axes = _axes(
        figure,
        0.15 + (_FACE_WIDTH - width * inches) / 2,
        _HEIGHT - _TOP - height * inches,
        width * inches,
        height * inches,
    )
    axes.set(xlim=(x, x + width), ylim=(y + height, y))
    axes.set_axis_off()
    known = [score for score in scores.values() if not math.isnan(score)]
    norm, colours = Normalize(0, _round_up(max(known))), colormaps[_COLOURS]
    outlines = {region.name: _outline(region) for region in prototype.regions}
    for name, outline in outlines.items():
        score = scores.get(name, math.nan)
        hatched = math.isnan(score)
        axes.add_patch(
            PathPatch(
                outline,
                facecolor="white" if hatched else colours(norm(score)),
                edgecolor="0.7" if hatched else "0.35",
                hatch="/////" if hatched else None,
                linewidth=0.5,
            )
        )
    texts = {name: region_label(name) for name in outlines if name in scores}
    for name, place in place_labels((x, y, width, height), outlines, texts, _SMALL / 72 / inches).items():
        score = scores[name]
        dark = place.inside and not math.isnan(score) and _is_dark(colours(norm(score)))
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
    place_of_bar = _axes(figure, 0.35, 0.42, _FACE_WIDTH - 0.4, 0.1)
    bar = figure.colorbar(ScalarMappable(norm, colours), cax=place_of_bar, orientation="horizontal")
    hatched_regions = any(math.isnan(score) for score in scores.values())
    absent = " (hatched: in no face)" if hatched_regions else ""
    bar.set_label(f"mean attention{absent}", size=_MEDIUM)
    bar.ax.tick_params(labelsize=_MEDIUM)
    bar.outline.set_linewidth(0.5)


def _draw_ranking(axes: Axes, ranked: pd.DataFrame) -> None:
    """Draw bars with intervals, the best at the top."""
    best = ranked.head(_RANKED).iloc[::-1]
    places = np.arange(len(best))
    axes.barh(places, best["ior"], color="#2488cc", height=0.7)
    known = best["low"].notna().to_numpy()
    axes.hlines(places[known], best["low"][known], best["high"][known], color="black", linewidth=1)
    if best["randomised"].notna().any():
        axes.plot(best["randomised"], places, "|", color="#cf7c00", markersize=7, label="randomised model")
        axes.legend(fontsize=_SMALL, frameon=False, loc="lower right")
    axes.set_yticks(places)
    for tick, name in zip(axes.set_yticklabels(best["region"]), best["region"], strict=True):
        tick.set_parse_math(False)
        tick.set_text(region_label(name))
    axes.set_xlim(0, _round_up(max(best["ior"].max(), best["high"].max())))
    axes.set_xlabel("mean attention, 95 % interval", size=_MEDIUM)
    axes.tick_params(labelsize=_MEDIUM)
    axes.spines[["top", "right"]].set_visible(False)


def _draw_patches(axes: Axes, rows: list[Any], patches: Patches, name_of: Callable[[int], str]) -> None:
    """Draw a row of patches for each region, with the face's name and the attention below each."""
    columns = min(_COLUMNS, patches.images.shape[1])
    position = axes.get_position()
    width, height = position.width * _WIDTH, position.height * _HEIGHT
    axes.set(xlim=(0, width), ylim=(height, 0))
    axes.set_axis_off()
    step = height / max(_ROWS, len(rows))
    pitch = (width - _NAMES_WIDTH) / _COLUMNS
    side = min(step - 0.3, pitch - 0.06)
    for line, row in enumerate(rows):
        top, scores = line * step, patches.values[row.Index]  # noqa: PD011 - a tensor
        axes.text(
            0,
            top + side / 2 - 0.02,
            _short(region_label(row.region), 18),
            size=_MEDIUM,
            va="bottom",
            parse_math=False,
        )
        axes.text(0, top + side / 2 + 0.02, _score(row), size=_SMALL, va="top", color="0.35")
        for column in range(columns):
            image = int(patches.images[row.Index, column])
            if image < 0:
                break
            left = _NAMES_WIDTH + column * pitch
            axes.imshow(
                patches.pixels[row.Index, column].permute(1, 2, 0).numpy(),
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


def _outline(region: Region) -> Path:
    """Return the outline of a region, in the units of the drawing."""
    pen = _PathPen()
    for data in region.paths:
        parse_path(data, pen)
    return pen.path()


def _round_up(value: float) -> float:
    """Return the next multiple of 0.05 above a score, at most 1."""
    return min(1.0, math.ceil(value * 20 + 1e-9) / 20) or 0.05


def _is_dark(colour: tuple[float, float, float, float]) -> bool:
    red, green, blue, _ = colour
    return 0.299 * red + 0.587 * green + 0.114 * blue < 0.5


def _score(row: Any) -> str:
    interval = "" if math.isnan(row.low) else f" ({row.low:.2f} to {row.high:.2f})"
    return f"{row.ior:.2f}{interval}"


def _short(name: str, longest: int = 13) -> str:
    """Return the end of a long name, which tells faces apart."""
    return name if len(name) <= longest else f"…{name[1 - longest :]}"
