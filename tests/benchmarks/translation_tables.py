"""Tables 2 and 5 and figures 2, 4 and 5 of the translator's paper, in a small width.

Run it with ``python tests/benchmarks/translation_tables.py`` (``--quick`` to see that it runs, ``--only
table2``). Table 2 and figure 2 are of fruit, table 5 and the figures 4 and 5 of concrete, as in the paper.
Networks, figures and pictures are kept in a folder (``--to``), which `translation_grid.py` shares: what it
has trained is not trained again. It prints; it asserts nothing.

Measured 2026-11-28, 2 CPU cores (x86_64) that others used too, one thread, torch 2.14.1, 32 x 32 pixels,
3,000 images to learn from, 600 to test, seed 0. Table 2, fruit, 1,000 updates; D and G are trained within the
contest, with one cycle:

  ============ ======== ==== ========= ======
  classifier   accuracy F1   precision recall
  ============ ======== ==== ========= ======
  ResNet18     .800     .798 .837      .762
  ResNet50     .587     .569 .619      .527
  Swin Small   .553     .566 .570      .563
  Hybrid       .800     .797 .840      .759
  CNN U-Net    .818     .822 .837      .807
  Swin U-Net   .597     .621 .606      .637
  ResNet18 D   .690     .674 .741      .617
  ResNet50 D   .535     .623 .537      .743
  Swin Small D .525     .351 .602      .248
  Hybrid D     .680     .671 .718      .630
  CNN U-Net G  .895     .896 .925      .868
  Swin U-Net G .512     .442 .542      .373
  ============ ======== ==== ========= ======

The discriminators lose 11 and 12 points beside their ordinary twins (the paper: 7 to 10 for ResNets, under
one for the Hybrid), the U-Net's branch gains 8; the others have learned too little to compare. Table 5,
concrete, 2,500 updates, 2,037 s; (G*) are trained with labels alone, with one cycle, beside the Hybrid
discriminator:

  ============================ ======== ==== ==== ===== ====
  map by                       accuracy F1   IoU  AUPRC best
  ============================ ======== ==== ==== ===== ====
  Grad-CAM, last layer         .251     .105 .055 .047  .055
  Grad-CAM, best layer, layer3 .719     .124 .066 .069  .067
  U-Net, with masks            .977     .781 .641 .821  .639
  Swin U-Net, with masks       .955     .611 .440 .610  .441
  U-Net (G*)                   .959     .637 .468 .626  .468
  Swin U-Net (G*)              .918     .301 .177 .225  .177
  ============================ ======== ==== ==== ===== ====

So the U-Net reaches .73 of what it does with masks (the paper: .80), and seven times the IoU of Grad-CAM, for
whose maps 32 pixels are few. All Swin U-Nets are of width 12 and, except for the one of table 2 that was
trained on its own, began with smaller first weights than now.
"""

from __future__ import annotations

import time
from functools import partial

import torch
from matplotlib.figure import Figure
from translation_cells import DATA, NAMES, WIDTHS, bench_of, generators, parser

from cfwidgets.evaluation.segmentation import saliency, segmentation_curve
from cfwidgets.zoo.recipes.translator import grad_cam, in_batches, overlap

CYCLES = 1  # as all that the paper reports after table 1
LAYERS = ("relu", "layer1", "layer2", "layer3", "layer4")
ROWS = 6  # of a picture
SCALE = 3  # pixels on paper for one of an image
KINDS = tuple(kind for kind in WIDTHS if kind != "resnet3")  # the paper's table 2 has no ResNet3


def classification(logits, labels):
    """Accuracy, F1, precision and recall; class 1, the damaged, is the positive one."""
    found, true = logits[:, :2].argmax(1) == 1, labels == 1
    hits = int((found & true).sum())
    precision, recall = (hits / max(1, int(some.sum())) for some in (found, true))
    return {
        "accuracy": float((found == true).double().mean()),
        "F1": 2 * hits / max(1, int(found.sum() + true.sum())),
        "precision": precision,
        "recall": recall,
    }


