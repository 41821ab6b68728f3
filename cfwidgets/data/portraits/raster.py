"""SVG text to PNG bytes. Run as a program, it draws what comes in until nothing more comes.

It imports nothing of the package, so that another process that runs it starts at once.
"""

from __future__ import annotations

import struct
import sys
from types import ModuleType

__all__ = ["HEAD", "TAIL", "library", "raster"]

HEAD = struct.Struct("<IIB")
"""Before each text: its length in bytes, the size, and whether to draw without anti-aliasing."""

TAIL = struct.Struct("<I")
"""Before each PNG: its length in bytes."""


def library() -> ModuleType:
    """resvg-py, or an error that says where to get it."""
    try:
        import resvg_py
    except ImportError as error:
        raise ImportError('portraits are drawn by resvg-py: pip install "cfwidgets[zoo]"') from error
    return resvg_py


def raster(text: str, size: int, *, crisp: bool) -> bytes:
    """Draw an SVG of that size as a PNG; ``crisp`` without anti-aliasing, each pixel as its centre."""
    return library().svg_to_bytes(
        svg_string=text,
        width=size,
        height=size,
        skip_system_fonts=True,
        shape_rendering="crisp_edges" if crisp else "geometric_precision",
    )


def _serve() -> None:
    source, sink = sys.stdin.buffer, sys.stdout.buffer
    while head := source.read(HEAD.size):
        length, size, crisp = HEAD.unpack(head)
        png = raster(source.read(length).decode(), size, crisp=bool(crisp))
        sink.write(TAIL.pack(len(png)) + png)
        sink.flush()


if __name__ == "__main__":
    _serve()
