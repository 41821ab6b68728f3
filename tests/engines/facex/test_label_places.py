"""Places for names: within a region where they fit, else in free space, and never on each other."""

from __future__ import annotations

import pytest
from matplotlib.path import Path

from cfwidgets.engines.facex.label_places import place_labels

BOX = (0.0, 0.0, 200.0, 100.0)
SIZE = 5.0  # 3 units a letter, nearly 6 a line


def rectangle(x, y, width, height):
    return Path([(x, y), (x + width, y), (x + width, y + height), (x, y + height), (x, y)], closed=True)


def placed(outlines, texts=None):
    return place_labels(BOX, outlines, texts or {name: name for name in outlines}, SIZE)


def test_a_name_that_fits_is_in_the_middle_of_its_region():
    place = placed({"region": rectangle(50, 20, 60, 30)})["region"]
    assert place.inside
    assert place.label == pytest.approx((80, 35), abs=2)


def test_a_name_that_does_not_fit_is_beside_it():
    outlines = {"body": rectangle(50, 0, 100, 100), "region": rectangle(56, 40, 3, 20)}
    place = placed(outlines)["region"]
    assert not place.inside
    assert place.anchor == pytest.approx((57.5, 50), abs=1)
    assert place.label[0] < 50
    assert place.edge[0] == pytest.approx(place.label[0] + 9)  # half of six letters
    assert place.label[0] + 9 <= 51


def test_names_beside_do_not_meet():
    outlines = {"body": rectangle(60, 0, 80, 100)}
    outlines |= {f"name {number}": rectangle(65, 40 + 3 * number, 2, 2) for number in range(9)}
    labels = [place.label for name, place in placed(outlines).items() if name != "body"]
    assert len(labels) == 9
    for one in labels:
        for other in labels:
            apart = abs(one[0] - other[0]) >= 18 or abs(one[1] - other[1]) >= 5.75
            assert one is other or apart


def test_a_hidden_region_has_no_name():
    outlines = {"below": rectangle(50, 20, 60, 30), "above": rectangle(40, 10, 90, 60)}
    assert set(placed(outlines)) == {"above"}


def test_no_name_where_there_is_no_room():
    outlines = {"ground": rectangle(-1, -1, 202, 102), "dot": rectangle(50, 50, 2, 2)}
    assert set(placed(outlines)) == {"ground"}


def test_only_what_has_a_text_is_named():
    outlines = {"a": rectangle(0, 0, 90, 90), "b": rectangle(100, 0, 90, 90)}
    assert set(placed(outlines, {"b": "B"})) == {"b"}


def test_a_hole_is_no_part_of_a_region():
    hole = rectangle(160, 20, -120, 60)  # the other way round: so it is not filled
    ring = Path.make_compound_path(rectangle(20, 10, 160, 80), hole)
    place = placed({"ring": ring})["ring"]
    x, y = place.label
    assert not (40 < x < 160 and 20 < y < 80)
