"""Counterfactual translators by name."""

from __future__ import annotations

from importlib.resources import as_file, files

import torch

from cfwidgets.models.backends.torch_module import named_device
from cfwidgets.models.translator import TranslatorError
from cfwidgets.models.translator_pair import TranslatorPair
from cfwidgets.text import did_you_mean

__all__ = ["NAMES", "translator"]

NAMES = ("concrete", "fruit", "portraits")
"""The names that `translator` takes."""


def translator(name: str, *, device: str = "auto") -> TranslatorPair:
    """Make a counterfactual translator by its name: it paints the twin of the other class for a picture.

    Parameters
    ----------
    name
        ``"concrete"``: surfaces, sound or cracked, of `cfwidgets.data.concrete`. ``"fruit"``: apples, sound
        or damaged, of `cfwidgets.data.fruit`. ``"portraits"``: the attribute Male in faces of
        `cfwidgets.data.portraits`, with lipstick as a shortcut. They were trained on 128 x 128 pixels;
        weights in this package (with a model card beside them, ``zoo/weights/NAME_translator.md``), no
        download. ``zoo.classifier("NAME/ordinary")`` is the same network as the discriminator, trained in
        the ordinary way.
    device
        ``"auto"``: CUDA where there is one.

    Returns
    -------
    TranslatorPair
        Generator and discriminator in evaluation mode, with the names of both classes.

    Raises
    ------
    TranslatorError
        An unknown name; the message lists those there are.
    ClassifierError
        A device that this machine lacks.

    Examples
    --------
    >>> pair = translator("concrete", device="cpu")
    >>> pair.labels, pair.size
    (('sound', 'cracked'), 128)
    >>> pair.generator(torch.rand(2, 3, 128, 128)).twins.shape
    torch.Size([2, 3, 128, 128])
    """
    if name not in NAMES:
        known = ", ".join(map(repr, NAMES))
        raise TranslatorError(
            f"no translator is called {name!r}: there are {known}{did_you_mean(name, NAMES)}"
        )
    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "cpu"
    with as_file(files("cfwidgets.zoo").joinpath("weights", f"{name}_translator.safetensors")) as path:
        pair = TranslatorPair.load(path, device=named_device(device))
    pair.name = f"{name} translator"
    return pair
