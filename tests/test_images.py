from __future__ import annotations

import io
import math
import os
import zlib
from pathlib import Path
from typing import Any

import hypothesis.extra.numpy as hnp
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from skimage.data import cat
from torchvision.transforms import v2

from cfwidgets.images import (
    ImageError,
    as_image,
    as_images,
    decode_labels,
    encode,
    encode_labels,
    fit,
    fit_labels,
    to_uint8,
)
from cfwidgets.images.files import MOST_PIXELS

relaxed = settings(deadline=None, max_examples=50)
# Sides that cannot be taken for channels.
sides = st.integers(5, 9)
rgb8 = st.tuples(sides, sides, st.just(3)).flatmap(lambda shape: hnp.arrays(np.uint8, shape))


@relaxed
@given(rgb8)
def test_eight_bits_survive_the_round_trip_exactly(pixels: np.ndarray) -> None:
    assert np.array_equal(to_uint8(as_image(pixels)), pixels)


@relaxed
@given(rgb8)
def test_all_forms_of_one_picture_agree(pixels: np.ndarray) -> None:
    tensor = torch.from_numpy(pixels.copy())
    expected = (tensor.permute(2, 0, 1) / 255).contiguous()
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "png")
    forms = [
        pixels,
        pixels.transpose(2, 0, 1),
        pixels[::-1].copy()[::-1],
        np.asfortranarray(pixels),
        pixels.astype(np.float32) / np.float32(255),
        pixels / 255,
        (pixels / 255).astype(">f8"),
        tensor,
        tensor.permute(2, 0, 1),
        expected,
        expected.double(),
        expected.permute(1, 2, 0),
        Image.fromarray(pixels),
        Image.open(buffer),
    ]
    for form in forms:
        image = as_image(form)
        assert image.dtype == torch.float32
        assert image.is_contiguous()
        torch.testing.assert_close(image, expected, rtol=0, atol=1e-7)


@relaxed
@given(st.lists(rgb8, min_size=1, max_size=3))
def test_a_batch_is_its_images(pixels: np.ndarray) -> None:
    same = [image[:5, :5] for image in pixels]
    expected = torch.stack([as_image(image) for image in same])
    for batch in (
        same,
        tuple(same),
        np.stack(same),
        np.stack(same).transpose(0, 3, 1, 2),
        torch.from_numpy(np.stack(same)),
        torch.from_numpy(np.stack(same)).permute(0, 3, 1, 2),
    ):
        assert torch.equal(as_images(batch), expected)


def test_floats_are_rounded_to_the_nearest_level() -> None:
    values = torch.tensor([[0.0, 0.49 / 255], [0.51 / 255, 254.49 / 255], [254.51 / 255, 1.0]])
    assert to_uint8(values)[..., 0].tolist() == [[0, 0], [1, 254], [255, 255]]


def test_the_layout_rule_where_both_axes_could_be_channels() -> None:
    values = np.arange(3 * 5 * 4, dtype=np.uint8).reshape(3, 5, 4)
    assert as_image(values).shape == (3, 3, 5)  # an array: the last axis is RGBA
    assert as_image(torch.from_numpy(values)).shape == (3, 5, 4)  # a tensor: the first axis is RGB


def test_grey_is_repeated() -> None:
    grey = np.arange(30, dtype=np.uint8).reshape(5, 6)
    for form in (grey, grey[..., None], grey[None], torch.from_numpy(grey), torch.from_numpy(grey)[None]):
        assert np.array_equal(to_uint8(form), np.repeat(grey[..., None], 3, axis=2))


