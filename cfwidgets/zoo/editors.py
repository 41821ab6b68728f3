"""Editors of attributes by name."""

from __future__ import annotations

from importlib.resources import as_file, files

import torch

from cfwidgets.data.portraits.attributes import EXCLUSIVE
from cfwidgets.models.attgan_editor import AttGANEditor
from cfwidgets.models.backends.torch_module import named_device
from cfwidgets.models.editor import EditorError
from cfwidgets.text import did_you_mean

__all__ = ["attribute_editor"]

_NAMES = ("portraits",)


def attribute_editor(name: str, *, device: str = "auto") -> AttGANEditor:
    """Make an editor of attributes by its name.

    Parameters
    ----------
    name
        ``"portraits"``: the 13 attributes of AttGAN in faces of `cfwidgets.data.portraits`, of 64 x 64
        pixels; weights in this package (with a model card beside them, ``zoo/weights/portraits_editor.md``),
        no download. Its ``groups``: a face is bald or has hair of one colour, and is bald or has bangs.
    device
        ``"auto"``: CUDA where there is one.

    Raises
    ------
    EditorError
        An unknown name.
    ClassifierError
        A device that this machine lacks.

    Examples
    --------
    >>> attribute_editor("portraits", device="cpu").attributes[:3]
    ('Bald', 'Bangs', 'Black_Hair')
    """
    if name not in _NAMES:
        known = ", ".join(map(repr, _NAMES))
        raise EditorError(f"no editor is called {name!r}: there is {known}{did_you_mean(name, _NAMES)}")
    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "cpu"
    with as_file(files("cfwidgets.zoo").joinpath("weights", f"{name}_editor.safetensors")) as path:
        return AttGANEditor.load(path, device=named_device(device), groups=EXCLUSIVE)
