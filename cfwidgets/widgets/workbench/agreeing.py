"""The table of agreement between the explainers of a case, as the page shows it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cfwidgets.engines.base import ExplainerResult
    from cfwidgets.models.classifier import Classifier

__all__ = ["compared"]


def compared(clf: Classifier, results: dict[str, ExplainerResult]) -> list[dict[str, Any]]:
    """Return a row a pair."""
    return []
