"""From the light of a scene to the bytes of a picture."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from cfwidgets.data.defects.textures import Plane
from cfwidgets.data.defects.vectors import Vector

__all__ = ["linear", "photographed", "shown"]

_SCREEN = 2.2


def photographed(colour: Plane, rng: np.random.Generator) -> npt.NDArray[np.uint8]:
    """Blur over a pixel, a curve, and noise.

    Parameters
    ----------
    colour
        ``(3, size, size)``, about 0 to 1, as bright as it is to be seen.
    rng
        Says how much of each, whatever the colours.

    Returns
    -------
    numpy.ndarray
        ``(3, size, size)`` uint8. A pixel depends on itself and the eight around it.
    """
    spread = rng.uniform(0, 0.16)
    for _ in range(2):
        wide = np.pad(colour, [(0, 0), (1, 1), (0, 0)], mode="edge")
        blurred = (1 - 2 * spread) * colour + spread * (wide[:, :-2] + wide[:, 2:])
        colour = blurred.transpose(0, 2, 1)
    bright = np.clip(colour, 0, 1) ** math.exp(rng.normal(0, 0.12))
    noise = rng.uniform(0.004, 0.016) * rng.standard_normal((1, *colour.shape[1:]), dtype=np.float32)
    noise = noise + 0.004 * rng.standard_normal(colour.shape, dtype=np.float32)
    levels: npt.NDArray[np.uint8] = np.round(np.clip(bright + noise, 0, 1) * 255).astype(np.uint8)
    return levels


def linear(colour: tuple[float, float, float]) -> Vector:
    """The light of a colour, whose red, green and blue are given as bytes are."""
    return ((np.array(colour) / 255) ** _SCREEN).astype(np.float32)


def shown(light: Plane) -> Plane:
    """Values as a screen shows them; the opposite of `linear`."""
    seen: Plane = np.clip(light, 0, 1) ** (1 / _SCREEN)
    return seen
