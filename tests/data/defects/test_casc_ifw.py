from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch.utils.data import DataLoader

from cfwidgets.data import CascIfw, FolderError, fruit

DAYS = ("20090701", "20090708", "20090715", "20090722", "20090805")


def mosaic(path: Path, apples: torch.Tensor, columns: int = 3, empty: int = 255) -> None:
    """Apples row by row; what is left of the last row stays empty."""
    rows = -(-len(apples) // columns)
    pixels = np.full((rows * columns, 3, 120, 120), empty, dtype=np.uint8)
    pixels[: len(apples)] = apples.numpy()
    whole = pixels.reshape(rows, columns, 3, 120, 120).transpose(0, 3, 1, 4, 2).reshape(rows * 120, -1, 3)
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(whole).save(path, quality=90)


@pytest.fixture(scope="module")
def apples() -> dict[str, torch.Tensor]:
    return {
        "healthy": fruit(4, size=120, damaged=0).pixels,
        "damaged": fruit(5, size=120, seed=1, damaged=1).pixels,
    }


@pytest.fixture
def root(tmp_path, apples) -> Path:
    """Two mosaics a day, in the colours and cases that names come in."""
    for place, day in enumerate(DAYS):
        cultivar = ("fuji", "York")[place % 2]
        mosaic(tmp_path / "2009" / f"{day}_{cultivar}_healthy.jpg", apples["healthy"])
        mosaic(tmp_path / "2009" / f"{day}_{cultivar}_damaged.JPG", apples["damaged"], empty=0)
    (tmp_path / "readme.txt").write_text("no picture")
    return tmp_path


def test_apples_are_cut_out_and_empty_cells_are_dropped(root, apples):
    found = CascIfw(root, split="all")
    assert len(found) == 5 * (4 + 5)
    assert found.pixels.shape == (45, 3, 120, 120)
    assert found.pixels.dtype == torch.uint8
    assert found.labels.tolist() == ([1] * 5 + [0] * 4) * 5
    assert found.cultivars[:10] == ("fuji",) * 9 + ("york",)
    assert found.days[0] == date(2009, 7, 1)
    assert repr(found) == "<CascIfw: 45 apples of 5 days, 25 damaged>"
    # the JPEG costs some, and most at the edge of a cell
    for cut, drawn in ((found.pixels[:5], apples["damaged"]), (found.pixels[5:9], apples["healthy"])):
        assert (cut.float() - drawn.float()).abs().mean() < 6


def test_the_table_counts_by_cultivar(root):
    assert CascIfw(root, split="all").table().to_dict("list") == {
        "cultivar": ["fuji", "york"],
        "healthy": [12, 8],
        "damaged": [15, 10],
    }


def test_parts_share_no_day(root):
    days = {split: set(CascIfw(root, split=split).days) for split in ("train", "validation", "test")}
    assert [len(part) for part in days.values()] == [3, 1, 1]
    assert len(set.union(*days.values())) == 5
    assert set(CascIfw(root, split="test").days) == days["test"]
    assert len({CascIfw(root, split="test", seed=seed).days for seed in range(8)}) > 2


def test_apples_that_are_cut_out_already_are_read_too(tmp_path, apples):
    folder = tmp_path / "Raw image/071410_Red_Injured"
    for number, apple in enumerate(apples["damaged"][:2]):
        mosaic(folder / f"071410_Red_Injured_{number:03}.jpg", apple[None], columns=1)
    found = CascIfw(tmp_path, split="all")
    assert found.labels.tolist() == [1, 1]
    assert found.days == (date(2010, 7, 14),) * 2
    assert found.cultivars == ("red", "red")


def test_images_come_in_the_size_asked_for(root):
    image, label = CascIfw(root, size=64, split="all")[5]
    assert image.shape == (3, 64, 64)
    assert image.dtype == torch.float32
    assert 0 <= image.min() < image.max() <= 1
    assert label.dtype == torch.int64
    whole = CascIfw(root, split="all")
    assert torch.equal(whole[5][0], whole.pixels[5].float() / 255)
    images, labels = next(iter(DataLoader(CascIfw(root, size=64, split="all"), batch_size=7)))
    assert images.shape == (7, 3, 64, 64)
    assert labels.tolist() == [1] * 5 + [0] * 2


def test_hidden_files_are_passed_over(root):
    (root / "2009/._20090701_fuji_healthy.jpg").write_bytes(b"nothing")
    (root / ".cache").mkdir()
    (root / ".cache/20090701_fuji_healthy.jpg").write_bytes(b"nothing")
    assert len(CascIfw(root, split="all")) == 45


def test_faulty_pictures_are_named_or_skipped(root):
    folder = root / "2009"
    for name in ("20090812_fuji_rotten", "20091345_fuji_healthy", "overview"):
        Image.new("RGB", (120, 120)).save(folder / f"{name}.png")
    Image.new("RGB", (240, 130)).save(folder / "20090812_fuji_healthy.png")
    (folder / "20090819_fuji_healthy.jpg").write_bytes(b"nothing")
    cut = folder / "20090701_fuji_healthy.jpg"
    cut.write_bytes(cut.read_bytes()[:5000])
    with pytest.raises(FolderError, match=r"6 files in .* cannot be used: .*faulty=\"skip\" leaves them out"):
        CascIfw(root, split="all")
    found = CascIfw(root, split="all", faulty="skip")
    assert len(found) == 45 - 4
    why = {name.rpartition("/")[2].partition(" ")[0]: name for name in found.skipped}
    assert (
        "its condition is 'rotten', which is none of healthy, damaged, injured"
        in why["20090812_fuji_rotten.png"]
    )
    assert "20091345 is no day" in why["20091345_fuji_healthy.png"]
    assert "its name should be a date, a cultivar and a condition" in why["overview.png"]
    assert "240 x 130 pixels, which is not in cells of 120 x 120" in why["20090812_fuji_healthy.png"]
    assert "not readable" in why["20090819_fuji_healthy.jpg"]
    assert "not readable" in why["20090701_fuji_healthy.jpg"]
    assert len(why) == 6


def test_what_holds_no_mosaics_is_named(tmp_path, root):
    with pytest.raises(FolderError, match=r"nowhere' does not exist; give the folder that holds the mosaics"):
        CascIfw(tmp_path / "nowhere")
    with pytest.raises(FolderError, match=r"readme\.txt' is a file"):
        CascIfw(root / "readme.txt")
    (root / "empty").mkdir()
    with pytest.raises(FolderError, match="there are no mosaics in"):
        CascIfw(root / "empty")
    Image.new("RGB", (120, 120), "white").save(root / "empty/20090701_fuji_healthy.png")
    with pytest.raises(FolderError, match="1 days cannot be split"):
        CascIfw(root / "empty")
    with pytest.raises(FolderError, match="there are no apples for split='all'"):
        CascIfw(root / "empty", split="all")


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"size": 0}, "size must be a whole number of at least 2"),
        ({"split": "valid"}, "split must be one of 'train', 'validation', 'test', 'all', not 'valid'"),
        ({"seed": -1}, "seed must be a whole number of at least 0"),
        ({"faulty": True}, "faulty must be one of 'error', 'skip', not True"),
    ],
)
def test_bad_settings_are_named(root, settings, message):
    with pytest.raises(ValueError, match=message):
        CascIfw(root, **settings)
