"""How a gallery of 50,000 pictures scrolls and filters, with the kernel blocked, and what it takes.

Run it with ``python tests/benchmarks/gallery_latency.py`` (``--pictures 5000`` for fewer, ``--photographs``
for 1,000 from JPEG files). It needs Chromium, as the browser tests do; it prints and asserts nothing.

``first`` is from the moment at which the page has the table until all pictures in sight are there. The
kernel sleeps from then on. Scrolled is in the order of surprise: by 120 pixels a frame, and by jumps to any
place. ``frame`` is from one frame to the next, ``own`` the view's own time in it, ``filled`` from a jump
until all pictures in sight are there, ``cell`` from a click on a cell of the confusion matrix until the
gallery is painted, and until its pictures are there. Idle frames tell how busy the machine is with others.
Memory is that of the page's and of the graphics process after a collection of garbage, more than with a
survey of 64 pictures, which has loaded all code: the heap, what lies beside it, the canvases.

Measured 2026-11-28, 2 cores (x86-64), JupyterLab 4.6, Chromium with software rendering: the first and the
last column with little else at work (a load of 1), the other while others kept the cores busy (a load of 10
to 17). Asked are 1 s for the first, 16 ms a frame, 50 ms for a cell, 150 MiB:

================== ============== ============= ==================
ms (median, p95)   50,000 digits  5,000 digits  1,000 photographs
================== ============== ============= ==================
first              0              0             6
idle frame         16.7, 16.8     16.7, 16.8    16.7, 16.7
scrolled frame     16.7, 16.7     16.7, 16.8    16.7, 16.7
scrolled own       0.2, 3.2       0.4, 3.1      0.2, 2.4
jumped own         1.9, 3.9       1.9, 6.4      1.0, 3.0
jumped filled      34.5, 51.7     20.0, 36.4    17.6, 19.7
cell own           6.2, 8.2       3.0, 5.9      2.2, 3.3
cell filled        53.1, 69.9     4.0, 16.0     3.9, 16.1
memory, MiB        99             29            22
================== ============== ============= ==================

The gallery of a cell is there in 8 ms. Its pictures are, of 50,000, in 70: the mistakes lie on some twenty
sheets, each of which is decoded before the last picture is there.

A notebook is saved with 0.70, 0.43 and 1.33 MiB of it.
"""

from __future__ import annotations

import argparse

import numpy as np
import psutil
from in_lab import opened

SET_UP = """
import time, torch
from torch import nn
import cfwidgets as cf

few = cf.data.digits("test")
w = cf.SurveyExplorer(cf.zoo.classifier("digits", device="cpu"), few.images[:64], few.labels[:64])
w"""
DIGITS = """
clf, digits = cf.zoo.classifier("digits", device="cpu"), cf.data.digits("all")
rows = torch.arange({count}) % len(digits.images)
X, L = digits.images[rows].clone(), digits.labels[rows]
for first in range(0, len(X), 1000):  # no two are the same
    X[first:first + 1000] = X[first:first + 1000].roll(first // 1000 % 7 - 3, 3) * (1 - first / 100_000)
"""
PHOTOGRAPHS = """
import pathlib, tempfile
from PIL import Image
from skimage import data
from cfwidgets.images import as_image, to_uint8
folder = pathlib.Path(tempfile.mkdtemp())
source = Image.fromarray(to_uint8(as_image(data.astronaut())))
X = [folder / f"{{number:04d}}.jpg" for number in range({count})]
for number, path in enumerate(X):
    source.rotate(number).resize((500, 375)).save(path, quality=90)
torch.manual_seed(0)
net = nn.Sequential(nn.AdaptiveAvgPool2d(4), nn.Flatten(), nn.Linear(48, 10))
clf = cf.Classifier(net, labels=[str(n) for n in range(10)], input_size=224)
L = [n % 10 for n in range({count})]
"""
SHOW = "w.close()\nw = cf.SurveyExplorer(clf, X, L)\nw"
BLOCK = "time.sleep(120)"

FIRST = """async () => {
  const view = [...document.querySelectorAll("[data-testid=cfw-survey]")].at(-1);
  while (!view.dataset.ready) await new Promise(requestAnimationFrame);
  const began = performance.now();
  while (view.dataset.pending !== "0") await new Promise(requestAnimationFrame);
  return performance.now() - began;
}"""

