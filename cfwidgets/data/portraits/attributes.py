"""The 18 attributes of a portrait: how often they occur, which exclude each other, and how they are drawn.

The names and the frequencies imitate CelebA, whose labels were given by annotators, once per picture, as
present or absent. What holds for those labels holds for these: they say how a drawing looks, not what a
person is.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from cfwidgets.checks import share
from cfwidgets.text import did_you_mean

__all__ = ["ATTRIBUTES", "EXCLUSIVE", "TENDENCIES", "Tendency", "Wishes", "consistent", "sampled"]

ATTRIBUTES = (
    "Bald",
    "Bangs",
    "Black_Hair",
    "Blond_Hair",
    "Brown_Hair",
    "Bushy_Eyebrows",
    "Eyeglasses",
    "Male",
    "Mouth_Slightly_Open",
    "Mustache",
    "No_Beard",
    "Pale_Skin",
    "Young",
    "Smiling",
    "Wearing_Earrings",
    "Wearing_Lipstick",
    "Wearing_Necklace",
    "Wearing_Hat",
)
"""The 13 attributes of AttGAN (He et al. 2019) in their order, and five more of CelebA's 40."""

EXCLUSIVE = (
    ("Bald", "Black_Hair", "Blond_Hair", "Brown_Hair"),
    ("Bald", "Bangs"),
)
"""Groups of attributes of which at most one holds."""


@dataclass(frozen=True)
class Tendency:
    """The frequency of an attribute, 0 to 1.

    Parameters
    ----------
    male, other
        Among young faces that are, or are not, Male.
    old
        What that is multiplied by for faces that are not Young.
    smiling
        What that is multiplied by for faces that are Smiling.
    """

    male: float
    other: float
    old: float = 1.0
    smiling: float = 1.0


TENDENCIES = {
    "Male": Tendency(0.42, 0.42),
    "Young": Tendency(0.64, 0.87),
    "Smiling": Tendency(0.40, 0.54),
    "Bald": Tendency(0.03, 0.001, old=3.0),
    "Black_Hair": Tendency(0.34, 0.21, old=0.5),
    "Blond_Hair": Tendency(0.03, 0.24, old=0.7),
    "Brown_Hair": Tendency(0.21, 0.26, old=0.6),
    "Bangs": Tendency(0.09, 0.20, old=0.6),
    "Bushy_Eyebrows": Tendency(0.26, 0.07, old=0.8),
    "Eyeglasses": Tendency(0.09, 0.02, old=2.2),
    "Mouth_Slightly_Open": Tendency(0.30, 0.36, smiling=1.6),
    "No_Beard": Tendency(0.58, 0.999),
    "Mustache": Tendency(0.09, 0.001, old=1.4),
    "Pale_Skin": Tendency(0.03, 0.055, old=0.6),
    "Wearing_Earrings": Tendency(0.02, 0.31, old=1.05),
    "Wearing_Lipstick": Tendency(0.006, 0.80),
    "Wearing_Necklace": Tendency(0.015, 0.19, old=1.1),
    "Wearing_Hat": Tendency(0.08, 0.03, old=0.8),
}
"""The frequency of each attribute, in the order in which they are drawn: close to the frequencies in CelebA
given Male, rounded; given Young or Smiling only their direction. Male and Young come first, since the others
depend on them. Where one of a group of exclusive attributes has been drawn, the others do not hold."""


def known(name: object, *, where: str = "attribute") -> str:
    """The name, or an error that says which names there are and which one is close."""
    if isinstance(name, str) and name in ATTRIBUTES:
        return name
    known = ", ".join(ATTRIBUTES)
    raise ValueError(f"no {where} is named {name!r}: there are {known}{did_you_mean(name, ATTRIBUTES)}")


def clashing(names: Iterable[str]) -> tuple[str, str] | None:
    """Two of the names that cannot hold together, if there are any."""
    names = set(names)
    for group in EXCLUSIVE:
        both = [name for name in group if name in names]
        if len(both) > 1:
            return both[0], both[1]
    return None


def consistent(values: dict[str, bool], changes: Mapping[str, bool]) -> dict[str, bool]:
    """The attributes after a change: what has become true ends what excludes it, nothing else changes."""
    changed = {**values, **changes}
    for name, value in changes.items():
        if not value:
            continue
        for group in EXCLUSIVE:
            if name in group:
                changed.update({other: False for other in group if other != name})
    return changed


