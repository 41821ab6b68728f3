"""The file of an explorer: what was found, what was clicked, and what the model had answered."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, ClassVar, Protocol, TypeVar, cast

import numpy as np
import torch
from torch import Tensor

from cfwidgets._version import __version__
from cfwidgets.data.faces.prototype import Prototype, Region
from cfwidgets.engines.base import ExplainerResult
from cfwidgets.engines.facex.result import FaceXResult
from cfwidgets.engines.pareto.result import ParetoResult
from cfwidgets.engines.relevance.result import RelevanceResult
from cfwidgets.engines.superpixels.result import SuperpixelResult
from cfwidgets.engines.survey.result import SurveyResult
from cfwidgets.engines.transitions.result import TransitionResult
from cfwidgets.engines.translation.result import TranslationResult
from cfwidgets.models.editor import weights_fingerprint
from cfwidgets.models.generator import generator_fingerprint
from cfwidgets.results import Result
from cfwidgets.widgets.answers import read

__all__ = ["KINDS", "Of", "SavedExplorer", "fingerprint_of", "save"]

R = TypeVar("R")

KINDS: dict[str, type[ExplainerResult]] = {
    "Superpixel": SuperpixelResult,
    "Relevance": RelevanceResult,
    "Transition": TransitionResult,
    "Pareto": ParetoResult,
    "Translation": TranslationResult,
    "FaceX": FaceXResult,
    "Survey": SurveyResult,
}
"""The results that can be saved, by how the names of their views and explorers begin."""

_SHOWN = {f"{name}{end}": result for name, result in KINDS.items() for end in ("Explorer", "View")}
_OTHER_QUESTION = "another question"

_FINGERPRINTS: dict[str, Callable[[Any], str]] = {
    "generator": generator_fingerprint,
    "editor": weights_fingerprint,
}


class Saveable(Protocol):
    """A view that can be saved."""

    needs: ClassVar[tuple[str, ...]]
    also: ClassVar[tuple[str, ...]]
    answered: ClassVar[dict[str, type[Any]]]
    activity: str
    progress: float

    @property
    def result(self) -> Any:
        """The result that is shown."""
        ...

    def wait_for_answers(self) -> None:
        """Wait until all is answered that was asked."""
        ...

    def together(self) -> AbstractContextManager[None]:
        """Keep its traits as they are meanwhile."""
        ...

    def findings(self) -> Sequence[tuple[Any, bool]]:
        """Return all results, and whether their runs have ended."""
        ...

    def clicks(self) -> dict[str, Any]:
        """Return the values of the traits in ``clicked``."""
        ...


@dataclass(frozen=True)
class Of:
    """A model that something was found with.

    Attributes
    ----------
    name
        Its name; empty where it has none.
    labels
        The names of a classifier's classes; None where they have none.
    weights
        Its fingerprint; empty where there are no weights to read.
    """

    name: str
    labels: tuple[str, ...] | None
    weights: str


@dataclass(frozen=True, eq=False)
class SavedExplorer(Result):
    """The contents of the file of an explorer, or of a view alone.

    Attributes
    ----------
    shows
        The name of its class.
    of
        The models that it was found with, by the names of arguments.
    found
        The results; a pair where two models were compared. The last is the one that is shown.
    clicked
        Values of the traits in the view's ``clicked``.
    answered
        Values of the traits in the view's ``answered``; bytes are tensors.
    prototype
        The drawing of regions, for those of faces.
    version
        The version of cfwidgets that wrote it.
    """

    parts: ClassVar[tuple[type, ...]] = (Of, Prototype, Region, *KINDS.values())

    shows: str
    of: dict[str, Of]
    found: tuple[tuple[ExplainerResult, ...], ...]
    clicked: dict[str, Any] = field(default_factory=dict)
    answered: dict[str, Any] = field(default_factory=dict)
    prototype: Prototype | None = None
    version: str = __version__

    def require_sound(self) -> None:
        """Raise ValueError where fields contradict each other."""
        result = _SHOWN.get(self.shows)
        if result is None:
            raise ValueError(f"it shows {self.shows!r:.60}; there are {', '.join(_SHOWN)}")
        pair = 2 if result is FaceXResult and "second" in self.of else 1
        if not (_is_finite(self.clicked) and _is_finite(self.answered)):
            raise ValueError("what was clicked and answered must be finite")
        if not self.found or any(len(one) != pair for one in self.found):
            raise ValueError(f"it must have results, {pair} for each question")
        for one in self.found:
            for each in one:
                if type(each) is not result:
                    raise ValueError(f"its results must be of {result.__name__}, not {type(each).__name__}")
                each.require_sound()

    @property
    def answers(self) -> dict[str, Any]:
        """The values of `answered`, with the bytes that were saved.

        Raises
        ------
        ValueError
            A tensor that holds no bytes.
        """
        return cast("dict[str, Any]", _changed(self.answered, Tensor, _as_bytes))


def fingerprint_of(name: str, model: Any) -> str:
    """Return the fingerprint of a model that was given as this argument."""
    summed = _FINGERPRINTS.get(name, lambda one: one.fingerprint())
    return summed(model)


def save(widget: object, view: Saveable, path: str | Path) -> None:
    """Write an explorer with its view, or a view alone: see `cfwidgets.widgets.view.View.save`."""
    shows = type(widget).__name__
    if shows not in _SHOWN:
        raise ValueError(f"a {shows} cannot be saved; its result may be: .result.save(path)")
    view.wait_for_answers()
    with view.together():
        found = [_each(one if ended else _interrupted(one, view)) for one, ended in view.findings()]
        given = {name: getattr(view, f"_{name}") for name in ("clf", *view.needs, *view.also)}
        saved = SavedExplorer(
            shows,
            {name: _of(name, one) for name, one in given.items() if one is not None},
            tuple(found),
            view.clicks(),
            _answered(view),
            getattr(view, "_drawn", None),
        )
    saved.save(path)


def _of(name: str, model: Any) -> Of:
    labels = getattr(model, "labels", None)
    return Of(
        str(getattr(model, "name", "")),
        None if labels is None else tuple(labels),
        fingerprint_of(name, model),
    )


def _each(found: Any) -> tuple[ExplainerResult, ...]:
    return found if isinstance(found, tuple) else (found,)


def _interrupted(found: R, view: Saveable) -> R:
    """Mark a result of a run that has not ended, unless it says so itself."""
    if isinstance(found, tuple):
        return cast("R", tuple(_interrupted(one, view) for one in found))
    shown = found is view.result or isinstance(view.result, tuple)
    doing = f" ({view.activity})" if view.activity else ""
    far = f"{min(view.progress, 0.99):.0%}{doing}" if shown else _OTHER_QUESTION
    kept: Any = found
    return cast("R", kept if kept.stopped else replace(kept, stopped=far))


def _answered(view: Saveable) -> dict[str, Any]:
    """Return the answers that are there, as they can be read again."""
    now = {name: getattr(view, name) for name in view.answered}
    return {
        name: _changed(read(view.answered[name], value), bytes, _as_tensor)
        for name, value in now.items()
        if value
    }


def _changed(value: Any, kind: type, change: Callable[[Any], Any]) -> Any:
    """Change what is of one class, wherever it is within dictionaries and lists."""
    if isinstance(value, kind):
        return change(value)
    if isinstance(value, Mapping):
        return {key: _changed(one, kind, change) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(_changed(one, kind, change) for one in value)
    return value


def _is_finite(value: Any) -> bool:
    if isinstance(value, Mapping):
        return all(map(_is_finite, value.values()))
    if isinstance(value, list | tuple):
        return all(map(_is_finite, value))
    return not isinstance(value, float) or math.isfinite(value)


def _as_tensor(value: bytes) -> Tensor:
    return torch.from_numpy(np.frombuffer(value, np.uint8).copy())


def _as_bytes(value: Tensor) -> bytes:
    if value.dtype != torch.uint8 or value.ndim != 1:
        raise ValueError(f"bytes must be of type uint8 (n), not {value.dtype} {tuple(value.shape)}")
    return value.numpy().tobytes()
