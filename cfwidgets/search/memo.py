"""Scores of masks, each asked for once.

A genetic algorithm meets about a third of its masks again, and the curves of `cfwidgets.evaluation.deletion`
share their ends; a model is asked only about what is new.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

Score: TypeAlias = Callable[[Tensor], Tensor | npt.NDArray[Any] | Sequence[float]]
"""From masks ``(m, n)`` bool on the CPU to one finite number each, ``(m,)``."""


class Memo:
    """A score of masks that remembers what it was asked.

    Parameters
    ----------
    score
        Called with the masks ``(m, n)`` bool that are new and differ from each other, m at least 1; returns
        ``(m,)`` finite numbers: a tensor on any device, an array or a list. The masks are a copy, its to
        change. An exception that it raises passes through, and nothing of that call is remembered.

    Examples
    --------
    >>> memo = Memo(lambda masks: masks.sum(1))
    >>> memo(torch.tensor([[True, False], [True, True], [True, False]]))
    tensor([1., 2., 1.], dtype=torch.float64)
    >>> memo.evaluations
    2
    """

    def __init__(self, score: Score) -> None:
        self._score = score
        self._known: dict[bytes, float] = {}

    @property
    def evaluations(self) -> int:
        """How many distinct masks were scored so far."""
        return len(self._known)

    def __call__(self, masks: Tensor) -> Tensor:
        """Score masks ``(m, n)`` bool; returns ``(m,)`` float64 on the CPU.

        Raises
        ------
        ValueError
            Where the score's answer is not one finite number a mask.
        """
        keys = _bit_patterns(masks)
        new: dict[bytes, int] = {}
        for row, key in enumerate(keys):
            if key not in self._known:
                new.setdefault(key, row)
        if new:
            scores = _numbers(self._score(masks[list(new.values())]), len(new))
            self._known.update(zip(new, scores.tolist(), strict=True))
        return torch.tensor([self._known[key] for key in keys], dtype=torch.float64)


def _bit_patterns(masks: Tensor) -> list[bytes]:
    """One key a row. All rows of a memo have one length, so the padding of the last byte confuses none."""
    packed = np.packbits(masks.numpy(), axis=1)
    row = packed.shape[1]
    raw = packed.tobytes()
    return [raw[start : start + row] for start in range(0, len(raw), row)]


def _numbers(scores: Any, count: int) -> Tensor:
    if isinstance(scores, Tensor):
        # To the CPU first: some accelerators have no float64.
        numbers = scores.detach().cpu().double()
    else:
        try:
            numbers = torch.from_numpy(np.array(scores, dtype=np.float64))
        except (TypeError, ValueError) as error:
            given = type(scores).__name__
            raise ValueError(f"the score must be {count} numbers, one a mask, not {given}") from error
    if numbers.shape != (count,):
        raise ValueError(f"the score must be {count} numbers, one a mask, not shape {tuple(numbers.shape)}")
    finite = torch.isfinite(numbers)
    if not finite.all():
        raise ValueError(
            f"the score must be finite; {int((~finite).sum())} of {count} numbers are not, "
            f"the first is {float(numbers[~finite][0])}"
        )
    return numbers