@relaxed
@given(rgb8, st.integers(0, 255))
def test_transparency_is_laid_on_white(pixels: np.ndarray, alpha: int) -> None:
    rgba = np.concatenate([pixels, np.full_like(pixels[..., :1], alpha)], axis=2)
    expected = np.rint(pixels * (alpha / 255) + 255 * (1 - alpha / 255))
    for form in (rgba, rgba.transpose(2, 0, 1), torch.from_numpy(rgba), Image.fromarray(rgba)):
        laid = to_uint8(form)
        assert np.abs(laid - expected).max() <= 1  # a half may be rounded either way
        if alpha == 255:
            assert np.array_equal(laid, pixels)
        if alpha == 0:
            assert (laid == 255).all()


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "PA", "RGB", "RGBA", "RGBX", "CMYK", "YCbCr", "HSV"])
def test_pil_modes(mode: str) -> None:
    grey = np.zeros((6, 8), dtype=np.uint8)
    grey[:, 4:] = 255
    source = Image.fromarray(grey)
    if mode == "PA":
        picture = source.convert("P").convert("PA")
    elif mode == "HSV":
        picture = source.convert("RGB").convert("HSV")
    else:
        picture = source.convert(mode)
    assert picture.mode == mode
    assert np.abs(to_uint8(picture).astype(int) - grey[..., None]).max() <= 2


def test_a_transparent_colour_of_a_palette_is_white(tmp_path: Path) -> None:
    picture = Image.fromarray(np.array([[0, 1], [1, 0]], dtype=np.uint8)).convert("P")
    picture.putpalette([10, 20, 30, 40, 50, 60])
    picture.save(tmp_path / "palette.png", transparency=1)
    assert to_uint8(tmp_path / "palette.png")[0].tolist() == [[10, 20, 30], [255, 255, 255]]


def test_exif_orientation_is_applied(tmp_path: Path) -> None:
    pixels = np.zeros((4, 6, 3), dtype=np.uint8)
    pixels[0, 0] = 255
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned a quarter clockwise
    Image.fromarray(pixels).save(tmp_path / "turned.png", exif=exif)
    turned = np.rot90(pixels, -1)
    assert np.array_equal(to_uint8(tmp_path / "turned.png"), turned)
    with Image.open(tmp_path / "turned.png") as picture:
        assert np.array_equal(to_uint8(picture), turned)
        assert picture.size == (6, 4)


def test_paths_may_be_strings(tmp_path: Path) -> None:
    Image.fromarray(cat()).save(tmp_path / "cat.png")
    assert np.array_equal(to_uint8(str(tmp_path / "cat.png")), cat())


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
def test_float_types(dtype: Any) -> None:
    assert torch.equal(as_image(torch.full((3, 5, 5), 0.5, dtype=dtype)), torch.full((3, 5, 5), 0.5))


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, np.longdouble])
def test_float_types_of_arrays(dtype: Any) -> None:
    assert torch.equal(as_image(np.full((5, 5, 3), 0.5, dtype=dtype)), torch.full((3, 5, 5), 0.5))


def test_rounding_noise_is_clamped_and_nothing_else() -> None:
    image = as_image(torch.tensor([[-9e-5, 0.25], [0.75, 1 + 9e-5]]))
    assert image[0].tolist() == [[0, 0.25], [0.75, 1]]
    for wrong in (-1.2e-4, 1 + 1.2e-4):
        with pytest.raises(ImageError, match="from 0 to 1"):
            as_image(torch.full((3, 5, 5), wrong))


def test_the_result_is_detached_and_the_input_left_alone() -> None:
    source = torch.full((3, 5, 5), 1.00005, requires_grad=True)
    image = as_image(source)
    batch = as_images(source[None])
    assert not image.requires_grad
    assert not batch.requires_grad
    assert image.max() == batch.max() == 1
    assert source.requires_grad
    assert float(source.detach().max()) > 1


def test_an_image_has_memory_of_its_own() -> None:
    tensor, array = torch.zeros(3, 5, 5), np.zeros((5, 5, 3), dtype=np.float32)
    for source in (tensor, array):
        as_image(source).fill_(1)
        assert float(source.max()) == 0


