"""Parts of the figures of counterfactuals: planes, courses, pictures, and shares with intervals."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import Tensor

from cfwidgets.text import cut

__all__ = [
    "attribute",
    "course",
    "cut",
    "front_figure",
    "largest_changes",
    "legend",
    "pairs",
    "picture",
    "plane",
    "shares",
]

_BLUE, _ORANGE, _GREEN, _YELLOW, _GREY = "#0072B2", "#D55E00", "#009E73", "#F0E442", "0.35"  # Okabe and Ito
_SMALL, _SMALLEST = 9, 7.5  # points
_COLUMNS = 6
_PLAIN: dict[str, Any] = {"parse_math": False}


def front_figure(
    planes: int, pictures: int, lines: int, words: str
) -> tuple[Figure, list[Axes], Axes, list[Axes]]:
    """Lay out a figure: a row of planes, a row for the course of the objectives, and rows of pictures.

    Parameters
    ----------
    planes, pictures
        Numbers of them.
    lines
        Lines of text below each picture, at most.
    words
        Text above the pictures.
    """
    rows = -(-pictures // _COLUMNS)
    each = 1.9 + 0.135 * lines
    heights = (3.1, 2.5, 0.3 + rows * each)
    figure = Figure(figsize=(10, sum(heights)), layout="constrained")
    top, middle, bottom = figure.subfigures(3, 1, height_ratios=heights, squeeze=False)[:, 0]
    above = top.subplots(1, planes, squeeze=False)[0]
    bottom.suptitle(words, fontsize=_SMALL, color=_GREY, **_PLAIN)
    below = bottom.subplots(rows, _COLUMNS, squeeze=False).flatten()
    for axis in below:
        axis.set_axis_off()
    return figure, list(above), middle.subplots(), list(below[:pictures])


def plane(
    axis: Axes, across: tuple[str, Tensor], up: tuple[str, Tensor], flips: Tensor, at: int | None
) -> None:
    """Draw counterfactuals by two objectives: triangles for flips, circles for others, a star at one."""
    (x_label, x), (y_label, y) = across, up
    for which, marker, colour in ((~flips, "o", _BLUE), (flips, "^", _ORANGE)):
        axis.scatter(
            x[which].numpy(), y[which].numpy(), s=22, marker=marker, color=colour, alpha=0.75, linewidths=0
        )
    if at is not None:
        axis.scatter(
            float(x[at]),
            float(y[at]),
            s=150,
            marker="*",
            color=_YELLOW,
            edgecolors="black",
            linewidths=0.8,
            zorder=3,
        )
    axis.set_xlabel(x_label, fontsize=_SMALL, **_PLAIN)
    axis.set_ylabel(y_label, fontsize=_SMALL, **_PLAIN)
    axis.tick_params(labelsize=_SMALLEST)
    axis.spines[["top", "right"]].set_visible(False)


def legend(figure: Figure, stays: str, *, crossing: bool) -> None:
    """Explain the marks of the planes, above them."""
    from matplotlib.lines import Line2D

    marks = [(stays, "o", _BLUE, "none", 6), ("another class is predicted (flip)", "^", _ORANGE, "none", 6)]
    if crossing:
        marks.append(("probability and plausibility cross", "*", _YELLOW, "black", 12))
    lines = [
        Line2D([], [], ls="", marker=marker, color=colour, markeredgecolor=edge, markersize=size, label=text)
        for text, marker, colour, edge, size in marks
    ]
    box = figure.legend(handles=lines, loc="outside upper center", ncols=3, fontsize=_SMALL, frameon=False)
    for text in box.get_texts():
        text.set_parse_math(False)


def course(axis: Axes, lines: Sequence[tuple[str, Tensor]], flips: Tensor, at: int | None) -> None:
    """Draw values in [0, 1] along the front, with the flips shaded and a star where the first two cross."""
    places = range(1, len(flips) + 1)
    styles = ((_BLUE, "-"), (_ORANGE, "--"), (_GREEN, ":"))
    shaded = axis.get_xaxis_transform()
    axis.fill_between(
        places, 0, 1, where=flips.tolist(), step="mid", transform=shaded, color="0.92", lw=0, label="flips"
    )
    for (label, values), (colour, style) in zip(lines, styles, strict=False):
        axis.plot(places, values.numpy(), color=colour, ls=style, lw=1.6, label=label)
    if at is not None:
        axis.plot(
            at + 1, float(lines[0][1][at]), marker="*", ms=13, ls="", color=_YELLOW, mec="black", mew=0.8
        )
    axis.set_xlabel("counterfactual, in the order of the probability", fontsize=_SMALL)
    axis.set(xlim=(0.5, len(flips) + 0.5), ylim=(-0.03, 1.03))
    axis.tick_params(labelsize=_SMALLEST)
    axis.spines[["top", "right"]].set_visible(False)
    box = axis.legend(loc="center left", bbox_to_anchor=(1.01, 0.5), fontsize=_SMALL, frameon=False)
    for text in box.get_texts():
        text.set_parse_math(False)


def picture(axis: Axes, image: Tensor, title: str, lines: Sequence[str]) -> None:
    """Draw an image ``(3, H, W)`` with a title above and lines of text below."""
    axis.imshow(image.permute(1, 2, 0).numpy())
    axis.set_title(title, fontsize=_SMALL, pad=4, **_PLAIN)
    axis.text(
        *(0.5, -0.03, "\n".join(lines)),
        transform=axis.transAxes,
        **{"ha": "center", "va": "top", "fontsize": _SMALLEST, "color": _GREY, **_PLAIN},
    )


def shares(axis: Axes, names: Sequence[str], rows: Sequence[tuple[str, Sequence[Any]]]) -> None:
    """Draw shares with their intervals, a bar for each name and each of the rows.

    Parameters
    ----------
    names
        Names of the bars, from above.
    rows
        For each kind of bar its label and, for each name, the share with the ends of its interval.
    """
    thick = 0.8 / len(rows)
    for number, ((label, found), colour) in enumerate(zip(rows, (_BLUE, _ORANGE), strict=False)):
        share, low, high = zip(*found, strict=True)
        below = [max(0.0, one - end) for one, end in zip(share, low, strict=True)]
        above = [max(0.0, end - one) for one, end in zip(share, high, strict=True)]
        places = [place + (number - (len(rows) - 1) / 2) * thick for place in range(len(names))]
        axis.barh(places, share, thick * 0.92, color=colour, label=label)
        axis.errorbar(share, places, xerr=[below, above], fmt="none", ecolor="0.2", elinewidth=0.9, capsize=2)
    axis.set_yticks(range(len(names)))
    axis.set_yticklabels(names, fontsize=_SMALL, **_PLAIN)
    axis.invert_yaxis()
    axis.set(xlim=(0, 1.02))
    axis.set_xlabel("share, with its 95 % interval", fontsize=_SMALL)
    axis.tick_params(labelsize=_SMALLEST, axis="x")
    axis.spines[["top", "right"]].set_visible(False)
    axis.figure.legend(loc="outside upper center", ncols=2, fontsize=_SMALL, frameon=False)


def pairs(names: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Each pair of objectives, as across and up: what is changed first, what it costs or buys above."""
    return combinations(reversed(names), 2)


def attribute(name: str) -> str:
    """Write an attribute's name as words.

    Examples
    --------
    >>> attribute("Blond_Hair")
    'blond hair'
    """
    return name.replace("_", " ").lower()


def largest_changes(names: Sequence[str], deltas: Tensor, most: int = 3, least: float = 0.1) -> list[str]:
    """Write the largest of the changes ``(A,)``, a line each; a long name is cut.

    Examples
    --------
    >>> import torch
    >>> largest_changes(("Bald", "Young", "Pale_Skin"), torch.tensor([0.05, -0.25, 0.8]))
    ['pale skin +0.80', 'young −0.25']
    """
    order = deltas.abs().argsort(descending=True, stable=True)[:most].tolist()
    lines = [(attribute(names[i]), float(deltas[i])) for i in order]
    return [f"{cut(name, 22)} {_signed(by)}" for name, by in lines if abs(by) >= least]


def _signed(value: float) -> str:
    return f"{value:+.2f}".replace("-", "−")
