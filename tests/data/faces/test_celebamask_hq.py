from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image

from cfwidgets.data import REGIONS, CelebA, CelebAMaskHQ, FolderError, MaskError, unpack_masks
from cfwidgets.data.faces.masks.region_bits import resize


def test_masks_are_as_drawn(hq, truth) -> None:
    faces = CelebAMaskHQ(hq)
    assert faces.files == ("0.jpg", "1.jpg", "2000.jpg")
    for face in (faces[number] for number in range(3)):
        assert face.masks.dtype == torch.int32
        assert face.masks.tolist() == truth[face.name]


def test_overlaps_stay_except_those_of_skin(hq) -> None:
    masks = unpack_masks(CelebAMaskHQ(hq)[0].masks)
    hair, ear, glasses, eye, skin, nose = (
        masks[REGIONS.index(name)] for name in ("hair", "l_ear", "eye_g", "l_eye", "skin", "nose")
    )
    assert (hair & ear).sum() == 1
    assert (glasses & eye).sum() == 1
    assert not (skin & (hair | ear | glasses | eye | nose)).any()
    assert masks.any(0).all()
    assert masks.sum() == 64 + 1 + 1 + 1  # hair and ear, glasses and eye, glasses and ear


def test_attributes_by_name(hq) -> None:
    faces = CelebAMaskHQ(hq)
    assert faces.names == ("Male", "Wearing_Hat")
    assert faces.attributes.tolist() == [[False, True], [True, False], [True, True]]
    assert faces[1].attributes.tolist() == [True, False]
    assert faces.column("Male").tolist() == [False, True, True]
    assert faces.regions == REGIONS
    assert repr(faces) == f"<CelebAMaskHQ {str(hq)!r}: 3 images, 2 attributes, masks>"


def test_images_have_the_size_of_the_masks(hq) -> None:
    for number, face in enumerate(CelebAMaskHQ(hq)[number] for number in range(3)):
        assert face.image.shape == (3, 8, 8)
        torch.testing.assert_close(
            face.image, torch.full((3, 8, 8), (50, 50, 150)[number] / 255), atol=0.01, rtol=0
        )


@pytest.mark.parametrize("size", [4, 12, (4, 8), (16, 16)])
def test_images_and_masks_are_brought_to_the_size_asked_for(hq, truth, size) -> None:
    face = CelebAMaskHQ(hq, size=size)[0]
    height, width = size if isinstance(size, tuple) else (size, size)
    assert face.image.shape == (3, height, width)
    own = torch.tensor(truth["0.jpg"], dtype=torch.int32)
    assert torch.equal(face.masks, resize(own, (height, width)))


def test_without_masks_images_keep_their_size(hq) -> None:
    faces = CelebAMaskHQ(hq, masks=None)
    assert faces[0].image.shape == (3, 16, 16)
    assert faces[0].masks is None
    assert not faces.has_masks
    assert faces.cache_path is None


def test_masks_are_own_or_found(hq) -> None:
    with pytest.raises(ValueError, match="masks must be one of 'own', 'farl', not 'theirs'"):
        CelebAMaskHQ(hq, masks="theirs")


def test_the_root_may_be_the_folder_above(hq) -> None:
    assert len(CelebAMaskHQ(hq.parent)) == 3


def test_the_split_is_that_of_celeba(hq) -> None:
    parts = {part: CelebAMaskHQ(hq, part).files for part in ("train", "valid", "test")}
    assert parts == {"train": ("0.jpg",), "valid": ("1.jpg",), "test": ("2000.jpg",)}
    faces = CelebAMaskHQ(hq, "valid")
    assert faces.celeba_files == ("162771.jpg",)
    assert faces.attributes.tolist() == [[True, False]]


def test_the_mapping_may_have_lost_its_header_or_be_missing(hq) -> None:
    mapping = hq / "CelebA-HQ-to-CelebA-mapping.txt"
    mapping.write_text("".join(mapping.read_text().splitlines(keepends=True)[1:]))
    assert CelebAMaskHQ(hq).celeba_files == ("119614.jpg", "162771.jpg", "182638.jpg")
    mapping.unlink()
    assert CelebAMaskHQ(hq).celeba_files is None
    with pytest.raises(FolderError, match=r'mapping to CelebA, which split needs unless it is "all"'):
        CelebAMaskHQ(hq, "test")


def test_celeba_without_those_images(hq, celeba) -> None:
    faces = CelebA(celeba)
    left = faces.select(~faces.frame.index.isin(CelebAMaskHQ(hq).celeba_files))
    assert left.files == ("000001.jpg", "162770.jpg", "182637.jpg", "202599.jpg")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("0 119613\n", "row 1 of .*mapping.txt' must be an image's number, .*got '0 119613'"),
        ("0 1 000002.jpg\n1 2 000003.jpg\n", r"mapping.txt' says nothing of 1 images: 2000.jpg$"),
    ],
)
def test_a_mapping_of_another_layout_is_refused(hq, text, message) -> None:
    (hq / "CelebA-HQ-to-CelebA-mapping.txt").write_text(text)
    with pytest.raises(FolderError, match=message):
        CelebAMaskHQ(hq)


