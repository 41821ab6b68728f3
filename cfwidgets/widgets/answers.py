"""The answers of models that views hold, as a file must have them: see ``View.answered``."""

from __future__ import annotations

from dataclasses import dataclass, is_dataclass
from typing import Any, ClassVar

from cfwidgets.schema import check

__all__ = ["Curves", "Edited", "Face", "Hidden", "Masked", "Stressed", "read"]

Top = list[list[float]]
"""Classes and their probabilities, ``[[class, probability], …]``."""


@dataclass(frozen=True)
class Masked:
    """The answer to a picture of which some superpixels are shown."""

    schema: ClassVar[dict[str, str]] = {"target": "0 inf", "probability": "0 1", "whole": "0 1"}

    shown: list[int]
    target: int
    top: Top
    probability: float
    whole: float


@dataclass(frozen=True)
class Hidden:
    """The answer to a picture of which some pixels are hidden."""

    schema: ClassVar[dict[str, str]] = {"target": "0 inf", "against": "-1 inf", "probability": "0 1"}

    hiding: dict[str, str | int | bool]
    target: int
    against: int
    top: Top
    probability: float
    picture: bytes


@dataclass(frozen=True)
class Curves:
    """The answers while more and more pixels are hidden, the most or the least relevant first."""

    method: str
    fill: str
    most: list[tuple[int, float]]
    least: list[tuple[int, float]]


@dataclass(frozen=True)
class Edited:
    """The answer to a picture that was edited by hand."""

    schema: ClassVar[dict[str, str]] = {"p": "0 1"}

    deltas: list[float]
    top: list[list[str | float]]
    p: float
    flips: bool
    critic: float | None
    second: str | None
    picture: bytes


@dataclass(frozen=True)
class Face:
    """One face of a data set, the answer to it, and the map of the model's attention."""

    schema: ClassVar[dict[str, str]] = {"image": "0 inf", "model": "0 1", "size": "(2)"}

    image: int
    model: int
    name: str
    size: list[int]
    box: list[int]
    region: str
    answer: list[list[str | float]]
    picture: bytes
    map: bytes
    region_mask: bytes


@dataclass(frozen=True)
class Stressed:
    """The answer to a picture with noise or an attack on it."""

    schema: ClassVar[dict[str, str]] = {"chosen": "0 inf"}

    chosen: int
    asked: list[float]
    picture: bytes
    twin: bytes
    difference: bytes
    image: list[float]
    second: list[float | None]


def read(kind: type[Any], given: Any) -> Any:
    """Return an answer that a file gave, as its trait holds it.

    Parameters
    ----------
    kind
        One of these classes, or that of a plain value, such as bytes.
    given
        A dictionary with the fields of the class, or the value.

    Raises
    ------
    TypeError, ValueError
        A field is missing, one too many, or holds something else.

    Examples
    --------
    >>> read(bytes, b"picture")
    b'picture'
    """
    made = is_dataclass(kind)
    if type(given) is not (dict if made else kind):
        raise TypeError(f"it must be {'dict' if made else kind.__name__}, not {type(given).__name__}")
    if made:
        check(kind(**given), kind)
    return given
