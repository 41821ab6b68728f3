"""Stand-ins for models that are not there: what was found with them can be shown, and nothing new asked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NoReturn

from torch import Tensor

from cfwidgets.models.classifier import Classifier
from cfwidgets.models.translator import Translator

__all__ = ["AbsentClassifier", "AbsentEditor", "AbsentError", "AbsentGenerator", "absent_translator"]


class AbsentError(ValueError):
    """A question to a model that is not there."""


def _refuse(*_given: Any) -> NoReturn:
    raise AbsentError("there is no model to answer this: open the file with it, cfwidgets.open(path, clf)")


class AbsentClassifier(Classifier):
    """A classifier of which only the name and the labels are known.

    Parameters
    ----------
    name
        Its name.
    labels
        The names of its classes; None where they have none.

    Examples
    --------
    >>> AbsentClassifier("Net", ("cat", "dog")).class_index("dog")
    1
    """

    def __init__(self, name: str, labels: Sequence[str] | None) -> None:
        super().__init__(_refuse, labels=labels)
        self.name = name


class AbsentGenerator:
    """A generator of which only the number of classes is known."""

    latent_size = 1

    def __init__(self, classes: int) -> None:
        self.classes = classes

    def sample(self, n: int, seed: int = 0) -> Tensor:
        """Refuse."""
        _refuse(n, seed)

    def generate(self, z: Tensor, c: Tensor) -> Tensor:
        """Refuse."""
        _refuse(z, c)


class AbsentEditor:
    """An editor of which only the attributes are known."""

    def __init__(self, attributes: Sequence[str]) -> None:
        self.attributes = tuple(attributes)

    def encode(self, image: Tensor) -> Any:
        """Refuse."""
        _refuse(image)

    def decode(self, encoded: Any, attributes: Tensor) -> Tensor:
        """Refuse."""
        _refuse(encoded, attributes)


def absent_translator() -> Translator:
    """Make a translator of which nothing is known."""
    return Translator(_refuse)
