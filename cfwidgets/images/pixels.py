"""Arrays and tensors of pixels, of any layout and range that is accepted, as images of the convention."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from cfwidgets.images.errors import ImageError, kind_of

__all__ = ["from_array", "from_tensor"]

_CHANNELS = (1, 3, 4)
# A resize or half precision may exceed [0, 1] by this much through rounding; more is another range.
_NOISE = 1e-4


def from_array(array: npt.NDArray[Any], *, batch: bool) -> Tensor:
    """Turn an array into an image, or a batch of several, of the convention.

    Parameters
    ----------
    array
        uint8, or floats in [0, 1]. Its last axis is read as the channels where it has 1, 3 or 4 entries.
    batch
        True for a batch of four axes; False for one image of two or three.

    Returns
    -------
    Tensor
        ``(3, H, W)`` or ``(N, 3, H, W)`` float32 in [0, 1], contiguous, of its own memory.

    Raises
    ------
    ImageError
        Another type, other axes or channels, an empty image, a side under two pixels, values outside [0, 1]
        or not finite.
    """
    if array.dtype == np.uint8:
        dtype: type[np.generic] = np.uint8
    elif array.dtype.kind == "f":
        # Above 32 bits the range is checked before rounding: 1e300 is no infinity. Torch ends at 64 bits.
        dtype = np.float32 if array.dtype.itemsize <= 4 else np.float64
    else:
        raise ImageError(_wrong_type(array))
    _check_axes(array, batch=batch)
    # A copy in the machine's byte order: torch reads neither foreign byte orders nor negative strides.
    pixels = torch.from_numpy(np.array(array, dtype=dtype, order="C"))
    return _normal(pixels, kind_of(array), channel_axes=(-1, -3)).contiguous()


def from_tensor(tensor: Tensor, *, batch: bool) -> Tensor:
    """Turn a tensor into an image, or a batch of several, of the convention, on its device.

    Parameters
    ----------
    tensor
        As the array of `from_array`, but its axis before the last two is read as the channels where it has
        1, 3 or 4 entries.
    batch
        As in `from_array`.

    Returns
    -------
    Tensor
        ``(3, H, W)`` or ``(N, 3, H, W)`` float32 in [0, 1], without a gradient; float32 RGB within [0, 1] is
        not copied.

    Raises
    ------
    ImageError
        As `from_array`; also a tensor that is sparse, nested or without values.
    """
    if tensor.is_nested or tensor.layout != torch.strided or tensor.is_meta:
        raise ImageError(f"an image tensor must be dense and hold values; got {kind_of(tensor)}")
    if tensor.dtype != torch.uint8 and not tensor.is_floating_point():
        raise ImageError(_wrong_type(tensor))
    _check_axes(tensor, batch=batch)
    return _normal(tensor.detach(), kind_of(tensor), channel_axes=(-3, -1))


def _check_axes(pixels: npt.NDArray[Any] | Tensor, *, batch: bool) -> None:
    """Refuse axes that cannot be one image or, with `batch`, several."""
    if batch and pixels.ndim in (2, 3):
        raise ImageError(
            f"a batch has four axes; got one image, {kind_of(pixels)}: pass image[None] or [image]"
        )
    if not batch and pixels.ndim == 4:
        raise ImageError(
            f"one image is expected; got a batch, {kind_of(pixels)}: pass one image, e.g. images[0]"
        )
    if pixels.ndim not in ((4,) if batch else (2, 3)):
        expected = "(N, C, H, W) or (N, H, W, C)" if batch else "(H, W), (H, W, C) or (C, H, W)"
        raise ImageError(f"the axes must be {expected}; got {kind_of(pixels)}")
    if 0 in pixels.shape:
        raise ImageError(f"the image is empty: {kind_of(pixels)}")


def _normal(pixels: Tensor, given: str, *, channel_axes: tuple[int, int]) -> Tensor:
    """Bring uint8 or float pixels of one image or a batch to channels first, RGB, float32, [0, 1]."""
    if pixels.ndim == 2:
        pixels = pixels[None]
    else:
        axis = next((axis for axis in channel_axes if pixels.shape[axis] in _CHANNELS), None)
        if axis is None:
            raise ImageError(
                f"an image has 1 (grey), 3 (RGB) or 4 (RGBA) channels, on its first or last axis; got {given}"
            )
        pixels = pixels.movedim(axis, -3)
    channels, height, width = pixels.shape[-3:]
    if min(height, width) < 2:
        raise ImageError(f"an image has at least 2 pixels a side; got {height} x {width} (height x width)")
    if pixels.dtype == torch.uint8:
        # One pass in place, into rows as they will be used: several times faster than a division of a view.
        pixels = pixels.to(torch.float32, memory_format=torch.contiguous_format).div_(255)
    else:
        pixels = _unit_range(pixels)
    if channels == 1:
        repeats = [1] * pixels.ndim
        repeats[-3] = 3
        return pixels.repeat(repeats)
    if channels == 4:
        colour, alpha = pixels[..., :3, :, :], pixels[..., 3:, :, :]
        # lerp is exact at both ends: opaque pixels stay as they are, and white stays white.
        return torch.lerp(torch.ones_like(colour), colour, alpha)
    return pixels


def _unit_range(pixels: Tensor) -> Tensor:
    """Refuse floats that are not in [0, 1], and return them as float32."""
    if pixels.dtype != torch.float64:
        pixels = pixels.float()
    low, high = (float(end) for end in torch.aminmax(pixels))
    if not (math.isfinite(low) and math.isfinite(high)):
        nans, infinities = int(pixels.isnan().sum()), int(pixels.isinf().sum())
        raise ImageError(
            f"image values must be finite; of {pixels.numel()} values {nans} are NaN, {infinities} infinite"
        )
    if low < -_NOISE or high > 1 + _NOISE:
        raise ImageError(
            f"image values must be from 0 to 1; got {low:.4g} to {high:.4g}{_range_hint(low, high)}"
        )
    if low < 0 or high > 1:
        pixels = pixels.clamp(0, 1)
    return pixels.float()


def _range_hint(low: float, high: float) -> str:
    if low >= -0.25 and high <= 1.25:
        return ": if a resize overshot, clip it to 0..1"
    if low >= -_NOISE and high <= 255 + _NOISE:
        return ": this looks like 0..255, so divide by 255 or pass uint8"
    if low >= -1 - _NOISE and high <= 1 + _NOISE:
        return ": this looks like -1..1, so pass (image + 1) / 2"
    if low < 0:
        return ": if a mean and a standard deviation were applied, undo that; the classifier applies its own"
    return ""


def _wrong_type(pixels: npt.NDArray[Any] | Tensor) -> str:
    return f"image values must be uint8 (0 to 255) or floats (0 to 1); got {kind_of(pixels)}"
