"""Whatever is given as a picture is one, or refused with the package's own error."""

from __future__ import annotations

import io
from pathlib import Path

import hypothesis.extra.numpy as hnp
import numpy as np
import pytest
import torch
from hostile import bounded, texts, values
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from cfwidgets.images import ImageError, as_image, as_images

DTYPES = (
    hnp.scalar_dtypes() | hnp.byte_string_dtypes() | hnp.unicode_string_dtypes() | hnp.array_dtypes()
    | st.sampled_from([np.dtype(object), np.dtype("uint8"), np.dtype("float32"), np.dtype("V3")])
)  # fmt: skip
SHAPES = hnp.array_shapes(min_dims=0, max_dims=5, min_side=0, max_side=5) | st.sampled_from(
    [(8, 9, 3), (3, 8, 9), (8, 9), (8, 9, 4), (1, 8, 9), (2, 3, 8, 9), (1, 1, 3), (3, 1, 1), (8, 9, 2)]
)
MODES = [
    "1",
    "L",
    "P",
    "RGB",
    "RGBA",
    "CMYK",
    "YCbCr",
    "LAB",
    "HSV",
    "I",
    "F",
    "LA",
    "PA",
    "RGBX",
    "RGBa",
    "I;16",
]
TORCH = [
    *(torch.uint8, torch.int8, torch.int64, torch.bool, torch.uint16, torch.uint64),
    *(torch.float16, torch.bfloat16, torch.float32, torch.float64),
    *(torch.complex64, torch.float8_e4m3fn, torch.float8_e5m2),
]


@st.composite
def arrays(draw):
    dtype, shape = draw(DTYPES), draw(SHAPES)
    array = np.zeros(shape, dtype)
    if array.dtype.kind in "fc":
        array[...] = draw(st.sampled_from([0, 0.5, 1, -1, 2, 255, 1e30, np.nan, np.inf]))
        if array.size and draw(st.booleans()):
            array.flat[0] = draw(st.sampled_from([np.nan, np.inf, -0.0, 1e-40, 1.0000001]))
    elif array.dtype.kind in "ui":
        array += draw(st.integers(0, 1)).__int__() if array.ndim else array.dtype.type(0)
    way = draw(st.sampled_from(["plain", "turned", "reversed", "read-only", "masked", "swapped", "spread"]))
    if way == "turned":
        array = array.T
    elif way == "reversed" and array.ndim:
        array = array[::-1]
    elif way == "read-only":
        array.flags.writeable = False
    elif way == "masked" and array.dtype.kind in "uif":
        array = np.ma.masked_array(array, mask=True)
    elif way == "swapped" and array.dtype.kind in "uif":
        array = array.astype(array.dtype.newbyteorder())
    elif way == "spread":
        array = np.broadcast_to(array, (3, *array.shape))
    return array


@st.composite
def tensors(draw):
    shape = draw(SHAPES)
    tensor = torch.zeros(shape).add(draw(st.sampled_from([0.0, 0.5, 1.0, -1.0, float("nan"), float("inf")])))
    tensor = tensor.to(draw(st.sampled_from(TORCH)))
    way = draw(
        st.sampled_from(["plain", "gradient", "inference", "sparse", "meta", "turned", "conj", "nested"])
    )
    if way == "gradient" and (tensor.is_floating_point() and tensor.element_size() > 1):
        tensor.requires_grad_()
    elif way == "inference":
        with torch.inference_mode():
            tensor = tensor.clone()
    elif way == "sparse" and tensor.dtype in (torch.float32, torch.uint8):
        tensor = tensor.to_sparse()
    elif way == "meta":
        tensor = tensor.to("meta")
    elif way == "turned" and tensor.ndim == 3:
        tensor = tensor.permute(2, 0, 1)
    elif way == "conj" and tensor.is_complex():
        tensor = tensor.conj()
    elif way == "nested" and tensor.dtype == torch.float32 and tensor.ndim == 3 and len(tensor):
        tensor = torch.nested.nested_tensor(list(tensor))
    return tensor


@st.composite
def pictures(draw):
    mode = draw(st.sampled_from(MODES))
    picture = Image.new(mode, draw(st.sampled_from([(9, 8), (1, 1), (2, 2), (0, 3), (3, 0)])))
    if draw(st.booleans()):
        picture.info["transparency"] = draw(st.sampled_from([0, 300, b"", b"\0\1", (1, 2, 3), "x"]))
    if draw(st.booleans()):
        picture.info["exif"] = draw(st.binary(max_size=20))
    if draw(st.booleans()):
        picture.close()
    return picture


def saved(picture, kind):
    buffer = io.BytesIO()
    picture.save(buffer, kind)
    return buffer.getvalue()


PHOTO = Image.fromarray(np.arange(9 * 8 * 3, dtype=np.uint8).reshape(9, 8, 3))
FILES = [saved(PHOTO, kind) for kind in ("png", "jpeg", "gif", "bmp", "tiff", "webp", "ppm")]


def require_picture_or_refusal(read, value, ndim):
    try:
        found = read(value)
    except ImageError:
        return
    assert found.dtype == torch.float32
    assert found.ndim == ndim
    assert found.shape[-3] == 3
    assert min(found.shape[-2:]) >= 2
    assert not found.requires_grad
    assert float(found.min()) >= 0
    assert float(found.max()) <= 1
    assert found.clone().numpy() is not None


@pytest.mark.filterwarnings("ignore")
@settings(bounded, max_examples=600)
@given(arrays() | tensors() | pictures() | values)
def test_as_image(value):
    require_picture_or_refusal(as_image, value, 3)


@pytest.mark.filterwarnings("ignore")
@settings(bounded, max_examples=300)
@given(
    arrays() | tensors() | values | st.lists(arrays() | tensors() | pictures() | values, max_size=3)
    | st.tuples(arrays(), arrays()) | st.lists(tensors(), min_size=2, max_size=2)
)  # fmt: skip
def test_as_images(value):
    require_picture_or_refusal(as_images, value, 4)


@pytest.mark.filterwarnings("ignore")
@settings(bounded, max_examples=300)
@given(st.sampled_from(FILES), st.integers(0, 400), st.binary(max_size=9), st.integers(0, 60))
def test_damaged_files(tmp_path_factory, whole, at, put, over):
    path = tmp_path_factory.getbasetemp() / "photo"
    path.write_bytes(whole[:at] + put + whole[at + over :])
    require_picture_or_refusal(as_image, path, 3)


@settings(bounded, max_examples=200)
@given(
    texts
    | st.sampled_from([".", "/", "/dev/null", "~", "a" * 300, "a/" * 3000, "http://x/y.png", "//", "\n"])
)
def test_names_of_no_file(name):
    require_picture_or_refusal(as_image, name, 3)
    require_picture_or_refusal(as_image, Path(name), 3)
    require_picture_or_refusal(as_image, name.encode("utf-8", "surrogatepass"), 3)