SCROLL = """async ([n, jump]) => {
  const view = [...document.querySelectorAll("[data-testid=cfw-survey]")].at(-1);
  const scroller = view.querySelector(".cfw-scroller");
  const most = scroller.scrollHeight - scroller.clientHeight;
  const times = { frame: [], own: [], filled: [], lacking: [] };
  let last = await new Promise(requestAnimationFrame);
  for (let i = 1; i <= n; i++) {
    delete view.dataset.took;
    scroller.scrollTop = jump ? (i * 0.618 % 1) * most : (scroller.scrollTop + 120) % most;
    const began = performance.now();
    const now = await new Promise(requestAnimationFrame);
    times.frame.push(now - last);
    times.own.push(Number(view.dataset.took ?? 0));
    times.lacking.push(Number(view.dataset.pending));
    last = now;
    if (!jump) continue;
    while (view.dataset.pending !== "0" && performance.now() - began < 5000)
      await new Promise(requestAnimationFrame);
    times.filled.push(performance.now() - began);
    last = await new Promise(requestAnimationFrame);
  }
  return times;
}"""

IDLE = """async (n) => {
  const times = [];
  let last = await new Promise(requestAnimationFrame);
  for (let i = 0; i < n; i++) {
    const now = await new Promise(requestAnimationFrame);
    times.push(now - last);
    last = now;
  }
  return times;
}"""

CELLS = """async (n) => {
  const view = [...document.querySelectorAll("[data-testid=cfw-survey]")].at(-1);
  const cells = [...view.querySelectorAll(".cfw-cell:not([data-empty])")];
  const times = { own: [], filled: [] };
  for (let i = 0; i < n; i++) {
    delete view.dataset.latency;
    const began = performance.now();
    cells[(i * 7) % cells.length].click();
    while (!view.dataset.latency) await new Promise(requestAnimationFrame);
    times.own.push(Number(view.dataset.latency));
    while (view.dataset.pending !== "0") await new Promise(requestAnimationFrame);
    times.filled.push(performance.now() - began);
    await new Promise((next) => setTimeout(next, 30));
  }
  view.querySelector(".cfw-corner").click();
  return times;
}"""


def memory() -> float:
    """MiB of all pages and of the graphics process."""
    kinds = ("--type=renderer", "--type=gpu-process")
    sizes = []
    for process in psutil.Process().children(recursive=True):
        try:
            if any(kind in process.cmdline() for kind in kinds):
                sizes.append(process.memory_full_info().uss)
        except psutil.Error:
            continue
    return sum(sizes) / 2**20


def line(name: str, values: list[float]) -> str:
    median, late = np.percentile(values, [50, 95])
    return f"{name:22} {median:8.1f} {late:8.1f}"


def main(count: int, *, photographs: bool) -> None:
    data = (PHOTOGRAPHS if photographs else DIGITS).format(count=count)
    with opened(SET_UP, data, SHOW, BLOCK) as notebook:
        page = notebook.page
        notebook.run_cell(0)
        page.locator("[data-testid=cfw-survey][data-state=done]").wait_for(timeout=60_000)
        notebook.run_cell(1, seconds=300)
        page.wait_for_timeout(1500)
        tools = page.context.new_cdp_session(page)
        tools.send("HeapProfiler.collectGarbage")
        before = memory()
        notebook.run_cell(2, wait=False)
        page.wait_for_function(
            """() => document.querySelectorAll(".jp-Cell")[2].querySelector("[data-testid=cfw-survey]")""",
            timeout=300_000,
        )
        first = page.evaluate(FIRST)
        page.locator("[data-testid=cfw-survey][data-state=done]").last.wait_for(timeout=300_000)
        notebook.wait(
            f"len(w.view.kept) > 0 and (w.view._arranged_by or {count} < 10_000) and 1", timeout=120
        )
        sheets = notebook.eval("sum(len(s.picture) for s in w.view._thumbnails._sheets) / 2**20")
        saved = notebook.eval("sum(len(v) for v in (w.view.table, w.view.paths, w.view.kept)) / 2**20")
        notebook.run_cell(3, wait=False)
        steady, jumps = (page.evaluate(SCROLL, how) for how in ([600, False], [60, True]))
        cells, idle = page.evaluate(CELLS, 40), page.evaluate(IDLE, 300)
        tools.send("HeapProfiler.collectGarbage")
        page.wait_for_timeout(1000)
        after = memory()
    print(f"{count:,} pictures: sheets {sheets:.1f} MiB, saved {saved:.2f} MiB; first {first:.0f} ms")
    print(f"memory {after - before:.0f} MiB more than {before:.0f}")
    print(f"{'ms':22} {'median':>8} {'p95':>8}")
    print(line("idle frame", idle))
    print(line("scrolled frame", steady["frame"]))
    print(line("scrolled own", steady["own"]))
    print(line("jumped own", jumps["own"]))
    print(line("jumped filled", jumps["filled"]))
    print(line("cell own", cells["own"]))
    print(line("cell filled", cells["filled"]))
    print(line("lacking (pictures)", steady["lacking"]))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pictures", type=int, help="50,000, or 1,000 photographs")
    parser.add_argument("--photographs", action="store_true")
    given = parser.parse_args()
    main(given.pictures or (1_000 if given.photographs else 50_000), photographs=given.photographs)
