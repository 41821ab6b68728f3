"""The image convention of this package, and the conversions into and out of it.

An image is a float32 RGB tensor ``(3, H, W)``, a batch is ``(N, 3, H, W)``, values in [0, 1], at least two
pixels a side. Everything that takes a picture from a user passes it through `as_image` or `as_images`, so
that no other module has to guess a layout or a range, and everything that sends a picture to the browser uses
`encode` (pictures) or `encode_labels` (maps of superpixels, regions, ...). A model's own normalisation (mean,
standard deviation) is no part of an image: it belongs to the `Classifier`.
"""

from __future__ import annotations

import io
import math
import operator
import os
import struct
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F
from PIL import Image, ImageOps
from torch import Tensor

from cfwidgets.image_files import opened
from cfwidgets.text import is_address
from cfwidgets.warn import warn_user

ImageLike: TypeAlias = str | os.PathLike[str] | Image.Image | npt.NDArray[Any] | Tensor
"""Anything that `as_image` reads."""

__all__ = [
    "LARGEST",
    "ImageError",
    "ImageLike",
    "as_bytes",
    "as_image",
    "as_images",
    "cover",
    "decode_labels",
    "encode",
    "encode_labels",
    "fit",
    "fit_labels",
    "to_uint8",
]

LARGEST = 2048
"""The side of the largest picture that is worked on, in pixels; larger ones are reduced to it."""

_ACCEPTED = "a path, a PIL image, a numpy array or a tensor"
_CHANNELS = (1, 3, 4)
# A resize or half precision may exceed [0, 1] by this much through rounding; more is another range.
_NOISE = 1e-4
_PIL_MODES = frozenset({"1", "L", "LA", "P", "PA", "RGB", "RGBA", "RGBX", "RGBa", "CMYK", "YCbCr", "HSV"})
_DEEP_HINT = ": turn it into floats from 0 to 1, e.g. np.asarray(image) / 65535 for 16 bits"
_PIL_FAILURES = (
    *(OSError, ValueError, SyntaxError, EOFError, struct.error, Image.DecompressionBombError),
    TypeError,  # of a transparency of another form than its mode has
)
_FORMATS: dict[str, dict[str, int]] = {"webp": {"method": 0}, "jpeg": {}, "png": {}}
# The largest side that each file format can store.
_LARGEST_SIDE = {"webp": 16383, "jpeg": 65500, "png": 2**31 - 1}
_LARGEST_LABEL = 65535


class ImageError(ValueError):
    """A picture, a label map or an encoding that is refused; the message names what is accepted."""


def as_image(value: ImageLike, *, largest: int | None = LARGEST) -> Tensor:
    """Read one picture into the image convention.

    Parameters
    ----------
    value
        A path to an image file, a PIL image, a numpy array or a tensor. Files and PIL images are turned as
        their EXIF orientation says. Arrays and tensors hold uint8 (0 to 255) or floats in [0, 1] (rounding
        noise up to 1e-4 outside is clamped) and are grey ``(H, W)`` or have 1, 3 or 4 channels (grey, RGB,
        RGBA). An array is read as ``(H, W, C)`` where its last axis has 1, 3 or 4 entries, else as ``(C, H,
        W)``; a tensor the other way round. Transparent pixels are laid on white.
    largest
        A picture with a longer side is reduced to it, with a warning: no classifier sees so much, and a
        photograph of 24 megapixels takes 300 MB as floats. None for pictures of any size.

    Returns
    -------
    Tensor
        ``(3, H, W)`` float32 in [0, 1], contiguous, without a gradient, on the device of a tensor given and
        on the CPU otherwise. It shares no memory with `value`, which is never modified.

    Raises
    ------
    ImageError
        NaN or infinite values, values outside [0, 1], another number of channels, a side under two pixels,
        another type than uint8 and floats, PIL modes of 16 or 32 bits, a file that is missing or not an
        image, a batch.

    Examples
    --------
    >>> grey = np.array([[0, 255], [51, 102]], dtype=np.uint8)
    >>> as_image(grey).shape
    torch.Size([3, 2, 2])
    >>> as_image(grey)[0, 1].tolist()
    [0.20000000298023224, 0.4000000059604645]
    """
    if isinstance(value, str | os.PathLike):
        return _from_array(_read_file(value, largest), batch=False)
    if isinstance(value, Image.Image):
        return _from_array(_read_pil(value, largest), batch=False)
    if isinstance(value, np.ndarray):
        return _reduced(_from_array(value, batch=False), largest)
    if isinstance(value, Tensor):
        return _reduced(_from_tensor(value, batch=False), largest).clone(
            memory_format=torch.contiguous_format
        )
    raise ImageError(f"an image is {_ACCEPTED}; got {_kind(value)}")


