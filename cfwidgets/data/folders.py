"""Images of one's own, one folder a class, as ImageNet is laid out."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from torch import Tensor
from torch.utils.data import Dataset

from cfwidgets.checks import one_place
from cfwidgets.images import as_image
from cfwidgets.images.files import SUFFIXES

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["FolderError", "ImageFolders"]


class FolderError(ValueError):
    """A folder with another layout; the message names what was found and what is accepted."""


class ImageFolders(Dataset[tuple[Tensor, int]]):
    """Images in class folders: ``root/goldfish/1.jpg``, ``root/tench/left/2.png``.

    Parameters
    ----------
    root
        The folder of the class folders. Images may lie in folders within these, and links
        are followed. Hidden files and folders, and files without the suffix of an image, are left out.
    classes
        The names of the class folders in the classifier's order. None sorts them as text, as torchvision
        does. Give them where the order has to be that of a classifier: a class without a folder then keeps
        its number, instead of shifting all that come after it.
    labels
        Labels of the classes by the names of their folders (``{"n01440764": "tench"}``). Classes left out, or
        all with None, are labelled by their folders.
    view
        A function applied to each image, from a tensor ``(3, H, W)`` to another. `Classifier.view` brings all
        of them to the classifier's input size. None leaves images unchanged.

    Attributes
    ----------
    classes : tuple of str
        Names of the class folders; a class's number is its place here.
    labels : tuple of str
        Labels of the classes, in the same order.
    paths : tuple of Path
        The images: class by class, and sorted within each.
    targets : tuple of int
        The class of each.
    left_out : tuple of str
        Files and folders within the class folders that are left out, with the reason, such as
        ``"dog/notes.txt (no image)"``.

    Raises
    ------
    FolderError
        No such folder, no class folders in it, a class folder without images, folders that `classes` does
        not name or `labels` that name no folder; or, without `classes`, folders named by numbers that sort
        differently as text (0, 1, 10, 2) than as numbers: both orders are in use, so one must be chosen.

    Notes
    -----
    Files are read when an item is requested, by `cfwidgets.images.as_image`, whose errors name the file. A
    wrong order of the classes is the usual reason for an accuracy near chance: look at `table` first.

    Examples
    --------
    >>> import tempfile
    >>> from PIL import Image
    >>> root = Path(tempfile.mkdtemp())
    >>> for name in ("tench", "goldfish"):
    ...     (root / name).mkdir()
    ...     Image.new("RGB", (8, 6), "orange").save(root / name / "1.png")
    >>> images = ImageFolders(root)
    >>> images.table()
       class    folder     label  images
    0      0  goldfish  goldfish       1
    1      1     tench     tench       1
    >>> image, target = images[1]
    >>> image.shape, images.labels[target]
    (torch.Size([3, 6, 8]), 'tench')
    """

    def __init__(
        self,
        root: str | os.PathLike[str],
        *,
        classes: Sequence[str] | None = None,
        labels: Mapping[str, str] | None = None,
        view: Callable[[Tensor], Tensor] | None = None,
    ) -> None:
        self.root = Path(root)
        folders = _folders(self.root)
        self.classes = _sorted(folders) if classes is None else _ordered(folders, classes)
        self.labels = _named(self.classes, labels or {})
        self.view = view
        found: list[tuple[Path, int]] = []
        left_out: list[str] = []
        for number, name in enumerate(self.classes):
            if name in folders:
                images, others = _images(self.root / name)
                found += [(path, number) for path in images]
                left_out += [f"{path.relative_to(self.root).as_posix()} ({why})" for path, why in others]
        self.paths = tuple(path for path, _ in found)
        self.targets = tuple(number for _, number in found)
        self.left_out = tuple(left_out)

    def __len__(self) -> int:
        """Count the images."""
        return len(self.paths)

    def __getitem__(self, index: int) -> tuple[Tensor, int]:
        """Read one image ``(3, H, W)`` in [0, 1] and the number of its class."""
        one_place(index)
        image = as_image(self.paths[index])
        return (image if self.view is None else self.view(image)), self.targets[index]

    def __repr__(self) -> str:
        others = f", {len(self.left_out)} files or folders left out" if self.left_out else ""
        return f"<ImageFolders {str(self.root)!r}: {len(self)} images, {len(self.classes)} classes{others}>"

    def table(self) -> pd.DataFrame:
        """List the classes with their numbers.

        Returns
        -------
        pandas.DataFrame
            Columns ``class`` (its number), ``folder``, ``label`` and ``images`` (how many).
        """
        import pandas as pd

        counts = Counter(self.targets)
        numbers = range(len(self.classes))
        return pd.DataFrame(
            {
                "class": numbers,
                "folder": self.classes,
                "label": self.labels,
                "images": [counts[number] for number in numbers],
            }
        )


def _folders(root: Path) -> set[str]:
    if not root.is_dir():
        what = "is a file" if root.exists() else "does not exist"
        raise FolderError(f"{str(root)!r} {what}; give the folder that holds one folder a class")
    inside = [path for path in root.iterdir() if not path.name.startswith(".")]
    folders = {path.name for path in inside if path.is_dir()}
    if not folders:
        images = sum(path.suffix.lower() in SUFFIXES for path in inside)
        found = f"images directly in it: {images}" if images else "neither"
        raise FolderError(
            f"{str(root)!r} must hold one folder a class, with its images inside; found {found}"
        )
    return folders


def _sorted(folders: set[str]) -> tuple[str, ...]:
    as_text = sorted(folders)
    if all(name.isdecimal() for name in as_text) and as_text != sorted(as_text, key=int):
        raise FolderError(
            f"the class folders are numbers, which as text sort as {_some(as_text)}: state which order "
            "is meant: classes=sorted(names, key=int) as numbers, or classes=sorted(names) as text, as "
            "torchvision does"
        )
    return tuple(as_text)


def _ordered(folders: set[str], classes: Sequence[str]) -> tuple[str, ...]:
    if isinstance(classes, str) or not all(isinstance(name, str) for name in classes):
        raise FolderError(f"classes must be a list of the names of the class folders; got {classes!r:.80}")
    twice = sorted(name for name, count in Counter(classes).items() if count > 1)
    if twice:
        raise FolderError(f"classes names some folders more than once: {_some(twice)}")
    unknown = sorted(folders.difference(classes))
    if unknown:
        raise FolderError(f"there are class folders that classes does not name: {_some(unknown)}")
    return tuple(classes)


def _named(classes: tuple[str, ...], labels: Mapping[str, str]) -> tuple[str, ...]:
    unknown = sorted(set(labels).difference(classes))
    if unknown:
        raise FolderError(f"labels names folders that are not there: {_some(unknown)}")
    return tuple(labels.get(name, name) for name in classes)


def _images(folder: Path) -> tuple[list[Path], list[tuple[Path, str]]]:
    """Find the images in a folder, sorted, and what is left out, with the reason."""
    images, left_out = [], []
    seen: set[str] = set()
    for place, inner, files in os.walk(folder, followlinks=True):
        if os.path.realpath(place) in seen:
            inner.clear()
            left_out.append((Path(place), "a link to a folder that is read already"))
            continue
        seen.add(os.path.realpath(place))
        left_out += [(Path(place, name), "hidden") for name in (*inner, *files) if name.startswith(".")]
        inner[:] = sorted(name for name in inner if not name.startswith("."))
        for path in (Path(place, name) for name in files if not name.startswith(".")):
            if path.suffix.lower() in SUFFIXES:
                images.append(path)
            else:
                left_out.append((path, "no image"))
    if not images:
        others = "".join(f"; left out: {path.name} ({why})" for path, why in sorted(left_out)[:3])
        raise FolderError(
            f"the class folder {str(folder)!r} holds no images ({', '.join(SUFFIXES)}){others}; remove it, "
            "or name the class in classes= without a folder"
        )
    return sorted(images), sorted(left_out)


def _some(names: Sequence[str]) -> str:
    more = f", … ({len(names)} in all)" if len(names) > 5 else ""
    return ", ".join(names[:5]) + more
