from __future__ import annotations

import pytest
import torch

from cfwidgets.data import CelebA, FolderError
from cfwidgets.data.faces.celeba import split_of


def test_labels_are_read_by_name(celeba) -> None:
    faces = CelebA(celeba)
    assert len(faces) == 6
    assert faces.names == ("Male", "Smiling", "Young")
    assert faces.files[1] == "162770.jpg"
    assert faces.attributes.dtype == torch.bool
    assert faces.attributes.long().tolist() == [
        [0, 0, 1],
        [1, 0, 0],
        [0, 1, 1],
        [1, 1, 1],
        [0, 0, 0],
        [1, 0, 1],
    ]
    assert faces.column("Smiling").long().tolist() == [0, 0, 1, 1, 0, 0]


def test_an_item_is_image_attributes_and_name(celeba) -> None:
    face = CelebA(celeba)[2]
    assert face.image.shape == (3, 218, 178)
    assert face.image.dtype == torch.float32
    torch.testing.assert_close(face.image, torch.full((3, 218, 178), 20 / 255), atol=0.01, rtol=0)
    assert face.attributes.tolist() == [False, True, True]
    assert face.masks is None
    assert face.name == "162771.jpg"


@pytest.mark.parametrize(
    ("split", "files"),
    [
        ("train", ("000001.jpg", "162770.jpg")),
        ("valid", ("162771.jpg", "182637.jpg")),
        ("test", ("182638.jpg", "202599.jpg")),
    ],
)
def test_parts_are_those_of_the_list(celeba, split, files) -> None:
    faces = CelebA(celeba, split)
    assert faces.files == files
    everything = CelebA(celeba)
    numbers = [everything.files.index(file) for file in files]
    assert torch.equal(faces.attributes, everything.attributes[numbers])


def test_numbers_say_what_the_list_says(celeba) -> None:
    for split in ("train", "valid", "test"):
        assert {split_of(file) for file in CelebA(celeba, split).files} == {split}


def test_the_list_of_parts_decides_and_not_the_number(celeba) -> None:
    (celeba / "list_eval_partition.txt").write_text(
        (celeba / "list_eval_partition.txt").read_text().replace("000001.jpg 0", "000001.jpg 2")
    )
    assert CelebA(celeba, "test").files == ("000001.jpg", "182638.jpg", "202599.jpg")


def test_all_of_it_needs_no_list_of_parts(celeba) -> None:
    (celeba / "list_eval_partition.txt").unlink()
    assert len(CelebA(celeba)) == 6
    with pytest.raises(
        FolderError,
        match=r"partition, which split needs .* must be list_eval_partition.txt or Eval/.* or .*csv in .*"
        r"found there: img_align_celeba/, list_attr_celeba.txt\.",
    ):
        CelebA(celeba, "train")


def test_the_folders_of_the_download_are_found(celeba) -> None:
    for folder, name in (
        ("Img", "img_align_celeba"),
        ("Anno", "list_attr_celeba.txt"),
        ("Eval", "list_eval_partition.txt"),
    ):
        (celeba / folder).mkdir()
        (celeba / name).rename(celeba / folder / name)
    assert CelebA(celeba, "valid")[1].name == "182637.jpg"


def test_the_layout_of_kaggle_is_found(celeba) -> None:
    (celeba / "img_align_celeba").rename(celeba / "inner")
    (celeba / "img_align_celeba").mkdir()
    (celeba / "inner").rename(celeba / "img_align_celeba/img_align_celeba")
    before = CelebA(celeba)
    for name, header in (
        ("list_attr_celeba", "image_id,Male,Smiling,Young"),
        ("list_eval_partition", "image_id,partition"),
    ):
        rows = (celeba / f"{name}.txt").read_text().splitlines()
        rows = [",".join(row.split()) for row in (rows[2:] if "attr" in name else rows)]
        (celeba / f"{name}.csv").write_text("\r\n".join([header, *rows, ""]))
        (celeba / f"{name}.txt").unlink()
    after = CelebA(celeba)
    assert (after.names, after.files) == (before.names, before.files)
    assert torch.equal(after.attributes, before.attributes)
    assert CelebA(celeba, "test").files == ("182638.jpg", "202599.jpg")


