from __future__ import annotations

import pytest

import cfwidgets as cf
from cfwidgets.models.columns import columns_of


def named(*labels):
    return cf.Classifier(lambda images: images.mean((2, 3)), labels=labels)


def test_classes_are_matched_by_name():
    assert columns_of(named("a", "b", "c"), ("c", "a", "b"), 3) == [2, 0, 1]
    assert columns_of(named("a", "b", "c"), ("c", "a"), 3) == [2, 0]


def test_without_labels_the_order_is_taken_to_be_the_same():
    clf = cf.Classifier(lambda images: images.mean((2, 3)))
    assert columns_of(clf, ("x", "y", "z"), 3) == [0, 1, 2]


def test_two_classes_of_one_label_are_matched_where_all_are_the_same():
    assert columns_of(named("crane", "crane", "b"), ("crane", "crane", "b"), 3) == [0, 1, 2]
    with pytest.raises(ValueError, match="second must tell the same classes"):
        columns_of(named("crane", "b", "crane"), ("crane", "crane", "b"), 3)


def test_what_is_missing_is_said_without_a_thousand_names():
    with pytest.raises(ValueError, match=r"'n9', … \(1000 in all\); .* has 'a', 'b', 'c'$"):
        columns_of(named("a", "b", "c"), [f"n{place}" for place in range(1000)], 3)