@pytest.mark.parametrize(
    ("gone", "message"),
    [
        (
            "CelebA-HQ-img",
            r"the images must be CelebA-HQ-img/ in .*found there: CelebA-HQ-to-CelebA-mapping.txt, ",
        ),
        ("CelebAMask-HQ-mask-anno", r"the masks must be CelebAMask-HQ-mask-anno/ in .* The layout is "),
        ("CelebAMask-HQ-attribute-anno.txt", "the attributes must be CelebAMask-HQ-attribute-anno.txt in "),
    ],
)
def test_what_is_missing_is_named(hq, gone, message) -> None:
    (hq / gone).rename(hq.parent / "elsewhere")
    with pytest.raises(FolderError, match=message):
        CelebAMaskHQ(hq)


def test_a_root_that_is_no_folder_is_named(hq) -> None:
    with pytest.raises(
        FolderError, match=r"nowhere' does not exist; give the folder of the data set: CelebA-HQ"
    ):
        CelebAMaskHQ(hq / "nowhere")
    with pytest.raises(FolderError, match=r"anno.txt' is a file; give"):
        CelebAMaskHQ(hq / "CelebAMask-HQ-attribute-anno.txt")


def test_images_without_masks_are_named_or_left_out(hq) -> None:
    (hq / "CelebAMask-HQ-mask-anno/1").rename(hq / "elsewhere")
    with pytest.raises(
        FolderError, match=r"1 of 3 images have no masks in .*: 2000.jpg. Was all of it unpacked"
    ):
        CelebAMaskHQ(hq)
    faces = CelebAMaskHQ(hq, missing="skip")
    assert faces.files == ("0.jpg", "1.jpg")
    assert faces.skipped == 1
    assert repr(faces).endswith("masks, 1 missing>")
    assert len(CelebAMaskHQ(hq, masks=None)) == 3


def test_images_that_are_listed_and_not_there_are_named_or_left_out(hq, truth) -> None:
    (hq / "CelebA-HQ-img/1.jpg").unlink()
    with pytest.raises(
        FolderError,
        match=r"1 of the 3 images listed in CelebAMask-HQ-attribute-anno.txt are not in .*: 1.jpg; miss",
    ):
        CelebAMaskHQ(hq)
    faces = CelebAMaskHQ(hq, missing="skip")
    assert faces.files == ("0.jpg", "2000.jpg")
    assert faces.celeba_files == ("119614.jpg", "182638.jpg")
    assert faces.attributes.tolist() == [[False, True], [True, True]]
    assert faces[1].masks.tolist() == truth["2000.jpg"]
    with pytest.raises(ValueError, match="missing must be one of 'error', 'skip', not 'leave'"):
        CelebAMaskHQ(hq, missing="leave")


def test_masks_of_a_region_that_there_is_not_are_named(hq) -> None:
    folder = hq / "CelebAMask-HQ-mask-anno/0"
    (folder / "00000_hair.png").rename(folder / "00000_beard.png")
    with pytest.raises(
        FolderError, match=r"regions that are not CelebAMask-HQ's: 00000_beard.png; its regions are"
    ):
        CelebAMaskHQ(hq)


def test_masks_that_do_not_fit_are_named_when_asked_for(hq) -> None:
    folder = hq / "CelebAMask-HQ-mask-anno/0"
    Image.new("L", (4, 8)).save(folder / "00000_hair.png")
    (folder / "00001_hat.png").write_bytes(b"nothing")
    faces = CelebAMaskHQ(hq)
    with pytest.raises(
        MaskError, match=r"masks of 0.jpg must be of one size; 00000_hair.png has 8 x 4, others 8 x 8"
    ):
        faces[0]
    with pytest.raises(MaskError, match=r"00001_hat.png' cannot be read"):
        faces[1]
    assert faces[2].name == "2000.jpg"
    (folder / "00001_hat.png").unlink()
    with pytest.raises(FolderError, match=r"00001_hat.png' is gone since the data set was opened"):
        faces[1]


def test_masks_of_another_shape_than_the_image_are_named(hq, save_picture) -> None:
    save_picture(hq / "CelebA-HQ-img/1.jpg", 0, (16, 8))
    with pytest.raises(MaskError, match=r"masks and image of 1.jpg .* the image has 8 x 16, its masks 8 x 8"):
        CelebAMaskHQ(hq)[1]


def test_images_called_otherwise_are_named(hq) -> None:
    (hq / "CelebAMask-HQ-attribute-anno.txt").write_text("1\nMale\nface.jpg 1\n")
    with pytest.raises(FolderError, match=r"called by their numbers in .*; got face.jpg"):
        CelebAMaskHQ(hq)


def test_a_palette_whose_colours_are_all_black_is_empty(hq) -> None:
    """Only colours count: a mask of number 1, painted black, is none."""
    path = hq / "CelebAMask-HQ-mask-anno/0/00001_skin.png"
    image = Image.fromarray(np.ones((8, 8), np.uint8), mode="P")
    image.putpalette([255, 255, 255, 0, 0, 0])
    image.save(path)
    assert CelebAMaskHQ(hq)[1].masks.unique().tolist() == [1]