def test_a_float_batch_is_not_copied() -> None:
    batch = torch.zeros(2, 3, 5, 5)
    assert as_images(batch).data_ptr() == batch.data_ptr()


def test_read_only_and_foreign_arrays_are_read_without_a_warning(recwarn: pytest.WarningsRecorder) -> None:
    pixels = cat()
    pixels.flags.writeable = False
    as_image(pixels)
    as_image(pixels[::-2, ::-2])
    assert not recwarn


NAN, INF = float("nan"), float("inf")


def _with(value: Any, dtype: Any = np.float32) -> np.ndarray:
    pixels = np.full((5, 6, 3), 0.5, dtype=dtype)
    pixels[2, 3, 1] = value
    return pixels


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (_with(NAN), "1 are NaN, 0 infinite"),
        (torch.from_numpy(_with(-INF)), "0 are NaN, 1 infinite"),
        (_with(255), "divide by 255 or pass uint8"),
        (_with(-1), r"\(image \+ 1\) / 2"),
        (_with(-2.1), "got -2.1 to 0.5: if a mean and a standard deviation"),
        (_with(1.1), "got 0.5 to 1.1: if a resize overshot"),
        (_with(300), "got 0.5 to 300$"),
        (_with(1e300, np.float64), "got 0.5 to 1e\\+300"),
        (np.zeros((5, 6, 2)), r"1 \(grey\), 3 \(RGB\) or 4 \(RGBA\).*an array \(5, 6, 2\) of float64"),
        (torch.zeros(5, 6, 7), r"channels.*a tensor \(5, 6, 7\) of float32"),
        (np.zeros((0, 5, 3)), "empty.*0, 5, 3"),
        (torch.zeros(3, 5, 0), "empty"),
        (np.zeros((1, 5, 3)), "at least 2 pixels a side; got 1 x 5"),
        (np.zeros((5, 1)), "at least 2 pixels a side; got 5 x 1"),
        (torch.zeros(3, 1, 1), "at least 2 pixels"),
        (np.zeros(5), r"axes must be \(H, W\), \(H, W, C\) or \(C, H, W\); got an array \(5,\)"),
        (np.array(1.0), r"axes must be"),
        (np.zeros((1, 1, 5, 5, 3)), "axes must be"),
        (np.zeros((5, 6, 3), dtype=np.int64), "uint8.*got an array .* of int64"),
        (np.zeros((5, 6, 3), dtype=np.uint16), "of uint16"),
        (torch.zeros(3, 5, 6, dtype=torch.int32), "of int32"),
        (np.zeros((5, 6), dtype=bool), "of bool"),
        (torch.zeros(5, 6, dtype=torch.bool), "of bool"),
        (np.zeros((5, 6), dtype=complex), "of complex128"),
        (torch.zeros(5, 6, dtype=torch.complex64), "of complex64"),
        (np.zeros((5, 6), dtype=object), "of object"),
        (np.full((5, 6), "a"), "of <U1"),
        (torch.zeros(5, 6).to_sparse(), "dense"),
        (torch.zeros(3, 5, 6, device="meta"), "hold values"),
        (np.zeros((2, 5, 6, 3)), r"got a batch.*pass one image, e.g. images\[0\]"),
        (torch.zeros(1, 3, 5, 6), r"images\[0\]"),
        (Image.new("I;16", (5, 6)), "mode 'I;16'.*65535"),
        (Image.new("I", (5, 6)), "mode 'I'"),
        (Image.new("F", (5, 6)), "mode 'F'"),
        (Image.new("LAB", (5, 6)), "mode 'LAB'$"),
        (Image.new("RGB", (1, 6)), "at least 2 pixels a side; got 6 x 1"),
        (Image.new("RGB", (0, 6)), "empty"),
        ([[0, 1], [1, 0]], "a numpy array or a tensor; got list"),
        (None, "got NoneType"),
        (b"\x89PNG", "got bytes"),
        ("nowhere.png", "there is no file 'nowhere.png'"),
        ("x" * 5000, "cannot be read"),
        ("a\0b", "cannot be read"),
    ],
)
def test_what_is_refused(value: Any, text: str) -> None:
    with pytest.raises(ImageError, match=text):
        as_image(value)


