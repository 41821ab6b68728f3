from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch.utils.data import DataLoader

from cfwidgets.data import FolderError, ImageFolders
from cfwidgets.images import ImageError
from cfwidgets.models.classifier import Classifier


def picture(path: Path, grey: int = 0, size: tuple[int, int] = (8, 6)) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size, (grey, grey, grey)).save(path)


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """Three classes; each image's grey value is its own."""
    for name, grey in {
        "tench/b.png": 1,
        "tench/a.PNG": 2,
        "goldfish/left/1.bmp": 3,
        "goldfish/2.webp": 4,
        "Shark/x.tiff": 5,
    }.items():
        picture(tmp_path / name, grey)
    (tmp_path / "tench/notes.txt").write_text("no image")
    picture(tmp_path / "tench/.hidden.png")
    picture(tmp_path / ".cache/thumbnail.png")
    (tmp_path / "README.md").write_text("no class")
    return tmp_path


def test_classes_are_sorted_as_text_and_images_within_them(tree: Path) -> None:
    images = ImageFolders(tree)
    assert images.classes == images.labels == ("Shark", "goldfish", "tench")
    assert [path.relative_to(tree).as_posix() for path in images.paths] == [
        "Shark/x.tiff",
        "goldfish/2.webp",
        "goldfish/left/1.bmp",
        "tench/a.PNG",
        "tench/b.png",
    ]
    assert images.targets == (0, 1, 1, 2, 2)
    assert len(images) == 5
    assert repr(images) == f"<ImageFolders {str(tree)!r}: 5 images, 3 classes, 2 files or folders left out>"


def test_images_come_in_the_convention_with_their_class(tree: Path) -> None:
    image, target = ImageFolders(tree)[3]
    assert image.shape == (3, 6, 8)
    assert image.dtype == torch.float32
    assert torch.equal(image, torch.full((3, 6, 8), 2 / 255))
    assert target == 2
    assert ImageFolders(tree)[-1][0][0, 0, 0] == pytest.approx(1 / 255)


def test_going_through_it_ends(tree: Path) -> None:
    assert [target for _, target in ImageFolders(tree)] == [0, 1, 1, 2, 2]  # type: ignore[attr-defined]


def test_the_table_shows_each_class_with_its_number(tree: Path) -> None:
    table = ImageFolders(
        tree, classes=["tench", "ray", "goldfish", "Shark"], labels={"tench": "a tench"}
    ).table()
    assert table.to_dict("list") == {
        "class": [0, 1, 2, 3],
        "folder": ["tench", "ray", "goldfish", "Shark"],
        "label": ["a tench", "ray", "goldfish", "Shark"],
        "images": [2, 0, 2, 1],
    }


def test_a_class_without_a_folder_shifts_no_other(tree: Path) -> None:
    images = ImageFolders(tree, classes=["tench", "ray", "goldfish", "Shark"])
    assert images.targets == (0, 0, 2, 2, 3)
    assert images.paths[0] == tree / "tench/a.PNG"


def test_images_go_through_the_view(tree: Path) -> None:
    picture(tree / "tench/large.jpg", size=(40, 30))
    clf = Classifier(lambda batch: torch.full((len(batch), 2), 0.5), input_size=(4, 4))
    batches = list(DataLoader(ImageFolders(tree, view=clf.view), batch_size=4))
    assert [tuple(images.shape) for images, _ in batches] == [(4, 3, 4, 4), (2, 3, 4, 4)]
    assert torch.cat([targets for _, targets in batches]).tolist() == [0, 1, 1, 2, 2, 2]


def test_folders_may_be_links(tree: Path, tmp_path_factory: Any) -> None:
    root = tmp_path_factory.mktemp("links")
    (root / "fish").symlink_to(tree / "tench")
    assert [path.name for path in ImageFolders(root).paths] == ["a.PNG", "b.png"]


def test_numbers_in_one_order_need_no_classes(tmp_path: Path) -> None:
    for name in ("00", "01", "10"):
        picture(tmp_path / name / "1.png")
    assert ImageFolders(tmp_path).classes == ("00", "01", "10")