def table_2(bench):
    """Six classifiers that were trained ordinarily, and six within the contest."""
    test = bench.sets["test"]
    beside = generators()[-1]
    print(
        f"Table 2: classifiers of {bench.data}; the discriminators were trained against the {NAMES[beside]}"
    )
    print(f"  {'':<14}{'accuracy':>10}{'F1':>8}{'precision':>11}{'recall':>8}{'s':>7}")

    def ordinary(make):
        network, seconds = make()
        return {
            **classification(in_batches(network, test.images, "cpu"), test.labels),
            "collapse": "",
            "seconds": seconds,
        }

    def adversarial(generator, kind, which):
        trained, words = bench.cell(generator, CYCLES, kind)
        pair = trained.pair()
        asked = pair.discriminator if which == "D" else pair.generator.told
        return {
            **classification(in_batches(asked, test.images, "cpu"), test.labels),
            "collapse": words,
            "seconds": trained.seconds,
        }

    rows = {
        **{NAMES[kind]: partial(ordinary, partial(bench.backbone, kind)) for kind in KINDS},
        **{NAMES[g]: partial(ordinary, partial(bench.branch, g)) for g in generators()},
        **{f"{NAMES[kind]} D": partial(adversarial, beside, kind, "D") for kind in KINDS},
        **{f"{NAMES[g]} G": partial(adversarial, g, "hybrid", "G") for g in generators()},
    }
    for name, compute in rows.items():
        row = bench.kept(f"table2-{name}", compute)
        print(
            f"  {name:<14}{row['accuracy']:10.3f}{row['F1']:8.3f}{row['precision']:11.3f}"
            f"{row['recall']:8.3f}{row['seconds']:7.0f}  {row['collapse']}",
            flush=True,
        )


def maps_of(bench):
    """What finds the damage: for each way, maps ``(n, h, w)`` in [0, 1] of validation and test images."""
    judge, _ = bench.judge()

    def cam(layer):
        return [grad_cam(judge, layer, bench.sets[split].images, "cpu") for split in ("validation", "test")]

    def marked(generator):
        network = bench.marker(generator)[0]
        return [
            in_batches(lambda images: network(images).sigmoid()[:, 0], bench.sets[split].images, "cpu")
            for split in ("validation", "test")
        ]

    def translated(generator):
        pair = bench.cell(generator, CYCLES, "hybrid")[0].pair()
        return [
            saliency(bench.sets[split].images.float() / 255, bench.twins(pair, split))
            for split in ("validation", "test")
        ]

    sets = bench.sets["validation"], bench.sets["test"]
    layers = {layer: cam(layer) for layer in LAYERS}
    best = max(LAYERS, key=lambda layer: overlap(layers[layer], *sets)["validation"])
    return {
        "GradCAM, last layer": layers[LAYERS[-1]],
        f"GradCAM, best layer ({best})": layers[best],
        **{NAMES[g].removeprefix("CNN "): marked(g) for g in generators()},
        **{f"{NAMES[g].removeprefix('CNN ')} (G*)": translated(g) for g in generators()},
    }


def table_5(bench):
    """The mask of the damage by Grad-CAM, by networks that learned masks, and by the generators."""
    print(
        f"Table 5: masks of {bench.data}, of the damaged test images. The threshold is chosen on validation "
        "images;\nbest: the IoU at the best threshold over quantiles of the test images, as the paper reports"
    )
    print(f"  {'':<29}{'accuracy':>9}{'F1':>8}{'IoU':>8}{'AUPRC':>8}{'best':>8}")
    maps, sets = maps_of(bench), (bench.sets["validation"], bench.sets["test"])
    for name, both in maps.items():
        row = overlap(both, *sets)
        print(
            f"  {name:<29}{row['accuracy']:9.3f}{row['F1']:8.3f}{row['IoU']:8.3f}{row['AUPRC']:8.3f}"
            f"{row['best over test quantiles']:8.3f}",
            flush=True,
        )
    print("  (G*): trained with labels alone, one cycle, beside the Hybrid discriminator")
    for generator in generators():
        if words := bench.cell(generator, CYCLES, "hybrid")[1]:
            print(f"  {NAMES[generator]} (G*) {words}")
    figure_4(bench, maps)
    figure_5(bench, maps)


