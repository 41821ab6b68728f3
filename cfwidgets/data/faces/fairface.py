"""FairFace as it is published."""

from __future__ import annotations

import csv
import os
from pathlib import Path
from typing import Literal, TypeAlias, get_args

import torch

from cfwidgets.checks import choice
from cfwidgets.data.faces.dataset import CacheFolder, FaceDataset, Rows, Size
from cfwidgets.data.faces.layout import Missing, find
from cfwidgets.data.faces.masks.sources import Parser
from cfwidgets.data.folders import FolderError

__all__ = ["FairFace", "FairFaceSplit"]

FairFaceSplit: TypeAlias = Literal["all", "train", "val"]
"""A part of FairFace."""

_VALUES = {
    "gender": ("Male", "Female"),
    "race": (
        "East Asian",
        "Indian",
        "Black",
        "White",
        "Middle Eastern",
        "Latino_Hispanic",
        "Southeast Asian",
    ),
    "age": ("0-2", "3-9", "10-19", "20-29", "30-39", "40-49", "50-59", "60-69", "more than 70"),
    "service_test": ("True", "False"),
}
_LAYOUT = (
    "fairface_label_train.csv, fairface_label_val.csv, and train/1.jpg …, val/1.jpg … beside them or in "
    "fairface-img-margin025-trainval/ (or margin125)"
)


class FairFace(FaceDataset):
    r"""FairFace (Kärkkäinen and Joo 2021): 97,698 faces with labels of gender, race and age.

    Parameters
    ----------
    root
        The folder that holds ``fairface_label_train.csv`` and ``fairface_label_val.csv``, and the images in
        ``train/`` and ``val/`` or in the folder that the archive makes.
    split
        ``"train"`` (86,744), ``"val"`` (10,954), or ``"all"``. Files of another part need not be there.
    masks, size, cache, missing
        See `CelebA`; FairFace has no masks of its own.

    Raises
    ------
    FolderError
        The folder is not laid out so, or a label is none of the data set's.

    Notes
    -----
    Labels are what annotators agreed on from the picture, in the data set's own categories. Each becomes an
    attribute: ``"Male"``, ``"Female"``, the seven races by their names, ages as ``"age 20-29"``, and
    ``"service_test"`` (the balanced part that the authors tested services on). `frame` has them as they are
    in the file, too. Papers speak of 108,501 images; 97,698 were released.

    Examples
    --------
    >>> import tempfile
    >>> from PIL import Image
    >>> root = Path(tempfile.mkdtemp())
    >>> (root / "val").mkdir()
    >>> Image.new("RGB", (8, 8)).save(root / "val/1.jpg")
    >>> _ = (root / "fairface_label_val.csv").write_text(
    ...     "file,age,gender,race,service_test\nval/1.jpg,3-9,Male,East Asian,False\n")
    >>> faces = FairFace(root, split="val")
    >>> [name for name, yes in zip(faces.names, faces[0].attributes) if yes]
    ['Male', 'East Asian', 'age 3-9']
    """

    def __init__(
        self,
        root: str | os.PathLike[str],
        split: FairFaceSplit = "all",
        *,
        masks: Literal["farl"] | Parser | None = None,
        size: Size = None,
        cache: CacheFolder = None,
        missing: Missing = "error",
    ) -> None:
        choice("split", split, get_args(FairFaceSplit))
        root = Path(root)
        parts = ("train", "val") if split == "all" else (split,)
        tables = [f"fairface_label_{part}.csv" for part in parts]
        labels: dict[str, list[str]] = {"file": [], **{name: [] for name in _VALUES}}
        for table in tables:
            _read(find(root, (table,), f"the labels of split={split!r}", _LAYOUT), labels)
        self.split = split
        files = labels.pop("file")
        names, flags = [], []
        for column, values in _VALUES.items():
            for value in values if column != "service_test" else values[:1]:
                names.append(_name(column, value))
                flags.append([label == value for label in labels[column]])
        super().__init__(
            root,
            _images(root, parts),
            tuple(names),
            Rows(files, torch.tensor(flags).T.contiguous(), labels),
            listed_in=" and ".join(tables),
            missing=missing,
            size=size,
            cache=cache,
            masks=masks,
        )


def _read(path: Path, labels: dict[str, list[str]]) -> None:
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = csv.DictReader(file)
        absent = [name for name in labels if name not in (rows.fieldnames or ())]
        if absent:
            raise FolderError(
                f"the first line of {str(path)!r} must name the columns {', '.join(labels)}; it lacks "
                f"{', '.join(absent)}"
            )
        for row in rows:
            for column, accepted in _VALUES.items():
                if row[column] not in accepted:
                    raise FolderError(_wrong(path, rows.line_num, column, row[column]))
            for column, values in labels.items():
                values.append(row[column])
    if not labels["file"]:
        raise FolderError(f"{str(path)!r} lists no images")


def _wrong(path: Path, line: int, column: str, found: str | None) -> str:
    hint = ""
    if column == "age" and found is not None and any(letter.isalpha() for letter in found):
        hint = "; a spreadsheet program may have turned ages into dates: take the file as it was downloaded"
    accepted = ", ".join(_VALUES[column])
    return f"line {line} of {str(path)!r}: {column} must be one of {accepted}; got {found!r}{hint}"


def _name(column: str, value: str) -> str:
    return {"age": f"age {value}", "service_test": "service_test"}.get(column, value)


def _images(root: Path, parts: tuple[str, ...]) -> Path:
    folders = [root, *sorted(root.glob("fairface-img-margin*/"))]
    complete = [folder for folder in folders if all((folder / part).is_dir() for part in parts)]
    if not complete:
        raise FolderError(
            f"the images must be in {' and '.join(f'{part}/' for part in parts)} in {str(root)!r} or in "
            f"fairface-img-margin…-trainval/ there, and are not. The layout is {_LAYOUT}"
        )
    if len(complete) > 1:
        raise FolderError(
            f"{str(root)!r} holds the images more than once, with different margins: "
            f"{', '.join(folder.name for folder in complete)}; keep one of them in the folder that is given"
        )
    return complete[0]
