"""Each image's pictures and masks in one buffer, so that the browser needs no kernel to look at them."""

from __future__ import annotations

import zlib
from dataclasses import replace
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from cfwidgets.evaluation.segmentation import BINS
from cfwidgets.images import as_bytes, fit
from cfwidgets.widgets.wire import encode_frames, pack

if TYPE_CHECKING:
    from cfwidgets.engines.translation.result import TranslationResult

__all__ = ["bundle", "deflated_levels", "picture", "tiles"]

_TILE = 64  # pixels of the shorter side


def picture(image: Tensor) -> bytes:
    """Encode one image ``(3, H, W)`` in [0, 1]."""
    return encode_frames(as_bytes(image)[None])[0]


def tiles(images: Tensor) -> bytes:
    """Pack small pictures of images ``(n, 3, H, W)``."""
    height, width = images.shape[-2:]
    scale = _TILE / min(height, width)
    if scale < 1:
        images = fit(images, (round(height * scale), round(width * scale)))
    return pack(encode_frames(as_bytes(images)))


def deflated_levels(mask: Tensor) -> bytes:
    """Encode amounts ``(H, W)`` in [0, 1] as zlib data, a byte a pixel: the bin of `segmentation_curve`.

    The browser then counts at each threshold what that function counts.
    """
    levels = (mask * BINS).long().clamp(0, BINS - 1).to(torch.uint8)
    return zlib.compress(levels.contiguous().numpy().tobytes(), 6)


def bundle(result: TranslationResult, index: int) -> bytes:
    """Pack all that there is of one image.

    The blobs: the image; its twin; the twin's twin; the difference mask; the mean over the masks of all
    variants; where they disagree, as twice their standard deviation; the true mask; then the variants, and
    then their masks. An image that is not translated yet is alone.
    """
    image = result.images[index]
    if index >= result.done:
        return pack([picture(image)])
    one = only(result, index)
    several = one.variants.shape[1] > 0
    truth = None if result.true_masks is None else result.true_masks[index]
    return pack(
        [
            picture(image),
            picture(one.twins[0]),
            picture(one.returned[0]),
            deflated_levels(one.masks[0]),
            deflated_levels(one.mean_mask[0]) if several else b"",
            deflated_levels(2 * one.disagreement[0]) if several else b"",
            b"" if truth is None else zlib.compress(truth.to(torch.uint8).contiguous().numpy().tobytes(), 6),
            *encode_frames(one.variants[0]),
            *(deflated_levels(mask) for mask in one.variant_masks[0]),
        ]
    )


def only(result: TranslationResult, index: int) -> TranslationResult:
    """Give a result of one image: to compute what there is of it, and of no other."""
    some = slice(index, index + 1)
    return replace(
        result,
        done=1,
        images=result.images[some],
        twins=result.twins[some],
        returned=result.returned[some],
        variants=result.variants[some],
    )