def figure_2(bench):
    """Images of both classes, their twins, and the difference."""
    test = bench.sets["test"]
    generator = generators()[-1]
    pair = bench.cell(generator, CYCLES, "hybrid")[0].pair()
    shown = torch.cat([(test.labels == label).nonzero()[: ROWS // 2, 0] for label in (1, 0)])
    images = test.images[shown].float() / 255
    with torch.inference_mode():
        twins = pair.generator(images).twins
    difference = saliency(images, twins)[:, None].expand_as(images)
    draw(bench, "figure-2", ("x", "twin", "difference"), [images, twins, difference])


def figure_4(bench, maps):
    """The true mask beside the maps of each way."""
    test = bench.sets["test"]
    shown = test.masks.flatten(1).any(1).nonzero()[:ROWS, 0]
    columns = [
        test.images[shown].float() / 255,
        *(
            each.float()[:, None].expand(-1, 3, -1, -1)
            for each in (test.masks[shown], *(m[1][shown] for m in maps.values()))
        ),
    ]
    draw(bench, "figure-4", ("x", "true mask", *maps), columns)


def draw(bench, name, titles, columns):
    """Write rows of images under titles as a PNG."""
    height, width = columns[0].shape[2:]
    figure = Figure((len(titles) * width * SCALE / 72, (len(columns[0]) * height * SCALE + 40) / 72), dpi=144)
    axes = figure.subplots(
        len(columns[0]), len(titles), squeeze=False, gridspec_kw={"wspace": 0.04, "hspace": 0.04}
    )
    for place, (title, column) in enumerate(zip(titles, columns, strict=True)):
        axes[0, place].set_title(title.replace(", ", ",\n").replace(" (", "\n("), fontsize=7)
        for row, image in enumerate(column):
            axes[row, place].imshow(image.permute(1, 2, 0).clamp(0, 1).numpy(), interpolation="nearest")
            axes[row, place].set_axis_off()
    keep(bench, name, figure)


def figure_5(bench, maps):
    """IoU over the quantile of the map at which it is cut."""
    masks = bench.sets["test"].masks
    marked = masks.flatten(1).any(1)
    figure = Figure((5.5, 3.6), dpi=144, layout="constrained")
    axes = figure.subplots()
    for name, (_, of_test) in maps.items():
        curve = segmentation_curve(of_test[marked], masks[marked])
        axes.plot(torch.arange(100) / 100, curve.iou[curve.quantile_places()], label=name)
    axes.set(xlabel="quantile of the map at which it is cut", ylabel="IoU", xlim=(0, 1), ylim=(0, 1))
    axes.legend(fontsize=7, loc="upper left")
    keep(bench, "figure-5", figure)


def keep(bench, name, figure):
    path = bench.folder / f"{name}.png"
    figure.savefig(path, bbox_inches="tight")
    print(f"  {name}: {path}")


TABLES = {"table2": ("fruit", table_2), "figure2": ("fruit", figure_2), "table5": ("concrete", table_5)}


def main():
    options = parser(__doc__.partition("\n\n")[0])
    options.add_argument("--only", nargs="+", choices=tuple(TABLES), default=tuple(TABLES))
    given = options.parse_args()
    began = time.perf_counter()
    benches = {data: bench_of(given, data) for data in DATA}
    for name in given.only:
        data, table = TABLES[name]
        print(benches[data].about())
        table(benches[data])
        print()
    print(f"{time.perf_counter() - began:.0f} s in this run")


if __name__ == "__main__":
    main()
