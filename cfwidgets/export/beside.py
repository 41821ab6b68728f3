"""The file beside live pages that evaluates their networks: all pages of a folder share it."""

from __future__ import annotations

import functools
import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

from cfwidgets.export.dense import dense_pieces
from cfwidgets.export.parts import LICENCES, runtime, static, sum_of
from cfwidgets.export.writing import write

__all__ = ["Beside", "beside"]

_TITLE = "onnxruntime-web, which evaluates the networks of the pages by cfwidgets in this folder"
_DIGITS = 12  # of the sum, in its name


@dataclass(frozen=True)
class Beside:
    """The file, which is the same for all pages that one version of cfwidgets writes.

    Attributes
    ----------
    name
        Its name, which has the first digits of its sum.
    content
        A script that sets ``cfwidgetsBeside``. js/src/page/beside.ts reads it.
    """

    name: str
    content: str

    @property
    def sum(self) -> str:
        """The sum by which a page knows it."""
        return sum_of(self.content)

    def put(self, folder: Path) -> Path:
        """Write it where it is not there already, as it should be.

        Raises
        ------
        OSError
            The disk is full or the like.
        """
        path, content = folder / self.name, self.content.encode()
        if not (path.is_file() and path.read_bytes() == content):
            write(path, content)
        return path


@functools.cache
def beside() -> Beside:
    """Return the file of this version."""
    told = {
        "title": _TITLE,
        "licences": static(LICENCES).partition("\n")[2],
        "pieces": list(dense_pieces(runtime())),
    }
    # as JSON.stringify writes it, with which a page checks its sum
    content = f"cfwidgetsBeside={json.dumps(told, ensure_ascii=False, separators=(',', ':'))}"
    return Beside(f"cfwidgets-runtime-{hashlib.sha256(content.encode()).hexdigest()[:_DIGITS]}.js", content)
