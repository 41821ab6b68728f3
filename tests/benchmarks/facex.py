"""FaceX against the bare forward pass and against the published tool's way: ratios measured in one run.

Run it with ``python tests/benchmarks/facex.py`` (``--cuda`` on a GPU, ``--size 512`` for the published size,
``--images 256``). It prints; it asserts nothing, since the machines differ. Images and masks are random, in
memory: no decoding is measured.

Measured on one thread of a busy CPU, by processor time: at 128 pixels FaceX reaches 0.53 of the bare forward
pass and is 2.7 times as fast as the published way; at 512 pixels 0.74 and 1.5. The importance in reference
mode is that of the published way to 1e-4. Not measured on CUDA yet.
"""

from __future__ import annotations

import argparse
import statistics
import time
from types import SimpleNamespace

import numpy as np
import torch
import torch.nn.functional as F
import torchvision
from PIL import Image
from torchvision.transforms import functional as vision

import cfwidgets as cf
from cfwidgets.engines.facex import FaceX

PATCH, REGIONS, KEPT = 16, 19, 20


def drawn(n, size, seed=0):
    """Faces of noise; ellipses of 12 of the 19 regions, which overlap as those of faces do."""
    generator = np.random.default_rng(seed)
    y, x = np.mgrid[0 : 1 : size * 1j, 0 : 1 : size * 1j]
    faces = []
    for _ in range(n):
        words = np.zeros((size, size), np.int32)
        for region in generator.choice(REGIONS, 12, replace=False):
            (row, column), (height, width) = generator.random(2), 0.05 + 0.4 * generator.random(2)
            words |= (((y - row) / height) ** 2 + ((x - column) / width) ** 2 < 1).astype(np.int32) << region
        image = generator.random((3, size, size), np.float32)
        faces.append(SimpleNamespace(image=torch.from_numpy(image), masks=torch.from_numpy(words)))
    return faces


def published(net, face, target, layer, best):
    """One face as the published tool does it: a full backward pass, then the regions one by one."""
    kept = []
    handles = [
        layer.register_forward_hook(lambda _, __, output: kept.append(output)),
        layer.register_full_backward_hook(lambda _, __, gradients: kept.append(gradients[0])),
    ]
    device = next(net.parameters()).device
    image = face.image[None].to(device)
    net.zero_grad()
    net(image)[0, target].backward()
    for handle in handles:
        handle.remove()
    features, gradients = kept[0][0].detach().cpu().numpy(), kept[1][0].cpu().numpy()
    cam = np.maximum((gradients.mean((1, 2))[:, None, None] * features).sum(0), 0)
    size = image.shape[-1]

    def spread(values):
        values = values - values.min()
        return values / (values.max() + 1e-7)

    large = np.asarray(Image.fromarray(spread(cam)).resize((size, size), Image.BILINEAR))
    scaled = spread(large)
    small = Image.fromarray((scaled * 255).astype(np.uint8)).resize((64, 64), Image.BICUBIC)
    cells = torch.from_numpy(np.asarray(small) / 255.0)
    lit = cells > cells[cells > 0].mean()
    shares = torch.full((REGIONS,), torch.nan)
    for region in range(REGIONS):
        mask = ((face.masks >> region) & 1).float()[None]
        grown = vision.resize(mask, [64, 64], antialias=True)[0] > 0
        if grown.any():
            shares[region] = (lit & grown).sum() / grown.sum()
        picture = face.image.clone()
        weighed = F.interpolate(torch.from_numpy(scaled)[None, None], size=(size, size), mode="bilinear")[0]
        parts = (weighed * mask).unfold(1, PATCH, PATCH).unfold(2, PATCH, PATCH).sum((3, 4)).flatten()
        tiles = picture.unfold(1, PATCH, PATCH).unfold(2, PATCH, PATCH).flatten(1, 2)
        value, place = parts.max(0)
        if value > 0 and (len(best[region]) < KEPT or value > best[region][-1][0]):
            best[region].append((float(value), tiles[:, place].numpy()))
            best[region].sort(key=lambda one: -one[0])
            del best[region][KEPT:]
    return shares


def seconds(work, device):
    """Seconds of the work, seconds of processor time that it took, and what it gave."""
    if device == "cuda":
        torch.cuda.synchronize()
    started, busy = time.perf_counter(), time.process_time()
    given = work()
    if device == "cuda":
        torch.cuda.synchronize()
    return time.perf_counter() - started, time.process_time() - busy, given


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--cuda", action="store_true")
    parser.add_argument("--size", type=int, default=128)
    parser.add_argument("--images", type=int, default=64)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--theirs", type=int, default=8, help="images that go the published way")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    device = "cuda" if options.cuda else "cpu"

    torch.manual_seed(0)
    net = torchvision.models.resnet18(num_classes=2).eval().to(device)
    clf = cf.Classifier(net, input_size=options.size)
    faces = drawn(options.images, options.size)
    few = faces[: options.theirs]

    def bare():
        with torch.no_grad():
            for first in range(0, len(faces), options.batch):
                batch = torch.stack([face.image for face in faces[first : first + options.batch]])
                net(batch.to(device)).cpu()

    def facex(mode):
        return FaceX(mode=mode, probed=0, batch_size=options.batch).explain(clf, faces, 1)

    def theirs():
        best = [[] for _ in range(REGIONS)]
        return torch.stack([published(net, face, 1, net.layer4, best) for face in few])

    ways = {
        "bare forward pass": (bare, len(faces)),
        "FaceX": (lambda: facex("paper"), len(faces)),
        'FaceX, mode="reference"': (lambda: facex("reference"), len(faces)),
        "the published way": (theirs, len(few)),
    }
    rates, costs, given = {name: [] for name in ways}, {name: [] for name in ways}, {}
    for repeat in range(options.repeats + 1):  # in turn, so that a busy machine slows all
        for name, (work, count) in ways.items():
            taken, busy, given[name] = seconds(work, device)
            if repeat:  # the first time warms up
                rates[name].append(count / taken)
                # On a CPU that others use too, processor time tells more than the clock.
                costs[name].append((taken if device == "cuda" else busy) / count)
    print(
        f"ResNet-18 with random weights, {len(faces)} random images of {options.size} x {options.size}, "
        f"batches of {options.batch}, {device}, {torch.get_num_threads()} threads; speed beside others by "
        f"{'the clock' if device == 'cuda' else 'processor time'}"
    )

    def ratio(name, other):
        ratios = sorted(b / a for a, b in zip(costs[name], costs[other], strict=True))
        return f"{statistics.median(ratios):6.2f} ({ratios[0]:.2f} to {ratios[-1]:.2f})"

    print(f"  {'':<26}{'images/s':>9}   of the bare pass         of the published way")
    for name, found in rates.items():
        figures = [ratio(name, "bare forward pass"), ratio(name, "the published way")]
        print(f"  {name:<26}{statistics.median(found):9.1f}   {'   '.join(figures)}")
    ours = given['FaceX, mode="reference"'].ior[: len(few)]
    apart = (ours - given["the published way"]).abs().nan_to_num(0)
    print(
        f"  importance in the published tool's sense: {apart.max():.4f} apart at most, {apart.mean():.5f} in "
        f"the mean, of {len(few)} images"
    )


if __name__ == "__main__":
    main()
