"""Exported pages: how long they take to write, to open and to answer, and how large they are.

    python tests/benchmarks/export.py [efficientnet-lite0] [--questions 30] [--live still,live,half]

Prints a line for each kind of page; it is opened from disk, with the network off, in Chromium.

Measured 2026-11-28, 2 cores (x86-64) with little else at work (a load of 1), EfficientNet-Lite0; asked in
brackets. The page's main thread: the longest task while it opens, by processor time, and by the clock where
that is more than 50 ms:

=================== ========= ========== ==========
of a page           still     live       live, half
=================== ========= ========== ==========
written, s          0.03 (3)  4.8 (15)   0.7
MB                  1.6 (3)   26.5 (30)  16.9 (17)
shown, s            0.5       0.6        0.6
ready, s                      1.4 (3)    1.4
a question, ms                40 (150)   41
longest task, ms    22        21         21
by the clock, ms    54                   89
=================== ========= ========== ==========

Half precision was written after the live page, whose network was exported already.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "browser"))

import torch
from harness import chromium
from harness.tasks import CATEGORIES, tasks
from playwright.sync_api import sync_playwright

import cfwidgets as cf

# Started before the page's own scripts, so that it sees them all; what blocks for 50 ms is a long task.
WATCH = """
window.longest = { opening: 0, asking: 0 };
window.asking = false;
new PerformanceObserver((list) => {
  for (const { duration } of list.getEntries()) {
    const when = window.asking ? 'asking' : 'opening';
    window.longest[when] = Math.max(window.longest[when], duration);
  }
}).observe({ type: 'longtask', buffered: true });
"""
QUESTIONS = """async (count) => {
  const models = await Promise.all(Object.values(cfwidgetsManager._models));
  const model = models.find((one) => one.get('page_answers')?.length);
  const superpixels = model.get('count');
  const times = [];
  window.asking = true;
  model.set('following', false);
  for (let i = 0; i < count; i += 1) {
    const shown = Array.from({ length: superpixels }, (_, k) => k).filter(() => Math.random() < 0.5);
    const began = performance.now();
    await new Promise((done) => {
      const answered = () => {
        model.off('change:answer', answered);
        done();
      };
      model.on('change:answer', answered);
      model.set('shown', shown);
      model.save_changes();
    });
    times.push(performance.now() - began);
    await new Promise((done) => setTimeout(done, 50));
  }
  return times;
}"""


def explorer(name: str):
    clf = cf.zoo.classifier(name)
    if name == "digits":
        image = cf.data.digits("test").images[3]
    else:
        from skimage.data import chelsea

        image = chelsea()
    made = cf.SuperpixelExplorer(clf, image, engine=cf.ELime(generations=3, population=20, trust=False))
    made.run.result()
    return made


def opened(path: Path, questions: int) -> dict[str, float]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium.find(), args=list(chromium.FLAGS))
        context = browser.new_context(viewport={"width": 1150, "height": 1000}, offline=True)
        page = context.new_page()
        page.set_default_timeout(120_000)
        page.add_init_script(WATCH)
        browser.start_tracing(page=page, categories=CATEGORIES)
        began = time.perf_counter()
        page.goto(path.as_uri())
        page.wait_for_selector("html[data-opened]")
        found = {"shown, s": time.perf_counter() - began}
        if questions:
            page.wait_for_selector("html[data-network=ready]")
            found["ready, s"] = time.perf_counter() - began
        longest, second, *_ = tasks(browser.stop_tracing(), path.as_uri())
        found |= {"longest task opening, ms of processor": longest, "second, ms of processor": second}
        if questions:
            times = page.evaluate(QUESTIONS, questions)
            found["question, ms"] = statistics.median(times)
            found["quickest, ms"] = min(times)
        longest = page.evaluate("window.longest")
        found |= {f"longest task {when}, ms": value for when, value in longest.items()}
        browser.close()
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name", nargs="?", default="digits")
    parser.add_argument("--questions", type=int, default=30)
    parser.add_argument("--live", default="still,live,half", help="the kinds of pages, by commas")
    given = parser.parse_args()
    torch.set_num_threads(1)
    made = explorer(given.name)
    with tempfile.TemporaryDirectory() as folder:
        os.environ["CFWIDGETS_CACHE"] = folder  # the network is exported anew
        for kind in given.live.split(","):
            live = {"still": False, "live": True, "half": "half"}[kind]
            path = Path(folder) / "page.html"
            began = time.perf_counter()
            exported = made.export(path, live=live)
            seconds = time.perf_counter() - began
            row = {"written, s": seconds, "MB": exported.bytes / 1e6}
            row |= opened(path, given.questions if exported.live else 0)
            print(f"{given.name}, {kind}: ", end="")
            print(
                ", ".join(f"{name.replace(', ', ' ')} {value:.2f}" for name, value in row.items()), flush=True
            )
    made.close()


if __name__ == "__main__":
    main()
