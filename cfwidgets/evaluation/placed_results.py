"""The maps of several results over one picture, on a common grid, or why they cannot be compared."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from cfwidgets.brief import brief
from cfwidgets.checks import positive_int
from cfwidgets.evaluation.placed import Placed, PlacedMap, resampled
from cfwidgets.evaluation.spatial_null import Array, features
from cfwidgets.images import fit
from cfwidgets.models.backends.base import ClassifierError

if TYPE_CHECKING:
    from cfwidgets.models.classifier import Classifier

__all__ = ["GriddedMap", "Together", "together"]

_CELLS = 14  # along the longer side: about as fine as Grad-CAM and superpixels are
_FEWEST, _MOST = 4, 64
_SAME = 0.02  # mean difference of the colours of one picture at two sizes
_COARSE = 32  # pixels along the longer side at which they are compared


@dataclass(frozen=True, eq=False)
class GriddedMap:
    """A map on the grid.

    Attributes
    ----------
    name
        Of the map, another for each.
    result
        The result that it is of.
    values
        ``(n,)``: means of the n cells.
    signed
        See `PlacedMap`.
    randomised
        ``(n,)`` each: the same for randomised models.
    """

    __repr__ = brief

    name: str
    result: Placed
    values: Array
    signed: bool
    randomised: tuple[Array, ...] = ()

    @property
    def about(self) -> list[str]:
        """Names of the classes that the map is about, the explained one first."""
        return _about(self.result)


@dataclass(frozen=True, eq=False)
class Together:
    """Maps over one picture on a grid.

    Attributes
    ----------
    maps
        At least two.
    size
        Rows and columns of the grid.
    picture
        ``(f, n)``: what the picture is like in each cell; see `features`.
    """

    __repr__ = brief

    maps: tuple[GriddedMap, ...]
    size: tuple[int, int]
    picture: Array


@dataclass(frozen=True, eq=False)
class _Entry:
    kind: str
    name: str
    result: Placed
    map: PlacedMap


def together(
    results: Iterable[Placed] | Mapping[str, Placed],
    size: tuple[int, int] | None,
    clf: Classifier | None,
    randomised: Iterable[Placed],
    seed: int,
) -> Together:
    """Put the maps of results on a common grid: see `cfwidgets.evaluation.agreement`, for the arguments too.

    Raises
    ------
    ValueError
        Fewer than two maps, other pictures, other classes, another classifier, a wrong size.
    """
    named = _named(results)
    some, copies = [one for _, one in named if one.explained is not None], list(randomised)
    if not some:
        raise ValueError(f"two maps of one picture are needed: {_why_none([one for _, one in named])}")
    view = _view(some, clf)
    _require_one_picture([*some, *copies], view)
    placed = _told_apart([one for name, result in named for one in _placed(name, result, view)])
    if len(placed) < 2:
        there = f"there is only that of {placed[0].name}" if placed else "no result has an answer yet"
        raise ValueError(f"two maps of one picture are needed: {there}")
    for first, second in combinations(placed, 2):
        _require_one_class(first, second)
    for result in copies:
        for kind, found in result.placed(view).items():
            placed = [_with_copy(one, found.pixels) if one.kind == kind else one for one in placed]
    if clf is not None and clf.has_module:
        placed = _with_relevance(placed, clf, view, seed)
    grid = _grid(view, size)
    maps = tuple(_gridded(one, grid) for one in placed)
    picture = some[0].explained
    assert picture is not None  # noqa: S101 - chosen by that
    return Together(maps, grid, features(fit(picture[None], view)[0], grid))


def _named(
    results: Iterable[Placed] | Mapping[str, Placed],
) -> list[tuple[str, Placed]]:
    """List the results with the names they are given; empty for none."""
    found = list(results.items()) if isinstance(results, Mapping) else [("", one) for one in results]
    for _, one in found:
        if not callable(getattr(one, "placed", None)):
            raise ValueError(f"results must be those of explainers, not {type(one).__name__}")  # noqa: TRY004
    return found


def _why_none(results: Sequence[Placed]) -> str:
    if not results:
        return "there is no result"
    kinds = ", ".join(dict.fromkeys(type(one).__name__ for one in results))
    return f"the results ({kinds}) are of many pictures, and not of one"


def _view(results: Sequence[Placed], clf: Classifier | None) -> tuple[int, int]:
    """Give the size of the picture as the model sees it."""
    if clf is not None:
        own = clf.fingerprint()
        if own and all(one.fingerprints.get("model", own) not in {own, ""} for one in results):
            raise ValueError("clf is another model than those that the results explain, or has other weights")
    seen = next((one for one in results if one.as_seen), results[0]).explained
    assert seen is not None  # noqa: S101 - results of many pictures are left out
    height, width = (seen if clf is None else clf.view(seen)).shape[1:]
    return height, width


def _require_one_picture(results: Sequence[Placed], view: tuple[int, int]) -> None:
    first = results[0]
    for other in results[1:]:
        if not _one_picture(first, other, view):
            raise ValueError(
                f"the results are of different pictures: the {type(other).__name__} does not explain the "
                f"picture of the {type(first).__name__}"
            )


def _one_picture(first: Placed, other: Placed, view: tuple[int, int]) -> bool:
    a, b = first.explained, other.explained
    if a is None or b is None:
        return a is b
    if first.as_seen and other.as_seen and a.shape == b.shape:
        return torch.equal(a, b)
    # An editor has a size of its own: the same picture is then a little more or less sharp.
    small = _scaled(view, _COARSE)
    return float((fit(a[None], small) - fit(b[None], small)).abs().mean()) <= _SAME


def _placed(name: str, result: Placed, view: tuple[int, int]) -> list[_Entry]:
    maps = result.placed(view)
    alone = len(maps) == 1
    return [
        _Entry(kind, (name if alone else f"{name}: {kind}") if name else kind, result, one)
        for kind, one in maps.items()
    ]


def _told_apart(placed: list[_Entry]) -> list[_Entry]:
    """Give maps of one name the name of their model, or else a number."""
    names = [one.name for one in placed]
    doubled = {name for name, count in Counter(names).items() if count > 1}
    by_model = [f"{one.name} ({one.result.model})" if one.name in doubled else one.name for one in placed]
    if len(set(by_model)) == len(placed):
        names = by_model
    else:
        seen: Counter[str] = Counter()
        for place, name in enumerate(names):
            seen[name] += 1
            if name in doubled:
                names[place] = f"{name} ({seen[name]})"
    return [replace(one, name=name) for one, name in zip(placed, names, strict=True)]


def _require_one_class(first: _Entry, other: _Entry) -> None:
    """Refuse two maps that speak for different classes, or that have no class in common."""
    classes = [_about(one.result) for one in (first, other)]
    if first.map.signed and other.map.signed:
        classes = [classes[0][:1], classes[1][:1]]
    if not set(classes[0]) & set(classes[1]):
        raise ValueError(
            f"the results are of different classes: {first.name} explains {' and '.join(classes[0])}, "
            f"{other.name} {' and '.join(classes[1])}; explain one class with both"
        )


def _about(result: Placed) -> list[str]:
    """Name the classes that an answer is about, the explained one first."""
    return [result.labels[index] for index in result.about]


def _with_copy(one: _Entry, values: Tensor) -> _Entry:
    return replace(one, map=replace(one.map, randomised=(*one.map.randomised, values)))


def _with_relevance(placed: list[_Entry], clf: Classifier, view: tuple[int, int], seed: int) -> list[_Entry]:
    """Give maps of this classifier that have none of random weights one: the relevance of its copy."""
    lacking = [one for one in placed if not one.map.randomised and one.result.model == clf.name]
    if not lacking:
        return placed
    try:
        copy = clf.randomised(seed, view)
    except ClassifierError:  # it has no weights to randomise
        return placed
    found = {id(one.result): one.result.randomised_maps(copy, view) for one in lacking}
    return [
        one
        if one not in lacking or (values := found[id(one.result)].get(one.kind)) is None
        else _with_copy(one, values)
        for one in placed
    ]


def _scaled(view: tuple[int, int], longest: int) -> tuple[int, int]:
    """Give a size of the proportions of a picture, and no larger than it."""
    share = min(1.0, longest / max(view))
    height, width = (max(2, round(side * share)) for side in view)
    return height, width


def _grid(view: tuple[int, int], size: Any) -> tuple[int, int]:
    if size is None:
        return _scaled(view, _CELLS)
    try:
        rows, columns = size
    except (TypeError, ValueError):
        raise ValueError(f"size must be the rows and columns of a grid, not {size!r:.60}") from None
    for side in (rows, columns):
        positive_int("size", side, minimum=_FEWEST)
        if side > _MOST:
            raise ValueError(f"size must be at most {_MOST} cells a side, not {rows} x {columns}")
    return rows, columns


def _gridded(one: _Entry, grid: tuple[int, int]) -> GriddedMap:
    def cells(values: Tensor) -> Array:
        return np.asarray(resampled(values, grid).double()).ravel()

    copies = tuple(cells(values) for values in one.map.randomised)
    return GriddedMap(one.name, one.result, cells(one.map.pixels), one.map.signed, copies)
