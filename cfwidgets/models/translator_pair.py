"""A generator and a discriminator that were trained together, in one file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from cfwidgets.checks import positive_int, share
from cfwidgets.models.classifier import Classifier
from cfwidgets.models.saved import read_networks, save_networks
from cfwidgets.models.translator import Translator, TranslatorError
from cfwidgets.networks.discriminators import discriminator
from cfwidgets.networks.swin_unet import SwinUNet
from cfwidgets.networks.unet import UNet
from cfwidgets.text import LINE, cut

__all__ = ["TranslatorPair", "made_discriminator", "made_generator"]

_ABOUT = "cfwidgets.translator"
_MOST = {"width": 4096, "full_width": 4096, "levels": 16, "noise": 65536, "discriminator_width": 4096}

PAINTED = "painted"
"""The label of the discriminator's class for painted images."""


class TranslatorPair:
    """The generator with its class branch, and the discriminator that is a classifier too.

    Parameters
    ----------
    generator
        Gives `cfwidgets.networks.unet.Translation` for images and noise.
    discriminator
        Gives logits ``(N, 3)``: class 0, class 1, painted.
    labels
        Names of the two classes.
    made
        The settings of both networks and of their training: what `TranslationTraining` says of itself.
    size
        Side of the images that they were trained on, in pixels.
    threshold
        Of the difference mask, chosen on validation data; None where none was.
    name
        For both networks, in titles; None: each has that of its class.

    Examples
    --------
    A pair is unpacked into the classifier, whose last class is ``"painted"``, and the translator:

    >>> clf, translator = TranslatorPair(UNet(8, levels=2), discriminator("resnet3", 3, 8), "ab", {}, 32)
    >>> clf.labels, translator.size
    (('a', 'b', 'painted'), (32, 32))
    """

    def __init__(
        self,
        generator: nn.Module,
        discriminator: nn.Module,
        labels: Sequence[str],
        made: dict[str, Any],
        size: int,
        threshold: float | None = None,
        name: str | None = None,
    ) -> None:
        self.generator, self.discriminator = generator, discriminator
        self.labels, self.made, self.size, self.threshold = tuple(labels), made, size, threshold
        self.name = name

    def __repr__(self) -> str:
        name = self.name or type(self.generator).__name__
        known = f"{self.labels[0]} and {self.labels[1]}, {self.size} x {self.size}"
        return f"{cut(f'<TranslatorPair {name}: {known}', LINE - 1)}>"

    @property
    def clf(self) -> Classifier:
        """The discriminator: a classifier with one class more, for painted images."""
        clf = Classifier(self.discriminator, labels=(*self.labels, PAINTED), input_size=self.size)
        clf.name = self.name or clf.name
        return clf

    @property
    def translator(self) -> Translator:
        """The generator."""
        translator = Translator(
            self.generator,
            size=self.size,
            noise=getattr(self.generator, "noise", 0),
            painted=PAINTED,
            threshold=self.threshold,
        )
        translator.name = self.name or translator.name
        return translator

    def __iter__(self) -> Iterator[Classifier | Translator]:
        """Give both, in the order in which every explainer takes them."""
        yield from (self.clf, self.translator)

    def save(self, path: str | Path, *, half: bool = False) -> None:
        """Write both to one safetensors file, which `load` reads.

        Parameters
        ----------
        path
            The file.
        half
            In half precision: half the size.
        """
        weights = {
            f"{part}.{name}": value
            for part, network in (("generator", self.generator), ("discriminator", self.discriminator))
            for name, value in network.state_dict().items()
        }
        about = {
            "labels": list(self.labels),
            "made": self.made,
            "size": self.size,
            "threshold": self.threshold,
        }
        save_networks(path, _ABOUT, about, weights, half=half)

    @classmethod
    def load(cls, path: str | Path, *, device: str | torch.device = "cpu") -> TranslatorPair:
        """Read what `save` wrote, in evaluation mode.

        Raises
        ------
        TranslatorError
            The file is something else, is damaged, or its weights are of another architecture.
        """
        about, weights = read_networks(path, _ABOUT, "a translator", TranslatorError)
        try:
            return cls._made(about, weights, str(path), device)
        except TranslatorError:
            raise
        except Exception as error:  # whatever settings and weights of any kind lead to
            raise TranslatorError(f"{path} does not fit a translator: {error!r}") from error

    @classmethod
    def _made(
        cls, about: dict[str, Any], weights: dict[str, Tensor], where: str, device: str | torch.device
    ) -> TranslatorPair:
        made, labels, size, threshold = about["made"], about["labels"], about["size"], about.get("threshold")
        for name, most in _MOST.items():
            if made.get(name, 0) > most:  # nobody waits for networks of any size to be made
                raise TranslatorError(f"{where} does not fit: {name} is at most {most:,}")
        if not isinstance(labels, list) or not all(isinstance(label, str) for label in labels):
            raise TranslatorError(f"{where} does not fit: its labels are no list of texts")
        positive_int("size", size)
        if threshold is not None:
            share("threshold", threshold)
        pair = []
        for part, make in (("generator.", made_generator), ("discriminator.", made_discriminator)):
            with torch.device("meta"):  # no first weights, and no numbers drawn for them
                network = make(made)
            own = {k.removeprefix(part): _whole(v) for k, v in weights.items() if k.startswith(part)}
            fill(network, own, where)
            pair.append(network.requires_grad_(requires_grad=False).to(device).eval())
        return cls(pair[0], pair[1], labels, made, size, threshold)


def made_generator(made: dict[str, Any]) -> nn.Module:
    """Make the generator that the settings of a training name: a CNN U-Net where they name none."""
    shared = ("width", "full_width", "levels", "noise", "noise_channels", "dropout")
    if made.get("generator", "unet") == "swin":
        return SwinUNet(**{name: made[name] for name in (*shared, "codes", "encoder")})
    return UNet(**{name: made[name] for name in (*shared, "widest", "up")})


def made_discriminator(made: dict[str, Any]) -> nn.Module:
    """Make the discriminator that the settings of a training name."""
    return discriminator(made["discriminator"], 3, made["discriminator_width"])


def _whole(values: Tensor) -> Tensor:
    """Single precision, of what has a precision: the places in a window of attention are whole numbers."""
    return values.float() if values.is_floating_point() else values


def fill(network: nn.Module, weights: dict[str, Tensor], where: str) -> None:
    """Give a network weights, or say which names and shapes do not fit.

    Raises
    ------
    TranslatorError
        They are of another architecture.
    """
    try:
        network.load_state_dict(weights, assign=True)
    except RuntimeError as error:
        raise TranslatorError(f"{where} does not fit: {error}") from error
