"""How long after a click the model's answer is on the page, beyond the bare round trip to the kernel.

Run it with ``python tests/benchmarks/answer_latency.py``. It needs Chromium, as the browser tests do; it
prints and asserts nothing. The bare round trip is a message of one word to the kernel and back, in the same
page and kernel, before and after.

Measured 2026-11-22, 2 cores (x86-64), 24 GiB, JupyterLab 4.6, ipykernel 7.4, accelerated
EfficientNet-Lite0, 100 clicks: the answer came 7 ms (median) and 8 ms (95th percentile) beyond the bare
round trip of 48 and 52 ms; asked are at most 60 ms.
"""

from __future__ import annotations

import numpy as np
from in_lab import opened

EXPLORER = """
from skimage import data
import cfwidgets as cf

clf = cf.zoo.classifier("efficientnet-lite0").accelerated()
w = cf.SuperpixelExplorer(clf, data.cat(), engine=cf.ELime(generations=3, population=20, trust=False))
w"""

PING = '''
import anywidget

class Ping(anywidget.AnyWidget):
    _esm = """export default { render({ model, el }) {
      el.textContent = "ping";
      window.ping = () => new Promise((answered) => {
        const before = performance.now();
        const pong = () => { model.off("msg:custom", pong); answered(performance.now() - before); };
        model.on("msg:custom", pong);
        model.send("ping");
      });
    } }"""

    def __init__(self):
        super().__init__()
        self.on_msg(lambda *_: self.send("pong"))

Ping()'''

PINGS = """async (n) => {
  const times = [];
  for (let i = 0; i < n; i++) times.push(await window.ping());
  return times;
}"""

CLICKS = """async (n) => {
  const root = document.querySelector("[data-testid=cfw-superpixels]"), canvas = root.querySelector("canvas");
  const box = canvas.getBoundingClientRect(), times = [];
  const answered = (before) => new Promise((done) => {
    const observer = new MutationObserver(() => {
      if (root.dataset.answered === "1" && root.dataset.shown !== before) { observer.disconnect(); done(); }
    });
    observer.observe(root, { attributes: true });
  });
  for (let i = 0; i < n; i++) {
    const at = { clientX: box.x + box.width * (0.1 + 0.8 * ((i * 0.618) % 1)),
                 clientY: box.y + box.height * (0.1 + 0.8 * ((i * 0.382) % 1)),
                 pointerId: 1, isPrimary: true, button: 0, buttons: 1, bubbles: true };
    const start = performance.now(), wait = answered(root.dataset.shown);
    canvas.dispatchEvent(new PointerEvent("pointerdown", at));
    canvas.dispatchEvent(new PointerEvent("pointerup", at));
    await wait;
    times.push(performance.now() - start);
    await new Promise((next) => setTimeout(next, 100));
  }
  return times;
}"""


def main() -> None:
    with opened(EXPLORER, PING) as notebook:
        page = notebook.page
        notebook.run_all()
        page.locator("[data-testid=cfw-superpixels][data-state=done][data-answered='1']").wait_for()
        page.wait_for_function("() => window.ping !== undefined")
        page.evaluate(PINGS, 10)
        pings = page.evaluate(PINGS, 100)
        clicks = page.evaluate(CLICKS, 100)
        pings += page.evaluate(PINGS, 100)
    bare, answer = (np.percentile(times, [50, 95]) for times in (pings, clicks))
    print(f"{'':22} {'median':>8} {'p95':>8}")
    print(f"{'bare round trip, ms':22} {bare[0]:8.0f} {bare[1]:8.0f}")
    print(f"{'click to answer, ms':22} {answer[0]:8.0f} {answer[1]:8.0f}")
    print(f"{'beyond, ms':22} {answer[0] - bare[0]:8.0f} {answer[1] - bare[1]:8.0f}")


if __name__ == "__main__":
    main()
