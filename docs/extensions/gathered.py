"""What is gathered from elsewhere: docstrings of benchmarks, cards of the ready models, README's pictures."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sphinx.application import Sphinx

_ROOT = Path(__file__).parents[2]


def _benchmarks() -> Iterator[tuple[str, bytes]]:
    listed = []
    for path in sorted((_ROOT / "tests/benchmarks").glob("*.py")):
        text = ast.get_docstring(ast.parse(path.read_bytes())) or ""
        if "Run it with" not in text:
            continue  # a part of another, or a test
        title = path.stem.replace("_", " ").capitalize()
        yield f"benchmarks/{path.stem}.rst", f"{title}\n{'=' * len(title)}\n\n{text}\n".encode()
        first = " ".join(text.partition("\n\n")[0].split())
        listed.append(f"- [{title}](/gathered/benchmarks/{path.stem}.rst): {first}\n")
    yield "lists/benchmarks.md", "".join(listed).encode()


def _cards() -> Iterator[tuple[str, bytes]]:
    for path in sorted((_ROOT / "cfwidgets/zoo/weights").glob("*.md")):
        yield f"models/{path.name}", path.read_bytes()


def _pictures() -> Iterator[tuple[str, bytes]]:
    for path in sorted((_ROOT / "notebooks/images").glob("*.webp")):
        yield f"images/{path.name}", path.read_bytes()


def _write(app: Sphinx) -> None:
    folder = Path(app.srcdir) / "gathered"
    found = {**dict(_benchmarks()), **dict(_cards()), **dict(_pictures())}
    for old in folder.glob("*/*"):
        if old.relative_to(folder).as_posix() not in found:
            old.unlink()
    for name, content in found.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        if not file.exists() or file.read_bytes() != content:  # a page that is the same is not read again
            file.write_bytes(content)


def setup(app: Sphinx) -> dict[str, bool]:
    """Gather before anything is read."""
    app.connect("builder-inited", _write)
    return {"parallel_read_safe": True}
