"""Edits of attributes that exclude each other."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from cfwidgets.engines.pareto.coherence import Coherence

NAMES = ("bald", "black", "blond", "brown", "bangs", "young")
HAIR = (("bald", "black", "blond", "brown"), ("bald", "bangs"))
BROWN = torch.tensor([0.0, 0, 0, 1, 0, 1])


def coherent(deltas, has=BROWN, lower=-1.0, groups=HAIR):
    made = Coherence(NAMES, groups, has, torch.full((6,), lower))
    return made(torch.tensor([deltas], dtype=torch.float32))[0].tolist()


@pytest.mark.parametrize(
    ("deltas", "expected"),
    [
        # the image's own gives way to what is raised
        ((0, 0, 0.75, 0, 0, 0), (0, 0, 0.75, -0.75, 0, 0)),
        ((0, 0, 1.0, 0, 0, -1), (0, 0, 1.0, -1.0, 0, -1)),
        # enough room already
        ((0, 0, 0.25, -0.5, 0, 0), (0, 0, 0.25, -0.5, 0, 0)),
        # of several that are raised the most
        ((0, 0.5, 0.75, -1, 0, 0), (0, 0, 0.75, -1, 0, 0)),
        ((0, 0.5, 0.5, -1, 0, 0), (0, 0.5, 0, -1, 0, 0)),
        # what is in two groups takes the place of both, or gives way to either
        ((0.75, 0, 0.5, 0, 0.5, 0), (0.75, 0, 0, -0.75, 0, 0)),
        ((0.5, 0, 0, 0, 0.75, 0), (0, 0, 0, 0, 0.75, 0)),
        ((0.5, 0, 0.25, -0.5, 0.75, 0), (0, 0, 0.25, -0.5, 0.75, 0)),
        # nothing is raised
        ((-0.5, 0, -1, -0.5, 0, 0.5), (-0.5, 0, -1, -0.5, 0, 0.5)),
        ((0, 0, 0, 0, 0, 0), (0, 0, 0, 0, 0, 0)),
        # the image's own, raised
        ((0, 0.25, 0, 0.5, 0, 0), (0, 0, 0, 0.5, 0, 0)),
    ],
)
def test_what_gives_way(deltas, expected):
    assert coherent(deltas) == pytest.approx(expected, abs=1e-6)


def test_no_more_is_raised_than_the_bounds_make_room_for():
    frozen = torch.tensor([-1.0, -1, -1, 0, -1, -1])  # brown stays
    made = Coherence(NAMES, HAIR, BROWN, frozen)
    assert made(torch.tensor([[0, 0, 0.75, 0, 0.5, 0]]))[0].tolist() == [0, 0, 0, 0, 0.5, 0]
    # brown stays above ½
    assert coherent((0, 0, 0.75, 0, 0, 0), lower=-0.25) == [0, 0, 0.25, -0.25, 0, 0]


def test_what_an_image_has_twice_stays_where_nothing_is_raised():
    both = torch.tensor([0.0, 1, 0, 1, 0, 1])
    assert coherent((0, 0, 0, 0, 0, -1), has=both) == [0, 0, 0, 0, 0, -1]
    assert coherent((0, 0, 0.75, 0, 0, 0), has=both) == [0, -0.75, 0.75, -0.75, 0, 0]


def test_without_groups_nothing_is_changed():
    deltas = torch.rand(9, 6) * 2 - 1
    assert Coherence(NAMES, (), BROWN, -torch.ones(6))(deltas) is deltas


@st.composite
def edits(draw):
    """An image with at most one attribute of a group above ½, groups, bounds, and edits within them."""
    count = draw(st.integers(2, 7))
    names = [f"a{i}" for i in range(count)]
    groups = draw(
        st.lists(st.lists(st.sampled_from(names), min_size=2, unique=True), max_size=3, unique_by=tuple)
    )
    unit = st.floats(0, 1, width=32)
    has = torch.tensor([draw(unit) for _ in names])
    for group in groups:
        present = [names.index(name) for name in group if has[names.index(name)] > 0.5]
        for place in present[1:]:
            has[place] = 0.25
    lower, upper = (sign * torch.tensor([draw(unit) for _ in names]) for sign in (-1, 1))
    random = torch.Generator().manual_seed(draw(st.integers(0, 999)))
    deltas = lower + torch.rand(20, count, generator=random) * (upper - lower)
    kept = torch.rand(20, count, generator=random) < 0.7
    return names, groups, has, lower, upper, deltas * kept


@settings(deadline=None)
@given(edits())
def test_no_coherent_edit_has_two_of_a_group(given_):
    names, groups, has, lower, upper, deltas = given_
    made = Coherence(names, groups, has, lower)
    now = made(deltas)
    assert torch.equal(made(now), now)
    assert torch.equal(made(deltas), now)
    assert bool(((now >= lower - 1e-6) & (now <= upper + 1e-6)).all())
    grouped = torch.tensor([any(name in group for group in groups) for name in names])
    assert torch.equal(now[:, ~grouped], deltas[:, ~grouped])
    for group in groups:
        places = [names.index(name) for name in group]
        present = (has + now)[:, places]
        assert bool(((present > 0.5 + 1e-6).sum(1) <= 1).all())
        raised = now[:, places] > 0
        assert bool((raised.sum(1) <= 1).all())
        for row, up in zip(present, raised, strict=True):
            if bool(up.any()):
                assert bool((row[~up] <= (1 - row[up]).clamp_min(0) + 1e-6).all())
    untouched = ~((deltas > 0) & grouped).any(1)
    assert torch.equal(now[untouched], deltas[untouched])


@settings(deadline=None)
@given(edits())
def test_fewer_changes_are_coherent_too(given_):
    names, groups, has, lower, _, deltas = given_
    made = Coherence(names, groups, has, lower)
    for edit in made(deltas)[:5]:
        fewer = made.fewer(edit)
        assert torch.equal(made(fewer), fewer)
        assert bool(((fewer == edit) | (fewer == 0)).all())
        assert bool(((fewer != 0).sum(1) < (edit != 0).sum()).all())
        assert len(fewer) >= int(bool((edit != 0).any()))  # something can always be taken back


def test_what_made_room_is_taken_back_with_what_it_was_for():
    made = Coherence(NAMES, HAIR, BROWN, -torch.ones(6))
    fewer = made.fewer(torch.tensor([0.0, 0, 0.75, -0.75, 0, 0.5]))
    assert sorted(fewer.tolist()) == sorted(
        [
            [0, 0, 0.75, -0.75, 0, 0],
            [0, 0, 0, -0.75, 0, 0.5],  # without a colour
            [0, 0, 0, 0, 0, 0.5],
        ]
    )
