"""Take the pictures of README again, in both themes, from the widgets in a real JupyterLab.

Run it with ``python tests/benchmarks/readme_pictures.py film workbench …``, or without names for all; it
needs Chromium, as the browser tests do, and some ten minutes for all. The stills are of the explorers of the
notebooks' first two cells: WebP without loss, but of photographs and faces, which would be twice as large.
The film shows a search, faster than it goes, and then what a user does; it stands still at its end, and
begins again.
"""

from __future__ import annotations

import io
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import nbformat
from film import Film
from in_lab import opened
from PIL import Image
from playwright.sync_api import Locator, expect

if TYPE_CHECKING:
    from harness.notebook import Notebook

ROOT = Path(__file__).parents[2]
IMAGES = ROOT / "notebooks/images"
THEMES = {"light": "JupyterLab Light", "dark": "JupyterLab Dark"}
PATIENCE = 15 * 60.0
_SETTLES = 2.0  # seconds that the page takes to be drawn in another theme
_HIGHEST = 2400  # pixels of the page: what is off it is not in a picture


def as_it_is(_notebook: Notebook) -> None:
    """Leave an explorer as it is when its run ends."""


def by_effect(notebook: Notebook) -> None:
    notebook.page.get_by_role("button", name="effect", exact=True).first.click()


def where_it_flips(notebook: Notebook) -> None:
    notebook.page.get_by_role("button", name="attribution", exact=True).first.click()
    notebook.exec("explorer.phase = explorer.flip_phase")


def a_case_without_a_region(notebook: Notebook) -> None:
    notebook.exec("explorer.open(473)", timeout=PATIENCE)
    notebook.exec("explorer.case.region = [[0.45, 0.20, 0.66, 0.20, 0.66, 0.42, 0.45, 0.42]]")
    notebook.wait("all(one.view.state == 'done' for one in explorer.explorers.values())", timeout=PATIENCE)
    expect(notebook.page.get_by_test_id("cfw-case")).to_have_attribute("data-without", "1")


@dataclass(frozen=True)
class Still:
    """A picture of an explorer: its width and, where it goes on below, its height in pixels.

    ``photograph``: it is stored with a little loss.
    """

    width: int
    height: int | None = None
    ready: str = "explorer.view.state == 'done'"
    photograph: bool = False
    prepare: Callable[[Notebook], None] = as_it_is


STILLS = {
    "superpixels": Still(1068, photograph=True),
    "workbench": Still(1080, 1545, "explorer.survey.view.state == 'done'", prepare=a_case_without_a_region),
    "relevance": Still(1300),
    "transitions": Still(1128, prepare=where_it_flips),
    "facex": Still(1168, 880, prepare=by_effect),
    "pareto": Still(1188, photograph=True),
    "translation": Still(1300, photograph=True),
}
FILM = {"width": 680, "height": 602, "quality": 80}
_FINER = 2  # times as many pixels are taken, and then reduced: letters and lines are drawn smoother
FILMED = """explorer = cf.SuperpixelExplorer(clf, data.cat())
explorer"""
_SEARCH = 20, 110  # pictures of the search, and ms each
_PASSED = 6  # superpixels that the stroke passes


def cells(name: str) -> list[str]:
    """Give the first two cells of a notebook: what they make, and the explorer."""
    notebook = nbformat.read(ROOT / f"notebooks/{name}.ipynb", as_version=4)
    return [cell.source for cell in notebook.cells if cell.cell_type == "code"][:2]


@contextmanager
def run(*code: str, scale: int = 1) -> Iterator[tuple[Notebook, Locator]]:
    """Run cells, the last of which returns an explorer."""
    with opened(*code, scale=scale) as notebook:
        notebook.page.set_viewport_size({"width": 1600, "height": _HIGHEST})
        notebook.run_all(seconds=PATIENCE)
        yield notebook, notebook.page.locator(".jp-OutputArea-output .jupyter-widgets").first


def fit(notebook: Notebook, shown: Locator, width: int) -> None:
    """Make the page so wide that the explorer has a width."""
    for _ in range(2):  # a scroll bar may come or go
        box, size = shown.bounding_box(), notebook.page.viewport_size
        assert box is not None
        assert size is not None
        wide = round(size["width"] + width - box["width"])
        notebook.page.set_viewport_size({"width": wide, "height": size["height"]})
        time.sleep(1)


