"""A notebook in a real JupyterLab, for the benchmarks that need a page."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import numpy as np
from playwright.sync_api import sync_playwright

BROWSER = Path(__file__).parents[1] / "browser"
sys.path.insert(0, str(BROWSER))

from harness import chromium  # noqa: E402 (its folder is on the path only now)
from harness.lab import Lab  # noqa: E402 (its folder is on the path only now)
from harness.notebook import Notebook  # noqa: E402 (its folder is on the path only now)


@contextmanager
def opened(*cells: str, scale: float = 1) -> Iterator[Notebook]:
    """Open a notebook with these cells, on a screen of so many pixels a CSS pixel; none has been run."""
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium.find(), args=list(chromium.FLAGS))
        lab = Lab(Path(folder))
        try:
            page = browser.new_page(viewport={"width": 1200, "height": 1600}, device_scale_factor=scale)
            page.add_init_script(path=BROWSER / "harness/page.js")
            page.goto(f"{lab.url}/lab?reset", wait_until="commit")
            page.wait_for_function("() => window.jupyterapp !== undefined")
            page.evaluate("async () => { await window.jupyterapp.restored; }")
            notebook = Notebook(lab, page, SimpleNamespace(add=lambda *_: None), "benchmark.ipynb", cells)
            yield notebook
            notebook.close()
        finally:
            lab.close()
            browser.close()


def print_delays(head: str, found: Mapping[str, Sequence[Sequence[float | None]]]) -> None:
    """Print a table of delays in milliseconds, three rows a name.

    Each event has a delay in the view, until it is drawn, and in the page; a delay that is not known is left
    out.
    """
    print(f"{head:12} {'':5} {'events':>6} {'median':>6} {'p95':>6} {'highest':>7}")
    for name, entries in found.items():
        for kind, values in zip(("view", "drawn", "page"), np.array(entries, dtype=float).T, strict=True):
            known = values[np.isfinite(values)]
            median, late, most = np.percentile(known, [50, 95, 100])
            print(f"{name:12} {kind:5} {len(known):6} {median:6.1f} {late:6.1f} {most:7.1f}")
