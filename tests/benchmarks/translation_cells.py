"""What the benchmarks of the translator train, in a small width: trained once, kept in a folder, resumed.

No benchmark itself: `translation_grid.py` and `translation_tables.py` share it.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import platform
import time
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from pathlib import Path

import torch
from platformdirs import user_cache_path
from safetensors.torch import load_file, save_file

from cfwidgets.networks.discriminators import discriminator
from cfwidgets.training.plain import PlainTraining
from cfwidgets.training.translation import TrainedTranslator, TranslationTraining
from cfwidgets.zoo.recipes.translator import examples, in_batches
from cfwidgets.zoo.recipes.translator.baselines import Branch, Marker, judge

GENERATORS = ("unet", "swin")
NAMES = {
    "unet": "CNN UNet",
    "swin": "Swin UNet",
    "resnet3": "ResNet3",
    "resnet18": "ResNet18",
    "resnet50": "ResNet50",
    "swin-small": "Swin Small",
    "hybrid": "Hybrid",
}
"""As the paper writes them."""

WIDTHS = {"resnet3": 16, "resnet18": 8, "resnet50": 4, "swin-small": 12, "hybrid": 8}
"""Of the discriminators: the smallest that still learn the classes."""

DATA = ("fruit", "concrete")

_CHOICE = {field.name for field in dataclasses.fields(TranslationTraining)}


def generators():
    """Names of the generators that `TranslationTraining` can train."""
    return GENERATORS if "generator" in _CHOICE else GENERATORS[:1]


@dataclass(frozen=True)
class Bench:
    """What is trained, on what, and where it is kept."""

    to: Path
    data: str
    size: int
    n: int
    tested: int
    updates: int
    seed: int

    @property
    def folder(self):
        name = f"{self.data}-{self.size}-{self.n}-{self.tested}-{self.updates}-seed{self.seed}"
        made = self.to / name
        made.mkdir(parents=True, exist_ok=True)
        return made

    @cached_property
    def sets(self):
        return examples(
            self.data, {"train": self.n, "validation": self.tested, "test": self.tested}, self.size
        )

    def settings(self, generator, cycles, kind):
        """Of one cell: two fifths of the updates are warm-up."""
        settings = TranslationTraining(
            updates=self.updates,
            warm_updates=self.updates * 2 // 5,
            cycles=cycles,
            sparsity=5.0,
            sparsity_moved=20.0,
            ramp=max(1, self.updates // 7),
            mean_decay=0.995,
            width=12,
            full_width=8,
            levels=3,
            widest=64,
            discriminator=kind,
            discriminator_width=WIDTHS[kind],
            measure_every=self.updates,
            seed=self.seed,
        )
        return replace(settings, generator=generator) if "generator" in _CHOICE else settings

    def cell(self, generator, cycles, kind):
        """The translator of this generator, discriminator and number of cycles, and how it failed."""
        path = self.folder / f"{generator}-{cycles}-{kind}.safetensors"
        learn = self.sets["train"]
        try:
            trained = self.settings(generator, cycles, kind).train(
                learn.images,
                learn.labels,
                resume=TrainedTranslator.load(path) if path.exists() else None,
                checkpoint=path,
            )
        except FloatingPointError as error:
            return TrainedTranslator.load(path), str(error)
        return trained, trained.collapse()

    def ordinary(self, name, make, *, marked=False, seed=None):
        """A network that is trained on its own for as many updates, with labels or with masks."""
        path = self.folder / f"ordinary-{name}.safetensors"
        with torch.random.fork_rng(devices=[]):
            torch.default_generator.manual_seed(self.seed if seed is None else seed)
            network = make()
        if not path.exists():
            began, learn = time.perf_counter(), self.sets["train"]
            plain = PlainTraining(
                updates=self.updates, batch_size=16, seed=self.seed if seed is None else seed
            )
            plain.train(network, learn.images, learn.labels, learn.masks if marked else None)
            weights = {key: value.contiguous() for key, value in network.state_dict().items()}
            save_file({**weights, _SECONDS: torch.tensor(time.perf_counter() - began)}, path)
        weights = load_file(path)
        seconds = float(weights.pop(_SECONDS))
        network.load_state_dict(weights)
        return network.eval(), seconds

    def judge(self):
        """A classifier that had no part in any translator."""
        return self.ordinary("judge", judge, seed=self.seed + 1)

    def backbone(self, kind):
        """The discriminator's network, of the two classes alone."""
        return self.ordinary(kind, lambda: discriminator(kind, 2, WIDTHS[kind]))

    def branch(self, generator):
        """The generator's class branch, alone."""
        return self.ordinary(f"branch-{generator}", lambda: Branch(self.made(generator)))

    def marker(self, generator):
        """The generator's network with one output a pixel, trained with masks."""
        return self.ordinary(f"marker-{generator}", lambda: Marker(self.made(generator)), marked=True)

    def made(self, generator):
        return asdict(self.settings(generator, 0, "resnet3"))

    def kept(self, name, compute):
        """Figures of this name: computed once, kept as JSON."""
        path = self.folder / f"{name}.json"
        if not path.exists():
            path.write_text(json.dumps(compute()), encoding="utf-8")
        return json.loads(path.read_text(encoding="utf-8"))

    def twins(self, pair, split):
        """Twins of a split's images."""
        return in_batches(lambda images: pair.generator(images).twins, self.sets[split].images, "cpu")

    def about(self):
        """Where and with what this was measured."""
        return (
            f"{time.strftime('%Y-%m-%d')}, {os.cpu_count()} CPU cores ({platform.machine()}), "
            f"{torch.get_num_threads()} of torch {torch.__version__.partition('+')[0]}; {self.data}, "
            f"{self.size} x {self.size} pixels, {self.n:,} images to learn from, {self.tested:,} to test, "
            f"{self.updates:,} updates, seed {self.seed}"
        )


_SECONDS = "training seconds"


def parser(description):
    """The options that both benchmarks have."""
    made = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    made.add_argument("--updates", type=int, default=1000, help="of each network")
    made.add_argument("--size", type=int, default=32, help="of the images in pixels")
    made.add_argument("--n", type=int, default=3000, help="images to learn from")
    made.add_argument("--tested", type=int, default=600, help="images to choose with, and to test with")
    made.add_argument("--seed", type=int, default=0)
    made.add_argument("--threads", type=int, default=1)
    made.add_argument("--quick", action="store_true", help="a look that ends soon: nothing is learned")
    made.add_argument("--to", type=Path, help="folder for networks and figures; default: in the user's cache")
    return made


def bench_of(given, data):
    """The bench of a data set that the options name."""
    torch.set_num_threads(given.threads)
    kept = given.to or Path(os.environ.get("CFWIDGETS_CACHE") or user_cache_path("cfwidgets"))
    small = {"updates": 12, "n": 60, "tested": 40} if given.quick else {}
    sizes = {name: getattr(given, name) for name in ("size", "n", "tested", "updates")}
    return Bench(kept / "translation", data, **{**sizes, **small}, seed=given.seed)
