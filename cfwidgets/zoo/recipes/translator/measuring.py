"""Measurements of a translator on images that it has not seen, and of what it is held against."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from cfwidgets.evaluation.doubt import auroc, class_nll, flip_rates, pearson
from cfwidgets.evaluation.segmentation import (
    SegmentationCurve,
    saliency,
    segmentation_curve,
    stretched,
)
from cfwidgets.images import as_bytes
from cfwidgets.models.translator_pair import TranslatorPair
from cfwidgets.zoo.recipes.translator.baselines import load
from cfwidgets.zoo.recipes.translator.data import Examples

__all__ = ["grad_cam", "in_batches", "measured", "overlap"]

_BATCH = 100


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
        network = load(folder, other, made, device)
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
        marker = load(folder, "supervised", made, device)
        marked = [
            in_batches(lambda images: marker(images).sigmoid()[:, 0], some.images, device)
            for some in (validation, test)
        ]
        found["supervised"] = overlap(marked, validation, test)
    if (folder / "judge.safetensors").exists():
        network = load(folder, "judge", made, device)
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
