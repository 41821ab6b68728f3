"""Rows for the maps of methods and layers: what the browser writes beside each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cfwidgets.engines.relevance.trust import changed, complete
from cfwidgets.widgets.relevance.levels import deflated, peak_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from torch import Tensor

    from cfwidgets.engines.relevance.maps import LayerMap, RandomisedMap, RelevanceMap
    from cfwidgets.engines.relevance.result import RelevanceResult

__all__ = ["Encoded", "entries", "layers"]


class Encoded:
    """Maps that were encoded before: a run gives the same ones again with each step."""

    def __init__(self) -> None:
        self._known: dict[int, tuple[Tensor, bytes]] = {}

    def of(self, maps: Iterable[Tensor | None]) -> list[bytes]:
        """Encode maps ``(H, W)``; nothing for one that is not there, or not finite."""
        return [self._of(one) if one is not None and bool(one.isfinite().all()) else b"" for one in maps]

    def _of(self, pixels: Tensor) -> bytes:
        known = self._known.get(id(pixels))
        if known is None or known[0] is not pixels:
            known = self._known[id(pixels)] = (pixels, deflated(pixels))
        return known[1]


def entries(result: RelevanceResult) -> list[dict[str, Any]]:
    """Give a row for each method."""
    return [_entry(found) for found in result.maps]


def layers(result: RelevanceResult) -> list[dict[str, Any]]:
    """Give a row for each layer of which there is a Grad-CAM."""
    return [_layer(one) for one in result.layers]


def _entry(found: RelevanceMap) -> dict[str, Any]:
    measured = found.faithfulness
    return {
        "method": found.method,
        "refusal": _reason(found.pixels, found.refusal),
        "layer": found.layer,
        "peak": 0.0 if found.pixels is None else peak_of(found.pixels),
        "seconds": round(found.seconds, 3),
        "error": _short(found.completeness_error),
        "complete": complete(found),
        "deletion": None if measured is None else _pair(measured.deletion, measured.random_deletion),
        "insertion": None if measured is None else _pair(measured.insertion, measured.random_insertion),
        "better": [] if measured is None else list(measured.beyond_random),
        "stages": [_stage(one) for one in found.randomised],
    }


def _stage(one: RandomisedMap) -> dict[str, Any]:
    return {
        "layer": one.layer,
        "alike": _short(one.correlation),
        "changed": changed(one.correlation),
        "peak": peak_of(one.pixels),
    }


def _layer(one: LayerMap) -> dict[str, Any]:
    peak = 0.0 if one.pixels is None else peak_of(one.pixels)
    return {
        "layer": one.layer,
        "after": round(one.after, 4),
        "refusal": _reason(one.pixels, one.refusal),
        "peak": peak,
    }


def _reason(pixels: Tensor | None, refusal: str) -> str:
    """Say why there is nothing to see; empty where there is."""
    finite = pixels is None or bool(pixels.isfinite().all())
    return refusal if finite else "The map is not finite: it shows nothing."


def _pair(own: Any, random: Any) -> list[float | None]:
    return [_short(own.area), _short(random.area)]


def _short(value: float | None) -> float | None:
    """Write a number; None where there is none that is finite, which JSON does not know."""
    return None if value is None or value - value != 0 else round(value, 5)
