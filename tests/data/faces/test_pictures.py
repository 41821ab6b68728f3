from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image

from cfwidgets.data.faces.pictures import read_picture
from cfwidgets.images import ImageError, as_image, fit


@pytest.fixture
def photo() -> Image.Image:
    rows, columns = np.indices((96, 128))
    waves = [128 + 100 * np.sin(rows / a + columns / b) for a, b in ((9, 14), (17, 8), (25, 30))]
    return Image.fromarray(np.stack(waves, -1).astype(np.uint8))


@pytest.mark.parametrize("size", [(96, 128), (48, 64), (32, 32), (12, 64), (200, 100), (10, 10)])
@pytest.mark.parametrize("turned", [False, True])
def test_a_jpeg_decoded_small_is_as_one_scaled(tmp_path, photo, size, turned) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6 if turned else 1
    photo.save(tmp_path / "1.jpg", quality=95, exif=exif)
    found = read_picture(tmp_path / "1.jpg", size)
    assert found.shape == (3, *size)
    assert found.is_contiguous()
    expected = fit(as_image(tmp_path / "1.jpg")[None], size)[0]
    assert (found - expected).abs().mean() < 0.01
    assert (found - expected).abs().max() < 0.08


def test_other_files_are_scaled_as_they_are(tmp_path, photo) -> None:
    photo.save(tmp_path / "1.png")
    assert torch.equal(read_picture(tmp_path / "1.png", (24, 32)), fit(as_image(photo)[None], (24, 32))[0])
    assert torch.equal(read_picture(tmp_path / "1.png", None), as_image(photo))


def test_much_less_is_decoded(tmp_path, photo, monkeypatch) -> None:
    photo.resize((1024, 1024)).save(tmp_path / "1.jpg")
    sizes = []
    monkeypatch.setattr(
        "cfwidgets.data.faces.pictures.as_image",
        lambda picture: sizes.append(picture.size) or as_image(picture),
    )
    assert read_picture(tmp_path / "1.jpg", (200, 200)).shape == (3, 200, 200)
    assert sizes == [(256, 256)]


def test_enough_is_decoded_of_a_picture_that_is_turned(tmp_path, photo, monkeypatch) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    photo.resize((1024, 512)).save(tmp_path / "1.jpg", exif=exif)
    sizes = []
    monkeypatch.setattr(
        "cfwidgets.data.faces.pictures.as_image",
        lambda picture: sizes.append(picture.size) or as_image(picture),
    )
    assert read_picture(tmp_path / "1.jpg", (64, 256)).shape == (3, 64, 256)
    assert sizes == [(512, 256)]


@pytest.mark.parametrize("size", [None, (8, 8)])
def test_what_cannot_be_read_is_named(tmp_path, size) -> None:
    with pytest.raises(ImageError, match=r"there is no file .*1\.jpg"):
        read_picture(tmp_path / "1.jpg", size)
    (tmp_path / "1.jpg").write_bytes(b"nothing")
    with pytest.raises(ImageError, match=r"1\.jpg' cannot be read as an image"):
        read_picture(tmp_path / "1.jpg", size)
