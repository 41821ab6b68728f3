"""E-LIME against the bare model and against LIME: ratios measured in one run.

Run it with ``python tests/benchmarks/superpixels.py`` (``--quick`` for a look, ``--cuda`` on a GPU). It
prints; it asserts nothing, since the machines differ.
"""

from __future__ import annotations

import argparse
import os
import statistics
import time
from dataclasses import replace

import numpy as np
import torch
from lime.lime_image import LimeImageExplainer
from skimage import data

import cfwidgets as cf
from cfwidgets.engines.masking import MaskedPicture

PICTURES = {"cat": data.cat, "coffee": data.coffee, "rocket": data.rocket}


def seconds(work, repeats=1):
    """Median seconds of the work."""
    taken = []
    for _ in range(repeats):
        started = time.perf_counter()
        work()
        taken.append(time.perf_counter() - started)
    return statistics.median(taken)


def overhead(clf, engine):
    """Wall time of a search over what the bare model needs for as many pictures, before and after."""
    image = data.cat()
    batch = clf.view(image).expand(32, -1, -1, -1).contiguous()
    clf.probabilities(batch)

    def bare():
        return seconds(lambda: clf.probabilities(batch), 9) / len(batch)

    before = bare()
    result = engine.explain(clf, image)
    per_picture = statistics.mean([before, bare()])
    asked = result.evaluations + (result.random_network.evaluations if result.random_network else 0)
    print(
        f"  {result.seconds:6.2f} s for {asked:,} pictures; "
        f"bare {1 / per_picture:.0f} a second; ratio {result.seconds / (asked * per_picture):.3f}"
    )


def against_lime(clf, eager, engine, seeds):
    """LIME as its users run it, with the same network, superpixels, fill, and number of them shown."""
    print(
        f"  {'picture':8} {'seed':>4} {'superpixels':>11} {'E-LIME p':>9} {'LIME p':>7} "
        f"{'ms each':>8} {'LIME ms':>8} {'ratio':>6}"
    )
    ratios, wins = [], []
    for name, picture in PICTURES.items():
        view = clf.view(picture())
        pixels = view.permute(1, 2, 0).numpy().astype(np.float64)
        for seed in range(seeds):
            ours = replace(engine, seed=seed, trust=False).explain(clf, picture())
            explainer = LimeImageExplainer(random_state=seed)
            started = time.perf_counter()
            theirs = explainer.explain_instance(
                pixels,
                lambda batch: eager.probabilities(
                    torch.from_numpy(np.stack(batch)).permute(0, 3, 1, 2).float()
                ).numpy(),
                labels=(ours.target,),
                top_labels=None,
                hide_color=0,
                num_samples=1000,
                segmentation_fn=lambda _, segments=ours.segments: segments.numpy(),
            )
            lime_each = (time.perf_counter() - started) / 1000
            ours_each = ours.seconds / ours.evaluations
            chosen = int(ours.mask.sum())
            weights = dict(theirs.local_exp[ours.target])
            mask = torch.zeros(ours.count, dtype=torch.bool)
            mask[sorted(weights, key=weights.get, reverse=True)[:chosen]] = True
            masked = MaskedPicture(clf, ours.image, ours.hidden, ours.segments)
            p = float(masked.probabilities(mask[None])[0, ours.target])
            ratios.append(lime_each / ours_each)
            wins.append(ours.probability >= p)
            print(
                f"  {name:8} {seed:4} {chosen:4} of {ours.count:3} {ours.probability:9.3f} {p:7.3f} "
                f"{1000 * ours_each:8.2f} {1000 * lime_each:8.2f} {ratios[-1]:6.1f}"
            )
    print(
        f"  median ratio {statistics.median(ratios):.1f}, least {min(ratios):.1f}; "
        f"at least as probable in {sum(wins)} of {len(wins)}"
    )


def on_cuda():
    """ResNet-50 at 224, 100 x 50, as the paper."""
    clf = cf.zoo.classifier("torchvision/resnet50", pretrained=False, device="cuda")
    engine = cf.ELime(trust=False)
    engine.explain(clf, data.cat())
    times = [engine.explain(clf, data.cat(), 285).seconds for _ in range(5)]
    print(
        f"  {torch.cuda.get_device_name()}: median {statistics.median(times):.2f} s, "
        f"least {min(times):.2f} s (the paper: 22.2 s)"
    )


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--quick", action="store_true", help="few generations, one seed")
    arguments.add_argument("--cuda", action="store_true", help="ResNet-50 on a CUDA device only")
    given = arguments.parse_args()
    if given.cuda:
        on_cuda()
        return
    engine = cf.ELime(generations=10) if given.quick else cf.ELime()
    eager = cf.zoo.classifier("efficientnet-lite0", device="cpu")
    clf = eager.accelerated()
    clf.probabilities(clf.view(data.cat())[None])
    print(f"{os.cpu_count()} cores, torch {torch.__version__}, {engine.population} x {engine.generations}")
    print("overhead: wall time of explain over pictures / throughput of the bare model")
    overhead(clf, replace(engine, trust=False))
    print("against the lime package, 1,000 samples, the same network in eager torch")
    against_lime(clf, eager, engine, 1 if given.quick else 5)


if __name__ == "__main__":
    main()