def test_files_that_are_refused(tmp_path: Path) -> None:
    for read in (as_image, as_images):
        with pytest.raises(ImageError, match=r"is a folder: .* cfwidgets\.data\.ImageFolders"):
            read(tmp_path)
        with pytest.raises(ImageError, match=r"'https://example\.org/cat\.jpg' is an address: download"):
            read("https://example.org/cat.jpg")
    (tmp_path / "text.png").write_text("not a picture")
    with pytest.raises(ImageError, match=r"text\.png' cannot be read as an image"):
        as_image(tmp_path / "text.png")
    content = encode(cat()[:64, :64], "png")
    (tmp_path / "cut.png").write_bytes(content[: len(content) // 2])
    with pytest.raises(ImageError, match=r"cut\.png"):
        as_image(tmp_path / "cut.png")
    Image.new("I;16", (5, 5)).save(tmp_path / "deep.png")
    with pytest.raises(ImageError, match=r"deep\.png': a PIL image has 8 bits a channel"):
        as_image(tmp_path / "deep.png")
    picture = Image.open(tmp_path / "deep.png").convert("RGB")
    picture.close()
    with pytest.raises(ImageError, match="cannot be read"):
        as_image(picture)


def test_no_file_is_run_waited_for_or_blown_up(tmp_path: Path) -> None:
    precious, photo = tmp_path / "precious.txt", tmp_path / "photo.png"
    precious.write_text("precious")
    photo.write_text(
        "%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 50 50\n%%EndComments\n"
        f"({precious}) deletefile showpage\n"
    )
    with pytest.raises(ImageError, match=r"photo\.png' cannot be read as an image"):
        as_image(photo)
    with Image.open(photo) as program, pytest.raises(ImageError, match="an EPS is a program"):
        as_image(program)
    assert precious.exists()
    os.mkfifo(tmp_path / "pipe.png")
    with pytest.raises(ImageError, match="it is not a regular file"):
        as_image(tmp_path / "pipe.png")
    side = math.isqrt(MOST_PIXELS) + 1
    Image.new("1", (side, side)).save(tmp_path / "large.png")
    with pytest.raises(ImageError, match=r"large\.png' cannot be read as an image: it has 11,314 x 11,314"):
        as_image(tmp_path / "large.png")
    with pytest.raises(ImageError, match="is an address: download the picture"):
        as_image("https://example.org/cat.png")


@pytest.mark.costly
@pytest.mark.parametrize("suffix", ["jpg", "png", "webp", "bmp", "tiff", "ppm", "gif"])
def test_a_large_picture_is_reduced_and_said(tmp_path: Path, suffix: str) -> None:
    ramp = np.linspace(0, 255, 3000).astype(np.uint8)
    picture = Image.fromarray(np.broadcast_to(ramp, (1500, 3000)).copy()).convert("RGB")
    path = tmp_path / f"large.{suffix}"
    picture.save(path)
    with pytest.warns(UserWarning, match="of 3,000 x 1,500 pixels was reduced to 2,048 x 1,024") as said:
        image = as_image(path)
    assert said[0].filename == __file__
    assert image.shape == (3, 1024, 2048)
    assert torch.allclose(image[:, 512], torch.linspace(0, 1, 2048).expand(3, -1), atol=0.02)
    assert as_image(path, largest=None).shape == (3, 1500, 3000)
    with pytest.warns(UserWarning, match="reduced"):
        same = as_image(np.asarray(picture))
    assert (same - image).abs().mean() < 0.01
    with pytest.warns(UserWarning, match="reduced to 100 x 50: 100 a side are the most"):
        assert as_image(path, largest=100).shape == (3, 50, 100)


def test_a_large_picture_lying_on_its_side_is_reduced(tmp_path: Path) -> None:
    picture = Image.new("RGB", (3000, 1500), "white")
    exif = picture.getexif()
    exif[0x0112] = 6
    picture.save(tmp_path / "side.jpg", exif=exif)
    with pytest.warns(UserWarning, match="reduced"):
        assert as_image(tmp_path / "side.jpg").shape == (3, 2048, 1024)
    opened = Image.open(tmp_path / "side.jpg")
    with pytest.warns(UserWarning, match="reduced"):
        as_image(opened)
    assert opened.size == (3000, 1500)  # the user's own is as it was


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ([], "at least one image"),
        (torch.zeros(0, 3, 5, 5), "empty"),
        (torch.zeros(3, 5, 5), r"got one image.*pass image\[None\] or \[image\]"),
        (np.zeros((5, 5)), "got one image"),
        (np.zeros(5), r"axes must be \(N, C, H, W\) or \(N, H, W, C\)"),
        (np.zeros((2, 5, 5, 2)), "channels"),
        (torch.zeros(2, 3, 1, 5), "at least 2 pixels"),
        (torch.full((2, 3, 5, 5), NAN), "150 are NaN"),
        ("cat.png", r"pass a list, e.g. \[image\]"),
        (Image.new("RGB", (5, 5)), r"pass a list"),
        (7, "got int"),
        ((image for image in ()), "got generator"),
        ([np.zeros((5, 5)), np.full((5, 5), 7.0)], "image 1: image values must be from 0 to 1"),
        ([np.zeros((5, 5)), np.zeros((5, 6))], "image 0 is 5 x 5 and image 1 is 5 x 6"),
        ([np.zeros((2, 5, 5, 3))], "image 0: one image is expected"),
    ],
)
def test_batches_that_are_refused(values: Any, text: str) -> None:
    with pytest.raises(ImageError, match=text):
        as_images(values)


