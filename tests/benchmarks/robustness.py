"""How a translator's two classifiers stand attacks and noise, beside a network trained with labels alone.

Run it with ``python tests/benchmarks/robustness.py`` (``--name fruit``, ``--steps 0.0001 0.0002``). It
prints, with seed, machine and seconds; it asserts nothing.

Measured 2026-11-27 on 2 CPU cores (x86-64, one thread, a load of 10 to 30 by others), torch 2.14.1: 200 test
pictures of concrete at 128 px, the first 16 of them attacked, seed 0; 201 CPU seconds. With 16
pictures one is 6 points: only large differences mean something.

Accuracy with noise, and D's mean probability of "painted":

========= ===== =========== ======== =======
deviation D     branch of G ordinary painted
========= ===== =========== ======== =======
0         .965  .980        .970     .257
0.02      .965  .970        .975     .252
0.05      .960  .905        .950     .260
0.1       .915  .705        .845     .339
0.2       .615  .510        .555     .444
========= ===== =========== ======== =======

Accuracy under PGD (10 iterations, bound 0.1) by its step, and under AutoAttack's parts by their bound (Square
finds nothing more than APGD-CE):

============= ===== =========== ======== =======
attack        D     branch of G ordinary painted
============= ===== =========== ======== =======
none          .938  .938        1.000    .219
PGD 0.0005    .312  .250        .312     .137
PGD 0.001     .062  .062        .125     .065
PGD 0.005     0     0           0        .001
APGD-CE 0.005 .188  .250        .312
APGD-CE 0.1   0     0           0
============= ===== =========== ======== =======

D stands noise better than its ordinary twin, and the branch worse; neither stands PGD better, where the paper
has a more robust Hybrid D. As in the paper, "painted" tells noise and not a targeted attack. Fakeness and
loss: r = .189 for D and .038 for the branch (the paper: .100 and .073), .126 for the ordinary network; area
under the ROC curve of errors .722, .584 and .649.
"""

from __future__ import annotations

import argparse
import os
import platform
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from art.attacks.evasion import AutoProjectedGradientDescent, SquareAttack
from art.estimators.classification import PyTorchClassifier
from torch import Tensor, nn

import cfwidgets as cf
from cfwidgets.evaluation import auroc, class_nll, noisy, pearson, pgd
from cfwidgets.zoo.recipes.translator import DATA_SETS, examples

STEPS = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.05)
DEVIATIONS = (0.01, 0.02, 0.05, 0.1, 0.2)
BATCH = 20