def test_numbers_in_two_orders_are_refused_until_one_is_chosen(tmp_path: Path) -> None:
    for number in range(11):
        picture(tmp_path / str(number) / "1.png")
    with pytest.raises(FolderError, match=r"as text sort as 0, 1, 10, 2, 3, … \(11 in all\): state which"):
        ImageFolders(tmp_path)
    names = [str(number) for number in range(11)]
    assert ImageFolders(tmp_path, classes=names).targets == tuple(range(11))
    assert ImageFolders(tmp_path, classes=sorted(names)).paths[2].parent.name == "10"


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"classes": ["tench", "goldfish"]}, "class folders that classes does not name: Shark$"),
        ({"classes": ["tench", "goldfish", "Shark", "tench"]}, "more than once: tench$"),
        ({"classes": "tench"}, "must be a list of the names of the class folders; got 'tench'"),
        ({"classes": [0, 1, 2]}, r"must be a list of the names of the class folders; got \[0, 1, 2\]"),
        ({"labels": {"Tench": "tench", "tench": "Tench"}}, "labels names folders that are not there: Tench$"),
    ],
)
def test_names_that_do_not_fit_are_refused(tree: Path, settings: Any, message: str) -> None:
    with pytest.raises(FolderError, match=message):
        ImageFolders(tree, **settings)


def test_what_is_no_folder_of_class_folders_is_named(tmp_path: Path) -> None:
    with pytest.raises(
        FolderError, match=r"nowhere' does not exist; give the folder that holds one folder a class"
    ):
        ImageFolders(tmp_path / "nowhere")
    with pytest.raises(FolderError, match=r"must hold one folder a class, .* found neither$"):
        ImageFolders(tmp_path)
    picture(tmp_path / "1.png")
    with pytest.raises(FolderError, match=r"found images directly in it: 1$"):
        ImageFolders(tmp_path)
    with pytest.raises(FolderError, match=r"1\.png' is a file"):
        ImageFolders(tmp_path / "1.png")


def test_a_class_folder_without_images_is_named(tree: Path) -> None:
    (tree / "ray").mkdir()
    np.save(tree / "ray/1.npy", np.zeros(3))
    with pytest.raises(
        FolderError, match=r"ray' holds no images \(\.avif, .*\); left out: 1\.npy \(no image\); remove it"
    ):
        ImageFolders(tree)


def test_a_file_that_is_no_image_is_named_when_asked_for(tree: Path) -> None:
    (tree / "tench/c.png").write_bytes(b"nothing")
    images = ImageFolders(tree)
    with pytest.raises(ImageError, match=r"c\.png' cannot be read as an image"):
        images[5]
    with pytest.raises(IndexError):
        images[6]


def test_hidden_folders_are_left_out_and_said(tree: Path, tmp_path_factory: Any) -> None:
    before = ImageFolders(tree)
    store = tmp_path_factory.mktemp("store")
    picture = before.paths[0].read_bytes()
    folder = before.paths[0].parent
    hidden = [folder / ".ipynb_checkpoints" / "1.png", folder / ".thumbnails" / "2.png", folder / ".3.png"]
    for path in (*hidden, folder / "a.jfif", folder / "b.ppm", folder / "notes.txt", store / "9.png"):
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(picture)
    (folder / "linked").symlink_to(store)
    (folder / "round").symlink_to(folder)
    images = ImageFolders(tree)
    added = {path.relative_to(folder).as_posix() for path in set(images.paths) - set(before.paths)}
    assert added == {"a.jfif", "b.ppm", "linked/9.png"}
    name = folder.relative_to(tree).as_posix()
    assert set(images.left_out) - set(before.left_out) == {
        f"{name}/.3.png (hidden)",
        f"{name}/.ipynb_checkpoints (hidden)",
        f"{name}/.thumbnails (hidden)",
        f"{name}/notes.txt (no image)",
        f"{name}/round (a link to a folder that is read already)",
    }
    assert f"{len(before.left_out) + 5} files or folders left out" in repr(images)


def test_an_empty_class_folder_says_what_it_holds(tree: Path) -> None:
    folder = tree / "empty"
    folder.mkdir()
    (folder / "notes.txt").write_text("nothing")
    with pytest.raises(FolderError, match=r"holds no images.*left out: notes\.txt \(no image\)"):
        ImageFolders(tree)