def as_images(values: Tensor | npt.NDArray[Any] | Sequence[ImageLike]) -> Tensor:
    """Read several pictures of one size into one batch.

    Parameters
    ----------
    values
        A batch ``(N, C, H, W)`` or ``(N, H, W, C)`` as a tensor or an array (layout, types, channels and
        range as in `as_image`), or a sequence of anything that `as_image` reads, all of one height and width.

    Returns
    -------
    Tensor
        ``(N, 3, H, W)`` float32 in [0, 1], N at least 1, without a gradient, on the device of the tensors
        given. Float32 RGB tensors within [0, 1] are not copied (batches pass here by the thousand), so do not
        write into the result; everything else is a copy. `values` is never modified.

    Raises
    ------
    ImageError
        As `as_image`, naming the picture of a sequence; also no pictures at all, one picture where a batch is
        expected, pictures of different sizes or on different devices.

    Examples
    --------
    >>> as_images([np.zeros((4, 6, 3)), torch.ones(3, 4, 6)]).shape
    torch.Size([2, 3, 4, 6])
    """
    if isinstance(values, Tensor):
        return _from_tensor(values, batch=True)
    if isinstance(values, np.ndarray):
        return _from_array(values, batch=True)
    _refuse_place(values)
    if isinstance(values, str | os.PathLike | Image.Image):
        raise ImageError(f"several images are expected; got {_kind(values)}: pass a list, e.g. [image]")
    if not isinstance(values, Sequence):
        raise ImageError(f"images are a batch (tensor or array) or a sequence of images; got {_kind(values)}")
    if not values:
        raise ImageError("images must hold at least one image; got an empty sequence")
    images: list[Tensor] = []
    for index, value in enumerate(values):
        try:
            images.append(as_image(value, largest=None))
        except ImageError as error:
            raise ImageError(f"image {index}: {error}") from error
    _check_alike(images)
    return torch.stack(images)


def as_bytes(images: Tensor) -> Tensor:
    """Round images in [0, 1] to uint8."""
    return (images * 255).round().to(torch.uint8)


def to_uint8(image: ImageLike) -> npt.NDArray[np.uint8]:
    """Turn a picture into 8-bit RGB, the form that PIL, matplotlib and scikit-image read.

    Parameters
    ----------
    image
        Anything that `as_image` reads.

    Returns
    -------
    numpy.ndarray
        ``(H, W, 3)`` uint8, 0 to 255, rounded to the nearest. 8-bit RGB comes back exactly.

    Raises
    ------
    ImageError
        As `as_image`.

    Examples
    --------
    >>> to_uint8(torch.full((3, 2, 2), 0.2))[0, 0].tolist()
    [51, 51, 51]
    """
    return as_bytes(as_image(image, largest=None)).permute(1, 2, 0).contiguous().cpu().numpy()


def fit(images: Tensor, size: tuple[int, int] | None) -> Tensor:
    """Scale images until they just cover a size, and crop the centre.

    Bilinear and antialiased, rounded as torchvision does; differentiable.

    Parameters
    ----------
    images
        ``(N, C, H, W)`` in [0, 1].
    size
        Height and width; None leaves the images as they are.

    Returns
    -------
    Tensor
        ``(N, C, h, w)`` in [0, 1].

    Examples
    --------
    >>> fit(torch.rand(2, 3, 8, 12), (4, 4)).shape
    torch.Size([2, 3, 4, 4])
    """
    height, width = images.shape[-2:]
    if size is None or size == (height, width):
        return images
    inner, cut = cover((height, width), size)
    return F.interpolate(images, size=inner, mode="bilinear", antialias=True).clamp(0, 1)[..., *cut]


