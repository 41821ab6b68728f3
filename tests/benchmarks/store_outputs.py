"""Run notebooks from the top, and store what their cells show, so that they can be read where nothing runs.

Run it with ``python tests/benchmarks/store_outputs.py notebooks/translation.ipynb …``; it needs Chromium, as
the browser tests do. A cell is run when the views of the cell before are at their end. In the place of a
view, which shows nothing without its model, stands a picture of it. How long each cell takes is printed,
until it returns and until its view is at its end: the notebooks say it in each cell's first line.
"""

from __future__ import annotations

import base64
import io
import re
import sys
import time
from pathlib import Path
from typing import Any

import nbformat
from in_lab import opened
from PIL import Image
from playwright.sync_api import Locator, expect

VIEW = "application/vnd.jupyter.widget-view+json"
PATIENCE = 20 * 60.0
_EMBEDDED = re.compile(r"data:image/png;base64,([\w+/=]+)")
_BAR = "%|"  # of tqdm
_STORED = "cfw-stored"
_WIDTH, _HEIGHT = 1500, 1600  # of the page, in pixels
_AROUND = 300  # pixels of the page above and below a view
_WIDEST = 1000  # pixels of a stored picture
_QUALITY = 60  # of JPEG


def smaller(png: bytes) -> tuple[str, str]:
    """Give a picture in the format that is the smaller: its type, and itself in base64."""
    picture = Image.open(io.BytesIO(png)).convert("RGB")
    picture.thumbnail((_WIDEST, 10_000))
    buffers = {"image/png": io.BytesIO(), "image/jpeg": io.BytesIO()}
    picture.save(buffers["image/png"], "png", optimize=True)  # with all its colours: they are the finding
    picture.save(buffers["image/jpeg"], "jpeg", quality=_QUALITY, optimize=True)
    kind, least = min(buffers.items(), key=lambda item: len(item[1].getvalue()))
    return kind, base64.b64encode(least.getvalue()).decode()


def embedded(found: re.Match[str]) -> str:
    """Give a picture within HTML in the smaller format."""
    return "data:{};base64,{}".format(*smaller(base64.b64decode(found[1])))


def taken(widget: Locator) -> dict[str, str]:
    """Take a picture of a widget."""
    box, page = widget.bounding_box(), widget.page
    if box is not None and box["height"] + _AROUND > _HEIGHT:  # what is off the page is not in the picture
        page.set_viewport_size({"width": _WIDTH, "height": int(box["height"]) + _AROUND})
    widget.scroll_into_view_if_needed()
    page.mouse.move(0, 0)
    kind, data = smaller(widget.screenshot(animations="disabled"))
    page.set_viewport_size({"width": _WIDTH, "height": _HEIGHT})
    return {kind: data, "text/plain": "The explorer; to use it, run the notebook."}


def stored(outputs: list[dict[str, Any]], widgets: Locator) -> list[Any]:
    """Return the outputs of a cell with pictures in the place of views, and pictures made small."""
    kept, views = [], iter(widgets.all())
    for output in outputs:
        data = output.get("data", {})
        if VIEW in data and _BAR in data.get("text/plain", ""):
            continue  # how far a call was is of no interest any more
        if _STORED in data.get("text/html", ""):
            continue  # a picture of the view says more
        if VIEW in data:
            data = taken(next(views).locator(".cfw-host").first)
        elif "image/png" in data:
            kind, small = smaller(base64.b64decode(data.pop("image/png")))
            data[kind] = small
        elif "text/html" in data:
            data["text/html"] = _EMBEDDED.sub(embedded, data["text/html"])
        kept.append(nbformat.from_dict(output | ({"data": data, "metadata": {}} if data else {})))
    return kept


def store(path: Path) -> None:
    """Run a notebook, and write its outputs to its file."""
    notebook = nbformat.read(path, as_version=4)
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    with opened(*(cell.source for cell in cells)) as running:
        running.page.set_viewport_size({"width": _WIDTH, "height": _HEIGHT})
        for place, cell in enumerate(cells):
            began = time.monotonic()
            running.run_cell(place, seconds=PATIENCE)
            returned = time.monotonic() - began
            here = running.page.locator(".jp-CodeCell").nth(place).locator(".jp-OutputArea-child")
            views = here.locator("[data-testid^=cfw-]")
            for view in views.all():
                expect(view).to_have_attribute("data-state", "done", timeout=1000 * PATIENCE)
                expect(view).to_have_attribute("data-ready", re.compile("."), timeout=1000 * PATIENCE)
            ended = time.monotonic() - began
            shown = running.page.evaluate("(at) => tests.outputs(at)", [running.kernel, place])
            cell.outputs = stored(shown, here.filter(has=running.page.locator(".cfw-host")))
            cell.execution_count = place + 1
            first = cell.source.partition("\n")[0]
            print(f"{path.stem} {returned:6.1f} s, {ended:6.1f} s  {first}", flush=True)
    nbformat.validate(notebook)
    nbformat.write(notebook, path)


if __name__ == "__main__":
    for name in sys.argv[1:]:
        store(Path(name))
