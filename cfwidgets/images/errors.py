"""The error of a picture that is refused, and the words for what was given."""

from __future__ import annotations

import os

import numpy as np
import torch
from torch import Tensor

__all__ = ["ImageError", "kind_of"]


class ImageError(ValueError):
    """A picture, a label map or an encoding that is refused; the message names what is accepted."""


def kind_of(value: object) -> str:
    """Describe a value in a few words, for messages."""
    if isinstance(value, Tensor):
        if value.is_nested:
            return "a nested tensor"
        layout = "" if value.layout == torch.strided else f" {value.layout}"
        device = "" if value.device.type == "cpu" else f" on {value.device}"
        return f"a{layout} tensor {tuple(value.shape)} of {str(value.dtype).removeprefix('torch.')}{device}"
    if isinstance(value, np.ndarray):
        return f"an array {value.shape} of {value.dtype}"
    return f"a path, {str(value)!r}" if isinstance(value, str | os.PathLike) else type(value).__name__
