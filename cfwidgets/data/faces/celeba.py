"""CelebA as it is published."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal, TypeAlias, get_args

from cfwidgets.checks import choice
from cfwidgets.data.faces.attribute_table import read_attributes, read_lines
from cfwidgets.data.faces.dataset import CacheFolder, FaceDataset, Rows, Size
from cfwidgets.data.faces.layout import Missing, find
from cfwidgets.data.faces.masks.sources import Parser
from cfwidgets.data.folders import FolderError

__all__ = ["CelebA", "CelebASplit", "split_of"]

CelebASplit: TypeAlias = Literal["all", "train", "valid", "test"]
"""A part of CelebA."""

_LAYOUT = (
    "img_align_celeba/000001.jpg …, list_attr_celeba.txt and list_eval_partition.txt (the folders Img, Anno "
    "and Eval of the download, and Kaggle's .csv files, are found too)"
)
_PARTS = ("train", "valid", "test")
_LAST_OF = {"train": 162_770, "valid": 182_637}


class CelebA(FaceDataset):
    r"""CelebA (Liu et al. 2015): 202,599 pictures of celebrities with 40 attributes, aligned, 178 x 218.

    Parameters
    ----------
    root
        The folder that holds ``img_align_celeba/``, ``list_attr_celeba.txt`` and, unless `split` is
        ``"all"``, ``list_eval_partition.txt``.
    split
        ``"train"`` (162,770), ``"valid"`` (19,867), ``"test"`` (19,962), by the data set's own list, or
        ``"all"``.
    masks
        CelebA has none. None leaves them out; ``"farl"`` finds them by `FaRL` (``pip install
        "cfwidgets[farl]"``); a function takes an image ``(3, h, w)`` in its own size and gives ``(19, h, w)``
        bool or region bits ``(h, w)``, and where it has a text ``cache_key``, its masks are kept.
    size
        Height and width, or one number for both: images and masks are scaled until they just cover it, and
        the centre cut out. None leaves them as they are.
    cache
        The folder where masks are kept; None is the user's cache folder, False keeps none.
    missing
        What to do where images are listed and not there: ``"error"``, or ``"skip"`` to go without.

    Raises
    ------
    FolderError
        The folder is not laid out so: what was looked for, and what is there.
    ImportError, ConnectionError
        FaRL is asked for, and not installed or its weights cannot be downloaded.

    Notes
    -----
    Labels are what annotators chose from the picture, binary by the data set's convention, and noisy.

    Examples
    --------
    >>> import tempfile
    >>> from PIL import Image
    >>> root = Path(tempfile.mkdtemp())
    >>> (root / "img_align_celeba").mkdir()
    >>> Image.new("RGB", (178, 218)).save(root / "img_align_celeba/000001.jpg")
    >>> _ = (root / "list_attr_celeba.txt").write_text("1\nMale Smiling\n000001.jpg -1  1\n")
    >>> faces = CelebA(root, size=64)
    >>> faces[0].image.shape, faces.names, faces[0].attributes.tolist()
    (torch.Size([3, 64, 64]), ('Male', 'Smiling'), [False, True])
    """

    def __init__(
        self,
        root: str | os.PathLike[str],
        split: CelebASplit = "all",
        *,
        masks: Literal["farl"] | Parser | None = None,
        size: Size = None,
        cache: CacheFolder = None,
        missing: Missing = "error",
    ) -> None:
        choice("split", split, get_args(CelebASplit))
        root = Path(root)
        folder = find(
            root,
            ("img_align_celeba/img_align_celeba/", "img_align_celeba/", "Img/img_align_celeba/"),
            "the images",
            _LAYOUT,
        )
        table_path = find(
            root,
            ("list_attr_celeba.txt", "Anno/list_attr_celeba.txt", "list_attr_celeba.csv"),
            "the attributes",
            _LAYOUT,
        )
        table = read_attributes(table_path)
        self.split = split
        files, values = table.files, table.values
        if split != "all":
            parts = _partition(root)
            unlisted = [file for file in files if file not in parts]
            if unlisted:
                raise FolderError(
                    f"the partition of {str(root)!r} does not list {unlisted[0]}, and {table_path.name} does"
                )
            numbers = [number for number, file in enumerate(files) if parts[file] == split]
            files, values = [files[number] for number in numbers], values[numbers]
        super().__init__(
            root,
            folder,
            table.names,
            Rows(files, values, {}),
            listed_in=table_path.name,
            missing=missing,
            size=size,
            cache=cache,
            masks=masks,
        )


def split_of(file: str) -> str:
    """Say which part of CelebA a file belongs to, by its number; it is what the data set's own list says.

    >>> split_of("162770.jpg"), split_of("162771.jpg"), split_of("182638.jpg")
    ('train', 'valid', 'test')
    """
    number = int(file.partition(".")[0])
    return next((part for part, last in _LAST_OF.items() if number <= last), "test")


def _partition(root: Path) -> dict[str, str]:
    path = find(
        root,
        ("list_eval_partition.txt", "Eval/list_eval_partition.txt", "list_eval_partition.csv"),
        'the partition, which split needs unless it is "all",',
        _LAYOUT,
    )
    lines = read_lines(path)
    if path.suffix == ".csv":
        lines = lines[1:]
    parts = {}
    for number, line in enumerate(lines, 1):
        if len(line) != 2 or line[1] not in ("0", "1", "2"):
            raise FolderError(
                f"row {number} of {str(path)!r} must be a file and 0 (train), 1 (valid) or 2 (test); got "
                f"{' '.join(line)[:80]!r}"
            )
        parts[line[0]] = _PARTS[int(line[1])]
    return parts
