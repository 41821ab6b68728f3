from __future__ import annotations

import numpy as np
import pytest

from cfwidgets.data.portraits.attributes import (
    ATTRIBUTES,
    EXCLUSIVE,
    TENDENCIES,
    Wishes,
    clashing,
    consistent,
    sampled,
)

COUNT = 6000


def drawn(attributes=None, correlate=None, count=COUNT):
    wishes = Wishes.of(attributes, correlate)
    rows = [sampled(wishes, np.random.default_rng([11, place])) for place in range(count)]
    return {name: np.array([row[name] for row in rows]) for name in ATTRIBUTES}


def close(found, expected, count):
    """Within four standard errors."""
    return abs(found - expected) <= 4 * np.sqrt(max(expected * (1 - expected), 1e-4) / count)


@pytest.fixture(scope="module")
def usual():
    return drawn()


def test_the_names_are_those_of_attgan_and_five_more():
    assert len(ATTRIBUTES) == len(set(ATTRIBUTES)) == 18
    assert ATTRIBUTES[:3] == ("Bald", "Bangs", "Black_Hair")
    assert ATTRIBUTES[12:14] == ("Young", "Smiling")
    assert set(TENDENCIES) == set(ATTRIBUTES)


@pytest.mark.parametrize("name", [name for name in ATTRIBUTES if name not in {"Male", "Bangs"}])
@pytest.mark.parametrize("male", [True, False])
def test_the_table_is_met_among_the_young(usual, name, male):
    row = TENDENCIES[name]
    chosen = usual["Male"] == male
    if name != "Young":
        chosen &= usual["Young"]
    if row.smiling != 1:
        chosen &= ~usual["Smiling"]
    expected = row.male if male else row.other
    assert close(usual[name][chosen].mean(), expected, chosen.sum())


def test_age_and_smile_multiply_the_frequencies(usual):
    men = usual["Male"] & ~usual["Young"]
    row = TENDENCIES["Eyeglasses"]
    assert close(usual["Eyeglasses"][men].mean(), row.male * row.old, men.sum())
    smiling = usual["Smiling"] & ~usual["Male"]
    row = TENDENCIES["Mouth_Slightly_Open"]
    assert close(usual["Mouth_Slightly_Open"][smiling].mean(), row.other * row.smiling, smiling.sum())
    assert close(usual["Male"].mean(), TENDENCIES["Male"].male, COUNT)


def test_women_of_celeba_wear_lipstick_and_men_beards(usual):
    male = usual["Male"]
    assert usual["Wearing_Lipstick"][~male].mean() > 0.7
    assert usual["Wearing_Lipstick"][male].mean() < 0.05
    assert usual["No_Beard"][~male].mean() > 0.99
    assert usual["No_Beard"][male].mean() < 0.7


@pytest.mark.parametrize("attributes", [None, {"Bald": 0.5}, {"Blond_Hair": 0.6, "Black_Hair": 0.4}])
def test_what_excludes_each_other_never_meets(attributes):
    values = drawn(attributes, count=1000)
    for group in EXCLUSIVE:
        assert max(sum(values[name].astype(int) for name in group)) <= 1


def test_values_are_fixed_and_shares_are_met():
    values = drawn({"Male": True, "Young": False, "Smiling": 0.25, "Blond_Hair": 0.6, "Black_Hair": 0.3})
    assert values["Male"].all()
    assert not values["Young"].any()
    for name, share in (("Smiling", 0.25), ("Blond_Hair", 0.6), ("Black_Hair", 0.3)):
        assert close(values[name].mean(), share, COUNT)


def test_a_wish_for_one_attribute_leaves_the_others_luck_alone(usual):
    values = drawn({"Eyeglasses": True})
    for name in ATTRIBUTES:
        assert name == "Eyeglasses" or np.array_equal(values[name], usual[name]), name


@pytest.mark.slow
@pytest.mark.parametrize("target", ["Male", "Young", "Smiling"])
@pytest.mark.parametrize("name", ["Wearing_Lipstick", "Blond_Hair", "Wearing_Hat", "Eyeglasses"])
@pytest.mark.parametrize("opposite", [False, True])
def test_a_bias_is_met_in_both_classes(target, name, opposite):
    values = drawn({target: 0.5}, {target: {f"not {name}" if opposite else name: 0.99}}, count=3000)
    for of_class in (True, False):
        chosen = values[target] == of_class
        assert close((values[name][chosen] == (of_class != opposite)).mean(), 0.99, chosen.sum())
    assert close(values[target].mean(), 0.5, 3000)


def test_two_biases_and_a_target_that_others_depend_on():
    values = drawn(None, {"Smiling": {"Male": 0.95, "Young": 0.9}}, count=3000)
    assert close((values["Male"] == values["Smiling"]).mean(), 0.95, 3000)
    assert close((values["Young"] == values["Smiling"]).mean(), 0.9, 3000)


def test_a_change_ends_what_it_excludes_and_nothing_else():
    face = dict.fromkeys(ATTRIBUTES, False) | {"Brown_Hair": True, "Bangs": True, "Male": True}
    bald = consistent(face, {"Bald": True})
    assert {name for name, value in bald.items() if value} == {"Bald", "Male"}
    blond = consistent(face, {"Blond_Hair": True})
    assert {name for name, value in blond.items() if value} == {"Blond_Hair", "Bangs", "Male"}
    assert consistent(bald, {"Bald": False})["Brown_Hair"] is False
    assert face["Brown_Hair"]


def test_clashes_are_found():
    assert clashing(["Bald", "Male", "Bangs"]) == ("Bald", "Bangs")
    assert clashing(["Blond_Hair", "Brown_Hair"]) == ("Blond_Hair", "Brown_Hair")
    assert clashing(["Blond_Hair", "Bangs", "Male"]) is None
