from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch.utils.data import DataLoader

from cfwidgets.data import ConcreteCracks, FolderError, Inspected, concrete
from cfwidgets.images import ImageError

TILE = 64
NUMBERS = ("001", "011", "012", "049", "050", "102", "333", "334", "601", "610")


def save(path: Path, pixels: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path, format="jpeg", quality=92, subsampling=0)


def grid(tiles: torch.Tensor) -> np.ndarray:
    """Six tiles in two rows of three, and a rest at the right and below, as there is in the data set."""
    rows = [torch.cat(list(tiles[row : row + 3]), dim=-1) for row in (0, 3)]
    return np.pad(torch.cat(rows, dim=-2).numpy(), [(0, 0), (0, 40), (0, 20)])


@pytest.fixture(scope="module")
def surfaces():
    """Six surfaces of each photograph, the first three cracked."""
    return {
        number: (
            concrete(3, size=TILE, seed=place, damaged=1),
            concrete(3, size=TILE, seed=100 + place, damaged=0),
        )
        for place, number in enumerate(NUMBERS)
    }


@pytest.fixture
def root(tmp_path, surfaces) -> Path:
    folder = tmp_path / "concreteCrackSegmentationDataset"
    for place, (number, pair) in enumerate(surfaces.items()):
        pixels = grid(torch.cat([drawn.pixels for drawn in pair])).transpose(1, 2, 0)
        masks = grid(torch.cat([drawn.masks for drawn in pair])[:, None])[0]
        save(folder / "rgb" / f"{number}{('.jpg', '.JPG')[place % 2]}", pixels)
        save(folder / "BW" / f"{number}.jpg", masks.astype(np.uint8) * 255)
    return tmp_path


def test_tiles_labels_and_masks_are_those_of_the_photographs(root, surfaces):
    tiles = ConcreteCracks(root, tile=TILE, size=TILE, split="all")
    assert len(tiles) == 60
    assert tiles.dropped == 0
    assert tiles.skipped == ()
    assert repr(tiles) == "<ConcreteCracks: 60 tiles of 10 photographs, 30 damaged>"
    assert tiles.names[:2] == ("001.jpg, row 0, column 0", "001.jpg, row 0, column 1")
    assert tiles.names[9] == "011.JPG, row 1, column 0"
    assert tiles.labels.tolist() == [1, 1, 1, 0, 0, 0] * 10
    for place, number in enumerate(NUMBERS):
        pixels = torch.cat([drawn.images for drawn in surfaces[number]])
        masks = torch.cat([drawn.masks for drawn in surfaces[number]])
        for inner in range(6):
            image, label, mask = tiles[6 * place + inner]
            assert image.shape == (3, TILE, TILE)
            assert (image - pixels[inner]).abs().mean() < 0.02
            # the noise of the JPEG is below the threshold nearly everywhere, also next to the crack
            assert (mask != masks[inner]).float().mean() < 0.002
            assert int(label) == int(mask.any())


def test_the_folder_may_be_the_inner_one(root):
    inner = root / "concreteCrackSegmentationDataset"
    (inner / "BW").rename(inner / "bw")
    assert len(ConcreteCracks(inner, tile=TILE, split="all")) == 60