def fit_labels(labels: Tensor, size: tuple[int, int] | None) -> Tensor:
    """Scale and crop a map of whole numbers as `fit` does its image, by the nearest pixel.

    Parameters
    ----------
    labels
        ``(H, W)`` of any type: labels, or region bits.
    size
        As in `fit`.

    Returns
    -------
    Tensor
        ``(h, w)`` of the same type.

    Examples
    --------
    >>> fit_labels(torch.tensor([[1, 1, 2, 2], [1, 1, 2, 2]]), (1, 2))
    tensor([[1, 2]])
    """
    height, width = labels.shape
    if size is None or size == (height, width):
        return labels
    inner, (rows, columns) = cover((height, width), size)
    # Indices are resized instead of values: as floats the largest whole numbers would be rounded.
    down = ((2 * torch.arange(inner[0]) + 1) * height // (2 * inner[0]))[rows]
    across = ((2 * torch.arange(inner[1]) + 1) * width // (2 * inner[1]))[columns]
    return labels[down[:, None], across]


def cover(from_size: tuple[int, int], size: tuple[int, int]) -> tuple[tuple[int, int], tuple[slice, slice]]:
    """Compute how an image just covers a size: the size to scale it to, and the rows and columns to crop.

    Examples
    --------
    >>> cover((100, 300), (50, 50))
    ((50, 150), (slice(0, 50, None), slice(50, 100, None)))
    """
    (height, width), (rows, columns) = from_size, size
    if rows * width >= columns * height:
        inner = (rows, max(columns, width * rows // height))
    else:
        inner = (max(rows, height * columns // width), columns)
    top, left = round((inner[0] - rows) / 2), round((inner[1] - columns) / 2)
    return inner, (slice(top, top + rows), slice(left, left + columns))


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
        raise ImageError(f"a label map is a numpy array or a tensor; got {_kind(labels)}")
    if values is None or values.ndim != 2 or values.size == 0:
        raise ImageError(f"a label map is (height, width) of an integer type, not empty; got {_kind(labels)}")
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


def _read_file(given: str | os.PathLike[str], largest: int | None) -> npt.NDArray[np.uint8]:
    name = f"{str(given)!r:.200}"
    _refuse_place(given)
    try:
        with opened(Path(given)) as picture:
            # A JPEG is decoded at a half to an eighth of its size where that is still enough.
            whole = picture.size
            size = _within(*whole, largest)
            if size != whole:
                picture.draft(None, size)
            return _read_pil(picture, largest, whole)
    except FileNotFoundError as error:
        raise ImageError(f"there is no file {name}") from error
    except ImageError as error:
        raise ImageError(f"{name}: {error}") from error
    except _PIL_FAILURES as error:
        raise ImageError(f"{name} cannot be read as an image: {error}") from error


def _refuse_place(given: object) -> None:
    """Refuse the address of a picture, and a folder of pictures."""
    if is_address(given):
        raise ImageError(f"{given!r:.200} is an address: download the picture, and give its path")
    if isinstance(given, str | os.PathLike) and os.path.isdir(given):  # noqa: PTH112 - for any text
        raise ImageError(
            f"{str(given)!r:.200} is a folder: give a picture of it, such as next(Path(…).glob('*.jpg')); "
            "cfwidgets.data.ImageFolders(…) reads a folder of each class"
        )


def _read_pil(
    picture: Image.Image, largest: int | None, whole: tuple[int, int] | None = None
) -> npt.NDArray[np.uint8]:
    if picture.format == "EPS":  # Ghostscript would run it
        raise ImageError("an EPS is a program, and is not run: convert it to PNG")
    if picture.mode not in _PIL_MODES:
        raise ImageError(
            f"a PIL image has 8 bits a channel ({', '.join(sorted(_PIL_MODES))}); got mode {picture.mode!r}"
            + (_DEEP_HINT if picture.mode[0] in "IF" else "")
        )
    if 0 in picture.size:
        raise ImageError(f"the image is empty: {picture.height} x {picture.width} pixels")
    try:
        upright = ImageOps.exif_transpose(picture)
        colours = upright.convert("RGBA" if upright.has_transparency_data else "RGB")
        size = _within(colours.width, colours.height, largest)
        if size != colours.size:
            _say_reduced(whole or picture.size, size)
            colours = colours.resize(size, Image.Resampling.BILINEAR, reducing_gap=3.0)
        return np.asarray(colours)
    except _PIL_FAILURES as error:
        raise ImageError(f"the PIL image cannot be read: {error}") from error


def _reduced(image: Tensor, largest: int | None) -> Tensor:
    """Reduce ``(3, H, W)`` until no side is longer than ``largest``."""
    height, width = image.shape[1:]
    columns, rows = _within(width, height, largest)
    if (rows, columns) == (height, width):
        return image
    _say_reduced((width, height), (columns, rows))
    return F.interpolate(image[None], (rows, columns), mode="bilinear", antialias=True)[0].clamp(0, 1)


def _say_reduced(before: tuple[int, int], after: tuple[int, int]) -> None:
    warn_user(
        f"a picture of {before[0]:,} x {before[1]:,} pixels was reduced to {after[0]:,} x {after[1]:,}: "
        f"{LARGEST:,} a side are the most that is worked on"
    )


def _within(width: int, height: int, largest: int | None) -> tuple[int, int]:
    """Give width and height of a picture that is reduced until no side is longer than ``largest``."""
    if largest is None or max(width, height) <= largest:
        return width, height
    scale = largest / max(width, height)
    return max(1, round(width * scale)), max(1, round(height * scale))


def _from_array(array: npt.NDArray[Any], *, batch: bool) -> Tensor:
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
    return _normal(pixels, _kind(array), channel_axes=(-1, -3)).contiguous()


def _from_tensor(tensor: Tensor, *, batch: bool) -> Tensor:
    if tensor.is_nested or tensor.layout != torch.strided or tensor.is_meta:
        raise ImageError(f"an image tensor must be dense and hold values; got {_kind(tensor)}")
    if tensor.dtype != torch.uint8 and not tensor.is_floating_point():
        raise ImageError(_wrong_type(tensor))
    _check_axes(tensor, batch=batch)
    return _normal(tensor.detach(), _kind(tensor), channel_axes=(-3, -1))


def _check_axes(pixels: npt.NDArray[Any] | Tensor, *, batch: bool) -> None:
    """Refuse axes that cannot be one image or, with `batch`, several."""
    if batch and pixels.ndim in (2, 3):
        raise ImageError(
            f"a batch has four axes; got one image, {_kind(pixels)}: pass image[None] or [image]"
        )
    if not batch and pixels.ndim == 4:
        raise ImageError(
            f"one image is expected; got a batch, {_kind(pixels)}: pass one image, e.g. images[0]"
        )
    if pixels.ndim not in ((4,) if batch else (2, 3)):
        expected = "(N, C, H, W) or (N, H, W, C)" if batch else "(H, W), (H, W, C) or (C, H, W)"
        raise ImageError(f"the axes must be {expected}; got {_kind(pixels)}")
    if 0 in pixels.shape:
        raise ImageError(f"the image is empty: {_kind(pixels)}")


def _check_alike(images: list[Tensor]) -> None:
    """Refuse images that cannot be stacked."""
    first = images[0]
    for index, image in enumerate(images):
        if image.shape != first.shape:
            raise ImageError(
                f"images must be of one size; image 0 is {_size(first)} and image {index} is {_size(image)} "
                "(height x width)"
            )
        if image.device != first.device:
            raise ImageError(
                f"images must be on one device; image 0 is on {first.device}, image {index} on {image.device}"
            )


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
    return f"image values must be uint8 (0 to 255) or floats (0 to 1); got {_kind(pixels)}"


def _kind(value: object) -> str:
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


def _size(image: Tensor) -> str:
    return f"{image.shape[-2]} x {image.shape[-1]}"


def _whole(value: object) -> int | None:
    """Return `value` as an int where it is of a whole number type (numpy's too), else None."""
    if isinstance(value, bool | np.bool_):
        return None
    try:
        return operator.index(value)  # type: ignore[arg-type]
    except TypeError:
        return None
