"""The table of agreement between the explainers of a case, as the page shows it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from cfwidgets.evaluation.agreement import agreement

if TYPE_CHECKING:
    from cfwidgets.engines.base import ExplainerResult
    from cfwidgets.models.classifier import Classifier

__all__ = ["compared"]


def compared(clf: Classifier, results: dict[str, ExplainerResult]) -> tuple[list[str], list[dict[str, Any]]]:
    """Compare explanations of one picture, each two of them.

    Parameters
    ----------
    clf
        The classifier that they explain.
    results
        By the names of the explainers.

    Returns
    -------
    list of str
        The names of the measures.
    list of dict
        A row each pair: the names of both, and one value of each measure.

    Raises
    ------
    ValueError
        They cannot be compared.
    """
    table = agreement(list(results.values()), clf=clf)  # named by their methods
    names = list(dict.fromkeys(table["measure"]))
    rows = []
    for (first, second), pair in table.groupby(["first", "second"], sort=False):
        found = {row.measure: _measured(row) for row in pair.itertuples()}
        rows.append({"first": first, "second": second, "measures": [found.get(name) for name in names]})
    return names, rows


def _measured(row: Any) -> dict[str, Any]:
    return {
        "value": _finite(row.value),
        "chance": _finite(row.high),
        "randomised": _finite(row.randomised),
        "meaning": row.meaning,
        "ok": row.ok,
    }


def _finite(value: float) -> float | None:
    return round(float(value), 4) if math.isfinite(value) else None
