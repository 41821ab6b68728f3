"""The drawing of the regions: ours, and what is refused."""

from __future__ import annotations

import re

import pytest

from cfwidgets.data.faces import REGIONS
from cfwidgets.data.faces.prototype import Prototype, PrototypeError, Region


def svg(inside, *, box='viewBox="0 0 100 50"', namespace='xmlns="http://www.w3.org/2000/svg"'):
    return f"<svg {namespace} {box}>{inside}</svg>"


def panel(inside, number=0):
    return f'<g id="panel-{number}">{inside}</g>'


BIRD = panel('<path id="wing" d="M0 0 L10,0 10 10Z"/><g id="legs"><path d="M1 1 h2"/><path d="m3 1v2z"/></g>')


@pytest.fixture
def read(tmp_path):
    def from_text(text):
        file = tmp_path / "drawing.svg"
        file.write_text(text, encoding="utf-8")
        return Prototype.from_svg(file)

    return from_text


def middle(region):
    """Mean x of the numbers of absolute path data."""
    numbers = [float(n) for n in re.findall(r"-?\d+\.?\d*", " ".join(region.paths))]
    return sum(numbers[::2]) / len(numbers[::2])


def test_reading(read):
    hat = panel('<path id="hat" d="M60 0 C1 2 3 4 5 6 A1e1 1 0 0 1 70-5"/>', 1)
    found = read(svg('<title>bird</title><defs><path id="x" d="M0 0"/></defs>' + BIRD + hat))
    assert found.box == (0, 0, 100, 50)
    assert found.regions == (
        Region("wing", ("M0 0 L10,0 10 10Z",)),
        Region("legs", ("M1 1 h2", "m3 1v2z")),
        Region("hat", ("M60 0 C1 2 3 4 5 6 A1e1 1 0 0 1 70-5",), 1),
    )


def test_where_the_file_is_given_as_text(tmp_path, read):
    read(svg(BIRD))
    assert Prototype.from_svg(str(tmp_path / "drawing.svg")) == Prototype.from_svg(tmp_path / "drawing.svg")


def test_boxes_with_commas_and_negative_corners(read):
    assert read(svg(BIRD, box='viewBox=" -1.5,2 , 30\n4e1 "')).box == (-1.5, 2, 30, 40)


def test_what_has_no_name_is_no_region(read):
    extra = panel('<path d="M0 0h1"/><text id="words">wing</text><path id="tail" d="M0 0h1"/><!-- ? -->')
    assert [region.name for region in read(svg(extra)).regions] == ["tail"]


@pytest.mark.parametrize(
    "box",
    ["", 'viewBox=""', 'viewBox="0 0 100"', 'viewBox="0 0 1 1 1"', 'viewBox="0 0 a b"']
    + [f'viewBox="0 0 {size}"' for size in ("0 5", "5 -5", "nan 5", "5 inf")],
)
def test_no_view_box(read, box):
    with pytest.raises(PrototypeError, match=r"drawing\.svg: the drawing needs a viewBox of four numbers"):
        read(svg(BIRD, box=box))


@pytest.mark.parametrize(
    "text",
    [
        svg('<path id="wing" d="M0 0h1"/>'),
        svg('<g id="bird"><path id="wing" d="M0 0h1"/></g>'),
        svg(panel("")),
        svg(BIRD, namespace=""),
    ],
)
def test_no_panels(read, text):
    with pytest.raises(PrototypeError, match="there is no group with the id panel-0"):
        read(text)


@pytest.mark.parametrize("number", [0, 1])
def test_a_region_drawn_twice(read, number):
    with pytest.raises(PrototypeError, match="the region 'wing' is drawn twice; put its paths into a group"):
        read(svg(BIRD + panel('<path id="wing" d="M0 0h1"/>', number)))


@pytest.mark.parametrize(
    "data", ["", "   ", "none", "url(#x)", "M0 0 &quot;/>", "javascript:1", "L0 0", "0 0 1 1", "MZ"]
)
def test_paths_that_cannot_be_read(read, data):
    with pytest.raises(PrototypeError, match="the region 'wing' has a path that cannot be read"):
        read(svg(panel(f'<path id="wing" d="{data}"/>')))


def test_transforms_are_refused_rather_than_left_out(read):
    moved = '<path id="wing" transform="translate(5)" d="M0 0h1"/>'
    with pytest.raises(PrototypeError, match="transform"):
        read(svg(panel(moved)))
    with pytest.raises(PrototypeError, match="transform"):
        read(svg(panel(f'<g id="wing">{moved}</g>')))


@pytest.mark.parametrize("text", ["", "a bird", "<svg", "<svg></g>", "<svg>&bird;</svg>"])
def test_no_xml(read, text):
    with pytest.raises(PrototypeError, match=r"drawing\.svg is not an SVG file"):
        read(text)


def test_a_picture_is_no_drawing(tmp_path):
    file = tmp_path / "face.png"
    file.write_bytes(b"\x89PNG\r\n\x1a\n\xff\xfe")
    with pytest.raises(PrototypeError, match=r"face\.png is not an SVG file"):
        Prototype.from_svg(file)


def test_no_such_file(tmp_path):
    with pytest.raises(PrototypeError, match=r"there is no file .*nowhere\.svg"):
        Prototype.from_svg(tmp_path / "nowhere.svg")


def test_entities_do_not_grow(read):
    levels = "".join(f'<!ENTITY e{i} "{f"&e{i - 1};" * 10}">' for i in range(1, 10))
    bomb = f'<!DOCTYPE svg [<!ENTITY e0 "0123456789">{levels}]>' + svg("<title>&e9;</title>" + BIRD)
    with pytest.raises(PrototypeError, match="is not an SVG file"):
        read(bomb)


def test_files_are_not_drawn_in(read, tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("M0 0h1")
    outside = f'<!DOCTYPE svg [<!ENTITY e SYSTEM "{secret.as_uri()}">]>' + svg(panel("<g id='wing'>&e;</g>"))
    with pytest.raises(PrototypeError):
        read(outside)


def test_regions_that_are_not_drawn(read):
    bird = read(svg(BIRD))
    bird.require(("legs",))
    bird.require(())
    with pytest.raises(PrototypeError, match="no region beak, tail; it has legs, wing"):
        bird.require(("beak", "wing", "tail"))


def test_our_face_has_all_regions():
    face = Prototype.face()
    face.require(REGIONS)
    assert sorted(region.name for region in face.regions) == sorted(REGIONS)
    assert {region.name for region in face.regions if region.panel == 1} == {"hat", "eye_g"}
    x, _, width, _ = face.box
    for region in face.regions:
        assert x <= middle(region) <= x + width


@pytest.mark.parametrize("part", ["eye", "brow", "ear"])
def test_the_left_of_the_person_is_on_the_right_of_our_face(part):
    parts = {region.name: region for region in Prototype.face().regions}
    left, right, nose = (middle(parts[name]) for name in (f"l_{part}", f"r_{part}", "nose"))
    assert right < nose < left


def test_our_face_is_drawn_in_a_sensible_order():
    """What lies on the skin comes after it, or it could not be seen."""
    order = [region.name for region in Prototype.face().regions]
    for name in ("nose", "l_eye", "r_eye", "l_brow", "r_brow", "mouth", "u_lip", "l_lip"):
        assert order.index("skin") < order.index(name)
    assert order.index("neck") < order.index("neck_l")
    assert order[0] == "background"
