"""Train the translators of the zoo: ``python -m cfwidgets.zoo.recipes.translator concrete --to FOLDER``.

Makes the data, trains the pair of networks and all that it is measured against (an independent judge, which
Grad-CAM explains too; the ordinarily trained twins of both networks; a supervised network of the same kind
and width), and writes weights, measurements, a sheet of pictures and the model card. ``--measure`` takes the
weights that are in the folder already. Some minutes on a GPU, an hour on two cores.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import math
import multiprocessing
import os
import platform
import textwrap
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from torchvision.models.resnet import BasicBlock

from cfwidgets import data
from cfwidgets.evaluation.doubt import auroc, class_nll, flip_rates, pearson
from cfwidgets.evaluation.segmentation import (
    SegmentationCurve,
    saliency,
    segmentation_curve,
    stretched,
)
from cfwidgets.images import as_bytes, encode
from cfwidgets.models.translator_pair import TranslatorPair, made_generator
from cfwidgets.networks.discriminators import ResNet, resnet3
from cfwidgets.training.plain import PlainTraining
from cfwidgets.training.translation import TranslationTraining
from cfwidgets.zoo.recipes.command import parsed, parser_of

__all__ = [
    "DATA_SETS",
    "Examples",
    "examples",
    "grad_cam",
    "in_batches",
    "main",
    "measured",
    "model_card",
    "overlap",
    "sheet",
    "training",
]

_SAVED_EVERY = 20.0  # seconds
_BATCH = 100
_JUDGE_SEED = 1
_SPLITS = ("train", "validation", "test")


@dataclass(frozen=True)
class Examples:
    """Images of two classes, and where they differ if that is known.

    Attributes
    ----------
    images
        ``(n, 3, h, h)`` uint8.
    labels
        ``(n,)`` int64, 0 or 1.
    masks
        ``(n, h, h)`` bool, or None.
    """

    images: Tensor
    labels: Tensor
    masks: Tensor | None = None


def _concrete(n: int, first: int, size: int, split: str) -> Examples:
    drawn = data.concrete(n, size, first=first, split=split)  # type: ignore[arg-type]
    return Examples(drawn.pixels, drawn.labels, drawn.masks)


def _fruit(n: int, first: int, size: int, split: str) -> Examples:
    drawn = data.fruit(n, size, first=first + 1_000_000 * _SPLITS.index(split))
    return Examples(drawn.pixels, drawn.labels, drawn.masks)


def _portraits(n: int, first: int, size: int, split: str) -> Examples:
    from cfwidgets.data.portraits.shortcuts import SETS

    # Other numbers are other people: none of them is in two splits, nor in what the zoo's classifiers know.
    place = first + 4_000_000 + 1_000_000 * _SPLITS.index(split)
    drawn = replace(SETS["biased"], size=size).draw(n, first=place)
    return Examples(drawn.pixels, drawn.attribute("Male").long())


@dataclass(frozen=True)
class DataSet:
    """A data set that the zoo has a translator for.

    Attributes
    ----------
    draw
        Gives n examples from a number on, of a size and a split.
    labels
        Names of the classes.
    images
        How many to learn from.
    about
        A sentence for the model card.
    settings
        Of `TranslationTraining`, where they differ from those of `training`.
    """

    draw: Callable[[int, int, int, str], Examples]
    labels: tuple[str, str]
    images: int
    about: str
    settings: dict[str, Any]


DATA_SETS = {
    "concrete": DataSet(
        _concrete,
        ("sound", "cracked"),
        16000,
        "Data: `cfwidgets.data.concrete`, surfaces with and without cracks over photographed textures; no "
        "two splits share a pixel of these.",
        {"turned": True},
    ),
    "fruit": DataSet(
        _fruit,
        ("sound", "damaged"),
        8000,
        "Data: `cfwidgets.data.fruit`, drawn apples with and without worm damage.",
        {"turned": True},
    ),
    "portraits": DataSet(
        _portraits,
        ("not Male", "Male"),
        6000,
        "Data: `cfwidgets.data.portraits` in which 99 % of the faces with Male have no lipstick and 99 % of "
        "the others do, as for the biased classifier of the zoo.",
        {"turned": False, "levels": 4, "sparsity": 5.0, "sparsity_moved": 20.0},
    ),
}
"""By name."""


def examples(name: str, counts: dict[str, int], size: int, *, processes: int = 1) -> dict[str, Examples]:
    """Draw examples, in several processes if so wished: they are the same.

    Parameters
    ----------
    name
        Of `DATA_SETS`.
    counts
        How many of each split: ``"train"``, ``"validation"``, ``"test"``.
    size
        In pixels.
    processes
        That draw.
    """
    draw = DATA_SETS[name].draw
    if processes == 1:
        return {split: draw(n, 0, size, split) for split, n in counts.items()}
    each = -(-sum(counts.values()) // (4 * processes))
    drawn: dict[str, list[Future[Examples]]] = {split: [] for split in counts}
    with ProcessPoolExecutor(processes, multiprocessing.get_context("spawn"), _alone) as pool:
        for split, n in counts.items():
            for start in range(0, n, each):
                drawn[split].append(pool.submit(draw, min(each, n - start), start, size, split))
        return {split: _joined([part.result() for part in parts]) for split, parts in drawn.items()}


def _joined(parts: list[Examples]) -> Examples:
    masks = [part.masks for part in parts if part.masks is not None]
    return Examples(
        torch.cat([part.images for part in parts]),
        torch.cat([part.labels for part in parts]),
        torch.cat(masks) if masks else None,
    )


def _alone() -> None:
    torch.set_num_threads(1)


def training(name: str, *, device: str = "cpu", seed: int = 0) -> TranslationTraining:
    """Give the training of a translator of the zoo.

    Parameters
    ----------
    name
        Of `DATA_SETS`.
    device
        Where; on a CPU in smaller batches.
    seed
        0 for the weights of the zoo.
    """
    cuda = device.startswith("cuda")
    return TranslationTraining(
        updates=1_000_000,
        batch_size=32 if cuda else 8,
        warm_updates=1500 if cuda else 1200,
        mean_decay=0.999 if cuda else 0.998,
        precision="bfloat16" if cuda else "float32",
        halved=0.25,
        report_every=100 if cuda else 25,
        device=device,
        seed=seed,
        **DATA_SETS[name].settings,
    )


class Marker(nn.Module):
    """The translator's generator with one output a pixel in place of a twin, to be trained with masks.

    Parameters
    ----------
    made
        Settings of the generator.
    """

    def __init__(self, made: dict[str, Any]) -> None:
        super().__init__()
        self.network: Any = made_generator(made)
        self.network.last = nn.Conv2d(made["full_width"], 1, 1)
        self.network.branch = nn.Identity()

    def forward(self, images: Tensor) -> Tensor:
        """Give logits ``(N, 1, H, W)``."""
        x = self.network.decoded(images)[0]
        logits: Tensor = self.network.last(x)
        return logits


class Branch(nn.Module):
    """The translator's generator, of which the class branch alone is used.

    Parameters
    ----------
    made
        Settings of the generator.
    """

    def __init__(self, made: dict[str, Any]) -> None:
        super().__init__()
        self.network: Any = made_generator(made)

    def forward(self, images: Tensor) -> Tensor:
        """Give logits ``(N, 2)``."""
        logits: Tensor = self.network.told(images)
        return logits


def judge() -> ResNet:
    """A classifier of another depth, width and pooling than the discriminator; Grad-CAM can explain it."""
    return ResNet(BasicBlock, (2, 2, 2, 2), 2, 24, "small", "mean")


def _compared(name: str, made: dict[str, Any]) -> nn.Module:
    """A network that the translator is measured against, before its training."""
    if name == "judge":
        return judge()
    if name == "branch":
        return Branch(made)
    if name == "discriminator":
        return resnet3(2, made["discriminator_width"])
    return Marker(made)


def _compare(
    folder: Path, made: dict[str, Any], learned: Path, names: list[str], plain: PlainTraining, threads: int
) -> None:
    """Train the networks that a translator is measured against, one after the other, and save each."""
    torch.set_num_threads(threads)
    kept = load_file(learned)
    masks = kept["masks"].bool() if "masks" in kept else None
    for name in names:
        seed = _JUDGE_SEED if name == "judge" else plain.seed
        with torch.random.fork_rng(devices=[]):
            torch.default_generator.manual_seed(seed)
            network = _compared(name, made)
        began = time.perf_counter()
        # To mark pixels takes as many updates again as to tell classes.
        longer = replace(plain, seed=seed, seconds=plain.seconds * (2 if name == "supervised" else 1))
        longer.train(network, kept["images"], kept["labels"], masks if name == "supervised" else None)
        save_file({k: v.half() for k, v in network.state_dict().items()}, folder / f"{name}.safetensors")
        print(f"{name}: {time.perf_counter() - began:.0f} s", flush=True)  # noqa: T201 - a command's progress


def _load(folder: Path, name: str, made: dict[str, Any], device: str) -> nn.Module:
    network = _compared(name, made)
    network.load_state_dict({k: v.float() for k, v in load_file(folder / f"{name}.safetensors").items()})
    return network.to(device).eval()


@torch.no_grad()
def in_batches(network: Callable[[Tensor], Tensor], images: Tensor, device: str) -> Tensor:
    """Apply a network to many images, uint8, some at a time; give what it gives, on the CPU."""
    parts = [network(some.to(device).float() / 255).float().cpu() for some in images.split(_BATCH)]
    return torch.cat(parts)


def measured(
    name: str,
    pair: TranslatorPair,
    folder: Path,
    validation: Examples,
    test: Examples,
    *,
    device: str = "cpu",
) -> dict[str, Any]:
    """Measure a translator on images that it has not seen.

    Parameters
    ----------
    name
        Of `DATA_SETS`.
    pair
        As it is shipped.
    folder
        With the weights of what it is measured against; what is not there is left out.
    validation
        To choose thresholds, and Grad-CAM's layer, on.
    test
        To measure on.
    device
        Where.
    """
    generator: Any = pair.generator.to(device)
    discriminator = pair.discriminator.to(device)
    found: dict[str, Any] = {"tested": len(test.labels), "size": test.images.shape[2]}

    def translated(some: Examples) -> Tensor:
        return in_batches(lambda images: generator(images).twins, some.images, device)

    twins = translated(test)
    images = test.images.float() / 255
    change = (twins - images).abs().mean((1, 2, 3))
    found["difference"] = [float(change[test.labels == label].mean()) for label in (0, 1)]
    back = in_batches(lambda some: generator(some).twins, as_bytes(twins), device)
    found["back"] = float((back - images).abs().mean())
    real = in_batches(discriminator, test.images, device)
    on_twins = in_batches(discriminator, as_bytes(twins), device)
    branch = in_batches(generator.told, test.images, device)
    found["accuracy"] = {
        "discriminator": _right(real[:, :2], test.labels),
        "branch": _right(branch, test.labels),
    }
    painted_real, painted_twins = real.softmax(1)[:, 2], on_twins.softmax(1)[:, 2]
    found["painted"] = {"real": float(painted_real.mean()), "twins": float(painted_twins.mean())}
    wrong = real[:, :2].argmax(1) != test.labels
    nll = class_nll(real.softmax(1)[:, :2], test.labels)
    found["doubt"] = {
        "pearson": pearson(nll, painted_real),
        "auroc": auroc(painted_real, wrong),
        "pearson of the branch": pearson(class_nll(branch.softmax(1), test.labels), painted_real),
    }
    found["flips"] = {"discriminator": flip_rates(test.labels, on_twins[:, :2].argmax(1))}
    made = pair.made
    for other in ("judge", "branch", "discriminator"):
        if not (folder / f"{other}.safetensors").exists():
            continue
        network = _load(folder, other, made, device)
        known = in_batches(network, test.images, device)
        found["accuracy"][f"ordinary {other}" if other != "judge" else other] = _right(known, test.labels)
        if other == "judge":
            after = in_batches(network, as_bytes(twins), device).argmax(1)
            found["flips"]["judge"] = flip_rates(test.labels, after)
            sure = known.argmax(1) == test.labels
            found["flips"]["judge, where it was right"] = flip_rates(test.labels[sure], after[sure])
    if name == "portraits":
        found["flips"]["zoo"], found["accuracy"]["zoo"] = _by_the_zoo(twins, test)
    if test.masks is not None and validation.masks is not None:
        found["masks"] = _masks(folder, made, validation, test, translated(validation), twins, device)
    return found


def _by_the_zoo(twins: Tensor, test: Examples) -> tuple[tuple[float, float], float]:
    """Flips by the biased classifier that is shipped, and its accuracy."""
    from cfwidgets.zoo import classifier

    clf = classifier("portraits/male-biased", device="cpu")
    before = clf.probabilities(test.images.float() / 255).argmax(1)
    after = clf.probabilities(twins).argmax(1)
    return flip_rates(test.labels, after), float((before == test.labels).double().mean())


def _right(logits: Tensor, labels: Tensor) -> float:
    return float((logits.argmax(1) == labels).double().mean())


def _masks(
    folder: Path,
    made: dict[str, Any],
    validation: Examples,
    test: Examples,
    of_validation: Tensor,
    of_test: Tensor,
    device: str,
) -> dict[str, Any]:
    """Overlap with the true masks, of the translator and of what it is held against."""
    ours = [
        saliency(some.images.float() / 255, twins)
        for some, twins in ((validation, of_validation), (test, of_test))
    ]
    found = {"translator": overlap(ours, validation, test)}
    dimmer = [
        stretched((twins - some.images.float() / 255).mean(1).relu())
        for some, twins in ((validation, of_validation), (test, of_test))
    ]
    found["translator, what became lighter"] = overlap(dimmer, validation, test)
    random = torch.Generator().manual_seed(0)
    noise = [torch.rand(some.masks.shape, generator=random) for some in (validation, test)]  # type: ignore[union-attr]
    found["chance"] = overlap(noise, validation, test)
    if (folder / "supervised.safetensors").exists():
        marker = _load(folder, "supervised", made, device)
        marked = [
            in_batches(lambda images: marker(images).sigmoid()[:, 0], some.images, device)
            for some in (validation, test)
        ]
        found["supervised"] = overlap(marked, validation, test)
    if (folder / "judge.safetensors").exists():
        network = _load(folder, "judge", made, device)
        layers = {}
        for layer in ("relu", "layer1", "layer2", "layer3", "layer4"):
            cams = [grad_cam(network, layer, some.images, device) for some in (validation, test)]
            layers[layer] = overlap(cams, validation, test)
        best = max(layers, key=lambda layer: layers[layer]["validation"])
        found["Grad-CAM, last layer"] = layers["layer4"]
        found[f"Grad-CAM, best layer ({best})"] = layers[best]
    return found


def overlap(maps: list[Tensor], validation: Examples, test: Examples) -> dict[str, float]:
    """Measure the overlap of maps with masks, on the images that have one.

    Parameters
    ----------
    maps
        ``(N, H, W)`` in [0, 1], of the validation images and of the test images.
    validation, test
        Both with masks: the threshold is chosen on the first, and all else is measured on the second.

    Returns
    -------
    dict of str to float
        The IoU over all pixels and as the mean of images, F1, precision, recall, accuracy and AUPRC; under
        ``"best over test quantiles"`` the IoU as the paper reports it.
    """
    curves: list[SegmentationCurve] = []
    for each, some in zip(maps, (validation, test), strict=True):
        masks = some.masks
        assert masks is not None  # noqa: S101 - for the type checker
        marked = masks.flatten(1).any(1)
        curves.append(segmentation_curve(each[marked], masks[marked]))
    chosen, measure = curves
    threshold = chosen.best_threshold()
    place = measure.place(threshold)
    return {
        "threshold": threshold,
        "validation": float(chosen.iou.max()),
        "IoU": float(measure.iou[place]),
        "IoU of images": float(measure.iou_of_images[place]),
        "F1": float(measure.f1[place]),
        "precision": float(measure.precision[place]),
        "recall": float(measure.recall[place]),
        "accuracy": float(measure.accuracy[place]),
        "AUPRC": measure.average_precision,
        "best over test quantiles": measure.best_over_quantiles(),
    }


def grad_cam(network: nn.Module, layer: str, images: Tensor, device: str) -> Tensor:
    """Grad-CAM of the damaged class, stretched to [0, 1]."""
    from cfwidgets import Classifier
    from cfwidgets.attribution import attribute

    clf = Classifier(network, labels=("0", "1"), device=device)
    parts = [
        attribute(clf, some.float() / 255, 1, "grad_cam", layer=layer).maps for some in images.split(_BATCH)
    ]
    return stretched(torch.cat(parts).cpu().float())


@torch.no_grad()
def sheet(pair: TranslatorPair, test: Examples, threshold: float, *, rows: int = 8) -> Tensor:
    """Image, twin, difference, thresholded, truth: of damaged images, and beside them of sound ones.

    Parameters
    ----------
    pair
        The translator.
    test
        Examples; the first of each class are shown.
    threshold
        Of the difference.
    rows
        Images of each class.

    Returns
    -------
    Tensor
        ``(3, rows * h, 10 * h)`` in [0, 1]; without masks the truth is black.
    """
    generator: Any = pair.generator.cpu()
    halves = []
    for label in (1, 0):
        places = (test.labels == label).nonzero()[:rows, 0]
        images = test.images[places].float() / 255
        twins = generator(images).twins
        difference = saliency(images, twins)
        truth = torch.zeros_like(difference) if test.masks is None else test.masks[places].float()
        columns = [images, twins]
        columns += [each[:, None].expand_as(images) for each in (difference, difference >= threshold, truth)]
        grid = torch.stack([column.float() for column in columns], dim=1)
        count, wide, channels, height, width = grid.shape
        halves.append(grid.permute(2, 0, 3, 1, 4).reshape(channels, count * height, wide * width))
    high = min(half.shape[1] for half in halves)
    return torch.cat([half[:, :high] for half in halves], dim=2)


def model_card(name: str, pair: TranslatorPair, found: dict[str, Any], made: str) -> str:
    """Write the model card of measurements.

    Parameters
    ----------
    name
        Of `DATA_SETS`.
    pair
        The translator.
    found
        As `measured` gives it.
    made
        A sentence on how it was made: the command, the seed, the time.

    Returns
    -------
    str
        Markdown.
    """
    kind = DATA_SETS[name]
    accuracy = "\n".join(f"| {who} | {value:.1%} |" for who, value in found["accuracy"].items())
    flips = "\n".join(f"| {who} | {a:.1%} | {b:.1%} |" for who, (a, b) in found["flips"].items())
    return _CARD.format(
        name=name,
        of=_count(pair.generator),
        judge=_count(pair.discriminator),
        size=found["size"],
        made=made,
        stride=pair.generator.stride,
        about=textwrap.fill(kind.about, 110, break_on_hyphens=False),
        tested=found["tested"],
        accuracy=accuracy,
        flips=flips,
        sound=kind.labels[0],
        damaged=kind.labels[1],
        of_sound=found["difference"][0],
        of_damaged=found["difference"][1],
        back=found["back"],
        real=found["painted"]["real"],
        twins=found["painted"]["twins"],
        masks=_mask_table(found["masks"]) if "masks" in found else "",
        **{key.replace(" ", "_"): value for key, value in found["doubt"].items()},
    )


def _count(network: nn.Module) -> int:
    return sum(weights.numel() for weights in network.parameters())


def _mask_table(masks: dict[str, dict[str, float]]) -> str:
    columns = ("IoU", "IoU of images", "F1", "precision", "recall", "AUPRC", "best over test quantiles")
    rows = "\n".join(
        f"| {who} | {' | '.join(f'{values[column]:.3f}' for column in columns)} |"
        for who, values in masks.items()
    )
    ours = masks["translator"]["IoU"]
    ratios = "; ".join(
        f"{ours / values['IoU']:.2f} times {who}"
        for who, values in masks.items()
        if not who.startswith("translator") and values["IoU"]
    )
    return _MASKS.format(
        head=" | ".join(columns), lines=" | ".join(["---"] * len(columns)), rows=rows, ratios=ratios
    )


_CARD = """\
# {name} (translator)

