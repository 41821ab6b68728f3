"""The networks that a translator is measured against, a judge and baselines: their training and files."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from torchvision.models.resnet import BasicBlock

from cfwidgets.models.translator_pair import made_generator
from cfwidgets.networks.discriminators import ResNet, resnet3
from cfwidgets.training.plain import PlainTraining

__all__ = ["Branch", "Marker", "judge", "load", "train_baselines"]

_SEED_OF_JUDGE = 1  # the translator has 0


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


def _untrained(name: str, made: dict[str, Any]) -> nn.Module:
    """Make one of the networks by its name."""
    if name == "judge":
        return judge()
    if name == "branch":
        return Branch(made)
    if name == "discriminator":
        return resnet3(2, made["discriminator_width"])
    return Marker(made)


def train_baselines(
    folder: Path, made: dict[str, Any], learned: Path, names: list[str], plain: PlainTraining, threads: int
) -> None:
    """Train networks one after the other, and save each.

    Parameters
    ----------
    folder
        Where to save them, each by its name.
    made
        Settings of the translator.
    learned
        A file with the ``"images"`` and ``"labels"`` that the translator learns from, and ``"masks"`` if
        there are any.
    names
        Of ``"judge"``, ``"branch"``, ``"discriminator"``, ``"supervised"``.
    plain
        The training of each; it takes its seed, but for the judge, who has one of its own.
    threads
        Of the CPU.
    """
    torch.set_num_threads(threads)
    kept = load_file(learned)
    masks = kept["masks"].bool() if "masks" in kept else None
    for name in names:
        seed = _SEED_OF_JUDGE if name == "judge" else plain.seed
        with torch.random.fork_rng(devices=[]):
            torch.default_generator.manual_seed(seed)
            network = _untrained(name, made)
        began = time.perf_counter()
        # To mark pixels takes as many updates again as to tell classes.
        longer = replace(plain, seed=seed, seconds=plain.seconds * (2 if name == "supervised" else 1))
        longer.train(network, kept["images"], kept["labels"], masks if name == "supervised" else None)
        save_file({k: v.half() for k, v in network.state_dict().items()}, folder / f"{name}.safetensors")
        print(f"{name}: {time.perf_counter() - began:.0f} s", flush=True)  # noqa: T201 - a command's progress


def load(folder: Path, name: str, made: dict[str, Any], device: str) -> nn.Module:
    """Load a network that `train_baselines` saved, in evaluation mode on a device."""
    network = _untrained(name, made)
    network.load_state_dict({k: v.float() for k, v in load_file(folder / f"{name}.safetensors").items()})
    return network.to(device).eval()
