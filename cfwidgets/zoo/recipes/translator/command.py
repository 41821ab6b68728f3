"""The command that trains a translator of the zoo, measures it and writes its files."""

from __future__ import annotations

import argparse
import hashlib
import json
import math
import os
import platform
from collections.abc import Sequence
from pathlib import Path

import torch

from cfwidgets.images import encode
from cfwidgets.models.translator_pair import TranslatorPair
from cfwidgets.zoo.recipes.command import parsed, parser_of, wrapped
from cfwidgets.zoo.recipes.translator.card import model_card
from cfwidgets.zoo.recipes.translator.data import DATA_SETS, examples
from cfwidgets.zoo.recipes.translator.measuring import measured
from cfwidgets.zoo.recipes.translator.pictures import sheet
from cfwidgets.zoo.recipes.translator.schedule import Clock, train

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> None:
    """Train, measure and write the weights, their card and a sheet of pictures.

    Parameters
    ----------
    arguments
        Of the command line: see ``--help``.
    """
    clock = Clock()
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
    clock.say("data")
    if not chosen.measure:
        train(chosen, sets, path, clock)
    pair = TranslatorPair.load(path)
    found = measured(name, pair, folder, sets["validation"], sets["test"], device=device)
    (folder / f"{name}.json").write_text(json.dumps(found, indent=1), encoding="utf-8")
    if "masks" in found:
        pair.threshold = found["masks"]["translator"]["threshold"]
        pair.save(path, half=True)
    picture = sheet(pair, sets["test"], 0.5 if pair.threshold is None else pair.threshold)
    (folder / f"{name}_sheet.png").write_bytes(encode(picture, "png"))
    made = wrapped(
        f"`python -m cfwidgets.zoo.recipes.translator {name} --minutes {chosen.minutes:g} --seed "
        f"{chosen.seed}` with torch {torch.__version__} on {_machine(device)}: {_told(folder, name)} "
        "(another machine gives other weights). The weights are in half precision; the file's sha256: "
        f"{hashlib.sha256(path.read_bytes()).hexdigest()}."
    )
    (folder / f"{name}_translator.md").write_text(model_card(name, pair, found, made), encoding="utf-8")
    clock.say(json.dumps(found))


def _told(folder: Path, name: str) -> str:
    kept = folder / f"{name}.txt"
    return kept.read_text(encoding="utf-8") if kept.exists() else "trained before"


def _machine(device: str) -> str:
    return torch.cuda.get_device_name() if device.startswith("cuda") else platform.machine()


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