`cfwidgets.zoo.translator("{name}")`: paints the twin of the other class for a picture, {sound} or
{damaged}, and says which it is. A `cfwidgets.networks.UNet` ({of:,} parameters) and the discriminator that it
was trained against ({judge:,}), which tells both classes and what is painted. For pictures of
{size} x {size} pixels, and others of 64 to 224 whose sides are multiples of {stride}.

## How it was made

{made}
{about}
Settings: `cfwidgets.zoo.recipes.translator.training`, also in the file.

## Quality

On {tested:,} pictures that it has not seen. The judge is another classifier, of another depth, width, pooling
and seed, which has seen nothing painted. An "ordinary" network is of the same kind as the translator's,
trained with labels alone.

| | accuracy |
| --- | --- |
{accuracy}

How many twins are put in the other class:

| by | of {sound} | of {damaged} |
| --- | --- | --- |
{flips}

Mean absolute difference of a twin: {of_sound:.4f} of {sound}, {of_damaged:.4f} of {damaged}, of a range of 1;
the twin of the twin is {back:.4f} away from the picture. The discriminator gives twins a probability of
{twins:.2f} to be painted, and real pictures {real:.2f}. That probability of a real picture and the
discriminator's loss on it have a Pearson correlation of {pearson:.3f} (of the branch's loss:
{pearson_of_the_branch:.3f}); it tells the discriminator's errors with an area under the ROC curve of
{auroc:.3f}.
{masks}
## Known weaknesses

