"""The drawing as the page gets it: what its panels take up, and where the arrow keys lead."""

from __future__ import annotations

import math

import pytest

from cfwidgets.data.faces.outlines import outlines
from cfwidgets.data.faces.prototype import Prototype, PrototypeError, Region
from cfwidgets.widgets.facex.drawing import Place, drawing, place_beside, places_of

# A ground, on it two eyes beside each other and lips below them; a hat on a panel of its own.
SQUARES = Prototype(
    (0, 0, 160, 100),
    (
        Region("background", ("M0 0H100V100H0Z",)),
        Region("r_eye", ("M20 20h20v20h-20z",)),
        Region("l_eye", ("M60 20h20v20h-20z",)),
        Region("u_lip", ("M30 60H70V70H30Z", "M40 72H60V80H40Z")),
        Region("hat", ("M120 20H150V40H120Z",), 1),
    ),
)
LEFT, RIGHT, UP, DOWN = range(4)


def ways(sent):
    """Return a function that says where an arrow leads from the first place of a region."""
    names = [region["name"] for region in sent["regions"]]

    def to(name, way):
        here = next(place for place in sent["places"] if names[place["region"]] == name)
        there = here["beside"][way]
        return None if there < 0 else names[sent["places"][there]["region"]]

    return to


def places(prototype, panel=0, box=(0.0, 0.0, 100.0, 100.0)):
    """Return the points of each region's places."""
    own = {i: outlines(region) for i, region in enumerate(prototype.regions) if region.panel == panel}
    found = {prototype.regions[i].name: [] for i in own}
    for region, x, y in places_of(box, own):
        found[prototype.regions[region].name].append((x, y))
    return found


def test_the_squares_as_the_page_gets_them():
    # The front end's tests have the same, in js/tests/facex/fake.ts.
    sent = drawing(SQUARES)
    assert sent["regions"][3] == {"name": "u_lip", "paths": list(SQUARES.regions[3].paths), "panel": 0}
    assert sent["panels"] == [{"panel": 0, "box": [0, 0, 100, 100]}, {"panel": 1, "box": [120, 20, 30, 20]}]
    assert sent["order"] == [0, 1, 2, 3, 4]
    assert sent["places"] == [
        {"region": 1, "beside": [-1, 1, -1, 2]},
        {"region": 2, "beside": [0, 5, -1, 2]},
        {"region": 0, "beside": [0, 1, 0, 3]},
        {"region": 3, "beside": [0, 1, 2, -1]},
        {"region": 3, "beside": [0, 1, 2, -1]},
        {"region": 4, "beside": [1, -1, -1, 3]},
    ]


def test_the_reading_order_is_from_the_top_down_and_the_figure_first():
    stacked = Prototype(
        (0, 0, 9, 9),
        (
            Region("hat", ("M0 0H1V1Z",), 1),
            Region("low", ("M0 8H1V9Z", "M0 7H1V8Z")),
            Region("high", ("M0 1H1V2Z",)),
        ),
    )
    assert drawing(stacked)["order"] == [2, 1, 0]
    assert [panel["panel"] for panel in drawing(stacked)["panels"]] == [0, 1]


def test_what_has_no_area_is_shown_but_has_no_place():
    line = drawing(Prototype((0, 0, 9, 9), (Region("wing", ("M1 2h4",)),)))
    assert line["panels"] == [{"panel": 0, "box": [1, 2, 4, 1]}]
    assert line["places"] == []


def test_a_path_that_cannot_be_read():
    with pytest.raises(PrototypeError, match="the region 'nose' has a path that cannot be read: 'zork'"):
        drawing(Prototype((0, 0, 9, 9), (Region("nose", ("zork",)),)))


def test_places_are_middles_or_of_what_is_covered_the_widest_free_place():
    found = places(SQUARES)
    assert found["r_eye"] == [pytest.approx((30, 30), abs=1)]
    assert len(found["u_lip"]) == 2  # pieces of about the same size
    ((x, y),) = found["background"]
    assert min(x, 100 - x, y, 100 - y) > 5
    for name in ("r_eye", "l_eye", "u_lip"):
        assert all(math.dist((x, y), other) > 8 for other in found[name])


def test_small_pieces_are_no_places():
    crumbs = Prototype((0, 0, 100, 100), (Region("bread", ("M0 0H40V40H0Z", "M50 50H60V60H50Z")),))
    assert places(crumbs)["bread"] == [pytest.approx((20, 20), abs=1)]


def test_a_place_is_left_for_the_one_in_that_direction():
    to = ways(drawing(SQUARES))
    assert (to("r_eye", RIGHT), to("l_eye", LEFT), to("l_eye", RIGHT)) == ("l_eye", "r_eye", "hat")
    assert to("hat", RIGHT) is None


@pytest.mark.parametrize(
    ("others", "nearest"),
    [
        ([(100, 0), (20, 15)], 2),
        ([(40, 0), (20, 15)], 1),
        # Not far to a side, and not behind.
        ([(10, 30)], -1),
        ([(0, 10)], -1),
        ([(-10, 0)], -1),
    ],
)
def test_near_comes_before_straight_ahead(others, nearest):
    here = Place(0, 0, 0)
    found = [here, *(Place(i, x, y) for i, (x, y) in enumerate(others, start=1))]
    assert place_beside(found, here, 1, 0) == nearest


def test_another_piece_of_the_same_region_is_not_beside():
    here = Place(0, 0, 0)
    assert place_beside([here, Place(0, 10, 0)], here, 1, 0) == -1


@pytest.fixture(scope="module")
def face():
    return drawing(Prototype.face())


def test_the_keys_lead_from_each_region_of_our_face_to_each_other(face):
    sent = face["places"]
    assert {place["region"] for place in sent} == set(range(19))
    for start in range(len(sent)):
        reached, new = {start}, [start]
        while new:
            new = [to for place in new for to in sent[place]["beside"] if to >= 0 and to not in reached]
            reached.update(new)
        assert {sent[place]["region"] for place in reached} == set(range(19))


@pytest.mark.parametrize("part", ["eye", "brow", "ear"])
def test_the_places_of_our_face_lie_alike_on_both_sides(face, part):
    found = places(Prototype.face(), box=tuple(face["panels"][0]["box"]))
    (left, right), middle = (found[f"{side}_{part}"][0] for side in "lr"), 220
    # The person's left stands on the picture's right.
    assert left[0] - middle == pytest.approx(middle - right[0], abs=2.5)
    assert left[0] > middle
    assert left[1] == pytest.approx(right[1], abs=0.5)


def test_the_arrows_lead_over_our_face_as_one_expects(face):
    to = ways(face)
    assert (to("r_eye", RIGHT), to("l_eye", RIGHT), to("l_eye", UP)) == ("l_eye", "l_ear", "l_brow")
    assert (to("nose", DOWN), to("u_lip", DOWN), to("mouth", DOWN)) == ("u_lip", "mouth", "l_lip")
    assert (to("hat", DOWN), to("eye_g", UP)) == ("eye_g", "hat")
    assert [face["regions"][i]["name"] for i in face["order"]][:3] == ["background", "hair", "skin"]
