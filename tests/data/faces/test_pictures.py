from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image, ImageOps
from torchvision.transforms import functional as vision

from cfwidgets.data.faces.pictures import read_picture
from cfwidgets.images import ImageError, as_image, fit


@pytest.fixture
def photo() -> Image.Image:
    rows, columns = np.indices((96, 128))
    waves = [128 + 100 * np.sin(rows / a + columns / b) for a, b in ((9, 14), (17, 8), (25, 30))]
    return Image.fromarray(np.stack(waves, -1).astype(np.uint8))


SIZES = [(96, 128), (48, 64), (32, 32), (12, 64), (200, 100), (10, 10)]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("turned", [False, True])
def test_it_is_what_torchvision_makes_of_a_file(tmp_path, photo, size, turned) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6 if turned else 1
    photo.save(tmp_path / "1.jpg", quality=95, exif=exif)
    found = read_picture(tmp_path / "1.jpg", size)
    with Image.open(tmp_path / "1.jpg") as opened:
        picture = ImageOps.exif_transpose(opened).convert("RGB")
    scale = max(size[0] / picture.height, size[1] / picture.width)
    covering = [
        max(size[0], int(picture.height * scale + 1e-6)),
        max(size[1], int(picture.width * scale + 1e-6)),
    ]
    expected = vision.to_tensor(vision.center_crop(vision.resize(picture, covering), list(size)))
    assert found.shape == (3, *size)
    assert found.is_contiguous()
    assert torch.equal(found, expected)


@pytest.mark.parametrize("mode", ["RGBA", "L", "P"])
def test_other_kinds_of_picture(tmp_path, photo, mode) -> None:
    photo.convert(mode).save(tmp_path / "1.png")
    whole = as_image(tmp_path / "1.png")
    assert torch.equal(read_picture(tmp_path / "1.png", None), whole)
    assert (
        read_picture(tmp_path / "1.png", (24, 32)) - fit(whole[None], (24, 32))[0]
    ).abs().max() < 1.01 / 255


@pytest.mark.parametrize("size", [None, (8, 8)])
def test_what_cannot_be_read_is_named(tmp_path, size) -> None:
    with pytest.raises(ImageError, match=r"there is no file .*1\.jpg"):
        read_picture(tmp_path / "1.jpg", size)
    (tmp_path / "1.jpg").write_bytes(b"nothing")
    with pytest.raises(ImageError, match=r"1\.jpg' cannot be read as an image"):
        read_picture(tmp_path / "1.jpg", size)
