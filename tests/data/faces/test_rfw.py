from __future__ import annotations

import pytest

from cfwidgets.data import RFW, FolderError

PEOPLE = {"African": ("m.0a", "m.0b_1"), "Asian": ("m.0c",), "Caucasian": ("m.0a",), "Indian": ("m.0d",)}


@pytest.fixture
def root(tmp_path, save_picture):
    for race, people in PEOPLE.items():
        txts = tmp_path / "test/txts" / race
        txts.mkdir(parents=True)
        lines = []
        for label, person in enumerate(people):
            for number in (1, 2):
                save_picture(tmp_path / f"test/data/{race}/{person}/{person}_{number:04d}.jpg")
                lines.append(f"{person}_{number:04d}.jpg\t{label}\n")
        (txts / f"{race}_images.txt").write_text("".join(lines))
        positive = f"{people[0]}\t1\t2\n" * 300
        negative = f"{people[0]}\t1\t{people[-1]}\t2\n" * 300
        (txts / f"{race}_pairs.txt").write_text((positive + negative) * 10)
    return tmp_path


def test_labels_come_from_the_lists(root) -> None:
    faces = RFW(root)
    assert len(faces) == 10
    assert faces.names == ("African", "Asian", "Caucasian", "Indian")
    assert faces.attributes.sum(0).tolist() == [4, 2, 2, 2]
    assert faces[3].name == "African/m.0b_1/m.0b_1_0002.jpg"
    assert faces[3].attributes.tolist() == [True, False, False, False]
    frame = faces.frame
    assert frame.loc["African/m.0b_1/m.0b_1_0002.jpg", ["race", "identity", "label"]].tolist() == [
        "African",
        "m.0b_1",
        "1",
    ]
    assert frame.index.is_unique


def test_the_root_may_be_the_test_folder(root) -> None:
    assert len(RFW(root / "test")) == 10


def test_some_races_need_nothing_of_the_others(root) -> None:
    for name in ("Asian", "Indian"):
        (root / "test/data" / name).rename(root / name)
        (root / "test/txts" / name).rename(root / f"{name}-txts")
    faces = RFW(root, ["Caucasian", "African"])
    assert faces.races == ("African", "Caucasian")
    assert faces.column("Caucasian").long().tolist() == [0, 0, 0, 0, 1, 1]
    with pytest.raises(FolderError, match=r"the list of Asian images must be txts/Asian/Asian_images.txt in"):
        RFW(root)


def test_there_are_no_labels_of_gender(root) -> None:
    with pytest.raises(
        ValueError, match=r"no attribute 'Male' \(RFW says nothing of gender.*it has African, Asian"
    ):
        RFW(root).column("Male")


def test_pairs(root) -> None:
    pairs = RFW(root, ["African"]).pairs()
    assert len(pairs) == 6000
    assert pairs.groupby(["fold", "same"]).size().tolist() == [300] * 20
    assert pairs.iloc[0].tolist() == [
        "African",
        0,
        "African/m.0a/m.0a_0001.jpg",
        "African/m.0a/m.0a_0002.jpg",
        True,
    ]
    assert pairs.iloc[-1].tolist() == [
        "African",
        9,
        "African/m.0a/m.0a_0001.jpg",
        "African/m.0b_1/m.0b_1_0002.jpg",
        False,
    ]
    assert set(pairs["second"]) <= set(RFW(root).files)


def test_lists_of_another_layout_are_refused(root) -> None:
    txts = root / "test/txts/Asian"
    faces = RFW(root, ["Asian"])
    (txts / "Asian_pairs.txt").write_text("m.0c\t1\t2\nm.0c\tone\t2\n")
    with pytest.raises(
        FolderError, match=r"line 2 of .*must be a person and two image numbers, .*got 'm.0c one 2'"
    ):
        faces.pairs()
    (txts / "Asian_pairs.txt").unlink()
    with pytest.raises(FolderError, match="the list of Asian pairs must be"):
        faces.pairs()
    for text, message in (
        ("portrait.jpg\t0\n", "line 1 of .*must be an image's name"),
        ("", "lists no images"),
    ):
        (txts / "Asian_images.txt").write_text(text)
        with pytest.raises(FolderError, match=message):
            RFW(root, ["Asian"])


@pytest.mark.parametrize("races", ["Asian", []])
def test_races_are_a_list(root, races) -> None:
    with pytest.raises(ValueError, match="races must be a list of some of African, Asian"):
        RFW(root, races)
    with pytest.raises(ValueError, match=r"each of races must be one of 'African', .* not 'Martian'"):
        RFW(root, ["Martian"])


def test_missing_images_are_named(root) -> None:
    (root / "test/data/Indian/m.0d/m.0d_0002.jpg").unlink()
    with pytest.raises(
        FolderError, match=r"1 of the 2 images listed in Indian_images.txt .*: Indian/m.0d/m.0d_0002"
    ):
        RFW(root, ["Indian"])
    assert len(RFW(root, missing="skip")) == 9
