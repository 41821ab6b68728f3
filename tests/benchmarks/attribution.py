"""RAP with merged passes against the published procedure, pass by pass: ratios measured in one run.

Run it with ``python tests/benchmarks/attribution.py`` (``--cuda`` on a GPU, ``--images 8`` for a batch). It
prints; it asserts nothing, since the machines differ.

Measured on two busy CPU cores, one image of 224 x 224 through VGG-19: 22.9 s as published, 5.7 s merged,
ratio 4.0 (asked for: 2.5; by the count of operations 234 / 78 = 3). Not measured on CUDA yet.
"""

from __future__ import annotations

import argparse
import runpy
import statistics
import time
from pathlib import Path

import torch
import torchvision
from torch import nn

import cfwidgets as cf
from cfwidgets.attribution import attribute

published = runpy.run_path(str(Path(__file__).parents[1] / "attribution" / "test_published_rap.py"))[
    "published"
]


def seconds(work, device):
    """Seconds of the work."""
    if device == "cuda":
        torch.cuda.synchronize()
    started = time.perf_counter()
    work()
    if device == "cuda":
        torch.cuda.synchronize()
    return time.perf_counter() - started


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--cuda", action="store_true")
    parser.add_argument("--images", type=int, default=1)
    parser.add_argument("--repeats", type=int, default=3)
    options = parser.parse_args()
    device = "cuda" if options.cuda else "cpu"

    torch.manual_seed(0)
    vgg = torchvision.models.vgg19().eval().to(device)
    chain = nn.Sequential(vgg.features, vgg.avgpool, nn.Flatten(), vgg.classifier)
    clf = cf.Classifier(vgg)
    images = torch.rand(options.images, 3, 224, 224)
    targets = torch.arange(options.images)
    theirs, ours = [], []

    def merged():
        return attribute(clf, images, targets)

    def unmerged():
        """One image at a time, as published."""
        return torch.cat(
            [
                published(chain, image[None].to(device), target[None].to(device)).sum(1).cpu()
                for image, target in zip(images, targets, strict=True)
            ]
        )

    found, expected = merged(), unmerged()
    for _ in range(options.repeats):  # in turn, so that a busy machine slows both
        ours.append(seconds(merged, device) / options.images)
        theirs.append(seconds(unmerged, device) / options.images)
    with torch.no_grad():
        bare = seconds(lambda: vgg(images.to(device)), device) / options.images
    apart = ((found.maps - expected).abs().amax() / expected.abs().amax()).item()
    lost = (found.convergence_delta / found.logits).abs().max().item()
    print(
        f"VGG-19 with random weights, {options.images} at once, {device}, {torch.get_num_threads()} threads"
    )
    print(f"  as published {statistics.median(theirs):8.3f} s an image")
    print(f"  merged       {statistics.median(ours):8.3f} s an image")
    print(f"  bare forward {bare:8.3f} s an image")
    ratios = sorted(a / b for a, b in zip(theirs, ours, strict=True))
    print(f"  ratio        {statistics.median(ratios):8.2f}  ({ratios[0]:.2f} to {ratios[-1]:.2f})")
    print(
        f"  greatest difference of the maps {apart:.1e} of full scale; sum off the logit by {lost:.1e} of it"
    )


if __name__ == "__main__":
    main()