def test_tiles_are_scaled_with_their_masks(root):
    whole = ConcreteCracks(root, tile=TILE, size=TILE, split="all")
    half = ConcreteCracks(root, tile=TILE, size=TILE // 2, split="all")
    for index in (0, 13):
        image, _, mask = half[index]
        pooled = torch.nn.functional.avg_pool2d(whole[index].image, 2)
        assert (image - pooled).abs().mean() < 0.02
        covered = torch.nn.functional.avg_pool2d(whole[index].mask[None].float(), 2)[0]
        assert torch.equal(mask, covered >= 0.5)


def test_parts_share_no_photograph(root):
    parts = {
        split: ConcreteCracks(root, tile=TILE, size=16, split=split)
        for split in ("train", "validation", "test")
    }
    seen = {split: {name.partition(",")[0] for name in tiles.names} for split, tiles in parts.items()}
    assert [len(files) for files in seen.values()] == [7, 1, 2]
    assert len(set.union(*seen.values())) == 10
    again = ConcreteCracks(root, tile=TILE, size=16, split="test")
    assert again.names == parts["test"].names
    others = {ConcreteCracks(root, tile=TILE, size=16, split="test", seed=seed).names for seed in range(6)}
    assert len(others) > 2


def test_a_little_crack_is_dropped_and_none_is_sound(root):
    inner = root / "concreteCrackSegmentationDataset"
    mask = np.zeros((2 * TILE + 40, 3 * TILE + 20), dtype=np.uint8)
    mask[10, 10:13] = 255  # 3 of 4,096 pixels
    mask[10, TILE + 10 : TILE + 15] = 255  # 5
    Image.fromarray(mask).save(inner / "BW/001.jpg", format="png")
    tiles = ConcreteCracks(root, tile=TILE, size=TILE, split="all")
    assert tiles.dropped == 1
    assert tiles.names[0] == "001.jpg, row 0, column 1"
    assert tiles.labels[:5].tolist() == [1, 0, 0, 0, 0]
    assert int(tiles[0].mask.sum()) == 5


def test_grey_below_128_is_no_crack(root):
    inner = root / "concreteCrackSegmentationDataset"
    mask = np.full((2 * TILE + 40, 3 * TILE + 20), 127, dtype=np.uint8)
    mask[:TILE, :TILE] = 128
    Image.fromarray(mask).save(inner / "BW/001.jpg", format="png")
    tiles = ConcreteCracks(root, tile=TILE, size=TILE, split="all")
    assert tiles.labels[:6].tolist() == [1, 0, 0, 0, 0, 0]
    assert tiles[0].mask.all()


def test_all_tiles_may_be_loaded(root):
    tiles = ConcreteCracks(root, tile=TILE, size=32, split="test")
    seen: list[tuple[int, int]] = []
    pixels, labels, masks = tiles.load(lambda *done: seen.append(done))
    assert (pixels.dtype, labels.dtype, masks.dtype) == (torch.uint8, torch.int64, torch.bool)
    assert torch.equal(pixels.float() / 255, torch.stack([tiles[index].image for index in range(12)]))
    assert torch.equal(masks, torch.stack([tiles[index].mask for index in range(12)]))
    assert seen == [(done, 12) for done in range(1, 13)]


def test_a_loader_takes_them(root):
    batch = next(iter(DataLoader(ConcreteCracks(root, tile=TILE, size=32, split="all"), batch_size=6)))
    assert isinstance(batch, Inspected)
    assert batch.image.shape == (6, 3, 32, 32)
    assert batch.label.tolist() == [1, 1, 1, 0, 0, 0]
    assert batch.mask.shape == (6, 32, 32)


def test_faulty_files_are_named_or_skipped(root):
    inner = root / "concreteCrackSegmentationDataset"
    (inner / "BW/001.jpg").unlink()
    (inner / "rgb/011.JPG").unlink()
    for cut in (inner / "BW/012.jpg", inner / "rgb/050.jpg"):
        cut.write_bytes(cut.read_bytes()[: cut.stat().st_size // 2])
    (inner / "rgb/049.JPG").write_bytes(b"nothing")
    save(inner / "BW/102.jpg", np.zeros((90, 120), dtype=np.uint8))
    save(inner / "rgb/333.jpg", np.zeros((40, 300, 3), dtype=np.uint8))
    save(inner / "BW/333.jpg", np.zeros((40, 300), dtype=np.uint8))
    save(inner / "rgb/334.jpeg", np.zeros((90, 120, 3), dtype=np.uint8))
    with pytest.raises(FolderError, match=r"files in .* cannot be used: .*faulty=\"skip\" leaves them out"):
        ConcreteCracks(root, tile=TILE, split="all")
    tiles = ConcreteCracks(root, tile=TILE, size=16, split="all", faulty="skip")
    why = {name.rpartition("/")[2].partition(" ")[0]: name for name in tiles.skipped}
    assert sorted(why) == sorted(
        ["001.jpg", "011.jpg", "012.jpg", "049.JPG", "050.jpg", "102.JPG", "333.jpg", "334.jpeg"]
    )
    assert "it has no mask" in why["001.jpg"]
    assert "it has no photograph" in why["011.jpg"]
    assert "its mask is not readable" in why["012.jpg"]
    assert "(not readable" in why["049.JPG"]
    assert "(not readable" in why["050.jpg"]
    assert "it has 212 x 168 pixels, and its mask 120 x 90" in why["102.JPG"]
    assert "it has 300 x 40 pixels, and a tile 64 x 64" in why["333.jpg"]
    assert "334.JPG has the same number" in why["334.jpeg"]
    assert {name.partition(",")[0] for name in tiles.names} == {"334.JPG", "601.jpg", "610.JPG"}


def test_a_photograph_cut_short_is_named_when_it_is_asked_for(root):
    cut = root / "concreteCrackSegmentationDataset/rgb/001.jpg"
    cut.write_bytes(cut.read_bytes()[: cut.stat().st_size // 2])
    tiles = ConcreteCracks(root, tile=TILE, size=16, split="all")
    with pytest.raises(ImageError, match=r"001\.jpg' is not readable"):
        tiles[0]
    assert tiles[6].image.shape == (3, 16, 16)


def test_another_layout_is_refused(tmp_path, root):
    with pytest.raises(FolderError, match=r"nowhere' does not exist; give the folder of the data set: rgb/"):
        ConcreteCracks(tmp_path / "nowhere")
    (root / "concreteCrackSegmentationDataset/BW").rename(root / "BW")
    with pytest.raises(FolderError, match=r"the masks must be BW/ or bw/ in .*found there: rgb/"):
        ConcreteCracks(root)


def test_too_few_photographs_are_not_split(root):
    inner = root / "concreteCrackSegmentationDataset"
    for number in NUMBERS[2:]:
        for path in inner.glob(f"*/{number}.*"):
            path.unlink()
    with pytest.raises(FolderError, match=r'2 photographs cannot be split .*; take split="all"'):
        ConcreteCracks(root, tile=TILE)
    assert len(ConcreteCracks(root, tile=TILE, split="all")) == 12
    for path in inner.glob("*/*"):
        path.unlink()
    with pytest.raises(FolderError, match="there are no tiles for split='all'"):
        ConcreteCracks(root, tile=TILE, split="all")


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"tile": 0}, "tile must be a whole number of at least 2"),
        ({"size": 1.5}, "size must be a whole number of at least 2"),
        ({"split": "dev"}, "split must be one of 'train', 'validation', 'test', 'all', not 'dev'"),
        ({"seed": -1}, "seed must be a whole number of at least 0"),
        ({"faulty": "ignore"}, "faulty must be one of 'error', 'skip', not 'ignore'"),
    ],
)
def test_bad_settings_are_named(root, settings, message):
    with pytest.raises(ValueError, match=message):
        ConcreteCracks(root, **settings)
