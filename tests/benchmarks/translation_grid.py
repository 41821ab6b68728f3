"""Tables 1 and 3 of the translator's paper: generators, cycles and discriminators, in a small width.

Run it with ``python tests/benchmarks/translation_grid.py`` (``--quick`` to see that it runs, ``--data
concrete``, ``--only resnet3 hybrid``). Networks and figures are kept in a folder (``--to``), so that an
interrupted run is resumed and a second one prints at once. It prints; it asserts nothing.

The paper's tables have Fréchet distances of an Inception network; here they are of the last features of the
independent judge, a small ResNet, so that only cells of one run can be compared. Two generators are tried
where `TranslationTraining` has them. A cell that `TrainedTranslator.collapse` finds collapsed says so, and
has a dash in tables 1 and 3, as in the paper.

Measured 2026-11-27 and 28, 2 CPU cores (x86_64) that others used too, one thread, torch 2.14.1; fruit, 32 x
32 pixels, 3,000 images to learn from, 600 to test, 1,000 updates (400 of them warm-up), seed 0. The judge
puts 8/11 % of the real images in the other class. In %: flipped of sound/of damaged, and accuracy; *best* is
the IoU over test quantiles:

  ==== ====== ========== ===== ===== ==== ==== ===== ==== == ====== ==== ====== ====
  G    cycles D          by D  judge IoU  F1   AUPRC best D  branch fake change s
  ==== ====== ========== ===== ===== ==== ==== ===== ==== == ====== ==== ====== ====
  CNN  0      ResNet3    31/93 13/88 .253 .403 .313  .253 75 88     .37  .0094  356
  CNN  0      ResNet18   75/85 31/89 .375 .546 .492  .375 73 86     .37  .0091  269
  CNN  0      ResNet50   35/41 9/10  .051 .097 .059  .051 60 87     .34  .0037  632
  CNN  0      Swin Small 52/46 8/11  .353 .522 .468  .349 51 86     .33  .0001  235
  CNN  0      Hybrid     55/85 29/91 .371 .541 .505  .371 73 89     .33  .0068  373
  CNN  1      ResNet3    16/37 8/11  .075 .139 .089  .076 73 88     .33  .0006  166
  CNN  1      ResNet18   18/34 8/11  .068 .128 .076  .069 74 89     .33  .0005  280
  CNN  1      ResNet50   27/51 7/12  .034 .066 .034  .034 61 87     .34  .0015  50
  CNN  1      Swin Small 62/24 8/11  .131 .232 .108  .131 57 87     .33  .0000  329
  CNN  1      Hybrid     23/32 8/11  .097 .177 .100  .097 72 90     .33  .0004  1145
  Swin 0      ResNet3    7/47  7/22  .104 .188 .107  .104 77 50     .28  .0078  611
  Swin 0      ResNet18   23/45 31/14 .066 .124 .070  .067 69 50     .34  .0139  211
  Swin 0      ResNet50   52/43 8/11  .038 .074 .031  .038 54 49     .33  .0018  50
  Swin 0      Swin Small 68/28 8/11  .032 .062 .024  .032 53 48     .33  .0001  308
  Swin 0      Hybrid     27/43 8/11  .032 .062 .022  .032 65 48     .33  .0004  336
  Swin 1      ResNet3    15/29 8/11  .038 .073 .036  .038 78 50     .32  .0007  178
  Swin 1      ResNet18   23/39 8/12  .032 .062 .028  .032 69 51     .33  .0006  112
  Swin 1      ResNet50   69/25 8/11  .032 .063 .025  .032 54 51     .33  .0009  135
  Swin 1      Swin Small 18/75 8/11  .032 .063 .030  .033 52 49     .33  .0001  538
  Swin 1      Hybrid     27/37 8/11  .032 .063 .024  .032 68 51     .33  .0002  493
  ==== ====== ========== ===== ===== ==== ==== ===== ==== == ====== ==== ====== ====

Fréchet distances, of all twins, of the sound and of the damaged alone:

  ==== ====== ==== ======= ======== ======== ========== ======
  G    cycles set  ResNet3 ResNet18 ResNet50 Swin Small Hybrid
  ==== ====== ==== ======= ======== ======== ========== ======
  CNN  0      full 28.39   17.29    0.02     0.00       15.28
  CNN  0      und. 0.54    0.81     91.13    89.72      1.60
  CNN  0      dam. 75.88   48.85    85.72    87.39      48.79
  CNN  1      full 0.00    0.00     0.00     0.00       0.00
  CNN  1      und. 89.11   88.82    88.62    88.07      87.97
  CNN  1      dam. 88.11   88.26    88.35    88.07      88.07
  Swin 0      full 0.92    1.44     0.01     0.00       0.00
  Swin 0      und. 62.64   75.53    89.79    88.07      88.05
  Swin 0      dam. 87.70   50.17    86.30    88.07      88.09
  Swin 1      full 0.00    0.00     0.00     stuck      0.00
  Swin 1      und. 87.91   87.92    88.02    stuck      88.06
  Swin 1      dam. 88.17   88.18    88.13    stuck      88.07
  ==== ====== ==== ======= ======== ======== ========== ======

In so few updates most generators have not begun to move: the change is a twentieth of the others', the
judge's flips are its errors on real images, and the distances are those between both classes. With one cycle
it takes longer; the last cell but one is found stuck. The ResNet50 of width 4 and the Swin-Small have hardly
learned the classes, and the Swin U-Net's class branch is at chance: its narrow stages began with weights too
small for anything to pass, and begin with larger ones since. So this grid compares how soon a cell learns;
where it ends takes longer. After 4,000 updates the two best, and one with a cycle that had not moved before:

  ==== ====== ======== ===== ===== ==== ==== ===== ==== == ====== ==== ====== ===
  G    cycles D        by D  judge IoU  F1   AUPRC best D  branch fake change s
  ==== ====== ======== ===== ===== ==== ==== ===== ==== == ====== ==== ====== ===
  CNN  0      ResNet18 85/93 27/88 .434 .605 .634  .433 82 93     .35  .0051  260
  CNN  0      Hybrid   85/89 54/86 .554 .713 .758  .546 84 89     .36  .0072  696
  CNN  1      ResNet18 86/91 73/86 .487 .655 .697  .488 84 91     .37  .0053  193
  ==== ====== ======== ===== ===== ==== ==== ===== ==== == ====== ==== ====== ===

The cycle buys what the judge believes of sound images (73 % in place of 27 with the same discriminator), as
the paper finds, and no less of the mask.
"""

