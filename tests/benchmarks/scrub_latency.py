"""How long after an input the frame is painted, with the kernel blocked: 1,000 phases of 128 px.

Run it with ``python tests/benchmarks/scrub_latency.py``. It needs Chromium, as the browser tests do; it
prints and asserts nothing. The frames are photographs that turn into each other, with a map for both classes.
The kernel sleeps all the while. ``first`` is until the first paint after the input, which shows the nearest
frame that is decoded already; ``exact`` until the frame that was asked for. Both as the view measures them:
from the event to the end of the paint's callback.

Measured 2026-11-22, 2 cores (x86-64), JupyterLab 4.6, Chromium with software rendering, 400 inputs each;
asked are at most 16 ms at the 95th percentile:

======= ===== ====== ====
ms            median p95
======= ===== ====== ====
dragged first 3.5    13.6
dragged exact 4.2    23.3
jumped  first 2.9    13.5
jumped  exact 13.1   25.0
======= ===== ====== ====

Frames 4.1 MiB, maps 5.3 MiB.
"""

from __future__ import annotations

import numpy as np
from in_lab import opened

CELLS = (
    """
import time, torch
from skimage import data
from torch import nn
import cfwidgets as cf
from cfwidgets.images import as_image, fit

PHOTOGRAPHS = torch.stack([fit(as_image(p)[None], (128, 128))[0] for p in (data.cat(), data.coffee())])

class Turning(nn.Module):
    classes, latent_size = 2, 2
    def generate(self, z, c):
        shift = torch.zeros(len(z), 2, 3)
        shift[:, 0, 0] = shift[:, 1, 1] = 1
        shift[:, :, 2] = 0.2 * z.tanh()
        mixed = torch.einsum("nk,kchw->nchw", c, PHOTOGRAPHS)
        grid = nn.functional.affine_grid(shift, mixed.shape, align_corners=False)
        return nn.functional.grid_sample(mixed, grid, align_corners=False, padding_mode="border")
    def sample(self, n, seed=0):
        return torch.randn(n, 2, generator=torch.Generator().manual_seed(seed))

torch.manual_seed(0)
layers = nn.Conv2d(3, 8, 5, 4), nn.ReLU(), nn.Conv2d(8, 8, 3, 2), nn.ReLU(), nn.Flatten(), nn.LazyLinear(2)
net = nn.Sequential(*layers)
net(PHOTOGRAPHS)
clf = cf.Classifier(net, labels=["cat", "coffee"])
wrong = int(clf.probabilities(PHOTOGRAPHS[:1]).argmax())
w = cf.TransitionExplorer(clf, Turning(), PHOTOGRAPHS[0], target=1 - wrong,
                          engine=cf.Transitions(starts=2, updates=2, trust=False))
w""",
    "time.sleep(60)",
)

DRAG = """async ([n, far]) => {
  const root = document.querySelector("[data-testid=cfw-transitions]");
  const slider = root.querySelector("input[type=range]");
  const times = { first: [], exact: [] };
  let phase = 0, way = 1;
  for (let i = 0; i < n; i++) {
    if (far) phase = (phase + 613) % 1000;
    else { if (phase > 985) way = -1; if (phase < 14) way = 1; phase += way * (1 + (i * 7) % 11); }
    delete root.dataset.latency; delete root.dataset.exact;
    slider.value = String(phase);
    slider.dispatchEvent(new Event("input", { bubbles: true }));
    while (root.dataset.painted !== String(phase)) await new Promise(requestAnimationFrame);
    times.first.push(Number(root.dataset.latency)); times.exact.push(Number(root.dataset.exact));
    await new Promise((next) => setTimeout(next, 12 + (i * 5) % 17));
  }
  return times;
}"""


def main() -> None:
    with opened(*CELLS) as notebook:
        page = notebook.page
        notebook.run_cell(0)
        page.locator("[data-testid=cfw-transitions][data-state=done][data-path=full]").wait_for(
            timeout=120_000
        )
        packed = notebook.eval("[len(w.view.frames), len(w.view.maps)]")
        notebook.run_cell(1, wait=False)
        page.evaluate(DRAG, [60, False])
        found = {
            name: page.evaluate(DRAG, [400, far]) for name, far in (("dragged", False), ("jumped", True))
        }
    print(f"frames {packed[0] / 2**20:.2f} MiB, maps {packed[1] / 2**20:.2f} MiB")
    print(f"{'ms':10} {'':6} {'median':>8} {'p95':>8}")
    for name, times in found.items():
        for kind, values in times.items():
            median, late = np.percentile(values, [50, 95])
            print(f"{name:10} {kind:6} {median:8.1f} {late:8.1f}")


if __name__ == "__main__":
    main()
