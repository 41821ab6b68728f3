"""Small trees in the layouts of the published data sets."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cfwidgets.data import REGIONS


@pytest.fixture(autouse=True)
def cache(tmp_path_factory, monkeypatch) -> Path:
    """The user's cache folder of one test."""
    folder = tmp_path_factory.mktemp("cache")
    monkeypatch.setenv("CFWIDGETS_CACHE", str(folder))
    return folder / "masks"


def picture(path: Path, grey: int = 0, size: tuple[int, int] = (16, 16)) -> None:
    """A picture of one grey, ``size`` as width and height."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size, (grey, grey, grey)).save(path, quality=100)


@pytest.fixture
def save_picture():
    return picture


@pytest.fixture
def celeba(tmp_path) -> Path:
    """Six images: two of each part."""
    root = tmp_path / "celeba"
    files = ["000001.jpg", "162770.jpg", "162771.jpg", "182637.jpg", "182638.jpg", "202599.jpg"]
    rows = ["-1 -1  1", " 1 -1 -1", "-1  1  1", " 1  1  1", "-1 -1 -1", " 1 -1  1"]
    for number, file in enumerate(files):
        picture(root / "img_align_celeba" / file, 10 * number, (178, 218))
    (root / "list_attr_celeba.txt").write_text(
        "6\nMale Smiling Young \n" + "".join(f"{f} {r}\n" for f, r in zip(files, rows, strict=True))
    )
    (root / "list_eval_partition.txt").write_text(
        "".join(f"{file} {part}\n" for file, part in zip(files, "001122", strict=True))
    )
    return root


# Pixels of each mask: row, column. They overlap: hair over skin and ear, glasses over an eye, nose in skin.
DRAWN = {
    0: {
        "hair": [(row, column) for row in range(3) for column in range(6)],
        "skin": [(row, column) for row in range(2, 7) for column in range(1, 7)],
        "nose": [(4, 3), (4, 4)],
        "eye_g": [(3, column) for column in range(2, 6)],
        "l_eye": [(3, 5)],
        "l_ear": [(row, column) for row in (2, 3) for column in (5, 6)],
    },
    1: {"skin": [(0, 0)], "hat": []},
    2000: {"skin": [(row, column) for row in range(8) for column in range(8)], "cloth": [(7, 7)]},
}
# As masks are found in the wild: only zero is zero.
KINDS = {"hair": "inverted palette", "nose": "P", "eye_g": "L", "l_eye": "1", "l_ear": "I;16", "skin": "RGB"}


def mask(path: Path, pixels: list[tuple[int, int]], kind: str) -> None:
    """An 8 x 8 mask in one of the modes of PNG."""
    drawn = np.zeros((8, 8), np.uint8)
    for place in pixels:
        drawn[place] = 1
    path.parent.mkdir(parents=True, exist_ok=True)
    if kind == "1":
        Image.fromarray(drawn * 255).convert("1").save(path)
    elif kind == "RGB":
        Image.fromarray(np.stack([drawn * 0, drawn * 0, drawn * 255], -1)).save(path)
    elif kind == "I;16":
        Image.fromarray(drawn.astype(np.uint16)).save(path)
    elif kind == "L":
        Image.fromarray(drawn * 225).save(path)
    else:
        inverted = kind == "inverted palette"
        image = Image.fromarray(1 - drawn if inverted else drawn, mode="P")
        image.putpalette([225, 225, 225, 0, 0, 0] if inverted else [0, 0, 0, 225, 225, 225])
        image.save(path)


def expected(drawn: dict[str, list[tuple[int, int]]]) -> list[list[set[str]]]:
    """The regions of each pixel, found pixel by pixel."""
    found = []
    for row in range(8):
        line = []
        for column in range(8):
            regions = {region for region, pixels in drawn.items() if (row, column) in pixels}
            line.append((regions - {"skin"} if len(regions) > 1 else regions) or {"background"})
        found.append(line)
    return found


@pytest.fixture
def truth() -> dict[str, list[list[int]]]:
    """The region bits of each image of the tree `hq`."""
    return {
        f"{number}.jpg": [
            [sum(1 << REGIONS.index(region) for region in regions) for regions in line]
            for line in expected(drawn)
        ]
        for number, drawn in DRAWN.items()
    }


@pytest.fixture
def hq(tmp_path) -> Path:
    """Three images of 16 x 16 in two folders of masks of 8 x 8."""
    root = tmp_path / "CelebAMask-HQ"
    for number, drawn in DRAWN.items():
        picture(root / f"CelebA-HQ-img/{number}.jpg", 50 + number // 20)
        folder = root / f"CelebAMask-HQ-mask-anno/{number // 2000}"
        for region, pixels in drawn.items():
            mask(folder / f"{number:05d}_{region}.png", pixels, KINDS.get(region, "L"))
    (root / "CelebAMask-HQ-mask-anno/0/.DS_Store").write_bytes(b"no mask")
    (root / "CelebAMask-HQ-mask-anno/0/._00000_skin.png").write_bytes(b"no mask either")
    (root / "CelebAMask-HQ-attribute-anno.txt").write_text(
        "3\nMale Wearing_Hat \n0.jpg  -1  1 \n1.jpg   1 -1 \n2000.jpg   1  1 \n"
    )
    # As published: numbers begin at 0, files at 1. 162770 is 162771.jpg, of the second part.
    (root / "CelebA-HQ-to-CelebA-mapping.txt").write_text(
        "idx         orig_idx   orig_file\n0  119613  119614.jpg\n1  162770  162771.jpg\n"
        "2000   182637   182638.jpg\n"
    )
    return root
