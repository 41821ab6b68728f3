"""A face's numbers: who it is, how it is turned and lit, and where its parts lie."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from cfwidgets.data.portraits.svg import Point

__all__ = ["FaceGeometry", "Latent"]

_NUMBERS = 160


class Latent:
    """The numbers of one person that no attribute changes.

    Each is asked for by its own place, so that a new one changes none of the others.
    """

    def __init__(self, random: np.random.Generator) -> None:
        self._even = random.random(_NUMBERS).tolist()
        self._bell = np.clip(random.standard_normal(_NUMBERS), -2.2, 2.2).tolist()

    def even(self, place: int) -> float:
        """A number from 0 to 1."""
        return self._even[place]

    def bell(self, place: int) -> float:
        """A number around 0, mostly within 1, never beyond 2.2."""
        return self._bell[place]

    def pick(self, place: int, count: int) -> int:
        """A whole number from 0 to count - 1."""
        return int(self._even[place] * count)

    def many(self, first: int, count: int) -> list[float]:
        """Draw so many numbers from 0 to 1."""
        return self._even[first : first + count]


@dataclass(frozen=True)
class FaceGeometry:
    """Where the parts of one face lie, in a plane of 256 x 256, the head upright.

    Parameters
    ----------
    latent
        The person, the pose, the light.
    has
        The attributes.
    """

    latent: Latent
    has: Mapping[str, bool]

    @cached_property
    def masculine(self) -> float:
        """The share of a man's shape in the face, 0 to 1: the two groups overlap."""
        return min(max((0.74 if self.has["Male"] else 0.26) + 0.13 * self.latent.bell(0), 0), 1)

    @cached_property
    def age(self) -> float:
        """0 to 1; from about 0.5 on it shows in lines."""
        drawn = self.latent.even(1)
        return 0.38 * drawn if self.has["Young"] else 0.72 + 0.28 * drawn

    @cached_property
    def yaw(self) -> float:
        """Turned to the picture's left (-1) or right (1)."""
        return 0.55 * self.latent.bell(2)

    @cached_property
    def pitch(self) -> float:
        """Looking down (-1) or up (1)."""
        return 0.45 * self.latent.bell(3)

    @cached_property
    def roll(self) -> float:
        """Degrees by which the head leans."""
        return 2.6 * self.latent.bell(4)

    @cached_property
    def shift(self) -> Point:
        """Where the head is, beside the middle."""
        return (3.0 * self.latent.bell(5), 2.2 * self.latent.bell(6) + 1)

    @cached_property
    def scale(self) -> float:
        """The size of the head."""
        return 1.0 + 0.03 * self.latent.bell(7)

    @cached_property
    def light(self) -> float:
        """Where the light comes from: the picture's left (-1) or right (1)."""
        drawn = 2 * self.latent.even(2) - 1
        return drawn if abs(drawn) > 0.25 else 0.25 * (1 if drawn >= 0 else -1)

    @cached_property
    def temple(self) -> float:
        """Half the width of the head beside the forehead."""
        return 44.0 + 1.8 * self.latent.bell(8)

    @cached_property
    def cheek(self) -> float:
        """Half the width of the head below the eyes."""
        return 46.0 + 2.0 * self.latent.bell(9) + 1.6 * self.masculine

    @cached_property
    def jaw(self) -> float:
        """Half the width of the head beside the mouth."""
        return 29.5 + 12.0 * self.masculine + 1.8 * self.latent.bell(10) + 1.6 * self.age

    @cached_property
    def chin(self) -> float:
        """Half the width of the chin."""
        return 9.0 + 9.5 * self.masculine + 1.2 * self.latent.bell(11)

    @cached_property
    def bottom(self) -> float:
        """Where the chin ends."""
        return 204.0 + 4.0 * self.masculine + 2.2 * self.latent.bell(12)

    @cached_property
    def top(self) -> float:
        """Where the skull ends."""
        return 57.0 + 1.5 * self.latent.bell(13)

    @cached_property
    def hairline(self) -> float:
        """Where the forehead ends."""
        return 84.0 + 2.5 * self.latent.bell(14) - 1.5 * self.masculine - 2 * (self.age > 0.5)

    def side(self, sign: int) -> float:
        """The share of one side of the head that is seen: the side it turns to is the narrower one."""
        return 1 - 0.055 * self.yaw * sign

    def x(self, along: float, depth: float = 0.0) -> float:
        """From a distance off the middle line (and before the face) to the plane."""
        return 128 + along * self.side(1 if along > 0 else -1) + self.yaw * (3.5 + depth)

    @cached_property
    def outline(self) -> list[Point]:
        """The head without hair: round from the top, clockwise."""
        right = [
            (0.36 * self.temple, self.top + 2.6),
            (0.74 * self.temple, self.top + 15),
            (self.temple, 93),
            (self.cheek, 126),
            (0.95 * self.cheek + 0.6 * self.masculine, 147),
            (0.46 * self.cheek + 0.54 * self.jaw + 1.2, 168),
            (self.jaw - 2.0 + 1.5 * self.masculine, 185),
            (0.5 * (self.jaw + self.chin) + 1, self.bottom - 8),
            (self.chin - 1, self.bottom - 1.6),
        ]
        turn = 1.5 * self.yaw
        points = [(128.0, self.top)]
        points += [(128 + turn + x * self.side(1), y) for x, y in right]
        points += [(128 + 2 * turn, self.bottom)]
        points += [(128 + turn - x * self.side(-1), y) for x, y in reversed(right)]
        return points

    @cached_property
    def eyes(self) -> float:
        """The height of the eyes."""
        return 133.0 + 1.4 * self.latent.bell(15) - 3.0 * self.pitch

    @cached_property
    def brows(self) -> float:
        """The height of the brows."""
        return self.eyes - 15.0 - 1.1 * self.latent.bell(16) + 2.2 * self.masculine - 0.6 * self.pitch

    @cached_property
    def eye_width(self) -> float:
        """Half the width of an eye."""
        return 11.5 + 0.55 * self.latent.bell(17) - 0.6 * self.masculine

    @cached_property
    def eye_height(self) -> float:
        """The opening of an eye, from its line to the upper lid."""
        return 6.3 + 0.5 * self.latent.bell(18) - 1.2 * self.masculine - 0.8 * (self.age > 0.5)

    def eye(self, sign: int) -> Point:
        """The middle of an eye; 1 is the person's left, on the right of the picture."""
        return (self.x(sign * (21.8 + 0.8 * self.latent.bell(19)), 1.6), self.eyes)

    @cached_property
    def nose_tip(self) -> Point:
        """The tip of the nose."""
        return (self.x(0, 5.5), 163.0 + 1.5 * self.latent.bell(20) + self.masculine - 3.4 * self.pitch)

    @cached_property
    def nose_width(self) -> float:
        """Half the width of the nose at its wings."""
        return 9.2 + 2.2 * self.masculine + 1.1 * self.latent.bell(21)

    @cached_property
    def mouth(self) -> Point:
        """The middle of the mouth."""
        return (self.x(0, 2.6), 180.0 + 1.0 * self.latent.bell(22) + 1.6 * self.masculine - 2.4 * self.pitch)

    @cached_property
    def mouth_width(self) -> float:
        """Half the width of the mouth at rest."""
        return 16.2 + 1.0 * self.latent.bell(23) + 1.0 * self.masculine

    @cached_property
    def neck(self) -> float:
        """Half the width of the neck."""
        return 24.0 + 7.0 * self.masculine + 1.2 * self.latent.bell(24)

    @cached_property
    def shoulders(self) -> float:
        """Half the width of the shoulders."""
        return 80.0 + 20.0 * self.masculine + 4.0 * self.latent.bell(25)
