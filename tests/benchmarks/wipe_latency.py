"""How long after an input the translation view has painted, with the kernel blocked, or answers under stress.

Run it with ``python tests/benchmarks/wipe_latency.py``. It needs Chromium, as the browser tests do; it prints
and asserts nothing. Twelve pictures of concrete of 128 px, with four variants. While the line is dragged over
the picture and the threshold is moved the kernel sleeps; the view measures from the event to the end of the
paint. For stress the kernel is awake: from the input to the first paint with the answer for it, with the
small networks of the package.

Measured 2026-11-28, 2 cores (x86-64) with little else at work (a load of 1), JupyterLab 4.6, Chromium with
software rendering; 200, 100 and 30 inputs. Asked are at most 16 ms at the 95th percentile for wipe and
threshold, and 250 ms for an answer under stress:

=================== ====== ======
ms                  median p95
=================== ====== ======
wipe                0.2    0.4
threshold, heat     1.0    2.1
threshold, filled   1.1    2.4
threshold, outline  0.9    1.5
stress, noise       96     97
stress, attack step 197    221
=================== ====== ======

An attack is ten passes back through the classifier.
"""

from __future__ import annotations

import numpy as np
from in_lab import opened

CELLS = (
    """
import time, cfwidgets as cf
pair = cf.zoo.translator("concrete", device="cpu")
second = cf.zoo.classifier("concrete/ordinary", device="cpu")
engine = cf.CounterfactualTranslator(batch_size=4, trust=False)
w = cf.TranslationExplorer(*pair, cf.data.concrete(12, size=128), engine=engine, second=second)
w""",
    "time.sleep(40)",
)

WIPE = """async (n) => {
  const root = document.querySelector("[data-testid=cfw-translation]");
  const scene = root.querySelector(".cfw-wipe-scene"), times = [];
  const { left, top, width } = scene.getBoundingClientRect();
  scene.setPointerCapture = () => {};
  scene.hasPointerCapture = () => true;
  const fire = (type, x) => scene.dispatchEvent(new PointerEvent(type, {
    bubbles: true, pointerId: 1, button: 0, clientX: left + x * width, clientY: top + 40,
  }));
  fire("pointerdown", 0.5);
  for (let i = 0; i < n; i++) {
    delete root.dataset.latency;
    fire("pointermove", 0.5 + 0.45 * Math.sin(i / 9));
    while (root.dataset.latency === undefined) await new Promise(requestAnimationFrame);
    times.push(Number(root.dataset.latency));
    await new Promise((next) => setTimeout(next, 12 + (i * 5) % 17));
  }
  return times;
}"""

THRESHOLD = """async ([n, style]) => {
  const root = document.querySelector("[data-testid=cfw-translation]");
  [...root.querySelectorAll("button")].find((button) => button.textContent === style).click();
  const slider = root.querySelector("input[aria-label=threshold]"), times = [];
  for (let i = 0; i < n; i++) {
    delete root.dataset.latency;
    slider.value = String(8 + (i * 11) % 240);
    slider.dispatchEvent(new Event("input", { bubbles: true }));
    while (root.dataset.latency === undefined) await new Promise(requestAnimationFrame);
    times.push(Number(root.dataset.latency));
    await new Promise((next) => setTimeout(next, 12 + (i * 5) % 17));
  }
  slider.dispatchEvent(new Event("change"));
  return times;
}"""

STRESS = """async ([n, name]) => {
  const root = document.querySelector("[data-testid=cfw-translation]");
  const panel = root.querySelector(".cfw-stress"), times = [];
  panel.open = true;
  const slider = panel.querySelector(`input[aria-label="${name}"]`);
  const until = async (held) => { while (!held()) await new Promise(requestAnimationFrame); };
  for (let i = 0; i < n; i++) {
    await new Promise((next) => setTimeout(next, 120));
    const value = 1 + (i * 7) % Number(slider.max), since = performance.now();
    slider.value = String(value);
    slider.dispatchEvent(new Event("input", { bubbles: true }));
    await until(() => panel.dataset.answered === `${name} ${value}`);
    times.push(performance.now() - since);
  }
  return times;
}"""


def main() -> None:
    with opened(*CELLS) as notebook:
        page = notebook.page
        notebook.run_cell(0)
        view = page.locator("[data-testid=cfw-translation][data-state=done][data-ready]")
        view.wait_for(timeout=120_000)
        packed = notebook.eval("len(w.view.pictures)")
        view.get_by_role("option").nth(2).click()
        page.locator("[data-testid=cfw-translation][data-shown='2']").wait_for()
        found = {f"stress, {name}": page.evaluate(STRESS, [30, name]) for name in ("noise", "attack step")}
        page.evaluate("() => { document.querySelector('.cfw-stress').open = false; }")
        notebook.run_cell(1, wait=False)
        page.evaluate(WIPE, 40)
        found["wipe"] = page.evaluate(WIPE, 200)
        for style in ("heat", "filled", "outline"):
            found[f"threshold, {style}"] = page.evaluate(THRESHOLD, [100, style])
    print(f"pictures {packed / 2**20:.2f} MiB")
    print(f"{'ms':22} {'median':>8} {'p95':>8}")
    for name, times in found.items():
        median, late = np.percentile(times, [50, 95])
        print(f"{name:22} {median:8.1f} {late:8.1f}")


if __name__ == "__main__":
    main()
