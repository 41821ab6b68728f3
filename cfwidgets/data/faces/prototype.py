"""The drawing on which regions are shown: a face, or a drawing of the regions of other data."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

from cfwidgets.brief import brief

__all__ = ["Prototype", "PrototypeError", "Region"]

_SVG = "{http://www.w3.org/2000/svg}"
_PATH = re.compile(r"\s*[Mm][\s+\-.]*[0-9][MmLlHhVvCcSsQqTtAaZz0-9eE+\-.,\s]*")
_PANEL = re.compile(r"panel-(\d+)")


class PrototypeError(ValueError):
    """A drawing cannot be read: the message says where, and what is accepted."""


@dataclass(frozen=True)
class Region:
    """The outline of a region.

    Attributes
    ----------
    name
        As in the data.
    paths
        SVG path data, one or more.
    panel
        0 for the figure itself; 1 for objects that would cover it (hat, glasses), drawn beside it.
    """

    __repr__ = brief

    name: str
    paths: tuple[str, ...]
    panel: int = 0


@dataclass(frozen=True)
class Prototype:
    """A drawing of regions.

    Attributes
    ----------
    box
        x, y, width and height of the drawing, in its own units.
    regions
        The regions in drawing order.

    Examples
    --------
    >>> face = Prototype.face()
    >>> len(face.regions), face.regions[0].name
    (19, 'background')
    """

    __repr__ = brief

    box: tuple[float, float, float, float]
    regions: tuple[Region, ...]

    @classmethod
    def face(cls) -> Prototype:
        """Return a face with the 19 regions of CelebAMask-HQ; the person's left is on the picture's right."""
        return cls.from_svg(files("cfwidgets.data.faces") / "face.svg")

    @classmethod
    def from_svg(cls, path: str | Path | Any) -> Prototype:
        """Read a drawing from an SVG file.

        Parameters
        ----------
        path
            The file. It has a viewBox and groups with the ids ``panel-0`` and, if need be, ``panel-1``; in
            them, for each region, a path (or a group of paths) with the region's name as its id. Transforms
            are refused; colours are ignored.

        Raises
        ------
        PrototypeError
            The file is missing, is no SVG, or is laid out in another way.
        """
        source = path if hasattr(path, "read_text") else Path(path)
        try:
            # Nothing is fetched or expanded: entities and external references are refused by the parser or
            # left alone, and only ids and path data are used.
            root = ET.fromstring(source.read_text(encoding="utf-8"))  # noqa: S314
        except FileNotFoundError as error:
            raise PrototypeError(f"there is no file {path}") from error
        except (ET.ParseError, UnicodeDecodeError) as error:
            raise PrototypeError(f"{path} is not an SVG file: {error}") from error
        box = _box(root.get("viewBox", ""), path)
        regions = [
            region
            for group in root.iter(f"{_SVG}g")
            if (match := _PANEL.fullmatch(group.get("id", "")))
            for region in _regions(group, int(match[1]), path)
        ]
        if not regions:
            raise PrototypeError(f"{path}: there is no group with the id panel-0 that has regions in it")
        names = [region.name for region in regions]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise PrototypeError(
                f"{path}: the region {twice[0]!r} is drawn twice; put its paths into a group"
            )
        return cls(box, tuple(regions))

    def require(self, names: tuple[str, ...]) -> None:
        """Raise an error for regions of the data that are not drawn.

        Raises
        ------
        PrototypeError
            The missing regions, and those that are drawn.
        """
        drawn = {region.name for region in self.regions}
        missing = [name for name in names if name not in drawn]
        if missing:
            raise PrototypeError(
                f"the drawing has no region {', '.join(missing)}; it has {', '.join(sorted(drawn))}"
            )


def _box(text: str, path: object) -> tuple[float, float, float, float]:
    try:
        x, y, width, height = (float(number) for number in re.split(r"[\s,]+", text.strip()))
    except ValueError:
        x = y = width = height = math.nan
    if not (math.isfinite(x + y) and 0 < width < math.inf and 0 < height < math.inf):
        raise PrototypeError(
            f"{path}: the drawing needs a viewBox of four numbers, width and height above 0; got {text!r}"
        )
    return x, y, width, height


def _regions(group: ET.Element, panel: int, path: object) -> list[Region]:
    if any(part.get("transform") for part in group.iter()):
        raise PrototypeError(f"{path}: panel-{panel} has a transform: apply it to the paths")
    found = []
    for part in group:
        name = part.get("id")
        paths = tuple(one.get("d", "") for one in part.iter(f"{_SVG}path"))
        if name is None or not paths:
            continue
        for data in paths:
            if not _PATH.fullmatch(data):
                raise PrototypeError(
                    f"{path}: the region {name!r} has a path that cannot be read: {data!r:.60}"
                )
        found.append(Region(name, paths, panel))
    return found
