from __future__ import annotations

import colorsys
from typing import Any

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader

from cfwidgets.data import REGIONS, Portraits, collate_faces, portraits
from cfwidgets.data.portraits import ATTRIBUTES

WITHOUT = dict.fromkeys(
    ["Eyeglasses", "Wearing_Hat", "Wearing_Earrings", "Wearing_Necklace", "Bangs", "Bald", "Mustache"], False
)
PLAIN = {**WITHOUT, "No_Beard": True}


@pytest.fixture(scope="module")
def many() -> Portraits:
    """Enough for every attribute, more of the rare ones."""
    shares = {"Eyeglasses": 0.4, "Wearing_Hat": 0.3, "Wearing_Necklace": 0.4, "Bald": 0.1, "Pale_Skin": 0.2}
    return portraits(100, size=96, seed=5, attributes=shares)


@pytest.fixture(scope="module")
def plain() -> Portraits:
    return portraits(16, size=96, seed=8, attributes=PLAIN)


def present(faces: Portraits, region: str) -> torch.Tensor:
    return faces.mask(region).flatten(1).any(1)


def mean_colours(faces: Portraits, region: str) -> torch.Tensor:
    """Mean colour of each face's region, (n, 3), 0 to 1."""
    mask = faces.mask(region)[:, None].float()
    return (faces.images * mask).sum((2, 3)) / mask.sum((2, 3))


def test_shapes_types_and_ranges() -> None:
    faces = portraits(3, size=40, seed=1)
    assert faces.pixels.shape == (3, 3, 40, 40)
    assert faces.pixels.dtype == torch.uint8
    assert faces.images.shape == (3, 3, 40, 40)
    assert faces.images.dtype == torch.float32
    assert faces.images.max() <= 1
    assert torch.equal((faces.images * 255).round().byte(), faces.pixels)
    assert faces.attributes.shape == (3, 18)
    assert faces.attributes.dtype == torch.bool
    assert faces.masks.shape == (3, 19, 40, 40)
    assert faces.masks.dtype == torch.bool
    assert faces.region_bits.dtype == torch.int32
    assert (len(faces), faces.size, faces.seed, faces.first) == (3, 40, 1, 0)
    assert faces.names == ATTRIBUTES
    assert faces.regions == REGIONS
    assert repr(faces) == "Portraits(3 of 40 x 40 pixels, seed 1, from 0)"


def test_the_same_numbers_give_the_same_portraits_and_others_do_not() -> None:
    one, same, other = portraits(4, 48, 3), portraits(4, 48, 3), portraits(4, 48, 4)
    assert torch.equal(one.pixels, same.pixels)
    assert torch.equal(one.region_bits, same.region_bits)
    assert torch.equal(one.attributes, same.attributes)
    assert not torch.equal(one.pixels, other.pixels)
    assert len({image.numpy().tobytes() for image in one.pixels}) == 4


@pytest.mark.slow
def test_a_portrait_depends_on_its_number_alone(many: Portraits) -> None:
    shares = {"Eyeglasses": 0.4, "Wearing_Hat": 0.3, "Wearing_Necklace": 0.4, "Bald": 0.1, "Pale_Skin": 0.2}
    # 100 are drawn in other processes, 5 in this one
    few = portraits(5, size=96, seed=5, attributes=shares)
    assert torch.equal(few.pixels, many.pixels[:5])
    assert torch.equal(few.region_bits, many.region_bits[:5])
    later = portraits(3, size=96, seed=5, attributes=shares, first=7)
    assert torch.equal(later.pixels, many.pixels[7:10])
    assert torch.equal(later.attributes, many.attributes[7:10])


def test_a_loader_takes_them(plain: Portraits) -> None:
    batch = next(iter(DataLoader(plain, batch_size=6, collate_fn=collate_faces)))  # type: ignore[arg-type]
    assert torch.equal(batch.image, plain.images[:6])
    assert torch.equal(batch.attributes, plain.attributes[:6])
    assert torch.equal(batch.masks, plain.region_bits[:6])
    assert [face.name for face in plain][:2] == ["portrait 0", "portrait 1"]
    assert torch.equal(torch.stack([face.image for face in plain]), plain.images)
    with pytest.raises(IndexError):
        plain[len(plain)]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("attribute", "region"),
    [
        ("Eyeglasses", "eye_g"),
        ("Wearing_Hat", "hat"),
        ("Wearing_Earrings", "ear_r"),
        ("Wearing_Necklace", "neck_l"),
        ("Mouth_Slightly_Open", "mouth"),
    ],
)
def test_what_is_worn_has_its_region_and_what_is_not_has_none(
    many: Portraits, attribute: str, region: str
) -> None:
    worn = many.attribute(attribute)
    assert 0 < worn.sum() < len(many)
    assert torch.equal(present(many, region), worn)


@pytest.mark.parametrize("region", ["skin", "nose", "u_lip", "l_lip", "neck", "cloth", "background", "l_eye"])
def test_what_every_face_shows_is_there(many: Portraits, region: str) -> None:
    assert present(many, region).all()


