"""The running list of the best patches: against sorting everything at once."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from cfwidgets.engines.facex.top_patches import best_patches, merged, no_patches

SIDE, ROWS, COLUMNS = 2, 2, 3


def pictures(n, seed=0):
    levels = torch.randint(
        256, (n, 3, ROWS * SIDE, COLUMNS * SIDE), generator=torch.Generator().manual_seed(seed)
    )
    return levels / 255


def all_at_once(values, images, k, each):
    return best_patches(values, images, range(len(values)), SIDE, k, each)


def sorted_by_hand(values, k, each):
    """For each region ``[(value, image, patch), …]`` by value, then image, then patch."""
    n, parts, regions = values.shape
    best = []
    for region in range(regions):
        all_of = [(float(values[i, p, region]), i, p) for i in range(n) for p in range(parts)]
        ranked = sorted((one for one in all_of if one[0] > 0), key=lambda one: (-one[0], one[1], one[2]))
        taken, left = [], dict.fromkeys(range(n), each)
        for value, image, part in ranked:
            if left[image] != 0:
                left[image] = None if left[image] is None else left[image] - 1
                taken.append((value, image, part))
        best.append(taken[:k])
    return best


def listed(patches):
    """The same of patches."""
    return [
        [
            (value, image, row // SIDE * COLUMNS + column // SIDE)
            for value, image, (row, column) in zip(*lists, strict=True)
            if image >= 0
        ]
        for lists in zip(
            patches.values.tolist(), patches.images.tolist(), patches.places.tolist(), strict=True
        )
    ]


def same(a, b):
    return all(torch.equal(getattr(a, name), getattr(b, name)) for name in vars(a))


scores = st.integers(1, 7).flatmap(
    lambda n: st.lists(
        st.sampled_from([0.0, 0.0, 1.0, 1.0, 2.0, 0.1]),
        min_size=n * ROWS * COLUMNS * 2,
        max_size=n * ROWS * COLUMNS * 2,
    ).map(lambda flat: torch.tensor(flat).view(-1, ROWS * COLUMNS, 2))
)


def test_the_oracle():
    values = torch.tensor([[[1.25, 0, 0], [0, 2.25, 0], [0, 0, 2.0], [0, 0, 0.2]]])
    images = torch.arange(48.0).view(1, 3, 4, 4) / 255
    kept = best_patches(values, images, [7], 2, 2, None)
    assert kept.values.tolist() == [[1.25, 0], [2.25, 0], [2, pytest.approx(0.2)]]
    assert kept.images.tolist() == [[7, -1], [7, -1], [7, 7]]
    assert kept.places.tolist() == [[[0, 0], [0, 0]], [[0, 2], [0, 0]], [[2, 0], [2, 2]]]
    assert kept.pixels[1, 0, 0].tolist() == [[2, 3], [6, 7]]
    assert not kept.pixels[1, 1].any()
    one_each = best_patches(values, images, [7], 2, 2, 1)
    assert one_each.images.tolist() == [[7, -1], [7, -1], [7, -1]]


@settings(max_examples=60, deadline=None)
@given(scores, st.integers(1, 9), st.sampled_from([None, 1, 2]))
def test_the_best_as_sorted_by_hand(values, k, each):
    kept = all_at_once(values, pictures(len(values)), k, each)
    expected = sorted_by_hand(values, k, each)
    assert listed(kept) == expected
    for region, best in enumerate(expected):
        free = slice(len(best), None)
        assert (kept.images[region, free] == -1).all()
        assert not kept.values[region, free].any()
        assert not kept.places[region, free].any()
        assert not kept.pixels[region, free].any()


@settings(max_examples=60, deadline=None)
@given(scores, st.integers(1, 9), st.sampled_from([None, 1, 2]), st.integers(1, 7), st.randoms())
def test_batches_of_any_size_in_any_order_give_the_same(values, k, each, size, random):
    images, numbers = pictures(len(values)), torch.arange(len(values))
    batches = list(numbers.split(size))
    random.shuffle(batches)
    kept = no_patches(2, k, SIDE)
    for batch in batches:
        of_batch = best_patches(values[batch], images[batch], batch.tolist(), SIDE, k, each)
        kept = merged(*random.sample([kept, of_batch], 2))
    assert same(kept, all_at_once(values, images, k, each))


@pytest.mark.parametrize("each", [None, 1, 2])
def test_the_pixels_are_those_of_the_image_at_the_place(each):
    n, k = 9, 12
    values = torch.rand(n, ROWS * COLUMNS, 4, generator=torch.Generator().manual_seed(1))
    images = pictures(n, 2)
    kept = no_patches(4, k, SIDE)
    for batch in torch.arange(n).split(4):
        kept = merged(kept, best_patches(values[batch], images[batch], batch.tolist(), SIDE, k, each))
    assert (kept.images >= 0).sum() == 4 * min(k, n * (each or k))
    for region in range(4):
        for place, image in enumerate(kept.images[region].tolist()):
            if image < 0:
                continue
            row, column = kept.places[region, place].tolist()
            part = images[image, :, row : row + SIDE, column : column + SIDE]
            assert torch.equal(kept.pixels[region, place], (part * 255).round().to(torch.uint8))
            patch = row // SIDE * COLUMNS + column // SIDE
            assert kept.values[region, place] == values[image, patch, region]


def test_pixels_are_rounded_to_the_nearest_level():
    images = torch.full((1, 3, 2, 2), 0.999)
    kept = best_patches(torch.ones(1, 1, 1), images, [0], 2, 1, None)
    assert kept.pixels.unique().tolist() == [255]


def test_what_was_given_is_not_changed():
    values, images = torch.rand(2, ROWS * COLUMNS, 2), pictures(2)
    before = no_patches(2, 3, SIDE)
    merged(before, best_patches(values, images, [0, 1], SIDE, 3, 1))
    assert same(before, no_patches(2, 3, SIDE))


def test_nothing_above_zero_changes_nothing():
    values, images = torch.rand(2, ROWS * COLUMNS, 2), pictures(2)
    kept = all_at_once(values, images, 5, 2)
    nothing = best_patches(torch.zeros_like(values), images, [2, 3], SIDE, 5, 2)
    assert same(nothing, no_patches(2, 5, SIDE))
    assert same(merged(kept, nothing), kept)
