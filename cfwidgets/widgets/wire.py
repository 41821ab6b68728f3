"""The formats in which a view sends to the browser: rows of plain values, many pictures in one buffer."""

from __future__ import annotations

import io
import struct
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image
from torch import Tensor

from cfwidgets.images import as_bytes

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["encode_frames", "encode_grey", "encode_maps", "likeliest", "map_scale", "pack", "trust_rows"]

_PIXEL_ART = 64  # pixels a side up to which a picture is kept without loss, as it is shown pixel by pixel
_QUALITY, _MAP_QUALITY = 85, 70  # of JPEG
_MAP_SIDE = 128  # pixels a side that are enough for a map of relevance
_LEVELS = 127  # of a map, on each side of zero


def likeliest(row: Tensor, k: int, always: Sequence[int] = ()) -> list[list[float]]:
    """The ``k`` likeliest classes of ``(C,)`` as ``[class, probability]``, and those that must be there."""
    classes = row.topk(min(k, len(row))).indices.tolist()
    classes += [index for index in always if index not in classes]
    return [[index, float(row[index])] for index in classes]


def trust_rows(measures: pd.DataFrame) -> list[dict[str, str | bool | None]]:
    """The rows of a result's ``trust()`` in words."""
    return [_trust_row(row) for row in measures.itertuples()]


def _trust_row(row: Any) -> dict[str, str | bool | None]:
    # Counts are whole, and so is what they are held against; a table of floats does not say which they are.
    held = np.isfinite(row.reference)
    whole = all(float(one).is_integer() for one in ((row.value, row.reference) if held else (row.value,)))
    return {
        "name": row.measure,
        "value": _figure(row.value, whole=whole),
        "note": f"{row.against} {_figure(row.reference, whole=whole)}" if held else row.against,
        "help": row.meaning,
        "ok": row.ok,
    }


def _figure(value: float, *, whole: bool) -> str:
    """Two digits, without the leading zero, as the view writes probabilities; a dash for no number."""
    if not np.isfinite(value):
        return "–"
    text = f"{int(value):,}" if whole else f"{round(value, 2) + 0.0:.2f}"  # not "-0.00"
    if text.lstrip("-").startswith("0."):
        text = text.replace("0.", ".", 1)
    return text.replace("-", "−")


def pack(blobs: Iterable[bytes]) -> bytes:
    """Put blobs into one buffer: their number and where each ends, as little-endian uint32, then they.

    Examples
    --------
    >>> pack([b"ab", b"c"])[12:]
    b'abc'
    """
    parts = list(blobs)
    ends = np.cumsum([len(part) for part in parts], dtype=np.uint32).astype("<u4")
    return struct.pack("<I", len(parts)) + ends.tobytes() + b"".join(parts)


def encode_frames(images: Tensor, *, exact: bool = True) -> list[bytes]:
    """Encode pictures ``(n, 3, h, w)`` uint8: small ones without loss, if they are to be ``exact``."""
    return [_encoded(frame, exact=exact) for frame in images.permute(0, 2, 3, 1).contiguous().numpy()]


def map_scale(maps: Tensor) -> float:
    """The relevance that is drawn in full colour: one pixel in a thousand exceeds it."""
    values = maps.flatten().abs().float()
    if len(values) > 2**20:  # enough to know a quantile by
        values = values[:: -(-len(values) // 2**20)]
    return max(float(values.quantile(0.999)) if len(values) else 0.0, 1e-9)


def encode_maps(maps: Tensor, scale: float) -> list[bytes]:
    """Encode relevance ``(n, h, w)`` as grey pictures: 128 is 0, and ``scale`` is 127 above it.

    Maps of two classes may stand on each other, ``(n, 2, h, w)``: the picture is then twice as high.
    """
    maps = maps.float()
    side = max(maps.shape[-2:])
    if side > _MAP_SIDE:
        folded = maps if maps.ndim == 4 else maps[:, None]
        size = [round(length * _MAP_SIDE / side) for length in maps.shape[-2:]]
        maps = torch.nn.functional.interpolate(folded, size=size, mode="area")
    levels = (maps / scale * _LEVELS).round().clamp(-_LEVELS, _LEVELS) + _LEVELS + 1
    return [
        _encoded(one, _MAP_QUALITY)
        for one in levels.to(torch.uint8).reshape(len(maps), -1, maps.shape[-1]).numpy()
    ]


def encode_grey(amounts: Tensor) -> bytes:
    """Encode amounts ``(h, w)`` in [0, 1] as one grey picture, without loss: a mask must keep its edge."""
    buffer = io.BytesIO()
    Image.fromarray(as_bytes(amounts).numpy()).save(buffer, "png", compress_level=1)
    return buffer.getvalue()


def _encoded(levels: npt.NDArray[np.uint8], quality: int = _QUALITY, *, exact: bool = True) -> bytes:
    small = exact and max(levels.shape[1], levels.shape[0] // (2 if levels.ndim == 2 else 1)) <= _PIXEL_ART
    buffer = io.BytesIO()
    picture = Image.fromarray(levels)
    if small:
        picture.save(buffer, "png", compress_level=1)
    else:
        picture.save(buffer, "jpeg", quality=quality)
    return buffer.getvalue()
