"""Pages that are gathered from elsewhere: the docstrings of benchmarks, and the cards of the ready models."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sphinx.application import Sphinx

_ROOT = Path(__file__).parents[2]


def _benchmarks() -> Iterator[tuple[str, str]]:
    for path in sorted((_ROOT / "tests/benchmarks").glob("*.py")):
        text = ast.get_docstring(ast.parse(path.read_text("utf-8"))) or ""
        if "Run it with" not in text:
            continue  # a part of another, or a test
        first, _, rest = text.partition("\n\n")
        title = " ".join(first.split()).removesuffix(".")
        yield f"benchmarks/{path.stem}.rst", f"{title}\n{'=' * len(title)}\n\n{rest}\n"


def _cards() -> Iterator[tuple[str, str]]:
    for path in sorted((_ROOT / "cfwidgets/zoo/weights").glob("*.md")):
        yield f"models/{path.name}", path.read_text("utf-8")


def _write(app: Sphinx) -> None:
    folder = Path(app.srcdir) / "reference" / "gathered"
    pages = {**dict(_benchmarks()), **dict(_cards())}
    for old in folder.glob("*/*"):
        if old.relative_to(folder).as_posix() not in pages:
            old.unlink()
    for name, text in pages.items():
        page = folder / name
        page.parent.mkdir(parents=True, exist_ok=True)
        if not page.exists() or page.read_text("utf-8") != text:  # a page that is the same is not read again
            page.write_text(text, "utf-8")


def setup(app: Sphinx) -> dict[str, bool]:
    """Write the pages before anything is read."""
    app.connect("builder-inited", _write)
    return {"parallel_read_safe": True}