def test_plain_faces_have_all_their_parts(plain: Portraits) -> None:
    for region in ("l_brow", "r_brow", "l_eye", "r_eye", "hair"):
        assert present(plain, region).all(), region


def test_every_pixel_belongs_somewhere_and_the_background_to_nothing_else(many: Portraits) -> None:
    assert (many.region_bits > 0).all()
    assert (many.region_bits < 1 << 19).all()
    assert (many.region_bits[many.mask("background")] == 1).all()


def test_left_is_the_persons_left(plain: Portraits) -> None:
    columns = torch.arange(plain.size).float()
    for part in ("eye", "brow"):
        left, right = (
            (plain.mask(f"{side}_{part}").float().sum(1) * columns).sum(1)
            / plain.mask(f"{side}_{part}").sum((1, 2))
            for side in "lr"
        )
        assert (left > right + 10).all()


def test_features_lie_on_the_skin_and_glasses_over_eyes(many: Portraits) -> None:
    skin = many.mask("skin")
    for region in ("nose", "l_eye", "r_eye", "l_brow", "r_brow", "mouth", "u_lip", "l_lip"):
        assert not (many.mask(region) & ~skin).any(), region
    worn = many.attribute("Eyeglasses")
    eyes = many.mask("l_eye") | many.mask("r_eye")
    assert ((eyes & many.mask("eye_g")).flatten(1).sum(1)[worn] > 10).all()


@pytest.mark.costly
@pytest.mark.parametrize("attribute", ["Black_Hair", "Blond_Hair", "Brown_Hair"])
def test_hair_has_its_colour(plain: Portraits, attribute: str) -> None:
    red, green, blue = mean_colours(plain.edited(**{attribute: True}), "hair").T
    light = (red + green + blue) / 3
    if attribute == "Black_Hair":
        assert (light < 0.32).all()
    elif attribute == "Brown_Hair":
        assert ((light > 0.17) & (light < 0.5) & (red > 1.12 * blue)).all()
    else:
        assert ((light > 0.45) & (red > green) & (green > 1.1 * blue)).all()


def test_bald_heads_have_next_to_no_hair(plain: Portraits) -> None:
    hair = plain.edited(Bald=True).mask("hair").sum((1, 2))
    assert (hair < 0.35 * plain.mask("hair").sum((1, 2))).all()


def test_lipstick_is_saturated(plain: Portraits) -> None:
    def saturations(faces: Portraits) -> np.ndarray:
        return np.array([colorsys.rgb_to_hsv(*colour)[1] for colour in mean_colours(faces, "l_lip").tolist()])

    bare, painted = plain.edited(Wearing_Lipstick=False), plain.edited(Wearing_Lipstick=True)
    assert (saturations(painted) > saturations(bare) + 0.12).all()


def test_pale_skin_is_lighter(plain: Portraits) -> None:
    pale, other = (mean_colours(plain.edited(Pale_Skin=value), "nose").mean(1) for value in (True, False))
    assert pale.min() > other.max()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("attribute", "regions", "reach"),
    [
        ("Eyeglasses", ["eye_g"], 6),
        ("Wearing_Necklace", ["neck_l"], 3),
        ("Wearing_Earrings", ["ear_r"], 3),
        ("Wearing_Lipstick", ["u_lip", "l_lip"], 3),
        ("Bushy_Eyebrows", ["l_brow", "r_brow"], 3),
        # a smile's cheeks and the shadow under the lip go with the mouth
        ("Mouth_Slightly_Open", ["u_lip", "l_lip", "mouth"], 12),
    ],
)
def test_an_edit_changes_nothing_far_from_its_regions(
    plain: Portraits, attribute: str, regions: list[str], reach: int
) -> None:
    without, edited = plain.edited(**{attribute: False}), plain.edited(**{attribute: True})
    near = torch.stack([faces.mask(region) for faces in (without, edited) for region in regions]).any(0)
    near = torch.nn.functional.max_pool2d(near[:, None].float(), 2 * reach + 1, 1, reach) > 0
    differs = (without.pixels != edited.pixels).any(1, keepdim=True)
    assert differs.flatten(1).any(1).all()
    assert not (differs & ~near).any()
    other = (without.region_bits ^ edited.region_bits) != 0
    assert not (other[:, None] & ~near).any()


@pytest.mark.slow
@pytest.mark.parametrize("attribute", ATTRIBUTES)
def test_each_attribute_shows_and_only_it_and_what_it_excludes_change(attribute: str) -> None:
    few = portraits(6, size=64, seed=8, attributes=PLAIN)
    off, on = few.edited(**{attribute: False}), few.edited(**{attribute: True})
    assert (off.pixels != on.pixels).flatten(1).any(1).all()
    allowed = {attribute}
    if attribute == "Bald":
        allowed |= {"Bangs", "Black_Hair", "Blond_Hair", "Brown_Hair"}
    if "Hair" in attribute:
        allowed |= {"Black_Hair", "Blond_Hair", "Brown_Hair"}
    changed = {name for name in ATTRIBUTES if not torch.equal(off.attribute(name), on.attribute(name))}
    assert attribute in changed
    assert changed <= allowed
    # the background is the same wherever both show it
    both = (off.mask("background") & on.mask("background"))[:, None].expand_as(off.pixels)
    inner = torch.nn.functional.max_pool2d((~both).float(), 5, 1, 2) == 0
    assert torch.equal(off.pixels[inner], on.pixels[inner])