@dataclass(frozen=True)
class Wishes:
    """Requests for attributes, instead of their tendencies.

    Parameters
    ----------
    shares
        How often an attribute is to hold.
    bonds
        For an attribute: the target it follows, the share of faces in which it does, and whether it follows
        its opposite.
    """

    shares: Mapping[str, float]
    bonds: Mapping[str, tuple[str, float, bool]]

    @classmethod
    def of(
        cls,
        attributes: Mapping[str, bool | float] | None,
        correlate: Mapping[str, Mapping[str, float]] | None,
    ) -> Wishes:
        """Read and check what a user gave."""
        shares: dict[str, float] = {}
        for name, value in _mapping("attributes", attributes).items():
            known(name)
            if not isinstance(value, bool | np.bool_):
                share(f"attributes[{name!r}]", value)
            shares[name] = float(value)
        bonds: dict[str, tuple[str, float, bool]] = {}
        for target, others in _mapping("correlate", correlate).items():
            known(target, where="target")
            for text, value in _mapping(f"correlate[{target!r}]", others).items():
                opposite = isinstance(text, str) and text.startswith("not ")
                name = known(text.removeprefix("not ") if opposite else text)
                share(f"correlate[{target!r}][{text!r}]", value)
                if name == target:
                    raise ValueError(f"{name} cannot be correlated with itself")
                if name in bonds or name in shares:
                    raise ValueError(
                        f"{name} is asked for twice: it can follow one target, or have a share of its own"
                    )
                bonds[name] = (target, float(value), opposite)
        for name, (target, _, _) in bonds.items():
            if target in bonds:
                raise ValueError(
                    f"{name} is to follow {target}, which itself is to follow {bonds[target][0]}: "
                    "a target cannot follow another one"
                )
        wishes = cls(shares, bonds)
        wishes._check_groups()
        return wishes

    def share_of(self, name: str, values: Mapping[str, bool]) -> float | None:
        """Return the wished frequency of the attribute, given those drawn before, if any."""
        if name in self.bonds:
            target, agree, opposite = self.bonds[name]
            return agree if values[target] != opposite else 1 - agree
        return self.shares.get(name)

    def asks_for(self, name: str) -> bool:
        """Return True where anything is requested of this attribute."""
        return name in self.shares or name in self.bonds

    def order(self) -> list[str]:
        """The attributes in the order in which they are drawn: what is asked for, and then the others."""
        free = [name for name in TENDENCIES if not self.asks_for(name)]
        targets = {target for target, _, _ in self.bonds.values()}
        asked = [name for name in TENDENCIES if name in self.shares or name in targets]
        first = [name for name in ("Male", "Young", *asked) if name not in self.bonds]
        return list(dict.fromkeys([*first, *self.bonds, *free]))

    def _check_groups(self) -> None:
        for target in {None, *(bond[0] for bond in self.bonds.values())}:
            for value in (True, False):
                certain = {target: value} if target else {}
                for group in EXCLUSIVE:
                    asked = {}
                    for name in group:
                        if name in self.bonds and self.bonds[name][0] == target:
                            asked[name] = self.share_of(name, certain) or 0.0
                        elif name in self.shares:
                            asked[name] = self.shares[name]
                        elif name in certain:
                            asked[name] = float(value)
                    if sum(asked.values()) > 1 + 1e-9:
                        words = " and ".join(f"{name} ({number:g})" for name, number in asked.items())
                        raise ValueError(f"{words} exclude each other, and ask for more than all faces")


def sampled(wishes: Wishes, random: np.random.Generator) -> dict[str, bool]:
    """The attributes of one face."""
    # One number per attribute, whatever is asked for, so that a wish for one leaves the others' luck alone.
    luck = dict(zip(TENDENCIES, random.random(len(TENDENCIES)).tolist(), strict=True))
    values: dict[str, bool] = {}
    given: dict[str, float] = {}
    for name in wishes.order():
        asked = wishes.share_of(name, values)
        chance = _tendency(name, values) if asked is None else asked
        given[name] = chance
        room = 1.0
        for group in EXCLUSIVE:
            if name in group:
                others = [other for other in group if other != name and other in values]
                # Shares are of all faces, and those that another one took are gone.
                alike = [other for other in others if wishes.asks_for(other) == (asked is not None)]
                room = min(room, 1 - sum(given[other] for other in alike))
                if any(values[other] for other in others):
                    room = 0.0
        values[name] = room > 0 and luck[name] < chance / room
    return {name: values[name] for name in ATTRIBUTES}


def _tendency(name: str, values: Mapping[str, bool]) -> float:
    row = TENDENCIES[name]
    chance = row.male if values.get("Male") else row.other
    if values.get("Young") is False:
        chance *= row.old
    if values.get("Smiling"):
        chance *= row.smiling
    return min(chance, 1.0)


def _mapping(name: str, value: Any) -> Mapping[Any, Any]:
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise ValueError(f"{name} must be a dict of attribute names, not {value!r}")  # noqa: TRY004 (as all that is refused)
    return value
