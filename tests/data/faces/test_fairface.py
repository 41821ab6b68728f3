from __future__ import annotations

import pytest

from cfwidgets.data import FairFace, FolderError

HEADER = "file,age,gender,race,service_test\n"


@pytest.fixture
def root(tmp_path, save_picture):
    for file in ("train/1.jpg", "train/2.jpg", "val/1.jpg"):
        save_picture(tmp_path / "fairface-img-margin025-trainval" / file)
    (tmp_path / "fairface_label_train.csv").write_text(
        HEADER
        + "train/1.jpg,50-59,Male,East Asian,True\ntrain/2.jpg,more than 70,Female,Latino_Hispanic,False\n"
    )
    (tmp_path / "fairface_label_val.csv").write_text(HEADER + "val/1.jpg,3-9,Female,Black,False\n")
    return tmp_path


def labels(faces: FairFace) -> list[set[str]]:
    return [{name for name, yes in zip(faces.names, row, strict=True) if yes} for row in faces.attributes]


def test_each_label_is_an_attribute(root) -> None:
    faces = FairFace(root)
    assert labels(faces) == [
        {"Male", "East Asian", "age 50-59", "service_test"},
        {"Female", "Latino_Hispanic", "age more than 70"},
        {"Female", "Black", "age 3-9"},
    ]
    assert len(faces.names) == len(set(faces.names)) == 2 + 7 + 9 + 1
    assert faces.files == ("train/1.jpg", "train/2.jpg", "val/1.jpg")
    assert faces[2].image.shape == (3, 16, 16)
    assert faces[2].name == "val/1.jpg"


def test_the_frame_has_labels_as_they_are(root) -> None:
    frame = FairFace(root).frame
    assert frame.index.name == "file"
    assert frame.loc["train/2.jpg", ["age", "gender", "race", "service_test"]].tolist() == [
        "more than 70",
        "Female",
        "Latino_Hispanic",
        False,
    ]
    assert frame["Black"].tolist() == [False, False, True]
    assert frame.columns.is_unique


@pytest.mark.parametrize(("split", "count"), [("train", 2), ("val", 1)])
def test_one_part_needs_nothing_of_the_other(root, split, count) -> None:
    other = {"train": "val", "val": "train"}[split]
    (root / f"fairface_label_{other}.csv").unlink()
    (root / "fairface-img-margin025-trainval" / other).rename(root / "elsewhere")
    assert len(FairFace(root, split)) == count
    with pytest.raises(FolderError, match=f"the labels of split='all' must be fairface_label_{other}.csv in"):
        FairFace(root)


def test_images_may_lie_beside_the_tables(root) -> None:
    for part in ("train", "val"):
        (root / "fairface-img-margin025-trainval" / part).rename(root / part)
    assert FairFace(root).folder == root


def test_images_in_two_margins_or_none_are_refused(root) -> None:
    for part in ("train", "val"):
        (root / "fairface-img-margin125-trainval" / part).mkdir(parents=True)
    with pytest.raises(
        FolderError, match=r"more than once, .*: fairface-img-margin025-trainval, fairface-img-margin125"
    ):
        FairFace(root)
    (root / "fairface-img-margin025-trainval").rename(root / "elsewhere")
    (root / "fairface-img-margin125-trainval/train").rename(root / "elsewhere/again")
    with pytest.raises(FolderError, match="the images must be in train/ and val/ in"):
        FairFace(root)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            ("3-9", "9-Mar"),
            r"line 2 of .*val.csv': age must be one of 0-2, .*; got '9-Mar'; a spreadsheet program",
        ),
        (("3-9", "4-8"), r"age must be one of .*; got '4-8'$"),
        (("Black", "black"), "race must be one of East Asian, .*; got 'black'$"),
        (("Female,Black,False", "Female"), "race must be one of .*; got None$"),
        (
            ("age,gender", "years,gender"),
            "must name the columns file, gender, race, age, service_test; it lacks age$",
        ),
        (("val/1.jpg,3-9,Female,Black,False\n", ""), "fairface_label_val.csv' lists no images"),
        (
            ("val/1.jpg", "val/2.jpg"),
            r"1 of the 1 images listed in fairface_label_val.csv are not in .*: val/2.jpg$",
        ),
    ],
)
def test_a_table_with_faults_is_refused(root, change, message) -> None:
    path = root / "fairface_label_val.csv"
    path.write_text(path.read_text().replace(*change))
    with pytest.raises(FolderError, match=message):
        FairFace(root, "val")
