"""Tell if explanations of one picture agree: each pair, beside chance and beside a randomised model.

That two maps look alike says little: both may follow the picture, lie in its middle, or be made alike by
their methods (Krishna et al. 2022, "The Disagreement Problem in Explainable Machine Learning", compare the
order and the top of explanations; Adebayo et al. 2018, "Sanity Checks for Saliency Maps", those of a model
with random weights). See `cfwidgets.evaluation.spatial_null` for what counts as chance.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import combinations
from math import isnan, nan
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from cfwidgets.checks import positive_int
from cfwidgets.evaluation.placed_results import GriddedMap, together
from cfwidgets.evaluation.spatial_null import Array, SpatialNull, ranked, standardised

if TYPE_CHECKING:
    from cfwidgets.evaluation.placed import Placed
    from cfwidgets.models.classifier import Classifier

__all__ = ["Agreement", "agreement"]

# See tests/benchmarks/agreement.py for the maps that this was chosen on.
_BEYOND = 0.2  # by which two maps are more alike than beside a randomised model

_RANDOM = "randomised model"


class Agreement(NamedTuple):
    """One row of `agreement`: two maps, and one measure of how alike they are.

    Attributes
    ----------
    first, second
        Names of the maps.
    measure
        ``rank correlation`` (-1 to 1), or the ``overlap`` of the cells with the highest values (0 to 1).
    value
        The value measured.
    chance
        Its median for maps that owe as much to the picture, while the rest of them was moved.
    low, high
        The 95 % interval of that: the mean over either map, shifted and turned.
    randomised
        The value with a map of the randomised model in place of either, the greater mean of the
        two; NaN where there is none.
    meaning
        A plain sentence.
    ok
        True where the two agree by more than chance, and by more than with the randomised model; False where
        they do not; None where they exceed chance, and no randomised model tells if it is the model.
    """

    first: str
    second: str
    measure: str
    value: float
    chance: float
    low: float
    high: float
    randomised: float
    meaning: str
    ok: bool | None


def agreement(
    results: Iterable[Placed] | Mapping[str, Placed],
    *,
    size: tuple[int, int] | None = None,
    clf: Classifier | None = None,
    randomised: Iterable[Placed] = (),
    top: float = 0.2,
    seed: int = 0,
) -> pd.DataFrame:
    """Compare each two maps that explain one picture, for one class, on a common grid.

    The maps are those that each result's ``placed`` gives, averaged over the cells of the grid. Where one of
    two has no sign, the size of the other's values is compared.

    Parameters
    ----------
    results
        Results of one picture: `SuperpixelResult`, `RelevanceResult` (a map a method), `TransitionResult`,
        `ParetoResult`, and a `TranslationResult` of a single picture. Under names, or named by their methods.
        They may be of different models, which is then said. Results of many pictures are left out.
    size
        Rows and columns of the grid, at most 64 each; None for 14 along the longer side of the picture.
    clf
        The explained classifier: for maps without one of a randomised model, relevance of
        ``clf.randomised(seed)`` is computed, by the same method where it is one, else by input times
        gradient.
    randomised
        Results of the same explainers for randomised models, which are added to those that the
        results hold.
    top
        Share of the cells whose overlap is measured.
    seed
        Of shifts and random weights.

    Returns
    -------
    pandas.DataFrame
        Two rows a pair, with the columns of `Agreement`.

    Raises
    ------
    ValueError
        Fewer than two maps; results of different pictures, or of classes that have nothing to do with each
        other; a classifier that none of them explains; a wrong size or share.

    Notes
    -----
    ``ok`` asks for a value above the interval of chance, and at least 0.2 above that with random weights.
    About 3 % of maps that have nothing to do with each other pass, and of two methods for one network only
    about 10 %: most of what makes them alike is the picture. What a network does for every picture, and not
    for this one, is not told apart. See ``tests/benchmarks/agreement.py``.

    Examples
    --------
    >>> import torch
    >>> import cfwidgets as cf
    >>> net = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(192, 2))
    >>> clf = cf.Classifier(net, labels=["cat", "dog"])
    >>> engine = cf.Relevance(("rap", "saliency"), stages=1, cells=4)
    >>> found = engine.explain(clf, torch.rand(3, 8, 8), "dog", progress=False)
    >>> list(agreement([found])["measure"])
    ['rank correlation', 'overlap of the top 20%']
    """
    positive_int("seed", seed, minimum=0)
    if not 0 < top < 1:
        raise ValueError(f"top must be a share between 0 and 1, not {top!r:.60}")
    found = together(results, size, clf, randomised, seed)
    null = SpatialNull(found.size, found.picture, seed)
    rows = [row for pair in combinations(found.maps, 2) for row in _compared(*pair, null, top)]
    return pd.DataFrame(rows, columns=list(Agreement._fields)).astype({"ok": object})


def _compared(first: GriddedMap, second: GriddedMap, null: SpatialNull, top: float) -> Iterator[Agreement]:
    """Yield the rows of two maps."""
    sized = not (first.signed and second.signed)

    def ranks(values: Array) -> Array:
        return ranked(np.abs(values) if sized else values)

    a, b = ranks(first.values), ranks(second.values)
    others = [(a, [ranks(one) for one in second.randomised]), (b, [ranks(one) for one in first.randomised])]
    moved = [(a, rows) for rows in null.moved(b)] + [(b, rows) for rows in null.moved(a)]
    for measure, alike in (
        ("rank correlation", _correlations),
        (f"overlap of the top {top:.0%}", lambda one, rows: _overlaps(one, rows, top)),
    ):
        value = float(alike(a, b[None])[0])
        # Of either map, shifted and turned, each of which may be the stricter.
        ends = [np.quantile(alike(one, rows), (0.025, 0.5, 0.975)) for one, rows in moved]
        low, chance, high = (float(end) for end in np.mean(ends, axis=0))
        beside = [float(alike(one, np.stack(rows)).mean()) for one, rows in others if rows]
        randomised = max(beside, default=nan)
        said, ok = _judged(first, second, value, (low, high), randomised)
        meaning = " ".join([said, *_compared_with_care(first, second, sized=sized)])
        yield Agreement(first.name, second.name, measure, value, chance, low, high, randomised, meaning, ok)


def _correlations(ranks: Array, rows: Array) -> Array:
    """Correlate ``(n,)`` with each of ``(m, n)``."""
    found: Array = standardised(rows) @ standardised(ranks)
    return found


def _overlaps(ranks: Array, rows: Array, top: float) -> Array:
    """Give the overlap (Jaccard index) of the top cells of ``(n,)`` with those of each of ``(m, n)``."""
    one, others = _top(ranks[None], top), _top(rows, top)
    found: Array = np.minimum(one, others).sum(1) / np.maximum(one, others).sum(1)
    return found


def _top(rows: Array, top: float) -> Array:
    """Mark the highest cells of each row with 1; cells that tie for the last places share these evenly."""
    count = max(1, round(top * rows.shape[1]))
    last = -np.partition(-rows, count - 1, axis=1)[:, count - 1 : count]
    above, level = rows > last, rows == last
    left = count - above.sum(1, keepdims=True)
    return above + level * (left / level.sum(1, keepdims=True))


def _judged(
    first: GriddedMap, second: GriddedMap, value: float, chance: tuple[float, float], randomised: float
) -> tuple[str, bool | None]:
    """Say what a value means, and if it speaks for agreement."""
    both, (low, high) = f"{first.name} and {second.name}", chance
    for one in (first, second):
        if not np.ptp(one.values):
            return f"{one.name} is the same all over the picture: there is nothing to compare.", False
    if value < low:
        return f"{both} contradict each other: they are less alike than by chance (from {low:.2f} on).", False
    if value <= high:
        return f"{both} are no more alike than maps that only follow the picture (up to {high:.2f}).", False
    beyond = f"{both} are more alike than maps that only follow the picture (up to {high:.2f})"
    if isnan(randomised):
        return f"{beyond}. Without a {_RANDOM} beside them one cannot tell if that is due to the model.", None
    there = f"than either is to that of a {_RANDOM} ({randomised:.2f})"
    if value < randomised + _BEYOND:
        return f"{beyond}, but hardly more {there}: it may be the picture or the method.", False
    return f"{beyond}, and more {there}.", True


def _compared_with_care(first: GriddedMap, second: GriddedMap, *, sized: bool) -> list[str]:
    """Say in sentences what two maps differ in by themselves."""
    found = []
    unsigned = [one.name for one in (first, second) if not one.signed]
    if sized and len(unsigned) == 1:
        found.append(f"Only the size of the values is compared: {unsigned[0]} has no sign.")
    if first.about != second.about:
        found.append(
            f"{first.name} is about {' and '.join(first.about)}, {second.name} about "
            f"{' and '.join(second.about)}."
        )
    models = [one.result.fingerprints.get("model") or one.result.model for one in (first, second)]
    if models[0] != models[1]:
        found.append(f"They explain two models, {first.result.model} and {second.result.model}.")
    return found
