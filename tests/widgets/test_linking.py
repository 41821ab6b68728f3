"""The point and the region that views over one picture share."""

from __future__ import annotations

import pytest
import small
from traitlets import TraitError

import cfwidgets as cf
from cfwidgets.widgets.linking import LINKED, Linked

VIEWS = (cf.SuperpixelView, cf.RelevanceView, cf.TransitionView, cf.ParetoView, cf.TranslationView)
RING = [0.0, 0.0, 1.0, 0.0, 1.0, 1.0]


@pytest.fixture
def view():
    engine = cf.ELime(segments=4, population=4, generations=1, trust=False)
    made = cf.SuperpixelView(small.classifier(), small.picture(0), engine=engine)
    made.run.result()
    yield made
    made.close()


@pytest.mark.parametrize("kind", VIEWS)
def test_every_view_over_one_picture_has_both_and_leaves_them_to_the_page(kind):
    assert issubclass(kind, Linked)
    assert kind.linked >= LINKED
    assert not kind.from_page & LINKED
    assert set(kind.class_traits(sync=True)) >= LINKED


def test_what_the_page_sets_is_neither_taken_nor_refused(view):
    view.set_state({"point": [0.5, 0.5], "region": [RING]})
    view.set_state({"point": "nowhere", "region": [[7]]})
    assert (view.point, view.region, view.error) == ([], [], "")


def test_python_sets_both(view):
    view.point, view.region = [0.25, 1], [(0, 0, 1, 0, 1, 1)]
    assert (view.point, view.region) == ([0.25, 1.0], [RING])
    view.point, view.region = [], []
    assert (view.point, view.region) == ([], [])


@pytest.mark.parametrize("point", [[0.5], [0.5, 0.5, 0.5], [1.01, 0], [0, -0.01], [float("nan"), 0]])
def test_a_point_that_is_none_is_refused(view, point):
    with pytest.raises(TraitError, match=r"point must be empty or \[x, y\], each from 0 to 1"):
        view.point = point
    assert view.point == []


@pytest.mark.parametrize(
    ("region", "words"),
    [([[0, 0, 1, 2, 1, 1]], "leaves the picture"), ([[0, 0]], "at least 3"), ([1], "list")],
)
def test_a_region_that_is_none_is_refused(view, region, words):
    with pytest.raises(TraitError, match=words):
        view.region = region
    assert view.region == []
