"""Pictures of a data set, as a classifier sees them, read one by one or as slices of one array."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import numpy as np
from torch import Tensor
from torch.utils.data import TensorDataset

from cfwidgets.data.reading import Skipped
from cfwidgets.images import ImageError, as_images, fit
from cfwidgets.models.classifier import Classifier

__all__ = ["Item", "Pictures", "Source", "Watched", "item_of", "paths_of", "reason", "source_of"]

_JOBS = 16  # of a batch


class Pictures(NamedTuple):
    """Pictures of one size, as the model sees them.

    Attributes
    ----------
    numbers
        Their indices in the data set.
    images
        ``(n, 3, H, W)`` in [0, 1].
    labels
        The class of each as the data set has it, or None where the items have none.
    """

    numbers: list[int]
    images: Tensor
    labels: list[Any] | None


class Item(NamedTuple):
    """One picture as a data set has it.

    Attributes
    ----------
    image
        Anything that `cfwidgets.images.as_image` accepts.
    label
        Its class as the data set has it; None where the item has none.
    code
        The Python expression for the image, where the data set is called ``data``.
    """

    image: Any
    label: Any
    code: str


class Source(Protocol):
    """Reads pictures by their indices; it may be called from many threads."""

    def __len__(self) -> int:
        """Count the pictures."""
        ...

    def jobs(self, numbers: list[int]) -> list[list[int]]:
        """Split a batch into what one thread reads at a time."""
        ...

    def __call__(self, numbers: list[int]) -> list[Pictures | Skipped]:
        """Read one job; what cannot be read comes back as `Skipped`."""
        ...


@dataclass(frozen=True)
class _Slices:
    """Pictures of one array: a batch is a slice of it.

    Attributes
    ----------
    clf
        Scales and crops to the model's input.
    values
        ``(N, C, H, W)`` or ``(N, H, W, C)``.
    """

    clf: Classifier
    values: Any

    def __len__(self) -> int:
        return len(self.values)

    def jobs(self, numbers: list[int]) -> list[list[int]]:
        return [numbers]

    def __call__(self, numbers: list[int]) -> list[Pictures | Skipped]:
        try:
            return [self._read(numbers)]
        except Exception as error:  # noqa: BLE001 - one picture may spoil the slice
            if len(numbers) == 1:
                return [Skipped(numbers[0], reason(error))]
        return [part for number in numbers for part in self([number])]

    def _read(self, numbers: list[int]) -> Pictures:
        first, end = numbers[0], numbers[-1] + 1
        whole = end - first == len(numbers)
        values = self.values[first:end] if whole else self.values[numbers]
        if len(values) != len(numbers):
            raise IndexError(f"the array holds {len(self.values)} pictures now")
        return Pictures(numbers, fit(as_images(values).cpu(), self.clf.input_size), None)


@dataclass(frozen=True)
class _Items:
    """Pictures that a data set or a list gives one by one.

    Attributes
    ----------
    clf
        Scales and crops to the model's input.
    data
        With a length, and items: a picture, ``(picture, label, …)``, or an object with ``image`` and maybe
        ``label``.
    """

    clf: Classifier
    data: Any

    def __len__(self) -> int:
        return len(self.data)

    def jobs(self, numbers: list[int]) -> list[list[int]]:
        # To hand a job to a thread takes longer than to read a small picture that lies in memory.
        each = max(1, len(numbers) // _JOBS)
        return [numbers[first : first + each] for first in range(0, len(numbers), each)]

    def __call__(self, numbers: list[int]) -> list[Pictures | Skipped]:
        return [self._read(number) for number in numbers]

    def _read(self, number: int) -> Pictures | Skipped:
        # A file may be damaged in any way, and a data set is the user's own.
        try:
            image, labels = _parts(self.data[number])
            return Pictures([number], self.clf.view(image).cpu()[None], labels)
        except Exception as error:  # noqa: BLE001
            return Skipped(number, reason(error))


@dataclass(frozen=True)
class Watched:
    """A source that hands over what it reads.

    Attributes
    ----------
    source
        The source.
    watch
        Called with all pictures, on the thread that has read them.
    """

    source: Source
    watch: Callable[[Pictures], None]

    def __len__(self) -> int:
        return len(self.source)

    def jobs(self, numbers: list[int]) -> list[list[int]]:
        """Split a batch as the source does."""
        return self.source.jobs(numbers)

    def __call__(self, numbers: list[int]) -> list[Pictures | Skipped]:
        """Read one job, and hand over what was read."""
        parts = self.source(numbers)
        for part in parts:
            if isinstance(part, Pictures):
                self.watch(part)
        return parts


def source_of(clf: Classifier, data: Any) -> Source:
    """Find how the pictures of a data set are read.

    Raises
    ------
    TypeError
        It is no data set.
    ImageError
        An array of one picture, or of other axes.
    ValueError
        It is empty.
    """
    values = _array(data)
    given = data if values is None else values
    sized = hasattr(given, "__len__") and hasattr(given, "__getitem__")
    if not sized or isinstance(given, str | bytes | dict | set):
        if isinstance(data, str | os.PathLike):
            raise TypeError(
                f"data must be a data set, not a path; got {str(data)!r:.80}: cfwidgets.data.ImageFolders(…) "
                "reads a folder, [path] is a data set of one picture"
            )
        raise TypeError(
            "data must be a data set, with a length and items (image, label), an array of images or a list "
            f"of images or paths; got {type(data).__name__}"
        )
    source: Source = _Items(clf, data)
    if values is not None:
        if values.ndim != 4:
            raise ImageError(
                "an array of images has four axes, (N, C, H, W) or (N, H, W, C); data has "
                f"{tuple(values.shape)}: list(data) is a list of images, [data] of one"
            )
        source = _Slices(clf, values)
    if not len(source):
        raise ValueError("data: there are no pictures in the data set given")
    return source


def item_of(data: Any, number: int) -> Item:
    """Read one picture of a data set, as large as it is there.

    Raises
    ------
    Exception
        The data set's own, where the picture cannot be read.

    Examples
    --------
    >>> item_of([("cat.jpg", "cat")], 0)
    Item(image='cat.jpg', label='cat', code='data[0][0]')
    """
    values = _array(data)
    if values is not None:
        return Item(values[number], None, f"{_array_code(data)}[{number}]")
    item = data[number]
    image, labels = _parts(item)
    part = ".image" if hasattr(item, "image") else "[0]" if isinstance(item, tuple | list) else ""
    return Item(image, labels[0] if labels else None, f"data[{number}]{part}")


def paths_of(data: Any, count: int) -> tuple[str, ...]:
    """Return the path of each picture as text; empty where it is read from no file that is known."""
    found = getattr(data, "paths", None)
    if found is None and hasattr(data, "samples"):  # torchvision's folders
        found = [sample[0] for sample in data.samples]
    if found is None and hasattr(data, "files") and hasattr(data, "folder"):  # faces
        found = [Path(data.folder) / name for name in data.files]
    if found is None and isinstance(data, list | tuple):
        found = [item[0] if isinstance(item, tuple | list) and item else item for item in data]
    if found is None or len(found) != count:
        return ("",) * count
    return tuple(os.fspath(path) if isinstance(path, str | os.PathLike) else "" for path in found)


def reason(error: Exception) -> str:
    """Say why a picture is skipped."""
    return f"{type(error).__name__}: {error}"


def _array(data: Any) -> Any:
    """Find the array of all images that a data set holds, if any."""
    if isinstance(data, TensorDataset):
        data = data.tensors[0]
    if isinstance(data, Tensor | np.ndarray):
        return data
    held = getattr(data, "pixels", None)  # of what is drawn, whose `images` converts all pixels each time
    if held is None and not isinstance(getattr(type(data), "images", None), property):
        held = getattr(data, "images", None)
    return held if isinstance(held, Tensor | np.ndarray) else None


def _array_code(data: Any) -> str:
    """Write how the array that `_array` finds is reached."""
    if isinstance(data, TensorDataset):
        return "data.tensors[0]"
    if isinstance(data, Tensor | np.ndarray):
        return "data"
    return "data.pixels" if getattr(data, "pixels", None) is not None else "data.images"


def _parts(item: Any) -> tuple[Any, list[Any] | None]:
    if hasattr(item, "image"):
        label = getattr(item, "label", None)
        return item.image, None if label is None else [label]
    if isinstance(item, tuple | list):
        return item[0], [item[1]] if len(item) > 1 else None
    return item, None
