"""One picture and its regions, written side by side as SVG: each shape is given once, for both."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise
from typing import TypeAlias

__all__ = [
    "SIDE",
    "Colour",
    "Point",
    "Sketch",
    "arc",
    "line",
    "mix",
    "mixed",
    "quadratic",
    "resampled",
    "smooth",
]

SIDE = 256
"""Width and height of the plane that everything is drawn in; a picture of any size is a scaling of it."""

Point: TypeAlias = tuple[float, float]
Colour: TypeAlias = tuple[float, float, float]
"""Red, green, blue, each from 0 to 255."""

# A bell-like fall from the centre to the edge. Two or three straight pieces show as rings.
_FALL = ((0, 1.0), (0.18, 0.92), (0.36, 0.71), (0.54, 0.44), (0.72, 0.19), (0.88, 0.04), (1, 0.0))


def mix(first: Colour, second: Colour, share: float) -> Colour:
    """The first colour with a share of the second in it."""
    return (
        first[0] + (second[0] - first[0]) * share,
        first[1] + (second[1] - first[1]) * share,
        first[2] + (second[2] - first[2]) * share,
    )


def mixed(first: Point, second: Point, share: float) -> Point:
    """The point that far on the way from the first to the second."""
    return (first[0] + (second[0] - first[0]) * share, first[1] + (second[1] - first[1]) * share)


def arc(centre: Point, radii: Point, start: float, end: float, count: int) -> list[Point]:
    """Points on an ellipse, from one angle to another in degrees: 0 is right, 90 is up."""
    points = []
    for step in range(count):
        angle = math.radians(start + (end - start) * step / (count - 1))
        points.append((centre[0] + radii[0] * math.cos(angle), centre[1] - radii[1] * math.sin(angle)))
    return points


def resampled(points: Sequence[Point], count: int) -> list[Point]:
    """Return so many points, evenly spaced along the same line."""
    lengths = [math.dist(a, b) for a, b in pairwise(points)]
    total = sum(lengths)
    found, piece, before = [], 0, 0.0
    for step in range(count):
        wanted = total * step / (count - 1)
        while piece < len(lengths) - 1 and before + lengths[piece] < wanted:
            before += lengths[piece]
            piece += 1
        share = (wanted - before) / lengths[piece] if lengths[piece] else 0.0
        found.append(mixed(points[piece], points[piece + 1], min(share, 1.0)))
    return found


def smooth(points: Sequence[Point], *, closed: bool = True, tension: float = 1.0) -> str:
    """A curve through the points (Catmull-Rom, as cubic Bézier pieces), as SVG path data."""
    count = len(points)
    reach = tension / 6
    parts = [f"M{points[0][0]:.2f} {points[0][1]:.2f}"]
    for index in range(count if closed else count - 1):
        here, there = points[index], points[(index + 1) % count]
        before = points[index - 1] if closed or index else here
        after = points[(index + 2) % count] if closed or index + 2 < count else there
        parts.append(
            f"C{here[0] + (there[0] - before[0]) * reach:.2f} {here[1] + (there[1] - before[1]) * reach:.2f} "
            f"{there[0] - (after[0] - here[0]) * reach:.2f} {there[1] - (after[1] - here[1]) * reach:.2f} "
            f"{there[0]:.2f} {there[1]:.2f}"
        )
    return "".join(parts) + ("Z" if closed else "")


def line(points: Sequence[Point], *, closed: bool = True) -> str:
    """Straight lines through the points, as SVG path data."""
    return "M" + "L".join(f"{x:.2f} {y:.2f}" for x, y in points) + ("Z" if closed else "")


def quadratic(start: Point, bend: Point, end: Point) -> str:
    """A curve from start to end that bends towards a point, as SVG path data."""
    return f"M{start[0]:.2f} {start[1]:.2f}Q{bend[0]:.2f} {bend[1]:.2f} {end[0]:.2f} {end[1]:.2f}"


def _hex(colour: Colour) -> str:
    red, green, blue = (min(max(round(part), 0), 255) for part in colour)
    return f"#{red:02x}{green:02x}{blue:02x}"


class Sketch:
    """Shapes in the order in which they are painted.

    Three drawings grow together: ``picture`` in colours; ``regions``, where each shape that belongs to a
    region is painted flat in a colour whose 24 bits are the regions it belongs to; and ``over``, the same for
    what lies over other regions without hiding them (glasses over eyes).
    """

    def __init__(self) -> None:
        self._definitions: list[str] = []
        self._known: dict[object, str] = {}
        self._picture: list[str] = []
        self._regions: list[str] = []
        self._over: list[str] = []
        self._has_over = False

    def fill(
        self,
        path: str,
        paint: Colour | str | None,
        *,
        alpha: float = 1.0,
        bits: int = 0,
        over: bool = False,
        evenodd: bool = False,
    ) -> None:
        """Fill a shape: with a colour, a gradient, or (``None``) in the regions only."""
        rule = ' fill-rule="evenodd"' if evenodd else ""
        if paint is not None:
            opacity = f' fill-opacity="{alpha:.3f}"' if alpha < 1 else ""
            self._picture.append(f'<path d="{path}" fill="{self._paint(paint)}"{opacity}{rule}/>')
        if bits:
            self._has_over |= over
            (self._over if over else self._regions).append(f'<path d="{path}" fill="#{bits:06x}"{rule}/>')

    def stroke(
        self,
        path: str,
        paint: Colour | str,
        width: float,
        *,
        alpha: float = 1.0,
        bits: int = 0,
        over: bool = False,
    ) -> None:
        """Draw along a line, with round ends."""
        style = f'fill="none" stroke-width="{width:.2f}" stroke-linecap="round" stroke-linejoin="round"'
        opacity = f' stroke-opacity="{alpha:.3f}"' if alpha < 1 else ""
        self._picture.append(f'<path d="{path}" stroke="{self._paint(paint)}" {style}{opacity}/>')
        if bits:
            self._has_over |= over
            (self._over if over else self._regions).append(f'<path d="{path}" stroke="#{bits:06x}" {style}/>')

    def glow(self, centre: Point, radii: Point, colour: Colour, alpha: float, *, turn: float = 0.0) -> None:
        """A soft spot of light or shadow that fades to nothing at its edge."""
        key = ("glow", _hex(colour))
        if key not in self._known:
            stops = "".join(
                f'<stop offset="{at}" stop-color="{_hex(colour)}" stop-opacity="{part}"/>'
                for at, part in _FALL
            )
            self._known[key] = self._define("radialGradient", "", stops)
        turned = f' transform="rotate({turn:.1f} {centre[0]:.2f} {centre[1]:.2f})"' if turn else ""
        # A rectangle with hard edges looks the same as an ellipse, and is painted twice as fast.
        self._picture.append(
            f'<rect x="{centre[0] - radii[0]:.2f}" y="{centre[1] - radii[1]:.2f}" width="{2 * radii[0]:.2f}" '
            f'height="{2 * radii[1]:.2f}" fill="{self._known[key]}" fill-opacity="{alpha:.3f}" '
            f'shape-rendering="crispEdges"{turned}/>'
        )

    def disc(
        self,
        centre: Point,
        radius: float,
        paint: Colour | str,
        *,
        alpha: float = 1.0,
        bits: int = 0,
        over: bool = False,
    ) -> None:
        """Fill a circle."""
        x, y = centre
        path = f"M{x - radius:.2f} {y:.2f}a{radius:.2f} {radius:.2f} 0 1 0 {2 * radius:.2f} 0"
        path += f"a{radius:.2f} {radius:.2f} 0 1 0 {-2 * radius:.2f} 0Z"
        self.fill(path, paint, alpha=alpha, bits=bits, over=over)

    def linear(self, start: Point, end: Point, *stops: tuple[float, Colour, float]) -> str:
        """A gradient along a line; each stop is its place from 0 to 1, colour and opacity."""
        where = (
            f'gradientUnits="userSpaceOnUse" x1="{start[0]:.1f}" y1="{start[1]:.1f}" '
            f'x2="{end[0]:.1f}" y2="{end[1]:.1f}"'
        )
        return self._define("linearGradient", where, _stops(stops))

    def radial(self, centre: Point, radius: float, *stops: tuple[float, Colour, float]) -> str:
        """A gradient from a centre outwards."""
        where = f'gradientUnits="userSpaceOnUse" cx="{centre[0]:.1f}" cy="{centre[1]:.1f}" r="{radius:.1f}"'
        return self._define("radialGradient", where, _stops(stops))

    @contextmanager
    def within(self, path: str) -> Iterator[None]:
        """Only what lies inside the shape is seen of what is painted meanwhile."""
        key = ("clip", path)
        if key not in self._known:
            self._known[key] = self._define("clipPath", "", f'<path d="{path}"/>')
        with self._group(f'clip-path="{self._known[key]}"'):
            yield

    @contextmanager
    def turned(self, degrees: float, centre: Point, shift: Point, scale: float) -> Iterator[None]:
        """Scale and turn about a point, and then shift, all that is painted meanwhile."""
        x, y = centre
        with self._group(
            f'transform="translate({shift[0] + x:.2f} {shift[1] + y:.2f}) rotate({degrees:.2f}) '
            f'scale({scale:.4f}) translate({-x:.2f} {-y:.2f})"'
        ):
            yield

    def picture(self) -> str:
        """The picture as SVG text."""
        return self._document(self._picture)

    def regions(self) -> str:
        """The regions as SVG text, to be drawn without anti-aliasing."""
        return self._document(self._regions)

    def over(self) -> str | None:
        """Regions over others, or ``None`` where there are none."""
        return self._document(self._over) if self._has_over else None

    @contextmanager
    def _group(self, how: str) -> Iterator[None]:
        drawings = (self._picture, self._regions, self._over)
        for drawing in drawings:
            drawing.append(f"<g {how}>")
        yield
        for drawing in drawings:
            drawing.append("</g>")

    def _define(self, kind: str, where: str, content: str) -> str:
        name = f"d{len(self._definitions)}"
        self._definitions.append(f'<{kind} id="{name}" {where}>{content}</{kind}>')
        return f"url(#{name})"

    def _paint(self, paint: Colour | str) -> str:
        return paint if isinstance(paint, str) else _hex(paint)

    def _document(self, shapes: list[str]) -> str:
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {SIDE} {SIDE}">'
            f"<defs>{''.join(self._definitions)}</defs>{''.join(shapes)}</svg>"
        )


def _stops(stops: Sequence[tuple[float, Colour, float]]) -> str:
    return "".join(
        f'<stop offset="{at:.3f}" stop-color="{_hex(colour)}" stop-opacity="{alpha:.3f}"/>'
        for at, colour, alpha in stops
    )