The tables are its weaknesses, and the sheet of pictures that the command writes. It knows pictures as they
are drawn here, and no photograph of anything.

## Licences

The weights are under this package's licence.
"""

_MASKS = """
Difference and true mask, on the damaged pictures. The threshold is chosen on validation data, and the
translator's is in the file; "best over test quantiles" is the paper's figure, with the threshold chosen on
the test data themselves. All pixels count alike, but in "IoU of images", the mean of each picture's own.

| | {head} |
| --- | {lines} |
{rows}

The IoU is {ratios}.
"""


def main(arguments: Sequence[str] | None = None) -> None:
    """Train, measure and write the weights, their card and a sheet of pictures.

    Parameters
    ----------
    arguments
        Of the command line: see ``--help``.
    """
    began = time.monotonic()
    chosen = parsed(_parser(), arguments)
    torch.backends.cudnn.benchmark = True  # images have two sizes, and no more
    folder: Path = chosen.to
    name: str = chosen.name
    device: str = chosen.device
    path = folder / f"{name}_translator.safetensors"
    counts = {"validation": chosen.tested, "test": chosen.tested}
    if not chosen.measure:
        counts["train"] = chosen.images or DATA_SETS[name].images
    sets = examples(name, counts, chosen.size, processes=chosen.processes)
    _say(began, "data")
    if not chosen.measure:
        reserve = min(chosen.reserve, chosen.seconds / 3)
        ends = began + min(chosen.seconds - reserve, time.monotonic() - began + 60 * chosen.minutes)
        _train(name, folder, path, sets, chosen, began, ends)
    pair = TranslatorPair.load(path)
    found = measured(name, pair, folder, sets["validation"], sets["test"], device=device)
    (folder / f"{name}.json").write_text(json.dumps(found, indent=1), encoding="utf-8")
    if "masks" in found:
        pair.threshold = found["masks"]["translator"]["threshold"]
        pair.save(path, half=True)
    picture = sheet(pair, sets["test"], 0.5 if pair.threshold is None else pair.threshold)
    (folder / f"{name}_sheet.png").write_bytes(encode(picture, "png"))
    made = textwrap.fill(
        f"`python -m cfwidgets.zoo.recipes.translator {name} --minutes {chosen.minutes:g} --seed "
        f"{chosen.seed}` with torch {torch.__version__} on {_machine(device)}: {_told(folder, name)} "
        "(another machine gives other weights). The weights are in half precision; the file's sha256: "
        f"{hashlib.sha256(path.read_bytes()).hexdigest()}.",
        110,
        break_on_hyphens=False,
    )
    (folder / f"{name}_translator.md").write_text(model_card(name, pair, found, made), encoding="utf-8")
    _say(began, json.dumps(found))


def _train(
    name: str,
    folder: Path,
    path: Path,
    sets: dict[str, Examples],
    chosen: argparse.Namespace,
    began: float,
    ends: float,
) -> None:
    """Train the translator until a time, and beside it, in another process, what it is measured against."""
    settings = training(name, device=chosen.device, seed=chosen.seed)
    settings = replace(settings, **json.loads(chosen.settings))
    made = {field: getattr(settings, field) for field in settings.__dataclass_fields__}
    learn = sets["train"]
    scratch = folder / "learned.safetensors"
    save_file(
        {
            "images": learn.images,
            "labels": learn.labels,
            **({} if learn.masks is None else {"masks": learn.masks.byte()}),
        },
        scratch,
    )
    names = ["judge", "branch", "discriminator", *(["supervised"] if learn.masks is not None else [])]
    cuda = chosen.device.startswith("cuda")
    left = max(1.0, ends - time.monotonic() - 15)
    plain = PlainTraining(
        updates=chosen.compared,
        seconds=(0.9 if chosen.processes > 1 else 0.4) * left / (len(names) + (learn.masks is not None)),
        batch_size=64 if cuda else 16,
        turned=settings.turned,
        light=settings.light,
        tint=settings.tint,
        halved=settings.halved,
        bfloat16=settings.precision == "bfloat16",
        device=chosen.device,
        seed=chosen.seed,
    )
    beside = None
    if chosen.processes > 1:
        # A daemon: when the time is over it ends with this process.
        beside = multiprocessing.get_context("spawn").Process(
            target=_compare, args=(folder, made, scratch, names, plain, 2), daemon=True
        )
        beside.start()
    else:
        _compare(folder, made, scratch, names, plain, torch.get_num_threads())
    held = replace(sets["validation"], **_first(sets["validation"], 256))
    saved = time.monotonic()
    trained = None
    try:
        for update in settings.steps(learn.images, learn.labels, held_out=held):
            trained = update.partial
            now = time.monotonic()
            if now - saved > _SAVED_EVERY:
                saved = now
                trained.pair(DATA_SETS[name].labels).save(path, half=True)
                recent = [round(value, 4) for value in trained.losses[-100:].nanmean(0).tolist()]
                rows = [round(value, 4) for value in trained.measured[-1:].flatten().tolist()]
                _say(began, f"{update.activity}; moved {trained.moved}; {recent}; {rows}")
            if now > ends:
                break
    except FloatingPointError as error:
        _say(began, str(error))
    if trained is None:
        raise SystemExit("nothing was trained")
    trained.pair(DATA_SETS[name].labels).save(path, half=True)
    curve = {"losses": trained.losses[::20].contiguous(), "measured": trained.measured}
    save_file(curve, folder / f"{name}_curve.safetensors")
    about = f"{trained.step:,} updates in {trained.seconds / 60:.1f} minutes"
    (folder / f"{name}.txt").write_text(about, encoding="utf-8")
    _say(began, about)
    if beside is not None:
        beside.join(max(1.0, chosen.seconds - (time.monotonic() - began) - 20))
    scratch.unlink()


def _first(some: Examples, n: int) -> dict[str, Any]:
    return {
        "images": some.images[:n],
        "labels": some.labels[:n],
        "masks": None if some.masks is None else some.masks[:n],
    }


def _told(folder: Path, name: str) -> str:
    kept = folder / f"{name}.txt"
    return kept.read_text(encoding="utf-8") if kept.exists() else "trained before"


def _machine(device: str) -> str:
    return torch.cuda.get_device_name() if device.startswith("cuda") else platform.machine()


def _say(began: float, words: str) -> None:
    print(f"{time.monotonic() - began:6.1f} s  {words}", flush=True)  # noqa: T201 - a command's progress


def _parser() -> argparse.ArgumentParser:
    parser = parser_of(
        "translator", "Train a translator of cfwidgets.zoo, and write its weights, card and pictures."
    )
    parser.add_argument("name", choices=tuple(DATA_SETS))
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--minutes", type=float, default=20, help="to train the translator")
    parser.add_argument("--seconds", type=float, default=math.inf, help="that all may take")
    parser.add_argument("--reserve", type=float, default=60, help="seconds of these to measure in")
    parser.add_argument("--size", type=int, default=128, help="of the images in pixels")
    parser.add_argument("--images", type=int, help="to learn from")
    parser.add_argument("--tested", type=int, default=500, help="to choose and to measure with, each")
    parser.add_argument("--compared", type=int, default=4000, help="updates of what it is measured against")
    parser.add_argument(
        "--processes",
        type=int,
        default=max(1, (os.cpu_count() or 1) // 4),
        help="that draw; with more than one, two learn at a time",
    )
    parser.add_argument("--settings", default="{}", help="of the training, as JSON, in place of the recipe's")
    parser.add_argument("--measure", action="store_true", help="measure what is there")
    return parser


if __name__ == "__main__":
    main()