@pytest.mark.cuda
def test_a_tensor_keeps_its_device() -> None:
    image = torch.full((3, 5, 5), 0.2, device="cuda")
    assert as_image(image).device == image.device
    assert as_images(image[None]).device == image.device
    assert to_uint8(image).max() == 51
    with pytest.raises(ImageError, match="one device"):
        as_images([image, image.cpu()])


def test_png_is_lossless() -> None:
    assert np.array_equal(np.asarray(Image.open(io.BytesIO(encode(cat(), "png")))), cat())


@pytest.mark.parametrize("name", ["webp", "jpeg"])
def test_lossy_formats_are_close_and_quality_matters(name: str) -> None:
    good, poor = encode(cat(), name), encode(cat(), name, quality=10)
    picture = Image.open(io.BytesIO(good))
    assert picture.format == name.upper()
    assert np.abs(np.asarray(picture).astype(int) - cat()).mean() < 4
    assert len(poor) < len(good) / 2


def test_the_default_is_webp() -> None:
    assert Image.open(io.BytesIO(encode(torch.zeros(3, 8, 8)))).format == "WEBP"


@pytest.mark.parametrize("name", ["gif", "WEBP", "", None])
def test_unknown_formats_are_refused(name: str) -> None:
    with pytest.raises(ImageError, match="one of 'webp', 'jpeg', 'png'"):
        encode(torch.zeros(3, 8, 8), name)


@pytest.mark.parametrize("quality", [0, 101, -1, 90.0, "90", None, True])
def test_wrong_qualities_are_refused(quality: Any) -> None:
    with pytest.raises(ImageError, match="from 1 to 100"):
        encode(torch.zeros(3, 8, 8), quality=quality)


def test_a_numpy_integer_is_a_quality() -> None:
    assert encode(cat(), "jpeg", np.int64(50)) == encode(cat(), "jpeg", 50)


