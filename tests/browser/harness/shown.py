"""A view on the page of a notebook: shown, finished, closed; and the region of a chart, brushed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from playwright.sync_api import Locator, expect

from harness.notebook import Notebook


class Shown:
    """Views of one kind.

    Parameters
    ----------
    name
        Such as ``"superpixels"``.
    settled
        More ``data-…`` attributes, with their values once a view has finished.
    """

    def __init__(self, name: str, **settled: str) -> None:
        self._name = name
        self._settled = {"state": "done", "ready": "1", **settled}

    def view_of(self, notebook: Notebook, which: int = 0) -> Locator:
        return notebook.page.get_by_test_id(f"cfw-{self._name}").nth(which)

    def finished(self, notebook: Notebook, which: int = 0) -> Locator:
        """Wait until a view shows all that it will show by itself."""
        view = self.view_of(notebook, which)
        for name, value in self._settled.items():
            expect(view).to_have_attribute(f"data-{name}", value)
        return view

    def opened(
        self, open_notebook: Callable[..., Notebook], set_up: str, show: str, *more: str, **settings: Any
    ) -> tuple[Notebook, Locator]:
        """Open a notebook, run the two cells that show a view, and wait until it has finished."""
        notebook = open_notebook(set_up, show, *more, **settings)
        notebook.run_cell(0)
        notebook.run_cell(1)
        return notebook, self.finished(notebook)


def closed_and_freed(notebook: Notebook, view: Locator) -> None:
    """Close the view ``w``: it leaves the page, and its threads end."""
    notebook.exec("w.close()")
    expect(view).to_have_count(0)
    notebook.wait("not any(t.name.startswith('cfwidgets') for t in __import__('threading').enumerate())")


def brush_right_half(notebook: Notebook, view: Locator) -> None:
    """Brush the right half of the first chart of a front."""
    overlay = notebook.page.locator(".cfw-pareto-chart").first.locator(".selector .overlay")
    overlay.scroll_into_view_if_needed()
    area = overlay.bounding_box()
    assert area is not None
    middle, mouse = area["x"] + area["width"] / 2, notebook.page.mouse
    mouse.move(area["x"] + area["width"] - 1, area["y"] + 1)
    mouse.down()
    mouse.move(middle + 20, area["y"] + 40)
    mouse.move(middle, area["y"] + area["height"] - 1)
    mouse.up()
    expect(view).to_contain_text("in the brushed region")
