"""Networks as far as they are trained: what most of them lack of what a view of a training can show."""

from __future__ import annotations

from typing import ClassVar

import torch
from torch import Tensor

__all__ = ["SAMPLED", "Unmeasured"]

SAMPLED = "by the running mean of the weights"
"""The words for how a sheet of samples was drawn."""


class Unmeasured:
    """Networks whose training measures nothing on held-out images, and knows no signs of a collapse."""

    measure_names: ClassVar[tuple[str, ...]] = ("update",)
    measured: ClassVar[Tensor] = torch.empty(0, 1)
    sheet_note: ClassVar[str] = SAMPLED

    def collapse(self) -> str:
        """Say how the training has failed: never."""
        return ""
