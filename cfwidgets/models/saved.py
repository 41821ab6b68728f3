"""Networks and what is to be known of them in one safetensors file."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

__all__ = ["read_networks", "save_networks"]


def save_networks(
    path: str | Path, key: str, about: Mapping[str, Any], weights: Mapping[str, Tensor], *, half: bool
) -> None:
    """Write weights, and a description under a key of the file's metadata.

    Parameters
    ----------
    path
        The file.
    key
        Says what is saved: `read_networks` refuses a file without it.
    about
        As JSON can write it.
    weights
        By name.
    half
        In half precision: half the size.
    """
    kept = {
        name: (value.half() if half and value.is_floating_point() else value).contiguous()
        for name, value in weights.items()
    }
    save_file(kept, path, metadata={key: json.dumps(about)})


def read_networks(
    path: str | Path, key: str, writer: str, refused: type[Exception]
) -> tuple[dict[str, Any], dict[str, Tensor]]:
    """Read the description and the weights that `save_networks` wrote.

    Parameters
    ----------
    path
        The file.
    key
        Under which the description is.
    writer
        The object that is saved so, with its article, for the messages: ``"an editor"``.
    refused
        The error to raise where the file is something else, or is damaged.
    """
    kind = writer.partition(" ")[2]
    try:
        with safe_open(path, framework="pt") as file:
            about = json.loads((file.metadata() or {}).get(key, "null"))
            weights = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - no mapping
    except (SafetensorError, json.JSONDecodeError, RecursionError) as error:
        raise refused(f"{path} is no saved {kind}, or is damaged: {error}") from error
    if not isinstance(about, dict):
        raise refused(f"{path} is a safetensors file, but not one that {writer} wrote")
    return about, weights
