"""Generators by name: digits and portraits without a download, and BigGAN-deep for ImageNet."""

from __future__ import annotations

from contextlib import nullcontext
from importlib.resources import files
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import torch
from safetensors.torch import load
from torch import Tensor

from cfwidgets.models.backends.torch_module import named_device
from cfwidgets.models.generator import GeneratorError
from cfwidgets.networks import BigGAN, BigGANDeep
from cfwidgets.text import did_you_mean

__all__ = ["generator"]

# The settings of cfwidgets.zoo.recipes.digit_generator and portrait_generator.
_OWN: dict[str, dict[str, Any]] = {
    "digits": {"size": 32, "classes": 10, "channels": 12, "latent_size": 64, "shared_size": 32, "colours": 1},
    "portraits": {
        "size": 64,
        "classes": 2,
        "channels": 8,
        "latent_size": 80,
        "shared_size": 32,
        "colours": 3,
    },
}
_SIZES = {"biggan-deep-128": 128, "biggan-deep-256": 256, "biggan-deep-512": 512}
_NAMES = (*_OWN, *_SIZES)


def generator(
    name: str,
    *,
    pretrained: bool = True,
    weights: str | Path | None = None,
    truncation: float = 1.0,
    device: str = "auto",
) -> BigGAN | BigGANDeep:
    """Make a generator by its name.

    Parameters
    ----------
    name
        ``"digits"``: handwritten digits of 32 x 32 pixels, weights in this package (with a model card beside
        them, ``zoo/weights/digits_generator.md``), no download. Its classes are those of
        ``zoo.classifier("digits")``.
        ``"portraits"``: drawn portraits of 64 x 64 pixels (`cfwidgets.data.portraits`), in this package too
        (``zoo/weights/portraits_generator.md``). Its classes, not Male and Male, are those of
        ``zoo.classifier("portraits/male-…")``.
        ``"biggan-deep-128"``, ``"biggan-deep-256"``, ``"biggan-deep-512"``: ImageNet, with the weights of
        DeepMind, downloaded at first use. Its classes are those of ImageNet, in their order.
    pretrained
        False makes the network with random weights, without a download.
    weights
        BigGAN-deep only: the path of ``NAME-pytorch_model.bin``, or of its folder, where it was downloaded by
        other means.
    truncation
        BigGAN-deep only: see `cfwidgets.networks.BigGANDeep`.
    device
        ``"auto"``: CUDA where there is one.

    Returns
    -------
    BigGAN or BigGANDeep
        In evaluation mode.

    Raises
    ------
    GeneratorError
        An unknown name (the message lists similar ones), or settings that the generator does not have.
    ConnectionError
        Weights that cannot be downloaded.
    FileNotFoundError
        No weights at the path ``weights``.
    ImportError
        The package that holds the network is not installed.

    Examples
    --------
    >>> digits = generator("digits", device="cpu")
    >>> digits.generate(digits.sample(2, seed=0), torch.eye(10)[[4, 9]]).shape
    torch.Size([2, 3, 32, 32])
    """
    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "cpu"
    place = named_device(device)
    if name in _SIZES:
        made: BigGAN | BigGANDeep = _biggan_deep(name, pretrained, weights, truncation)
    elif name in _OWN:
        if weights is not None or truncation != 1:
            raise GeneratorError(f"{name!r} takes neither weights nor truncation: they are of BigGAN-deep")
        made = _own(name, pretrained)
    else:
        known = ", ".join(map(repr, _NAMES))
        raise GeneratorError(f"a generator is called {known}; got {name!r}{did_you_mean(name, _NAMES)}")
    return made.eval().to(place)


def _own(name: str, pretrained: bool) -> BigGAN:
    with torch.device("meta") if pretrained else nullcontext():  # no initial weights, as others are loaded
        network = BigGAN(**_OWN[name])
    if pretrained:
        path = files("cfwidgets.zoo") / "weights" / f"{name}_generator.safetensors"
        state = load(path.read_bytes())  # some in half precision
        state = {key: value.float() if value.is_floating_point() else value for key, value in state.items()}
        network.load_state_dict(state, assign=True)
    return network


def _biggan_deep(name: str, pretrained: bool, weights: str | Path | None, truncation: float) -> BigGANDeep:
    if not pretrained:
        if weights is not None:
            raise GeneratorError("weights were given together with pretrained=False")
        return BigGANDeep(_SIZES[name], truncation=truncation)
    state = _downloaded(name) if weights is None else _read(name, Path(weights))
    return BigGANDeep(_SIZES[name], truncation=truncation, weights=state)


def _file_name(name: str) -> str:
    return f"{name}-pytorch_model.bin"


def _read(name: str, place: Path) -> dict[str, Tensor]:
    # The package itself looks for the second name in a folder.
    known = (place / _file_name(name), place / "pytorch_model.bin") if place.is_dir() else (place,)
    for path in known:
        if path.is_file():
            break
    else:
        raise FileNotFoundError(f"no weights at {', '.join(map(str, known))}")
    try:
        return torch.load(path, map_location="cpu", weights_only=True)
    except (UnpicklingError, RuntimeError, EOFError) as error:
        raise GeneratorError(f"{path} is not a file of weights, or is damaged: {error}") from error


def _downloaded(name: str) -> dict[str, Tensor]:
    try:
        from pytorch_pretrained_biggan.model import PRETRAINED_MODEL_ARCHIVE_MAP
    except ImportError as error:
        raise ImportError(f'{name} needs a package of its own: pip install "cfwidgets[biggan]"') from error
    source = PRETRAINED_MODEL_ARCHIVE_MAP[name]
    try:
        # Torch caches it and needs no network from then on; the package checks online each time.
        return torch.hub.load_state_dict_from_url(source, map_location="cpu", weights_only=True)
    except OSError as error:
        raise ConnectionError(
            f"the weights of {name!r} have to be downloaded once, from {source}, and that failed ({error}). "
            f"Where there is a network, download {_file_name(name)}; put it into a folder here, and give "
            f'the folder: zoo.generator("{name}", weights=FOLDER). Without, {" and ".join(map(repr, _OWN))} '
            "work, and pretrained=False gives the network untrained."
        ) from error