def test_an_edit_and_its_opposite_give_back_the_portraits(plain: Portraits) -> None:
    worn = plain.attribute("Wearing_Lipstick")
    back = plain.edited(Wearing_Lipstick=~worn).edited(Wearing_Lipstick=worn)
    assert torch.equal(back.pixels, plain.pixels)
    assert torch.equal(back.region_bits, plain.region_bits)
    assert torch.equal(back.attributes, plain.attributes)


def test_a_larger_picture_is_the_same_drawing() -> None:
    small, large = portraits(6, size=64, seed=2), portraits(6, size=256, seed=2)
    shrunk = torch.nn.functional.avg_pool2d(large.images, 4)
    assert (shrunk - small.images).abs().mean() < 0.012
    coverage = torch.nn.functional.avg_pool2d(large.masks.float(), 4)
    for index, region in enumerate(REGIONS):
        mask = small.masks[:, index]
        # where the large mask covers all or nothing of a pixel, the small one says the same, but for what is
        # thinner than a pixel
        clear = (coverage[:, index] == 1) | (coverage[:, index] == 0)
        wrong = (mask != (coverage[:, index] > 0.5)) & clear
        assert wrong.float().mean() < 0.0005, region
        assert abs(mask.sum() - coverage[:, index].sum()) <= 0.08 * coverage[:, index].sum() + 20, region


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"n": 0}, "n must be a whole number of at least 1, not 0"),
        ({"size": 8}, "size must be a whole number of at least 16, not 8"),
        ({"seed": -1}, "seed must be a whole number of at least 0, not -1"),
        ({"first": 1.5}, "first must be a whole number of at least 0, not 1.5"),
        ({"attributes": {"Smile": True}}, "no attribute is named 'Smile': .*; did you mean 'Smiling'"),
        ({"attributes": {"male": True}}, "did you mean 'Male'?"),
        ({"attributes": {"Male": 1.2}}, r"attributes\['Male'\] must be a number from 0 to 1, not 1.2"),
        ({"attributes": ["Male"]}, r"attributes must be a dict of attribute names, not \['Male'\]"),
        ({"attributes": {"Bald": True, "Black_Hair": True}}, "Bald .* Black_Hair .* exclude each other"),
        ({"correlate": {"Gender": {"Bald": 0.9}}}, "no target is named 'Gender'"),
        ({"correlate": {"Male": {"Lipstick": 0.9}}}, "did you mean 'Wearing_Lipstick'?"),
        (
            {"correlate": {"Male": {"Bald": 99}}},
            r"correlate\['Male'\]\['Bald'\] must be a number from 0 to 1",
        ),
        ({"correlate": {"Male": {"Male": 0.9}}}, "Male cannot be correlated with itself"),
        ({"correlate": {"Male": 0.9}}, r"correlate\['Male'\] must be a dict"),
        (
            {"correlate": {"Male": {"Young": 0.9}, "Young": {"Bald": 0.9}}},
            "Young, which itself is to follow Male",
        ),
        ({"correlate": {"Male": {"Bald": 0.9, "Blond_Hair": 0.9}}}, "exclude each other"),
        ({"correlate": {"Male": {"Bald": 0.9}}, "attributes": {"Bald": True}}, "asked for twice"),
    ],
)
def test_bad_input_is_named(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        portraits(**{"n": 1, "size": 16, **arguments})


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"Glasses": True}, "did you mean 'Eyeglasses'?"),
        ({"Male": 1}, "Male must be True, False, or one bool for each of the 2 portraits, not 1"),
        ({"Male": torch.tensor([True])}, "one bool for each of the 2 portraits"),
        ({"Male": torch.tensor([0.5, 0.5])}, "one bool for each of the 2 portraits"),
        (
            {"Bald": True, "Bangs": np.array([False, True])},
            r"Bald and Bangs exclude each other \(portrait 1\)",
        ),
    ],
)
def test_bad_edits_are_named(changes: dict[str, Any], message: str) -> None:
    faces = portraits(2, size=16)
    with pytest.raises(ValueError, match=message):
        faces.edited(**changes)


def test_unknown_names_are_refused_when_asked_for() -> None:
    faces = portraits(1, size=16)
    with pytest.raises(ValueError, match="did you mean 'Smiling'"):
        faces.attribute("smilling")
    with pytest.raises(ValueError, match="region must be one of 'background'"):
        faces.mask("eyes")
