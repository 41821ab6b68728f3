"""Pictures of which the most or the least relevant pixels are hidden."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from skimage.restoration import inpaint_biharmonic
from torch import Tensor

from cfwidgets.evaluation.masking import filled
from cfwidgets.search.operators import seeded
from cfwidgets.widgets.checks import whole

__all__ = ["FILLS", "Hiding", "composed", "fills"]

FILLS = ("blur", "mean", "black", "noise", "inpaint")
"""Content of hidden pixels; the last depends on which are hidden."""


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


def fills(image: Tensor) -> dict[str, Tensor]:
    """Make the contents of hidden pixels that do not depend on which are hidden, ``(3, H, W)`` each."""
    whole = torch.zeros(image.shape[1:], dtype=torch.int32)
    made = {
        "blur": filled(image, whole, "blur"),
        "mean": filled(image, whole, "mean"),
        "black": filled(image, whole, "black"),
        "noise": torch.rand(image.shape, generator=seeded(0)),
    }
    # As the browser gets them: eight bits a channel.
    return {name: (picture * 255).round() / 255 for name, picture in made.items()}


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
    hidden = np.zeros(len(ranks), bool)
    hidden[order[:count]] = True
    mask = hidden.reshape(image.shape[1:])
    if hiding.fill != "inpaint":
        return torch.where(torch.from_numpy(mask), contents[hiding.fill], image)
    if not 0 < count < len(ranks):
        return image if not count else contents["mean"]
    restored = inpaint_biharmonic(image.permute(1, 2, 0).numpy(), mask, channel_axis=-1)
    return torch.from_numpy(restored).permute(2, 0, 1).float().clamp(0, 1)
