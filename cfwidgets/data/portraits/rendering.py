"""From faces to pixels and region bits, on all cores."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from queue import SimpleQueue
from typing import IO, Protocol, cast

import numpy as np
from PIL import Image

from cfwidgets.data.portraits import raster
from cfwidgets.data.portraits.geometry import FaceGeometry
from cfwidgets.data.portraits.masks import bits_of
from cfwidgets.data.portraits.scene import portrait
from cfwidgets.data.portraits.svg import Sketch

__all__ = ["drawn", "rendered"]


class Raster(Protocol):
    """A function that draws SVG text as a PNG: in this process or in another."""

    def __call__(self, text: str, size: int, *, crisp: bool) -> bytes:
        """Draw."""
        ...


# The library draws on one core and keeps Python's lock meanwhile, so that threads do not help and processes
# do. To start one costs as much as a dozen faces.
_WORTH_PROCESSES = 64
_MOST_PROCESSES = 16

_GROUND = bits_of("background")


def rendered(count: int, face_at: Callable[[int], FaceGeometry], size: int) -> tuple[np.ndarray, np.ndarray]:
    """Pixels ``(count, size, size, 3)`` uint8 and region bits ``(count, size, size)`` int32."""
    pixels = np.empty((count, size, size, 3), dtype=np.uint8)
    region_bits = np.empty((count, size, size), dtype=np.int32)

    raster.library()  # a missing one is named here, and not by a process that ends

    def draw(place: int, how: Raster) -> None:
        pixels[place], region_bits[place] = drawn(portrait(face_at(place)), size, how)

    processes = min(_cores(), _MOST_PROCESSES)
    if count < _WORTH_PROCESSES or processes == 1 or not sys.executable:
        for place in range(count):
            draw(place, raster.raster)
        return pixels, region_bits
    with ExitStack() as stack:
        free: SimpleQueue[Raster] = SimpleQueue()
        for _ in range(processes):
            free.put(stack.enter_context(_elsewhere()))

        def take(place: int) -> None:
            one = free.get()
            try:
                draw(place, one)
            finally:
                free.put(one)

        with ThreadPoolExecutor(processes) as pool:
            for _ in pool.map(take, range(count)):
                pass
    return pixels, region_bits


def drawn(sketch: Sketch, size: int, draw: Raster) -> tuple[np.ndarray, np.ndarray]:
    """Pixels ``(size, size, 3)`` uint8 and region bits ``(size, size)`` int32 of one sketch."""
    region_bits = _region_bits(_decoded(draw(sketch.regions(), size, crisp=True)))
    over = sketch.over()
    if over is not None:
        lying = _region_bits(_decoded(draw(over, size, crisp=True)))
        region_bits = np.where((region_bits == _GROUND) & (lying > 0), lying, region_bits | lying)
    return _decoded(draw(sketch.picture(), size, crisp=False))[..., :3], region_bits


def _cores() -> int:
    """Count the cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@contextmanager
def _elsewhere() -> Iterator[Raster]:
    """A process that draws."""
    command = [sys.executable, "-P", raster.__file__]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:  # noqa: S603 (our own file)
        source, sink = cast("IO[bytes]", process.stdout), cast("IO[bytes]", process.stdin)

        def draw(text: str, size: int, *, crisp: bool) -> bytes:
            data = text.encode()
            sink.write(raster.HEAD.pack(len(data), size, crisp) + data)
            sink.flush()
            head = source.read(raster.TAIL.size)
            if len(head) < raster.TAIL.size:
                raise RuntimeError("a process that draws portraits has ended; is memory short?")
            return source.read(raster.TAIL.unpack(head)[0])

        try:
            yield draw
        finally:
            sink.close()


def _decoded(png: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(png)))


def _region_bits(pixels: np.ndarray) -> np.ndarray:
    """Red, green and blue as one number; 0 where nothing was painted."""
    parts = pixels.astype(np.int32)
    number = (parts[..., 0] << 16) | (parts[..., 1] << 8) | parts[..., 2]
    return np.where(parts[..., 3] > 0, number, 0)
