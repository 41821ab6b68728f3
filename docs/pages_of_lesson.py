"""Pages of the lesson for those without Python, made by the code of its notebook."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cfwidgets.export.explorers import Runtime

__all__ = ["PAGES", "code_of", "pages"]

NOTEBOOK = Path(__file__).parents[1] / "notebooks" / "lesson.ipynb"

PAGES = {
    "survey": ("How often is it right?", False),
    "pieces": ("Which pieces does it need?", True),
    "pixels": ("Which pixels speak for it?", True),
    "parts": ("Which parts of a face does it go by?", False),
    "pieces_again": ("Which pieces does the mended network need?", True),
    "pixels_again": ("Which pixels speak for the mended network's answer?", True),
    "parts_again": ("Which parts do both networks go by?", False),
}
"""Explorers by their name in the notebook: the title of their page, and whether the network travels in it."""


def pages(folder: str | Path, runtime: Runtime = "inside") -> list[Path]:
    """Run the lesson's notebook, and write a page of each of its explorers.

    Parameters
    ----------
    folder
        An existing folder, for ``lesson-survey.html`` and the others.
    runtime
        ``"inside"``: each page is one file, to be mailed. ``"beside"``: the live ones share one more file.

    Returns
    -------
    list of Path
        The pages, in the order of the lesson.

    Raises
    ------
    OSError
        The folder cannot be written to.
    """
    names: dict[str, Any] = {"__name__": "lesson"}
    try:
        for source in code_of(NOTEBOOK):
            exec(compile(source, str(NOTEBOOK), "exec"), names)  # noqa: S102 - our own notebook
        written = []
        for name, (title, live) in PAGES.items():
            names[name].run.result()
            path = Path(folder) / f"lesson-{name.replace('_', '-')}.html"
            names[name].export(path, live=live, runtime=runtime, title=title)
            written.append(path)
        return written
    finally:
        for name in (*PAGES, "progress"):
            if name in names:
                names[name].close()


def code_of(notebook: Path) -> list[str]:
    """Read the code cells of a notebook."""
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    return ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
