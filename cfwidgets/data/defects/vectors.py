"""Directions in space: across, down, towards the camera."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from cfwidgets.data.defects.textures import Plane

__all__ = ["Vector", "along", "beside", "unit"]

Vector: TypeAlias = npt.NDArray[np.floating[Any]]
"""Three numbers: a direction of length 1, or a colour."""


def unit(vector: npt.ArrayLike) -> Vector:
    """A vector with length 1."""
    values = np.asarray(vector, dtype=np.float32)
    return values / np.linalg.norm(values)


def along(vectors: Plane, direction: Vector) -> Plane:
    """Length of each of ``(3, h, w)`` vectors along a direction, ``(h, w)``."""
    product: Plane = vectors[0] * direction[0] + vectors[1] * direction[1] + vectors[2] * direction[2]
    return product


def beside(direction: Vector) -> tuple[Vector, Vector]:
    """Two directions at right angles to one and to each other."""
    helper = np.eye(3, dtype=np.float32)[int(np.abs(direction).argmin())]
    first = unit(np.cross(direction, helper))
    return first, unit(np.cross(direction, first))