from __future__ import annotations

import math
import time

from translation_cells import DATA, NAMES, WIDTHS, bench_of, generators, parser

from cfwidgets.evaluation.doubt import flip_rates
from cfwidgets.evaluation.frechet import frechet_distance
from cfwidgets.evaluation.segmentation import saliency
from cfwidgets.images import as_bytes
from cfwidgets.zoo.recipes.translator import in_batches, overlap

CYCLES = (0, 1)
SETS = ("full", "und.", "dam.")


def cell(bench, generator, cycles, kind):
    """Train one cell, and measure it on the test images."""
    trained, words = bench.cell(generator, cycles, kind)
    pair, judge = trained.pair(), bench.judge()[0]
    test = bench.sets["test"]
    twins = bench.twins(pair, "test")
    painted = as_bytes(twins)
    on_real = in_batches(pair.discriminator, test.images, "cpu")
    on_twins = in_batches(pair.discriminator, painted, "cpu")
    told = in_batches(pair.generator.told, test.images, "cpu")
    maps = [
        saliency(bench.sets[split].images.float() / 255, bench.twins(pair, split))
        for split in ("validation", "test")
    ]
    return {
        "collapse": words,
        "distances": distances(judge, test, painted),
        "flips by D": flip_rates(test.labels, on_twins[:, :2].argmax(1)),
        "flips by the judge": flip_rates(test.labels, in_batches(judge, painted, "cpu").argmax(1)),
        "mask": overlap(maps, bench.sets["validation"], test),
        "D": right(on_real[:, :2], test.labels),
        "branch": right(told, test.labels),
        "painted": float(on_twins.softmax(1)[:, 2].mean()),
        "difference": float((twins - test.images.float() / 255).abs().mean()),
        "seconds": trained.seconds,
    }


