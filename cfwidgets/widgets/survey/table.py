"""The table of a survey as the browser gets it, and the order in which pictures are most surprising."""

from __future__ import annotations

import os
import struct
import zlib
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor

    from cfwidgets.engines.survey.result import SurveyResult

__all__ = ["NONE", "deflated", "names_of", "surprising", "table"]

NONE = 65535
"""Stands for a number that is not known."""
_NATS = 2048  # steps of a nat
_SHARES = 65534  # steps of a probability


def deflated(data: bytes) -> bytes:
    r"""Deflate bytes, behind their number as a little-endian uint32.

    Examples
    --------
    >>> deflated(b"abc")[:4]
    b'\x03\x00\x00\x00'
    """
    return struct.pack("<I", len(data)) + zlib.compress(data, 1)


def table(result: SurveyResult) -> bytes:
    """Write the columns one after the other, deflated.

    Of N pictures: int32 true class and predicted class, -1 where not known; with a second classifier also its
    prediction; then uint16 loss and entropy, in 2048ths of a nat, margin and confidence, in 65534ths, and
    with a second classifier also its confidence: `NONE` where not known.
    """
    answers, second = result.answers, result.second_answers
    classes = [result.truth, answers.predictions] + ([] if second is None else [second.predictions])
    shares = [answers.margin, answers.confidence] + ([] if second is None else [second.confidence])
    columns = [
        *(column.numpy().astype("<i4") for column in classes),
        *(_stepped(column, _NATS) for column in (answers.loss, answers.entropy)),
        *(_stepped(column, _SHARES) for column in shares),
    ]
    return deflated(b"".join(column.tobytes() for column in columns))


def surprising(result: SurveyResult) -> npt.NDArray[np.int64]:
    """Order the pictures that there is an answer to, the most surprising first, equals by their numbers.

    By the loss where the true class is known, and else by the entropy, which is the loss to be expected; as
    the browser has them.
    """
    loss, entropy = (_stepped(one, _NATS) for one in (result.answers.loss, result.answers.entropy))
    keys = np.where(loss == NONE, entropy, loss).astype(np.int64)
    numbers = result.answered.nonzero()[:, 0].numpy()
    order: npt.NDArray[np.int64] = numbers[np.argsort(-keys[numbers], kind="stable")]
    return order


def names_of(paths: Sequence[str]) -> list[str]:
    """Write the paths without the folder that all are in; nothing where none is known.

    Examples
    --------
    >>> names_of(["a/b/c.png", "a/d.png", ""])
    ['b/c.png', 'd.png', '']
    """
    known = [path.replace("\\", "/") for path in paths]
    there = [path for path in known if path]
    if not there:
        return []
    same = os.path.commonprefix([min(there), max(there)])  # noqa: RUF071 - then cut at a folder
    start = same.rfind("/") + 1
    return [path[start:].replace("\n", " ") for path in known]


def _stepped(column: Tensor, steps: int) -> npt.NDArray[np.uint16]:
    values = column.numpy()
    whole = np.rint(np.nan_to_num(values, nan=0.0, posinf=1e6) * steps).clip(0, NONE - 1)
    stepped: npt.NDArray[np.uint16] = np.where(np.isnan(values), NONE, whole).astype("<u2")
    return stepped
