"""Scores of masks, each evaluated once.

A genetic algorithm meets about a third of its masks again, and the curves of `cfwidgets.evaluation.deletion`
share their ends; only new masks are evaluated.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import islice
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

Score: TypeAlias = Callable[[Tensor], Tensor | npt.NDArray[Any] | Sequence[float]]
"""From masks ``(m, n)`` bool on the CPU to one number each, ``(m,)``: finite, unless gaps are accepted."""


class Memo:
    """A score of masks that remembers its answers.

    Parameters
    ----------
    score
        Called with the masks ``(m, n)`` bool that are new and differ from each other, m at least 1; returns
        ``(m,)`` finite numbers: a tensor on any device, an array or a list. The masks are a copy, its to
        change. An exception that it raises passes through, and nothing of that call is remembered.
    resume
        The `state` of a memo of the same score: its masks are known from the start.
    limit
        How many masks are remembered; beyond that the oldest are forgotten. None for all.
    gaps
        True where NaN is a score too: that of a mask which has none.

    Attributes
    ----------
    evaluations : int
        How many masks this memo has had scored; those that it was resumed with do not count.
    invalid : int
        How many of these have no score.

    Examples
    --------
    >>> memo = Memo(lambda masks: masks.sum(1))
    >>> memo(torch.tensor([[True, False], [True, True], [True, False]]))
    tensor([1., 2., 1.], dtype=torch.float64)
    >>> memo.evaluations
    2
    """

    def __init__(
        self,
        score: Score,
        *,
        resume: Mapping[str, Tensor] | None = None,
        limit: int | None = None,
        gaps: bool = False,
    ) -> None:
        self._score = score
        self._limit = limit
        self._gaps = gaps
        self._known: dict[bytes, float] = {}
        self.evaluations = self.invalid = 0
        if resume is not None:
            self._known.update(zip(_rows(resume["masks"]), resume["scores"].tolist(), strict=True))

    def state(self) -> dict[str, Tensor]:
        """All that it takes to know the same masks again, the oldest first.

        Returns
        -------
        dict of Tensor
            ``masks``: ``(m, ceil(n / 8))`` uint8, eight bits of a mask in each byte, the first bit highest.
            ``scores``: ``(m,)`` float64.
        """
        count = len(self._known)
        packed = np.frombuffer(bytearray().join(self._known), np.uint8).reshape(count, -1 if count else 0)
        scores = np.fromiter(self._known.values(), np.float64, count)
        return {"masks": torch.from_numpy(packed), "scores": torch.from_numpy(scores)}

    def __call__(self, masks: Tensor) -> Tensor:
        """Score masks ``(m, n)`` bool; returns ``(m,)`` float64 on the CPU.

        Raises
        ------
        ValueError
            Where the score's answer is not one finite number a mask, or NaN where there may be gaps.
        """
        keys = _rows(np.packbits(masks.numpy(), axis=1))
        new: dict[bytes, int] = {}
        for row, key in enumerate(keys):
            if key not in self._known:
                new.setdefault(key, row)
        if new:
            scores = _numbers(self._score(masks[list(new.values())]), len(new), gaps=self._gaps)
            self._known.update(zip(new, scores.tolist(), strict=True))
            self.evaluations += len(new)
            self.invalid += int(scores.isnan().sum())
        found = torch.tensor([self._known[key] for key in keys], dtype=torch.float64)
        if self._limit is not None:
            for key in list(islice(self._known, max(0, len(self._known) - self._limit))):
                del self._known[key]
        return found


def _rows(packed: npt.NDArray[np.uint8] | Tensor) -> list[bytes]:
    """One key a row. All rows of a memo have one length, so the padding of the last byte confuses none."""
    raw, row = np.asarray(packed).tobytes(), max(1, packed.shape[1])  # a memo that knows nothing has none
    return [raw[start : start + row] for start in range(0, len(raw), row)]


def _numbers(scores: Any, count: int, *, gaps: bool) -> Tensor:
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
    finite = torch.isfinite(numbers) | (torch.isnan(numbers) & gaps)
    if not finite.all():
        raise ValueError(
            f"the score must be finite; {int((~finite).sum())} of {count} numbers are not, "
            f"the first is {float(numbers[~finite][0])}"
        )
    return numbers