def distances(judge, test, painted):
    """Fréchet distances of the paper's three sets, by what the judge's last layer sees."""
    real, twins = (in_batches(judge.pooled, images, "cpu") for images in (test.images, painted))
    sound = test.labels == 0
    return {
        "full": frechet_distance(real, twins),
        "und.": frechet_distance(real[sound], twins[~sound]),
        "dam.": frechet_distance(real[~sound], twins[sound]),
    }


def right(logits, labels):
    return float((logits.argmax(1) == labels).double().mean())


def percent(share):
    return "-" if math.isnan(share) else f"{100 * share:.0f}"


def row(found):
    """Of the large table."""
    mask = found["mask"]
    flips = [
        "/".join(percent(share) for share in found[f"flips by {who}"]).rjust(9) for who in ("D", "the judge")
    ]
    return (
        f"{flips[0]}{flips[1]}{mask['IoU']:7.3f}{mask['F1']:7.3f}{mask['AUPRC']:7.3f}"
        f"{mask['best over test quantiles']:7.3f}{percent(found['D']):>5}{percent(found['branch']):>8}"
        f"{found['painted']:7.2f}{found['difference']:8.4f}{found['seconds']:6.0f}"
    )


HEAD = (
    f"{'':32}{'flipped by':>18}{'mask':^28}{'accuracy':>13}\n"
    f"  {'G':<11}{'cycles':<7}{'D':<12}{'D':>9}{'judge':>9}{'IoU':>7}{'F1':>7}{'AUPRC':>7}{'best':>7}"
    f"{'D':>5}{'branch':>8}{'fake':>7}{'change':>8}{'s':>6}"
)


def main():
    options = parser(__doc__.partition("\n\n")[0])
    options.add_argument("--data", choices=DATA, default="fruit")
    options.add_argument("--only", nargs="+", choices=tuple(WIDTHS), default=tuple(WIDTHS))
    given = options.parse_args()
    bench = bench_of(given, given.data)
    print(bench.about())
    began = time.perf_counter()
    judge, seconds = bench.judge()
    test = bench.sets["test"]
    wrong = "/".join(map(percent, flip_rates(test.labels, in_batches(judge, test.images, "cpu").argmax(1))))
    print(f"the independent judge puts {wrong} % of the real images in the other class; {seconds:.0f} s")
    print(f"\nin %: flipped of sound/of damaged, accuracy; best: the IoU over test quantiles\n{HEAD}")
    found = {}
    for generator in generators():
        for cycles in CYCLES:
            for kind in given.only:
                name = f"cell-{generator}-{cycles}-{kind}"
                one = bench.kept(name, lambda of=(generator, cycles, kind): cell(bench, *of))
                found[generator, cycles, kind] = one
                print(f"  {NAMES[generator]:<11}{cycles:<7}{NAMES[kind]:<12}{row(one)}", flush=True)
                if one["collapse"]:
                    print(f"{'':20}{one['collapse']}", flush=True)
    print("\nTable 1 (full) and table 3: Fréchet distances; - where a cell collapsed")
    print(f"  {'G':<11}{'cycles':<7}{'set':<6}{''.join(f'{NAMES[kind]:>12}' for kind in given.only)}")
    for generator in generators():
        for cycles in CYCLES:
            for which in SETS:
                cells = [found[generator, cycles, kind] for kind in given.only]
                values = ["-" if one["collapse"] else f"{one['distances'][which]:.2f}" for one in cells]
                values = "".join(f"{value:>12}" for value in values)
                print(f"  {NAMES[generator]:<11}{cycles:<7}{which:<6}{values}")
    print(f"\n{time.perf_counter() - began:.0f} s in this run")


if __name__ == "__main__":
    main()
