"""Encode pictures and maps of labels for the browser."""

from __future__ import annotations

import io
import math
import operator
import zlib
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image
from torch import Tensor

from cfwidgets.images.eight_bits import to_uint8
from cfwidgets.images.errors import ImageError, kind_of
from cfwidgets.images.reading import ImageLike

__all__ = ["decode_labels", "encode", "encode_labels"]

_FORMATS: dict[str, dict[str, int]] = {"webp": {"method": 0}, "jpeg": {}, "png": {}}
# The largest side that each file format can store.
_LARGEST_SIDE = {"webp": 16383, "jpeg": 65500, "png": 2**31 - 1}
_LARGEST_LABEL = 65535


def encode(image: ImageLike, format: str = "webp", quality: int = 90) -> bytes:  # noqa: A002 - as in PIL
    """Encode a picture for the browser.

    Parameters
    ----------
    image
        Anything that `as_image` reads.
    format
        ``"webp"`` (small, and its fastest method: a picture on screen should not wait), ``"jpeg"``, or
        ``"png"`` (lossless).
    quality
        1 (smallest) to 100 (best) for WebP and JPEG; without effect for PNG.

    Returns
    -------
    bytes
        The file's content.

    Raises
    ------
    ImageError
        As `as_image`; an unknown format; a quality that is not a whole number from 1 to 100; a picture larger
        than the format can store (WebP: 16383 pixels a side).

    Examples
    --------
    >>> encode(torch.zeros(3, 8, 8), "png")[1:4]
    b'PNG'
    """
    if format not in _FORMATS:
        raise ImageError(f"format must be one of {', '.join(map(repr, _FORMATS))}; got {format!r}")
    level = _whole(quality)
    if level is None or not 1 <= level <= 100:
        raise ImageError(f"quality must be a whole number from 1 to 100; got {quality!r}")
    levels = to_uint8(image)
    height, width, _ = levels.shape
    if max(height, width) > _LARGEST_SIDE[format]:
        raise ImageError(
            f"{format} stores at most {_LARGEST_SIDE[format]} pixels a side; got {height} x {width}"
        )
    buffer = io.BytesIO()
    Image.fromarray(levels).save(buffer, format=format, quality=level, **_FORMATS[format])
    return buffer.getvalue()


def encode_labels(labels: npt.NDArray[Any] | Tensor) -> bytes:
    """Encode a map of labels for the browser, without loss.

    Parameters
    ----------
    labels
        ``(H, W)`` of an integer type, values 0 to 65535: the segment, region or class of each pixel.

    Returns
    -------
    bytes
        Little-endian uint16, row by row, deflated (zlib): ``new DecompressionStream("deflate")`` reads it.

    Raises
    ------
    ImageError
        Not a two-dimensional map of integers, an empty one, or a label outside 0 to 65535.

    Examples
    --------
    >>> decode_labels(encode_labels(np.array([[0, 1], [2, 65535]])), (2, 2)).tolist()
    [[0, 1], [2, 65535]]
    """
    if isinstance(labels, Tensor):
        integral = not (labels.is_floating_point() or labels.is_complex() or labels.dtype == torch.bool)
        values = labels.detach().cpu().numpy() if integral else None
    elif isinstance(labels, np.ndarray):
        values = labels if labels.dtype.kind in "iu" else None
    else:
        raise ImageError(f"a label map is a numpy array or a tensor; got {kind_of(labels)}")
    if values is None or values.ndim != 2 or values.size == 0:
        raise ImageError(
            f"a label map is (height, width) of an integer type, not empty; got {kind_of(labels)}"
        )
    low, high = int(values.min()), int(values.max())
    if low < 0 or high > _LARGEST_LABEL:
        raise ImageError(f"labels must be from 0 to {_LARGEST_LABEL}; got {low} to {high}")
    return zlib.compress(values.astype("<u2").tobytes())


def decode_labels(data: bytes, shape: tuple[int, int]) -> npt.NDArray[np.int64]:
    """Decode the bytes of `encode_labels`.

    Parameters
    ----------
    data
        The bytes that `encode_labels` returned.
    shape
        Height and width of the map; the bytes do not hold them.

    Returns
    -------
    numpy.ndarray
        ``(H, W)`` int64, so that it can index arrays and tensors.

    Raises
    ------
    ImageError
        A shape that is not two positive whole numbers; data that are damaged or belong to another shape.

    Examples
    --------
    >>> decode_labels(encode_labels(torch.tensor([[3, 4, 5]])), (1, 3)).tolist()
    [[3, 4, 5]]
    """
    sides = [_whole(side) for side in shape]
    if len(sides) != 2 or any(side is None or side < 1 for side in sides):
        raise ImageError(f"shape must be two positive whole numbers (height, width); got {shape!r}")
    size = 2 * math.prod(side for side in sides if side is not None)
    inflate = zlib.decompressobj()
    try:
        # One byte more than expected reveals a longer map, and no more than that is ever unpacked.
        raw = inflate.decompress(data, size + 1)
    except zlib.error as error:
        raise ImageError(f"the label map is damaged: {error}") from error
    if len(raw) != size or not inflate.eof or inflate.unused_data:
        raise ImageError(f"the label map does not hold exactly {shape[0]} x {shape[1]} labels")
    return np.frombuffer(raw, dtype="<u2").reshape(shape).astype(np.int64)


def _whole(value: object) -> int | None:
    """Return `value` as an int where it is of a whole number type (numpy's too), else None."""
    if isinstance(value, bool | np.bool_):
        return None
    try:
        return operator.index(value)  # type: ignore[arg-type]
    except TypeError:
        return None
