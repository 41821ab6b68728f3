"""RFW, Racial Faces in the Wild, as it is published."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Literal

import torch

from cfwidgets.checks import choice
from cfwidgets.data.faces.attribute_table import read_lines
from cfwidgets.data.faces.dataset import CacheFolder, FaceDataset, Rows, Size
from cfwidgets.data.faces.layout import Missing, find
from cfwidgets.data.faces.masks.sources import Parser
from cfwidgets.data.folders import FolderError

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["RFW"]

_RACES = ("African", "Asian", "Caucasian", "Indian")
_LAYOUT = (
    "test/data/African/m.0001/m.0001_0001.jpg … and test/txts/African/African_images.txt, and the same for "
    "Asian, Caucasian and Indian"
)
_PAIRS_A_FOLD = 600


class RFW(FaceDataset):
    r"""RFW (Wang et al. 2019): about 40,000 faces of 12,000 people in four groups, for testing.

    Parameters
    ----------
    root
        The folder that holds ``test/``, or that folder.
    races
        Of which groups: some of ``"African"``, ``"Asian"``, ``"Caucasian"``, ``"Indian"``. Files of others
        need not be there.
    masks, size, cache, missing
        See `CelebA`; RFW has no masks of its own.

    Raises
    ------
    FolderError
        The folder is not laid out so.

    Notes
    -----
    The groups are the data set's attributes; a network assigned them, and people corrected some. RFW has **no
    labels of gender**: bring your own, or predictions. `frame` has the race, the identity and its number.

    Examples
    --------
    >>> import tempfile
    >>> from PIL import Image
    >>> root = Path(tempfile.mkdtemp(), "test")
    >>> (root / "data/Asian/m.01").mkdir(parents=True)
    >>> (root / "txts/Asian").mkdir(parents=True)
    >>> Image.new("RGB", (8, 8)).save(root / "data/Asian/m.01/m.01_0002.jpg")
    >>> _ = (root / "txts/Asian/Asian_images.txt").write_text("m.01_0002.jpg\t0\n")
    >>> faces = RFW(root, races=["Asian"])
    >>> faces[0].name, faces.column("Asian").tolist()
    ('Asian/m.01/m.01_0002.jpg', [True])
    """

    _lacks: ClassVar[str] = " (RFW says nothing of gender, age and the like: bring labels of your own)"

    def __init__(
        self,
        root: str | os.PathLike[str],
        races: Sequence[str] = _RACES,
        *,
        masks: Literal["farl"] | Parser | None = None,
        size: Size = None,
        cache: CacheFolder = None,
        missing: Missing = "error",
    ) -> None:
        if isinstance(races, str) or not races:
            raise ValueError(f"races must be a list of some of {', '.join(_RACES)}; got {races!r}")
        for race in races:
            choice("each of races", race, _RACES)
        self.races = tuple(race for race in _RACES if race in races)
        root = Path(root)
        inner = root / "test" if (root / "test").is_dir() else root
        folder = find(inner, ("data/",), "the images", _LAYOUT)
        columns: dict[str, list[str]] = {"race": [], "identity": [], "label": []}
        files: list[str] = []
        for race in self.races:
            path = find(inner, (f"txts/{race}/{race}_images.txt",), f"the list of {race} images", _LAYOUT)
            for name, identity, label in _read(path):
                files.append(f"{race}/{identity}/{name}")
                for column, value in zip(columns.values(), (race, identity, label), strict=True):
                    column.append(value)
        flags = torch.tensor([[race == name for name in _RACES] for race in columns["race"]])
        self._txts = inner / "txts"
        super().__init__(
            root,
            folder,
            _RACES,
            Rows(files, flags, columns),
            listed_in=" and ".join(f"{race}_images.txt" for race in self.races),
            missing=missing,
            size=size,
            cache=cache,
            masks=masks,
        )

    def pairs(self) -> pd.DataFrame:
        """Read the pairs on which face verification is tested.

        Returns
        -------
        pandas.DataFrame
            A row a pair: ``race``, ``fold`` (0 to 9), ``first`` and ``second`` (names as in `files`), and
            ``same`` (whether both are of one person).

        Raises
        ------
        FolderError
            The lists of pairs are not there, or not laid out as published.
        """
        import pandas as pd

        rows = []
        for race in self.races:
            path = find(
                self._txts.parent, (f"txts/{race}/{race}_pairs.txt",), f"the list of {race} pairs", _LAYOUT
            )
            for number, line in enumerate(read_lines(path)):
                if len(line) not in (3, 4) or not all(part.isdecimal() for part in (line[1], line[-1])):
                    raise FolderError(
                        f"line {number + 1} of {str(path)!r} must be a person and two image numbers, or a "
                        f"person and a number twice; got {' '.join(line)[:80]!r}"
                    )
                others = (line[0], line[2]) if len(line) == 3 else (line[2], line[3])
                first, second = (
                    f"{race}/{person}/{person}_{int(image):04d}.jpg"
                    for person, image in ((line[0], line[1]), others)
                )
                rows.append((race, number // _PAIRS_A_FOLD, first, second, len(line) == 3))
        return pd.DataFrame(rows, columns=["race", "fold", "first", "second", "same"])


def _read(path: Path) -> list[tuple[str, str, str]]:
    rows = []
    for number, line in enumerate(read_lines(path), 1):
        if len(line) != 2 or "_" not in line[0]:
            raise FolderError(
                f"line {number} of {str(path)!r} must be an image's name (person_number.jpg) and the "
                f"person's number; got {' '.join(line)[:80]!r}"
            )
        rows.append((line[0], line[0].rpartition("_")[0], line[1]))
    if not rows:
        raise FolderError(f"{str(path)!r} lists no images")
    return rows
