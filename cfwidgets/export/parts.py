"""The parts of pages that the front end's build makes."""

from __future__ import annotations

import base64
import functools
import hashlib
from pathlib import Path

__all__ = ["LICENCES", "runtime", "script_text", "static", "sum_of"]

_STATIC = Path(__file__).parent / "static"
LICENCES = "licences.txt"


@functools.cache
def static(name: str) -> str:
    """Read a script, a sheet or the licences.

    Raises
    ------
    FileNotFoundError
        It is not built.
    """
    path = _STATIC / name
    if not path.exists():
        raise FileNotFoundError(
            f"the front end {name} is not built: `pip install .` builds it, `npm run build` in js/ too"
        )
    return script_text(path.read_text("utf-8"))


def runtime() -> bytes:
    """Read what evaluates networks in a page, compressed."""
    return (_STATIC / "runtime.wasm.gz").read_bytes()


def script_text(text: str) -> str:
    """Write a script such that HTML does not see an end or a comment in it."""
    return text.replace("</script", r"<\/script").replace("<!--", r"<\!--")


def sum_of(script: str) -> str:
    """Sum a script up as browsers do to know it again."""
    return f"sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode('ascii')}"
