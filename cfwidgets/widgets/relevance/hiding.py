"""Pictures of which the most or the least relevant pixels are hidden."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from cfwidgets.evaluation.hiding import FILLS, hidden
from cfwidgets.widgets.checks import whole

__all__ = ["Hiding", "composed"]


@dataclass(frozen=True)
class Hiding:
    """A question: which pixels to hide, and how.

    Parameters
    ----------
    method
        Whose map ranks the pixels.
    percent
        How many are hidden, 0 to 100.
    least
        True to hide the least relevant first.
    fill
        Their content, one of `FILLS`.
    """

    method: str
    percent: int
    least: bool
    fill: str

    @classmethod
    def read(cls, given: dict[str, Any], methods: Sequence[str]) -> Hiding:
        """Check what the page asks.

        Raises
        ------
        ValueError
            A method without a map, or a value that is not one.
        """
        if given.keys() != {"method", "percent", "least", "fill"}:
            raise ValueError("hiding must have method, percent, least and fill")
        method, percent, least, fill = (given[name] for name in ("method", "percent", "least", "fill"))
        if method not in methods:
            raise ValueError(f"hiding: there is no map by {method!r:.40}")
        whole("hiding: percent", percent, 0, 100)
        if not isinstance(least, bool):
            raise ValueError(f"hiding: least must be True or False, not {least!r:.40}")  # noqa: TRY004
        if fill not in FILLS:
            raise ValueError(f"hiding: fill must be one of {', '.join(FILLS)}, not {fill!r:.40}")
        return cls(method, percent, least, fill)


def composed(
    image: Tensor,
    contents: dict[str, Tensor],
    ranks: npt.NDArray[np.int64],
    hiding: Hiding,
) -> Tensor:
    """Hide pixels of an image ``(3, H, W)``: the picture that the model is shown.

    Parameters
    ----------
    image, contents
        The image, and its `fills`.
    ranks
        The pixels, most relevant first: see `ranking`.
    hiding
        Which to hide, and how.
    """
    count = (hiding.percent * len(ranks) + 50) // 100
    order = ranks[::-1] if hiding.least else ranks
    mask = np.zeros(len(ranks), bool)
    mask[order[:count]] = True
    return hidden(image, torch.from_numpy(mask).view(image.shape[1:]), hiding.fill, contents)