def take(name: str) -> None:
    """Take an explorer in both themes."""
    still = STILLS[name]
    with run(*cells(name)) as (notebook, shown):
        notebook.wait(still.ready, timeout=PATIENCE, aside=True)
        fit(notebook, shown, still.width)
        still.prepare(notebook)
        notebook.page.mouse.move(3, 3)
        for suffix, theme in THEMES.items():
            notebook.set_theme(theme)
            time.sleep(_SETTLES)
            picture = Image.open(io.BytesIO(shown.screenshot(animations="disabled"))).convert("RGB")
            picture = picture.crop((0, 0, picture.width, still.height or picture.height))
            path = IMAGES / f"{name}-{suffix}.webp"
            how = {"quality": 92} if still.photograph else {"lossless": True, "quality": 100}
            picture.save(path, method=6, **how)
            print(f"{path.name}: {picture.width} x {picture.height}, {path.stat().st_size:,} bytes")


_PLACES = """
import numpy as np
from scipy.ndimage import distance_transform_edt

found = explorer.result
first = [i for i in np.argsort(-found.importance.numpy()) if found.smallest[i]][:{count}]
insides = [distance_transform_edt(found.segments.numpy() == i) for i in first]
places = [np.divide(np.unravel_index(one.argmax(), one.shape), one.shape)[::-1].tolist() for one in insides]
"""


def film() -> None:
    """Film a search for superpixels, and what a user does then, in both themes."""
    made = cells("superpixels")[0]
    for suffix, theme in THEMES.items():
        with run(made, FILMED, scale=_FINER) as (notebook, _):
            notebook.set_theme(theme)
            view = notebook.page.get_by_test_id("cfw-superpixels")
            expect(view).to_have_attribute("data-ready", "1")
            fit(notebook, view, FILM["width"])
            of = Film(notebook.page, view, FILM["height"])
            searched(of, notebook)
            played(of, notebook, view)
            path = IMAGES / f"film-{suffix}.webp"
            of.save(path, _FINER, FILM["quality"])
            seconds = sum(ms for _, ms in of.frames) / 1000
            print(f"{path.name}: {len(of.frames)} frames, {seconds:.1f} s, {path.stat().st_size:,} bytes")


def searched(of: Film, notebook: Notebook) -> None:
    """Film the search: some pictures of it, and its end."""
    taken = []
    while not notebook.eval("0 < explorer.view.generations == explorer.view.generation", aside=True):
        taken.append(of.seen())
    count, ms = _SEARCH
    for at in range(count):
        of.add(taken[at * (len(taken) - 1) // (count - 1)], ms)
    notebook.wait("explorer.view.state == 'done'", timeout=PATIENCE, aside=True)
    time.sleep(_SETTLES)
    of.hold(1000)


def played(of: Film, notebook: Notebook, view: Locator) -> None:
    """Film how important superpixels are hidden, shown again, and seen as a map."""
    notebook.exec(_PLACES.format(count=1 + _PASSED))
    box = view.locator("canvas").first.bounding_box()
    assert box is not None
    (x, y), *more = [
        (box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in notebook.eval("places")
    ]
    of.move(x, y)
    of.click()
    answered(of, view, 1000)
    of.move(*more[0])
    of.press()
    for place in more[1:]:
        of.move(*place, steps=3)
    of.page.mouse.up()
    answered(of, view, 1100)
    for button, ms in (("smallest", 800), ("heat", 2500)):
        of.move_to(view.get_by_role("button", name=button, exact=True))
        of.click()
        answered(of, view, ms)


def answered(of: Film, view: Locator, ms: int) -> None:
    """Show the answer for some milliseconds, when it has come."""
    expect(view).to_have_attribute("data-answered", "1")
    time.sleep(0.5)  # bars and numbers move
    of.hold(ms)


if __name__ == "__main__":
    for wanted in sys.argv[1:] or ["film", *STILLS]:
        film() if wanted == "film" else take(wanted)
