"""The browser counts a mask's overlap with the true mask as `segmentation_curve` does."""

from __future__ import annotations

import base64
import json
import subprocess
from pathlib import Path
from types import ModuleType

import numpy as np
import torch

from cfwidgets.evaluation.segmentation import BINS, saliency, segmentation_curve

MEASURE = """
import * as esbuild from "esbuild";
import { readFileSync } from "node:fs";
const built = await esbuild.build({
  entryPoints: ["src/translation/overlap.ts"], bundle: true, format: "esm", write: false,
});
const code = Buffer.from(built.outputFiles[0].text).toString("base64");
const { overlapOf, iou, precision, recall, area } = await import(`data:text/javascript;base64,${code}`);
const bytes = (text) => Uint8Array.from(Buffer.from(text, "base64"));
const [levels, truth] = JSON.parse(readFileSync(0, "utf8")).map(bytes);
const overlap = overlapOf(levels, truth);
const places = Array.from({ length: 256 }, (_, level) => level);
const measures = { iou, precision, recall, area };
const found = Object.fromEntries(
  Object.entries(measures).map(([name, of]) => [name, places.map((level) => of(overlap, level))]),
);
process.stdout.write(JSON.stringify(found));
"""


def test_the_measures_are_those_of_python(build_hook: ModuleType, javascript: Path) -> None:
    _, environment = build_hook.npm()
    source = torch.Generator().manual_seed(0)
    image, twin = torch.rand(2, 1, 3, 40, 30, generator=source)
    masks = saliency(image, twin)
    truth = (masks + 0.4 * torch.rand(1, 40, 30, generator=source)) > 0.7
    curve = segmentation_curve(masks, truth)
    levels = (masks * BINS).long().clamp(max=BINS - 1).byte().numpy()
    given = [base64.b64encode(array.tobytes()).decode() for array in (levels, truth.byte().numpy())]
    command = ["node", "--input-type=module", "-e", MEASURE]
    run = subprocess.run(
        command,
        input=json.dumps(given).encode(),
        cwd=javascript,
        env=environment,
        capture_output=True,
        check=True,
    )
    found = json.loads(run.stdout)
    for name in ("iou", "precision", "recall"):
        assert np.array_equal(found[name], getattr(curve, name).numpy()), name
    assert np.array_equal(found["area"], curve.found[0].numpy() / (40 * 30))