def test_a_picture_too_large_for_its_format_is_refused() -> None:
    wide = np.zeros((2, 16384), dtype=np.uint8)
    with pytest.raises(ImageError, match="webp stores at most 16383"):
        encode(wide)
    assert Image.open(io.BytesIO(encode(wide, "jpeg"))).size == (16384, 2)


@relaxed
@given(hnp.arrays(st.sampled_from([np.uint8, np.uint16]), hnp.array_shapes(min_dims=2, max_dims=2)))
def test_label_maps_survive_the_round_trip(labels: Any) -> None:
    decoded = decode_labels(encode_labels(labels), labels.shape)
    assert np.array_equal(decoded, labels)
    assert decoded.dtype == np.int64


def test_label_maps_are_deflated_little_endian_rows() -> None:
    labels = np.array([[1, 2, 3], [256, 0, 65535]])
    expected = bytes([1, 0, 2, 0, 3, 0, 0, 1, 0, 0, 255, 255])
    for form in (labels, labels.astype(">i4"), np.asfortranarray(labels), torch.from_numpy(labels)):
        assert zlib.decompress(encode_labels(form)) == expected


@pytest.mark.parametrize(
    ("labels", "text"),
    [
        (np.array([[0, 65536]]), "0 to 65535; got 0 to 65536"),
        (np.array([[-1, 0]]), "got -1 to 0"),
        (np.zeros((2, 2)), "integer type.*float64"),
        (torch.zeros(2, 2), "integer type"),
        (np.zeros((2, 2), dtype=bool), "integer type"),
        (torch.zeros(2, 2, dtype=torch.bool), "integer type"),
        (np.zeros((2, 2, 2), dtype=int), r"\(height, width\)"),
        (np.zeros((0, 2), dtype=int), "not empty"),
        ([[1, 2]], "got list"),
    ],
)
def test_label_maps_that_are_refused(labels: Any, text: str) -> None:
    with pytest.raises(ImageError, match=text):
        encode_labels(labels)


def test_damaged_label_maps_are_refused() -> None:
    data = encode_labels(np.arange(60000).reshape(200, 300))
    with pytest.raises(ImageError, match="damaged"):
        decode_labels(b"rubbish", (2, 2))
    for wrong, shape in (
        (data, (200, 299)),
        (data, (200, 301)),
        (data[:-1], (200, 300)),
        (data + b"x", (200, 300)),
        (zlib.compress(bytes(5)), (1, 2)),
    ):
        with pytest.raises(ImageError, match="does not hold exactly"):
            decode_labels(wrong, shape)
    for shape in ((0, 5), (5,), (5, 5, 5), (2.0, 2), (-1, -4), (True, 4)):
        with pytest.raises(ImageError, match="two positive whole numbers"):
            decode_labels(data, shape)


@settings(max_examples=40, deadline=None)
@given(
    height=st.integers(3, 40),
    width=st.integers(3, 40),
    size=st.integers(2, 24),
)
def test_fitted_images_are_torchvisions(height: int, width: int, size: int) -> None:
    images = torch.rand(2, 3, height, width, generator=torch.Generator().manual_seed(height * width))
    expected = v2.functional.center_crop(v2.functional.resize(images, [size], antialias=True), [size, size])
    assert torch.allclose(fit(images, (size, size)), expected.clamp(0, 1), atol=1e-6)


@pytest.mark.parametrize("size", [(4, 9), (9, 4), (1, 20), (16, 3)])
def test_fitted_images_cover_sizes_that_are_not_square(size: tuple[int, int]) -> None:
    ramp = torch.linspace(0, 1, 12)
    images = torch.stack([ramp[:, None].expand(12, 8), ramp[None, :8].expand(12, 8)])[None]
    found = fit(images, size)
    assert found.shape == (1, 2, *size)
    # the centre stays the centre, and nothing is squeezed: both ramps are as steep as each other
    assert torch.allclose(found[0, 0].mean(), images[0, 0].mean(), atol=0.05)
    assert torch.allclose(found[0, 1].mean(), images[0, 1].mean(), atol=0.05)
    if min(size) > 3:
        down, across = found[0, 0].diff(dim=0).median(), found[0, 1].diff(dim=1).median()
        assert float(down) == pytest.approx(float(across), rel=0.15)


