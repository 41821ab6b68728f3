"""The engine of relevance maps against the three calls alone: ratios measured in one run.

Run it with ``python tests/benchmarks/relevance.py``. It prints the times, and asserts only that the maps are
the same, since the machines differ.

Measured on two CPU cores that others kept busy, one thread, ResNet-18, one image of 224 x 224: three calls
alone 11.0 s (RAP 0.9, Grad-CAM 0.3, integrated gradients 9.5), the engine 11.0 s; ratio 1.015, 0.96 to 1.07
in five pairs (asked for: at most 1.15). With all measures of trust 49 s.
"""

from __future__ import annotations

import argparse
import statistics
import time

import torch
import torchvision

import cfwidgets as cf
from cfwidgets.attribution import attribute

METHODS = ("rap", "grad_cam", "integrated_gradients")


def seconds(work):
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--trust", action="store_true", help="also time the measures of trust, once")
    options = parser.parse_args()
    torch.manual_seed(0)
    clf = cf.Classifier(torchvision.models.resnet18().eval(), input_size=224, device="cpu")
    image = torch.nn.functional.interpolate(torch.rand(1, 3, 20, 20), 224, mode="bilinear")[0]
    target = int(clf.probabilities(image[None]).argmax())
    engine = cf.Relevance(METHODS, trust=False)

    def together():
        return engine.explain(clf, image, target)

    def alone(method):
        return attribute(clf, image[None], target, method)

    found = together()
    for one in found.maps:
        assert torch.equal(one.pixels, alone(one.method).maps[0]), one.method
    ours, theirs = [], {method: [] for method in METHODS}
    for _ in range(options.repeats):  # in turn, so that a busy machine slows both
        ours.append(seconds(together))
        for method in METHODS:
            theirs[method].append(seconds(lambda method=method: alone(method)))
    sums = [sum(times) for times in zip(*theirs.values(), strict=True)]
    print(f"ResNet-18, one image of 224 x 224, {torch.get_num_threads()} threads, {options.repeats} times")
    for method, times in theirs.items():
        print(f"  {method:<22} alone {statistics.median(times):7.3f} s")
    print(f"  the three calls        {statistics.median(sums):13.3f} s")
    print(f"  the engine             {statistics.median(ours):13.3f} s")
    ratios = sorted(a / b for a, b in zip(ours, sums, strict=True))
    print(
        f"  ratio {statistics.median(ratios):.3f} ({ratios[0]:.3f} to {ratios[-1]:.3f}); asked: at most 1.15"
    )
    if options.trust:
        whole = cf.Relevance(METHODS).explain(clf, image, target)
        print(f"  with measures of trust {whole.seconds:13.3f} s")


if __name__ == "__main__":
    main()