def test_line_ends_of_windows_and_blanks_do_not_matter(celeba) -> None:
    path = celeba / "list_attr_celeba.txt"
    path.write_bytes(b"\xef\xbb\xbf" + path.read_text().replace("\n", " \r\n").encode() + b"\r\n\r\n")
    assert CelebA(celeba).names == ("Male", "Smiling", "Young")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("6\n", "7\n"), "says that it lists 7 images, and lists 6: it was cut short"),
        (
            ("162771.jpg -1  1  1", "162771.jpg -1  1"),
            r"line 5 of .* must be a file and 3 values, .*got '162771.jpg -1 1'",
        ),
        (("162771.jpg -1  1  1", "162771.jpg -1  1  1 -1"), "line 5 of"),
        (
            ("162771.jpg -1  1  1", "162771.jpg -1  0  1"),
            "line 5 of .* each 1 or -1; got '162771.jpg -1 0 1'",
        ),
        (("162771.jpg", "162770.jpg"), "lists 162770.jpg more than once"),
    ],
)
def test_a_table_with_faults_is_refused_with_the_line(celeba, change, message) -> None:
    path = celeba / "list_attr_celeba.txt"
    path.write_text(path.read_text().replace(*change))
    with pytest.raises(FolderError, match=message):
        CelebA(celeba)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "lists no images: it has 0 lines"),
        (b"0\nMale\n", "lists no images: it has 2 lines"),
        (b"\xff\xd8\xff", r"list_attr_celeba.txt' is no text"),
    ],
)
def test_what_is_no_table_is_refused(celeba, content, message) -> None:
    (celeba / "list_attr_celeba.txt").write_bytes(content)
    with pytest.raises(FolderError, match=message):
        CelebA(celeba)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("000001.jpg 0\n", ""), "partition of .* does not list 000001.jpg, and list_attr_celeba.txt does"),
        (
            ("000001.jpg 0", "000001.jpg 3"),
            r"row 1 of .*must be a file and 0 \(train\), .*got '000001.jpg 3'",
        ),
        (("000001.jpg 0", "000001.jpg"), "row 1 of"),
    ],
)
def test_a_list_of_parts_with_faults_is_refused(celeba, change, message) -> None:
    path = celeba / "list_eval_partition.txt"
    path.write_text(path.read_text().replace(*change))
    with pytest.raises(FolderError, match=message):
        CelebA(celeba, "test")


def test_missing_images_are_named_or_left_out(celeba) -> None:
    for file in ("000001.jpg", "182638.jpg"):
        (celeba / "img_align_celeba" / file).unlink()
    with pytest.raises(FolderError, match=r"2 of the 6 images .*: 000001.jpg, 182638.jpg; missing=\"skip\""):
        CelebA(celeba)
    assert len(CelebA(celeba, "valid")) == 2
    faces = CelebA(celeba, missing="skip")
    assert (len(faces), faces.skipped) == (4, 2)
    assert faces[0].name == "162770.jpg"
    assert faces.attributes[0].tolist() == [True, False, False]
    for file in faces.files:
        (celeba / "img_align_celeba" / file).unlink()
    with pytest.raises(FolderError, match=r"6 of the 6 images .* … \(6 in all\)$"):
        CelebA(celeba, missing="skip")


def test_wrong_settings_are_named(celeba) -> None:
    table = celeba / "list_attr_celeba.txt"
    table.write_text("1\nMale\n000001.jpg 1\n")
    with pytest.raises(
        FolderError, match=r"list_attr_celeba\.txt in .* lists no images of what was asked for"
    ):
        CelebA(celeba, "test")
    with pytest.raises(ValueError, match=r"split must be one of 'all', 'train', 'valid', 'test', not 'val'"):
        CelebA(celeba, "val")
    with pytest.raises(ValueError, match="masks must be None, 'farl' or a function of an image, not 'own'"):
        CelebA(celeba, masks="own")
    with pytest.raises(ValueError, match="masks must be None, 'farl' or a function of an image, not int"):
        CelebA(celeba, masks=3)
    with pytest.raises(ValueError, match=r"CelebA has no attribute 'Hat'; it has Male$"):
        CelebA(celeba).column("Hat")


@pytest.mark.parametrize("size", [1, 0, 2.5, (4,), (4, 4, 4), "8", True, (8, -1)])
def test_a_size_that_is_none_is_named(celeba, size) -> None:
    with pytest.raises(ValueError, match="size must be "):
        CelebA(celeba, size=size)