@pytest.mark.parametrize("size", [None, (6, 5)])
def test_images_of_the_size_are_not_touched(size: tuple[int, int] | None) -> None:
    images = torch.rand(1, 3, 6, 5)
    assert fit(images, size) is images


def test_a_gradient_leads_through_the_fitting() -> None:
    images = (0.2 + 0.6 * torch.rand(1, 3, 7, 9, dtype=torch.float64)).requires_grad_()
    assert torch.autograd.gradcheck(lambda x: fit(x, (4, 4)), images)


@settings(max_examples=60, deadline=None)
@given(st.integers(2, 40), st.integers(2, 40), st.integers(2, 40), st.integers(2, 40))
def test_fitted_labels_follow_the_fitted_image(height: int, width: int, rows: int, columns: int) -> None:
    """Of a ramp down and one across, each fitted pixel comes from within half a step of where `fit` looks."""
    down = torch.arange(height)[:, None].expand(height, width)
    across = torch.arange(width).expand(height, width)
    ramps = torch.stack([down / max(height, width), across / max(height, width)])[None]
    seen = fit(ramps, (rows, columns))[0] * max(height, width)
    step = min(height / rows, width / columns)
    for labels, middle, length in ((down, seen[0], height), (across, seen[1], width)):
        found = fit_labels(labels, (rows, columns))
        assert found.shape == (rows, columns)
        inside = (middle > step) & (middle < length - 1 - step)  # antialiasing bends the ramp at its ends
        assert (
            float(((found - middle).abs() * inside).max()) <= 0.5 + 0.5 * abs(step - 1) + 0.51 / length * step
        )


@pytest.mark.parametrize("size", [(10, 10), (20, 30), (64, 64), (25, 40), (90, 50)])
def test_fitted_labels_are_those_of_a_fitted_picture_away_from_edges(size: tuple[int, int]) -> None:
    labels = torch.zeros(40, 60, dtype=torch.int64)
    labels[8:30, 12:26], labels[14:36, 32:50] = 1, 2
    colours = torch.eye(3)
    picture = colours[labels].permute(2, 0, 1)[None]
    seen = fit(picture, size)[0]
    sure = seen.amax(0) > 0.999
    assert sure.float().mean() > 0.3
    assert seen.argmax(0)[sure].unique().tolist() == [0, 1, 2]
    assert torch.equal(fit_labels(labels, size)[sure], seen.argmax(0)[sure])


@pytest.mark.parametrize("dtype", [torch.bool, torch.uint8, torch.int32, torch.int64])
def test_fitted_labels_keep_their_values_and_type(dtype: torch.dtype) -> None:
    largest = 1 if dtype == torch.bool else torch.iinfo(dtype).max
    labels = torch.full((5, 7), largest, dtype=dtype)
    labels[0] = 0
    found = fit_labels(labels, (13, 9))
    assert found.dtype == dtype
    assert found.unique().tolist() == [0, largest]


def test_labels_of_the_size_are_not_touched() -> None:
    labels = torch.arange(12).view(3, 4)
    assert fit_labels(labels, (3, 4)) is labels
    assert fit_labels(labels, None) is labels


def test_labels_grow_by_whole_blocks() -> None:
    labels = torch.arange(6).view(2, 3)
    assert torch.equal(fit_labels(labels, (6, 9)), labels.repeat_interleave(3, 0).repeat_interleave(3, 1))
    assert torch.equal(fit_labels(labels.repeat_interleave(5, 0).repeat_interleave(5, 1), (2, 3)), labels)
