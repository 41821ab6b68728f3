"""The body of an apple: turned about an axis, with a dimple at each end."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from cfwidgets.data.defects.textures import Plane
from cfwidgets.data.defects.vectors import Vector, unit

__all__ = ["Form", "leaning", "seen"]

_NEAREST, _FARTHEST = 1.12, -0.75
_DEPTHS = 26
_HALVINGS = 5
_ENTRIES = 2048


class Form:
    """Distance of the surface from the centre, by height: -1 is the calyx, 1 the stem; most are near 1."""

    def __init__(self, rng: np.random.Generator) -> None:
        length, shoulders = rng.uniform(0.84, 1.0), rng.uniform(0.0, 0.07)
        deep = rng.uniform(0.22, 0.34), rng.uniform(0.08, 0.17)
        self._wide = rng.uniform(0.05, 0.09), rng.uniform(0.03, 0.05)
        height = np.linspace(-1, 1, _ENTRIES, dtype=np.float32)
        radius = 1 / np.sqrt(1 - height * height + (height / length) ** 2) + shoulders * height
        radius = radius - deep[0] * self.top(height) - deep[1] * self.bottom(height)
        self._radii = radius.astype(np.float32)
        self._slopes = (np.gradient(radius, height) / radius).astype(np.float32)

    @property
    def stem(self) -> float:
        """Distance of the bottom of the upper dimple from the centre."""
        return float(self._radii[-1])

    def top(self, height: Plane) -> Plane:
        """Depth in the upper dimple, 0 to 1."""
        return np.exp((height - 1) / self._wide[0])

    def bottom(self, height: Plane) -> Plane:
        """Depth in the lower dimple, 0 to 1."""
        return np.exp(-(height + 1) / self._wide[1])

    def radius(self, height: Plane) -> Plane:
        """Distance of the surface from the centre."""
        return self._radii[_entry(height)]

    def slope(self, height: Plane) -> Plane:
        """Change of the radius with the height, as a share of the radius."""
        return self._slopes[_entry(height)]


def leaning(rng: np.random.Generator) -> Vector:
    """Direction of an apple's stem: mostly upright, and leaning to the camera or away from it."""
    lean, turn = rng.uniform(-1.15, 1.15), rng.normal(0, 0.35)
    if rng.random() < 0.3:
        turn = rng.uniform(0, 2 * math.pi)
    return unit([math.cos(lean) * math.sin(turn), -math.cos(lean) * math.cos(turn), math.sin(lean)])


def seen(form: Form, axis: Vector, x: Plane, y: Plane, pixel: float) -> tuple[Plane, Plane]:
    """Look at a body from far in front.

    Parameters
    ----------
    form, axis
        The body.
    x, y
        ``(1, size)`` and ``(size, 1)``: where the pixels are.
    pixel
        Their side.

    Returns
    -------
    numpy.ndarray, numpy.ndarray
        How much of each pixel is body, ``(size, size)``; and the point seen there, ``(3, size, size)``.
        Beside the body that is the point that comes nearest to it.
    """
    flat, tilt = x * x + y * y, x * axis[0] + y * axis[1]

    def inside(z: Plane) -> Plane:
        distance = np.sqrt(flat + z * z) + 1e-6
        return form.radius((tilt + axis[2] * z) / distance) - distance

    depths = np.linspace(_NEAREST, _FARTHEST, _DEPTHS, dtype=np.float32)
    values = inside(depths[:, None, None])
    hit = values > 0
    found = hit.any(0)
    first = np.where(found, hit.argmax(0), values.argmax(0))
    near, far = depths[np.maximum(first - 1, 0)], depths[first]
    for _ in range(_HALVINGS):
        middle = (near + far) / 2
        through = inside(middle) > 0
        near, far = np.where(through, near, middle), np.where(through, middle, far)
    z = np.where(found, (near + far) / 2, depths[first])
    alpha = np.clip(values.max(0) / pixel + 0.5, 0, 1)
    return alpha, np.stack(np.broadcast_arrays(x, y, z))


def _entry(height: Plane) -> npt.NDArray[np.intp]:
    return np.clip((height + 1) * (0.5 * (_ENTRIES - 1)) + 0.5, 0, _ENTRIES - 1).astype(np.intp)