class Classes(nn.Module):
    """The two classes' logits alone: an attack must lead to the other class, not to "painted"."""

    def __init__(self, network: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.network = network

    def forward(self, images: Tensor) -> Tensor:
        return self.network(images)[:, :2]


class Networks:
    """The discriminator, the generator's class branch, and the ordinary twin of the discriminator."""

    def __init__(self, name: str) -> None:
        pair = cf.zoo.translator(name, device="cpu")
        generator: Any = pair.generator
        self.discriminator = pair.discriminator
        self.by_name: dict[str, Callable[[Tensor], Tensor]] = {
            "D": pair.discriminator,
            "branch of G": generator.told,
            "ordinary": cf.zoo.classifier(f"{name}/ordinary", device="cpu").require_module(),
        }


@torch.no_grad()
def outputs(network: Callable[[Tensor], Tensor], images: Tensor) -> Tensor:
    return torch.cat([network(some) for some in images.split(BATCH)])


def scores(logits: Tensor, labels: Tensor) -> tuple[float, float]:
    """Accuracy, and F1 of class 1, from the larger of the two classes."""
    found = logits[:, :2].argmax(1)
    hits = int(((found == 1) & (labels == 1)).sum())
    marked = int((found == 1).sum()) + int((labels == 1).sum())
    return float((found == labels).float().mean()), 2 * hits / max(1, marked)


def attacked(network: Callable[[Tensor], Tensor], images: Tensor, labels: Tensor, step: float) -> Tensor:
    parts = zip(images.split(BATCH), labels.split(BATCH), strict=True)
    return torch.cat([pgd(network, some, 1 - theirs, step=step) for some, theirs in parts])


def figure(head: str, networks: Networks, labels: Tensor, made: dict[float, dict[str, Tensor]]) -> None:
    """A line for each strength: accuracy and F1 of each network, and D's mean probability of "painted"."""
    print(
        f"\n{head:>10}" + "".join(f"{name + ' acc.':>17}{'F1':>6}" for name in networks.by_name) + "   p_fake"
    )
    for strength, images in made.items():
        line = f"{strength:10g}"
        for name, network in networks.by_name.items():
            line += "{:17.3f}{:6.3f}".format(*scores(outputs(network, images[name]), labels))
        fake = outputs(networks.discriminator, images["D"]).softmax(1)[:, 2].mean()
        print(f"{line}{float(fake):9.3f}", flush=True)


def auto_attack(
    networks: Networks, images: Tensor, labels: Tensor, bound: float, options: argparse.Namespace
) -> None:
    """APGD on the cross-entropy, and Square, on what is right before.

    AutoAttack's second part, APGD on a ratio of differences towards a class, needs four classes; its third,
    FAB-T, is not in the toolbox.
    """
    for name, network in networks.by_name.items():
        logits = Classes(network)
        known = PyTorchClassifier(
            logits,
            nn.CrossEntropyLoss(),
            tuple(images.shape[1:]),
            2,
            clip_values=(0.0, 1.0),
            device_type="cpu",
        )
        right = outputs(logits, images).argmax(1) == labels
        accuracies = [float(right.float().mean())]
        attacks = (
            AutoProjectedGradientDescent(
                known, np.inf, bound, 2 * bound, options.iterations, nb_random_init=1, batch_size=BATCH,
                loss_type="cross_entropy", verbose=False,
            ),
            SquareAttack(known, np.inf, max_iter=options.queries, eps=bound, batch_size=BATCH, verbose=False),
        )  # fmt: skip
        for attack in attacks:
            np.random.seed(options.seed)  # noqa: NPY002 - the toolbox draws from it
            left = right.nonzero()[:, 0]
            if len(left):
                found = torch.from_numpy(attack.generate(images[left].numpy(), labels[left].numpy()))
                right[left] = outputs(logits, found).argmax(1) == labels[left]
            accuracies.append(float(right.float().mean()))
        print(f"{bound:10g}  {name:12}" + "".join(f"{value:10.3f}" for value in accuracies), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--name", choices=tuple(DATA_SETS), default="concrete")
    parser.add_argument("--pictures", type=int, default=200, help="for noise and fakeness")
    parser.add_argument("--attacked", type=int, default=16, help="of these, the first")
    parser.add_argument("--iterations", type=int, default=20, help="of APGD")
    parser.add_argument("--queries", type=int, default=100, help="of Square")
    parser.add_argument("--steps", type=float, nargs="+", default=STEPS, help="of PGD")
    parser.add_argument("--bounds", type=float, nargs="+", default=[0.005, 0.1], help="of APGD and Square")
    parser.add_argument("--size", type=int, default=128)
    parser.add_argument("--seed", type=int, default=0, help="of noise and of the random attacks")
    options = parser.parse_args()
    began = time.perf_counter(), time.process_time()
    print(
        f"{options.name}, {options.pictures} pictures of the test split of {options.size} px, the first "
        f"{options.attacked} of them attacked; seed {options.seed}; {platform.machine()}, {os.cpu_count()} "
        f"CPU cores, {torch.get_num_threads()} threads, load {os.getloadavg()[0]:.1f}; "
        f"torch {torch.__version__}"
    )
    torch.manual_seed(options.seed)
    networks = Networks(options.name)
    some = examples(options.name, {"test": options.pictures}, options.size)["test"]
    images, labels = some.images.float() / 255, some.labels
    few, theirs = images[: options.attacked], labels[: options.attacked]

    print("\nfakeness and loss         r of the loss   AUROC of errors")
    fake = outputs(networks.discriminator, images).softmax(1)[:, 2]
    for name, network in networks.by_name.items():
        logits = outputs(network, images)[:, :2]
        r = pearson(class_nll(logits.softmax(1), labels), fake)
        print(f"{name:25} {r:13.3f} {auroc(fake, logits.argmax(1) != labels):17.3f}")

    same = dict.fromkeys(networks.by_name, images)
    noise = {
        deviation: dict.fromkeys(networks.by_name, noisy(images, deviation, options.seed))
        for deviation in DEVIATIONS
    }
    figure("deviation", networks, labels, {0.0: same, **noise})
    figure(
        "PGD step",
        networks,
        theirs,
        {
            step: {name: attacked(net, few, theirs, step) for name, net in networks.by_name.items()}
            for step in (0.0, *options.steps)
        },
    )
    print(f"\n{'bound':>10}  {'accuracy':12}{'before':>10}{'APGD-CE':>10}{'+ Square':>10}")
    for bound in options.bounds:
        auto_attack(networks, few, theirs, bound, options)
    print(f"\n{time.perf_counter() - began[0]:.0f} s, {time.process_time() - began[1]:.0f} CPU seconds")


if __name__ == "__main__":
    main()
