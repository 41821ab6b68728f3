"""Resume a result only in a run of the same model, data and settings."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import torch

from cfwidgets.engines.base.result import ExplainerResult

__all__ = ["require_same"]

_SAME_ANSWER = 1e-3  # how far apart the answers of one model may be, in two batches or on two devices


def require_same(
    earlier: ExplainerResult, fresh: ExplainerResult, harmless: Iterable[str] = (), which: str = "resume"
) -> None:
    """Refuse to resume the result of something else.

    The model and its weights, the data and the settings must be the same; of the settings, the harmless ones
    may differ. A black box is known by its answer to the data.

    Parameters
    ----------
    earlier, fresh
        The result to resume, and one of the run that would resume it.
    harmless
        Names of settings that may differ.
    which
        The earlier result, as an error names it.

    Raises
    ------
    ValueError
        The first difference.
    """
    if type(earlier) is not type(fresh):
        raise ValueError(f"{which} is a {type(earlier).__name__}, not a {type(fresh).__name__}")
    there, here = _plain(earlier.settings), _plain(fresh.settings)
    free = set(harmless)
    for name, wanted in here.items():
        if name not in free and there.get(name) != wanted:
            raise ValueError(f"{which} has {name}={there.get(name)!r}, this run {wanted!r}")
    for name in fresh.question:
        before, now = getattr(earlier, name), getattr(fresh, name)
        if before != now:
            raise ValueError(f"{which} has class {before} as its {name}, this run class {now}")
    for name, mark in fresh.fingerprints.items():
        before = earlier.fingerprints.get(name, "")
        if before and mark and before != mark:
            weights = ", or of other weights" if name == "model" else ""
            raise ValueError(f"{which} is of another {name}{weights}")
    same = earlier.prediction.shape == fresh.prediction.shape
    if not same or not torch.allclose(earlier.prediction, fresh.prediction, rtol=0, atol=_SAME_ANSWER):
        raise ValueError(f"{which} is of another model ({earlier.model}), whose answer to the data differs")


def _plain(value: Any) -> Any:
    """Settings as a file gives them back: what was a tuple in one of two may be a list in the other."""
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value
